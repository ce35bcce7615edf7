//! Holds: what people keep back.

use domain::{CustomerId, Hold, HoldId, TenantId};
use jiff::Timestamp;

use crate::{
    Head, Result, Store,
    table::{
        attributes::{document::DOC, fact},
        change::put,
        db::{json, millis, n, row_of, s, to_json},
        keys,
    },
};

impl Store {
    /// Places a hold, or replaces the one of that id; the customer is decided again.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] when there is no such customer; those of writing.
    pub async fn put_hold(&self, tenant: &TenantId, customer: &CustomerId, hold: &Hold, now: Timestamp) -> Result<()> {
        let key = keys::hold(tenant, customer, &hold.id);
        let row = row_of([(DOC, s(to_json(hold))), (fact::SEEN_AT, n(millis(now)))]);
        let facts = |_: &Head| vec![put(self, &key, row.clone())];
        self.write_facts("place a hold on", tenant, customer, now, facts).await
    }

    /// Lifts a hold; lifting it again changes nothing. False when there is no such hold.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn end_hold(&self, tenant: &TenantId, customer: &CustomerId, hold: &HoldId, now: Timestamp) -> Result<bool> {
        let Some(mut known) = self.hold(tenant, customer, hold).await? else { return Ok(false) };
        if known.ended_at.is_none() {
            known.ended_at = Some(now);
            self.put_hold(tenant, customer, &known, now).await?;
        }
        Ok(true)
    }

    /// One hold.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn hold(&self, tenant: &TenantId, customer: &CustomerId, hold: &HoldId) -> Result<Option<Hold>> {
        let row = self.read("read a hold of", &keys::hold(tenant, customer, hold), true).await?;
        row.as_ref().map(|row| json(row, DOC)).transpose()
    }
}
