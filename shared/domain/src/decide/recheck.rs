//! What a sender asks right before it claims: is the message still right?

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{
    Situation, assess,
    assess::CaseFacts,
    case::{CaseByItem, CaseItems, case_by_item},
    gate::{GateQuestion, gate_again},
    orders,
    promised::{asked_minor, reminder},
    route::{self, Lifted},
    rungs::{Rungs, is_sent_now},
    statement,
};
use crate::{
    Action, Because, Case, CaseState, Channel, Contact, Coverage, Covered, MessageId, Outcome, Pending, Policy, Role, RuleTrace,
    Standing, Workflow,
    calendar::Calendar,
    dates::add_days,
    guard::{self, ContactQuestion, Verdict},
    is_statement,
    mode::counts,
    own_message::is_own_message,
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
    if is_own_message(&pending.template) {
        return recheck_own_message(&situation, pending);
    }
    let Some(case) = facts.cases.get(&pending.case).filter(|case| case.state != CaseState::Closed) else {
        return Recheck::Supersede("the case is over".to_owned());
    };
    let Some(workflow) = policy.driving(case) else {
        return Recheck::Supersede("the case's workflow is gone".to_owned());
    };
    let joined = case_by_item(&situation);
    let alone = Alone::of(&situation, &joined, pending);
    if let Some(because) = gate_again(&alone.question(&situation, case, workflow, pending)) {
        return Recheck::Supersede(superseded_by(&because));
    }
    let right = if is_statement(&pending.rows) {
        statement::still_right(&situation, workflow, pending)
    } else {
        of_steps(&situation, workflow, pending, still_due(&situation, workflow, case, pending, &joined, &alone.history))
    };
    let rows = match right {
        Ok(rows) => rows,
        Err(why) => return Recheck::Supersede(why),
    };
    let Some(contact) = situation.people.contact(&pending.contact) else {
        return Recheck::Supersede("the person is no longer there".to_owned());
    };
    let named = |row: &Covered| {
        let item = situation.receivables.position(&row.item).and_then(|at| situation.receivables.items.get(at));
        item.and_then(|item| item.invoice).and_then(|invoice| situation.people.own(invoice)) == Some(pending.contact.as_str())
    };
    let is_in_role = facts.customer.contacts.iter().any(|known| {
        known.external_id == pending.contact && roles(workflow, pending, &rows).iter().any(|role| known.roles.contains(role))
    });
    if !is_in_role && !rows.iter().all(named) {
        return Recheck::Supersede("the person no longer has the role that the step writes to".to_owned());
    }
    if contact.address(pending.channel).is_none() {
        return Recheck::Supersede("the person no longer has an address for the channel".to_owned());
    }
    if is_somebody_else(pending, contact) {
        return Recheck::Supersede(SOMEBODY_ELSE.to_owned());
    }
    if has_it_already(&situation, pending, contact) {
        return Recheck::Supersede("the person has another message for the same step".to_owned());
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

/// What a message still stands for, or why its step is not the one any more that it was written for.
fn of_steps(
    situation: &Situation<'_>,
    workflow: &Workflow,
    pending: &Pending,
    rows: Vec<Covered>,
) -> Result<Vec<Covered>, String> {
    let highest = highest(workflow, &rows).ok_or("nothing that it covers is due any more")?;
    let Some((Action::Send(send), pay_by)) = workflow.steps.get(highest).map(|step| (&step.action, step.pay_by)) else {
        return Err("its step does not send any more".to_owned());
    };
    if send.template != pending.template {
        return Err("the step that it was written for is no longer due".to_owned());
    }
    if pending.pay_by != pay_by.map(|pay_by| add_days(situation.today, i64::from(pay_by.days))) {
        return Err("its date to pay by is not the one that it would have today".to_owned());
    }
    Ok(rows)
}

/// The roles that a message may go to.
fn roles<'w>(workflow: &'w Workflow, pending: &Pending, rows: &[Covered]) -> &'w [Role] {
    if is_statement(&pending.rows) {
        return workflow.statement.as_ref().map_or(&[], |plan| plan.to.as_slice());
    }
    match highest(workflow, rows).and_then(|at| workflow.steps.get(at)).map(|step| &step.action) {
        Some(Action::Send(send)) => &send.to,
        _ => &[],
    }
}

/// Why a message is not right any more whose contact is not the person that it was written for.
const SOMEBODY_ELSE: &str = "the contact has another address now";

/// Whether the contact is another person than the one that a message is for: a feed may put somebody else at an id, and correct an address. Of
/// what an earlier release left it is not known.
fn is_somebody_else(pending: &Pending, contact: &Contact) -> bool {
    pending.person.is_some() && contact.person_digest() != pending.person
}

