//! What a plan may say of when its steps come: months, distances, waits, repeats, dates to pay by.

use serde_json::{Value, json};

use super::*;
use crate::{
    HoldClock, HoldScope, Workflow,
    testing::{Stage, at, on, promise, workflow},
};

const EUR: Currency = Currency::EUR;

/// A step that sends by email, with further keys.
fn send(id: &str, anchor: &str, offset: Value, further: Value) -> Value {
    let mut step = json!({"id": id, "at": {"anchor": anchor, "offset": offset},
        "action": {"send": {"channels": ["email"], "template": id, "to": ["billing"]}}});
    step.as_object_mut().expect("an object").extend(further.as_object().expect("an object").clone());
    step
}

/// A plan of these steps that ends in a task after ten months; one contact a day at most.
fn plan(steps: &[Value]) -> Workflow {
    let mut steps = steps.to_vec();
    steps.push(json!({"id": "person", "at": {"anchor": "due_date", "offset": "P300D"}, "action": {"task": {"title": "Call"}}}));
    workflow(json!({"id": "plan", "name": "Plan", "scope": "customer", "min_gap": "P0D", "steps": steps}))
}

/// The stage of a plan with every day of the week in the window and holidays left to those of Berlin.
fn stage(steps: &[Value]) -> Stage {
    open_all_days(plan(steps))
}

fn open_all_days(plan: Workflow) -> Stage {
    let mut stage = Stage::new(plan);
    stage.policy.settings.window.days = Some((0..7_i8).map(|days| jiff::civil::Weekday::Monday.wrapping_add(days)).collect());
    stage
}

#[test]
fn months_lead_to_the_same_day_or_the_last() {
    for (offset, due_on, expected) in [
        (json!("P1M"), "2026-02-14", "2026-03-14"),
        (json!("P1M"), "2026-01-31", "2026-02-28"),
        (json!("P1M"), "2028-01-31", "2028-02-29"),
        (json!("P2M"), "2025-12-31", "2026-02-28"),
        (json!("P1M"), "2026-02-28", "2026-03-28"),
        (json!("-P1M"), "2026-03-31", "2026-02-28"),
        (json!({"months": 1, "end_of_month": true}), "2026-02-14", "2026-03-31"),
        (json!({"months": 1, "end_of_month": true}), "2026-01-31", "2026-02-28"),
        (json!({"months": 0, "end_of_month": true}), "2026-02-14", "2026-02-28"),
        (json!({"months": 0, "end_of_month": true}), "2026-02-28", "2026-02-28"),
        (json!({"months": 0, "end_of_month": true}), "2028-02-01", "2028-02-29"),
        (json!({"months": -1, "end_of_month": true}), "2026-03-15", "2026-02-28"),
        // The 1st of May is closed in Berlin: forward, not back into April.
        (json!({"months": 1}), "2026-04-01", "2026-05-02"),
    ] {
        let mut stage = stage(&[send("first", "due_date", offset.clone(), json!({}))]);
        let id = stage.invoice("A", EUR, 1_000, due_on);
        stage.invoice_mut(&id).issued_on = crate::dates::add_days(on(due_on), -60);
        let (from, to) = (crate::dates::add_days(on(due_on), -45), crate::dates::add_days(on(due_on), 90));
        let lines = stage.run(&format!("{from}T00:30:00Z"), &format!("{to}T00:30:00Z"));
        assert_eq!(lines, [format!("{expected} first: A")], "{offset} {due_on}");
    }
}

#[test]
fn a_stopped_clock_moves_the_day_that_months_lead_to() {
    // Ten days stopped: 20 February and ten days, not a month from 30 January.
    for (offset, expected) in
        [(json!("P1M"), "2026-03-02"), (json!({"months": 0, "end_of_month": true}), "2026-02-10"), (json!("P31D"), "2026-03-02")]
    {
        let mut stage = stage(&[send("first", "due_date", offset.clone(), json!({}))]);
        stage.invoice("A", EUR, 1_000, "2026-01-20");
        stage.facts.agreements.push(hold(HoldScope::Customer, "2026-01-21T00:00:00Z", "2026-01-30"));
        let lines = stage.run("2026-01-21T00:30:00Z", "2026-04-01T00:30:00Z");
        assert_eq!(lines, [format!("{expected} first: A")], "{offset}");
    }
}

