//! Workflows that are ready to be taken over: each for a kind of customer or a manner, over the templates that a tenant starts with.

use domain::{
    Action, Anchor, At, Channel, Days, Offset, Role, Scope, Step, Workflow,
    workflow::{AfterWait, Approval, Fallback, Notify, PayBy, Send, TaskAction},
};

/// A workflow that is ready to be taken over.
#[derive(Clone, Debug, PartialEq)]
pub struct ReadyWorkflow {
    /// What a draft that begins from it names it by: `ready/gentle`.
    pub id: &'static str,
    /// For whom it is, and how it goes.
    pub about: &'static str,
    /// The plan; whoever takes it over gives it an id of their own.
    pub workflow: Workflow,
}

/// What is so of a plan besides its steps.
struct Plan {
    scope: Scope,
    priority: i32,
    applies_when: Option<&'static str>,
    min_gap: i32,
}

const USUAL: Plan = Plan { scope: Scope::Customer, priority: 100, applies_when: None, min_gap: 3 };

/// Every workflow that is ready to be taken over.
pub fn ready() -> Vec<ReadyWorkflow> {
    vec![
        ready_one(
            "small-sums",
            "Small sums",
            "Small sums, up to 100.00 in all: two messages far apart, then a person decides whether more is worth it.",
            Plan { priority: 200, applies_when: Some("exposure.open_minor <= 10000"), min_gap: 7, ..USUAL },
            vec![
                send("reminder", "reminder", 7, &[Channel::Email, Channel::Sms]),
                send("nudge", "nudge", 21, &[Channel::Email, Channel::Sms]),
                task("write-off", 45, "Write it off, or call?", 14),
            ],
        ),
        ready_one(
            "key-accounts",
            "Key accounts",
            "Customers of the segment 'key': a note ahead of time, a person's call before anything is written, and a message only if a \
             person approves it.",
            Plan { priority: 300, applies_when: Some("customer.segment == 'key'"), min_gap: 7, ..USUAL },
            vec![
                send("heads-up", "heads-up", -7, &[Channel::Email]),
                task("call", 3, "Call your contact and ask when the payment comes", 3),
                Step {
                    approval: Some(Approval::Required),
                    approve_within: Some(Days(5)),
                    then: Some(AfterWait::Skip),
                    ..send("reminder", "reminder", 10, &[Channel::Email])
                },
                task("agree", 25, "Agree with the customer how to go on", 3),
            ],
        ),
        ready_one(
            "instalments",
            "Instalments",
            "Invoices that are paid in instalments, each chased by itself: a note before each, a reminder, and a notice with a date to pay \
             by.",
            Plan { scope: Scope::Invoice, priority: 250, applies_when: Some("invoice.instalments >= 2"), ..USUAL },
            vec![
                send("heads-up", "heads-up", -5, &[Channel::Email]),
                send("reminder", "reminder", 2, &[Channel::Email, Channel::Sms]),
                asks(7, send("notice", "formal-notice", 12, &[Channel::Email])),
                task("review", 30, "Call the customer: an instalment is not paid", 3),
            ],
        ),
        ready_one(
            "consumers",
            "Consumers",
            "People who owe for themselves: friendly, far apart, with two weeks to pay before a person takes over.",
            Plan {
                priority: 220,
                applies_when: Some("customer.kind == 'person' || customer.debt_purpose == 'personal'"),
                min_gap: 7,
                ..USUAL
            },
            vec![
                send("heads-up", "heads-up", -3, &[Channel::Email]),
                send("reminder", "reminder", 5, &[Channel::Email, Channel::Sms]),
                send("nudge", "nudge", 15, &[Channel::Email, Channel::Sms]),
                asks(14, send("notice", "formal-notice", 30, &[Channel::Email])),
                task("review", 60, "Call the customer and look for a way to pay", 5),
            ],
        ),
        ready_one(
            "before-due",
            "Before the due date only",
            "Notes ahead of the due date and nothing after it: a person takes over what is not paid.",
            USUAL,
            vec![
                send("heads-up", "heads-up", -10, &[Channel::Email]),
                send("due-soon", "heads-up", -3, &[Channel::Email]),
                task("overdue", 3, "It is overdue: call the customer", 3),
            ],
        ),
        ready_one(
            "strict",
            "Strict",
            "Short distances, and two notices with a date to pay by, from the day after the due date on.",
            USUAL,
            vec![
                send("reminder", "reminder", 1, &[Channel::Email, Channel::Sms]),
                asks(5, send("notice", "formal-notice", 7, &[Channel::Email])),
                asks(5, send("final-notice", "final-notice", 18, &[Channel::Email, Channel::Sms])),
                task("review", 29, "Call the customer and decide how to go on", 2),
            ],
        ),
        ready_one(
            "gentle",
            "Gentle",
            "Few messages, far apart, none of which sets a date; then a person calls.",
            Plan { min_gap: 7, ..USUAL },
            vec![
                send("heads-up", "heads-up", -3, &[Channel::Email]),
                send("reminder", "reminder", 5, &[Channel::Email]),
                send("nudge", "nudge", 20, &[Channel::Email]),
                task("call", 45, "Call the customer and ask when the payment comes", 5),
            ],
        ),
        ready_one(
            "after-broken-promise",
            "After a broken promise",
            "The usual ladder; a promise is reminded of on the business day before. When its day has passed without the payment, a message \
             follows at once and a person calls.",
            USUAL,
            vec![
                send("reminder", "reminder", 1, &[Channel::Email, Channel::Sms]),
                send("nudge", "nudge", 8, &[Channel::Email, Channel::Sms]),
                before_promise(send("promise-reminder", "promise-reminder", 0, &[Channel::Email, Channel::Sms])),
                on_promise(send("promise-passed", "nudge", 4, &[Channel::Email, Channel::Sms])),
                on_promise(task("promise-call", 8, "Call the customer: the promised payment has not come", 2)),
                asks(7, send("notice", "formal-notice", 30, &[Channel::Email])),
                task("review", 50, "Call the customer and decide how to go on", 3),
            ],
        ),
        ready_one(
            "escalating",
            "Escalating",
            "Of large sums and after broken promises managers are told, and the customer's executive is written to.",
            USUAL,
            vec![
                send("reminder", "reminder", 1, &[Channel::Email, Channel::Sms]),
                send("nudge", "nudge", 8, &[Channel::Email, Channel::Sms]),
                Step { when: Some(GRAVE.to_owned()), ..escalate("managers", 15, "managers") },
                Step { when: Some(GRAVE.to_owned()), ..to_executive(send("executive", "formal-notice", 22, &[Channel::Email])) },
                task("review", 40, "Call the customer and decide how to go on", 3),
            ],
        ),
    ]
}

