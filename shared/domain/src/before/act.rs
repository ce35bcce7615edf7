use std::collections::{BTreeMap, BTreeSet};

use super::{
    case::{Planner, Round, tomorrow},
    way::{self, Way},
};
use crate::{
    Action, Case, CaseState, Channel, Covered, Money, NewTask, Next, Outcome, Planned, Step, TaskKind, WaitingReason,
    before::ladder::{NextStep, add_days},
    book::DueItem,
    guard::Verdict,
    workflow::{FeeKind, Notify, Send as SendStep},
};

/// Due items with the step that is each one's own.
type Rows<'a> = Vec<(DueItem<'a>, NextStep)>;

/// What falls due together: by channel and contact, the highest step and the rows of every step that goes there.
type Targets<'a> = BTreeMap<(Channel, String), (usize, Rows<'a>)>;

/// Does what is due: each chased item's own due step, sends merged by person and channel.
pub(super) fn act(planner: &mut Planner<'_, '_>, case: &Case, chased: &[DueItem<'_>]) -> Round {
    let mut by_step: BTreeMap<usize, Rows<'_>> = BTreeMap::new();
    for item in chased {
        if let Some(step) = planner.own_due_step(case, item) {
            by_step.entry(step.index).or_default().push((item.clone(), step));
        }
    }
    let mut targets: Targets<'_> = BTreeMap::new();
    let mut outlook = Outlook { next: Next::Parked, waits: None, satisfied: false };
    for (index, rows) in by_step {
        let Some(step) = planner.workflow.steps.get(index) else { continue };
        if step.approval.is_some() {
            let task = approval(planner, case, step, &rows);
            planner.decision.tasks.push(task);
            outlook.waits = Some(WaitingReason::Approval);
            continue;
        }
        match &step.action {
            Action::Send(send) => plan_send(planner, case, step, send, index, rows, &mut targets, &mut outlook),
            Action::Task(_)
            | Action::Notify(_)
            | Action::Escalate(_)
            | Action::CreditHold(_)
            | Action::HandOff(_)
            | Action::Fee(_) => {
                let task = task_of(planner, case, step, &rows);
                planner.decision.tasks.push(task);
                finish(planner, &rows, Outcome::Done);
                outlook.satisfied = true;
            }
        }
    }
    let sends = !targets.is_empty();
    for ((channel, contact), (highest, rows)) in targets {
        let planned = message(planner, channel, contact, highest, &rows);
        planner.decision.messages.extend(planned);
    }
    if sends {
        "send".clone_into(&mut planner.trace.because);
        return Round::Over(CaseState::Open, Next::Parked);
    }
    if outlook.satisfied {
        return Round::Again;
    }
    let state = outlook.waits.map_or(CaseState::Open, CaseState::Waiting);
    if planner.trace.because.is_empty() {
        let because = if outlook.waits.is_some() { "approval" } else { "deferred" };
        because.clone_into(&mut planner.trace.because);
    }
    Round::Over(state, outlook.next)
}

/// What is left to wait for when no message goes.
struct Outlook {
    next: Next,
    waits: Option<WaitingReason>,
    satisfied: bool,
}

#[expect(clippy::too_many_arguments, reason = "one straight line of the act above, cut out to be read by itself")]
fn plan_send<'r>(
    planner: &mut Planner<'_, '_>,
    case: &Case,
    step: &Step,
    send: &SendStep,
    index: usize,
    rows: Rows<'r>,
    targets: &mut Targets<'r>,
    outlook: &mut Outlook,
) {
    let tried: BTreeSet<(Channel, String)> = rows
        .iter()
        .flat_map(|(item, next)| planner.history.tried(&item.key, &step.id, next.occurrence).cloned().collect::<Vec<_>>())
        .collect();
    match way::find(planner.view, planner.workflow, send, &tried, &mut planner.trace.rules) {
        Way::Free(channel, contact) => {
            let (highest, all) = targets.entry((channel, contact)).or_default();
            *highest = (*highest).max(index);
            all.extend(rows);
        }
        Way::Later(until) => outlook.next = outlook.next.earlier(Next::At(until)),
        Way::Stopped(Verdict::Defer(until)) => {
            "stopped".clone_into(&mut planner.trace.because);
            outlook.next = outlook.next.earlier(Next::At(until));
        }
        Way::Stopped(Verdict::NeedsReview(why)) | Way::Review(why) => {
            let task =
                exception(planner, case, TaskKind::NeedsReview, step, &rows, format!("the guard asks for a person: {why}"));
            planner.decision.tasks.push(task);
            outlook.next = outlook.next.earlier(tomorrow(planner.view));
        }
        Way::Stopped(Verdict::Allow | Verdict::Block(_)) => {
            "stopped".clone_into(&mut planner.trace.because);
            outlook.next = outlook.next.earlier(tomorrow(planner.view));
        }
        Way::Nobody => {
            let why: Vec<String> = planner
                .trace
                .rules
                .iter()
                .rev()
                .take(6)
                .map(|line| format!("{}: {}", line.channel.as_str(), line.said))
                .collect();
            let detail = format!(
                "step {} could reach nobody ({}); add a usable address with its consent, or do it by hand",
                step.id,
                why.join("; ")
            );
            let task = exception(planner, case, TaskKind::Unreachable, step, &rows, detail);
            planner.decision.tasks.push(task);
            finish(planner, &rows, Outcome::Missed);
            outlook.satisfied = true;
        }
    }
}

