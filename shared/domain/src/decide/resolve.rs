//! Phase 4: what is due becomes effects: sends merged by person, channel and standing, everything else work for a person.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    agenda::ItemStep,
    assess::{Approval, Asked},
    gate::tomorrow,
    promised::asked_minor,
    resolving::Resolving,
    route::{self, Lifted, Route, Ways},
    rungs::is_sent_now,
    work::{self, Asking},
};
use crate::{
    Action, Channel, Contact, Covered, Next, Outcome, Planned, RuleTrace, Standing, Step, TaskKind,
    dates::add_days,
    effect::WORK_ROWS_MAX,
    guard::{CONTACT_CAP, Verdict},
    step_history::{StepResult, overdue, tried},
    workflow::Send,
};

/// What falls due together: by channel, contact and standing, the highest step and the rows of every step that goes there.
type Targets = BTreeMap<(Channel, String, Standing), (usize, Vec<ItemStep>)>;

/// What the steps of an agenda come to.
pub(super) struct Resolved<'a> {
    /// Messages to send.
    pub(super) messages: Vec<Planned>,
    /// Work for people.
    pub(super) tasks: Vec<Asking>,
    /// Approvals that are asked for among it.
    pub(super) asked: Vec<Asked<'a>>,
    /// Steps that are over by this decision, without a message.
    pub(super) results: Vec<(usize, StepResult<'a>)>,
    /// What was said against routes, so far.
    pub(super) rules: Vec<RuleTrace>,
    /// When something that has to wait may happen.
    pub(super) next: Next,
    /// Whether a rule about the tenant as a whole stops a message.
    pub(super) stopped: bool,
}

