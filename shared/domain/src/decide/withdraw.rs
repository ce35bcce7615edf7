//! Work for people that is taken back because its reason is gone: nothing that it is about is open, its step is over, or what was
//! found in the books is no longer there.

use std::collections::BTreeMap;

use super::{Situation, work::Asking};
use crate::{Case, CaseId, CaseKey, CaseState, OpenWork, TaskKind, Withdrawal, step_history::satisfied};

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
        TaskKind::MoneyInFlight | TaskKind::Overpaid | TaskKind::OtherCurrency | TaskKind::LegalEntity | TaskKind::TakenBack => {
            let still = found.iter().any(|asking| asking.work.kind == work.kind && asking.work.reason == work.reason);
            (!still).then_some("what was found in the books is no longer there")
        }
        // What it is about only a later release knows: it stays until a person or that release ends it.
        TaskKind::Later(_) => None,
        TaskKind::Task
        | TaskKind::Notify
        | TaskKind::Escalation
        | TaskKind::CreditHold
        | TaskKind::HandOff
        | TaskKind::Fee
        | TaskKind::Approval
        | TaskKind::Proposal
        | TaskKind::Unreachable
        | TaskKind::PlanBroken
        | TaskKind::PlanEnded
        | TaskKind::InDoubt
        | TaskKind::NeedsReview
        | TaskKind::Document
        | TaskKind::Failing
        | TaskKind::Breaker
        | TaskKind::DeadLetter
        | TaskKind::Connection
        | TaskKind::Books
        | TaskKind::Records => {
            if work.currency.is_some_and(|currency| situation.receivables.open_minor(currency) == 0)
                || (work.rows.is_empty() || work.more) && work.case.as_ref().is_some_and(is_closed)
            {
                return Some("nothing of its case is open any more");
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
