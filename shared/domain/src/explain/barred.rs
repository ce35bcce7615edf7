//! What keeps each message of a case back that no time sets free: rules that forbid every way, or that there is nobody to write to; and the
//! steps that reached nobody.

use std::collections::BTreeSet;

use super::{moment::day, words::rule};
use crate::{
    Because, CaseKey, Channel, Outcome,
    decide::{CaseByItem, RuleAsked, RuleOutcome, Situation},
    guard,
};

/// Steps that are told of as having reached nobody, the last ones.
const MISSED_MAX: usize = 4;

/// What stands against every message of a case's next step.
pub(super) struct Barred {
    /// What was found: sentences.
    pub(super) found: Vec<String>,
    /// What would change it: sentences.
    pub(super) changes: Vec<String>,
}

/// Whether time alone is to bring a message after such a decision.
pub(super) fn waits_for_time(because: &Because) -> bool {
    match because {
        Because::NotDue { .. } | Because::Waiting { .. } | Because::Deferred | Because::Stopped => true,
        Because::Send
        | Because::Statement { .. }
        | Because::NothingOpen
        | Because::NoWorkflowApplies
        | Because::NothingDueNow { .. }
        | Because::Held { .. }
        | Because::BelowMinimum { .. }
        | Because::UnknownLegalEntity { .. }
        | Because::ExitWhenHolds
        | Because::WorkflowWithdrawn
        | Because::MessagePending { .. }
        | Because::Approval { .. }
        | Because::PlanEnded
        | Because::UnknownState { .. }
        | Because::Unsettled
        | Because::Later(_) => false,
    }
}

impl Barred {
    /// What the rules that were asked of a step that sends say; `None` where one way is free of what time does not lift.
    pub(super) fn of(step: &str, rules: &[RuleAsked], situation: &Situation<'_>) -> Option<Self> {
        let ways: BTreeSet<&(Channel, String)> = rules.iter().filter_map(|asked| asked.way.as_ref()).collect();
        if ways.is_empty() {
            return Some(Self {
                found: vec![
                    format!("Step {step} can reach nobody."),
                    "No contact that it may go to has an address for one of its channels, or a template or sender for them is missing."
                        .to_owned(),
                ],
                changes: vec![format!("A contact that step {step} may go to, with an address for one of its channels.")],
            });
        }
        let against: Vec<&RuleAsked> = rules.iter().filter(|asked| asked.way.is_some() && is_against(asked)).collect();
        let barred: BTreeSet<&(Channel, String)> = against.iter().filter_map(|asked| asked.way.as_ref()).collect();
        if barred != ways {
            return None;
        }
        let zone = situation.place.zone();
        let mut found = vec![format!("Time alone does not let step {step} leave.")];
        let mut changes: Vec<String> = Vec::new();
        for asked in against {
            found.push(rule(asked, zone));
            let change = asks_for(asked);
            if !changes.contains(&change) {
                changes.push(change);
            }
        }
        Some(Self { found, changes })
    }
}

/// Whether a rule keeps a message back however long one waits.
fn is_against(asked: &RuleAsked) -> bool {
    match &asked.outcome {
        RuleOutcome::Forbids(_) | RuleOutcome::Review(_) => true,
        // Stale books stay so until the source is heard: the rule puts it off from day to day.
        RuleOutcome::Waits(_) => asked.rule == guard::FRESHNESS,
        RuleOutcome::Allows => false,
    }
}

fn asks_for(asked: &RuleAsked) -> String {
    let name = asked.rule;
    match &asked.outcome {
        RuleOutcome::Forbids(why) | RuleOutcome::Review(why) => format!("What rule {name} asks for: {why}."),
        RuleOutcome::Waits(_) | RuleOutcome::Allows => format!("What rule {name} asks for."),
    }
}

/// The steps of a case's open items that reached nobody, a sentence each, the last ones.
pub(super) fn missed(situation: &Situation<'_>, joined: &CaseByItem, key: &CaseKey) -> Vec<String> {
    let results = joined.items(key).into_iter().flat_map(|at| situation.history.results(at));
    let missed: BTreeSet<_> =
        results.filter(|result| result.outcome == Outcome::Missed).map(|result| (result.on, result.step)).collect();
    let last = missed.len().saturating_sub(MISSED_MAX);
    missed.into_iter().skip(last).map(|(on, step)| format!("Step {step} reached nobody on {}.", day(on))).collect()
}
