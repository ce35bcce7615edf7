//! Orders of people: each is obeyed by the decision that can, or traced with why not, and used up.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Situation,
    case::{CaseByItem, CaseItems},
    rungs::Rungs,
};
use crate::{
    CaseKey, CaseState, DueItemKey, Facts, Occurrence, Order, OrderId, OrderKind, OrderTrace, OrderedStep, Outcome, STATEMENT,
    step_history::{StepResult, ordered, satisfied},
    workflow::CompiledWorkflow,
};

/// What a case makes of the orders given for it.
pub(super) struct Obeyed<'a> {
    /// What becomes of steps, with the items' positions.
    pub(super) results: Vec<(usize, StepResult<'a>)>,
    /// What came of each order.
    pub(super) traces: Vec<OrderTrace>,
    /// The order that lifts the cap for the next message.
    pub(super) lifts_cap: Option<OrderId>,
}

/// Whether an order comes after the time that it was to wait for.
fn expired(situation: &Situation<'_>, order: &Order) -> Option<OrderTrace> {
    let until = order.until.filter(|until| *until <= situation.now)?;
    Some(used(order, format!("it was to be obeyed by {until}, and it is not any more")))
}

fn used(order: &Order, said: String) -> OrderTrace {
    OrderTrace { order: order.id.clone(), kind: order.kind.clone(), said, used: true }
}

/// Which case each order is for.
pub(super) struct OrdersByCase<'a> {
    /// By case, in the order in which they were given.
    pub(super) of_case: BTreeMap<CaseKey, Vec<&'a Order>>,
    /// Those that no case is there for.
    pub(super) of_none: Vec<&'a Order>,
}

/// Finds the case of each order: the one that it names, else that of its first due item, else the first of its currency. A move takes
/// what no workflow applies to along, into a case of its own.
pub(super) fn of_cases<'a>(situation: &Situation<'a>, joined: &mut CaseByItem, keys: &BTreeSet<CaseKey>) -> OrdersByCase<'a> {
    let mut by_case = OrdersByCase { of_case: BTreeMap::new(), of_none: Vec::new() };
    let mut keys = keys.clone();
    for order in &situation.orders {
        let cases = cases_of(situation, joined, &keys, order);
        if cases.is_empty() {
            by_case.of_none.push(order);
        }
        for key in cases {
            by_case.of_case.entry(key.clone()).or_default().push(order);
            keys.insert(key);
        }
    }
    by_case
}

/// Due items of one invoice may be in several cases: an order about them is for each.
fn cases_of(situation: &Situation<'_>, joined: &mut CaseByItem, keys: &BTreeSet<CaseKey>, order: &Order) -> BTreeSet<CaseKey> {
    let items = order.steps.iter().filter_map(|step| situation.receivables.position(&step.item));
    let of_items: BTreeSet<CaseKey> = items.filter_map(|at| joined.case_of(at)).cloned().collect();
    if of_items.is_empty() { case_of(situation, joined, keys, order).into_iter().collect() } else { of_items }
}

fn case_of(situation: &Situation<'_>, joined: &mut CaseByItem, keys: &BTreeSet<CaseKey>, order: &Order) -> Option<CaseKey> {
    let cases = &situation.facts.cases;
    if let Some(id) = &order.case {
        return cases.iter().find(|(_, case)| case.id == *id).map(|(key, _)| key.clone());
    }
    if !order.steps.is_empty() {
        return keys.iter().find(|key| key.currency() == order.currency).cloned();
    }
    let is_open = |key: &&CaseKey| cases.get(*key).is_none_or(|case| case.state != CaseState::Closed);
    let of_currency = || keys.iter().filter(|key| key.currency() == order.currency);
    let with_items = of_currency().find(|key| joined.keys().contains(*key));
    let found = with_items.or_else(|| of_currency().find(is_open)).or_else(|| of_currency().next());
    if order.kind != OrderKind::Move || with_items.is_some() {
        return found.cloned();
    }
    let workflow = order.workflow.as_deref().unwrap_or_default();
    let without = joined.without_case().into_iter().filter_map(|at| situation.receivables.items.get(at));
    let mut of_none = without.filter(|item| item.currency == order.currency);
    let is_published = situation.policy.published.iter().any(|(id, _)| id == workflow) && expired(situation, order).is_none();
    match of_none.next().filter(|_| is_published) {
        Some(item) => {
            let key = CaseKey::new(item.balance(), workflow);
            joined.adopt(situation, &key);
            Some(key)
        }
        None => found.cloned(),
    }
}

/// Orders about what has no case to obey them.
pub(super) fn too_late(given: &[&Order], why: &str) -> Vec<OrderTrace> {
    given.iter().map(|order| used(order, format!("it comes too late or too early: {why}"))).collect()
}

