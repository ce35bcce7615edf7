//! Rungs: which step of a workflow is a due item's own next one, derived from marks and dates, never from a counter.

use std::collections::BTreeMap;

use jiff::{Timestamp, ToSpan, civil::Date};

use crate::{
    Anchor, Case, CatchUp, DueItemKey, Facts, Mode, Offset, Outcome, Step, Workflow,
    book::{Book, DueItem, days_between},
    calendar::{Calendar, Place},
};

/// How a step ended for one due item, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The step's id.
    pub step: String,
    /// Which repeat of the step's anchor.
    pub occurrence: u32,
    /// How it ended.
    pub outcome: Outcome,
    /// When.
    pub at: Timestamp,
    /// The way tried, where there was a message.
    pub way: Option<(crate::Channel, String)>,
}

/// Every due item's marks in one ledger.
#[derive(Clone, Debug, Default)]
pub struct History(BTreeMap<DueItemKey, Vec<Mark>>);

impl History {
    /// The marks that count in `mode`: shadow mode sees both ledgers, live mode only what really left.
    pub fn of(facts: &Facts, mode: Mode) -> Self {
        let mut history = Self::default();
        let folded = facts.invoices.iter().flat_map(|fact| &fact.folded);
        for coverage in folded.chain(&facts.coverage).filter(|coverage| counts(coverage.mode, mode)) {
            for row in &coverage.rows {
                let mark = Mark {
                    step: row.step.clone(),
                    occurrence: row.occurrence,
                    outcome: coverage.outcome,
                    at: coverage.at,
                    way: coverage.way.clone(),
                };
                let marks = history.0.entry(row.item.clone()).or_default();
                if !marks.contains(&mark) {
                    marks.push(mark);
                }
            }
        }
        history
    }

    /// The marks of one item, in no order.
    pub fn marks(&self, item: &DueItemKey) -> &[Mark] {
        self.0.get(item).map_or(&[], Vec::as_slice)
    }

    /// Adds a mark.
    pub fn add(&mut self, item: &DueItemKey, mark: Mark) {
        self.0.entry(item.clone()).or_default().push(mark);
    }

    /// When a step was satisfied for an item, and how.
    pub fn satisfied(&self, item: &DueItemKey, step: &str, occurrence: u32) -> Option<&Mark> {
        let ended = |mark: &&Mark| mark.step == step && mark.occurrence == occurrence && mark.outcome.satisfies();
        self.marks(item).iter().filter(ended).min_by_key(|mark| mark.at)
    }

    /// Ways that proved not to deliver a step's message for an item.
    pub fn tried(&self, item: &DueItemKey, step: &str, occurrence: u32) -> impl Iterator<Item = &(crate::Channel, String)> {
        let undelivered = move |mark: &&Mark| mark.outcome == Outcome::Undelivered && mark.occurrence == occurrence;
        let step = step.to_owned();
        self.marks(item).iter().filter(undelivered).filter(move |mark| mark.step == step).filter_map(|mark| mark.way.as_ref())
    }
}

/// Whether marks of one ledger count in a mode.
pub fn counts(ledger: Mode, mode: Mode) -> bool {
    mode == Mode::Shadow || ledger != Mode::Shadow
}

/// A due item's next step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NextStep {
    /// Its place in the workflow.
    pub index: usize,
    /// Which repeat of its anchor.
    pub occurrence: u32,
    /// The day from which it may happen, before gaps and windows; never earlier than the rules of lateness allow.
    pub on: Date,
}

/// What is needed to place a due item on a workflow.
pub struct Rungs<'a> {
    /// The facts.
    pub facts: &'a Facts,
    /// The book of the same instant.
    pub book: &'a Book<'a>,
    /// The marks of the mode.
    pub history: &'a History,
    /// The plan.
    pub workflow: &'a Workflow,
    /// The case.
    pub case: &'a Case,
    /// Where the person is.
    pub place: &'a Place,
    /// The allowed days there.
    pub calendar: &'a Calendar<'a>,
    /// The tenant's own calendar, which business days are counted by.
    pub tenant_calendar: &'a Calendar<'a>,
}

/// Where the step before left an item.
struct Before {
    planned_on: Date,
    ended_on: Date,
    /// Whether lateness counts from it: a contact or an action happened, or was missed, on that day.
    spaces: bool,
}

