//! What GoCardless's files share.

/// The name of the provider.
pub const NAME: &str = "gocardless";
