//! Why a text is no condition.

/// How many brackets may stand within each other.
pub const DEPTH_MAX: usize = 16;

/// Why a text is no condition.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("at byte {at}: {detail}")]
pub struct ConditionError {
    /// Where, in bytes from the beginning.
    pub at: usize,
    /// What is wrong, and what would be right.
    pub detail: String,
}

impl ConditionError {
    pub(super) fn new(at: usize, detail: impl Into<String>) -> Self {
        Self { at, detail: detail.into() }
    }
}
