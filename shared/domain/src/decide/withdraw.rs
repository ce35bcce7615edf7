//! Work for people that is taken back because its reason is gone: nothing that it is about is open, its step is over, what was found in the
//! books is no longer there, or somebody can be written to again.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Situation, confirming,
    route::{Lifted, Ways},
    work::Asking,
};
use crate::{
    Action, Case, CaseId, CaseKey, CaseState, OpenWork, Outcome, TaskKind, Withdrawal,
    step_history::{satisfied, tried},
};

/// Most work that one decision takes back; the rest goes with the next.
pub(super) const WITHDRAWN_MAX: usize = 20;

/// What is taken back, at most `most` of it, and whether there is more. `found` is what is wrong with the customer's money now.
pub(super) fn withdrawn(
    situation: &Situation<'_>,
    cases: &BTreeMap<CaseKey, Case>,
    found: &[Asking],
    most: usize,
) -> (Vec<Withdrawal>, bool) {
    let gone = |work: &OpenWork| {
        let why = gone(situation, cases, found, work)?;
        Some(Withdrawal { task: work.task.clone(), why: why.to_owned(), done: work.done })
    };
    let mut all: Vec<&OpenWork> = situation.facts.work.iter().collect();
    all.sort_by(|a, b| (a.asked_at, &a.task).cmp(&(b.asked_at, &b.task)));
    let mut gone = all.into_iter().filter_map(gone);
    (gone.by_ref().take(most).collect(), gone.next().is_some())
}

/// Why the reason for work is gone, if it is.
fn gone(situation: &Situation<'_>, cases: &BTreeMap<CaseKey, Case>, found: &[Asking], work: &OpenWork) -> Option<&'static str> {
    let is_closed = |case: &CaseId| {
        let known = cases.values().find(|known| known.id == *case);
        known.is_none_or(|known| known.state == CaseState::Closed)
    };
    match work.kind {
        TaskKind::MoneyInFlight
        | TaskKind::Overpaid
        | TaskKind::SeenTwice
        | TaskKind::OtherCurrency
        | TaskKind::LegalEntity
        | TaskKind::TakenBack => {
            let still = found.iter().any(|asking| asking.work.kind == work.kind && asking.work.reason == work.reason);
            (!still).then_some("what was found in the books is no longer there")
        }
        TaskKind::Unconfirmed => {
            let still = found.iter().any(|asking| asking.work.kind == work.kind && asking.work.reason == work.reason);
            (!still).then_some("somebody said meanwhile what became of it")
        }
        // Whoever supplies or has terms again says so: what was asked for stays asked for.
        TaskKind::CreditRelease | TaskKind::RestoreTerms => None,
        TaskKind::CreditHold | TaskKind::ChangeTerms if work.done => {
            confirming::is_paid(situation, cases, work).then_some("what it was for is paid, and its end is asked for")
        }
        // What it is about only a later release knows: it stays until a person or that release ends it.
        TaskKind::Later(_) => None,
        TaskKind::Task
        | TaskKind::Notify
        | TaskKind::Escalation
        | TaskKind::CreditHold
        | TaskKind::ChangeTerms
        | TaskKind::HandOff
        | TaskKind::Fee
        | TaskKind::Approval
        | TaskKind::Proposal
        | TaskKind::Dispute
        | TaskKind::CustomerAsked
        | TaskKind::MessageUnsent
        | TaskKind::EnterPayment
        | TaskKind::Unreachable
        | TaskKind::PlanBroken
        | TaskKind::PlanEnded
        | TaskKind::InDoubt
        | TaskKind::NeedsReview
        | TaskKind::Document
        | TaskKind::Failing
        | TaskKind::Breaker
        | TaskKind::DeadLetter
        | TaskKind::AnswerUnmatched
        | TaskKind::Connection
        | TaskKind::Books
        | TaskKind::Records => {
            if work.currency.is_some_and(|currency| situation.receivables.open_minor(currency) == 0)
                || (work.rows.is_empty() || work.more) && work.case.as_ref().is_some_and(is_closed)
            {
                return Some("nothing of its case is open any more");
            }
            if work.kind == TaskKind::Unreachable && was_reached(situation, work) {
                return Some("a message reached the customer since");
            }
            if work.kind == TaskKind::Unreachable && can_be_reached(situation, cases, work) {
                return Some("somebody can be written to now");
            }
            if work.rows.is_empty() || work.more {
                return None;
            }
            if work.rows.iter().all(|row| situation.receivables.position(&row.item).is_none()) {
                return Some("none of its due items is open any more");
            }
            step_is_over(situation, work).then_some("its step is over").or_else(|| became_another(situation, cases, work))
        }
    }
}

/// Whether a message about one of its due items was sent since it was asked for.
fn was_reached(situation: &Situation<'_>, work: &OpenWork) -> bool {
    let items = work.rows.iter().filter_map(|row| situation.receivables.position(&row.item));
    let mut since = items.flat_map(|at| situation.history.results(at)).filter(|result| result.at > work.asked_at);
    since.any(|result| result.way.is_some() && result.outcome == Outcome::Sent)
}

/// Whether its step could be sent to somebody now, by a way that was not tried for it.
fn can_be_reached(situation: &Situation<'_>, cases: &BTreeMap<CaseKey, Case>, work: &OpenWork) -> bool {
    let case = cases.values().find(|known| work.case.as_ref() == Some(&known.id));
    let Some(workflow) = case.and_then(|case| situation.policy.driving(case)) else { return false };
    let step = workflow.steps.iter().find(|step| work.step.as_ref() == Some(&step.id));
    let Some((step, Action::Send(send))) = step.map(|step| (step, &step.action)) else { return false };
    let open = || work.rows.iter().filter_map(move |row| Some((situation.receivables.position(&row.item)?, &row.occurrence)));
    let own = open().find_map(|(at, _)| situation.people.own(situation.receivables.items.get(at)?.invoice?));
    let tried = open().flat_map(|(at, occurrence)| tried(situation.history.results(at), &step.id, occurrence)).collect();
    Ways { situation, workflow, send, own, lifted: Lifted::default(), tried, overdue: BTreeSet::new() }.reach_somebody()
}

/// Why work that a step waits for is of no use, where the step has another id in the version that its case goes by now.
fn became_another(situation: &Situation<'_>, cases: &BTreeMap<CaseKey, Case>, work: &OpenWork) -> Option<&'static str> {
    let step = work.step.as_deref().filter(|_| waits(work.kind))?;
    let case = cases.values().find(|known| work.case.as_ref() == Some(&known.id))?;
    let carried = situation.policy.driving(case)?.carried();
    carried.iter().any(|(old, _)| old == step).then_some("its step has another id in the version that the case goes by now")
}

/// Whether a step waits for work of a kind.
fn waits(kind: TaskKind) -> bool {
    matches!(kind, TaskKind::Approval | TaskKind::NeedsReview)
}

/// Whether work that a step waits for is of no use: the step is over for each of its due items that is open.
fn step_is_over(situation: &Situation<'_>, work: &OpenWork) -> bool {
    let Some(step) = work.step.as_deref().filter(|_| waits(work.kind)) else { return false };
    let mut open = work.rows.iter().filter_map(|row| Some((situation.receivables.position(&row.item)?, &row.occurrence)));
    open.all(|(at, occurrence)| satisfied(situation.history.results(at), step, occurrence).is_some())
}
