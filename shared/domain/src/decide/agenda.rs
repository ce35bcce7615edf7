//! Phase 3: which steps are due, which are passed over, and which comes next.

use std::{borrow::Cow, cell::OnceCell, sync::Arc};

use jiff::{Timestamp, civil::Date};

use super::{
    Situation,
    rungs::{NextStep, Rungs},
};
use crate::{
    Case, Outcome, Scope, book::DueItem, condition::ExposureFacts, dates::add_days, step_history::StepResult,
    workflow::CompiledWorkflow,
};

/// A step of one due item.
#[derive(Clone, Debug)]
pub(super) struct ItemStep {
    /// The item's position in the book.
    pub(super) item: usize,
    /// The step.
    pub(super) next: NextStep,
}

/// What there is to do for a case.
pub(super) struct Agenda<'a> {
    /// The driver's step, or the first that is not due yet; `None` when no step is left.
    pub(super) driver: Option<ItemStep>,
    /// Steps that are due, each chased item's own; empty while no driver's is.
    pub(super) due: Vec<ItemStep>,
    /// Whether a driver's step is due.
    pub(super) is_due: bool,
    /// When the first step is due, while none is.
    pub(super) until: Option<Timestamp>,
    /// Steps that are passed over, with their items.
    pub(super) skipped: Vec<(usize, StepResult<'a>)>,
    /// The driver's steps whose anchor passed before they could happen.
    pub(super) lapsed: Vec<String>,
}

/// Looks at the items that drive, in their order, and, where one's step is due, at every chased item's own.
pub(super) fn agenda<'a>(
    situation: &Situation<'a>,
    workflow: &'a CompiledWorkflow,
    case: &Case,
    exposure: &Arc<ExposureFacts>,
    chased: &[usize],
) -> Agenda<'a> {
    let looking =
        Looking { situation, workflow, exposure, rungs: Rungs::new(situation, workflow, case), reached: Reached::now(situation) };
    let mut agenda =
        Agenda { driver: None, due: Vec::new(), is_due: false, until: None, skipped: Vec::new(), lapsed: Vec::new() };
    let mut first: Option<(Date, ItemStep)> = None;
    for item in chased {
        let Some(due_item) = situation.book.items.get(*item) else { continue };
        let results = situation.history.results(*item);
        let look = looking.turn(due_item, results);
        let passed = look.results.get(results.len()..).unwrap_or_default();
        agenda.skipped.extend(passed.iter().map(|result| (*item, result.clone())));
        let Some((next, on, due)) = look.next else { continue };
        let step = ItemStep { item: *item, next };
        let drives = due || first.as_ref().is_none_or(|(earliest, _)| on < *earliest);
        if drives {
            agenda.lapsed = looking.rungs.lapsed_steps(due_item, &look.results);
            agenda.driver = Some(step.clone());
        }
        if due {
            agenda.is_due = true;
            break;
        }
        if drives {
            first = Some((on, step));
        }
        if workflow.scope == Scope::Customer {
            break;
        }
    }
    if agenda.is_due {
        for item in chased {
            let Some(due_item) = situation.book.items.get(*item) else { continue };
            let known = situation.history.results(*item);
            let passed = agenda.skipped.iter().filter(|(of, _)| of == item).map(|(_, result)| result.clone());
            let results: Cow<'_, [StepResult<'a>]> = match passed.collect::<Vec<_>>() {
                passed if passed.is_empty() => Cow::Borrowed(known),
                passed => Cow::Owned([known, &passed].concat()),
            };
            let before = results.len();
            let (found, results) = looking.own(due_item, results);
            let passed = results.get(before..).unwrap_or_default();
            agenda.skipped.extend(passed.iter().map(|result| (*item, result.clone())));
            agenda.due.extend(found.map(|next| ItemStep { item: *item, next }));
        }
    } else if let Some((on, _)) = first {
        agenda.until = Some(situation.calendar().roll(on, situation.spread));
    }
    agenda
}

/// The open item's next step by the plan, and when it may come: past the last contact and in the window, never before now. `None`
/// when no step is left.
pub fn upcoming(
    situation: &Situation<'_>,
    workflow: &CompiledWorkflow,
    case: &Case,
    item: usize,
) -> Option<(NextStep, Timestamp)> {
    let due_item = situation.book.items.get(item)?;
    let next = Rungs::new(situation, workflow, case).next(due_item, situation.history.results(item))?;
    let on = after_gap(situation, workflow, next.on);
    let at = situation.calendar().roll(on, situation.spread);
    Some((next, at.max(situation.now)))
}

/// The day on which a step of `on` may happen given the last contact; within one civil day there is no gap.
fn after_gap(situation: &Situation<'_>, workflow: &CompiledWorkflow, on: Date) -> Date {
    let Some(last_on) = situation.last_contact_on else { return on };
    let same_day = on <= last_on && last_on == situation.today;
    if same_day { on } else { on.max(add_days(last_on, i64::from(workflow.min_gap.0))) }
}

