//! Notes which customers changed, so that `report` sets their figures anew. What is noted twice, or in another order, comes to the same.

use futures::future::join_all;
use kit::Budget;
use store::{Followed, Store};

/// Customers at once.
const AT_ONCE: usize = 8;

/// Notes the customers whose figures a batch of the stream may change; `by` names the batch. The first record that asked for what was not noted,
/// by its position, and why.
pub async fn note(store: &Store, changes: &[Followed], places: &[usize], by: &str, budget: &Budget) -> Option<(usize, String)> {
    let changed = Store::counted_anew(changes);
    let mut left: Option<(usize, String)> = None;
    for some in changed.chunks(AT_ONCE) {
        let mut each = Vec::with_capacity(some.len());
        for (at, tenant, customer) in some {
            each.push(async move {
                let at = places.get(*at).copied().unwrap_or_default();
                if budget.is_over() {
                    return Err((at, "the time is up".to_owned()));
                }
                store.note_changed(tenant, customer, by).await.map_err(|error| (at, error.to_string()))
            });
        }
        left = join_all(each).await.into_iter().filter_map(Result::err).chain(left).min();
    }
    left
}
