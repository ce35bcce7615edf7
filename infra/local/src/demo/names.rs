//! Whose the demo is, and how long.

/// The demo's tenant.
pub const TENANT: &str = "demo";
/// How far back it begins.
pub const DAYS: i64 = 60;
