//! Whether a case's statement is due, and what it comes to. It goes where the case is chased, and in the place of the messages that fall due
//! on the same day; a step that was due before, and a reminder of a promise, go first.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{
    Situation,
    agenda::Reached,
    ended::Ended,
    gate::tomorrow,
    orders,
    resolving::Resolving,
    route::{self, Lifted, Route, Ways},
    rungs::{Rungs, is_sent_now},
};
use crate::{
    BalanceKey, CaseKey, CaseState, Contact, Covered, Next, Occurrence, Outcome, Pending, Planned, RuleTrace,
    dates::add_days,
    statement::STATEMENT,
    step_history::StepResult,
    workflow::{CompiledWorkflow, Fallback, Send, StatementPlan},
};

/// What a case's statement comes to.
pub(super) enum Stating<'a> {
    /// None is sent now.
    None {
        /// When that changes by itself.
        next: Option<Timestamp>,
        /// What is to be known of it.
        notes: Vec<RuleTrace>,
    },
    /// It is sent.
    Goes {
        /// The message.
        message: Box<Planned>,
        /// Its period.
        period: Occurrence,
        /// The step whose message would leave today.
        instead_of: Option<String>,
    },
    /// It can reach nobody: its period is over.
    Missed {
        /// What that makes of the period, with the items' positions.
        results: Vec<(usize, StepResult<'a>)>,
        /// What was said against each way.
        notes: Vec<RuleTrace>,
    },
}

impl Stating<'_> {
    fn nothing(next: Option<Timestamp>) -> Self {
        Self::None { next, notes: Vec::new() }
    }
}

/// The due items of a balance that a statement lists: what of them is due now, whenever they fall due.
fn listed(situation: &Situation<'_>, balance: &BalanceKey, period: &Occurrence) -> Vec<(usize, Covered)> {
    let items = situation.receivables.items.iter().enumerate();
    let open = items
        .filter(|(_, item)| item.is_of(balance) && item.due_now_minor > 0 && !orders::is_unclear(situation.facts, &item.key));
    let row = |(at, item): (usize, &crate::receivables::DueItem<'_>)| {
        let (step, occurrence) = (STATEMENT.to_owned(), period.clone());
        (at, Covered { item: item.key.clone(), step, occurrence, due_now_minor: item.due_now_minor })
    };
    open.map(row).collect()
}

