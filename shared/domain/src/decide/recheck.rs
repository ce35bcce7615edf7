//! What a sender asks right before it claims: is the message still right?

use jiff::Timestamp;

use super::{
    Situation, assess,
    case::case_by_item,
    orders,
    route::{self, Lifted},
    rungs::{Rungs, is_sent_now},
};
use crate::{
    Action, Case, CaseState, Covered, MessageId, Outcome, Pending, Policy, RuleTrace, Standing, Workflow,
    dates::add_days,
    guard::{self, Verdict},
    step_history::StepHistory,
    workflow::{CompiledWorkflow, validate::COPIES_MAX},
};

/// What a sender finds when it looks again, right before it claims.
#[derive(Clone, Debug, PartialEq)]
pub enum Recheck {
    /// Send it, for these due items as they are now: the same, with other amounts, or fewer.
    Send {
        /// The due items that it still stands for, with what is due now.
        rows: Vec<Covered>,
    },
    /// It is not right any more.
    Supersede(String),
    /// The guard forbids it, or asks for a person.
    Block(Refusal),
    /// The guard says not now; decide again then.
    Defer(Timestamp, Refusal),
}

/// What the guard has against a message.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    /// Every rule that did not allow it.
    pub rules: Vec<RuleTrace>,
}

impl std::fmt::Display for Refusal {
    /// The rules in a line: `suppression: block: the address opted out; window: defer until …`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let lines: Vec<String> = self.rules.iter().map(|rule| format!("{}: {}", rule.rule, rule.said)).collect();
        f.write_str(&lines.join("; "))
    }
}

/// Runs the guard again on fresh facts and compares with what was decided.
pub fn recheck(facts: &crate::Facts, policy: &Policy, pending: &Pending, now: Timestamp) -> Recheck {
    let situation = assess(facts, policy, now);
    let Some(case) = facts.cases.get(&pending.case).filter(|case| case.state != CaseState::Closed) else {
        return Recheck::Supersede("the case is over".to_owned());
    };
    if let Some(word) = case.state.later() {
        return Recheck::Supersede(format!("the case is in the state '{word}', which this release does not know"));
    }
    let Some(workflow) = policy.workflow(&case.workflow, case.version) else {
        return Recheck::Supersede("the case's workflow is gone".to_owned());
    };
    if situation.receivables.kept.cases.iter().any(|(balance, _)| *balance == pending.case.balance) {
        return Recheck::Supersede("a hold keeps the whole case back".to_owned());
    }
    if policy.is_withdrawn(&case.workflow, case.version) {
        return Recheck::Supersede("the case's workflow was withdrawn".to_owned());
    }
    if !policy.settings.knows_legal_entity(&pending.case.balance.legal_entity) {
        return Recheck::Supersede("the settings do not list its legal entity".to_owned());
    }
    let rows = still_due(&situation, workflow, case, pending);
    let Some(highest) = highest(workflow, &rows) else {
        return Recheck::Supersede("nothing that it covers is due any more".to_owned());
    };
    let Some((Action::Send(send), pay_by)) = workflow.steps.get(highest).map(|step| (&step.action, step.pay_by)) else {
        return Recheck::Supersede("its step does not send any more".to_owned());
    };
    if send.template != pending.template {
        return Recheck::Supersede("the step that it was written for is no longer due".to_owned());
    }
    if pending.pay_by != pay_by.map(|pay_by| add_days(situation.today, i64::from(pay_by.days))) {
        return Recheck::Supersede("its date to pay by is not the one that it would have today".to_owned());
    }
    let Some(contact) = situation.people.contact(&pending.contact) else {
        return Recheck::Supersede("the person is no longer there".to_owned());
    };
    let named = |row: &Covered| {
        let item = situation.receivables.position(&row.item).and_then(|at| situation.receivables.items.get(at));
        item.and_then(|item| item.invoice).and_then(|invoice| situation.people.own(invoice)) == Some(pending.contact.as_str())
    };
    let is_in_role = facts
        .customer
        .contacts
        .iter()
        .any(|known| known.external_id == pending.contact && send.to.iter().any(|role| known.roles.contains(role)));
    if !is_in_role && !rows.iter().all(named) {
        return Recheck::Supersede("the person no longer has the role that the step writes to".to_owned());
    }
    if contact.address(pending.channel).is_none() {
        return Recheck::Supersede("the person no longer has an address for the channel".to_owned());
    }
    let results = |row: &Covered| situation.receivables.position(&row.item).map_or(&[][..], |at| situation.history.results(at));
    let gap = rows.iter().any(|row| is_sent_now(results(row), &row.step, &row.occurrence));
    let lifted = Lifted { gap, cap: cap_is_lifted(facts, pending) };
    let answer = route::ask_lifted(&situation, workflow, lifted, pending.channel, contact, pending.mode, pending.decided_at);
    let against = |(rule, verdict): &(&guard::Rule, Verdict)| {
        route::note(rule.id, rule.version, pending.channel, &pending.contact, verdict.to_string())
    };
    let refusal = Refusal { rules: answer.against.iter().map(against).collect() };
    match &answer.verdict {
        Verdict::Allow => {}
        // What was decided in another mode is another ledger's: it is no longer right, whatever else is against it.
        _ if pending.mode != policy.settings.mode => return Recheck::Supersede(refusal.to_string()),
        Verdict::Defer(until) => return Recheck::Defer(*until, refusal),
        Verdict::NeedsReview(_) | Verdict::Block(_) => return Recheck::Block(refusal),
    }
    Recheck::Send { rows }
}

