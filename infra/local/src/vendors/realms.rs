//! Whose books the stand-ins have.

/// The QuickBooks company.
pub const COASTAL: &str = "9130347596842384";
/// The Xero organisation.
pub const WATTLE: &str = "c2cc9b6e-9458-4c7d-93cc-f02b81b0594f";
