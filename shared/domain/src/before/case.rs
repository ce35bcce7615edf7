use jiff::{Timestamp, ToSpan};

use super::{CaseTrace, Decision, View, act, pending_until, select};
use crate::{
    Case, CaseState, Coverage, Covered, Currency, Next, Outcome, Scope, WaitingReason, Workflow,
    before::ladder::{History, Mark, NextStep, add_days, passed_over},
    book::DueItem,
};

/// Decides one case and adds what comes of it to the decision.
pub(super) fn plan(view: &View<'_>, currency: Currency, decision: &mut Decision) {
    let mut trace = CaseTrace {
        currency,
        state: None,
        workflow: None,
        due_now_minor: view.book.exposure_minor(currency),
        open_minor: view.book.open_minor(currency),
        driver: None,
        step: None,
        because: String::new(),
        until: None,
        lapsed: Vec::new(),
        rules: Vec::new(),
    };
    if trace.open_minor == 0 {
        if let Some(case) = decision.cases.get_mut(&currency) {
            case.state = CaseState::Closed;
            trace.state = Some(CaseState::Closed);
            trace.workflow = Some(format!("{}@{}", case.workflow, case.version));
        }
        "nothing_open".clone_into(&mut trace.because);
        decision.trace.push(trace);
        return;
    }
    let Some((mut case, workflow)) = select::case_and_workflow(view, currency) else {
        "no_workflow_applies".clone_into(&mut trace.because);
        decision.trace.push(trace);
        decision.next = decision.next.earlier(Next::Parked);
        return;
    };
    trace.workflow = Some(format!("{}@{}", case.workflow, case.version));
    let mut planner = Planner { view, currency, workflow: &workflow, history: view.history.clone(), decision, trace };
    let (state, next) = planner.state_and_next(&case);
    case.state = state;
    planner.trace.state = Some(state);
    planner.trace.until = match next {
        Next::At(at) => Some(at),
        Next::Parked | Next::Nothing => None,
    };
    let trace = planner.trace;
    decision.next = decision.next.earlier(next);
    decision.trace.push(trace);
    decision.cases.insert(currency, case);
}

/// One case on its way to a decision.
pub(super) struct Planner<'a, 'b> {
    pub(super) view: &'a View<'a>,
    pub(super) currency: Currency,
    pub(super) workflow: &'a Workflow,
    pub(super) history: History,
    pub(super) decision: &'b mut Decision,
    pub(super) trace: CaseTrace,
}

/// What the ladder says of one driver.
enum Turn {
    /// Its step is due.
    Due(NextStep),
    /// Its step is due at this instant.
    NotDue(NextStep, Timestamp),
    /// No step is left.
    Exhausted,
}

impl Planner<'_, '_> {
    fn state_and_next(&mut self, case: &Case) -> (CaseState, Next) {
        let (view, currency) = (self.view, self.currency);
        if self.trace.due_now_minor == 0 {
            let kept = view.book.kept.get(&currency).is_some_and(|kept| *kept > 0);
            let reason = if kept { WaitingReason::Held } else { WaitingReason::Covered };
            return self.wait(reason, "nothing_due_now", Next::Parked);
        }
        if view.book.held.iter().any(|(held, _)| *held == currency) {
            return self.wait(WaitingReason::Held, "held", Next::Parked);
        }
        if self.trace.due_now_minor < view.policy.settings.minimum_exposure.get(&currency).copied().unwrap_or(0) {
            return self.wait(WaitingReason::BelowMinimum, "below_minimum", Next::Parked);
        }
        let oldest = view.book.in_currency(currency).find(|item| item.due_now_minor > 0);
        let exits = |source: &str| select::holds(view, Some(source), currency, oldest, &self.history);
        if self.workflow.exit_when.as_deref().is_some_and(exits) {
            return self.wait(WaitingReason::Exited, "exit_when_holds", tomorrow(view));
        }
        if let Some(until) = pending_until(view) {
            "message_pending".clone_into(&mut self.trace.because);
            return (CaseState::Open, Next::At(until));
        }
        // Each round either sends, waits, or satisfies at least one step of one item, so this ends.
        let rounds = 1 + self.workflow.steps.len() * view.book.items.len().max(1);
        for _ in 0..rounds {
            match self.round(case) {
                Round::Again => {}
                Round::Over(state, next) => return (state, next),
            }
        }
        (CaseState::Open, tomorrow(view))
    }

    fn wait(&mut self, reason: WaitingReason, because: &str, next: Next) -> (CaseState, Next) {
        because.clone_into(&mut self.trace.because);
        (CaseState::Waiting(reason), next)
    }

