//! That a person asked for the end of a credit hold or of stricter terms before what they are for is paid.

use domain::{CustomerId, OpenWork, TenantId};
use jiff::Timestamp;

use crate::{
    Result, Store,
    customer::head::{Wake, bump},
    table::{
        attributes::document::DOC,
        change::{Change, is},
        db::{Transacted, s, to_json},
    },
    tasks::work_row,
};

impl Store {
    /// Writes what a decision knows of work whose end a person asked for ([`OpenWork::released`]); the customer is decided again, which asks for that end or
    /// takes the work back. False where it is no longer as it was before.
    ///
    /// # Errors
    ///
    /// Those of reading and writing.
    pub async fn release_work(
        &self,
        tenant: &TenantId,
        customer: &CustomerId,
        (before, after): (&OpenWork, &OpenWork),
        now: Timestamp,
    ) -> Result<bool> {
        const OP: &str = "release what was asked for of";
        let head = self.must_head(tenant, customer).await?;
        let (key, row) = work_row(tenant, customer, after, now);
        let actions = vec![
            Change::of(key).when(is(DOC, s(to_json(before)))).replace(self, row),
            bump(tenant, customer, &Wake::of(Some(&head), customer, 1, now), now).update(self),
        ];
        Ok(matches!(self.transact(OP, after.task.as_str(), actions).await?, Transacted::Done))
    }
}
