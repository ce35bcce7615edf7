//! Decisions in words: why a message was, or was not, sent, and what would change it.

use std::collections::BTreeSet;

use domain::{Because, CaseTrace, MessageStatus, Money, calendar::DayOff};
use serde::Serialize;
use store::{Record, RecordedMessage};
use utoipa::ToSchema;

/// A decision about one case in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Explanation {
    /// What was decided and by which rule, workflow and version.
    pub why: String,
    /// What would change it.
    pub changes: String,
}

/// What a decision about one case came to.
pub fn of_trace(trace: &CaseTrace) -> Explanation {
    let money = |minor| Money::from_minor(minor, trace.currency).to_string();
    let (due_now, open) = (money(trace.due_now_minor), money(trace.open_minor));
    let step = trace.step.as_deref().unwrap_or("its step");
    let until = trace.until.map_or_else(|| "when something new arrives".to_owned(), |at| format!("at {at}"));
    let (why, changes) = match &trace.because {
        Because::NothingOpen => {
            ("nothing is open, so nothing is chased".to_owned(), "a new invoice, or a payment taken back".to_owned())
        }
        Because::NoWorkflowApplies => (
            format!("{open} is open, but the applies_when of no published workflow holds"),
            "publishing a workflow that applies, or a change of what its condition asks".to_owned(),
        ),
        Because::NothingDueNow { .. } => (
            format!("{open} is open, but holds, unapplied credit or money in flight cover all of it, so nothing is due now"),
            "the end of a hold, a payment taken back, or a new invoice".to_owned(),
        ),
        Because::Held { .. } => (format!("a hold keeps the whole case back; {open} is open"), "the end of the hold".to_owned()),
        Because::BelowMinimum { minimum_minor } => (
            format!("{due_now} is due now, less than {} of minimum_exposure in the settings", money(*minimum_minor)),
            "more falling due, or a lower minimum_exposure".to_owned(),
        ),
        Because::UnknownLegalEntity { legal_entity } => (
            format!("{open} is owed to legal entity '{legal_entity}', which the settings do not list; a task says so"),
            "listing it in settings.legal_entities, or another one in the accounting system".to_owned(),
        ),
        Because::ExitWhenHolds => {
            ("the workflow's exit_when holds, so the case waits".to_owned(), "exit_when no longer holding".to_owned())
        }
        Because::WorkflowWithdrawn => (
            format!("the workflow was taken out of use and its open cases were ended, though {open} is open; a task says so"),
            "a person, or letting its open cases run on".to_owned(),
        ),
        Because::MessagePending { until } => (
            "a message is decided and its result is not known yet; nothing further is sent until it is".to_owned(),
            format!("the result; without one a person is asked at {until}"),
        ),
        Because::PlanEnded => (
            format!("no due item has a step left, though {open} is open; a task says so"),
            "a person, or a new due item, which reopens the case".to_owned(),
        ),
        Because::NotDue { step, until, pay_by: None, holidays, .. } => (
            format!("{due_now} is due now; step {step} is next and not due yet{}", off(holidays)),
            format!("time: the step is due at {until}"),
        ),
        Because::NotDue { step, until, pay_by: Some(pay_by), holidays, .. } => (
            format!(
                "{due_now} is due now; step {step} is next and waits until what was to be paid by {pay_by} has had the time to arrive{}",
                off(holidays)
            ),
            format!("time: the step is due at {until}"),
        ),
        Because::Waiting { step, until, .. } => (
            format!("{due_now} is due now; step {step} is next and waits for the condition of its wait"),
            format!("the condition coming true, and at the latest time: it waits until {until}"),
        ),
        Because::Send => {
            (format!("step {step} is due, {due_now} is due now, and the guard allows it: a message is sent"), String::new())
        }
        Because::Approval { step } => (
            format!("step {step} waits for a person's approval; a task asks for it"),
            format!("the approval, or a refusal; without either it is decided again {until}"),
        ),
        Because::Deferred => (
            format!("step {step} is due, but every way to send it has to wait, or its work is done; see rules"),
            format!("time: it is decided again {until}"),
        ),
        Because::Stopped => (
            format!("step {step} is due, but a rule about the tenant as a whole stops every message; see rules"),
            format!("what the rule asks for; it is decided again {until}"),
        ),
        Because::UnknownState { state } => (
            format!("a later release left the case in the state '{state}', which this release does not know, so nothing is sent"),
            "that release, or a person who moves the case to a workflow".to_owned(),
        ),
        Because::Unsettled => (
            "deciding did not come to an end, so nothing is sent; a task says so".to_owned(),
            format!("a newer release; it is decided again {until}"),
        ),
        Because::Later(_) => (
            format!("a later release decided it, for the reason '{}', which this release does not know", trace.because.as_str()),
            format!("it is decided again {until}"),
        ),
    };
    let mut why = match &trace.workflow {
        Some(workflow) => format!("{why} (workflow {workflow})"),
        None => why,
    };
    for rule in &trace.rules {
        let contact = if rule.contact.is_empty() { String::new() } else { format!(" to contact {}", rule.contact) };
        why.push_str(&format!("; {} {} by {}{contact}: {}", rule.rule, rule.version, rule.channel.as_str(), rule.said));
    }
    for order in &trace.orders {
        why.push_str(&format!("; order {} ({}): {}", order.order, order.kind.as_str(), order.said));
    }
    if !trace.lapsed.is_empty() {
        why.push_str(&format!("; lapsed, because their day had passed: {}", trace.lapsed.join(", ")));
    }
    Explanation { why, changes }
}

