//! What a sender asks right before it claims: is the message still right?

use jiff::Timestamp;

use super::{Situation, assess, route};
use crate::{
    Action, CaseState, Contact, Covered, Pending, Policy, Workflow,
    guard::Verdict,
    step_history::{StepHistory, satisfied},
};

/// What a sender finds when it looks again, right before it claims.
#[derive(Clone, Debug, PartialEq)]
pub enum Recheck {
    /// Send it, for these due items as they are now: the same, with other amounts, or fewer.
    Send {
        /// The due items that it still stands for, with what is due now.
        rows: Vec<Covered>,
        /// Other people of the same role, to be copied in on email; the guard allows each.
        copies: Vec<String>,
    },
    /// It is not to be sent any more.
    Supersede(String),
    /// Not now; decide again then.
    Defer(Timestamp, String),
}

/// Runs the guard again on fresh facts and compares with what was decided.
pub fn recheck(facts: &crate::Facts, policy: &Policy, pending: &Pending, now: Timestamp) -> Recheck {
    let situation = assess(facts, policy, now);
    let Some(case) = facts.cases.get(&pending.currency).filter(|case| case.state != CaseState::Closed) else {
        return Recheck::Supersede("the case is over".to_owned());
    };
    let Some(workflow) = policy.workflow(&case.workflow, case.version) else {
        return Recheck::Supersede("the case's workflow is gone".to_owned());
    };
    if situation.book.kept.cases.iter().any(|(currency, _)| *currency == pending.currency) {
        return Recheck::Supersede("a hold keeps the whole case back".to_owned());
    }
    let rows = still_due(&situation, workflow, pending);
    let Some(highest) = highest(workflow, &rows) else {
        return Recheck::Supersede("nothing that it covers is due any more".to_owned());
    };
    let Some(Action::Send(send)) = workflow.steps.get(highest).map(|step| &step.action) else {
        return Recheck::Supersede("its step does not send any more".to_owned());
    };
    if send.template != pending.template {
        return Recheck::Supersede("the step that it was written for is no longer due".to_owned());
    }
    let contacts = &facts.customer.contacts;
    let Some(contact) = contacts.iter().find(|contact| contact.external_id == pending.contact) else {
        return Recheck::Supersede("the person is no longer there".to_owned());
    };
    let Some(role) = send.to.iter().find(|role| contact.roles.contains(role)) else {
        return Recheck::Supersede("the person no longer has the role that the step writes to".to_owned());
    };
    if contact.address(pending.channel).is_none() {
        return Recheck::Supersede("the person no longer has an address for the channel".to_owned());
    }
    let asked = |contact: &Contact| route::ask(&situation, workflow, pending.channel, contact, pending.mode, pending.decided_at);
    let answer = asked(contact);
    let said = |answer: &crate::guard::Answer| {
        let lines: Vec<String> = answer.against.iter().map(|(rule, verdict)| format!("{}: {verdict}", rule.id)).collect();
        lines.join("; ")
    };
    match &answer.verdict {
        Verdict::Allow => {}
        Verdict::Defer(until) => return Recheck::Defer(*until, said(&answer)),
        Verdict::NeedsReview(_) | Verdict::Block(_) => return Recheck::Supersede(said(&answer)),
    }
    let copied = |other: &&Contact| {
        pending.channel == crate::Channel::Email
            && other.external_id != contact.external_id
            && other.roles.contains(role)
            && other.email.is_some()
            && other.email != contact.email
            && asked(other).verdict == Verdict::Allow
    };
    let copies = contacts.iter().filter(copied).take(COPIES_MAX).map(|other| other.external_id.clone()).collect();
    Recheck::Send { rows, copies }
}

/// Most people copied in on one email: SES takes 50 recipients a call.
const COPIES_MAX: usize = 20;

/// The rows whose item still has something due now and whose step is not over by other means.
fn still_due(situation: &Situation<'_>, workflow: &Workflow, pending: &Pending) -> Vec<Covered> {
    let history = StepHistory::of(situation.facts, &situation.book, &situation.place, pending.mode);
    let due = |row: &&Covered| {
        workflow.steps.iter().any(|step| step.id == row.step)
            && satisfied(history.results_of(&situation.book, &row.item), &row.step, &row.occurrence).is_none()
    };
    let fresh = |row: &Covered| {
        let item = situation.book.item(&row.item).filter(|item| item.due_now_minor > 0)?;
        Some(Covered { due_now_minor: item.due_now_minor, ..row.clone() })
    };
    pending.rows.iter().filter(due).filter_map(fresh).collect()
}

fn highest(workflow: &Workflow, rows: &[Covered]) -> Option<usize> {
    rows.iter().filter_map(|row| workflow.steps.iter().position(|step| step.id == row.step)).max()
}
