//! How the last round of a case ended.

use jiff::{Timestamp, civil::Date};

use super::{agenda::ItemStep, resolve::Resolved};
use crate::{Because, CaseState, Next};

/// How the last round of a case ended.
pub(super) enum Ended<'a> {
    /// The gate is closed.
    Gate(Because, CaseState, Next),
    /// No step is left.
    NoStepLeft,
    /// The first step is not due yet.
    NotDue {
        /// Which.
        step: ItemStep,
        /// When it is, or stops waiting.
        until: Timestamp,
        /// The day from which it might be, were it open.
        from: Option<Date>,
        /// Whether it waits for its condition.
        waits: bool,
    },
    /// Whatever is due waits for a person's approval, this step first.
    Approval(ItemStep),
    /// Steps were due; this is what came of them.
    Resolved(Resolved<'a>),
    /// The rounds came to no end.
    Unsettled,
}
