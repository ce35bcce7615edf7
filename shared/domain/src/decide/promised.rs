//! Reminders of promises: messages before the day promised. What was promised is kept back, and nothing of it is chased; a reminder speaks of the promise
//! alone, and asks for no more than it. So it stands beside the ladder, and the gate lets it through where the promise itself is all that it finds.

use jiff::{Timestamp, civil::Date};

use super::{
    Situation,
    agenda::{ItemStep, Reached, after_gap},
    assess::{Approval, CaseFacts},
    case::CaseItems,
    orders,
    rungs::{NextStep, Rungs, is_sent_now},
};
use crate::{
    AgreementId, Case, Covered, Facts, Occurrence, Terms,
    kept_back::{Hold, HoldScope},
    receivables::DueItem,
    step_history::StepResult,
    workflow::CompiledWorkflow,
};

/// The reminders of a case.
pub(super) struct Reminders {
    /// Those that are due, all of promises for one day.
    pub(super) due: Vec<ItemStep>,
    /// When the next one is.
    pub(super) next_at: Option<Timestamp>,
}

/// What the reminders of a workflow come to for the items of a case.
pub(super) fn reminders(
    situation: &Situation<'_>,
    workflow: &CompiledWorkflow,
    rungs: &Rungs<'_, '_>,
    of: &CaseItems<'_>,
    seen: &CaseFacts,
) -> Reminders {
    let mut found = Reminders { due: Vec::new(), next_at: None };
    if !workflow.steps.iter().any(crate::Step::reminds_of_promise) {
        return found;
    }
    let reached = Reached::now(situation);
    let mut due: Vec<(Date, ItemStep)> = Vec::new();
    let mut from: Option<Date> = None;
    for at in &of.items {
        let Some(item) = situation.receivables.items.get(*at) else { continue };
        let results = situation.history.results(*at);
        let Some((next, pays_on)) = reminder(situation, workflow, rungs, *at, results) else { continue };
        let facts = || situation.condition_facts_of(seen, item, results);
        let is_wanted = workflow.when(next.index).holds(true, facts) && workflow.wait_until(next.index).holds(true, facts);
        if !is_wanted || orders::is_unclear(situation.facts, &item.key) {
            continue;
        }
        let Some(step) = workflow.steps.get(next.index) else { continue };
        let may = match situation.approval(step, *at, &next.occurrence, results) {
            Approval::Free { .. } | Approval::ToAsk => true,
            Approval::Asked(_) | Approval::GivenUp => false,
        };
        let is_now = is_sent_now(results, &step.id, &next.occurrence);
        let on = if is_now { next.on } else { after_gap(situation, workflow, item, next.on) };
        if on > pays_on || !may {
            continue;
        }
        if is_now || reached.due(on) {
            due.push((pays_on, ItemStep { item: *at, next }));
        } else {
            from = from.into_iter().chain([on]).min();
        }
    }
    // A message speaks of one day; the others' come with the next decision.
    let first = due.iter().map(|(pays_on, _)| *pays_on).min();
    found.due = due.into_iter().filter(|(pays_on, _)| Some(*pays_on) == first).map(|(_, step)| step).collect();
    found.next_at = from.map(|on| situation.calendar().roll(on, situation.spread)).filter(|at| *at > situation.now);
    found
}

/// The reminder that the item at a position is at, and the day promised: the first of the workflow that is neither over nor too late, of an open promise
/// that was made on a day before, where the promise alone keeps something of the item back.
pub(super) fn reminder(
    situation: &Situation<'_>,
    workflow: &CompiledWorkflow,
    rungs: &Rungs<'_, '_>,
    at: usize,
    results: &[StepResult<'_>],
) -> Option<(NextStep, Date)> {
    let item = situation.receivables.items.get(at)?;
    let (pays_on, promise) = rungs.promise(item)?;
    promised_minor(situation, at, &promise.id)?;
    let made_on = situation.place.date_of(promise.made_at);
    let steps = (0..workflow.steps.len()).filter_map(|index| rungs.reminder(item, results, index));
    // Whoever promised a moment ago need not be reminded of it.
    let next = steps.filter(|next| next.on > made_on).min_by_key(|next| (next.on, next.index))?;
    Some((next, pays_on))
}

/// What the promise with an id keeps back of the item at a position, minor units; `None` where it keeps nothing back, or something else does too:
/// whoever disputes what they promised, or sent the money, is not reminded.
fn promised_minor(situation: &Situation<'_>, at: usize, promise: &AgreementId) -> Option<i64> {
    let receivables = &situation.receivables;
    let item = receivables.items.get(at)?;
    let is_active = |hold: &&Hold| hold.from_at <= situation.now && situation.now < hold.ends_at && speaks_of(hold, item);
    let mut by = receivables.holds.iter().filter(is_active).map(|hold| &hold.by).peekable();
    by.peek()?;
    let kept_minor = receivables.kept.of_item.get(at).copied().filter(|minor| *minor > 0)?;
    by.all(|by| by == promise).then_some(kept_minor)
}

/// Whether a hold speaks of an item of an invoice. Parts of plans and charges are promised by nobody.
fn speaks_of(hold: &Hold, item: &DueItem<'_>) -> bool {
    let Some(own) = item.key.invoice() else { return false };
    match &hold.scope {
        HoldScope::Customer => true,
        HoldScope::Case(currency) => *currency == item.currency,
        HoldScope::Balance(balance) => item.is_of(balance),
        HoldScope::Invoice(invoice) => invoice == own,
    }
}

/// What a reminder of promises would cover now, whenever it is due: the items at these positions of which an open promise alone keeps something back.
pub fn promised_rows(
    situation: &Situation<'_>,
    workflow: &CompiledWorkflow,
    case: &Case,
    items: &[usize],
    step: &str,
) -> Vec<Covered> {
    let rungs = Rungs::new(situation, workflow, case);
    let row = |at: &usize| {
        let item = situation.receivables.items.get(*at)?;
        let (_, promise) = rungs.promise(item)?;
        let due_now_minor = promised_minor(situation, *at, &promise.id)?;
        let occurrence = Occurrence::of(&promise.id);
        Some(Covered { item: item.key.clone(), step: step.to_owned(), occurrence, due_now_minor })
    };
    items.iter().filter_map(row).collect()
}

/// The day that a reminder of a promise speaks of, by the rows that it covers; `None` of any other message.
pub fn promised_on(facts: &Facts, workflow: &CompiledWorkflow, rows: &[Covered]) -> Option<Date> {
    rows.iter().find_map(|row| {
        let step = workflow.steps.iter().find(|step| step.id == row.step).filter(|step| step.reminds_of_promise())?;
        facts.agreements.iter().find_map(|agreement| match &agreement.terms {
            Terms::Promise(promise) => {
                let first = Occurrence::of(&agreement.id);
                (1..=step.times()).any(|time| first.nth(time) == row.occurrence).then_some(promise.pays_on)
            }
            Terms::Dispute(_) | Terms::Plan(_) | Terms::Pause(_) | Terms::Money(_) | Terms::Later(_) => None,
        })
    })
}

/// What a message about an item at a step asks for: what was promised of it where it reminds of that, else what is due now; minor units.
pub(super) fn asked_minor(situation: &Situation<'_>, at: usize, reminds: bool) -> i64 {
    if reminds {
        situation.receivables.kept.of_item.get(at).copied().unwrap_or(0)
    } else {
        situation.receivables.items.get(at).map_or(0, |item| item.due_now_minor)
    }
}