/// Whether another message for a step and due item of this one left to the person: a copy, or that of which this one is a copy.
fn has_it_already(situation: &Situation<'_>, pending: &Pending, contact: &Contact) -> bool {
    let (Some(person), digest) = (contact.person(), contact.person_digest()) else { return false };
    let logged = situation.facts.contact_log.get(&person).map(|log| log.attempts.as_slice()).unwrap_or_default();
    let is_theirs = |mark: &Coverage| match &mark.person {
        Some(person) => Some(person) == digest.as_ref(),
        None => logged.iter().any(|attempt| mark.message.as_ref() == Some(&attempt.message)),
    };
    // A message about a thousand due items is looked up in as many marks.
    let own: BTreeSet<_> = pending.rows.iter().map(|row| (&row.item, &row.step, &row.occurrence)).collect();
    let mut others = situation.facts.marks().filter(|mark| mark.message.as_ref() != Some(&pending.id));
    others.any(|mark| {
        mark.outcome.is_contact()
            && !mark.is_overdue(situation.now)
            && counts(mark.mode, pending.mode)
            && mark.rows.iter().any(|row| own.contains(&(&row.item, &row.step, &row.occurrence)))
            && is_theirs(mark)
    })
}

/// What the gate is asked about a message as if those of its decision were still to leave: a message and its copies cover the same rows, and
/// one of them that has left does not make the others wrong.
pub(super) struct Alone<'s, 'a> {
    pub(super) of: CaseItems<'s>,
    pub(super) seen: CaseFacts,
    pub(super) history: StepHistory<'a>,
    oldest_chased: Option<usize>,
}

impl<'s, 'a> Alone<'s, 'a> {
    pub(super) fn of(situation: &Situation<'a>, joined: &CaseByItem, pending: &'s Pending) -> Self {
        let first = pending.copy_of.unwrap_or(pending.position);
        let (tenant, customer) = (&situation.facts.tenant, &situation.facts.customer.id);
        let of_decision = |position| MessageId::of_decision(tenant, customer, pending.number, position);
        let siblings: Vec<MessageId> = (first..=first.saturating_add(COPIES_MAX)).map(of_decision).collect();
        let (facts, policy) = (situation.facts, situation.policy);
        let history = StepHistory::but_for(
            facts,
            policy,
            &situation.receivables,
            &situation.place,
            (pending.mode, situation.now),
            &siblings,
        );
        let of = CaseItems::of(joined, &pending.case);
        let is_sibling = |mark: &&Coverage| mark.message.as_ref().is_some_and(|message| siblings.contains(message));
        let seen = situation.case_facts_but_for(of.key, &is_sibling);
        let mut chased = of.chased(situation);
        chased.retain(|at| {
            situation.receivables.items.get(*at).is_some_and(|item| !orders::is_unclear(situation.facts, &item.key))
        });
        Self { of, seen, history, oldest_chased: chased.first().copied() }
    }

    pub(super) fn question<'q>(
        &'q self,
        situation: &'q Situation<'a>,
        case: &Case,
        workflow: &'q CompiledWorkflow,
        pending: &Pending,
    ) -> GateQuestion<'q, 'a> {
        GateQuestion {
            situation,
            of: &self.of,
            state: case.state,
            workflow,
            seen: &self.seen,
            oldest_chased: self.oldest_chased,
            history: &self.history,
            reminds: pending.rows.iter().all(|row| reminds(workflow, row)),
        }
    }
}

/// Whether a row's step reminds of a promise.
fn reminds(workflow: &CompiledWorkflow, row: &Covered) -> bool {
    workflow.position(&row.step).and_then(|at| workflow.steps.get(at)).is_some_and(crate::Step::reminds_of_promise)
}

/// Why a message is not right any more that the gate would not let through now.
fn superseded_by(because: &Because) -> String {
    match because {
        Because::UnknownState { state } => format!("the case is in the state '{state}', which this release does not know"),
        Because::WorkflowWithdrawn => "the case's workflow was withdrawn".to_owned(),
        Because::UnknownLegalEntity { .. } => "the settings do not list its legal entity".to_owned(),
        Because::NothingDueNow { held: true } => {
            "nothing of the case is due now, and a hold keeps something of it back".to_owned()
        }
        Because::NothingDueNow { held: false } => "nothing that it covers is due any more".to_owned(),
        Because::Held { .. } => "a hold keeps the whole case back".to_owned(),
        Because::BelowMinimum { .. } => "less is due now than minimum_exposure in the settings".to_owned(),
        Because::ExitWhenHolds => "the workflow's exit_when holds".to_owned(),
        Because::Send
        | Because::Statement { .. }
        | Because::NothingOpen
        | Because::NoWorkflowApplies
        | Because::MessagePending { .. }
        | Because::NotDue { .. }
        | Because::Waiting { .. }
        | Because::Deferred
        | Because::Stopped
        | Because::Approval { .. }
        | Because::PlanEnded
        | Because::Unsettled
        | Because::Later(_) => format!("the case may not be chased: {}", because.as_str()),
    }
}