fn finish(planner: &mut Planner<'_, '_>, rows: &Rows<'_>, outcome: Outcome) {
    for (item, next) in rows {
        planner.mark(item, next, outcome);
    }
}

fn message(planner: &Planner<'_, '_>, channel: Channel, contact: String, highest: usize, rows: &Rows<'_>) -> Option<Planned> {
    let step = planner.workflow.steps.get(highest)?;
    let Action::Send(send) = &step.action else { return None };
    let template_version = *planner.view.policy.templates.get(&(send.template.clone(), channel))?;
    let mut rows: Vec<Covered> = rows
        .iter()
        .filter_map(|(item, next)| {
            let step = planner.workflow.steps.get(next.index)?;
            Some(Covered {
                item: item.key.clone(),
                step: step.id.clone(),
                occurrence: next.occurrence,
                due_now_minor: item.due_now_minor,
            })
        })
        .collect();
    rows.sort();
    Some(Planned {
        position: 0,
        mode: planner.view.mode(),
        currency: planner.currency,
        channel,
        contact,
        template: send.template.clone(),
        template_version,
        rows,
    })
}

/// No due item has a step left though money is owed.
pub(super) fn plan_ended(planner: &Planner<'_, '_>, case: &Case) -> Option<NewTask> {
    (case.state != CaseState::Ended).then(|| NewTask {
        kind: TaskKind::PlanEnded,
        key: format!("{}/{}", case.id, planner.view.facts.decision + 1),
        title: "The plan has ended and money is still owed".to_owned(),
        detail: format!(
            "no due item has a step of workflow {} left, and {} are still due; decide what to do next, or write \
             the rest off in the accounting system",
            planner.workflow.id,
            Money::from_minor(planner.trace.due_now_minor, planner.currency)
        ),
        to: None,
        due_on: None,
        step: None,
        currency: Some(planner.currency),
    })
}

fn approval(planner: &Planner<'_, '_>, case: &Case, step: &Step, rows: &Rows<'_>) -> NewTask {
    NewTask {
        kind: TaskKind::Approval,
        key: key(case, step, rows),
        title: format!("Approve step {}: {}", step.id, step.action.kind()),
        detail: format!("step {} of workflow {} needs a person's approval before it happens", step.id, planner.workflow.id),
        to: None,
        due_on: None,
        step: Some(step.id.clone()),
        currency: Some(planner.currency),
    }
}

fn exception(planner: &Planner<'_, '_>, case: &Case, kind: TaskKind, step: &Step, rows: &Rows<'_>, detail: String) -> NewTask {
    NewTask {
        kind,
        key: key(case, step, rows),
        title: match kind {
            TaskKind::Unreachable => format!("Step {} could reach nobody", step.id),
            _ => format!("Step {} needs a look", step.id),
        },
        detail,
        to: None,
        due_on: None,
        step: Some(step.id.clone()),
        currency: Some(planner.currency),
    }
}

fn task_of(planner: &Planner<'_, '_>, case: &Case, step: &Step, rows: &Rows<'_>) -> NewTask {
    let told = |notify: &Notify| {
        let via = if notify.via.is_empty() { String::new() } else { format!(" (by {})", notify.via.join(", ")) };
        (Some(notify.to.clone()), via)
    };
    let (kind, title, to, due_in) = match &step.action {
        Action::Send(_) => (TaskKind::Task, step.id.clone(), None, None),
        Action::Task(task) => (TaskKind::Task, task.title.clone(), task.to.clone(), task.due_in),
        Action::Notify(notify) => {
            let (to, via) = told(notify);
            (TaskKind::Notify, format!("Tell {}{via}", notify.to), to, None)
        }
        Action::Escalate(notify) => {
            let (to, via) = told(notify);
            (TaskKind::Escalation, format!("Escalated to {}{via}", notify.to), to, None)
        }
        Action::CreditHold(_) => (TaskKind::CreditHold, "Stop supply to this customer".to_owned(), None, None),
        Action::HandOff(hand_off) => (TaskKind::HandOff, format!("Hand over to {}", hand_off.agency), None, None),
        Action::Fee(fee) => {
            let title = match (fee.kind, fee.amount_minor) {
                (FeeKind::Fixed, Some(minor)) => format!("Charge a fee of {}", crate::Money::from_minor(minor, planner.currency)),
                (FeeKind::Fixed, None) | (FeeKind::Statutory, _) => "Charge the statutory fee".to_owned(),
            };
            (TaskKind::Fee, title, None, None)
        }
    };
    let owed: i64 = rows.iter().fold(0, |sum, (item, _)| sum.saturating_add(item.due_now_minor));
    NewTask {
        kind,
        key: key(case, step, rows),
        title,
        detail: format!(
            "step {} of workflow {} covers {} due items with {} due now",
            step.id,
            planner.workflow.id,
            rows.len(),
            crate::Money::from_minor(owed, planner.currency)
        ),
        to,
        due_on: due_in.map(|days| add_days(planner.view.book.today, i64::from(days.0))),
        step: Some(step.id.clone()),
        currency: Some(planner.currency),
    }
}

fn key(case: &Case, step: &Step, rows: &Rows<'_>) -> String {
    let first = rows.first().map(|(item, next)| format!("{}/{}", item.key, next.occurrence)).unwrap_or_default();
    format!("{}/{}/{first}", case.id, step.id)
}