/// The workflow that a person moves a case to, if one does, and what came of the orders to move it.
pub(super) fn moved<'a>(situation: &Situation<'a>, given: &[&'a Order]) -> (Option<&'a CompiledWorkflow>, Vec<OrderTrace>) {
    let mut target = None;
    let mut traces: Vec<OrderTrace> = Vec::new();
    for order in given.iter().filter(|order| order.kind == OrderKind::Move) {
        if let Some(expired) = expired(situation, order) {
            traces.push(expired);
            continue;
        }
        let wanted = order.workflow.as_deref().unwrap_or_default();
        let published = situation.policy.published.iter().filter(|(id, _)| id == wanted).map(|(_, version)| *version).max();
        let found = published.and_then(|version| situation.policy.workflow(wanted, version));
        match found {
            Some(workflow) => {
                for earlier in traces.iter_mut().filter(|trace| trace.said.starts_with(MOVED)) {
                    earlier.said = format!("overruled by {}", order.id);
                }
                target = Some(std::sync::Arc::as_ref(workflow));
                traces.push(used(order, format!("{MOVED}{}@{}", workflow.id, workflow.version)));
            }
            None => traces.push(used(order, format!("no workflow '{wanted}' is published"))),
        }
    }
    (target, traces)
}

const MOVED: &str = "the case goes on by ";

/// Looks at the orders given for a case that has a workflow.
pub(super) fn obey<'a>(
    situation: &Situation<'a>,
    of: &CaseItems<'_>,
    orders: &[&'a Order],
    workflow: &'a CompiledWorkflow,
    rungs: &Rungs<'_, 'a>,
) -> Obeyed<'a> {
    let mut obeyed = Obeyed { results: Vec::new(), traces: Vec::new(), lifts_cap: None };
    for (at, order) in orders.iter().enumerate() {
        if order.kind == OrderKind::Move {
            continue;
        }
        if let Some(expired) = expired(situation, order) {
            obeyed.traces.push(expired);
            continue;
        }
        let later = orders.get(at + 1..).unwrap_or_default();
        let outcome = match order.kind {
            OrderKind::Skip | OrderKind::Refuse => Outcome::Skipped,
            OrderKind::BringForward => Outcome::BroughtForward,
            OrderKind::SendNow => Outcome::SendNow,
            OrderKind::Approve => Outcome::Approved,
            OrderKind::LiftCapOnce => {
                let said = "the next message of the case may go beyond the cap of contacts a person".to_owned();
                obeyed.traces.push(OrderTrace { used: false, ..used(order, said) });
                obeyed.lifts_cap.get_or_insert_with(|| order.id.clone());
                continue;
            }
            OrderKind::Move => continue,
            OrderKind::Later(_) => {
                let said = "this release does not know orders of its kind".to_owned();
                obeyed.traces.push(OrderTrace { used: false, ..used(order, said) });
                continue;
            }
        };
        let (mut done, mut against) = (0, Vec::new());
        let elsewhere = |step: &&OrderedStep| {
            let at = situation.receivables.position(&step.item);
            at.is_some_and(|at| !of.items.contains(&at)) && orders_case(situation, of, order)
        };
        for step in order.steps.iter().filter(|step| !elsewhere(step)) {
            let looked = Looked { situation, of, workflow, rungs, order, later, so_far: &obeyed.results };
            match looked.at(step, outcome) {
                Ok(result) => {
                    done += 1;
                    obeyed.results.push(result);
                }
                Err(why) if against.contains(&why) => {}
                Err(why) => against.push(why),
            }
        }
        let said = match (done, against.is_empty()) {
            (0, _) => format!("not obeyed: {}", against.join("; ")),
            (_, true) => format!("obeyed for {done} due items: {}", word(outcome)),
            (_, false) => {
                format!("obeyed for {done} of {} due items: {}; {}", order.steps.len(), word(outcome), against.join("; "))
            }
        };
        obeyed.traces.push(used(order, said));
    }
    obeyed
}

/// Whether an order has a due item in a case, so that those of other cases are theirs to look at.
fn orders_case(situation: &Situation<'_>, of: &CaseItems<'_>, order: &Order) -> bool {
    order.steps.iter().filter_map(|step| situation.receivables.position(&step.item)).any(|at| of.items.contains(&at))
}

fn word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Skipped => "the step is skipped",
        Outcome::Approved => "the step is approved",
        Outcome::BroughtForward => "the step is due from now on, once those before it are over",
        Outcome::SendNow => "the step is done as soon as the guard allows it, once those before it are over",
        Outcome::Sent
        | Outcome::Unknown
        | Outcome::Done
        | Outcome::Missed
        | Outcome::Undelivered
        | Outcome::NotSent
        | Outcome::CapLifted
        | Outcome::Unconfirmed
        | Outcome::Later(_) => "noted",
    }
}

