use serde_json::json;

use super::*;
use crate::{
    CaseState, Event, HoldClock, HoldScope, InvoiceStatus, Next, PaymentStatus, Suppression, SuppressionReason, TaskKind,
    WaitingReason, address_key,
    evolve::evolve,
    receivables::Receivables,
    testing::{Stage, at, contact, hold, ladder, on, promise, workflow},
};

pub(super) const EUR: Currency = Currency::EUR;

#[test]
fn a_ladder_runs_its_course() {
    let mut stage = Stage::new(ladder());
    stage.invoice("A", EUR, 125_000, "2026-02-04");
    assert_eq!(
        stage.run("2026-01-05T08:00:00Z", "2026-06-01T00:00:00Z"),
        [
            "2026-01-30 heads-up: A",
            "2026-02-05 reminder: A",
            "2026-02-12 nudge: A",
            "2026-02-24 final: A",
            "2026-03-06 task: Call",
            "2026-03-06 plan_ended: The workflow has ended and money is still owed",
        ]
    );
    assert_eq!(case_in(&stage.facts.cases, EUR).state, CaseState::Ended);
}

#[test]
fn thirty_invoices_are_one_message_and_all_ladders_move() {
    let mut stage = Stage::new(ladder());
    for place in 0..30 {
        stage.invoice(&format!("I{place:02}"), EUR, 1_000, "2026-02-04");
    }
    let decision = stage.step(at("2026-02-09T15:45:00Z"));
    assert_eq!(decision.messages.len(), 1);
    assert_eq!(decision.messages[0].rows.len(), 30);
    assert!(decision.messages[0].rows.iter().all(|row| row.step == "reminder"));
}

#[test]
fn the_oldest_drives_and_each_item_is_credited_with_its_own_step() {
    let mut stage = Stage::new(ladder());
    stage.invoice("old", EUR, 1_000, "2026-01-15");
    stage.invoice("new", EUR, 2_000, "2026-01-21");
    assert_eq!(
        stage.run("2026-01-12T08:00:00Z", "2026-02-06T00:00:00Z"),
        [
            "2026-01-12 heads-up: old",
            "2026-01-16 heads-up: new",
            "2026-01-16 reminder: old",
            "2026-01-23 nudge: new (reminder), old",
            "2026-02-04 final: new (nudge), old"
        ]
    );
}

/// On 24 February A is 20 days past due and its final notice is due; B falls due on the day given.
fn final_notice_beside(due_on: &str, scope: crate::Scope) -> Vec<String> {
    let mut plan = ladder();
    plan.scope = scope;
    plan.steps.insert(
        1,
        serde_json::from_value(json!({"id": "today", "at": {"anchor": "due_date", "offset": "P0D"},
            "action": {"send": {"channels": ["email"], "template": "today", "to": ["billing"]}}}))
        .expect("a step"),
    );
    let mut stage = Stage::new(plan);
    stage.invoice("A", EUR, 1_000, "2026-02-04");
    stage.invoice("B", EUR, 2_000, due_on);
    let lines = stage.run("2026-01-20T08:00:00Z", "2026-02-25T00:00:00Z");
    lines.into_iter().filter(|line| line.starts_with("2026-02-24")).collect()
}

#[test]
fn what_is_past_due_covers_nothing_that_is_not() {
    use crate::Scope::{Customer, Invoice};
    for (due_on, scope, expected) in [
        ("2026-03-01", Customer, vec!["2026-02-24 heads-up: B", "2026-02-24 final: A"]),
        ("2026-03-01", Invoice, vec!["2026-02-24 heads-up: B", "2026-02-24 final: A"]),
        // While A drives, B's heads-up waits for A's next step.
        ("2026-02-24", Customer, vec!["2026-02-24 heads-up: B", "2026-02-24 final: A"]),
        ("2026-02-24", Invoice, vec!["2026-02-24 today: B", "2026-02-24 final: A"]),
        ("2026-02-23", Customer, vec!["2026-02-24 final: A, B (today)"]),
    ] {
        assert_eq!(final_notice_beside(due_on, scope), expected, "B due on {due_on}, {scope:?}");
    }
}

