//! What is wrong with the time that a step gives a receipt.

use super::planned_steps::{days_to_next, sends};
use crate::workflow::{Finding, PublishContext, Severity, Workflow};

/// Steps that give a receipt time which leads nowhere, or is not the time after which their next channel comes.
pub(super) fn waits(workflow: &Workflow, context: &PublishContext<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for (at, step, send) in sends(workflow) {
        let Some(after) = send.after else { continue };
        let pointer = format!("/steps/{at}/action/send/after");
        let mut tell = |severity, rule, detail: String| {
            found.push(Finding::at_step(severity, rule, &step.id, pointer.clone(), detail));
        };
        let (usable, last) =
            (|channel: &&crate::Channel| context.senders.contains(channel), send.channels.len().saturating_sub(1));
        if send.copies > 0 {
            let detail = "a step with copies is over with the first of its messages that left, whether or not one of them arrives. Leave out \
                          after, or copies";
            tell(Severity::Error, "fallback", detail.to_owned());
        } else if send.channels.iter().filter(usable).count() < 2 {
            let detail = "the step waits for a receipt and has no other channel to try. Add a channel that this deployment sends by, or leave \
                          after out";
            tell(Severity::Warning, "fallback", detail.to_owned());
        } else if !send.channels.iter().take(last).filter(usable).any(|channel| channel.facts().gives_receipts) {
            let detail = "no channel before the last tells whether a message arrived, so that nothing is waited for. Begin with email, or \
                          leave after out";
            tell(Severity::Warning, "fallback", detail.to_owned());
        }
        let (days, gap) = (after.days(), i64::from(workflow.min_gap.0));
        if days_to_next(workflow, context.settings, at).is_some_and(|next| next < days) {
            let detail = format!(
                "the next step may write before the {days} days are over, and then the other channel is not tried. Give a receipt less time, or \
                 plan the next step later"
            );
            tell(Severity::Warning, "fallback", detail);
        } else if after.hours() >= 24 && days < gap {
            let detail = format!(
                "min_gap is {gap} days, so that the next channel comes after {gap} days and not after {days}. Give a receipt less than a day, \
                 or lower min_gap"
            );
            tell(Severity::Warning, "gap", detail);
        }
    }
    found
}
