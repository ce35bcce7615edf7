//! Phase 2: whether a case may be chased at all. One look, nothing is changed.

use jiff::{Timestamp, ToSpan};

use super::{Situation, assess::CaseFacts, case::CaseItems};
use crate::{Because, CaseState, Next, WaitingReason, workflow::CompiledWorkflow};

/// How long a message may stay unknown before a person is asked and the ladder goes on.
pub const UNKNOWN_HOURS_MAX: i64 = 72;

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
    of: &CaseItems<'_>,
    state: CaseState,
    workflow: &CompiledWorkflow,
    seen: &CaseFacts,
    oldest_chased: Option<usize>,
) -> Gate {
    let receivables = &situation.receivables;
    let sums = of.sums(situation);
    let minimum_minor = situation.policy.settings.minimum_exposure.get(&of.key.currency()).copied().unwrap_or(0);
    let waits = |reason, because, next| Gate::Wait { because, state: CaseState::Waiting(reason), next };
    if let Some(word) = state.later() {
        Gate::Wait { because: Because::UnknownState { state: word.to_string() }, state, next: Next::Parked }
    } else if situation.policy.is_withdrawn(&workflow.id, workflow.version) {
        Gate::Wait { because: Because::WorkflowWithdrawn, state: CaseState::Ended, next: Next::Parked }
    } else if !situation.policy.settings.knows_legal_entity(&of.key.balance.legal_entity) {
        let legal_entity = of.key.balance.legal_entity.to_string();
        waits(WaitingReason::Held, Because::UnknownLegalEntity { legal_entity }, tomorrow(situation))
    } else if sums.due_now_minor == 0 {
        let held = sums.kept_minor > 0;
        let reason = if held { WaitingReason::Held } else { WaitingReason::Covered };
        waits(reason, Because::NothingDueNow { held }, Next::Parked)
    } else if receivables.kept.cases.iter().any(|(held, _)| *held == of.key.balance) {
        let by =
            receivables.kept.cases.iter().filter(|(held, _)| *held == of.key.balance).map(|(_, hold)| hold.clone()).collect();
        waits(WaitingReason::Held, Because::Held { by }, Next::Parked)
    } else if seen.exposure.due_now_minor < minimum_minor {
        waits(WaitingReason::BelowMinimum, Because::BelowMinimum { minimum_minor }, Next::Parked)
    } else if workflow.exit_when().holds(false, || situation.condition_facts(seen, oldest_chased)) {
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