#[test]
fn a_late_step_keeps_its_distance_where_the_plan_says_so() {
    for (keep, second) in [(false, "2026-02-21"), (true, "2026-03-02")] {
        let further = if keep { json!({"keep_distance": true}) } else { json!({}) };
        let steps = [send("first", "due_date", json!("P1D"), json!({})), send("second", "due_date", json!("P20D"), further)];
        let mut stage = stage(&steps);
        stage.invoice("A", EUR, 1_000, "2026-02-01");
        // Planned for 2 February and nineteen days apart; the first sweep comes on the 11th.
        let lines = stage.run("2026-02-11T15:45:00Z", "2026-03-30T00:30:00Z");
        assert_eq!(lines, ["2026-02-11 first: A".to_owned(), format!("{second} second: A")], "{keep}");
    }
}

#[test]
fn a_distance_is_kept_from_the_last_step_that_was_not_skipped() {
    let steps = [
        send("first", "due_date", json!("P1D"), json!({})),
        send("never", "due_date", json!("P5D"), json!({"when": "invoice.total_minor > 5000"})),
        send("third", "due_date", json!("P8D"), json!({"keep_distance": true})),
    ];
    let mut stage = stage(&steps);
    stage.invoice("A", EUR, 1_000, "2026-02-01");
    let lines = stage.run("2026-02-04T15:45:00Z", "2026-03-30T00:30:00Z");
    assert_eq!(lines, ["2026-02-04 first: A", "2026-02-11 third: A"]);
}

#[test]
fn a_kept_distance_does_not_count_days_on_which_the_clock_stood() {
    let steps = [
        send("first", "due_date", json!("P1D"), json!({})),
        send("second", "due_date", json!("P8D"), json!({"keep_distance": true})),
    ];
    let mut stage = stage(&steps);
    stage.invoice("A", EUR, 1_000, "2026-02-01");
    stage.run("2026-02-05T15:45:00Z", "2026-02-05T15:55:00Z");
    stage.facts.agreements.push(hold(HoldScope::Customer, "2026-02-07T00:00:00Z", "2026-02-16"));
    assert_eq!(stage.run("2026-02-06T15:45:00Z", "2026-03-30T00:30:00Z"), ["2026-02-22 second: A"]);
}

#[test]
fn the_highest_step_does_not_come_before_the_distance_that_it_keeps() {
    for (keep, expected) in [(false, "2026-02-20 third: A"), (true, "2026-02-20 second: A")] {
        let steps = [
            send("first", "due_date", json!("P1D"), json!({})),
            send("second", "due_date", json!("P5D"), json!({"catch_up": "highest"})),
            send("third", "due_date", json!("P12D"), if keep { json!({"keep_distance": true}) } else { json!({}) }),
        ];
        let mut stage = stage(&steps);
        stage.invoice("A", EUR, 1_000, "2026-02-01");
        assert_eq!(stage.run("2026-02-12T15:45:00Z", "2026-02-12T15:55:00Z"), ["2026-02-12 first: A"]);
        assert_eq!(stage.run("2026-02-20T15:45:00Z", "2026-02-20T15:55:00Z"), [expected], "{keep}");
    }
}

/// A reminder, a notice that waits, and a last word behind it; the item is due on 1 February, the notice on the 11th.
fn waiting(until: &str, then: &str) -> Stage {
    let wait = json!({"wait": {"until": until, "at_most": "P10D", "then": then}});
    let mut stage = stage(&[
        send("reminder", "due_date", json!("P1D"), json!({})),
        send("notice", "due_date", json!("P10D"), wait),
        send("last", "due_date", json!("P15D"), json!({})),
    ]);
    stage.invoice("A", EUR, 1_000, "2026-02-01");
    stage
}

#[test]
fn a_step_waits_until_its_condition_holds_and_what_is_behind_it_waits_too() {
    let mut stage = waiting("exposure.due_items >= 2", "skip");
    assert_eq!(stage.run("2026-02-01T00:30:00Z", "2026-02-17T12:00:00Z"), ["2026-02-02 reminder: A"]);
    // On the 17th a second invoice comes, due much later.
    stage.invoice("B", EUR, 1_000, "2026-03-15");
    let lines = stage.run("2026-02-17T20:00:00Z", "2026-03-10T00:30:00Z");
    assert_eq!(lines, ["2026-02-18 notice: A", "2026-02-23 last: A"]);
}

