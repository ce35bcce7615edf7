//! Reminders of promises: beside the ladder, about what was promised, and of nothing that is kept back for another reason.

use serde_json::json;

use super::{tests::EUR, *};
use crate::{
    CaseState, HoldClock, HoldScope, MessageId, Pending, PendingStatus, Planned, PromiseStatus, Terms, WaitingReason,
    testing::{Stage, at, hold, on, promise, workflow},
};

/// A ladder with a reminder of promises, so long before their day.
fn plan(offset: serde_json::Value) -> crate::Workflow {
    let send = |id: &str, anchor: &str, offset: serde_json::Value| {
        json!({"id": id, "at": {"anchor": anchor, "offset": offset},
            "action": {"send": {"channels": ["email"], "template": id, "to": ["billing"]}}})
    };
    workflow(json!({
        "id": "p", "name": "P", "scope": "customer",
        "steps": [
            send("reminder", "due_date", json!("P1D")),
            send("promised", "promise_date", offset),
            send("nudge", "due_date", json!("P8D")),
            {"id": "person", "at": {"anchor": "due_date", "offset": "P60D"}, "action": {"task": {"title": "Call"}}},
        ],
    }))
}

fn stage() -> Stage {
    let mut stage = Stage::new(plan(json!("-P1D")));
    for template in ["reminder", "promised", "nudge"] {
        stage.policy.templates.insert((template.to_owned(), crate::Channel::Email), 1);
    }
    stage
}

fn pending(planned: &Planned, decided_at: &str) -> Pending {
    Pending {
        id: MessageId::derive(&["m"]),
        number: 1,
        position: 0,
        status: PendingStatus::Queued,
        decided_at: at(decided_at),
        mode: planned.mode,
        case: planned.case.clone(),
        channel: planned.channel,
        contact: planned.contact.clone(),
        person: planned.person.clone(),
        template: planned.template.clone(),
        template_version: 1,
        pay_by: None,
        rows: planned.rows.clone(),
        copy_of: None,
        receipt_within: planned.receipt_within,
    }
}

#[test]
fn a_promise_is_reminded_of_the_day_before_though_all_of_it_is_kept_back() {
    let mut stage = stage();
    stage.invoice("A", EUR, 1_000, "2026-02-04");
    stage.invoice("B", EUR, 500, "2026-03-04");
    assert_eq!(stage.run("2026-02-05T08:00:00Z", "2026-02-06T00:00:00Z"), ["2026-02-05 reminder: A"]);
    // A Thursday.
    stage.facts.agreements.push(promise(HoldScope::Customer, "2026-02-06T00:00:00Z", "2026-02-12"));
    let waits = decide(&stage.facts, &stage.policy, at("2026-02-06T15:45:00Z"));
    assert!(waits.messages.is_empty());
    assert_eq!(case_in(&waits.cases, EUR).state, CaseState::Waiting(WaitingReason::Held));
    let next = waits.next.at().expect("it waits for the reminder").to_string();
    assert!(next.starts_with("2026-02-11T"), "{next}");
    // What is not due yet was promised too: one message has both.
    assert_eq!(stage.run("2026-02-06T15:45:00Z", "2026-02-12T00:00:00Z"), ["2026-02-11 promised: A, B"]);
    let after = decide(&stage.facts, &stage.policy, at("2026-02-12T12:00:00Z"));
    assert!(after.messages.is_empty());
    assert_eq!(case_in(&after.cases, EUR).state, CaseState::Waiting(WaitingReason::Held));
}

#[test]
fn a_reminder_asks_for_what_was_promised_and_its_sender_looks_again() {
    let now = "2026-02-11T15:45:00Z";
    let mut stage = stage();
    let a = stage.invoice("A", EUR, 1_000, "2026-02-04");
    stage.run("2026-02-05T08:00:00Z", "2026-02-06T00:00:00Z");
    let mut partly = promise(HoldScope::Invoice(a.clone()), "2026-02-06T00:00:00Z", "2026-02-12");
    partly.amount_minor = Some(400);
    stage.facts.agreements.push(partly.clone());
    let decision = decide(&stage.facts, &stage.policy, at(now));
    let [message] = decision.messages.as_slice() else { panic!("{:?}", decision.messages) };
    assert_eq!((message.template.as_str(), message.rows[0].due_now_minor), ("promised", 400));
    assert_eq!(decision.trace[0].step.as_deref(), Some("promised"));
    stage.facts.cases = decision.cases.clone();
    let pending = pending(message, now);
    let Recheck::Send { rows } = recheck(&stage.facts, &stage.policy, &pending, at(now)) else { panic!("it is sent") };
    assert_eq!(rows[0].due_now_minor, 400);
    for (why, change) in [
        (
            "cancelled",
            Box::new(|of: &mut crate::Agreement| {
                let Terms::Promise(promise) = &mut of.terms else { panic!("a promise") };
                promise.status = PromiseStatus::Cancelled;
                of.ended_at = Some(at("2026-02-11T09:00:00Z"));
            }) as Box<dyn Fn(&mut crate::Agreement)>,
        ),
        (
            "moved",
            Box::new(|of: &mut crate::Agreement| {
                let Terms::Promise(promise) = &mut of.terms else { panic!("a promise") };
                promise.pays_on = on("2026-02-20");
            }),
        ),
    ] {
        let mut facts = stage.facts.clone();
        change(&mut facts.agreements[0]);
        let looked = recheck(&facts, &stage.policy, &pending, at(now));
        assert!(matches!(looked, Recheck::Supersede(_)), "{why}: {looked:?}");
    }
    // It came: nobody is reminded.
    stage.pay("P", &a, 1_000, crate::PaymentStatus::Received, "2026-02-11T09:00:00Z");
    assert!(matches!(recheck(&stage.facts, &stage.policy, &pending, at(now)), Recheck::Supersede(_)));
}