/// The days up to which steps are due now.
struct Reached<'s, 'a> {
    situation: &'s Situation<'a>,
    /// Whether today is open and the customer's moment in it has come.
    today: bool,
    /// The last open day before today, once somebody asks.
    before_today: OnceCell<Option<Date>>,
}

/// How many days back an open day is looked for.
const OPEN_DAY_SEARCH_MAX: usize = 366;

impl<'s, 'a> Reached<'s, 'a> {
    fn now(situation: &'s Situation<'a>) -> Self {
        let hours = situation.calendar().hours(situation.today);
        let today = hours.is_some_and(|(opens, closes)| situation.spread.within(opens, closes) <= situation.now);
        Self { situation, today, before_today: OnceCell::new() }
    }

    /// Whether what may happen from `on` is due: the first open day from then on has come, and the customer's moment in it.
    fn due(&self, on: Date) -> bool {
        self.today && on <= self.situation.today || self.late(on)
    }

    /// Whether an open day has gone by since `on`.
    fn late(&self, on: Date) -> bool {
        on < self.situation.today && self.before_today().is_some_and(|before| on <= before)
    }

    fn before_today(&self) -> Option<Date> {
        *self.before_today.get_or_init(|| {
            let calendar = self.situation.calendar();
            let yesterday = self.situation.today.yesterday().ok();
            let mut days = std::iter::successors(yesterday, |day| day.yesterday().ok()).take(OPEN_DAY_SEARCH_MAX);
            days.find(|day| calendar.hours(*day).is_some())
        })
    }
}

/// A driver's turn.
struct Turn<'r, 'a> {
    /// Its next step, the day from which gaps allow it, and whether it is due; `None` when no step is left.
    next: Option<(NextStep, Date, bool)>,
    /// The item's results and the steps that were passed over on the way.
    results: Cow<'r, [StepResult<'a>]>,
}

/// One look at the items of a case.
struct Looking<'s, 'a> {
    situation: &'s Situation<'a>,
    workflow: &'a CompiledWorkflow,
    exposure: &'s Arc<ExposureFacts>,
    rungs: Rungs<'s, 'a>,
    reached: Reached<'s, 'a>,
}

impl<'a> Looking<'_, 'a> {
    /// The item's own next step, moved past the last contact and into the window.
    fn turn<'r>(&self, item: &DueItem<'_>, known: &'r [StepResult<'a>]) -> Turn<'r, 'a> {
        let mut results = Cow::Borrowed(known);
        loop {
            let Some(next) = self.rungs.next(item, &results) else { return Turn { next: None, results } };
            let on = after_gap(self.situation, self.workflow, next.on);
            if !self.reached.due(on) {
                return Turn { next: Some((next, on, false)), results };
            }
            let late = self.rungs.passed_over(item, &results, &next, || self.reached.late(on));
            if !late && self.wanted(&next, item, &results) {
                return Turn { next: Some((next, on, true)), results };
            }
            match self.skip(&next) {
                Some(skipped) => results.to_mut().push(skipped),
                None => return Turn { next: None, results },
            }
        }
    }

    /// An item's own due step at this moment: what a message that goes anyway credits it with.
    fn own<'r>(
        &self,
        item: &DueItem<'_>,
        mut results: Cow<'r, [StepResult<'a>]>,
    ) -> (Option<NextStep>, Cow<'r, [StepResult<'a>]>) {
        loop {
            let Some(next) = self.rungs.next(item, &results).filter(|next| next.on <= self.situation.today) else {
                return (None, results);
            };
            // A day that only the plan's own gap let pass makes nothing late.
            let late = self
                .rungs
                .passed_over(item, &results, &next, || self.reached.late(after_gap(self.situation, self.workflow, next.on)));
            if !late && self.wanted(&next, item, &results) {
                return (Some(next), results);
            }
            match self.skip(&next) {
                Some(skipped) => results.to_mut().push(skipped),
                None => return (None, results),
            }
        }
    }

    /// Whether the step's condition holds for the item.
    fn wanted(&self, next: &NextStep, item: &DueItem<'_>, results: &[StepResult<'a>]) -> bool {
        self.workflow.when(next.index).holds(true, || self.situation.condition_facts_of(self.exposure, item, results))
    }

    fn skip(&self, next: &NextStep) -> Option<StepResult<'a>> {
        let step = &self.workflow.steps.get(next.index)?.id;
        let Situation { now, today, .. } = self.situation;
        Some(StepResult { step, occurrence: next.occurrence, outcome: Outcome::Skipped, at: *now, on: *today, way: None })
    }
}
