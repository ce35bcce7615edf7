//! The steps of a workflow as its plan has them.

use crate::{
    Action, Settings,
    workflow::{Send, Step, Workflow, validate::plan},
};

/// The least days that the plan puts between the last time of a step and the step behind it; `None` where there is none behind it, or the
/// plan alone does not tell.
pub fn days_to_next(workflow: &Workflow, settings: &Settings, at: usize) -> Option<i64> {
    let planned = plan(&workflow.steps, settings);
    let (own, next) = (planned.get(at)?, planned.get(at + 1)?);
    let behind = workflow.steps.get(at + 1)?;
    let days = next.earliest - own.latest - own.length;
    let gap = if matches!(behind.action, Action::Send(_)) { i64::from(workflow.min_gap.0) } else { 0 };
    (own.base == next.base).then_some(days.max(gap))
}

/// The steps that send, each with its place.
pub(super) fn sends(workflow: &Workflow) -> impl Iterator<Item = (usize, &Step, &Send)> {
    workflow.steps.iter().enumerate().filter_map(|(at, step)| match &step.action {
        Action::Send(send) => Some((at, step, send)),
        Action::Task(_)
        | Action::Notify(_)
        | Action::Escalate(_)
        | Action::CreditHold(_)
        | Action::ChangeTerms(_)
        | Action::HandOff(_)
        | Action::Fee(_) => None,
    })
}
