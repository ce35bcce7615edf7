//! The case view: one customer's matter with its history.

use domain::{CustomerId, Facts, TenantId};

use crate::{Head, Record, Result, Store};

/// A customer's matter with its history.
#[derive(Clone, Debug)]
pub struct Explained {
    /// The head.
    pub head: Head,
    /// The facts as they are.
    pub facts: Facts,
    /// The last records, newest first.
    pub records: Vec<Record>,
}

impl Store {
    /// What is known of a customer, and its last records.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn explain(&self, tenant: &TenantId, customer: &CustomerId, last: u32) -> Result<Option<Explained>> {
        let Some(head) = self.head(tenant, customer).await? else { return Ok(None) };
        let facts = self.facts(tenant, &head).await?;
        let records = self.records(tenant, customer, last.clamp(1, 200)).await?;
        Ok(Some(Explained { head, facts, records }))
    }
}
