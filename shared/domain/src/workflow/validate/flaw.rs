//! What is wrong at one place of a workflow.

use super::limits::STEPS_MAX;

/// What is wrong at one place of a workflow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flaw {
    /// JSON pointer (RFC 6901) into the workflow as the API takes it; empty for the whole.
    pub pointer: String,
    /// What is wrong and what would be right, for people.
    pub detail: String,
}

impl Flaw {
    pub(crate) fn at(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), detail: detail.into() }
    }

    pub(crate) fn too_many_steps(count: usize) -> Self {
        Self::at("/steps", format!("there are {count} steps; a workflow has at most {STEPS_MAX}"))
    }
}
