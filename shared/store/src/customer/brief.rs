//! What a customer is known by in lists of work: name, the source's id, and what it owed by its head.

use std::collections::{BTreeMap, BTreeSet};

use domain::{Currency, Customer, CustomerId, Owed, TenantId};
use jiff::Timestamp;

use crate::{
    Result, Store,
    customer::head::read_head,
    table::{attributes::document::DOC, db::json, keys},
};

/// What a customer is known by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomerBrief {
    /// Its name.
    pub name: String,
    /// The connection that it came by.
    pub source: String,
    /// The source's own id.
    pub external_id: String,
    /// What it owed in each currency when it was last decided, or reckoned anew because a day had begun.
    pub owed: BTreeMap<Currency, Owed>,
    /// When that was.
    pub as_of: Option<Timestamp>,
}

impl Store {
    /// What customers are known by; who is not there is left out.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn briefs(
        &self,
        tenant: &TenantId,
        customers: &BTreeSet<CustomerId>,
    ) -> Result<BTreeMap<CustomerId, CustomerBrief>> {
        let wanted: Vec<_> = customers.iter().flat_map(|id| [keys::profile(tenant, id), keys::head(tenant, id)]).collect();
        let found = self.read_many("read the names of customers of", &wanted, false).await?;
        let mut briefs = BTreeMap::new();
        for id in customers {
            let Some(profile) = found.get(&keys::profile(tenant, id)) else { continue };
            // What does not read is a task of its own; the others are still to be worked on, and this one without names.
            let Ok(Customer { name, source, external_id, .. }) = json(profile, DOC) else { continue };
            let head = found.get(&keys::head(tenant, id)).cloned().and_then(|row| read_head(row).ok());
            let as_of = head.as_ref().and_then(|head| head.decided_at.max(head.owed_at));
            let owed = head.map(|head| head.owed).unwrap_or_default();
            briefs.insert(id.clone(), CustomerBrief { name, source, external_id, owed, as_of });
        }
        Ok(briefs)
    }
}