/// Whether a person lifted the cap of contacts for a message when it was decided.
pub fn cap_is_lifted(facts: &crate::Facts, pending: &Pending) -> bool {
    let of_it = |mark: &&crate::Coverage| mark.number == pending.number && mark.outcome == Outcome::CapLifted;
    facts.coverage.iter().filter(of_it).flat_map(|mark| &mark.rows).any(|row| {
        pending.rows.iter().any(|own| own.item == row.item && own.step == row.step && own.occurrence == row.occurrence)
    })
}

/// The rows that are still right: their item has something due now, and the step is still its own next one and due. A step
/// that is over by other means, that lapsed, or that a moved due date took away from today is not.
fn still_due(situation: &Situation<'_>, workflow: &CompiledWorkflow, case: &Case, pending: &Pending) -> Vec<Covered> {
    // A message and its copies cover the same rows, and one of them that has left does not make the others wrong.
    let first = pending.copy_of.unwrap_or(pending.position);
    let of_decision =
        |position| MessageId::of_decision(&situation.facts.tenant, &situation.facts.customer.id, pending.number, position);
    let siblings: Vec<MessageId> = (first..=first.saturating_add(COPIES_MAX)).map(of_decision).collect();
    let history = StepHistory::but_for(situation.facts, &situation.receivables, &situation.place, pending.mode, &siblings);
    let rungs = Rungs::new(situation, workflow, case);
    let joined = case_by_item(situation);
    let fresh = |row: &Covered| {
        let at = situation.receivables.position(&row.item).filter(|at| joined.case_of(*at) == Some(&pending.case))?;
        let item = situation.receivables.items.get(at).filter(|item| item.due_now_minor > 0)?;
        let own = rungs.next(item, history.results(at)).filter(|next| next.on <= situation.today)?;
        let step = workflow.steps.get(own.index)?;
        let is_own = step.id == row.step
            && own.occurrence == row.occurrence
            && !orders::is_stopped(situation.facts, &row.item, &row.step, &row.occurrence);
        is_own.then(|| (item.standing(situation.receivables.today), Covered { due_now_minor: item.due_now_minor, ..row.clone() }))
    };
    let rows: Vec<(Standing, Covered)> = pending.rows.iter().filter_map(fresh).collect();
    // Due dates may have moved since: what is past due takes what is not due yet along no more than when it is decided.
    let past_due = rows.iter().any(|(standing, _)| *standing == Standing::PastDue);
    let fits = |standing: Standing| !past_due || standing != Standing::Ahead;
    rows.into_iter().filter(|(standing, _)| fits(*standing)).map(|(_, row)| row).collect()
}

fn highest(workflow: &Workflow, rows: &[Covered]) -> Option<usize> {
    rows.iter().filter_map(|row| workflow.steps.iter().position(|step| step.id == row.step)).max()
}