/// Holidays in the way of a step.
fn off(holidays: &[DayOff]) -> String {
    let days: Vec<String> = holidays.iter().map(DayOff::to_string).collect();
    if days.is_empty() { String::new() } else { format!(", because {}", days.join(" and ")) }
}

/// What a record says, one entry a case or message.
pub fn of_record(record: &Record) -> Vec<Explanation> {
    let message = record.message.as_ref().map(|sent| of_message(record, sent));
    message.into_iter().chain(record.cases.iter().map(of_trace)).collect()
}

fn of_message(record: &Record, sent: &RecordedMessage) -> Explanation {
    let reason = if sent.reason.is_empty() { String::new() } else { format!(": {}", sent.reason) };
    let steps: BTreeSet<&str> =
        record.coverage.iter().flat_map(|coverage| coverage.rows.iter().map(|row| row.step.as_str())).collect();
    let items: usize = record.coverage.iter().map(|coverage| coverage.rows.len()).sum();
    let mut what = format!(
        "{} to contact {} with template {} version {}",
        sent.channel.as_str(),
        sent.contact,
        sent.template,
        sent.template_version
    );
    if items > 0 {
        let steps: Vec<&str> = steps.into_iter().collect();
        what.push_str(&format!(", for {items} due item(s) at step {}", steps.join(", ")));
    }
    if !record.workflows.is_empty() {
        what.push_str(&format!(", workflow {}", record.workflows.join(", ")));
    }
    let Some(status) = record.status.message() else { return Explanation { why: what, changes: String::new() } };
    let (why, changes) = match status {
        MessageStatus::Sent => (format!("sent: {what}"), ""),
        MessageStatus::Shadow => (format!("rendered but not sent, because the tenant is in shadow mode: {what}"), "going live"),
        MessageStatus::Superseded => (format!("not sent, because it was no longer right{reason}: {what}"), "the next decision"),
        MessageStatus::Blocked => (format!("not sent, because the guard blocked it{reason}: {what}"), "what the rule asks for"),
        MessageStatus::Failed => {
            (format!("not sent, because the provider refused it{reason}: {what}"), "another address or channel")
        }
        MessageStatus::Unknown | MessageStatus::InDoubt => {
            (format!("it is not known whether it was sent{reason}: {what}"), "the provider's receipt, or a person who settles it")
        }
        MessageStatus::Queued
        | MessageStatus::BouncedForNow
        | MessageStatus::Delivered
        | MessageStatus::Bounced
        | MessageStatus::Rejected
        | MessageStatus::RenderingFailed
        | MessageStatus::Complained
        | MessageStatus::Later(_) => (format!("{}{reason}: {what}", status.as_str()), ""),
    };
    Explanation { why, changes: changes.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Currency;

    fn trace(because: Because) -> CaseTrace {
        CaseTrace {
            legal_entity: Default::default(),
            by_hand: false,
            case: None,
            joined: None,
            currency: Currency::EUR,
            state: None,
            workflow: Some("standard@3".to_owned()),
            due_now_minor: 125_000,
            open_minor: 200_000,
            driver: None,
            step: Some("reminder".to_owned()),
            because,
            until: Some("2026-02-05T09:00:00Z".parse().unwrap()),
            lapsed: Vec::new(),
            rules: Vec::new(),
            orders: Vec::new(),
        }
    }

    #[test]
    fn every_reason_has_a_sentence() {
        let until = "2026-02-05T09:00:00Z".parse().unwrap();
        let item = domain::DueItemKey::whole(domain::InvoiceId::derive(&["INV-1"]));
        let step = "reminder".to_owned();
        for (because, says, changes) in [
            (Because::NothingOpen, "nothing is open", "a new invoice"),
            (Because::NoWorkflowApplies, "applies_when", "publishing"),
            (Because::NothingDueNow { held: true }, "2000.00 EUR is open", "the end of a hold"),
            (Because::Held { by: vec![] }, "a hold keeps", "end of the hold"),
            (Because::BelowMinimum { minimum_minor: 130_000 }, "1250.00 EUR is due now, less than 1300.00", "minimum_exposure"),
            (Because::WorkflowWithdrawn, "taken out of use", "run on"),
            (Because::ExitWhenHolds, "exit_when holds", "no longer"),
            (Because::MessagePending { until }, "its result is not known", "2026-02-05"),
            (Because::PlanEnded, "no due item has a step left", "a person"),
            (
                Because::NotDue { item: item.clone(), step: step.clone(), until, pay_by: None, holidays: vec![] },
                "step reminder is next",
                "2026-02-05T09:00:00Z",
            ),
            (
                Because::NotDue {
                    item: item.clone(),
                    step: step.clone(),
                    until,
                    pay_by: Some("2026-02-02".parse().expect("a date")),
                    holidays: vec![],
                },
                "to be paid by 2026-02-02",
                "2026-02-05T09:00:00Z",
            ),
            (
                Because::NotDue {
                    item: item.clone(),
                    step: step.clone(),
                    until,
                    pay_by: None,
                    holidays: vec![
                        DayOff { on: "2026-04-03".parse().expect("a date"), holiday_of: Some("DE".to_owned()) },
                        DayOff { on: "2026-04-07".parse().expect("a date"), holiday_of: None },
                    ],
                },
                "not due yet, because 2026-04-03 is a public holiday of DE and 2026-04-07 is one of the tenant's closed days",
                "2026-02-05T09:00:00Z",
            ),
            (Because::Waiting { item, step: step.clone(), until }, "step reminder is next and waits", "2026-02-05T09:00:00Z"),
            (Because::Send, "a message is sent", ""),
            (Because::Approval { step }, "approval", "the approval"),
            (Because::Deferred, "has to wait", "2026-02-05"),
            (Because::Stopped, "stops every message", "2026-02-05"),
            (Because::UnknownState { state: "of_2031".to_owned() }, "'of_2031'", "a person"),
            (Because::Unsettled, "did not come to an end", "2026-02-05"),
            (serde_json::from_str(r#"{"kind": "of_2031"}"#).unwrap(), "'of_2031'", "2026-02-05"),
        ] {
            let words = of_trace(&trace(because.clone()));
            assert!(words.why.contains(says), "{because:?}: {}", words.why);
            assert!(words.why.ends_with("(workflow standard@3)"), "{}", words.why);
            assert!(words.changes.contains(changes), "{because:?}: {}", words.changes);
        }
    }

    #[test]
    fn orders_are_named_with_what_came_of_them() {
        let mut trace = trace(Because::Deferred);
        let order = domain::OrderId::derive(&["o"]);
        let said = "not obeyed: it comes too late: the step is over".to_owned();
        trace.orders.push(domain::OrderTrace { order: order.clone(), kind: domain::OrderKind::Skip, said, used: true });
        let words = of_trace(&trace);
        assert!(
            words.why.ends_with(&format!("order {order} (skip): not obeyed: it comes too late: the step is over")),
            "{}",
            words.why
        );
    }

    #[test]
    fn rules_are_named_with_their_version() {
        let mut trace = trace(Because::Stopped);
        trace.rules.push(domain::RuleTrace {
            rule: "consent".to_owned(),
            version: 2,
            channel: domain::Channel::Sms,
            contact: "p1".to_owned(),
            said: "block: nobody agreed".to_owned(),
        });
        let words = of_trace(&trace);
        assert!(words.why.ends_with("consent 2 by sms to contact p1: block: nobody agreed"), "{}", words.why);
    }
}