#[test]
fn each_item_drives_itself_with_scope_invoice() {
    let mut plan = ladder();
    plan.scope = crate::Scope::Invoice;
    let mut stage = Stage::new(plan);
    stage.invoice("old", EUR, 1_000, "2026-01-14");
    stage.invoice("new", EUR, 2_000, "2026-01-26");
    assert_eq!(
        stage.run("2026-01-08T08:00:00Z", "2026-02-06T00:00:00Z"),
        [
            "2026-01-09 heads-up: old",
            "2026-01-15 reminder: old",
            "2026-01-21 heads-up: new",
            "2026-01-26 nudge: old",
            "2026-01-29 reminder: new",
            "2026-02-03 final: new (nudge), old",
        ]
    );
}

#[test]
fn late_items_climb_one_rung_at_a_time() {
    let mut stage = Stage::new(ladder());
    stage.invoice("A", EUR, 1_000, "2026-01-05");
    // Forty days late: reminder now, then the planned distances (7, 12, 10 days) from each satisfaction.
    assert_eq!(
        stage.run("2026-02-16T15:45:00Z", "2026-04-10T00:00:00Z"),
        [
            "2026-02-16 reminder: A",
            "2026-02-23 nudge: A",
            "2026-03-09 final: A",
            "2026-03-19 task: Call",
            "2026-03-19 plan_ended: The workflow has ended and money is still owed"
        ]
    );
}

#[test]
fn catch_up_highest_jumps_and_skip_passes_over() {
    for (catch_up, expected) in
        [("highest", vec!["2026-02-16 final: A"]), ("skip", vec![]), ("lowest", vec!["2026-02-16 reminder: A"])]
    {
        let mut plan = ladder();
        for step in &mut plan.steps {
            step.catch_up = serde_json::from_value(json!(catch_up)).expect("a catch-up");
        }
        let mut stage = Stage::new(plan);
        stage.invoice("A", EUR, 1_000, "2026-01-20");
        let lines = stage.run("2026-02-16T15:45:00Z", "2026-02-16T15:59:00Z");
        assert_eq!(lines, expected, "{catch_up}");
    }
}

#[test]
fn five_days_without_sweeps_lose_nothing_and_double_nothing() {
    let mut stage = Stage::new(ladder());
    stage.invoice("A", EUR, 1_000, "2026-02-04");
    let mut lines = stage.run("2026-01-20T08:00:00Z", "2026-02-01T00:00:00Z");
    lines.extend(stage.run("2026-02-10T10:00:00Z", "2026-03-20T00:00:00Z"));
    assert_eq!(
        lines,
        [
            "2026-01-30 heads-up: A",
            "2026-02-10 reminder: A",
            "2026-02-13 nudge: A",
            "2026-02-24 final: A",
            "2026-03-06 task: Call",
            "2026-03-06 plan_ended: The workflow has ended and money is still owed",
        ]
    );
}

#[test]
fn a_partial_payment_skips_no_rung() {
    let mut stage = Stage::new(ladder());
    let id = stage.invoice("A", EUR, 1_000, "2026-02-04");
    stage.run("2026-01-20T08:00:00Z", "2026-02-06T00:00:00Z");
    stage.pay("P", &id, 400, PaymentStatus::Received, "2026-02-07T00:00:00Z");
    let decision = stage.step(at("2026-02-12T15:45:00Z"));
    assert_eq!((decision.messages[0].template.as_str(), decision.messages[0].rows[0].due_now_minor), ("nudge", 600));
}

#[test]
fn paid_closes_and_a_reversal_reenters_at_its_rung() {
    let mut stage = Stage::new(ladder());
    stage.policy.settings.after_refund = crate::settings::AfterRefund::Chase;
    let id = stage.invoice("A", EUR, 1_000, "2026-02-04");
    stage.run("2026-01-20T08:00:00Z", "2026-02-06T00:00:00Z");
    let case = case_in(&stage.facts.cases, EUR).id.clone();
    stage.pay("P", &id, 1_000, PaymentStatus::Received, "2026-02-07T00:00:00Z");
    let decision = stage.step(at("2026-02-07T15:45:00Z"));
    assert_eq!(case_in(&decision.cases, EUR).state, CaseState::Closed);
    stage.pay("P", &id, 1_000, PaymentStatus::Reversed, "2026-02-20T00:00:00Z");
    assert_eq!(stage.run("2026-02-20T15:45:00Z", "2026-02-23T00:00:00Z"), ["2026-02-20 nudge: A"]);
    assert_eq!(case_in(&stage.facts.cases, EUR).id, case, "the same case, reopened");
}

