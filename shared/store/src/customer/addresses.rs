//! What is known of addresses, and that somebody replied.

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::{AddressFact, Channel, CustomerId, Suppression, SuppressionReason, TenantId, address_key};
use jiff::Timestamp;

use crate::{
    Result, Stop, Store,
    customer::head::{Wake, bump},
    table::{
        attributes::{
            document::{self, DOC},
            head,
        },
        change::{Change, is, no_item},
        db::{Transacted, Wrote, json, millis, n, s, to_json},
        keys,
        retry::{ATTEMPTS, Tries},
    },
};

impl Store {
    /// Never uses an address on a channel again. The strictest reason stands; with `customer` its head is bumped in the same
    /// transaction.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn suppress(
        &self,
        tenant: &TenantId,
        channel: Channel,
        address: &str,
        reason: SuppressionReason,
        at: Timestamp,
        customer: Option<&CustomerId>,
    ) -> Result<()> {
        self.suppress_at(tenant, keys::address(tenant, &address_key(channel, address)), reason, at, customer).await
    }

    /// Never uses the address of a stop link again on its channel. Whose it is is not known, so that nobody is woken: senders and
    /// decisions read the address themselves.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn stop(&self, stop: &Stop, at: Timestamp) -> Result<()> {
        let key = keys::address_of_digest(&stop.tenant, &stop.digest);
        self.suppress_at(&stop.tenant, key, SuppressionReason::OptOut, at, None).await
    }

    async fn suppress_at(
        &self,
        tenant: &TenantId,
        key: keys::Key,
        reason: SuppressionReason,
        at: Timestamp,
        customer: Option<&CustomerId>,
    ) -> Result<()> {
        const OP: &str = "suppress an address for";
        let mut tries = Tries::new(ATTEMPTS, OP, customer.map_or("", CustomerId::as_str));
        loop {
            tries.again()?;
            let row = self.read(OP, &key, true).await?;
            let mut fact: AddressFact = row.as_ref().map(|row| json(row, DOC)).transpose()?.unwrap_or_default();
            if fact.suppressed.as_ref().is_some_and(|known| !reason.is_stricter_than(known.reason)) {
                return Ok(());
            }
            fact.suppressed = Some(Suppression { reason, at });
            let mut actions: Vec<TransactWriteItem> = vec![self.address_change(key.clone(), row.as_ref(), &fact).update(self)];
            if let Some(customer) = customer
                && let Some(head) = self.head(tenant, customer).await?
            {
                let wake = Wake::of(Some(&head), customer, 1, at);
                actions.push(bump(tenant, customer, &wake, at).update(self));
            }
            if let Transacted::Done = self.transact(OP, customer.map_or("", CustomerId::as_str), actions).await? {
                return Ok(());
            }
        }
    }

    /// Writes what is known of an address if nobody wrote it since it was read.
    pub(crate) fn address_change(&self, key: keys::Key, seen: Option<&crate::table::db::Row>, fact: &AddressFact) -> Change {
        let change = Change::of(key).put(DOC, s(to_json(fact))).add(document::REVISION, n(1));
        match seen.and_then(|row| crate::table::db::number::<u64>(row, document::REVISION)) {
            Some(rev) => change.when(is(document::REVISION, n(rev))),
            None => change.when(no_item()),
        }
    }

    /// Notes that the customer replied; only a later reply changes it.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn replied(&self, tenant: &TenantId, customer: &CustomerId, at: Timestamp) -> Result<()> {
        let mut tries = Tries::new(ATTEMPTS, "note a reply of", customer.as_str());
        loop {
            tries.again()?;
            let head = self.must_head(tenant, customer).await?;
            if head.replied_at.is_some_and(|known| millis(known) >= millis(at)) {
                return Ok(());
            }
            let wake = Wake::of(Some(&head), customer, 1, at);
            let change = bump(tenant, customer, &wake, at).put(head::REPLIED_AT, n(millis(at)));
            if let Wrote::Done(_) = self.write("note a reply of", change, false).await? {
                return Ok(());
            }
        }
    }
}
