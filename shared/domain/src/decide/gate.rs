//! Phase 2: whether a case may be chased at all. One look, nothing is changed.

use std::sync::Arc;

use jiff::{Timestamp, ToSpan};

use super::{Situation, UNKNOWN_HOURS_MAX};
use crate::{Because, CaseState, Currency, Next, WaitingReason, condition::ExposureFacts, workflow::CompiledWorkflow};

/// What the gate says.
pub(super) enum Gate {
    /// The case may be chased.
    Proceed,
    /// It may not.
    Wait {
        /// Why.
        because: Because,
        /// The state that it is left in.
        state: CaseState,
        /// When to look again.
        next: Next,
    },
}

/// Looks whether anything of a case that stands at `state` may be chased now.
pub(super) fn gate(
    situation: &Situation<'_>,
    state: CaseState,
    currency: Currency,
    workflow: &CompiledWorkflow,
    exposure: &Arc<ExposureFacts>,
    oldest_chased: Option<usize>,
) -> Gate {
    let book = &situation.book;
    let due_now_minor = exposure.due_now_minor;
    let minimum_minor = situation.policy.settings.minimum_exposure.get(&currency).copied().unwrap_or(0);
    let waits = |reason, because, next| Gate::Wait { because, state: CaseState::Waiting(reason), next };
    if let Some(word) = state.later() {
        Gate::Wait { because: Because::UnknownState { state: word.to_string() }, state, next: Next::Parked }
    } else if situation.policy.is_withdrawn(&workflow.id, workflow.version) {
        Gate::Wait { because: Because::WorkflowWithdrawn, state: CaseState::Ended, next: Next::Parked }
    } else if due_now_minor == 0 {
        let held = book.kept_minor(currency) > 0;
        let reason = if held { WaitingReason::Held } else { WaitingReason::Covered };
        waits(reason, Because::NothingDueNow { held }, Next::Parked)
    } else if book.kept.cases.iter().any(|(held, _)| *held == currency) {
        let by = book.kept.cases.iter().filter(|(held, _)| *held == currency).map(|(_, hold)| hold.clone()).collect();
        waits(WaitingReason::Held, Because::Held { by }, Next::Parked)
    } else if due_now_minor < minimum_minor {
        waits(WaitingReason::BelowMinimum, Because::BelowMinimum { minimum_minor }, Next::Parked)
    } else if workflow.exit_when().holds(false, || situation.condition_facts(exposure, oldest_chased)) {
        waits(WaitingReason::Exited, Because::ExitWhenHolds, tomorrow(situation))
    } else if let Some(until) = pending_until(situation) {
        Gate::Wait { because: Because::MessagePending { until }, state: CaseState::Open, next: Next::At(until) }
    } else {
        Gate::Proceed
    }
}

/// When messages that are still pending stop keeping others back.
fn pending_until(situation: &Situation<'_>) -> Option<Timestamp> {
    let decided = situation.facts.pending.iter().map(|pending| pending.decided_at).min()?;
    Some(decided.checked_add(UNKNOWN_HOURS_MAX.hours()).unwrap_or(Timestamp::MAX))
}

/// The same time tomorrow, for what only the calendar can change.
pub(super) fn tomorrow(situation: &Situation<'_>) -> Next {
    Next::At(situation.now.checked_add(24.hours()).unwrap_or(Timestamp::MAX))
}