#[test]
fn half_on_hold_leaves_the_other_half_chased() {
    let mut stage = Stage::new(ladder());
    let id = stage.invoice("A", EUR, 1_000, "2026-02-04");
    stage.facts.agreements.push(hold(
        HoldScope::Invoice(id),
        Some(500),
        HoldClock::StopClock,
        "2026-01-20T00:00:00Z",
        "2026-03-31",
    ));
    let decision = stage.step(at("2026-02-05T15:45:00Z"));
    assert_eq!((decision.messages[0].template.as_str(), decision.messages[0].rows[0].due_now_minor), ("reminder", 500));
}

#[test]
fn holds_of_one_item_speak_of_the_same_money() {
    for (amounts, due_now) in
        [(vec![None, Some(300)], 0), (vec![Some(300), Some(500)], 500), (vec![Some(600), Some(700)], 300), (vec![Some(0)], 1_000)]
    {
        let mut stage = Stage::new(ladder());
        let id = stage.invoice("A", EUR, 1_000, "2026-02-04");
        for amount in &amounts {
            stage.facts.agreements.push(hold(
                HoldScope::Invoice(id.clone()),
                *amount,
                HoldClock::Freeze,
                "2026-01-20T00:00:00Z",
                "2026-03-31",
            ));
        }
        let receivables = Receivables::in_zone(&stage.facts, &jiff::tz::TimeZone::UTC, at("2026-02-10T15:45:00Z"));
        assert_eq!(receivables.exposure_minor(EUR), due_now, "{amounts:?}");
    }
}

#[test]
fn a_case_on_hold_waits_and_stop_clock_moves_the_anchor() {
    for (clock, expected) in [(HoldClock::StopClock, "2026-02-13 reminder: A"), (HoldClock::Freeze, "2026-02-12 reminder: A")] {
        let mut stage = Stage::new(ladder());
        stage.invoice("A", EUR, 1_000, "2026-02-04");
        stage.facts.agreements.push(hold(HoldScope::Customer, None, clock.clone(), "2026-01-30T00:00:00Z", "2026-02-11"));
        let decision = stage.step(at("2026-02-05T15:45:00Z"));
        assert_eq!(case_in(&decision.cases, EUR).state, CaseState::Waiting(WaitingReason::Held));
        let lines = stage.run("2026-02-05T15:45:00Z", "2026-02-18T00:00:00Z");
        assert_eq!(lines, [expected], "{clock:?}");
    }
}

#[test]
fn unapplied_credit_is_taken_off_the_oldest_first() {
    let mut stage = Stage::new(ladder());
    let old = stage.invoice("old", EUR, 1_000, "2026-02-04");
    stage.invoice("new", EUR, 1_000, "2026-02-05");
    stage.pay("P", &old, 1_200, PaymentStatus::Received, "2026-02-01T00:00:00Z");
    stage.facts.payments[0].payment.allocations.clear();
    let receivables = Receivables::in_zone(&stage.facts, &jiff::tz::TimeZone::UTC, at("2026-02-10T15:45:00Z"));
    let due: Vec<i64> = receivables.items.iter().map(|item| item.due_now_minor).collect();
    assert_eq!(due, [0, 800]);
}

