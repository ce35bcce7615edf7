//! Versions of objects, reset by a person after a source sent one that no true one ever follows.

use domain::{Customer, CustomerId, Invoice, Payment, SourceVersion, TenantId, VersionOf};
use jiff::Timestamp;

use crate::{
    Result, Store,
    customer::head::{Wake, bump},
    table::{
        attributes::{
            document::{self, DOC},
            fact, profile,
        },
        change::{Change, absent, is},
        db::{Transacted, json, millis, n, s, text, to_json},
        keys,
        retry::{ATTEMPTS, Tries},
    },
};

impl Store {
    /// Makes whatever the source says next of an object newer than what is known of it; the customer is decided again. The object stays as
    /// it is. The version that it had; `None` where there is no such object with a version, and nothing changes.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn reset_version(
        &self,
        tenant: &TenantId,
        customer: &CustomerId,
        of: &VersionOf,
        now: Timestamp,
    ) -> Result<Option<SourceVersion>> {
        const OP: &str = "reset the version of an object of";
        let key = match of {
            VersionOf::Customer => keys::profile(tenant, customer),
            VersionOf::Invoice(id) => keys::invoice(tenant, customer, id),
            VersionOf::Payment(id) => keys::payment(tenant, customer, id),
        };
        let mut tries = Tries::new(ATTEMPTS, OP, customer.as_str());
        loop {
            tries.again()?;
            let Some(row) = self.read(OP, &key, true).await? else { return Ok(None) };
            let known = text(&row, document::VERSION).filter(|known| !known.is_empty() && row.contains_key(DOC));
            let Some(known) = known.filter(|_| !row.contains_key(profile::STUB)) else { return Ok(None) };
            let (before, doc) = match of {
                VersionOf::Customer => {
                    let found: Customer = json(&row, DOC)?;
                    let reset = Customer { source_version: Some(SourceVersion::RESET), ..found.clone() };
                    (found.source_version, to_json(&reset))
                }
                VersionOf::Invoice(_) => {
                    let found: Invoice = json(&row, DOC)?;
                    (Some(found.source_version), to_json(&Invoice { source_version: SourceVersion::RESET, ..found }))
                }
                VersionOf::Payment(_) => {
                    let found: Payment = json(&row, DOC)?;
                    (Some(found.source_version), to_json(&Payment { source_version: SourceVersion::RESET, ..found }))
                }
            };
            let change = Change::of(key.clone())
                .put(DOC, s(doc))
                .put(document::VERSION, s(SourceVersion::RESET.sortable()))
                .put(fact::SEEN_AT, n(millis(now)))
                .add(document::REVISION, n(1))
                .when(is(document::VERSION, s(known)).and(absent(fact::MOVED)));
            let head = self.must_head(tenant, customer).await?;
            let wake = Wake::of(Some(&head), customer, 1, now);
            let actions = vec![self.by_whom(change).update(self), bump(tenant, customer, &wake, now).update(self)];
            if let Transacted::Done = self.transact(OP, customer.as_str(), actions).await? {
                return Ok(before);
            }
        }
    }
}
