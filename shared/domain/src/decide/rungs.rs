//! Rungs: which step of a workflow is a due item's own next one, derived from results and dates, never from a counter.

use std::cmp::Reverse;

use jiff::civil::Date;

use super::Situation;
use crate::{
    Agreement, Anchor, Case, CatchUp, Occurrence, Offset, Outcome, Step, Terms,
    dates::{add_days, add_months, days_between},
    receivables::DueItem,
    step_history::{StepResult, ordered, pay_by, satisfied},
    workflow::{CLEARING_BUSINESS_DAYS, CompiledWorkflow},
};

/// A due item's next step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NextStep {
    /// Its place in the workflow.
    pub index: usize,
    /// Which occurrence of it.
    pub occurrence: Occurrence,
    /// The day from which it may happen, before gaps and windows; never earlier than the rules of lateness allow.
    pub on: Date,
    /// The day by which a message asked to be paid, where `on` is not earlier because of it.
    pub pay_by: Option<Date>,
}

/// One workflow held against the items of one situation.
pub(super) struct Rungs<'s, 'a> {
    situation: &'s Situation<'a>,
    workflow: &'s CompiledWorkflow,
    case_opened_on: Date,
    /// Promises, that of the latest day first.
    promises: Vec<(Date, &'s Agreement)>,
}

/// Where the step before left an item.
struct Before {
    planned_on: Date,
    ended_on: Date,
    /// Whether lateness counts from it: a contact or an action happened, or was missed, on that day.
    spaces: bool,
    /// The planned and the actual day of the last step for which it did.
    spaced: Option<(Date, Date)>,
}

impl Before {
    fn after(before: Option<&Self>, planned_on: Date, ended_on: Date, spaces: bool) -> Self {
        let spaced = if spaces { Some((planned_on, ended_on)) } else { before.and_then(|before| before.spaced) };
        Self { planned_on, ended_on, spaces, spaced }
    }
}

impl<'s, 'a> Rungs<'s, 'a> {
    pub(super) fn new(situation: &'s Situation<'a>, workflow: &'s CompiledWorkflow, case: &Case) -> Self {
        let promised = |agreement: &'s Agreement| match &agreement.terms {
            Terms::Promise(promise) => Some((promise.pays_on, agreement)),
            Terms::Dispute(_) | Terms::Plan(_) | Terms::Pause(_) | Terms::Money(_) | Terms::Later(_) => None,
        };
        let mut promises: Vec<(Date, &Agreement)> = situation.facts.agreements.iter().filter_map(promised).collect();
        promises.sort_by_key(|(on, promise)| Reverse((*on, promise.from_at, &promise.id)));
        Self { situation, workflow, case_opened_on: situation.place.date_of(case.opened_at), promises }
    }

