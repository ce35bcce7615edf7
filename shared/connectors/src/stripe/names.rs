//! What the source is called.

/// The name of the source.
pub const SOURCE: &str = "stripe";
