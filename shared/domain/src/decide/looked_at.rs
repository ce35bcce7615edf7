//! Which orders one decision looks at.

use crate::{Facts, Order, OrderKind};

/// Most orders that one decision looks at, the first given first; the rest is the next one's.
pub(super) const ORDERS_MAX: usize = 8;

/// The orders that a decision looks at, in the order in which they were given, and whether there are more.
pub(super) fn looked_at(facts: &Facts) -> (Vec<&Order>, bool) {
    let mut orders: Vec<&Order> = facts.orders.iter().collect();
    orders.sort_by(|a, b| (a.given_at, &a.id).cmp(&(b.given_at, &b.id)));
    // What waits for its moment takes nobody's place.
    let waits = |order: &&Order| matches!(order.kind, OrderKind::LiftCapOnce | OrderKind::Later(_));
    let more = orders.iter().filter(|order| !waits(order)).count() > ORDERS_MAX;
    let mut taken = 0;
    orders.retain(|order| {
        taken += usize::from(!waits(order));
        waits(order) || taken <= ORDERS_MAX
    });
    (orders, more)
}
