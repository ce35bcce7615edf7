//! Messages that did not arrive, and what their steps try next.

use std::collections::BTreeSet;

use super::moment::day;
use crate::{
    Action, CaseKey, Channel, CompiledWorkflow, Outcome,
    decide::{CaseByItem, Situation},
    step_history::satisfied,
};

/// Messages that are told of, the last ones.
const TOLD_MAX: usize = 4;

/// The messages of a case's open items that did not arrive, or of which no receipt came in time, with the channels that are left to the step
/// where it is not over by another: two sentences at most for each.
pub(super) fn not_arrived(
    situation: &Situation<'_>,
    joined: &CaseByItem,
    key: &CaseKey,
    workflow: &CompiledWorkflow,
) -> Vec<String> {
    let mut told = BTreeSet::new();
    for results in joined.items(key).into_iter().map(|at| situation.history.results(at)) {
        for result in results.iter().filter(|result| result.outcome == Outcome::Undelivered || result.overdue) {
            let Some((channel, _)) = result.way else { continue };
            let over_by =
                satisfied(results, result.step, &result.occurrence).and_then(|over| over.way).map(|(channel, _)| *channel);
            told.insert((result.on, result.step, *channel, result.overdue, over_by));
        }
    }
    let first = told.len().saturating_sub(TOLD_MAX);
    told.into_iter()
        .skip(first)
        .flat_map(|(on, step, channel, overdue, over_by)| {
            let what = if overdue { "and no receipt came in the time that the step gives" } else { "and did not arrive" };
            let said = format!("Step {step} went by {} on {}, {what}.", channel.as_str(), day(on));
            let then = match over_by {
                Some(other) => Some(format!("It went by {} instead.", other.as_str())),
                None => next_channels(workflow, step, channel),
            };
            std::iter::once(said).chain(then)
        })
        .collect()
}

/// The channels that a step has beside one.
fn next_channels(workflow: &CompiledWorkflow, step: &str, tried: Channel) -> Option<String> {
    let step = workflow.position(step).and_then(|at| workflow.steps.get(at))?;
    let Action::Send(send) = &step.action else { return None };
    let others: Vec<&str> = send.channels.iter().filter(|channel| **channel != tried).map(|channel| channel.as_str()).collect();
    let ways = if others.is_empty() {
        "it has no other channel".to_owned()
    } else {
        format!("it tries {} next", others.join(", then "))
    };
    Some(format!("Step {} is open again because of that, and {ways}.", step.id))
}