#[test]
fn paid_and_credited_are_counted_once_in_any_order() {
    // Document says, payments say: what is open of 1,000.
    for (stated, allocated, status, open) in [
        (0, 0, PaymentStatus::Received, 1_000),
        (400, 0, PaymentStatus::Received, 600),
        (0, 400, PaymentStatus::Received, 600),
        (400, 400, PaymentStatus::Received, 600),
        (400, 600, PaymentStatus::Pending, 400),
        (400, 600, PaymentStatus::Reversed, 600),
        (0, 1_000, PaymentStatus::Refunded, 1_000),
    ] {
        let mut stage = Stage::new(ladder());
        let id = stage.invoice("A", EUR, 1_000, "2026-02-04");
        stage.invoice_mut(&id).paid_minor = stated;
        if allocated > 0 {
            stage.pay("P", &id, allocated, status, "2026-02-01T00:00:00Z");
        }
        let receivables = Receivables::in_zone(&stage.facts, &jiff::tz::TimeZone::UTC, at("2026-02-10T15:45:00Z"));
        assert_eq!(receivables.open_minor(EUR), open, "{stated} {allocated} {status:?}");
    }
}

#[test]
fn money_in_flight_for_too_long_is_an_exception() {
    let mut stage = Stage::new(ladder());
    let id = stage.invoice("A", EUR, 1_000, "2026-02-04");
    stage.pay("P", &id, 1_000, PaymentStatus::Received, "2026-02-05T00:00:00Z");
    let before = decide(&stage.facts, &stage.policy, at("2026-02-09T23:59:59Z"));
    assert!(before.tasks.is_empty() && before.archiving.archive_invoices.is_empty());
    assert_eq!(before.next, Next::At(at("2026-02-10T00:00:00Z")));
    let after = decide(&stage.facts, &stage.policy, at("2026-02-10T00:00:00Z"));
    assert_eq!(after.tasks[0].kind, TaskKind::MoneyInFlight);
    assert!(after.messages.is_empty());
}

#[test]
fn instalments_fall_due_by_themselves() {
    let mut stage = Stage::new(ladder());
    let id = stage.invoice("A", EUR, 3_000, "2026-04-06");
    stage.instalments(&id, &[("2026-02-04", 1_000), ("2026-03-04", 1_000), ("2026-04-06", 1_000)]);
    stage.pay("P", &id, 1_500, PaymentStatus::Received, "2026-02-01T00:00:00Z");
    stage.invoice_mut(&id).paid_minor = 1_500;
    stage.invoice_mut(&id).issued_on = on("2026-01-05");
    let lines = stage.run("2026-02-01T08:00:00Z", "2026-03-06T00:00:00Z");
    assert_eq!(lines, ["2026-02-27 heads-up: A/p1", "2026-03-05 reminder: A/p1"]);
}

#[test]
fn currencies_are_chased_together_one_message_each() {
    let mut stage = Stage::new(ladder());
    stage.invoice("A", EUR, 1_000, "2026-02-04");
    stage.invoice("B", Currency::USD, 1_000, "2026-02-04");
    let decision = stage.step(at("2026-02-05T15:45:00Z"));
    assert_eq!(decision.messages.len(), 2);
    assert_ne!(decision.messages[0].case.currency(), decision.messages[1].case.currency());
    assert_eq!(stage.run("2026-02-05T15:46:00Z", "2026-02-13T00:00:00Z"), ["2026-02-12 nudge: A", "2026-02-12 nudge: B"]);
}

#[test]
fn nobody_to_reach_is_missed_and_the_ladder_goes_on() {
    let mut stage = Stage::new(ladder());
    stage.invoice("A", EUR, 1_000, "2026-02-04");
    stage.facts.customer.contacts.clear();
    assert_eq!(
        stage.run("2026-02-05T00:30:00Z", "2026-02-13T00:00:00Z"),
        ["2026-02-05 unreachable: Step reminder could reach nobody", "2026-02-12 unreachable: Step nudge could reach nobody"]
    );
}

#[test]
fn the_next_channel_is_taken_and_the_trace_says_why() {
    let mut plan = ladder();
    for step in &mut plan.steps {
        if let crate::Action::Send(send) = &mut step.action {
            send.channels = vec![crate::Channel::Email, crate::Channel::Sms];
        }
    }
    let mut stage = Stage::new(plan);
    stage.invoice("A", EUR, 1_000, "2026-02-04");
    let fact = stage.facts.addresses.entry(address_key(crate::Channel::Email, "p1@beispiel.example")).or_default();
    fact.suppressed = Some(Suppression { reason: SuppressionReason::Bounce, at: at("2026-01-01T00:00:00Z") });
    let decision = stage.step(at("2026-02-05T15:45:00Z"));
    assert_eq!(decision.messages[0].channel, crate::Channel::Sms);
    assert!(decision.trace[0].rules.iter().any(|line| line.rule == "suppression" && line.said.contains("bounced")));
    stage.facts.customer.contacts[0].consents.clear();
    let decision = stage.step(at("2026-02-12T15:45:00Z"));
    assert!(decision.messages.is_empty() && decision.tasks[0].kind == TaskKind::Unreachable);
}