impl Rungs<'_> {
    /// The item's next step: the lowest that is neither satisfied nor lapsed; `None` when no step is left.
    pub fn next(&self, item: &DueItem<'_>) -> Option<NextStep> {
        let mut before: Option<Before> = None;
        for (index, step) in self.workflow.steps.iter().enumerate() {
            let Some(occurrence) = self.occurrence(step) else { continue };
            let ended = self.history.satisfied(&item.key, &step.id, occurrence);
            let (on, planned_on) = self.day(item, step, before.as_ref());
            if let Some(mark) = ended {
                let ended_on = self.place.date_of(mark.at);
                before = Some(Before { planned_on, ended_on, spaces: mark.outcome != Outcome::Skipped });
                continue;
            }
            if self.lapsed(item, step, on) {
                let ended_on = self.anchor(item, step.at.anchor, before.as_ref());
                before = Some(Before { planned_on, ended_on, spaces: false });
                continue;
            }
            return Some(NextStep { index, occurrence, on });
        }
        None
    }

    /// The steps after `index` that are due by their own plan as well.
    pub fn later_is_due(&self, item: &DueItem<'_>, index: usize, today: Date) -> bool {
        self.workflow.steps.iter().skip(index + 1).any(|step| {
            let Some(occurrence) = self.occurrence(step) else { return false };
            let (_, planned_on) = self.day(item, step, None);
            step.at.anchor != Anchor::PreviousStep
                && self.history.satisfied(&item.key, &step.id, occurrence).is_none()
                && !self.lapsed(item, step, planned_on)
                && planned_on <= today
        })
    }

    /// Ids of steps that lapsed for an item: their anchor passed before they could happen.
    pub fn lapsed_steps(&self, item: &DueItem<'_>) -> Vec<String> {
        let lapsed = |step: &&Step| {
            self.occurrence(step).is_some_and(|occurrence| self.history.satisfied(&item.key, &step.id, occurrence).is_none())
                && self.lapsed(item, step, self.day(item, step, None).0)
        };
        self.workflow.steps.iter().filter(lapsed).map(|step| step.id.clone()).collect()
    }

    /// Which repeat of its anchor a step is at; `None` for a step on a promise that was never made.
    fn occurrence(&self, step: &Step) -> Option<u32> {
        if step.at.anchor != Anchor::PromiseDate {
            return Some(0);
        }
        let promises = self.facts.holds.iter().filter(|hold| hold.promised_on.is_some()).count();
        u32::try_from(promises).ok()?.checked_sub(1)
    }

    /// The day from which a step may happen, and the day that the plan alone gives it.
    fn day(&self, item: &DueItem<'_>, step: &Step, before: Option<&Before>) -> (Date, Date) {
        let anchor = self.anchor(item, step.at.anchor, before);
        // A promise's own hold runs to the day that it anchors: it does not push its step away.
        let stopped = if step.at.anchor == Anchor::PromiseDate { 0 } else { self.book.stopped_days(self.facts, item, anchor) };
        let planned_on = self.shift(add_days(anchor, stopped), step.at.offset);
        match before {
            Some(before) if before.spaces && step.at.anchor != Anchor::PreviousStep && planned_on <= before.ended_on => {
                let distance = days_between(before.planned_on, planned_on).max(i64::from(self.workflow.min_gap.0));
                (add_days(before.ended_on, distance), planned_on)
            }
            _ => (planned_on, planned_on),
        }
    }

    fn anchor(&self, item: &DueItem<'_>, anchor: Anchor, before: Option<&Before>) -> Date {
        match anchor {
            Anchor::InvoiceDate => item.issued_on,
            Anchor::DueDate => item.due_on,
            Anchor::PreviousStep => before.map_or(item.due_on, |before| before.ended_on),
            Anchor::CaseOpened => self.place.date_of(self.case.opened_at),
            Anchor::PromiseDate => self.facts.holds.iter().filter_map(|hold| hold.promised_on).max().unwrap_or(item.due_on),
        }
    }

    fn shift(&self, anchor: Date, offset: Offset) -> Date {
        match offset {
            Offset::Days(days) => add_days(anchor, i64::from(days.0)),
            Offset::Business { business_days } => self.tenant_calendar.add_business_days(anchor, business_days),
        }
    }

    /// A step before its anchor lapses once the anchor has passed; a stopped clock does not move the day that it speaks of.
    fn lapsed(&self, item: &DueItem<'_>, step: &Step, on: Date) -> bool {
        step.at.offset.is_negative() && step.at.anchor != Anchor::PreviousStep && {
            let anchor = self.anchor(item, step.at.anchor, None);
            self.book.today > anchor || on > anchor
        }
    }
}

/// Whether a step that is due now is passed over because it is late.
pub fn passed_over(rungs: &Rungs<'_>, item: &DueItem<'_>, next: &NextStep, planned_at: Timestamp, now: Timestamp) -> bool {
    let today = rungs.place.date_of(now);
    match rungs.workflow.steps.get(next.index).map(|step| step.catch_up) {
        Some(CatchUp::Skip) => rungs.place.date_of(planned_at) < today,
        Some(CatchUp::Highest) => rungs.later_is_due(item, next.index, today),
        Some(CatchUp::Lowest) | None => false,
    }
}

/// A date some civil days on; the last date that there is when it lies beyond.
pub fn add_days(date: Date, days: i64) -> Date {
    date.checked_add(days.clamp(-100_000, 100_000).days()).unwrap_or(if days < 0 { Date::MIN } else { Date::MAX })
}