    /// One look at the drivers: act on those that are due, else say when the first will be.
    fn round(&mut self, case: &Case) -> Round {
        let mut next = Next::Parked;
        let mut due = false;
        let mut drivers = 0;
        let view = self.view;
        let open = view.book.in_currency(self.currency).filter(|item| item.due_now_minor > 0);
        let chased: Vec<DueItem<'_>> = open.cloned().collect();
        for item in &chased {
            match self.turn(case, item) {
                Turn::Exhausted => continue,
                Turn::Due(step) => {
                    due = true;
                    self.drive(item, step.index);
                }
                Turn::NotDue(step, at) => {
                    if drivers == 0 && !due {
                        self.drive(item, step.index);
                    }
                    next = next.earlier(Next::At(at));
                }
            }
            drivers += 1;
            if self.workflow.scope == Scope::Customer || due {
                break;
            }
        }
        if due {
            return act::act(self, case, &chased);
        }
        if drivers == 0 {
            return Round::Over(self.ended(case), Next::Parked);
        }
        if self.trace.because.is_empty() {
            "not_due".clone_into(&mut self.trace.because);
        }
        Round::Over(CaseState::Open, next)
    }

    fn drive(&mut self, item: &DueItem<'_>, step: usize) {
        self.trace.driver = Some(item.key.clone());
        self.trace.step = self.workflow.steps.get(step).map(|step| step.id.clone());
    }

    /// Items with something due now, oldest first.
    pub(super) fn chased(&self) -> impl Iterator<Item = &DueItem<'_>> {
        self.view.book.in_currency(self.currency).filter(|item| item.due_now_minor > 0)
    }

    /// The driver's turn: its own next step, moved past the last contact and into the window.
    fn turn(&mut self, case: &Case, item: &DueItem<'_>) -> Turn {
        let view = self.view;
        loop {
            let (lapsed, found) = view.with_rungs(self.workflow, case, &self.history, |rungs| {
                let found = rungs.next(item).map(|next| {
                    let at = view.calendar().roll(self.after_gap(next.on), view.spread);
                    let late = at <= view.now && passed_over(rungs, item, &next, at, view.now);
                    (next, at, late)
                });
                (rungs.lapsed_steps(item), found)
            });
            self.trace.lapsed = lapsed;
            match found {
                None => return Turn::Exhausted,
                Some((next, at, _)) if at > view.now => return Turn::NotDue(next, at),
                Some((next, _, late)) if late || !self.wanted(item, next.index) => self.mark(item, &next, Outcome::Skipped),
                Some((next, ..)) => return Turn::Due(next),
            }
        }
    }

    /// An item's own due step at this moment: what a message that goes anyway credits it with.
    pub(super) fn own_due_step(&mut self, case: &Case, item: &DueItem<'_>) -> Option<NextStep> {
        let view = self.view;
        let today = view.place.date_of(view.now);
        loop {
            let (next, late) = view.with_rungs(self.workflow, case, &self.history, |rungs| {
                let next = rungs.next(item)?;
                let at = view.calendar().roll(next.on, view.spread);
                let late = passed_over(rungs, item, &next, at, view.now);
                (next.on <= today).then_some((next, late))
            })?;
            if !late && self.wanted(item, next.index) {
                return Some(next);
            }
            self.mark(item, &next, Outcome::Skipped);
        }
    }

    fn wanted(&self, item: &DueItem<'_>, step: usize) -> bool {
        let when = self.workflow.steps.get(step).and_then(|step| step.when.as_deref());
        select::holds(self.view, when, self.currency, Some(item), &self.history)
    }

    /// The day on which a step of `on` may happen given the last contact; within one civil day there is no gap.
    fn after_gap(&self, on: jiff::civil::Date) -> jiff::civil::Date {
        let view = self.view;
        let Some(last) = view.facts.last_contact.in_mode(view.mode()) else { return on };
        let (last_on, today) = (view.place.date_of(last), view.place.date_of(view.now));
        if on <= last_on && last_on == today { on } else { on.max(add_days(last_on, i64::from(self.workflow.min_gap.0))) }
    }

    /// Marks a step of an item as over by this decision.
    pub(super) fn mark(&mut self, item: &DueItem<'_>, next: &NextStep, outcome: Outcome) {
        let Some(step) = self.workflow.steps.get(next.index) else { return };
        let now = self.view.now;
        self.history.add(&item.key, Mark { step: step.id.clone(), occurrence: next.occurrence, outcome, at: now, way: None });
        let row = Covered {
            item: item.key.clone(),
            step: step.id.clone(),
            occurrence: next.occurrence,
            due_now_minor: item.due_now_minor,
        };
        let mode = self.view.mode();
        match self.decision.marks.iter_mut().find(|mark| mark.outcome == outcome) {
            Some(mark) => mark.rows.push(row),
            None => self.decision.marks.push(Coverage {
                number: self.view.facts.decision + 1,
                at: now,
                mode,
                outcome,
                message: None,
                way: None,
                rows: vec![row],
            }),
        }
    }

    /// No due item has a step left: a task says so, once.
    fn ended(&mut self, case: &Case) -> CaseState {
        "plan_ended".clone_into(&mut self.trace.because);
        let task = act::plan_ended(self, case);
        self.decision.tasks.extend(task);
        CaseState::Ended
    }
}

/// What one round came to.
pub(super) enum Round {
    /// Something was satisfied without a message: look again.
    Again,
    /// The case's state, and when to decide again.
    Over(CaseState, Next),
}

/// The same time tomorrow, for what only the calendar can change.
pub(super) fn tomorrow(view: &View<'_>) -> Next {
    Next::At(view.now.checked_add(24.hours()).unwrap_or(Timestamp::MAX))
}