#[test]
fn a_wait_ends_after_at_most_as_the_plan_says() {
    for (then, expected) in [("skip", vec!["2026-02-21 last: A"]), ("do", vec!["2026-02-21 notice: A", "2026-02-26 last: A"])] {
        let mut stage = waiting("exposure.due_items >= 2", then);
        stage.run("2026-02-01T00:30:00Z", "2026-02-03T00:30:00Z");
        let decision = decide(&stage.facts, &stage.policy, at("2026-02-11T15:45:00Z"));
        let until = at("2026-02-21T00:00:00Z");
        let Because::Waiting { step, until: ends, .. } = &decision.trace[0].because else { panic!("{:?}", decision.trace) };
        assert_eq!((step.as_str(), ends.to_zoned(jiff::tz::TimeZone::UTC).date()), ("notice", on("2026-02-21")));
        assert!(*ends > until && decision.next == crate::Next::At(*ends), "money alone: nothing is looked at before");
        assert_eq!(stage.run("2026-02-11T15:45:00Z", "2026-03-10T00:30:00Z"), expected, "{then}");
    }
}

#[test]
fn a_wait_that_asks_for_days_is_looked_at_each_day() {
    for (until, midnight) in [
        ("invoice.days_past_due >= 14", Some("2026-02-11T23:00:00Z")),
        ("exposure.oldest_days_past_due >= 14", Some("2026-02-11T23:00:00Z")),
        ("exposure.overdue_minor > 5000", Some("2026-02-11T23:00:00Z")),
        ("history.days_since_contact >= 13", Some("2026-02-12T05:00:00Z")),
        ("history.days_since_contact >= 13 || invoice.days_past_due >= 90", Some("2026-02-11T23:00:00Z")),
        ("exposure.open_minor > 5000", None),
    ] {
        let mut stage = waiting(until, "do");
        stage.run("2026-02-01T00:30:00Z", "2026-02-03T00:30:00Z");
        // The tenant is in Berlin, where it becomes the 12th six hours earlier.
        stage.facts.customer.time_zone = Some("America/New_York".to_owned());
        let decision = decide(&stage.facts, &stage.policy, at("2026-02-11T22:00:00Z"));
        let expected = midnight.map_or("2026-02-21", |midnight| &midnight[..10]);
        let next = decision.next.at().expect("an instant");
        assert_eq!(next.to_string()[..10], *expected, "{until}");
        assert!(midnight.is_none_or(|midnight| next == at(midnight)), "{until}: {next}");
        assert!(matches!(decision.trace[0].because, Because::Waiting { .. }), "{until}");
    }
    let mut stage = waiting("invoice.days_past_due >= 14", "skip");
    let lines = stage.run("2026-02-01T00:30:00Z", "2026-03-10T00:30:00Z");
    assert_eq!(lines, ["2026-02-02 reminder: A", "2026-02-15 notice: A", "2026-02-16 last: A"]);
}

#[test]
fn while_the_oldest_waits_the_next_item_goes_on() {
    let mut stage = waiting("exposure.open_minor > 5000", "skip");
    stage.invoice("B", EUR, 1_000, "2026-02-11");
    let lines = stage.run("2026-02-01T00:30:00Z", "2026-02-22T12:00:00Z");
    assert_eq!(lines, ["2026-02-02 reminder: A", "2026-02-12 reminder: B", "2026-02-21 last: A"]);
}

#[test]
fn the_highest_step_does_not_jump_over_a_wait() {
    let steps = [
        send("first", "due_date", json!("P1D"), json!({"catch_up": "highest"})),
        send("second", "due_date", json!("P5D"), json!({"wait": {"until": "true", "at_most": "P5D", "then": "do"}})),
        send("third", "due_date", json!("P8D"), json!({})),
    ];
    let mut stage = stage(&steps);
    stage.invoice("A", EUR, 1_000, "2026-02-01");
    assert_eq!(stage.run("2026-02-20T15:45:00Z", "2026-02-20T15:55:00Z"), ["2026-02-20 first: A"]);
}