#[test]
fn shadow_starts_from_the_truth_when_it_goes_live() {
    let mut stage = Stage::new(ladder());
    stage.policy.settings.mode = Mode::Shadow;
    stage.invoice("A", EUR, 1_000, "2026-02-04");
    let shadow = stage.run("2026-01-20T08:00:00Z", "2026-02-13T00:00:00Z");
    assert_eq!(shadow, ["2026-01-30 heads-up: A", "2026-02-05 reminder: A", "2026-02-12 nudge: A"]);
    stage.policy.settings.mode = Mode::Live;
    assert_eq!(stage.run("2026-02-13T15:45:00Z", "2026-02-14T00:00:00Z"), ["2026-02-13 reminder: A"]);
}

#[test]
fn conditions_choose_skip_and_exit() {
    let mut plan = ladder();
    plan.steps[2].when = Some("exposure.due_now_minor > 5000".to_owned());
    let mut stage = Stage::new(plan.clone());
    stage.invoice("A", EUR, 1_000, "2026-02-04");
    let lines = stage.run("2026-02-05T00:30:00Z", "2026-02-25T00:00:00Z");
    assert_eq!(lines, ["2026-02-05 reminder: A", "2026-02-24 final: A"]);
    assert!(stage.facts.coverage.iter().any(|coverage| coverage.outcome == crate::Outcome::Skipped), "the skip is recorded");

    plan.applies_when = Some("customer.segment == 'strategic'".to_owned());
    let mut stage = Stage::new(plan.clone());
    stage.invoice("A", EUR, 1_000, "2026-02-04");
    let decision = stage.step(at("2026-02-05T15:45:00Z"));
    assert!(decision.messages.is_empty() && decision.cases.is_empty() && decision.next == Next::Parked);

    plan.applies_when = None;
    plan.exit_when = Some("exposure.due_now_minor < 2000".to_owned());
    let mut stage = Stage::new(plan);
    stage.invoice("A", EUR, 1_000, "2026-02-04");
    let decision = stage.step(at("2026-02-05T15:45:00Z"));
    assert_eq!(case_in(&decision.cases, EUR).state, CaseState::Waiting(WaitingReason::Exited));
}

#[test]
fn a_promise_anchors_its_step_once_each() {
    let plan = workflow(json!({
        "id": "p", "name": "P", "scope": "customer",
        "steps": [
            {"id": "kept", "at": {"anchor": "promise_date", "offset": "P1D"},
             "action": {"send": {"channels": ["email"], "template": "kept", "to": ["billing"]}}},
            {"id": "person", "at": {"anchor": "due_date", "offset": "P60D"}, "action": {"task": {"title": "Call"}}},
        ],
    }));
    let mut stage = Stage::new(plan);
    stage.invoice("A", EUR, 1_000, "2026-02-04");
    stage.facts.agreements.push(promise(HoldScope::Customer, "2026-02-05T00:00:00Z", "2026-02-10"));
    assert_eq!(stage.run("2026-02-05T08:00:00Z", "2026-02-15T00:00:00Z"), ["2026-02-11 kept: A"]);
    stage.facts.agreements.push(promise(HoldScope::Customer, "2026-02-16T00:00:00Z", "2026-02-23"));
    assert_eq!(stage.run("2026-02-16T08:00:00Z", "2026-02-28T00:00:00Z"), ["2026-02-24 kept: A"]);
}