impl<'a> Resolving<'_, 'a> {
    /// Looks whether the case's statement is due, after everything else of it was decided.
    pub(super) fn state(&self, ended: &Ended<'a>, results: &[(usize, StepResult<'a>)]) -> Stating<'a> {
        let Some(plan) = self.workflow.statement.as_ref().filter(|_| self.is_host()) else { return Stating::nothing(None) };
        match ended {
            // Where nothing is chased nothing is stated: a hold, an exit or an ended plan says why.
            Ended::Gate(..) | Ended::NoStepLeft | Ended::Unsettled => return Stating::nothing(None),
            Ended::NotDue { .. } | Ended::Approval(_) | Ended::Resolved(_) => {}
        }
        let situation = self.situation;
        let calendar = situation.calendar();
        let roll = |on| calendar.roll(on, situation.spread);
        let next = plan.next_on(situation.today).map(roll);
        let sooner = |at: Timestamp| Some(next.map_or(at, |next| next.min(at)));
        let Some(on) = plan.latest_on(situation.today) else { return Stating::nothing(next) };
        let period = plan.period(on);
        let last_on = add_days(on, plan.days_late_max());
        // A person dropped it, which this decision writes down.
        let is_dropped = results.iter().any(|(_, result)| result.step == STATEMENT && result.occurrence == period);
        let is_over = is_dropped || situation.statements.is_stated(situation.facts, self.of.key, &period, situation.mode());
        if is_over || situation.today > last_on || on < situation.place.date_of(self.case.opened_at) {
            return Stating::nothing(next);
        }
        let gap = i64::from(self.workflow.min_gap.0);
        let from = match situation.last_contact_on {
            Some(last) if last == situation.today => add_days(last, gap.max(1)),
            Some(last) => on.max(add_days(last, gap)),
            None => on,
        };
        if from > situation.today || !Reached::now(situation).due(from) {
            let at = roll(from.max(situation.today));
            return Stating::nothing(if from > last_on { next } else { sooner(at.max(situation.now)) });
        }
        let rows = listed(situation, &self.of.key.balance, &period);
        if rows.is_empty() {
            return Stating::nothing(next);
        }
        if let Some(step) = self.goes_first(ended) {
            let said = format!("the statement of {period} waits: step {step} goes first");
            let notes = plan.channels.first().map(|channel| route::note("statement", 1, *channel, "", said));
            let again = add_days(situation.today, gap.max(1));
            let next = if again > last_on { next } else { sooner(roll(again)) };
            return Stating::None { next, notes: notes.into_iter().collect() };
        }
        self.stated(plan, period, rows, ended, next)
    }

    fn stated(
        &self,
        plan: &StatementPlan,
        period: Occurrence,
        rows: Vec<(usize, Covered)>,
        ended: &Ended<'a>,
        next: Option<Timestamp>,
    ) -> Stating<'a> {
        let situation = self.situation;
        let send = Send {
            channels: plan.channels.clone(),
            template: plan.template.clone(),
            to: plan.to.clone(),
            fallback: Fallback::None,
            copies: 0,
            after: None,
            attach: plan.attach.clone(),
        };
        let tried = situation.statements.tried(self.of.key, &period, situation.mode());
        let lifted = Lifted::default();
        let (workflow, overdue) = (self.workflow, BTreeSet::new());
        let ways = Ways { situation, workflow, send: &send, own: None, lifted, tried, overdue };
        let (route, notes) = ways.select_contact_and_channel(Vec::new());
        let later = |at: Next| next.into_iter().chain(at.at()).min();
        match route {
            Route::Free(channel, contact) => {
                let Some(version) = situation.policy.templates.get(&(plan.template.clone(), channel)) else {
                    return Stating::None { next, notes };
                };
                let message = Planned {
                    position: 0,
                    mode: situation.mode(),
                    case: self.of.key.clone(),
                    channel,
                    person: situation.people.contact(&contact).and_then(Contact::person_digest),
                    contact,
                    template: plan.template.clone(),
                    template_version: *version,
                    pay_by: None,
                    rows: rows.into_iter().map(|(_, row)| row).collect(),
                    copy_of: None,
                    receipt_within: None,
                };
                Stating::Goes { message: Box::new(sorted(message)), period, instead_of: self.step_that_sends(ended) }
            }
            Route::Later(until) => Stating::None { next: later(Next::At(until)), notes },
            Route::Stopped(_) | Route::Review(_) => Stating::None { next: later(tomorrow(situation)), notes },
            Route::Nobody => {
                let missed = |(at, _): (usize, Covered)| {
                    (at, StepResult::of(STATEMENT, period.clone(), Outcome::Missed, situation.now, situation.today))
                };
                Stating::Missed { results: rows.into_iter().map(missed).collect(), notes }
            }
        }
    }

    /// Whether the balance's statement is this case's to send: of several cases that have one, that of the highest priority, then of the
    /// smaller id.
    fn is_host(&self) -> bool {
        let situation = self.situation;
        let goes_before = |(key, workflow): (&CaseKey, &CompiledWorkflow)| {
            (-i64::from(workflow.priority), key.workflow.as_str())
                < (-i64::from(self.workflow.priority), self.of.key.workflow.as_str())
        };
        let others = situation.facts.cases.iter().filter(|(key, case)| {
            key.balance == self.of.key.balance
                && *key != self.of.key
                && !matches!(case.state, CaseState::Closed | CaseState::Ended | CaseState::Later(_))
        });
        let mut stating = others.filter_map(|(key, case)| Some((key, situation.policy.driving(case)?.as_ref())));
        !situation.stated_now.contains(&self.of.key.balance)
            && !stating.any(|(key, workflow)| workflow.statement.is_some() && goes_before((key, workflow)))
    }

    /// The step of a message that was due before today, that a person wants now, or that reminds of a promise, the day of which does not wait:
    /// the statement waits for it.
    fn goes_first(&self, ended: &Ended<'a>) -> Option<String> {
        let Ended::Resolved(resolved) = ended else { return None };
        let situation = self.situation;
        let (rungs, reached) = (Rungs::new(situation, self.workflow, self.case), Reached::now(situation));
        let mut rows = resolved.messages.iter().flat_map(|message| &message.rows);
        let reminds = |id: &str| self.workflow.steps.iter().any(|step| step.id == id && step.reminds_of_promise());
        let is_first = |row: &&Covered| {
            if reminds(&row.step) {
                return true;
            }
            let Some(at) = situation.receivables.position(&row.item) else { return false };
            let results = situation.history.results(at);
            let next = situation.receivables.items.get(at).and_then(|item| rungs.next(item, results));
            next.is_some_and(|next| reached.late(next.on)) || is_sent_now(results, &row.step, &row.occurrence)
        };
        rows.find(is_first).map(|row| row.step.clone())
    }

    /// The step of the first message that would leave now.
    fn step_that_sends(&self, ended: &Ended<'a>) -> Option<String> {
        let Ended::Resolved(resolved) = ended else { return None };
        resolved.messages.first().and_then(|message| message.rows.first()).map(|row| row.step.clone())
    }
}

fn sorted(mut message: Planned) -> Planned {
    message.rows.sort();
    message
}

/// What of a statement that was decided is still right, with what is due now; else why it is not.
pub(super) fn still_right(
    situation: &Situation<'_>,
    workflow: &CompiledWorkflow,
    pending: &Pending,
) -> Result<Vec<Covered>, String> {
    let plan = workflow.statement.as_ref().ok_or("its workflow sends no statements any more")?;
    if plan.template != pending.template {
        return Err("its workflow's statement has another text now".to_owned());
    }
    let period = pending.rows.first().map(|row| &row.occurrence).ok_or("it lists nothing")?;
    let on = plan.latest_on(situation.today);
    if on.is_none_or(|on| plan.period(on) != *period || situation.today > add_days(on, plan.days_late_max())) {
        return Err("its period is over".to_owned());
    }
    if situation.statements.is_stated(situation.facts, &pending.case, period, pending.mode) {
        return Err("the statement of its period was sent".to_owned());
    }
    let own: BTreeSet<_> = pending.rows.iter().map(|row| &row.item).collect();
    let rows = listed(situation, &pending.case.balance, period).into_iter().map(|(_, row)| row);
    let is_right =
        |row: &Covered| own.contains(&row.item) && !orders::is_stopped(situation.facts, workflow, &row.item, STATEMENT, period);
    let rows: Vec<Covered> = rows.filter(is_right).collect();
    if rows.is_empty() { Err("nothing that it lists is due any more".to_owned()) } else { Ok(rows) }
}
