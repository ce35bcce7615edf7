//! What the source is called.

use domain::TenantId;

/// The name of the source.
pub const SOURCE: &str = "canonical";

/// Whose objects are read, and of which source: ids are derived from both.
#[derive(Clone, Copy, Debug)]
pub struct SourceOf<'a> {
    /// The tenant.
    pub tenant: &'a TenantId,
    /// The source.
    pub source: &'a str,
}
