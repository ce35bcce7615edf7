//! The rules that a case, or a message, was asked: all of them in their order, with what each looked at and what it said. For explanations;
//! the decision and the sender ask the same lists.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{
    Situation,
    case::{CaseByItem, CaseItems, case_and_workflow},
    gate::{GATE_RULES, GateQuestion, GateRule},
    orders,
    recheck::{Alone, cap_is_lifted, own_question},
    route::{self, Lifted, Ways},
};
use crate::{
    Action, Authority, Because, CaseKey, CaseTrace, Channel, Contact, Pending, RuleInput, Step,
    guard::{self, Verdict},
    own_message::is_own_message,
    workflow::CompiledWorkflow,
};

/// Ways whose rules are told of one case.
const WAYS_MAX: usize = 8;

/// A rule that was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleAsked {
    /// Its name.
    pub rule: &'static str,
    /// Its version.
    pub version: u32,
    /// Where it comes from.
    pub citation: &'static str,
    /// On whose authority it holds.
    pub authority: Authority,
    /// The way that it was asked about, channel and contact; `None` where it is about the case.
    pub way: Option<(Channel, String)>,
    /// What it looked at.
    pub inputs: Vec<RuleInput>,
    /// What it said.
    pub outcome: RuleOutcome,
}

/// What a rule said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RuleOutcome {
    /// Nothing against it.
    Allows,
    /// Not before this instant, where it is one.
    Waits(Option<Timestamp>),
    /// A person has to look.
    Review(String),
    /// Not as things are: why, in a word or sentence.
    Forbids(String),
}

impl RuleOutcome {
    /// The outcome in a word.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Allows => "allows",
            Self::Waits(_) => "waits",
            Self::Review(_) => "review",
            Self::Forbids(_) => "forbids",
        }
    }
}

impl From<Verdict> for RuleOutcome {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Allow => Self::Allows,
            Verdict::Defer(until) => Self::Waits(Some(until)),
            Verdict::NeedsReview(why) => Self::Review(why),
            Verdict::Block(why) => Self::Forbids(why),
        }
    }
}

/// The rules of a case as a decision that came to `trace` asked them: the gate's, the plan's, and the guard's for each way to the people of
/// its next step. None where no workflow drives it.
pub fn rules_asked(situation: &Situation<'_>, joined: &CaseByItem, key: &CaseKey, trace: &CaseTrace) -> Vec<RuleAsked> {
    let of = CaseItems::of(joined, key);
    let Some((case, workflow)) = case_and_workflow(situation, &of) else { return vec![] };
    let history = situation.history.clone().carried(&of.items, workflow);
    let seen = situation.case_facts(key);
    let mut chased = of.chased(situation);
    chased.retain(|at| situation.receivables.items.get(*at).is_some_and(|item| !orders::is_unclear(situation.facts, &item.key)));
    let question = GateQuestion {
        situation,
        of: &of,
        state: case.state,
        workflow,
        seen: &seen,
        oldest_chased: chased.first().copied(),
        history: &history,
        reminds: step_of(workflow, trace).is_some_and(Step::reminds_of_promise),
    };
    let mut all: Vec<RuleAsked> = GATE_RULES.iter().map(|rule| of_gate(rule, &question)).collect();
    let Some(step) = step_of(workflow, trace) else { return all };
    all.extend(of_plan(situation, workflow, step, trace));
    let Action::Send(send) = &step.action else { return all };
    let item = trace.driver.as_ref().and_then(|key| situation.receivables.position(key));
    let item = item.and_then(|at| situation.receivables.items.get(at));
    let own = item.and_then(|item| item.invoice).and_then(|invoice| situation.people.own(invoice));
    let ways =
        Ways { situation, workflow, send, own, lifted: Lifted::default(), tried: BTreeSet::new(), overdue: BTreeSet::new() };
    for (channel, id, contact) in ways.existing().into_iter().take(WAYS_MAX) {
        all.extend(of_guard(situation, workflow, (Lifted::default(), situation.mode(), situation.now), channel, (id, contact)));
    }
    all
}

/// The step that drives, by a trace.
fn step_of<'w>(workflow: &'w CompiledWorkflow, trace: &CaseTrace) -> Option<&'w Step> {
    trace.step.as_ref().and_then(|id| workflow.steps.iter().find(|step| step.id == *id))
}

