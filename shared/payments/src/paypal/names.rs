//! What PayPal's files share.

/// The name of the provider.
pub const NAME: &str = "paypal";
/// The status that answers a wrong signature.
pub(super) const BAD_SIGNATURE: u16 = 400;
