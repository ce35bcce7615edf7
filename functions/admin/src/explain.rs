//! Decisions in words: why a message was, or was not, sent, and what would change it.

use std::collections::BTreeSet;

use domain::{
    CaseTrace, MessageStatus, Mode, Money, STATEMENT,
    explain::{self, SwitchedOff, Told},
};
use jiff::tz::TimeZone;
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

/// What a decision about one case came to, in the sentences of [`domain::explain`].
pub fn of_trace(trace: &CaseTrace, told: Told<'_>) -> Explanation {
    Explanation { why: explain::outcome(trace, told).join(" "), changes: explain::changes(trace, told).join(" ") }
}

/// That a tenant is switched off; `None` in a mode that decides.
pub fn of_mode(mode: Mode) -> Option<Explanation> {
    SwitchedOff::of(mode).map(|off| Explanation { why: off.said.join(" "), changes: off.changes })
}

/// What a record says, one entry a case or message, with instants as they are in `zone`. What holds kept back then is not in a record.
pub fn of_record(record: &Record, zone: &TimeZone) -> Vec<Explanation> {
    let told = Told { holds: &[], zone };
    let message = record.message.as_ref().map(|sent| of_message(record, sent));
    message.into_iter().chain(record.cases.iter().map(|trace| of_trace(trace, told))).collect()
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
        what.push_str(&match steps.as_slice() {
            [STATEMENT] => format!(", a statement of {items} due item(s)"),
            steps => format!(", for {items} due item(s) at step {}", steps.join(", ")),
        });
    }
    if let Some(asked) = &sent.asked_for {
        what.push_str(&format!(", asking for {}", Money::from_minor(asked.due_now_minor, asked.currency)));
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
        MessageStatus::NotSent => (format!("not sent, as a person found out{reason}: {what}"), "the next decision"),
        MessageStatus::Dropped => (format!("not sent, as a person found out, and dropped{reason}: {what}"), ""),
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
    use domain::{Because, Currency};

    fn explained(trace: &CaseTrace) -> Explanation {
        of_trace(trace, Told { holds: &[], zone: &TimeZone::UTC })
    }

    fn trace(because: Because) -> CaseTrace {
        CaseTrace {
            legal_entity: Default::default(),
            by_hand: false,
            case: None,
            joined: None,
            currency: Currency::EUR,
            state: None,
            workflow: Some("standard@3".to_owned()),
            version: None,
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
    fn orders_are_named_with_what_came_of_them() {
        let mut trace = trace(Because::Deferred);
        let order = domain::OrderId::derive(&["o"]);
        let said = "not obeyed: it comes too late: the step is over".to_owned();
        trace.orders.push(domain::OrderTrace { order: order.clone(), kind: domain::OrderKind::Skip, said, used: true });
        let words = explained(&trace);
        let says = format!("The order {order} (skip) was not obeyed: it comes too late: the step is over.");
        assert!(words.why.ends_with(&says), "{}", words.why);
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
        let words = explained(&trace);
        assert!(
            words.why.ends_with("Rule consent (version 2) by sms to contact p1 said: block: nobody agreed."),
            "{}",
            words.why
        );
    }
}
