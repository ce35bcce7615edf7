//! A workflow in words: its steps as a timeline, each with when it comes, what it does, and what is so of it besides.

use domain::{
    Action, AttachedDocument, Channel, Offset, Step, Workflow,
    workflow::{
        AfterWait, Anchor, Approval, At, CatchUp, Days, Fallback, FeeKind, Notify, Scope, Send, StatementEvery, StatementPlan,
    },
};
use serde::Serialize;

/// A workflow as a page draws it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct LadderView {
    /// What is so of the plan as a whole, each in a sentence.
    pub(crate) about: Vec<String>,
    /// Its steps, in order.
    pub(crate) steps: Vec<RungView>,
}

/// A step as a page draws it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct RungView {
    pub(crate) id: String,
    /// `message`, `person` or `firm`: how it is drawn.
    pub(crate) kind: &'static str,
    /// When it comes.
    pub(crate) moment: String,
    /// What it does.
    pub(crate) does: String,
    /// What is so of it besides.
    pub(crate) notes: Vec<String>,
}

impl LadderView {
    pub(crate) fn of(workflow: &Workflow) -> Self {
        Self { about: about(workflow), steps: workflow.steps.iter().map(RungView::of).collect() }
    }
}

impl RungView {
    pub(crate) fn of(step: &Step) -> Self {
        let (kind, does) = action(&step.action);
        Self { id: step.id.clone(), kind, moment: moment(step.at), does, notes: notes(step) }
    }
}

fn about(workflow: &Workflow) -> Vec<String> {
    let mut said = vec![match workflow.scope {
        Scope::Customer => "One ladder a customer: the oldest due item sets the pace.".to_owned(),
        Scope::Invoice => "One ladder an invoice: each due item has its own pace.".to_owned(),
    }];
    said.extend(workflow.applies_when.as_ref().map(|condition| format!("For those of whom it holds: {condition}")));
    said.extend(workflow.exit_when.as_ref().map(|condition| format!("It is over while this holds: {condition}")));
    said.push(format!("At least {} between two contacts of a customer.", days(workflow.min_gap)));
    said.push(format!("Priority {}: where several workflows apply, the highest wins.", workflow.priority));
    said.extend(workflow.statement.as_ref().map(statement));
    said
}

fn statement(plan: &StatementPlan) -> String {
    let every = match plan.every {
        StatementEvery::Month => "month",
        StatementEvery::Week => "week",
    };
    format!("A statement of all that is open each {every}, by {}.", listed(plan.channels.iter().map(Channel::as_str)))
}

/// When a step comes, before gaps, holds and hours.
fn moment(at: At) -> String {
    let anchor = match at.anchor {
        Anchor::InvoiceDate => "the invoice date",
        Anchor::DueDate => "the due date",
        Anchor::PreviousStep => "the step before",
        Anchor::CaseOpened => "the day the case opened",
        Anchor::PromiseDate => "the promised day",
    };
    let (count, unit) = match at.offset {
        Offset::Days(Days(days)) => (days, "day"),
        Offset::Business { business_days } => (business_days, "business day"),
        Offset::Months { months, end_of_month: false } => (months, "month"),
        Offset::Months { months: 0, end_of_month: true } => return format!("On the last day of the month of {anchor}"),
        Offset::Months { months, end_of_month: true } => {
            let side = if months < 0 { "before" } else { "after" };
            return format!("On the last day of the month {} {side} {anchor}", counted(months.unsigned_abs(), "month"));
        }
    };
    match count {
        0 => format!("On {anchor}"),
        count if count < 0 => format!("{} before {anchor}", counted(count.unsigned_abs(), unit)),
        count => format!("{} after {anchor}", counted(count.unsigned_abs(), unit)),
    }
}

fn action(action: &Action) -> (&'static str, String) {
    match action {
        Action::Send(send) => ("message", message(send)),
        Action::Task(task) => {
            let to = task.to.as_ref().map_or_else(String::new, |to| format!(", for {to}"));
            let within = task.due_in.map_or_else(String::new, |within| format!(", within {}", days(within)));
            ("person", format!("Task: {}{to}{within}", task.title))
        }
        Action::Notify(notify) => ("person", told("Tell", notify)),
        Action::Escalate(notify) => ("person", told("Hand judgement to", notify)),
        Action::CreditHold(hold) => ("firm", format!("Stop supply; to be confirmed within {}", days(hold.confirm_within))),
        Action::ChangeTerms(change) => {
            ("firm", format!("Stricter terms: {}; to be confirmed within {}", change.terms.words(), days(change.confirm_within)))
        }
        Action::HandOff(hand_off) => ("firm", format!("Hand off to {}", hand_off.agency)),
        Action::Fee(fee) => {
            let how = match (fee.kind, fee.amount_minor) {
                (FeeKind::Statutory, _) => "as the law allows".to_owned(),
                (FeeKind::Fixed, Some(minor)) => format!("of {minor} minor units"),
                (FeeKind::Fixed, None) => "of an amount that is missing".to_owned(),
            };
            ("firm", format!("Propose a fee {how}"))
        }
    }
}

fn message(send: &Send) -> String {
    let channels = send.channels.iter().map(Channel::as_str).collect::<Vec<_>>().join(", else ");
    let to = send.to.iter().map(|role| role.as_str().to_owned()).collect::<Vec<_>>().join(", else ");
    format!("Write by {channels} to {to}: {}", send.template)
}

