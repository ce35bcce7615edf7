//! Keys of subscriptions of outside systems to events.

use domain::{SubscriptionId, TenantId};

use super::Key;

/// What the sort keys of subscriptions begin with. No filter of the stream passes them.
pub(crate) const SUBSCRIPTIONS: &str = "SUBSCRIPTION#";
/// The partition of a tenant's subscriptions to events.
pub(crate) fn subscriptions_of(t: &TenantId) -> String {
    format!("T#{t}#SUBSCRIPTIONS")
}
pub(crate) fn subscription(t: &TenantId, id: &SubscriptionId) -> Key {
    Key::new(subscriptions_of(t), format!("{SUBSCRIPTIONS}{id}"))
}