#[test]
fn void_and_written_off_are_not_chased() {
    for status in [InvoiceStatus::Void, InvoiceStatus::WrittenOff, InvoiceStatus::Draft] {
        let mut stage = Stage::new(ladder());
        let id = stage.invoice("A", EUR, 1_000, "2026-02-04");
        stage.invoice_mut(&id).status = status;
        let decision = stage.step(at("2026-02-05T15:45:00Z"));
        assert!(decision.messages.is_empty() && decision.next == Next::Nothing, "{status:?}");
    }
}

#[test]
fn a_sender_looks_again() {
    let decided = || {
        let mut stage = Stage::new(ladder());
        let a = stage.invoice("A", EUR, 1_000, "2026-02-04");
        stage.invoice("B", EUR, 2_000, "2026-02-04");
        stage.facts.customer.contacts.push(contact("p2", crate::Role::Billing));
        let decision = decide(&stage.facts, &stage.policy, at("2026-02-05T15:45:00Z"));
        stage.facts.cases = decision.cases.clone();
        let planned = &decision.messages[0];
        let pending = crate::Pending {
            id: crate::MessageId::derive(&["m"]),
            number: 1,
            position: 0,
            status: crate::PendingStatus::Queued,
            decided_at: at("2026-02-05T15:45:00Z"),
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
            receipt_within: None,
        };
        (stage, a, pending)
    };
    let now = at("2026-02-05T15:50:00Z");
    let (mut stage, a, pending) = decided();
    let Recheck::Send { rows } = recheck(&stage.facts, &stage.policy, &pending, now) else { panic!("it is sent") };
    assert_eq!(rows.len(), 2);

    stage.pay("P", &a, 400, PaymentStatus::Received, "2026-02-05T15:46:00Z");
    let Recheck::Send { rows } = recheck(&stage.facts, &stage.policy, &pending, now) else { panic!("it is sent") };
    assert_eq!(rows.iter().map(|row| row.due_now_minor).sum::<i64>(), 2_600);

    stage.pay("P", &a, 1_000, PaymentStatus::Received, "2026-02-05T15:46:00Z");
    let Recheck::Send { rows } = recheck(&stage.facts, &stage.policy, &pending, now) else { panic!("it is sent") };
    assert_eq!(rows.len(), 1);

    for (why, spoil) in [
        ("mode", Box::new(|stage: &mut Stage| stage.policy.settings.mode = Mode::Shadow) as Box<dyn Fn(&mut Stage)>),
        ("kill-switch", Box::new(|stage: &mut Stage| stage.policy.settings.paused = true)),
        ("the person is no longer there", Box::new(|stage: &mut Stage| stage.facts.customer.contacts.clear())),
        ("no longer has an address", Box::new(|stage: &mut Stage| stage.facts.customer.contacts[0].email = None)),
        ("nothing that it covers", Box::new(|stage: &mut Stage| stage.facts.invoices.clear())),
        (
            "hold",
            Box::new(|stage: &mut Stage| {
                stage.facts.agreements.push(hold(
                    HoldScope::Customer,
                    None,
                    HoldClock::Freeze,
                    "2026-02-05T00:00:00Z",
                    "2026-03-01",
                ));
            }),
        ),
    ] {
        let (mut stage, _, pending) = decided();
        spoil(&mut stage);
        match (recheck(&stage.facts, &stage.policy, &pending, now), why) {
            // A rule forbids it, and is named with its version.
            (Recheck::Block(refusal), "kill-switch") => {
                assert!(refusal.to_string().contains(why), "{refusal} / {why}");
                assert!(refusal.rules.iter().any(|rule| rule.rule == why && rule.version > 0), "{refusal:?}");
            }
            (Recheck::Supersede(reason), _) => assert!(why != "kill-switch" && reason.contains(why), "{reason} / {why}"),
            (other, _) => panic!("{why}: {other:?}"),
        }
    }
    let (stage, _, pending) = decided();
    let late = recheck(&stage.facts, &stage.policy, &pending, at("2026-02-05T19:00:00Z"));
    assert!(matches!(late, Recheck::Defer(until, _) if until == at("2026-02-06T08:00:00Z")), "{late:?}");
}