/// The rules that a sender of a message asks again right before it claims it: of one that a person wrote those of the guard alone. None where
/// its case or workflow, or whom a person wrote to, is gone.
pub fn rules_asked_again(situation: &Situation<'_>, joined: &CaseByItem, pending: &Pending) -> Vec<RuleAsked> {
    if is_own_message(&pending.template) {
        let Some(contact) = situation.people.contact(&pending.contact) else { return vec![] };
        let calendar = situation.calendar();
        let asked = guard::each(&own_question(situation, &calendar, pending, contact));
        return of_way(asked, pending.channel, &pending.contact);
    }
    let Some(case) = situation.facts.cases.get(&pending.case) else { return vec![] };
    let Some(workflow) = situation.policy.driving(case) else { return vec![] };
    let alone = Alone::of(situation, joined, pending);
    let question = alone.question(situation, case, workflow, pending);
    let again = GATE_RULES.iter().filter(|rule| rule.asked_again);
    let mut all: Vec<RuleAsked> = again.map(|rule| of_gate(rule, &question)).collect();
    if let Some(contact) = situation.people.contact(&pending.contact) {
        let lifted = Lifted { gap: false, cap: cap_is_lifted(situation.facts, pending) };
        let of_message = (lifted, pending.mode, pending.decided_at);
        all.extend(of_guard(situation, workflow, of_message, pending.channel, (pending.contact.as_str(), contact)));
    }
    all
}

fn of_gate(rule: &GateRule, question: &GateQuestion<'_, '_>) -> RuleAsked {
    let outcome = match (rule.check)(question) {
        None => RuleOutcome::Allows,
        Some(stop) => match stop.next.at() {
            Some(until) if matches!(stop.because, Because::MessagePending { .. }) => RuleOutcome::Waits(Some(until)),
            Some(_) | None => RuleOutcome::Forbids(stop.because.as_str().to_owned()),
        },
    };
    let inputs = (rule.inputs)(question);
    let (citation, authority) = (rule.citation, rule.authority);
    RuleAsked { rule: rule.id, version: rule.version, citation, authority, way: None, inputs, outcome }
}

/// What the plan says of the next step.
fn of_plan(situation: &Situation<'_>, workflow: &CompiledWorkflow, step: &Step, trace: &CaseTrace) -> Option<RuleAsked> {
    let outcome = match &trace.because {
        Because::NotDue { until, .. } | Because::Waiting { until, .. } => RuleOutcome::Waits(Some(*until)),
        Because::Approval { .. } => RuleOutcome::Review("a person has to approve the step".to_owned()),
        Because::Send | Because::Deferred | Because::Stopped => RuleOutcome::Allows,
        Because::Statement { .. }
        | Because::NothingOpen
        | Because::NoWorkflowApplies
        | Because::NothingDueNow { .. }
        | Because::Held { .. }
        | Because::BelowMinimum { .. }
        | Because::UnknownLegalEntity { .. }
        | Because::ExitWhenHolds
        | Because::WorkflowWithdrawn
        | Because::MessagePending { .. }
        | Because::PlanEnded
        | Because::UnknownState { .. }
        | Because::Unsettled
        | Because::Later(_) => return None,
    };
    let from = format!("workflow {}", workflow.id);
    let version = Some(workflow.version);
    let at = serde_json::to_string(&step.at).unwrap_or_default();
    let mut inputs =
        vec![RuleInput::of("step", &step.id, &from).at_version(version), RuleInput::of("at", at, &from).at_version(version)];
    let item = trace.driver.as_ref().and_then(|key| situation.receivables.position(key));
    if let Some(item) = item.and_then(|at| situation.receivables.items.get(at)) {
        let source = format!("books of {}", situation.facts.customer.source);
        let version = item.invoice.map(|invoice| invoice.source_version);
        inputs.push(RuleInput::of("due item", item.number, &source).at_version(version));
        inputs.push(RuleInput::of("due date", item.due_on, &source).at_version(version));
    }
    let (rule, citation) = ("step-due", "setting: the workflow's steps, min_gap, and the window of the settings");
    Some(RuleAsked { rule, version: 1, citation, authority: Authority::Setting, way: None, inputs, outcome })
}

fn of_guard(
    situation: &Situation<'_>,
    workflow: &CompiledWorkflow,
    (lifted, mode, decided_at): (Lifted, crate::Mode, Timestamp),
    channel: Channel,
    (id, contact): (&str, &Contact),
) -> Vec<RuleAsked> {
    of_way(route::with_question(situation, workflow, (lifted, mode, decided_at), channel, contact, guard::each), channel, id)
}

/// What each rule of the guard said of a way.
fn of_way(asked: Vec<(&'static guard::Rule, Vec<RuleInput>, Verdict)>, channel: Channel, id: &str) -> Vec<RuleAsked> {
    let told = |(rule, inputs, verdict): (&'static guard::Rule, Vec<RuleInput>, Verdict)| RuleAsked {
        rule: rule.id,
        version: rule.version,
        citation: rule.citation,
        authority: rule.authority,
        way: Some((channel, id.to_owned())),
        inputs,
        outcome: verdict.into(),
    };
    asked.into_iter().map(told).collect()
}