#[test]
fn a_repeated_step_comes_so_often_and_then_the_next() {
    let repeat = json!({"repeat": {"every": "P7D", "times": 3}});
    let mut stage =
        stage(&[send("reminder", "due_date", json!("P1D"), repeat), send("last", "previous_step", json!("P5D"), json!({}))]);
    stage.invoice("A", EUR, 1_000, "2026-02-01");
    let lines = stage.run("2026-02-01T00:30:00Z", "2026-03-30T00:30:00Z");
    assert_eq!(lines, ["2026-02-02 reminder: A", "2026-02-09 reminder: A", "2026-02-16 reminder: A", "2026-02-21 last: A"]);
    let mut occurrences: Vec<&str> =
        stage.facts.coverage.iter().flat_map(|coverage| &coverage.rows).map(|row| row.occurrence.as_str()).collect();
    occurrences.sort_unstable();
    assert_eq!(occurrences, ["", "", ".2", ".3"]);
}

#[test]
fn a_late_repeat_keeps_its_distance_and_moves_what_follows() {
    let repeat = json!({"repeat": {"every": "P7D", "times": 2}});
    let mut stage =
        stage(&[send("reminder", "due_date", json!("P1D"), repeat), send("last", "due_date", json!("P13D"), json!({}))]);
    stage.invoice("A", EUR, 1_000, "2026-02-01");
    // Planned for the 2nd, the 9th and the 14th; the first is done on the 12th.
    let lines = stage.run("2026-02-12T15:45:00Z", "2026-03-30T00:30:00Z");
    assert_eq!(lines, ["2026-02-12 reminder: A", "2026-02-19 reminder: A", "2026-02-24 last: A"]);
}

#[test]
fn a_clock_that_stood_moves_the_next_repeat() {
    let repeat = json!({"repeat": {"every": "P7D", "times": 2}});
    let mut stage = stage(&[send("reminder", "due_date", json!("P1D"), repeat)]);
    stage.invoice("A", EUR, 1_000, "2026-02-01");
    stage.run("2026-02-02T00:30:00Z", "2026-02-03T00:30:00Z");
    stage.facts.agreements.push(hold(HoldScope::Customer, "2026-02-04T00:00:00Z", "2026-02-05"));
    assert_eq!(stage.run("2026-02-06T00:30:00Z", "2026-03-01T00:30:00Z"), ["2026-02-11 reminder: A"]);
}

#[test]
fn repeats_before_the_anchor_lapse_with_it() {
    let repeat = json!({"repeat": {"every": "P3D", "times": 3}});
    let mut stage =
        stage(&[send("ahead", "due_date", json!("-P8D"), repeat), send("reminder", "due_date", json!("P1D"), json!({}))]);
    stage.invoice("A", EUR, 1_000, "2026-02-10");
    // Planned for the 2nd, the 5th and the 8th; the first is done on the 5th, so that the third would come after the 10th.
    let lines = stage.run("2026-02-05T15:45:00Z", "2026-02-20T00:30:00Z");
    assert_eq!(lines, ["2026-02-05 ahead: A", "2026-02-08 ahead: A", "2026-02-11 reminder: A"]);
}

#[test]
fn a_repeated_task_is_work_each_time() {
    let mut plan = plan(&[]);
    plan.steps = vec![
        serde_json::from_value(json!({"id": "call", "at": {"anchor": "due_date", "offset": "P1D"},
            "repeat": {"every": "P10D", "times": 2}, "action": {"task": {"title": "Call"}}}))
        .expect("a step"),
    ];
    let mut stage = open_all_days(plan);
    stage.invoice("A", EUR, 1_000, "2026-02-01");
    let mut keys = Vec::new();
    for now in ["2026-02-02T15:45:00Z", "2026-02-05T15:45:00Z", "2026-02-12T15:45:00Z", "2026-02-22T15:45:00Z"] {
        let tasks = stage.step(at(now)).tasks;
        keys.extend(tasks.into_iter().filter(|task| task.kind == crate::TaskKind::Task).map(|task| task.key));
    }
    assert_eq!(keys.len(), 2, "on the 2nd and the 12th: {keys:?}");
    assert_ne!(keys[0], keys[1], "each time is a task of its own");
}