#[test]
fn a_step_that_a_moved_due_date_took_away_is_not_sent() {
    let now = at("2026-02-05T15:45:00Z");
    for (moved, rows) in [(vec![], 2), (vec!["A"], 1), (vec!["A", "B"], 0)] {
        let mut stage = Stage::new(ladder());
        stage.invoice("A", EUR, 1_000, "2026-02-04");
        stage.invoice("B", EUR, 2_000, "2026-02-04");
        let decision = decide(&stage.facts, &stage.policy, now);
        stage.facts = evolve(&stage.facts, &Event::Decided { decision: decision.clone(), at: now });
        for invoice in &moved {
            let total = if *invoice == "A" { 1_000 } else { 2_000 };
            stage.invoice(invoice, EUR, total, "2026-02-25");
        }
        match recheck(&stage.facts, &stage.policy, &stage.facts.pending[0], at("2026-02-05T15:50:00Z")) {
            Recheck::Send { rows: still } => assert_eq!(still.len(), rows, "{moved:?} moved"),
            Recheck::Supersede(reason) => assert!(rows == 0 && reason.contains("nothing that it covers"), "{moved:?}: {reason}"),
            other => panic!("{moved:?}: {other:?}"),
        }
    }
}

#[test]
fn a_step_before_its_due_date_is_not_sent_after_it() {
    let mut stage = Stage::new(ladder());
    stage.invoice("A", EUR, 1_000, "2026-02-04");
    let now = at("2026-01-30T15:45:00Z");
    let decision = decide(&stage.facts, &stage.policy, now);
    assert_eq!(decision.messages[0].template, "heads-up");
    stage.facts = evolve(&stage.facts, &Event::Decided { decision: decision.clone(), at: now });
    for (again, goes) in [("2026-02-04T14:00:00Z", true), ("2026-02-05T14:00:00Z", false)] {
        let said = recheck(&stage.facts, &stage.policy, &stage.facts.pending[0], at(again));
        assert_eq!(matches!(said, Recheck::Send { .. }), goes, "{again}: {said:?}");
    }
}

#[test]
fn old_coverage_is_folded_and_closed_facts_are_filed() {
    let mut stage = Stage::new(ladder());
    let old = stage.invoice("old", EUR, 1_000, "2026-02-04");
    stage.run("2026-01-20T08:00:00Z", "2026-02-06T00:00:00Z");
    for number in 100..130 {
        let mut coverage = stage.facts.coverage[0].clone();
        coverage.number = number;
        coverage.rows[0].step = format!("s{number}");
        stage.facts.coverage.push(coverage);
    }
    stage.facts.decision = 130;
    let decision = decide(&stage.facts, &stage.policy, at("2026-02-06T15:45:00Z"));
    assert_eq!(decision.archiving.covered_from, 118);
    assert_eq!(decision.archiving.fold_invoices[0].1.len(), 20);
    stage.invoice_mut(&old).paid_minor = 1_000;
    let decision = decide(&stage.facts, &stage.policy, at("2026-02-06T15:45:00Z"));
    assert_eq!((decision.archiving.archive_invoices.len(), decision.archiving.covered_from), (1, 131));
    assert_eq!(decision.next, Next::Nothing);
}

#[test]
fn a_step_that_is_skipped_though_the_gap_moved_it_parks_nobody() {
    let send = |id: &str, offset: &str, catch_up: &str| {
        json!({"id": id, "at": {"anchor": "due_date", "offset": offset}, "catch_up": catch_up,
               "action": {"send": {"channels": ["email"], "template": id, "to": ["billing"]}}})
    };
    let plan = json!({"id": "skips", "name": "Skips", "scope": "customer",
        "steps": [send("r1", "P1D", "lowest"), send("r2", "P3D", "skip"), send("r3", "P20D", "lowest")]});
    let mut stage = Stage::new(workflow(plan));
    stage.invoice("A", EUR, 1_000, "2026-01-06");
    assert_eq!(
        stage.run("2026-01-05T08:00:00Z", "2026-03-01T00:00:00Z"),
        [
            "2026-01-07 r1: A",
            "2026-01-12 r2: A",
            "2026-01-26 r3: A",
            "2026-01-26 plan_ended: The workflow has ended and money is still owed"
        ]
    );
}
