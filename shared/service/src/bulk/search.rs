//! Whom an action in bulk is for: the customers that are named, or those that a filter takes, a page at a time.

use domain::{CustomerId, TenantId};
use serde::{Deserialize, Serialize};
use store::{CustomerWalk, Store};

use super::asked::BulkWhat;
use crate::Done;

/// Customers of a page.
const PAGE: usize = 100;

/// How far it came in looking for whom an action is for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BulkSearch {
    /// How many customers were looked at.
    pub looked: u64,
    /// How many of them are meant.
    pub found: u64,
    /// Whether all were looked at.
    pub is_over: bool,
    /// Where it is in the whole book.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    walk: Option<CustomerWalk>,
    /// Where it is among the customers of an owner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    after: Option<CustomerId>,
}

/// Whom a page of it found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BulkFound {
    /// The customers.
    pub customers: Vec<CustomerId>,
    /// What was named and is no customer's id.
    pub no_ids: Vec<String>,
}

impl BulkSearch {
    /// Whom it finds next. A page may find nobody before the end.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn go_on(&mut self, store: &Store, tenant: &TenantId, what: &BulkWhat) -> Done<BulkFound> {
        if let Some(ids) = &what.ids {
            return Ok(self.named(ids));
        }
        let Some(filter) = &what.filter else {
            self.is_over = true;
            return Ok(BulkFound::default());
        };
        let looked_at = match &filter.owner {
            Some(owner) => {
                let (some, more) = store.owned(tenant, owner, PAGE, self.after.as_ref()).await?;
                self.after = some.last().cloned();
                self.is_over = !more;
                some
            }
            None => {
                let walk = self.walk.take().unwrap_or_default();
                let (some, next) = store.walk_customers(tenant, &walk, u32::try_from(PAGE).unwrap_or(u32::MAX)).await?;
                self.is_over = next.is_none();
                self.walk = next;
                some
            }
        };
        let heads = store.heads(tenant, &looked_at).await?;
        self.looked += count(looked_at.len());
        let is_meant =
            |customer: &CustomerId| heads.get(customer).is_some_and(|head| matches!(head, Ok(head) if filter.takes(head)));
        let customers: Vec<CustomerId> = looked_at.into_iter().filter(is_meant).collect();
        self.found += count(customers.len());
        Ok(BulkFound { customers, no_ids: Vec::new() })
    }

    /// The next of those that are named.
    fn named(&mut self, ids: &[String]) -> BulkFound {
        let from = usize::try_from(self.looked).unwrap_or(usize::MAX);
        let mut found = BulkFound::default();
        for id in ids.iter().skip(from).take(PAGE) {
            match CustomerId::parse(id) {
                Some(customer) => found.customers.push(customer),
                None => found.no_ids.push(id.clone()),
            }
            self.looked += 1;
        }
        self.found += count(found.customers.len());
        self.is_over = self.looked >= count(ids.len());
        found
    }
}

fn count(of: usize) -> u64 {
    u64::try_from(of).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_that_are_named_come_in_pages_and_what_is_no_id_beside_them() {
        let mut ids: Vec<String> = (0..250).map(|n| format!("cus_{n}")).collect();
        ids.insert(120, "C-1".to_owned());
        let mut search = BulkSearch::default();
        let (mut pages, mut no_ids) = (Vec::new(), Vec::new());
        while !search.is_over {
            let found = search.named(&ids);
            pages.push(found.customers.len());
            no_ids.extend(found.no_ids);
        }
        assert_eq!((pages, no_ids), (vec![100, 99, 51], vec!["C-1".to_owned()]));
        assert_eq!((search.looked, search.found), (251, 250));
    }
}
