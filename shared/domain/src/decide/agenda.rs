//! Phase 3: which steps are due, which are passed over, and which comes next.

use std::{borrow::Cow, cell::OnceCell};

use jiff::{Timestamp, civil::Date};

use super::{
    Situation,
    assess::{Approval, CaseFacts},
    rungs::{NextStep, Rungs, brought_forward, is_sent_now},
};
use crate::{
    Action, Case, Contact, ItemOf, Outcome, Scope, Step,
    dates::add_days,
    receivables::DueItem,
    step_history::{StepResult, overdue},
    workflow::{AfterWait, CompiledWorkflow},
};

/// A step of one due item.
#[derive(Clone, Debug)]
pub(super) struct ItemStep {
    /// The item's position in the receivables.
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
    /// When the first step is due or stops waiting, while none is due.
    pub(super) until: Option<Timestamp>,
    /// The day from which that step may happen, were it open.
    pub(super) from: Option<Date>,
    /// Whether that step waits for its condition.
    pub(super) waits: bool,
    /// The first step that waits for a person's approval: its item does not drive.
    pub(super) approval: Option<ItemStep>,
    /// When a new day may end a wait.
    pub(super) look_at: Option<Timestamp>,
    /// Steps that are passed over, with their items.
    pub(super) skipped: Vec<(usize, StepResult<'a>)>,
    /// The driver's steps whose anchor passed before they could happen.
    pub(super) lapsed: Vec<String>,
}

/// Looks at the items that drive, in their order, and, where one's step is due, at every chased item's own. While the step of
/// an item waits for its condition or for approval, the next item drives.
pub(super) fn agenda<'a>(
    situation: &Situation<'a>,
    workflow: &'a CompiledWorkflow,
    case: &Case,
    seen: &CaseFacts,
    chased: &[usize],
) -> Agenda<'a> {
    let looking =
        Looking { situation, workflow, seen, rungs: Rungs::new(situation, workflow, case), reached: Reached::now(situation) };
    let mut agenda = Agenda {
        driver: None,
        due: Vec::new(),
        is_due: false,
        until: None,
        from: None,
        waits: false,
        approval: None,
        look_at: None,
        skipped: Vec::new(),
        lapsed: Vec::new(),
    };
    let mut first: Option<(Date, bool)> = None;
    for item in chased {
        let Some(due_item) = situation.receivables.items.get(*item) else { continue };
        let results = situation.history.results(*item);
        let look = looking.turn(*item, due_item, results);
        let passed = look.results.get(results.len()..).unwrap_or_default();
        agenda.skipped.extend(passed.iter().map(|result| (*item, result.clone())));
        let Some((next, when)) = look.next else { continue };
        let (due, waits, on) = match when {
            When::Due => (true, false, next.on),
            When::From(on) => (false, false, on),
            When::WaitsUntil(on) => (false, true, on),
            When::Asked(until) => {
                let until = until.map(|on| situation.calendar().roll(on, situation.spread));
                agenda.look_at = earlier(agenda.look_at, until);
                agenda.approval.get_or_insert(ItemStep { item: *item, next });
                continue;
            }
        };
        if waits {
            agenda.look_at = earlier(agenda.look_at, looking.new_day(&next));
        }
        if due || first.as_ref().is_none_or(|(earliest, _)| on < *earliest) {
            agenda.lapsed = looking.rungs.lapsed_steps(due_item, &look.results);
            agenda.driver = Some(ItemStep { item: *item, next });
            first = Some((on, waits));
        }
        if due {
            agenda.is_due = true;
            break;
        }
        if workflow.scope == Scope::Customer && !waits {
            break;
        }
    }
    if agenda.is_due {
        for item in chased {
            let Some(due_item) = situation.receivables.items.get(*item) else { continue };
            let known = situation.history.results(*item);
            let passed = agenda.skipped.iter().filter(|(of, _)| of == item).map(|(_, result)| result.clone());
            let results: Cow<'_, [StepResult<'a>]> = match passed.collect::<Vec<_>>() {
                passed if passed.is_empty() => Cow::Borrowed(known),
                passed => Cow::Owned([known, &passed].concat()),
            };
            let before = results.len();
            let (found, results, waits) = looking.own(*item, due_item, results);
            agenda.look_at = earlier(agenda.look_at, waits.and_then(|next| looking.new_day(&next)));
            let passed = results.get(before..).unwrap_or_default();
            agenda.skipped.extend(passed.iter().map(|result| (*item, result.clone())));
            agenda.due.extend(found.map(|next| ItemStep { item: *item, next }));
        }
    } else if let Some((on, waits)) = first {
        agenda.until = Some(situation.calendar().roll(on, situation.spread));
        agenda.from = Some(on);
        agenda.waits = waits;
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
    let due_item = situation.receivables.items.get(item)?;
    let next = Rungs::new(situation, workflow, case).next(due_item, situation.history.results(item))?;
    let on = after_gap(situation, workflow, due_item, next.on);
    let at = situation.calendar().roll(on, situation.spread);
    Some((next, at.max(situation.now)))
}

