//! What a plan may say of when its steps come: months, distances, waits, repeats, dates to pay by.

use serde_json::{Value, json};

use super::*;
use crate::{
    Hold, HoldClock, HoldId, HoldReason, HoldScope, Workflow,
    testing::{Book as Stage, at, on, workflow},
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
    let mut stage = Stage::new(plan(steps));
    stage.policy.settings.window.days = (0..7_i8).map(|days| jiff::civil::Weekday::Monday.wrapping_add(days)).collect();
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
        stage.invoice("A", EUR, 1_000, due_on);
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
        stage.facts.holds.push(hold(HoldScope::Customer, "2026-01-21T00:00:00Z", "2026-01-30"));
        let lines = stage.run("2026-01-21T00:30:00Z", "2026-04-01T00:30:00Z");
        assert_eq!(lines, [format!("{expected} first: A")], "{offset}");
    }
}

fn hold(scope: HoldScope, from: &str, until: &str) -> Hold {
    Hold {
        id: HoldId::derive(&[from, until]),
        reason: HoldReason::Manual,
        clock: HoldClock::StopClock,
        scope,
        amount_minor: None,
        from_at: at(from),
        until_on: on(until),
        ended_at: None,
        promised_on: None,
    }
}
