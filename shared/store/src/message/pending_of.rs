//! The pending message that a record was made of: what its sender had in hand.

use domain::{CaseKey, CaseTrace, CustomerId, MessageId, Pending, PendingStatus, TenantId};

use crate::{
    Record, Result, Store,
    customer::head::unpack,
    message::record,
    table::{
        db::{Range, last_of},
        keys,
    },
};

/// Records of one decision's messages: a position has three digits.
const RECORDS_MAX: usize = 1_000;

impl Record {
    /// The message as it was pending; `None` where the record is none of a message, or nothing says which case it was of. `decided` is what
    /// each case of the decision came to.
    pub fn as_pending(&self, decided: &[CaseTrace]) -> Option<Pending> {
        let message = self.message.as_ref()?;
        let of_body = |name: &str| self.body["message"][name].as_str().filter(|text| !text.is_empty());
        let known_by = |trace: &CaseTrace| -> Option<String> {
            let pinned = trace.workflow.as_deref().and_then(|pinned| pinned.rsplit_once('@')).map(|(id, _)| id);
            trace.joined.as_deref().or(pinned).map(str::to_owned)
        };
        let workflow = of_body("workflow").map(str::to_owned);
        let is_own = |trace: &&CaseTrace| trace.case.is_some() && (workflow.is_none() || known_by(trace) == workflow);
        let own = decided.iter().find(is_own)?;
        let case = CaseKey::new(own.balance(), &workflow.clone().or_else(|| known_by(own))?);
        let as_decided = of_body("decided").and_then(|rows| unpack(rows, message.id.as_str()).ok());
        let borne = || self.coverage.first().map(|coverage| coverage.rows.clone());
        let rows = as_decided.or_else(|| Some(message.rows.clone()).filter(|rows| !rows.is_empty())).or_else(borne)?;
        Some(Pending {
            id: message.id.clone(),
            number: self.number,
            position: message.position,
            status: PendingStatus::Calling,
            decided_at: message.decided_at,
            mode: message.mode,
            case,
            channel: message.channel,
            contact: message.contact.clone(),
            person: message.person.clone(),
            template: message.template.clone(),
            template_version: message.template_version,
            pay_by: message.pay_by,
            rows,
            copy_of: message.copy_of,
            receipt_within: message.receipt_within,
        })
    }
}

impl Store {
    /// The record of a message of the decision of that number; `None` while it is not settled.
    ///
    /// # Errors
    ///
    /// Those of reading, and [`crate::Error::Corrupt`].
    pub async fn record_of_message(
        &self,
        tenant: &TenantId,
        customer: &CustomerId,
        number: u64,
        message: &MessageId,
    ) -> Result<Option<Record>> {
        let (pk, from) = (keys::customer(tenant, customer), keys::records_of(number));
        for row in self.range("read a record of", Range::new(&pk, &from, &last_of(&from), RECORDS_MAX)).await? {
            let item = record::read(&row)?;
            if item.body.message.as_ref().is_some_and(|body| body.id == *message) {
                return Ok(Some(self.record_of(tenant, customer, item).await?));
            }
        }
        Ok(None)
    }

    /// What each case of a decision came to, where the decision has a record of its own; else nothing.
    ///
    /// # Errors
    ///
    /// Those of reading, and [`crate::Error::Corrupt`].
    pub async fn cases_decided(&self, tenant: &TenantId, customer: &CustomerId, number: u64) -> Result<Vec<CaseTrace>> {
        let row = self.read("read a decision of", &keys::decision(tenant, customer, number), true).await?;
        match row {
            Some(row) => Ok(record::without_chunks(record::read(&row)?)?.cases),
            None => Ok(vec![]),
        }
    }
}
