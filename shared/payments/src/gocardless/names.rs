//! What GoCardless's files share.

use jiff::SignedDuration;

/// The name of the provider.
pub const NAME: &str = "gocardless";
/// How long a payer has to act, once sent on.
pub(super) const OPEN_FOR: SignedDuration = SignedDuration::from_hours(1);

/// Whether an id is that of a payment, and not of a billing request.
pub(super) fn is_payment(provider_id: &str) -> bool {
    provider_id.starts_with("PM")
}
