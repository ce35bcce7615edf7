//! The ladder of a due item as people look at it: which steps are left behind, which one is next, and which follow if nothing changes.

use jiff::{Timestamp, civil::Date};

use super::{NextStep, Situation, agenda, rungs::Rungs};
use crate::{Case, Outcome, dates::add_days, step_history::StepResult, workflow::CompiledWorkflow};

/// Most steps to come that are looked ahead.
const LATER_MAX: usize = 60;

/// What of a workflow lies behind and before an open due item.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StepLadder {
    /// Ids of steps that lapsed: their anchor passed before they could happen.
    pub lapsed: Vec<String>,
    /// The next step, and the earliest moment for it.
    pub next: Option<(NextStep, Timestamp)>,
    /// The steps after it, in their order: `on` is the day of each if the one before it happens on its own, nothing is paid, and nothing else
    /// changes. Gaps of other messages, hours and days off are not looked at.
    pub later: Vec<NextStep>,
    /// Reminders of a promise that are still to come: they stand beside the ladder.
    pub reminders: Vec<NextStep>,
}

/// The ladder of the open due item at a position; `None` where there is no such item.
pub fn ladder_of(situation: &Situation<'_>, workflow: &CompiledWorkflow, case: &Case, item: usize) -> Option<StepLadder> {
    let due_item = situation.receivables.items.get(item)?;
    let rungs = Rungs::new(situation, workflow, case);
    let known = situation.history.results(item);
    let reminders = (0..workflow.steps.len()).filter_map(|index| rungs.reminder(due_item, known, index)).collect();
    let next = agenda::upcoming(situation, workflow, case, item);
    let mut results: Vec<StepResult<'_>> = known.to_vec();
    let mut later: Vec<NextStep> = Vec::new();
    let mut last: Option<(NextStep, Date)> = next.as_ref().map(|(next, at)| (next.clone(), situation.place.date_of(*at)));
    while let Some((step, on)) = last.take() {
        let Some(done) = workflow.steps.get(step.index).filter(|_| later.len() < LATER_MAX) else { break };
        results.push(StepResult::of(&done.id, step.occurrence, Outcome::Sent, situation.now, on));
        let Some(after) = rungs.next(due_item, &results) else { break };
        let after_on = after.on.max(add_days(on, i64::from(workflow.min_gap.0)));
        let after = NextStep { on: after_on, ..after };
        later.push(after.clone());
        last = Some((after, after_on));
    }
    Some(StepLadder { lapsed: rungs.lapsed_steps(due_item, known), next, later, reminders })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Currency,
        decide::{assess, case_by_item},
        testing::{Stage, at, ladder, on},
    };

    #[test]
    fn what_lapsed_what_is_next_and_what_follows() {
        let mut stage = Stage::new(ladder());
        stage.invoice("A", Currency::EUR, 1_000, "2026-02-04");
        stage.step(at("2026-02-05T15:45:00Z"));
        let situation = assess(&stage.facts, &stage.policy, at("2026-02-06T15:45:00Z"));
        let joined = case_by_item(&situation);
        let case = joined.case_of(0).and_then(|key| stage.facts.cases.get(key)).expect("a case");
        let workflow = stage.policy.workflow(&case.workflow, case.version).expect("a workflow");
        let ladder = ladder_of(&situation, workflow, case, 0).expect("an item");
        let id = |step: &NextStep| workflow.steps[step.index].id.clone();
        assert_eq!(ladder.lapsed, ["heads-up"]);
        assert_eq!(ladder.next.as_ref().map(|(next, _)| (id(next), next.on)), Some(("nudge".to_owned(), on("2026-02-12"))));
        let later: Vec<(String, Date)> = ladder.later.iter().map(|step| (id(step), step.on)).collect();
        assert_eq!(later, [("final".to_owned(), on("2026-02-24")), ("person".to_owned(), on("2026-03-06"))]);
        assert!(ladder.reminders.is_empty());
        assert_eq!(ladder_of(&situation, workflow, case, 1), None);
    }
}
