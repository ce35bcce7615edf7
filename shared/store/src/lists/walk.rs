//! All customers of a tenant, a page at a time, for what goes over a whole book. A page of a list asks every shard; a walk asks one after the
//! other, so that it reads each row once.

use domain::{CustomerId, TenantId};
use serde::{Deserialize, Serialize};

use super::{PAGE_MAX, Stretch, cursor, lines::Line, page, shard_name};
use crate::{
    Result, Store,
    table::{db::last_of, keys},
};

/// Where a walk over all customers is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomerWalk {
    shard: u8,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    after: Option<String>,
}

impl Store {
    /// The customers that a walk comes to next, at most `limit` and never more than 200, and where it is then; `None` once it is over. A page
    /// may be empty before the end. Customers are in the order of their names within each shard: one whose name changes meanwhile may be
    /// passed over, or come twice.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn walk_customers(
        &self,
        tenant: &TenantId,
        walk: &CustomerWalk,
        limit: u32,
    ) -> Result<(Vec<CustomerId>, Option<CustomerWalk>)> {
        let pk = keys::list(tenant, "customers", "name", &shard_name(None, walk.shard));
        let after = walk.after.as_deref().map(cursor).transpose()?;
        let (from, to) = (keys::ROW.to_owned(), last_of(keys::ROW));
        let limit = limit.clamp(1, PAGE_MAX);
        let stretch = Stretch { from: &from, to: &to, after: after.as_deref(), backwards: false, limit };
        let found = page(self.row_page(&pk, stretch).await?, false, limit)?;
        let id = |line: Line| if let Line::Customer(line) = line { Some(line.customer) } else { None };
        let customers = found.lines.into_iter().filter_map(id).collect();
        let next = match found.after {
            Some(after) => Some(CustomerWalk { after: Some(after), ..walk.clone() }),
            None if walk.shard + 1 < keys::LIST_SHARDS => Some(CustomerWalk { shard: walk.shard + 1, after: None }),
            None => None,
        };
        Ok((customers, next))
    }
}
