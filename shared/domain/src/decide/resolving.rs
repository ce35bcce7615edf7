//! One case that is being resolved.

use super::{Situation, case::CaseItems};
use crate::{Case, workflow::CompiledWorkflow};

/// One case that is being resolved.
pub(super) struct Resolving<'s, 'a> {
    pub(super) situation: &'s Situation<'a>,
    pub(super) of: &'s CaseItems<'s>,
    pub(super) workflow: &'a CompiledWorkflow,
    pub(super) case: &'s Case,
    /// Whether a person lifted the cap of contacts for the next message.
    pub(super) lifts_cap: bool,
}