#[test]
fn each_promise_repeats_a_repeated_step() {
    let repeat = json!({"repeat": {"every": "P2D", "times": 2}});
    let mut stage = stage(&[send("broken", "promise_date", json!("P1D"), repeat)]);
    stage.invoice("A", EUR, 1_000, "2026-02-01");
    stage.facts.agreements.push(promise(HoldScope::Customer, "2026-02-03T00:00:00Z", "2026-02-05"));
    let lines = stage.run("2026-02-03T15:45:00Z", "2026-02-12T00:00:00Z");
    assert_eq!(lines, ["2026-02-06 broken: A", "2026-02-08 broken: A"]);
    stage.facts.agreements.push(promise(HoldScope::Customer, "2026-02-12T00:00:00Z", "2026-02-14"));
    let lines = stage.run("2026-02-12T15:45:00Z", "2026-03-01T00:00:00Z");
    assert_eq!(lines, ["2026-02-15 broken: A", "2026-02-17 broken: A"]);
}

/// A notice that asks to be paid within ten days, and a last word planned four days after it.
fn asking(further: Value) -> Stage {
    let mut keys = json!({"pay_by": {"days": 10}});
    keys.as_object_mut().expect("an object").extend(further.as_object().expect("an object").clone());
    let mut stage = stage(&[send("notice", "due_date", json!("P1D"), keys), send("last", "due_date", json!("P5D"), json!({}))]);
    stage.policy.settings.window = crate::settings::Window::default();
    stage.invoice("A", EUR, 1_000, "2026-02-01");
    stage
}

#[test]
fn the_next_step_comes_after_the_date_to_pay_by_and_the_time_that_money_takes() {
    let mut stage = asking(json!({}));
    let decision = stage.step(at("2026-02-02T15:45:00Z"));
    // Monday 2 February; to be paid by Thursday the 12th; Friday and Monday to clear, missed on Tuesday the 17th.
    assert_eq!(decision.messages[0].pay_by, Some(on("2026-02-12")));
    assert_eq!(stage.facts.coverage.last().and_then(|coverage| coverage.pay_by), Some(on("2026-02-12")));
    let decision = decide(&stage.facts, &stage.policy, at("2026-02-09T15:45:00Z"));
    let Because::NotDue { step, pay_by, until, .. } = &decision.trace[0].because else { panic!("{:?}", decision.trace) };
    assert_eq!((step.as_str(), *pay_by, &until.to_string()[..10]), ("last", Some(on("2026-02-12")), "2026-02-17"));
    assert_eq!(stage.run("2026-02-09T15:45:00Z", "2026-03-01T00:00:00Z"), ["2026-02-17 last: A"]);
}

#[test]
fn a_step_that_holidays_move_says_which() {
    let mut stage = stage(&[send("notice", "due_date", json!("P1D"), json!({}))]);
    stage.policy.settings.window = crate::settings::Window::default();
    for (due_on, comes_on, holidays) in [
        // Good Friday, a weekend, Easter Monday.
        ("2026-04-02", "2026-04-07", &["2026-04-03 is a public holiday of DE", "2026-04-06 is a public holiday of DE"][..]),
        // A weekend is none.
        ("2026-03-13", "2026-03-16", &[]),
        ("2026-03-10", "2026-03-11", &[]),
    ] {
        stage.facts.invoices.clear();
        stage.invoice("A", EUR, 1_000, due_on);
        let decision = decide(&stage.facts, &stage.policy, at("2026-03-09T15:45:00Z"));
        let Because::NotDue { until, holidays: said, .. } = &decision.trace[0].because else { panic!("{:?}", decision.trace) };
        assert_eq!(&until.to_string()[..10], comes_on);
        assert_eq!(said.iter().map(ToString::to_string).collect::<Vec<_>>(), holidays, "{due_on}");
    }
}