/// One look at what an order says.
struct Looked<'s, 'a> {
    situation: &'s Situation<'a>,
    of: &'s CaseItems<'s>,
    workflow: &'a CompiledWorkflow,
    rungs: &'s Rungs<'s, 'a>,
    order: &'s Order,
    later: &'s [&'a Order],
    so_far: &'s [(usize, StepResult<'a>)],
}

impl<'a> Looked<'_, 'a> {
    /// What an order makes of one of its steps, or why it makes nothing of it.
    fn at(&self, ordered_step: &OrderedStep, outcome: Outcome) -> Result<(usize, StepResult<'a>), String> {
        let receivables = &self.situation.receivables;
        let at = receivables.position(&ordered_step.item).ok_or("it comes too late: the due item is not open")?;
        let item = receivables.items.get(at).ok_or("it comes too late: the due item is not open")?;
        if !self.of.items.contains(&at) {
            return Err("the due item belongs to another case".to_owned());
        }
        if let (STATEMENT, Outcome::Skipped, Some(period)) = (ordered_step.step.as_str(), outcome, &ordered_step.occurrence) {
            let Situation { now, today, .. } = self.situation;
            return Ok((at, StepResult::of(STATEMENT, period.clone(), outcome, *now, *today)));
        }
        let step = self.workflow.steps.iter().find(|step| means(self.workflow, &ordered_step.step, &step.id));
        let step = step.ok_or_else(|| format!("workflow {} has no step '{}'", self.workflow.id, ordered_step.step))?;
        let results = self.situation.history.results(at);
        let open = self.rungs.open_occurrence(item, results, step);
        let occurrence = match &ordered_step.occurrence {
            Some(occurrence) => occurrence.clone(),
            None => open.ok_or("it comes too late: the step is over")?,
        };
        if satisfied(results, &step.id, &occurrence).is_some() {
            return Err("it comes too late: the step is over".to_owned());
        }
        if outcome == Outcome::Approved && step.approval.is_none() {
            return Err("the step asks for no approval".to_owned());
        }
        let known = |(of, result): &(usize, StepResult<'_>)| {
            *of == at && result.step == step.id && result.occurrence == occurrence && result.outcome == outcome
        };
        if ordered(results, &step.id, &occurrence, outcome).is_some() || self.so_far.iter().any(known) {
            return Err("the same was ordered before".to_owned());
        }
        if let Some(later) = self.contradicted(&ordered_step.item, &step.id, &occurrence) {
            return Err(format!("overruled by {later}"));
        }
        let Situation { now, today, .. } = self.situation;
        Ok((at, StepResult::of(&step.id, occurrence, outcome, *now, *today)))
    }

    /// The later order that says the opposite of a step.
    fn contradicted(&self, item: &DueItemKey, step: &str, occurrence: &Occurrence) -> Option<&'a OrderId> {
        let opposite = |later: &&&'a Order| {
            !matches!(later.kind, OrderKind::Later(_))
                && later.kind.stops() != self.order.kind.stops()
                && later.until.is_none_or(|until| self.situation.now < until)
                && speaks_of(later, self.workflow, item, step, occurrence)
        };
        self.later.iter().rev().find(opposite).map(|later| &later.id)
    }
}

/// Whether what an order says is a step of a workflow: by its id, or by the one that a version before had for it.
fn means(workflow: &CompiledWorkflow, said: &str, step: &str) -> bool {
    said == step || workflow.carried().iter().any(|(old, heir)| old == said && heir == step)
}

fn speaks_of(order: &Order, workflow: &CompiledWorkflow, item: &DueItemKey, step: &str, occurrence: &Occurrence) -> bool {
    let of = |of: &OrderedStep| {
        of.item == *item && means(workflow, &of.step, step) && of.occurrence.as_ref().is_none_or(|wanted| wanted == occurrence)
    };
    order.steps.iter().any(of)
}

/// Whether the last word of people about a step, not decided on yet, is that it does not happen: asked by senders.
pub(super) fn is_stopped(
    facts: &Facts,
    workflow: &CompiledWorkflow,
    item: &DueItemKey,
    step: &str,
    occurrence: &Occurrence,
) -> bool {
    if is_unclear(facts, item) {
        return true;
    }
    let about = facts.orders.iter().filter(|order| speaks_of(order, workflow, item, step, occurrence));
    about.max_by(|a, b| (a.given_at, &a.id).cmp(&(b.given_at, &b.id))).is_some_and(|order| order.kind.stops())
}

/// Whether a person ordered something about a due item that only a later release knows: nothing happens to it until that is used up.
pub(super) fn is_unclear(facts: &Facts, item: &DueItemKey) -> bool {
    let about_it =
        |order: &&Order| matches!(order.kind, OrderKind::Later(_)) && order.steps.iter().any(|step| step.item == *item);
    facts.orders.iter().any(|order| about_it(&order))
}