#[test]
fn what_is_left_of_a_promised_invoice_does_not_wait_for_the_reminder() {
    let mut stage = stage();
    let a = stage.invoice("A", EUR, 1_000, "2026-02-04");
    stage.run("2026-02-05T08:00:00Z", "2026-02-06T00:00:00Z");
    let mut partly = promise(HoldScope::Invoice(a), "2026-02-06T00:00:00Z", "2026-02-19");
    partly.amount_minor = Some(400);
    stage.facts.agreements.push(partly);
    assert_eq!(
        stage.run("2026-02-06T15:45:00Z", "2026-02-20T00:00:00Z"),
        ["2026-02-12 nudge: A", "2026-02-18 promised: A"],
        "the nudge is about the rest"
    );
}

#[test]
fn nobody_is_reminded_who_promised_today_or_disputes_what_they_promised() {
    let made_the_day_before = || {
        let mut stage = stage();
        stage.invoice("A", EUR, 1_000, "2026-02-04");
        stage.run("2026-02-05T08:00:00Z", "2026-02-06T00:00:00Z");
        stage.facts.agreements.push(promise(HoldScope::Customer, "2026-02-11T08:00:00Z", "2026-02-12"));
        stage.run("2026-02-11T08:00:00Z", "2026-02-13T00:00:00Z")
    };
    assert_eq!(made_the_day_before(), Vec::<String>::new());
    let mut stage = stage();
    let a = stage.invoice("A", EUR, 1_000, "2026-02-04");
    stage.run("2026-02-05T08:00:00Z", "2026-02-06T00:00:00Z");
    stage.facts.agreements.push(promise(HoldScope::Customer, "2026-02-06T00:00:00Z", "2026-02-12"));
    let contested = HoldScope::Invoice(a);
    stage.facts.agreements.push(hold(contested, Some(100), HoldClock::Freeze, "2026-02-07T00:00:00Z", "2026-03-01"));
    assert_eq!(stage.run("2026-02-07T08:00:00Z", "2026-02-13T00:00:00Z"), Vec::<String>::new());
}

#[test]
fn a_promise_for_a_monday_is_reminded_of_on_a_friday_where_business_days_are_counted() {
    for (offset, expected) in
        [(json!({"business_days": -1}), "2026-02-13 promised: A"), (json!("-P1D"), "2026-02-16 promised: A")]
    {
        let mut stage = Stage::new(plan(offset));
        for template in ["reminder", "promised", "nudge"] {
            stage.policy.templates.insert((template.to_owned(), crate::Channel::Email), 1);
        }
        stage.invoice("A", EUR, 1_000, "2026-02-04");
        stage.run("2026-02-05T08:00:00Z", "2026-02-06T00:00:00Z");
        stage.facts.agreements.push(promise(HoldScope::Customer, "2026-02-06T00:00:00Z", "2026-02-16"));
        assert_eq!(stage.run("2026-02-06T08:00:00Z", "2026-02-17T00:00:00Z"), [expected]);
    }
}

#[test]
fn each_promise_is_reminded_of_once_and_a_person_may_keep_it_back() {
    let mut stage = stage();
    let a = stage.invoice("A", EUR, 1_000, "2026-02-04");
    stage.run("2026-02-05T08:00:00Z", "2026-02-06T00:00:00Z");
    stage.facts.agreements.push(promise(HoldScope::Invoice(a.clone()), "2026-02-06T00:00:00Z", "2026-02-12"));
    assert_eq!(stage.run("2026-02-06T08:00:00Z", "2026-02-13T00:00:00Z"), ["2026-02-11 promised: A"]);
    stage.facts.agreements.push(promise(HoldScope::Invoice(a), "2026-02-16T00:00:00Z", "2026-02-25"));
    let lines = stage.run("2026-02-16T08:00:00Z", "2026-02-26T00:00:00Z");
    assert_eq!(
        lines.iter().filter(|line| line.contains("promised")).collect::<Vec<_>>(),
        ["2026-02-24 promised: A"],
        "{lines:?}"
    );
    stage.policy.settings.paused = true;
    stage.facts.agreements.push(promise(HoldScope::Customer, "2026-03-02T00:00:00Z", "2026-03-12"));
    assert_eq!(stage.run("2026-03-02T08:00:00Z", "2026-03-13T00:00:00Z"), Vec::<String>::new());
}

#[test]
fn a_statement_of_the_same_day_waits_for_the_reminder() {
    let mut stage = Stage::new({
        let mut plan = serde_json::to_value(plan(json!("-P1D"))).expect("a plan");
        plan["statement"] = json!({"every": "month", "on": 11});
        workflow(plan)
    });
    for template in ["reminder", "promised", "nudge", "statement"] {
        stage.policy.templates.insert((template.to_owned(), crate::Channel::Email), 1);
    }
    let a = stage.invoice("A", EUR, 1_000, "2026-02-04");
    stage.invoice("B", EUR, 500, "2026-03-04");
    stage.run("2026-02-05T08:00:00Z", "2026-02-06T00:00:00Z");
    stage.facts.agreements.push(promise(HoldScope::Invoice(a), "2026-02-06T00:00:00Z", "2026-02-12"));
    assert_eq!(stage.run("2026-02-06T08:00:00Z", "2026-02-12T00:00:00Z"), ["2026-02-11 promised: A"]);
    let later = stage.run("2026-02-12T08:00:00Z", "2026-02-25T00:00:00Z");
    assert!(later.iter().any(|line| line.contains(" statement: ")), "{later:?}");
}