/// The day on which an item's step of `on` may happen given the last contact; within one civil day there is no gap, but for a statement, in
/// the place of which nothing else goes that day.
pub(super) fn after_gap(situation: &Situation<'_>, workflow: &CompiledWorkflow, item: &DueItem<'_>, on: Date) -> Date {
    let Some(last_on) = situation.last_contact_on else { return on };
    if !situation.statements.is_empty() && situation.statements.left_on(&item.balance(), situation.today, situation.mode()) {
        return on.max(add_days(situation.today, i64::from(workflow.min_gap.0).max(1)));
    }
    let same_day = on <= last_on && last_on == situation.today;
    if same_day { on } else { on.max(add_days(last_on, i64::from(workflow.min_gap.0))) }
}

fn earlier(so_far: Option<Timestamp>, at: Option<Timestamp>) -> Option<Timestamp> {
    so_far.into_iter().chain(at).min()
}

/// The days up to which steps are due now.
pub(super) struct Reached<'s, 'a> {
    situation: &'s Situation<'a>,
    /// Whether today is open and the customer's moment in it has come.
    today: bool,
    /// The last open day before today, once somebody asks.
    before_today: OnceCell<Option<Date>>,
}

/// How many days back an open day is looked for.
const OPEN_DAY_SEARCH_MAX: usize = 366;

impl<'s, 'a> Reached<'s, 'a> {
    pub(super) fn now(situation: &'s Situation<'a>) -> Self {
        let hours = situation.calendar().hours(situation.today);
        let today = hours.is_some_and(|(opens, closes)| situation.spread.within(opens, closes) <= situation.now);
        Self { situation, today, before_today: OnceCell::new() }
    }

    /// Whether what may happen from `on` is due: the first open day from then on has come, and the customer's moment in it.
    pub(super) fn due(&self, on: Date) -> bool {
        self.today && on <= self.situation.today || self.late(on)
    }