    /// The item's next step: the lowest that is neither satisfied nor lapsed; `None` when no step is left.
    pub(super) fn next(&self, item: &DueItem<'_>, results: &[StepResult<'_>]) -> Option<NextStep> {
        self.climb(item, results).map(|(next, _)| next)
    }

    /// The item's next step, and where the one before left the item.
    fn climb(&self, item: &DueItem<'_>, results: &[StepResult<'_>]) -> Option<(NextStep, Option<Before>)> {
        let mut before: Option<Before> = None;
        let pay_by = pay_by(results).map(|pay_by| (pay_by, self.missed_on(pay_by)));
        // A reminder of a promise stands beside the ladder: what is left to chase does not wait for it.
        let ladder = self.workflow.steps.iter().enumerate().filter(|(_, step)| !step.reminds_of_promise());
        for (index, step) in ladder {
            let Some(first) = self.occurrence(item, step) else { continue };
            let first_day = self.day(item, step, before.as_ref());
            for time in 1..=step.times() {
                let occurrence = first.nth(time);
                let (on, planned_on) = match (time, &before) {
                    (2.., Some(before)) => self.day_again(item, step, time, first_day.1, before),
                    _ => first_day,
                };
                if let Some(result) = satisfied(results, &step.id, &occurrence) {
                    let spaces = result.outcome != Outcome::Skipped;
                    before = Some(Before::after(before.as_ref(), planned_on, result.on, spaces));
                    continue;
                }
                let (on, pay_by) = match pay_by {
                    Some((pay_by, missed_on)) if missed_on > on => (missed_on, Some(pay_by)),
                    Some(_) | None => (on, None),
                };
                // Nothing of the plan keeps back what a person brought forward.
                let (on, pay_by) = match brought_forward(results, &step.id, &occurrence) {
                    Some(ordered_on) if ordered_on < on => (ordered_on, None),
                    Some(_) | None => (on, pay_by),
                };
                if self.lapsed(item, step, on) {
                    let ended_on = self.anchor(item, step.at.anchor, before.as_ref());
                    before = Some(Before::after(before.as_ref(), planned_on, ended_on, false));
                } else {
                    return Some((NextStep { index, occurrence, on, pay_by }, before));
                }
            }
        }
        None
    }

    /// The reminder of a promise that a step is for an item: `None` where it is none, is over, or comes too late.
    pub(super) fn reminder(&self, item: &DueItem<'_>, results: &[StepResult<'_>], index: usize) -> Option<NextStep> {
        let step = self.workflow.steps.get(index).filter(|step| step.reminds_of_promise())?;
        let first = self.occurrence(item, step)?;
        let time = (1..=step.times()).find(|time| satisfied(results, &step.id, &first.nth(*time)).is_none())?;
        let occurrence = first.nth(time);
        let planned_on = add_days(self.day(item, step, None).0, repeated_days(step, time));
        let on = brought_forward(results, &step.id, &occurrence).map_or(planned_on, |wanted_on| wanted_on.min(planned_on));
        (!self.lapsed(item, step, planned_on)).then_some(NextStep { index, occurrence, on, pay_by: None })
    }

    /// The first occurrence of a step that is not satisfied for an item; `None` when all are, or it has none.
    pub(super) fn open_occurrence(&self, item: &DueItem<'_>, results: &[StepResult<'_>], step: &Step) -> Option<Occurrence> {
        let first = self.occurrence(item, step)?;
        (1..=step.times()).map(|time| first.nth(time)).find(|occurrence| satisfied(results, &step.id, occurrence).is_none())
    }

    /// Ids of steps that lapsed for an item: their anchor passed before they could happen.
    pub(super) fn lapsed_steps(&self, item: &DueItem<'_>, results: &[StepResult<'_>]) -> Vec<String> {
        let lapsed = |step: &&Step| {
            step.at.offset.is_negative()
                && self.open_times(item, step, results, None).any(|planned_on| self.lapsed(item, step, planned_on))
        };
        self.workflow.steps.iter().filter(lapsed).map(|step| step.id.clone()).collect()
    }

    /// Whether a step that is due now is passed over because it is late; `late` says so of a step's planned day.
    pub(super) fn passed_over(
        &self,
        item: &DueItem<'_>,
        results: &[StepResult<'_>],
        next: &NextStep,
        late: impl FnOnce() -> bool,
    ) -> bool {
        match self.workflow.steps.get(next.index).map(|step| step.catch_up) {
            Some(CatchUp::Skip) => late(),
            Some(CatchUp::Highest) => self.later_is_due(item, results, next.index),
            Some(CatchUp::Lowest) | None => false,
        }
    }

    /// Whether a step after `index` is due by its own plan as well, or by the distance that it keeps. One that waits for a
    /// condition, and what stands behind it, does not count.
    fn later_is_due(&self, item: &DueItem<'_>, results: &[StepResult<'_>], index: usize) -> bool {
        let before = self.climb(item, results).and_then(|(_, before)| before);
        let after = self.workflow.steps.iter().skip(index + 1).filter(|step| !step.reminds_of_promise());
        after.take_while(|step| step.wait.is_none()).any(|step| {
            let before = before.as_ref().filter(|_| step.keep_distance);
            let due = |on: Date| !self.lapsed(item, step, on) && on <= self.situation.today;
            step.at.anchor != Anchor::PreviousStep && self.open_times(item, step, results, before).any(due)
        })
    }

    /// The days of each time of a step that is not satisfied, as if those before it came on theirs.
    fn open_times<'r>(
        &'r self,
        item: &'r DueItem<'_>,
        step: &'r Step,
        results: &'r [StepResult<'_>],
        before: Option<&Before>,
    ) -> impl Iterator<Item = Date> + 'r {
        let first_on = self.day(item, step, before).0;
        let first = self.occurrence(item, step);
        let times = if first.is_some() { step.times() } else { 0 };
        (1..=times)
            .filter(move |time| first.as_ref().is_some_and(|first| satisfied(results, &step.id, &first.nth(*time)).is_none()))
            .map(move |time| add_days(first_on, repeated_days(step, time)))
    }

    /// Which occurrence of a step an item is at; `None` for a step on a promise that was never made of it.
    fn occurrence(&self, item: &DueItem<'_>, step: &Step) -> Option<Occurrence> {
        match step.at.anchor {
            Anchor::PromiseDate => self.promise(item).map(|(_, promise)| Occurrence::of(&promise.id)),
            Anchor::InvoiceDate | Anchor::DueDate | Anchor::PreviousStep | Anchor::CaseOpened => Some(Occurrence::default()),
        }
    }

    /// The latest promise of those that speak of an item, with the day promised.
    pub(super) fn promise(&self, item: &DueItem<'_>) -> Option<(Date, &'s Agreement)> {
        let speaks =
            |(_, promise): &&(Date, &Agreement)| promise.scope.covers(item.key.invoice(), item.currency, item.legal_entity);
        self.promises.iter().find(speaks).copied()
    }

    /// The day from which a step may happen, and the day that the plan alone gives it.
    fn day(&self, item: &DueItem<'_>, step: &Step, before: Option<&Before>) -> (Date, Date) {
        let anchor = self.anchor(item, step.at.anchor, before);
        let planned_on = self.shift(anchor, step.at.offset, self.stopped_days(item, step, anchor));
        let on = match before {
            Some(before) if before.spaces && step.at.anchor != Anchor::PreviousStep && planned_on <= before.ended_on => {
                let distance = days_between(before.planned_on, planned_on).max(i64::from(self.workflow.min_gap.0));
                add_days(before.ended_on, distance)
            }
            _ => planned_on,
        };
        match before.and_then(|before| before.spaced).filter(|_| step.keep_distance) {
            Some((before_planned_on, ended_on)) => {
                let distance = days_between(before_planned_on, planned_on).max(0);
                (on.max(add_days(ended_on, distance + self.stopped_days(item, step, ended_on))), planned_on)
            }
            None => (on, planned_on),
        }
    }

    /// The day from which a step may come again, so long after the time before, and the day that the plan alone gives it.
    fn day_again(&self, item: &DueItem<'_>, step: &Step, time: u32, first_on: Date, before: &Before) -> (Date, Date) {
        let every = step.repeat.map_or(0, |repeat| i64::from(repeat.every.0));
        let on = add_days(before.ended_on, every + self.stopped_days(item, step, before.ended_on));
        (on, add_days(first_on, repeated_days(step, time)))
    }

    /// The first day on which money that was to be paid by a day can be missed: the day after it had the time to clear.
    fn missed_on(&self, pay_by: Date) -> Date {
        add_days(self.situation.home_calendar().add_business_days(pay_by, CLEARING_BUSINESS_DAYS), 1)
    }

    /// The days from `from` on for which the clock of a step stood still.
    fn stopped_days(&self, item: &DueItem<'_>, step: &Step, from: Date) -> i64 {
        // A promise's own hold runs to the day that it anchors: it does not push its step away.
        match step.at.anchor {
            Anchor::PromiseDate => 0,
            Anchor::InvoiceDate | Anchor::DueDate | Anchor::PreviousStep | Anchor::CaseOpened => {
                self.situation.receivables.stopped_days(item, from)
            }
        }
    }

    fn anchor(&self, item: &DueItem<'_>, anchor: Anchor, before: Option<&Before>) -> Date {
        match anchor {
            Anchor::InvoiceDate => item.issued_on,
            Anchor::DueDate => item.due_on,
            Anchor::PreviousStep => before.map_or(item.due_on, |before| before.ended_on),
            Anchor::CaseOpened => self.case_opened_on,
            Anchor::PromiseDate => self.promise(item).map_or(item.due_on, |(on, _)| on),
        }
    }

    /// A day as far from its anchor as the step says. Days for which the clock stopped move the anchor, and for months, whose
    /// lengths differ, the day that they lead to.
    fn shift(&self, anchor: Date, offset: Offset, stopped: i64) -> Date {
        match offset {
            Offset::Days(days) => add_days(anchor, stopped + i64::from(days.0)),
            Offset::Months { months, end_of_month } => {
                let on = add_months(anchor, months);
                add_days(if end_of_month { on.last_of_month() } else { on }, stopped)
            }
            Offset::Business { business_days } => {
                self.situation.home_calendar().add_business_days(add_days(anchor, stopped), business_days)
            }
        }
    }

    /// A step before its anchor lapses once the anchor has passed; a stopped clock does not move the day that it speaks of.
    fn lapsed(&self, item: &DueItem<'_>, step: &Step, on: Date) -> bool {
        step.at.offset.is_negative() && step.at.anchor != Anchor::PreviousStep && {
            let anchor = self.anchor(item, step.at.anchor, None);
            self.situation.receivables.today > anchor || on > anchor
        }
    }
}

/// The day from which a person wants a step, if one does.
pub(super) fn brought_forward(results: &[StepResult<'_>], step: &str, occurrence: &Occurrence) -> Option<Date> {
    let orders = [Outcome::BroughtForward, Outcome::SendNow];
    orders.into_iter().filter_map(|order| ordered(results, step, occurrence, order)).map(|result| result.on).min()
}

/// Whether a person wants a step as soon as the guard allows it.
pub(super) fn is_sent_now(results: &[StepResult<'_>], step: &str, occurrence: &Occurrence) -> bool {
    ordered(results, step, occurrence, Outcome::SendNow).is_some()
}

/// How long after a step's first time the plan has its `time`th.
fn repeated_days(step: &Step, time: u32) -> i64 {
    step.repeat.map_or(0, |repeat| i64::from(repeat.every.0) * i64::from(time.saturating_sub(1)))
}