/// What the guard says now of one way to reach one person by a workflow, where nobody lifted anything: its verdict, and every rule that did
/// not allow.
pub fn guard_said(
    situation: &Situation<'_>,
    workflow: &Workflow,
    channel: Channel,
    (id, contact): (&str, &Contact),
) -> (Verdict, Vec<RuleTrace>) {
    let (mode, now) = (situation.mode(), situation.now);
    let answer = route::ask_lifted(situation, workflow, Lifted::default(), channel, contact, mode, now);
    let against =
        answer.against.iter().map(|(rule, verdict)| route::note(rule.id, rule.version, channel, id, verdict.to_string()));
    (answer.verdict.clone(), against.collect())
}

/// A message that a person wrote covers no step and keeps no gap; the guard has the last word, and holds keep nothing of it back.
fn recheck_own_message(situation: &Situation<'_>, pending: &Pending) -> Recheck {
    let settings = &situation.policy.settings;
    if !settings.knows_legal_entity(&pending.case.balance.legal_entity) {
        return Recheck::Supersede("the settings do not list its legal entity".to_owned());
    }
    let Some(contact) = situation.people.contact(&pending.contact) else {
        return Recheck::Supersede("the person is no longer there".to_owned());
    };
    if contact.address(pending.channel).is_none() {
        return Recheck::Supersede("the person no longer has an address for the channel".to_owned());
    }
    if is_somebody_else(pending, contact) {
        return Recheck::Supersede(SOMEBODY_ELSE.to_owned());
    }
    let calendar = situation.calendar();
    let answer = guard::ask(&own_question(situation, &calendar, pending, contact));
    let against = |(rule, verdict): &(&guard::Rule, Verdict)| {
        route::note(rule.id, rule.version, pending.channel, &pending.contact, verdict.to_string())
    };
    let refusal = Refusal { rules: answer.against.iter().map(against).collect() };
    match answer.verdict {
        Verdict::Allow => Recheck::Send { rows: Vec::new() },
        _ if pending.mode != settings.mode => Recheck::Supersede(refusal.to_string()),
        Verdict::Defer(until) => Recheck::Defer(until, refusal),
        Verdict::NeedsReview(_) | Verdict::Block(_) => Recheck::Block(refusal),
    }
}

/// What the guard is asked about a message that a person wrote: no workflow's gap is kept, and no order lifts the cap.
pub(super) fn own_question<'q>(
    situation: &'q Situation<'_>,
    calendar: &'q Calendar<'q>,
    pending: &Pending,
    contact: &'q Contact,
) -> ContactQuestion<'q> {
    ContactQuestion {
        facts: situation.facts,
        policy: situation.policy,
        place: &situation.place,
        calendar,
        min_gap_days: 0,
        cap_lifted: false,
        mode: pending.mode,
        decided_at: pending.decided_at,
        channel: pending.channel,
        contact,
        now: situation.now,
    }
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
fn still_due(
    situation: &Situation<'_>,
    workflow: &CompiledWorkflow,
    case: &Case,
    pending: &Pending,
    joined: &CaseByItem,
    history: &StepHistory<'_>,
) -> Vec<Covered> {
    let rungs = Rungs::new(situation, workflow, case);
    let fresh = |row: &Covered| {
        let at = situation.receivables.position(&row.item).filter(|at| joined.case_of(*at) == Some(&pending.case))?;
        let item = situation.receivables.items.get(at)?;
        let is_reminder = reminds(workflow, row);
        let own = if is_reminder {
            reminder(situation, workflow, &rungs, at, history.results(at)).map(|(next, _)| next)
        } else {
            rungs.next(item, history.results(at)).filter(|_| item.due_now_minor > 0)
        };
        let own = own.filter(|next| next.on <= situation.today)?;
        let due_now_minor = asked_minor(situation, at, is_reminder);
        let step = workflow.steps.get(own.index)?;
        let is_own = step.id == row.step
            && own.occurrence == row.occurrence
            && !orders::is_stopped(situation.facts, workflow, &row.item, &row.step, &row.occurrence);
        // A reminder of a promise is one message, whenever its items fall due.
        let standing = if is_reminder { Standing::PastDue } else { item.standing(situation.receivables.today) };
        is_own.then(|| (standing, Covered { due_now_minor, ..row.clone() }))
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