    /// Whether an open day has gone by since `on`.
    pub(super) fn late(&self, on: Date) -> bool {
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

/// When an item's next step comes.
enum When {
    /// Now.
    Due,
    /// From this day on, the first on which gaps allow it.
    From(Date),
    /// It would be due and waits for its condition, until this day at most.
    WaitsUntil(Date),
    /// It would be due and waits for a person's approval, until this day at most.
    Asked(Option<Date>),
}

/// What the wait of a step that would be due says.
enum Waits {
    /// There is none.
    No,
    /// It is over.
    Over,
    /// It goes on until this day at most.
    Until(Date),
    /// It took as long as it may, and the step is skipped.
    GivenUp,
}

/// A driver's turn.
struct Turn<'r, 'a> {
    /// Its next step and when that comes; `None` when no step is left.
    next: Option<(NextStep, When)>,
    /// The item's results and the steps that were passed over on the way.
    results: Cow<'r, [StepResult<'a>]>,
}

/// One look at the items of a case.
struct Looking<'s, 'a> {
    situation: &'s Situation<'a>,
    workflow: &'a CompiledWorkflow,
    seen: &'s CaseFacts,
    rungs: Rungs<'s, 'a>,
    reached: Reached<'s, 'a>,
}

impl<'a> Looking<'_, 'a> {
    /// The item's own next step, moved past the last contact and into the window.
    fn turn<'r>(&self, at: usize, item: &DueItem<'_>, known: &'r [StepResult<'a>]) -> Turn<'r, 'a> {
        let mut results = Cow::Borrowed(known);
        loop {
            let Some(next) = self.rungs.next(item, &results) else { return Turn { next: None, results } };
            let now = self.is_sent_now(&next, &results);
            let on = if now { next.on } else { after_gap(self.situation, self.workflow, item, next.on) };
            if !now && !self.reached.due(on) {
                return Turn { next: Some((next, When::From(on))), results };
            }
            let approval = self.approval(at, &next, &results);
            let wanted_late =
                approval.is_under_way() || self.is_brought_forward(&next, &results) || self.is_tried_again(&next, &results);
            let passed_over = match self.waits(&next, item, &results) {
                Waits::No => !wanted_late && self.rungs.passed_over(item, &results, &next, || self.late(item, &next, on)),
                Waits::Until(ends_on) => return Turn { next: Some((next, When::WaitsUntil(on.max(ends_on)))), results },
                // When its condition came true is not known, so that its moment is today's.
                Waits::Over if !self.reached.due(self.situation.today) => {
                    return Turn { next: Some((next, When::From(self.situation.today))), results };
                }
                Waits::Over => !wanted_late && self.rungs.passed_over(item, &results, &next, || false),
                Waits::GivenUp => true,
            };
            if !passed_over && self.wanted(&next, item, &results) {
                match approval {
                    Approval::Free { .. } | Approval::ToAsk => return Turn { next: Some((next, When::Due)), results },
                    Approval::Asked(until) => return Turn { next: Some((next, When::Asked(until))), results },
                    Approval::GivenUp => {}
                }
            }
            match self.skip(&next) {
                Some(skipped) => results.to_mut().push(skipped),
                None => return Turn { next: None, results },
            }
        }
    }

    /// An item's own due step at this moment: what a message that goes anyway credits it with. The last value is a step that
    /// would be due and waits.
    fn own<'r>(
        &self,
        at: usize,
        item: &DueItem<'_>,
        mut results: Cow<'r, [StepResult<'a>]>,
    ) -> (Option<NextStep>, Cow<'r, [StepResult<'a>]>, Option<NextStep>) {
        loop {
            let Some(next) = self.rungs.next(item, &results).filter(|next| next.on <= self.situation.today) else {
                return (None, results, None);
            };
            let approval = self.approval(at, &next, &results);
            // A day that only the plan's own gap let pass makes nothing late.
            let late = || self.late(item, &next, after_gap(self.situation, self.workflow, item, next.on));
            let wanted_late =
                approval.is_under_way() || self.is_brought_forward(&next, &results) || self.is_tried_again(&next, &results);
            let passed_over = match self.waits(&next, item, &results) {
                Waits::No => !wanted_late && self.rungs.passed_over(item, &results, &next, late),
                Waits::Until(_) => return (None, results, Some(next)),
                Waits::Over => !wanted_late && self.rungs.passed_over(item, &results, &next, || false),
                Waits::GivenUp => true,
            };
            if !passed_over && self.wanted(&next, item, &results) {
                match approval {
                    Approval::Free { .. } | Approval::ToAsk => return (Some(next), results, None),
                    Approval::Asked(_) => return (None, results, None),
                    Approval::GivenUp => {}
                }
            }
            match self.skip(&next) {
                Some(skipped) => results.to_mut().push(skipped),
                None => return (None, results, None),
            }
        }
    }

    fn is_sent_now(&self, next: &NextStep, results: &[StepResult<'a>]) -> bool {
        self.workflow.steps.get(next.index).is_some_and(|step| is_sent_now(results, &step.id, &next.occurrence))
    }

    fn is_brought_forward(&self, next: &NextStep, results: &[StepResult<'a>]) -> bool {
        self.workflow.steps.get(next.index).is_some_and(|step| brought_forward(results, &step.id, &next.occurrence).is_some())
    }

    /// Whether a step is open again because its message did not arrive in time: it came on its day, and is not late.
    fn is_tried_again(&self, next: &NextStep, results: &[StepResult<'a>]) -> bool {
        self.workflow.steps.get(next.index).is_some_and(|step| !overdue(results, &step.id, &next.occurrence).is_empty())
    }

    /// How the approval of a step stands for the item at a position.
    fn approval(&self, at: usize, next: &NextStep, results: &[StepResult<'a>]) -> Approval {
        let step = self.workflow.steps.get(next.index);
        step.map_or(Approval::Free { asked: false }, |step| self.situation.approval(step, at, &next.occurrence, results))
    }

    /// Whether a step that may come on a day is late. Days that only the gap at the people let pass make nothing late.
    fn late(&self, item: &DueItem<'_>, next: &NextStep, on: Date) -> bool {
        let free_on = self.workflow.steps.get(next.index).and_then(|step| self.people_free_on(item, step));
        self.reached.late(free_on.map_or(on, |free_on| on.max(free_on)))
    }

    /// The first day on which one of those whom a step writes to may be written to, who were all contacted about other customers;
    /// `None` while somebody was not.
    fn people_free_on(&self, item: &DueItem<'_>, step: &Step) -> Option<Date> {
        let Action::Send(send) = &step.action else { return None };
        let Situation { facts, people, place, today, .. } = self.situation;
        let own = item.invoice.and_then(|invoice| people.own(invoice)).and_then(|id| people.contact(id));
        let in_roles = facts.customer.contacts.iter().filter(|contact| send.to.iter().any(|role| contact.roles.contains(role)));
        let people = own.into_iter().chain(in_roles);
        let free_on = |contact: &Contact| {
            let last = facts.contact_log.get(&contact.person()?)?.last_elsewhere(&facts.customer.id, self.situation.mode())?;
            let on = Some(place.date_of(last)).filter(|on| on != today)?;
            Some(add_days(on, i64::from(self.workflow.min_gap.0)))
        };
        people.map(free_on).collect::<Option<Vec<_>>>()?.into_iter().min()
    }

    /// What the wait of a step says that would be due but for it.
    fn waits(&self, next: &NextStep, item: &DueItem<'_>, results: &[StepResult<'a>]) -> Waits {
        let Some(wait) = self.workflow.steps.get(next.index).and_then(|step| step.wait.as_ref()) else { return Waits::No };
        let facts = || self.situation.condition_facts_of(self.seen, item, results);
        let ends_on = add_days(next.on, i64::from(wait.at_most.0));
        if self.workflow.wait_until(next.index).holds(true, facts) {
            Waits::Over
        } else if self.situation.today < ends_on {
            Waits::Until(ends_on)
        } else {
            match wait.then {
                AfterWait::Do => Waits::Over,
                AfterWait::Skip => Waits::GivenUp,
            }
        }
    }

    /// When a new day may make the condition true for which a step waits: nothing else than time tells so.
    fn new_day(&self, next: &NextStep) -> Option<Timestamp> {
        self.situation.new_day(self.workflow.wait_until(next.index))
    }

    /// Whether the step's condition holds for the item. No fee is charged for the delay of a fee, whatever the condition says.
    fn wanted(&self, next: &NextStep, item: &DueItem<'_>, results: &[StepResult<'a>]) -> bool {
        let is_fee = self.workflow.steps.get(next.index).is_some_and(|step| matches!(step.action, Action::Fee(_)));
        if is_fee && matches!(item.key.of, ItemOf::Charge(_)) {
            return false;
        }
        self.workflow.when(next.index).holds(true, || self.situation.condition_facts_of(self.seen, item, results))
    }

    fn skip(&self, next: &NextStep) -> Option<StepResult<'a>> {
        let step = &self.workflow.steps.get(next.index)?.id;
        let Situation { now, today, .. } = self.situation;
        Some(StepResult::of(step, next.occurrence.clone(), Outcome::Skipped, *now, *today))
    }
}