fn told(how: &str, notify: &Notify) -> String {
    let via = if notify.via.is_empty() { String::new() } else { format!(" by {}", notify.via.join(", ")) };
    let urgent = if notify.urgent { ", at once" } else { "" };
    format!("{how} {}{via}{urgent}", notify.to)
}

fn notes(step: &Step) -> Vec<String> {
    let mut said = Vec::new();
    said.extend(step.when.as_ref().map(|condition| format!("Only when {condition}")));
    said.extend(step.wait.as_ref().map(|wait| {
        let then = after_wait(wait.then);
        format!("Waits until {}, {} at most; then it is {then}", wait.until, days(wait.at_most))
    }));
    said.extend(step.pay_by.map(|pay_by| format!("Asks to be paid within {}", counted(pay_by.days.unsigned_abs(), "day"))));
    said.extend(step.repeat.map(|repeat| format!("{} times in all, every {}", repeat.times, days(repeat.every))));
    if let Some(Approval::Required) = step.approval {
        let end = match (step.approve_within, step.then) {
            (Some(within), Some(then)) => format!(", within {}; then it is {}", days(within), after_wait(then)),
            (Some(within), None) => format!(", within {}", days(within)),
            (None, _) => String::new(),
        };
        said.push(format!("A person approves first{end}"));
    }
    match step.catch_up {
        CatchUp::Lowest => {}
        CatchUp::Highest => said.push("When late, a later step that is due goes instead".to_owned()),
        CatchUp::Skip => said.push("When late, it is skipped".to_owned()),
    }
    if step.keep_distance {
        said.push("Keeps its distance to a step before that was late".to_owned());
    }
    if let Action::Send(send) = &step.action {
        said.extend(send_notes(send));
    }
    said
}

fn send_notes(send: &Send) -> Vec<String> {
    let mut said = Vec::new();
    said.extend(send.after.map(|after| format!("The next channel after {} without a receipt", counted_hours(after.hours()))));
    if send.copies > 0 {
        said.push(format!("To {} more", counted(send.copies, "person")));
    }
    for attached in &send.attach {
        said.push(match attached {
            AttachedDocument::Statement => "Carries the statement".to_owned(),
            AttachedDocument::Invoices => "Carries copies of the invoices".to_owned(),
        });
    }
    match send.fallback {
        Fallback::Task => {}
        Fallback::None => said.push("Where nobody can be reached, no task is made".to_owned()),
    }
    said
}

fn after_wait(then: AfterWait) -> &'static str {
    match then {
        AfterWait::Skip => "skipped",
        AfterWait::Do => "done all the same",
    }
}

fn days(days: Days) -> String {
    counted(days.0.unsigned_abs(), "day")
}

fn counted_hours(hours: i64) -> String {
    let hours = u32::try_from(hours).unwrap_or(u32::MAX);
    if hours.is_multiple_of(24) { counted(hours / 24, "day") } else { counted(hours, "hour") }
}

/// `1 day`, `3 days`; more than one person are people.
pub(crate) fn counted(count: u32, what: &str) -> String {
    match (count, what) {
        (1, what) => format!("1 {what}"),
        (count, "person") => format!("{count} people"),
        (count, what) => format!("{count} {what}s"),
    }
}

fn listed<'a>(words: impl Iterator<Item = &'a str>) -> String {
    words.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn rung(step: serde_json::Value) -> RungView {
        RungView::of(&serde_json::from_value(step).unwrap())
    }

    #[test]
    fn a_step_is_said_in_words() {
        let at = |anchor: &str, offset: serde_json::Value| json!({"anchor": anchor, "offset": offset});
        let task = json!({"task": {"title": "Call", "to": "collector", "due_in": "P7D"}});
        for (at, expected) in [
            (at("due_date", json!("-P5D")), "5 days before the due date"),
            (at("due_date", json!("P1D")), "1 day after the due date"),
            (at("invoice_date", json!("P0D")), "On the invoice date"),
            (at("previous_step", json!({"business_days": 4})), "4 business days after the step before"),
            (at("due_date", json!({"months": 0, "end_of_month": true})), "On the last day of the month of the due date"),
            (
                at("due_date", json!({"months": 2, "end_of_month": true})),
                "On the last day of the month 2 months after the due date",
            ),
        ] {
            let rung = rung(json!({"id": "s", "at": at, "action": task}));
            assert_eq!(rung.moment, expected);
            assert_eq!((rung.kind, rung.does.as_str()), ("person", "Task: Call, for collector, within 7 days"));
        }
        let rung = rung(json!({
            "id": "reminder", "at": at("due_date", json!("P1D")), "when": "history.contacts == 0", "pay_by": {"days": 10},
            "repeat": {"every": "P7D", "times": 3}, "approval": "required", "approve_within": "P14D", "then": "skip",
            "action": {"send": {"channels": ["email", "sms"], "template": "reminder", "to": ["billing"], "copies": 1, "after": "P1D"}},
        }));
        assert_eq!(rung.does, "Write by email, else sms to billing: reminder");
        for note in [
            "Only when history.contacts == 0",
            "Asks to be paid within 10 days",
            "3 times in all, every 7 days",
            "A person approves first, within 14 days; then it is skipped",
            "To 1 person more",
            "The next channel after 1 day without a receipt",
        ] {
            assert!(rung.notes.iter().any(|said| said == note), "{note}: {:?}", rung.notes);
        }
    }
}