#[test]
fn a_date_to_pay_by_that_lies_before_the_next_step_anyway_moves_nothing() {
    let steps = [
        send("notice", "due_date", json!("P1D"), json!({"pay_by": {"days": 5}})),
        send("last", "due_date", json!("P20D"), json!({})),
    ];
    let mut stage = stage(&steps);
    stage.invoice("A", EUR, 1_000, "2026-02-01");
    stage.step(at("2026-02-02T15:45:00Z"));
    let decision = decide(&stage.facts, &stage.policy, at("2026-02-09T15:45:00Z"));
    assert!(matches!(decision.trace[0].because, Because::NotDue { pay_by: None, .. }), "{:?}", decision.trace);
    assert_eq!(stage.run("2026-02-09T15:45:00Z", "2026-03-01T00:00:00Z"), ["2026-02-21 last: A"]);
}

#[test]
fn a_message_that_was_not_delivered_asked_for_nothing() {
    let mut stage = asking(json!({}));
    stage.step(at("2026-02-02T15:45:00Z"));
    for coverage in &mut stage.facts.coverage {
        coverage.outcome = crate::Outcome::Undelivered;
    }
    let decision = decide(&stage.facts, &stage.policy, at("2026-02-03T15:45:00Z"));
    assert_eq!(decision.tasks[0].kind, crate::TaskKind::Unreachable, "no way is left, and nothing waits for a date");
}

#[test]
fn only_what_a_message_covers_waits_for_its_date() {
    let mut stage = asking(json!({}));
    stage.policy.workflows = {
        let mut plan = stage.policy.workflows[0].workflow().clone();
        plan.scope = crate::Scope::Invoice;
        vec![std::sync::Arc::new(crate::CompiledWorkflow::compile(plan))]
    };
    stage.invoice("B", EUR, 2_000, "2026-02-05");
    let lines = stage.run("2026-02-02T15:45:00Z", "2026-03-10T00:00:00Z");
    assert_eq!(lines, ["2026-02-02 notice: A", "2026-02-06 notice: B", "2026-02-17 last: A", "2026-02-19 last: B"]);
}

#[test]
fn a_repeated_step_waits_for_its_own_date() {
    let mut stage = asking(json!({"repeat": {"every": "P3D", "times": 2}}));
    let lines = stage.run("2026-02-02T15:45:00Z", "2026-03-31T00:00:00Z");
    assert_eq!(lines, ["2026-02-02 notice: A", "2026-02-17 notice: A", "2026-03-04 last: A"]);
}

#[test]
fn a_message_names_the_date_of_the_step_that_it_is_written_for() {
    let steps = [
        send("notice", "due_date", json!("P1D"), json!({"pay_by": {"days": 10}})),
        send("last", "due_date", json!("P30D"), json!({})),
    ];
    let mut stage = stage(&steps);
    stage.invoice("new", EUR, 1_000, "2026-02-10");
    stage.invoice("old", EUR, 1_000, "2026-01-12");
    let item = crate::DueItemKey::whole(crate::InvoiceId::derive(&["acme", "canonical", "old"]));
    let occurrence = crate::Occurrence::default();
    stage.facts.coverage.push(crate::Coverage {
        workflow: compact_str::CompactString::default(),
        number: 0,
        at: at("2026-01-13T15:45:00Z"),
        mode: Mode::Live,
        outcome: crate::Outcome::Sent,
        message: None,
        way: None,
        person: None,
        pay_by: Some(on("2026-01-23")),
        rows: vec![crate::Covered { item, step: "notice".to_owned(), occurrence, due_now_minor: 1 }],
        copy: false,
        receipt_by: None,
    });
    let decision = stage.step(at("2026-02-11T15:45:00Z"));
    let message = &decision.messages[0];
    assert_eq!((message.template.as_str(), message.rows.len(), message.pay_by), ("last", 2, None));
}

#[test]
fn a_message_with_a_date_does_not_leave_on_a_later_day() {
    let stage = asking(json!({}));
    let now = at("2026-02-02T15:45:00Z");
    let decision = decide(&stage.facts, &stage.policy, now);
    let facts = crate::evolve(&stage.facts, &crate::Event::Decided { decision, at: now });
    let asked = |now: &str| recheck(&facts, &stage.policy, &facts.pending[0], at(now));
    assert!(matches!(asked("2026-02-02T15:55:00Z"), Recheck::Send { .. }));
    let Recheck::Supersede(why) = asked("2026-02-03T15:45:00Z") else { panic!("it would name a date that is too near") };
    assert!(why.contains("date to pay by"), "{why}");
}

