//! Agreements and charges: what people keep back, and what they let be asked for on top.

use domain::{Agreement, AgreementId, Charge, ChargeId, CustomerId, ServiceMail, TenantId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    Result, Store,
    customer::service_mails::requested,
    table::{
        attributes::{document::DOC, every::CHASE, fact, reference},
        change::{Change, is, no_item, put},
        db::{json, millis, n, row_of, s, text, to_json},
        keys::{self, Key},
    },
};

/// The write of an agreement or charge as it is `now`.
pub(crate) fn written(key: Key, document: &impl Serialize, now: Timestamp) -> Change {
    let chase = keys::beside_profile(&key.sk);
    Change::of(key).put(CHASE, s(chase)).put(DOC, s(to_json(document))).put(fact::SEEN_AT, n(millis(now)))
}

/// The write of a document that takes the place of `before`, and of nothing else.
pub(crate) fn replacing<T: Serialize>(key: Key, before: Option<&T>, after: &T, now: Timestamp) -> Change {
    let change = written(key, after, now);
    match before {
        Some(before) => change.when(is(DOC, s(to_json(before)))),
        None => change.when(no_item()),
    }
}

/// What an agreement was before a person changed it, and what it was then.
#[derive(Serialize, Deserialize)]
pub(crate) struct Undoable {
    pub(crate) before: Agreement,
    pub(crate) after: Agreement,
}

/// Says whose an agreement or charge is, so that it is found by its id alone.
pub(crate) fn referred(tenant: &TenantId, object: &str, customer: &CustomerId) -> Change {
    Change::of(keys::reference(tenant, object)).put(reference::CUSTOMER, s(customer.as_str()))
}

impl Store {
    /// Makes an agreement, or changes it from what it was `before`; the customer is decided again.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Refused`] when there is no such customer, [`crate::Error::Conflict`] when it is no longer what it was before;
    /// those of writing.
    pub async fn put_agreement(
        &self,
        tenant: &TenantId,
        customer: &CustomerId,
        before: Option<&Agreement>,
        agreement: &Agreement,
        now: Timestamp,
    ) -> Result<()> {
        let key = keys::agreement(tenant, customer, &agreement.id);
        self.write_facts("change an agreement of", tenant, customer, now, |_| {
            let mut actions = vec![replacing(key.clone(), before, agreement, now).update(self)];
            if before.is_none() {
                actions.push(referred(tenant, agreement.id.as_str(), customer).update(self));
            }
            actions
        })
        .await
    }

    /// One agreement of a customer.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn agreement(
        &self,
        tenant: &TenantId,
        customer: &CustomerId,
        agreement: &AgreementId,
    ) -> Result<Option<Agreement>> {
        let row = self.read("read an agreement of", &keys::agreement(tenant, customer, agreement), true).await?;
        row.as_ref().map(|row| json(row, DOC)).transpose()
    }

    /// Changes an agreement as a person says, and keeps what it was, so that the change can be undone while nothing else changed it.
    ///
    /// # Errors
    ///
    /// Those of [`Store::put_agreement`].
    pub async fn change_agreement(
        &self,
        tenant: &TenantId,
        customer: &CustomerId,
        before: &Agreement,
        after: &Agreement,
        now: Timestamp,
    ) -> Result<()> {
        self.change_agreement_telling(tenant, customer, (before, after), None, now).await
    }

    /// The same with the notice that tells of it, where there is one: both are written, or neither.
    ///
    /// # Errors
    ///
    /// Those of [`Store::put_agreement`].
    pub async fn change_agreement_telling(
        &self,
        tenant: &TenantId,
        customer: &CustomerId,
        (before, after): (&Agreement, &Agreement),
        mail: Option<&ServiceMail>,
        now: Timestamp,
    ) -> Result<()> {
        let key = keys::agreement(tenant, customer, &after.id);
        let kept = row_of([(DOC, s(to_json(&Undoable { before: before.clone(), after: after.clone() })))]);
        self.write_facts("change an agreement of", tenant, customer, now, |_| {
            let undo = put(self, &keys::agreement_before(tenant, customer, &after.id), kept.clone());
            let told = mail.map(|mail| requested(tenant, customer, mail).update(self));
            [replacing(key.clone(), Some(before), after, now).update(self), undo].into_iter().chain(told).collect()
        })
        .await
    }

    /// Undoes the last change of an agreement by a person: it is as it was. `tells` makes the notice of what it is and of what it was before, where
    /// there is one: both are written, or neither. `None` where something changed the agreement since, or no change is kept.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn undo_agreement_telling(
        &self,
        tenant: &TenantId,
        customer: &CustomerId,
        id: &AgreementId,
        tells: fn(&Agreement, &Agreement, Timestamp) -> Option<ServiceMail>,
        now: Timestamp,
    ) -> Result<Option<Agreement>> {
        let kept = keys::agreement_before(tenant, customer, id);
        let Some(row) = self.read("read what was of an agreement of", &kept, true).await? else { return Ok(None) };
        let Undoable { before, after } = json(&row, DOC)?;
        if self.agreement(tenant, customer, id).await?.as_ref() != Some(&after) {
            return Ok(None);
        }
        let mail = tells(&after, &before, now);
        let key = keys::agreement(tenant, customer, id);
        self.write_facts("undo a change of an agreement of", tenant, customer, now, |_| {
            let back = replacing(key.clone(), Some(&after), &before, now).update(self);
            let told = mail.as_ref().map(|mail| requested(tenant, customer, mail).update(self));
            [back, Change::of(kept.clone()).delete(self)].into_iter().chain(told).collect()
        })
        .await?;
        Ok(Some(before))
    }

    /// Whose an agreement or charge is.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn whose(&self, tenant: &TenantId, object: &str) -> Result<Option<CustomerId>> {
        let row = self.read("find the customer of", &keys::reference(tenant, object), true).await?;
        Ok(row.as_ref().and_then(|row| text(row, reference::CUSTOMER)).and_then(CustomerId::parse))
    }

    /// Changes a charge from what it was `before`; the customer is decided again.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Conflict`] when it is no longer what it was before; those of writing.
    pub async fn put_charge(
        &self,
        tenant: &TenantId,
        customer: &CustomerId,
        before: &Charge,
        charge: &Charge,
        now: Timestamp,
    ) -> Result<()> {
        let key = keys::charge(tenant, customer, &charge.id);
        self.write_facts("change a charge of", tenant, customer, now, |_| {
            vec![replacing(key.clone(), Some(before), charge, now).update(self)]
        })
        .await
    }

    /// One charge of a customer.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn charge(&self, tenant: &TenantId, customer: &CustomerId, charge: &ChargeId) -> Result<Option<Charge>> {
        let row = self.read("read a charge of", &keys::charge(tenant, customer, charge), true).await?;
        row.as_ref().map(|row| json(row, DOC)).transpose()
    }
}
