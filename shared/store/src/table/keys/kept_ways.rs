//! Keys of ways of paying that people keep at payment providers.

use domain::{CustomerId, PaymentId, TenantId, id::digest};

use super::{Key, customer};

/// What the sort keys of a customer's kept ways of paying begin with. No filter of the stream passes them.
pub(crate) const KEPT_WAYS: &str = "WAY#";
/// A way, by the basket with which it was set up.
pub(crate) fn kept_way(t: &TenantId, c: &CustomerId, basket: &PaymentId) -> Key {
    Key::new(customer(t, c), format!("{KEPT_WAYS}{basket}"))
}
/// Whose a way is, by what its provider knows it by. An event of the provider says no more than that.
pub(crate) fn way_owner(t: &TenantId, provider: &str, kept: &str) -> Key {
    Key::new(format!("T#{t}#WAYS"), format!("{KEPT_WAYS}{}", digest(&[provider, kept])))
}