/// What makes a matter one of managers and executives: 5,000.00 past due, or two promises broken.
const GRAVE: &str = "exposure.overdue_minor >= 500000 || history.broken_promises >= 2";

fn ready_one(id: &'static str, name: &str, about: &'static str, plan: Plan, steps: Vec<Step>) -> ReadyWorkflow {
    let workflow = Workflow {
        id: id.to_owned(),
        version: 0,
        name: name.to_owned(),
        scope: plan.scope,
        priority: plan.priority,
        applies_when: plan.applies_when.map(str::to_owned),
        exit_when: None,
        min_gap: Days(plan.min_gap),
        statement: None,
        steps,
    };
    ReadyWorkflow { id, about, workflow }
}

fn due(days: i32) -> At {
    At { anchor: Anchor::DueDate, offset: Offset::Days(Days(days)) }
}

fn send(id: &str, template: &str, days: i32, channels: &[Channel]) -> Step {
    let (channels, template) = (channels.to_vec(), template.to_owned());
    let send = Send {
        channels,
        template,
        to: vec![Role::Billing],
        fallback: Fallback::Task,
        copies: 0,
        after: None,
        attach: Vec::new(),
    };
    Step::new(id, due(days), Action::Send(send))
}

fn escalate(id: &str, days: i32, to: &str) -> Step {
    Step::new(id, due(days), Action::Escalate(Notify { to: to.to_owned(), via: Vec::new(), urgent: false }))
}

fn to_executive(step: Step) -> Step {
    let action = match step.action {
        Action::Send(send) => Action::Send(Send { to: vec![Role::Executive, Role::Billing], ..send }),
        other => other,
    };
    Step { action, ..step }
}

fn task(id: &str, days: i32, title: &str, due_in: i32) -> Step {
    Step::new(id, due(days), Action::Task(TaskAction { title: title.to_owned(), to: None, due_in: Some(Days(due_in)) }))
}

fn asks(days: i32, step: Step) -> Step {
    Step { pay_by: Some(PayBy { days }), ..step }
}

fn on_promise(step: Step) -> Step {
    Step { at: At { anchor: Anchor::PromiseDate, offset: step.at.offset }, ..step }
}

/// On the business day before a promised day: for a Monday that is the Friday.
fn before_promise(step: Step) -> Step {
    Step { at: At { anchor: Anchor::PromiseDate, offset: Offset::Business { business_days: -1 } }, ..step }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use domain::{
        Settings,
        language::CUSTOMER_LANGUAGES,
        workflow::{PublishContext, prove},
    };

    use super::*;
    use crate::builtin::{templates, workflows};

    #[test]
    fn there_are_nine_over_at_most_ten_templates() {
        let all = ready();
        let ids: BTreeSet<&str> = all.iter().map(|ready| ready.id).collect();
        let names = [
            "after-broken-promise",
            "before-due",
            "consumers",
            "escalating",
            "gentle",
            "instalments",
            "key-accounts",
            "small-sums",
            "strict",
        ];
        assert_eq!(ids.into_iter().collect::<Vec<_>>(), names);
        assert!(all.iter().all(|ready| ready.id == ready.workflow.id && ready.about.ends_with('.')));
        let used: BTreeSet<String> = templates().into_iter().map(|template| template.id).collect();
        assert!(used.len() <= 10, "{used:?}");
    }

    #[test]
    fn the_prover_finds_nothing_in_what_is_ready() {
        for language in std::iter::once(None).chain(CUSTOMER_LANGUAGES.map(Some)) {
            let settings = Settings { language: language.map(str::to_owned), ..Settings::named("Northwind") };
            let mut languages: BTreeMap<(String, Channel), Vec<String>> = BTreeMap::new();
            for template in templates() {
                languages.entry((template.id, template.channel)).or_default().push(template.language);
            }
            let context = PublishContext { templates: languages, senders: Channel::with_sender().collect(), settings: &settings };
            let standard = workflows().into_iter().map(|workflow| Workflow { version: 0, ..workflow });
            for workflow in ready().into_iter().map(|ready| ready.workflow).chain(standard) {
                assert_eq!(prove(&workflow, &context), [], "{}", workflow.id);
                assert_eq!(crate::prove::prove(&workflow, &templates(), &settings), [], "{}", workflow.id);
            }
        }
    }
}
