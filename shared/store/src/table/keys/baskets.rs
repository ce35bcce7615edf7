//! Keys of baskets. No filter of the stream passes them.

use domain::{CustomerId, PaymentId, TenantId};

use super::{Key, customer};

/// What the sort keys of a customer's baskets begin with, and the partitions that say whose one is.
pub(crate) const BASKETS: &str = "BASKET#";
pub(crate) fn basket(t: &TenantId, c: &CustomerId, id: &PaymentId) -> Key {
    Key::new(customer(t, c), format!("{BASKETS}{id}"))
}
/// Whose a basket is, by its id. A provider says no more than that.
pub(crate) fn basket_owner(id: &PaymentId) -> Key {
    Key::new(format!("{BASKETS}{id}"), "BASKET")
}
/// Whether a partition says whose a basket is.
pub(crate) fn is_basket_owner(pk: &str) -> bool {
    pk.starts_with(BASKETS)
}