#[test]
fn a_withdrawn_workflow_ends_its_cases_and_a_person_is_told() {
    let steps = [send("first", "due_date", json!("P1D"), json!({})), send("second", "due_date", json!("P8D"), json!({}))];
    let mut stage = stage(&steps);
    stage.invoice("A", EUR, 1_000, "2026-02-01");
    stage.run("2026-02-01T00:30:00Z", "2026-02-03T00:30:00Z");
    stage.policy.withdrawn.insert("plan".to_owned(), 1);
    let decision = stage.step(at("2026-02-09T15:45:00Z"));
    assert_eq!(decision.trace[0].because, Because::WorkflowWithdrawn);
    assert_eq!((case_in(&decision.cases, EUR).state, decision.next), (crate::CaseState::Ended, crate::Next::Parked));
    let told = |tasks: &[crate::NewTask]| -> Vec<String> { tasks.iter().map(|task| task.key.clone()).collect() };
    let first = told(&decision.tasks);
    assert_eq!((decision.tasks[0].kind, first.len()), (crate::TaskKind::PlanEnded, 1));
    assert!(told(&stage.step(at("2026-02-10T15:45:00Z")).tasks).is_empty(), "told once");
    stage.invoice("B", EUR, 1_000, "2026-03-10");
    assert_ne!(told(&stage.step(at("2026-02-10T15:50:00Z")).tasks), first, "a new invoice is told of");

    // Put back, the case goes on; a version that comes after the withdrawn one never was.
    let mut later = stage.clone();
    later.policy.withdrawn.clear();
    assert_eq!(later.run("2026-02-10T15:45:00Z", "2026-02-12T00:00:00Z"), ["2026-02-10 second: A"]);
    stage.policy.withdrawn.insert("plan".to_owned(), 0);
    assert_eq!(stage.run("2026-02-10T15:45:00Z", "2026-02-12T00:00:00Z"), ["2026-02-10 second: A"]);
}

#[test]
fn a_message_of_a_withdrawn_workflow_does_not_leave() {
    let mut stage = asking(json!({}));
    let now = at("2026-02-02T15:45:00Z");
    let decision = decide(&stage.facts, &stage.policy, now);
    let facts = crate::evolve(&stage.facts, &crate::Event::Decided { decision, at: now });
    stage.policy.withdrawn.insert("plan".to_owned(), 1);
    let Recheck::Supersede(why) = recheck(&facts, &stage.policy, &facts.pending[0], now) else { panic!("it leaves") };
    assert!(why.contains("was withdrawn"), "{why}");
}

#[test]
fn a_promise_moves_the_steps_of_its_own_invoice_alone() {
    let mut plan = plan(&[send("broken", "promise_date", json!("P1D"), json!({}))]);
    plan.scope = crate::Scope::Invoice;
    let mut stage = open_all_days(plan);
    let ids = ["A", "B", "C"].map(|name| stage.invoice(name, EUR, 1_000, "2026-02-01"));
    let [a, b, _] = ids.map(HoldScope::Invoice);
    stage.facts.agreements.push(promise(a.clone(), "2026-02-03T00:00:00Z", "2026-02-10"));
    stage.facts.agreements.push(promise(b, "2026-02-04T00:00:00Z", "2026-02-14"));
    let lines = stage.run("2026-02-04T15:45:00Z", "2026-02-20T00:00:00Z");
    assert_eq!(lines, ["2026-02-11 broken: A", "2026-02-15 broken: B"]);
    // A second one of A comes again for A; an earlier one of everything for nobody whose own is later.
    stage.facts.agreements.push(promise(a, "2026-02-20T00:00:00Z", "2026-02-24"));
    stage.facts.agreements.push(promise(HoldScope::Customer, "2026-02-20T00:00:00Z", "2026-02-22"));
    let lines = stage.run("2026-02-20T15:45:00Z", "2026-03-20T00:00:00Z");
    assert_eq!(lines, ["2026-02-23 broken: B, C", "2026-02-25 broken: A"]);
}

fn hold(scope: HoldScope, from: &str, until: &str) -> crate::Agreement {
    crate::testing::hold(scope, None, HoldClock::StopClock, from, until)
}
