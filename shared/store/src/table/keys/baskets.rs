//! Keys of baskets and of their writing into the books. The stream's filter for events passes baskets, and writes that wait.

use domain::{CustomerId, PaymentId, TenantId};

use super::{Key, customer, hints};

/// What the sort keys of a customer's baskets begin with, and the partitions that say whose one is.
pub(crate) const BASKETS: &str = "BASKET#";
/// What the sort keys of writes of baskets into the books begin with.
pub(crate) const WRITE_BACKS: &str = "WRITTEN#";
/// What the sort keys of writes begin with that wait for whoever reads the books.
pub(crate) const WAITING_WRITES: &str = "WRITE#";

pub(crate) fn basket(t: &TenantId, c: &CustomerId, id: &PaymentId) -> Key {
    Key::new(customer(t, c), format!("{BASKETS}{id}"))
}
/// How the writing of a basket into the books stands.
pub(crate) fn write_back(t: &TenantId, c: &CustomerId, id: &PaymentId) -> Key {
    Key::new(customer(t, c), format!("{WRITE_BACKS}{id}"))
}
/// That a basket waits to be written into a source's books: beside the source's hints.
pub(crate) fn waiting_write(t: &TenantId, source: &str, c: &CustomerId, id: &PaymentId) -> Key {
    Key::new(hints(t, source), format!("{WAITING_WRITES}{c}#{id}"))
}
/// Reads customer and basket back from the sort key of a write that waits.
pub(crate) fn parse_waiting_write(sk: &str) -> Option<(CustomerId, PaymentId)> {
    let (customer, basket) = sk.strip_prefix(WAITING_WRITES)?.split_once('#')?;
    Some((CustomerId::parse(customer)?, PaymentId::parse(basket)?))
}
/// Whose a basket is, by its id. A provider says no more than that.
pub(crate) fn basket_owner(id: &PaymentId) -> Key {
    Key::new(format!("{BASKETS}{id}"), "BASKET")
}
/// Whether a partition says whose a basket is.
pub(crate) fn is_basket_owner(pk: &str) -> bool {
    pk.starts_with(BASKETS)
}
