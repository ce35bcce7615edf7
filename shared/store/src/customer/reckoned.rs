//! What a customer owes, reckoned anew where nothing but the day has changed.

use domain::{
    CustomerId, Settings, TenantId,
    calendar::tenant_zone,
    decide,
    receivables::{Receivables, ReceivablesRules},
};
use jiff::Timestamp;

use crate::{
    Result, Store,
    customer::head::{pack_owed, pack_owed_days},
    table::{
        attributes::head,
        change::{Change, is},
        db::{Wrote, millis, n, s},
        keys,
    },
};

impl Store {
    /// Reckons what a customer owes as of now and keeps it on its head, so that the rows of lists follow. Neither version nor due moment
    /// changes: nobody decides or claims otherwise for it. False where the head says so already, or changed meanwhile: then a decision or a
    /// later look says it.
    ///
    /// # Errors
    ///
    /// Those of reading and writing.
    pub async fn reckon(&self, tenant: &TenantId, customer: &CustomerId, settings: &Settings, now: Timestamp) -> Result<bool> {
        let Some(head) = self.head(tenant, customer).await? else { return Ok(false) };
        let facts = self.facts(tenant, &head).await?;
        let zone = tenant_zone(settings);
        let owed = decide::owed(&Receivables::at(&facts, ReceivablesRules::of(settings, &zone), now));
        if owed == head.owed {
            return Ok(false);
        }
        let change = Change::of(keys::head(tenant, customer))
            .when(is(head::VERSION, n(head.version)))
            .when(is(head::DECISION, n(head.decision)))
            .put(head::OWED, s(pack_owed(&owed)))
            .put(head::OWED_DAYS, s(pack_owed_days(&owed)))
            .put(head::OWED_AT, n(millis(now)));
        Ok(matches!(self.write("reckon what is owed by", change, false).await?, Wrote::Done(_)))
    }
}