impl<'a> Resolving<'_, 'a> {
    /// Makes effects of what is due; `rules` is what was said in rounds before.
    pub(super) fn resolve(&self, due: &[ItemStep], rules: Vec<RuleTrace>) -> Resolved<'a> {
        let mut by_step: BTreeMap<usize, Vec<ItemStep>> = BTreeMap::new();
        for step in due {
            by_step.entry(step.next.index).or_default().push(step.clone());
        }
        let mut resolved = Resolved {
            messages: Vec::new(),
            tasks: Vec::new(),
            results: Vec::new(),
            rules,
            next: Next::Parked,
            asked: Vec::new(),
            stopped: false,
        };
        let mut targets = Targets::new();
        for (index, rows) in by_step {
            let Some(step) = self.workflow.steps.get(index) else { continue };
            let (to_ask, rows): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| self.needs_approval(step, row));
            for rows in to_ask.chunks(WORK_ROWS_MAX) {
                resolved.tasks.push(work::approval(self, step, rows));
                let on = self.situation.today;
                let asked =
                    |row: &ItemStep| Asked { item: row.item, step: &step.id, occurrence: row.next.occurrence.clone(), on };
                resolved.asked.extend(rows.iter().map(asked));
            }
            if rows.is_empty() {
                continue;
            }
            match &step.action {
                Action::Send(send) => {
                    // Invoices that name somebody for themselves go to that person, and what did not arrive goes by another channel.
                    let mut by_own: BTreeMap<(Option<&str>, BTreeSet<Channel>), Vec<ItemStep>> = BTreeMap::new();
                    for row in rows {
                        by_own.entry((self.own(&row), self.overdue(&row))).or_default().push(row);
                    }
                    for ((own, _), rows) in by_own {
                        let (route, rules) =
                            self.ways(send, own, &rows).select_contact_and_channel(std::mem::take(&mut resolved.rules));
                        resolved.rules = rules;
                        match route {
                            Route::Free(channel, contact) => {
                                for row in rows {
                                    let Some(item) = self.situation.receivables.items.get(row.item) else { continue };
                                    // A reminder of a promise is one message, whenever its items fall due.
                                    let standing = item.standing(self.situation.receivables.today);
                                    let standing = if step.reminds_of_promise() { Standing::PastDue } else { standing };
                                    let target = (channel, contact.clone(), standing);
                                    let (highest, all) = targets.entry(target).or_default();
                                    *highest = (*highest).max(index);
                                    all.push(row);
                                }
                            }
                            other => resolved = self.unsent(resolved, other, step, &rows),
                        }
                    }
                }
                Action::Task(_)
                | Action::Notify(_)
                | Action::Escalate(_)
                | Action::CreditHold(_)
                | Action::ChangeTerms(_)
                | Action::HandOff(_)
                | Action::Fee(_) => {
                    resolved.tasks.push(work::of_step(self, step, &rows));
                    resolved.results.extend(self.ended(step, &rows, Outcome::Done));
                }
            }
        }
        for ((channel, contact, _), (highest, rows)) in &targets {
            let Some(message) = self.message(*channel, contact.clone(), *highest, rows) else { continue };
            let of = u32::try_from(resolved.messages.len()).unwrap_or(u32::MAX);
            let (copies, rules) = self.copies(&targets, &message, *highest, rows, std::mem::take(&mut resolved.rules));
            resolved.rules = rules;
            resolved.messages.push(message);
            let copy = |(channel, contact)| {
                Some(Planned { copy_of: Some(of), receipt_within: None, ..self.message(channel, contact, *highest, rows)? })
            };
            resolved.messages.extend(copies.into_iter().filter_map(copy));
        }
        resolved
    }

    fn needs_approval(&self, step: &Step, row: &ItemStep) -> bool {
        let results = self.situation.history.results(row.item);
        match self.situation.approval(step, row.item, &row.next.occurrence, results) {
            Approval::ToAsk => true,
            Approval::Free { .. } | Approval::Asked(_) | Approval::GivenUp => false,
        }
    }

    /// Whether a person wants the step of a row as soon as the guard allows it.
    fn is_sent_now(&self, row: &ItemStep) -> bool {
        let step = self.workflow.steps.get(row.next.index);
        step.is_some_and(|step| is_sent_now(self.situation.history.results(row.item), &step.id, &row.next.occurrence))
    }

    /// The rows of messages that go only because a person lifted the cap, with what is to be known of that.
    pub(super) fn beyond_cap(&self, messages: &[Planned]) -> Vec<(usize, StepResult<'a>)> {
        let beyond = |message: &&Planned| {
            let Some(contact) = self.situation.people.contact(&message.contact) else { return false };
            let lifted = Lifted { gap: true, cap: false };
            let (mode, now) = (self.situation.mode(), self.situation.now);
            let answer = route::ask_lifted(self.situation, self.workflow, lifted, message.channel, contact, mode, now);
            answer.against.iter().any(|(rule, _)| rule.id == CONTACT_CAP)
        };
        let rows = messages.iter().filter(beyond).flat_map(|message| &message.rows);
        let (at, on) = (self.situation.now, self.situation.today);
        let lifted = rows.filter_map(|row| {
            let step = self.workflow.steps.iter().find(|step| step.id == row.step)?;
            let occurrence = row.occurrence.clone();
            let outcome = Outcome::CapLifted;
            let result = StepResult::of(&step.id, occurrence, outcome, at, on);
            Some((self.situation.receivables.position(&row.item)?, result))
        });
        lifted.collect()
    }

    /// Whom else a message goes to. Whoever gets another message of this case now gets no copy of this one beside it.
    fn copies(
        &self,
        targets: &Targets,
        message: &Planned,
        highest: usize,
        rows: &[ItemStep],
        rules: Vec<RuleTrace>,
    ) -> (Vec<(Channel, String)>, Vec<RuleTrace>) {
        let step = self.workflow.steps.get(highest);
        let Some(Action::Send(send)) = step.map(|step| &step.action) else { return (Vec::new(), rules) };
        if send.copies == 0 {
            return (Vec::new(), rules);
        }
        let others = targets.keys().map(|(_, contact, _)| contact.as_str()).chain([message.contact.as_str()]);
        let others: Vec<&str> = others.collect();
        let own = rows.first().and_then(|row| self.own(row));
        self.ways(send, own, rows).copies(&others, rules)
    }

    /// The channels by which the message of a row's step left and did not arrive in time.
    fn overdue(&self, row: &ItemStep) -> BTreeSet<Channel> {
        let step = self.workflow.steps.get(row.next.index).map_or("", |step| &step.id);
        overdue(self.situation.history.results(row.item), step, &row.next.occurrence)
    }

    /// Whom the invoice of a row names for itself.
    fn own(&self, row: &ItemStep) -> Option<&str> {
        let item = self.situation.receivables.items.get(row.item)?;
        self.situation.people.own(item.invoice?)
    }

    /// A question after ways for the steps of some rows, but for those that proved not to deliver.
    fn ways<'q>(&'q self, send: &'q Send, own: Option<&'q str>, rows: &[ItemStep]) -> Ways<'q, 'a> {
        let undelivered = |row: &ItemStep| {
            let step = self.workflow.steps.get(row.next.index).map_or("", |step| &step.id);
            tried(self.situation.history.results(row.item), step, &row.next.occurrence)
        };
        let tried: BTreeSet<&(Channel, String)> = rows.iter().flat_map(undelivered).collect();
        let overdue = rows.iter().flat_map(|row| self.overdue(row)).collect();
        let gap = rows.iter().any(|row| self.is_sent_now(row));
        let lifted = Lifted { gap, cap: self.lifts_cap };
        Ways { situation: self.situation, workflow: self.workflow, send, own, lifted, tried, overdue }
    }

    /// What comes of a step whose message cannot go now.
    fn unsent(&self, mut resolved: Resolved<'a>, route: Route, step: &'a Step, rows: &[ItemStep]) -> Resolved<'a> {
        match route {
            Route::Free(..) => {}
            Route::Later(until) => resolved.next = resolved.next.earlier(Next::At(until)),
            Route::Stopped(Verdict::Defer(until)) => {
                resolved.stopped = true;
                resolved.next = resolved.next.earlier(Next::At(until));
            }
            Route::Stopped(Verdict::NeedsReview(why)) | Route::Review(why) => {
                let detail = format!("the guard asks for a person: {why}");
                resolved.tasks.push(work::exception(self, TaskKind::NeedsReview, step, rows, detail));
                resolved.next = resolved.next.earlier(tomorrow(self.situation));
            }
            Route::Stopped(Verdict::Allow | Verdict::Block(_)) => {
                resolved.stopped = true;
                resolved.next = resolved.next.earlier(tomorrow(self.situation));
            }
            // It left, nobody knows better, and there is no other way.
            Route::Nobody if rows.iter().any(|row| !self.overdue(row).is_empty()) => {
                resolved.results.extend(self.ended(step, rows, Outcome::Unconfirmed));
            }
            Route::Nobody => {
                let last = resolved.rules.iter().rev().take(6);
                let why: Vec<String> = last.map(|line| format!("{}: {}", line.channel.as_str(), line.said)).collect();
                let detail = format!(
                    "step {} could reach nobody ({}); add a usable address with its consent, or do it by hand",
                    step.id,
                    why.join("; ")
                );
                resolved.tasks.push(work::exception(self, TaskKind::Unreachable, step, rows, detail));
                resolved.results.extend(self.ended(step, rows, Outcome::Missed));
            }
        }
        resolved
    }

    fn ended(&self, step: &'a Step, rows: &[ItemStep], outcome: Outcome) -> Vec<(usize, StepResult<'a>)> {
        let (at, on) = (self.situation.now, self.situation.today);
        let result = |row: &ItemStep| StepResult::of(&step.id, row.next.occurrence.clone(), outcome, at, on);
        rows.iter().map(|row| (row.item, result(row))).collect()
    }

    fn message(&self, channel: Channel, contact: String, highest: usize, rows: &[ItemStep]) -> Option<Planned> {
        let step = self.workflow.steps.get(highest)?;
        let Action::Send(send) = &step.action else { return None };
        let template_version = *self.situation.policy.templates.get(&(send.template.clone(), channel))?;
        let covered = |row: &ItemStep| {
            let item = self.situation.receivables.items.get(row.item)?;
            let own = self.workflow.steps.get(row.next.index)?;
            Some(Covered {
                item: item.key.clone(),
                step: own.id.clone(),
                occurrence: row.next.occurrence.clone(),
                due_now_minor: asked_minor(self.situation, row.item, own.reminds_of_promise()),
            })
        };
        let mut rows: Vec<Covered> = rows.iter().filter_map(covered).collect();
        rows.sort();
        Some(Planned {
            position: 0,
            mode: self.situation.mode(),
            case: self.of.key.clone(),
            channel,
            person: self.situation.people.contact(&contact).and_then(Contact::person_digest),
            contact,
            template: send.template.clone(),
            template_version,
            pay_by: step.pay_by.map(|pay_by| add_days(self.situation.today, i64::from(pay_by.days))),
            rows,
            copy_of: None,
            // A step with copies is over with the first of its messages that left.
            receipt_within: send.after.filter(|_| send.copies == 0 && channel.facts().gives_receipts),
        })
    }
}
