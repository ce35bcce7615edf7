//! One sound plan, and each way to spoil it.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::settings::PersonCap;
use crate::workflow::{At, Days, Fallback, read};

/// The `json` blocks of the document for admins.
fn documented() -> Vec<Value> {
    let document = include_str!("../../../../../docs/workflows.md");
    let blocks = document.split("```json\n").skip(1).map(|rest| rest.split("```").next().expect("a block ends"));
    blocks.map(|block| serde_json::from_str(block).expect("JSON")).collect()
}

fn settings() -> Settings {
    let mut settings = Settings::named("Acme");
    settings.caps.per_person = Some(PersonCap { count: 3, days: 7 });
    settings
}

fn context(settings: &Settings) -> PublishContext<'_> {
    let names = ["heads-up", "reminder", "nudge"];
    let templates = names
        .iter()
        .flat_map(|name| [Channel::Email, Channel::Sms].map(|channel| ((name.to_string(), channel), vec!["en".to_owned()])))
        .collect();
    PublishContext { templates, senders: [Channel::Email, Channel::Sms].into(), settings }
}

fn told(json: &Value) -> Vec<Flaw> {
    match read(json) {
        Ok(workflow) => flaws(&workflow, &context(&settings())),
        Err(flaws) => flaws,
    }
}

/// The first documented workflow with `value` at `pointer` (whose parent exists), or without it where `value` is null.
fn spoilt(pointer: &str, value: Value) -> Value {
    let mut json = documented().remove(0);
    let (parent, key) = pointer.rsplit_once('/').expect("a pointer");
    match json.pointer_mut(parent).expect("the parent") {
        Value::Object(object) if value.is_null() => drop(object.remove(key).expect("the key")),
        Value::Object(object) => drop(object.insert(key.to_owned(), value)),
        Value::Array(list) => list[key.parse::<usize>().expect("a position")] = value,
        other => panic!("{pointer} lies in {other}"),
    }
    json
}

/// `json` has one flaw, at `pointer`, that says `part`.
#[track_caller]
fn check(json: &Value, pointer: &str, part: &str) {
    let flaws = told(json);
    assert_eq!(flaws.len(), 1, "{pointer} {part}: {flaws:#?}");
    assert_eq!(flaws[0].pointer, pointer, "{flaws:#?}");
    assert!(flaws[0].detail.contains(part), "{part}: {flaws:#?}");
}

#[test]
fn documented_workflows_have_no_flaws() {
    let documented = documented();
    assert_eq!(documented.len(), 4);
    for json in documented {
        assert_eq!(told(&json), [], "{json}");
        let workflow = read(&json).expect("it reads");
        assert_eq!(read(&serde_json::to_value(&workflow).expect("JSON")), Ok(workflow));
    }
}

#[test]
fn each_spoilt_place_is_named() {
    for (place, value, pointer, part) in [
        // Reading.
        ("/id", Value::Null, "", "missing field `id`"),
        ("/scope", json!("all"), "/scope", "expected `customer` or `invoice`"),
        ("/colour", json!("red"), "/colour", "unknown field `colour`"),
        ("/priority", json!(1.5), "/priority", "i32"),
        ("/min_gap", json!("P1M"), "/min_gap", "not a duration in days"),
        ("/steps", json!({}), "/steps", "sequence"),
        ("/steps/1", json!("reminder"), "/steps/1", "struct Step"),
        ("/steps/1/at", Value::Null, "/steps/1", "missing field `at`"),
        ("/steps/1/at/anchor", json!("birthday"), "/steps/1/at/anchor", "unknown variant `birthday`"),
        ("/steps/1/at/offset", json!("5 days"), "/steps/1/at/offset", "'5 days' is not a duration"),
        ("/steps/1/at/offset", json!(5), "/steps/1/at/offset", "days such as \"P5D\""),
        ("/steps/1/at/offset", json!({"weeks": 1}), "/steps/1/at/offset/weeks", "expected one of `business_days`, `months`"),
        ("/steps/1/at/offset", json!({"business_days": 1, "x": 1}), "/steps/1/at/offset/x", "unknown field `x`"),
        ("/steps/1/at/offset", json!({"business_days": 1e3}), "/steps/1/at/offset/business_days", "i32"),
        ("/steps/1/at/offset", json!({}), "/steps/1/at/offset", "an offset is days such as"),
        ("/steps/1/at/offset", json!({"end_of_month": true}), "/steps/1/at/offset", "missing field `months`"),
        ("/steps/1/at/offset", json!({"months": 1, "business_days": 1}), "/steps/1/at/offset", "business_days stands alone"),
        ("/steps/1/at/offset", json!({"months": "1"}), "/steps/1/at/offset/months", "i32"),
        ("/steps/1/at/offset", json!("P1M1D"), "/steps/1/at/offset", "'P1M1D' is not a duration"),
        ("/steps/1/action", json!({}), "/steps/1/action", "map with a single key"),
        ("/steps/1/action", json!({"shout": {}}), "/steps/1/action", "unknown variant `shout`"),
        ("/steps/1/action/send/to", json!(["owner"]), "/steps/1/action/send/to/0", "unknown variant `owner`"),
        ("/steps/1/action/send/a~b", json!(1), "/steps/1/action/send/a~0b", "unknown field"),
        ("/steps/6/action", json!({"credit_hold": {"x": 1}}), "/steps/6/action/credit_hold/x", "unknown field `x`"),
        // Forms.
        ("/id", json!("Net 30"), "/id", "a-z, 0-9"),
        ("/id", json!("a".repeat(65)), "/id", "one to 64"),
        ("/name", json!(" "), "/name", "one line"),
        ("/name", json!("a\nb"), "/name", "one line"),
        ("/steps/0/id", json!(""), "/steps/0/id", "one to 64"),
        ("/steps/3/id", json!("heads-up"), "/steps/3/id", "the id of step 1 already"),
        ("/steps", json!([]), "/steps", "there are no steps"),
        ("/min_gap", json!("-P1D"), "/min_gap", "between P0D and P90D"),
        ("/min_gap", json!("P91D"), "/min_gap", "between P0D and P90D"),
        // Conditions.
        ("/applies_when", json!("customer.sgement == 'x'"), "/applies_when", "at byte 0: nothing is called"),
        ("/applies_when", json!("1 == 2"), "/applies_when", "always false"),
        ("/exit_when", json!("true"), "/exit_when", "always true"),
        ("/exit_when", json!("exposure.open_minor"), "/exit_when", "at byte 0: a condition must be true or false"),
        ("/steps/4/when", json!("false"), "/steps/4/when", "the step never comes"),
        ("/steps/4/when", json!("risk.score > 5 && false"), "/steps/4/when", "the step never comes"),
        ("/steps/4/when", json!("true && history.satisfied('remind')"), "/steps/4/when", "at byte 26: there is no step 'remind'"),
        // Timing.
        (
            "/steps/3/at",
            json!({"anchor": "previous_step", "offset": "-P1D"}),
            "/steps/3/at/offset",
            "before the step that it follows",
        ),
        ("/steps/3/at", json!({"anchor": "case_opened", "offset": "-P1D"}), "/steps/3/at/offset", "before its case opens"),
        ("/steps/3/at/offset", json!("-P1D"), "/steps/3/at/offset", "can never come"),
        ("/steps/3/at/offset", json!({"business_days": -1}), "/steps/3/at/offset", "can never come"),
        ("/steps/3/at", json!({"anchor": "invoice_date", "offset": "-P1D"}), "/steps/3/at/offset", "can never come"),
        ("/steps/4/at/offset", json!("P11D"), "/steps/4/at/offset", "before step 'call'"),
        ("/steps/5/at/offset", json!({"business_days": 5}), "/steps/5/at/offset", "before step 'letter'"),
        ("/steps/1/at/offset", json!("-P6D"), "/steps/1/at/offset", "before step 'heads-up'"),
        ("/steps/5/at/offset", json!("P2M"), "/steps/6/at/offset", "before step 'executive'"),
        ("/steps/6/at/offset", json!({"months": -1, "end_of_month": true}), "/steps/6/at/offset", "can never come"),
        // Distances.
        ("/steps/0/keep_distance", json!(true), "/steps/0/keep_distance", "no step before it"),
        ("/steps/2/keep_distance", json!(true), "/steps/2/keep_distance", "keeps its distance as it is"),
        ("/steps/2/keep_distance", json!("yes"), "/steps/2/keep_distance", "expected a boolean"),
        // Approvals.
        ("/steps/3/approve_within", json!("P5D"), "/steps/3/approve_within", "asks for no approval"),
        ("/steps/3/then", json!("do"), "/steps/3/then", "until a person answers"),
        ("/steps/7/approve_within", json!("P0D"), "/steps/7/approve_within", "between P1D and P365D"),
        ("/steps/7/approve_within", json!("P366D"), "/steps/7/approve_within", "between P1D and P365D"),
        ("/steps/7/approve_within", json!("P1M"), "/steps/7/approve_within", "not a duration in days"),
        ("/steps/7/then", Value::Null, "/steps/7/then", "'skip' or 'do'"),
        ("/steps/7/approve_within", Value::Null, "/steps/7/then", "until a person answers"),
        // Waits.
        (
            "/steps/3/wait",
            json!({"until": "false", "at_most": "P5D", "then": "do"}),
            "/steps/3/wait/until",
            "only waits out at_most",
        ),
        (
            "/steps/3/wait",
            json!({"until": "history.satisfied('x')", "at_most": "P5D", "then": "do"}),
            "/steps/3/wait/until",
            "there is no step 'x'",
        ),
        ("/steps/3/wait", json!({"until": "1", "at_most": "P5D", "then": "do"}), "/steps/3/wait/until", "must be true or false"),
        (
            "/steps/3/wait",
            json!({"until": "true", "at_most": "P0D", "then": "do"}),
            "/steps/3/wait/at_most",
            "between P1D and P365D",
        ),
        (
            "/steps/3/wait",
            json!({"until": "true", "at_most": "P366D", "then": "do"}),
            "/steps/3/wait/at_most",
            "between P1D and P365D",
        ),
        (
            "/steps/3/wait",
            json!({"until": "true", "at_most": "P1M", "then": "do"}),
            "/steps/3/wait/at_most",
            "not a duration in days",
        ),
        ("/steps/3/wait", json!({"until": "true", "at_most": "P5D"}), "/steps/3/wait", "missing field `then`"),
        ("/steps/3/wait", json!({"until": "true", "then": "do"}), "/steps/3/wait", "missing field `at_most`"),
        ("/steps/3/wait", json!({"at_most": "P5D", "then": "do"}), "/steps/3/wait", "missing field `until`"),
        (
            "/steps/3/wait",
            json!({"until": "true", "at_most": "P5D", "then": "stop"}),
            "/steps/3/wait/then",
            "unknown variant `stop`",
        ),
        // Dates to pay by.
        ("/steps/1/pay_by", json!({"days": 0}), "/steps/1/pay_by/days", "within 1 to 180"),
        ("/steps/1/pay_by", json!({"days": 181}), "/steps/1/pay_by/days", "within 1 to 180"),
        ("/steps/1/pay_by", json!({"days": "P10D"}), "/steps/1/pay_by/days", "i32"),
        ("/steps/1/pay_by", json!({}), "/steps/1/pay_by", "missing field `days`"),
        ("/steps/6/pay_by", json!({"days": 10}), "/steps/6/pay_by", "only a message names a date"),
        // Repeats.
        ("/steps/1/repeat", json!({"every": "P7D", "times": 1}), "/steps/1/repeat/times", "comes 2 to 12 times"),
        ("/steps/1/repeat", json!({"every": "P7D", "times": -1}), "/steps/1/repeat/times", "u32"),
        ("/steps/1/repeat", json!({"every": "P7D"}), "/steps/1/repeat", "missing field `times`"),
        ("/steps/1/repeat", json!({"times": 2}), "/steps/1/repeat", "missing field `every`"),
        ("/steps/1/repeat", json!({"every": "P0D", "times": 2}), "/steps/1/repeat/every", "P1D to P365D"),
        ("/steps/7/repeat", json!({"every": "P7D", "times": 2}), "/steps/7/repeat", "a hand_off cannot"),
        ("/steps/6/repeat", json!({"every": "P7D", "times": 2}), "/steps/6/repeat", "a credit_hold cannot"),
        ("/steps/0/repeat", json!({"every": "P3D", "times": 3}), "/steps/0/repeat", "its last time can never come"),
        ("/steps/4/repeat", json!({"every": "P6D", "times": 3}), "/steps/5/at/offset", "before the last time of step 'letter'"),
        // Actions.
        ("/steps/1/action/send/channels", json!([]), "/steps/1/action/send/channels", "needs a channel"),
        (
            "/steps/1/action/send/channels",
            json!(["sms", "email", "sms"]),
            "/steps/1/action/send/channels/2",
            "sms is listed twice",
        ),
        ("/steps/1/action/send/to", json!([]), "/steps/1/action/send/to", "needs a role"),
        ("/steps/1/action/send/to", json!(["billing", "billing"]), "/steps/1/action/send/to/1", "twice"),
        ("/steps/1/action/send/attach", json!(["statement", "statement"]), "/steps/1/action/send/attach/1", "twice"),
        ("/steps/1/action/send/attach", json!(["receipt"]), "/steps/1/action/send/attach/0", "unknown variant `receipt`"),
        (
            "/steps/1/action",
            json!({"send": {"channels": ["sms"], "template": "reminder", "to": ["billing"], "attach": ["statement"]}}),
            "/steps/1/action/send/attach",
            "only mails carry files",
        ),
        ("/steps/0/action/send/template", json!("hello"), "/steps/0/action/send/channels/0", "no template 'hello' for email"),
        ("/steps/3/action/send/fallback", json!("none"), "/steps/3/action/send/fallback", "ends nowhere"),
        ("/steps/5/action/escalate/to", json!(""), "/steps/5/action/escalate/to", "whom to tell"),
        ("/steps/5/action/escalate/via", json!(["email", "email"]), "/steps/5/action/escalate/via/1", "listed twice"),
        ("/steps/5/action", json!({"notify": {"to": ""}}), "/steps/5/action/notify/to", "whom to tell"),
        ("/steps/5/action", json!({"task": {"title": ""}}), "/steps/5/action/task/title", "the title"),
        ("/steps/5/action", json!({"task": {"title": "x", "to": ""}}), "/steps/5/action/task/to", "whom the task is for"),
        ("/steps/5/action", json!({"task": {"title": "x", "due_in": "-P1D"}}), "/steps/5/action/task/due_in", "before it exists"),
        ("/steps/6/action", json!({"fee": {"kind": "fixed"}}), "/steps/6/action/fee", "needs amount_minor"),
        (
            "/steps/6/action",
            json!({"fee": {"kind": "fixed", "amount_minor": -1}}),
            "/steps/6/action/fee/amount_minor",
            "charges nothing",
        ),
        (
            "/steps/6/action",
            json!({"fee": {"kind": "fixed", "amount_minor": 0}}),
            "/steps/6/action/fee/amount_minor",
            "charges nothing",
        ),
        (
            "/steps/6/action",
            json!({"fee": {"kind": "statutory", "amount_minor": 1}}),
            "/steps/6/action/fee/amount_minor",
            "leave",
        ),
        ("/steps/7/action", json!({"hand_off": {"agency": ""}}), "/steps/7/action/hand_off/agency", "the agency"),
        ("/steps/7/action", json!({"credit_hold": {}}), "/steps/7/action", "A workflow ends in an escalation, hand-off or task"),
    ] {
        check(&spoilt(place, value), pointer, part);
    }
}

#[test]
fn what_may_be_published() {
    for (place, value) in [
        ("/steps/1/approval", json!("required")),
        ("/steps/1/action/send/attach", json!(["invoices", "statement"])),
        ("/steps/6/action", json!({"fee": {"kind": "statutory"}})),
        ("/steps/6/action", json!({"fee": {"kind": "fixed", "amount_minor": 1}})),
        ("/steps/7/action", json!({"task": {"title": "Decide"}})),
        ("/steps/7/action", json!({"escalate": {"to": "cfo"}})),
        // On one day, in order.
        ("/steps/4/at/offset", json!("P12D")),
        // Business days that may fall behind the step before.
        ("/steps/4/at/offset", json!({"business_days": 9})),
        // Months that may fall behind the step before.
        ("/steps/5/at/offset", json!("P1M")),
        ("/steps/6/at/offset", json!({"months": 1, "end_of_month": true})),
        ("/steps/1/at/offset", json!({"months": 0, "end_of_month": true})),
        ("/steps/7/at/offset", json!({"months": 120, "end_of_month": true})),
        ("/steps/4/pay_by", json!({"days": 10})),
        ("/steps/0/repeat", json!({"every": "P2D", "times": 3})),
        ("/steps/4/repeat", json!({"every": "P5D", "times": 3})),
        // Nothing is known of the distance between these anchors.
        ("/steps/3/at", json!({"anchor": "case_opened", "offset": "P0D"})),
        ("/steps/3/at", json!({"anchor": "promise_date", "offset": "-P1D"})),
        ("/steps/0/at", json!({"anchor": "invoice_date", "offset": "P0D"})),
        ("/steps/4/when", json!("true")),
        ("/steps/3/keep_distance", json!(true)),
        ("/steps/3/wait", json!({"until": "exposure.due_items > 2", "at_most": "P365D", "then": "skip"})),
        ("/steps/3/wait", json!({"until": "history.satisfied('nudge')", "at_most": "P1D", "then": "do"})),
        ("/steps/0/keep_distance", json!(false)),
        ("/min_gap", json!("P0D")),
        ("/min_gap", json!("P90D")),
        ("/version", json!(7)),
    ] {
        assert_eq!(told(&spoilt(place, value.clone())), [], "{place} {value}");
    }
}

#[test]
fn a_template_in_no_language_is_none() {
    let settings = settings();
    let mut context = context(&settings);
    context.templates.insert(("heads-up".to_owned(), Channel::Email), Vec::new());
    let workflow = read(&documented()[0]).expect("it reads");
    let told: Vec<String> = flaws(&workflow, &context).into_iter().map(|flaw| flaw.pointer).collect();
    assert_eq!(told, ["/steps/0/action/send/channels/0"]);
    // What cannot be sent by needs no template, until it can.
    context.senders.insert(Channel::Voice);
    assert_eq!(flaws(&workflow, &context).len(), 2);
}

#[test]
fn repeats_end() {
    let flaws = told(&spoilt("/steps/4/repeat", json!({"every": "P1D", "times": 13})));
    assert_eq!(flaws[0].pointer, "/steps/4/repeat/times", "{flaws:?}");
    let flaws = told(&spoilt("/steps/4/repeat", json!({"every": "P366D", "times": 2})));
    assert_eq!(flaws[0].pointer, "/steps/4/repeat/every", "{flaws:?}");
    assert_eq!(told(&spoilt("/steps/4/repeat", json!({"every": "P1D", "times": 11}))), []);
}

#[test]
fn a_step_that_waits_is_never_late() {
    let mut json = spoilt("/steps/3/wait", json!({"until": "exposure.due_items > 2", "at_most": "P5D", "then": "do"}));
    json["steps"][3]["catch_up"] = json!("skip");
    check(&json, "/steps/3/catch_up", "a step that waits is never late");
    json["steps"][3]["catch_up"] = json!("highest");
    assert_eq!(told(&json), []);
}

#[test]
fn the_first_step_follows_nothing() {
    let json = spoilt("/steps/0/at", json!({"anchor": "previous_step", "offset": "P0D"}));
    check(&json, "/steps/0/at/anchor", "the first step has no step before it");
}

#[test]
fn business_days_are_bounded() {
    let json = spoilt("/steps/7/at/offset", json!({"business_days": 2_601}));
    check(&json, "/steps/7/at/offset/business_days", "at most 2600");
    let json = spoilt("/steps/0/at/offset", json!({"business_days": i32::MIN}));
    check(&json, "/steps/0/at/offset/business_days", "at most 2600");
    let json = spoilt("/steps/7/at/offset", json!("P121M"));
    check(&json, "/steps/7/at/offset", "at most 120 months");
    let json = spoilt("/steps/0/at/offset", json!({"months": i32::MIN}));
    check(&json, "/steps/0/at/offset", "at most 120 months");
}

#[test]
fn every_step_that_does_not_read_is_told() {
    let mut json = spoilt("/steps/1/at", json!(null));
    json["steps"][4]["action"] = json!(7);
    json["scope"] = json!("none");
    let places: Vec<String> = told(&json).into_iter().map(|flaw| flaw.pointer).collect();
    assert_eq!(places, ["/scope", "/steps/1", "/steps/4/action"]);
}

#[test]
fn the_number_of_steps_is_bounded() {
    let with = |count: usize| {
        let step = |position: usize| {
            json!({"id": format!("s{position}"), "at": {"anchor": "due_date", "offset": "P1D"},
                   "action": {"task": {"title": "Call"}}})
        };
        json!({"id": "long", "name": "Long", "scope": "invoice", "steps": (0..count).map(step).collect::<Vec<_>>()})
    };
    assert_eq!(told(&with(STEPS_MAX)), []);
    check(&with(STEPS_MAX + 1), "/steps", "at most 40");
    check(&with(100_000), "/steps", "at most 40");
    // One that was not read but made.
    let mut made = read(&with(STEPS_MAX)).expect("it reads");
    made.steps.extend(made.steps.clone());
    assert_eq!(flaws(&made, &context(&settings())), [Flaw::too_many_steps(80)]);
}

#[test]
fn anything_else_is_no_workflow() {
    for json in [json!(null), json!([]), json!("x"), json!(1)] {
        check(&json, "", "a workflow is a JSON object");
    }
    check(&json!({}), "", "missing field");
}

/// A plan of sends to the role, on the day after the due date or `previous`, each, with the flaws' pointers.
fn capped(cap: (u32, u32), min_gap: &str, sends: &[(&str, &str, &str)], pointers: &[&str]) {
    let mut steps: Vec<Value> = sends
        .iter()
        .enumerate()
        .map(|(position, (anchor, offset, role))| {
            let offset = offset.parse::<i32>().map_or_else(|_| json!(offset), |days| json!({"business_days": days}));
            json!({"id": format!("s{position}"), "at": {"anchor": anchor, "offset": offset},
                   "action": {"send": {"channels": ["email"], "template": "reminder", "to": [role]}}})
        })
        .collect();
    steps.push(json!({"id": "end", "at": {"anchor": "previous_step", "offset": "P1D"}, "action": {"task": {"title": "Call"}}}));
    let json = json!({"id": "w", "name": "W", "scope": "customer", "min_gap": min_gap, "steps": steps});
    let mut settings = settings();
    settings.caps.per_person = Some(PersonCap { count: cap.0, days: cap.1 });
    let flaws = flaws(&read(&json).expect("it reads"), &context(&settings));
    let told: Vec<&str> = flaws.iter().map(|flaw| flaw.pointer.as_str()).collect();
    assert_eq!(told, pointers, "{json} {flaws:#?}");
}

#[test]
fn caps_that_the_plan_itself_breaks() {
    let due = |day| ("due_date", day, "billing");
    capped((3, 7), "P1D", &[due("P1D"), due("P3D"), due("P5D"), due("P7D")], &["/steps/3"]);
    capped((3, 7), "P1D", &[due("P1D"), due("P3D"), due("P5D"), due("P8D")], &[]);
    // The gap spaces what the plan does not.
    capped((3, 7), "P3D", &[due("P1D"), due("P1D"), due("P1D"), due("P1D")], &[]);
    capped((2, 7), "P3D", &[due("P1D"), due("P1D"), due("P1D"), due("P1D")], &["/steps/2", "/steps/3"]);
    capped((2, 7), "P3D", &[due("P1D"), due("P1D"), due("P5D")], &["/steps/2"]);
    capped((2, 7), "P3D", &[due("P1D"), due("P1D"), due("P8D")], &[]);
    // What leaves on one day is one contact.
    capped((1, 7), "P0D", &[due("P1D"), due("P1D"), due("P8D")], &[]);
    capped((1, 7), "P0D", &[due("P1D"), due("P2D")], &["/steps/1"]);
    // Other people, and days that lie between them all the same.
    capped((1, 7), "P1D", &[due("P1D"), ("due_date", "P2D", "executive"), ("due_date", "P3D", "site")], &[]);
    capped((1, 7), "P4D", &[due("P1D"), ("due_date", "P1D", "executive"), due("P1D")], &[]);
    capped((1, 9), "P4D", &[due("P1D"), ("due_date", "P1D", "executive"), due("P1D")], &["/steps/2"]);
    // Along the step before, in business days.
    let next = |days| ("previous_step", days, "billing");
    capped((1, 7), "P1D", &[due("P1D"), next("5")], &[]);
    capped((1, 7), "P1D", &[due("P1D"), next("4")], &["/steps/1"]);
    // A step whose moment passed before its turn keeps its distance to the one before.
    let to = |role| ("due_date", "P1D", role);
    capped((1, 4), "P3D", &[to("executive"), to("site"), to("approver"), to("billing"), due("P6D")], &[]);
    capped((1, 6), "P3D", &[to("executive"), to("site"), to("approver"), to("billing"), due("P6D")], &["/steps/4"]);
    // A repeated step counts each time.
    repeated((3, 7), "P2D", 3, &[]);
    repeated((2, 7), "P2D", 3, &["/steps/0"]);
    repeated((2, 4), "P2D", 3, &[]);
    // A date to pay by keeps the next step further away than the plan says.
    let pay_by = |days: Value| {
        let send = |id: &str, offset: &str, pay_by: &Value| {
            json!({"id": id, "at": {"anchor": "due_date", "offset": offset}, "pay_by": pay_by,
                "action": {"send": {"channels": ["email"], "template": "reminder", "to": ["billing"]}}})
        };
        let end = json!({"id": "end", "at": {"anchor": "previous_step", "offset": "P1D"}, "action": {"task": {"title": "Call"}}});
        let steps = [send("a", "P1D", &days), send("b", "P5D", &Value::Null), end];
        let mut settings = settings();
        settings.caps.per_person = Some(PersonCap { count: 1, days: 14 });
        let json = json!({"id": "w", "name": "W", "scope": "customer", "min_gap": "P1D", "steps": steps});
        flaws(&read(&json).expect("it reads"), &context(&settings)).len()
    };
    assert_eq!([pay_by(Value::Null), pay_by(json!({"days": 10})), pay_by(json!({"days": 11}))], [1, 1, 0]);
    // Unknown distances are the guard's.
    capped((1, 7), "P1D", &[due("P1D"), ("case_opened", "P1D", "billing")], &[]);
    capped((0, 7), "P1D", &[due("P1D")], &["/steps/0"]);
}

/// A plan of one send that is repeated, with the flaws' pointers.
fn repeated(cap: (u32, u32), every: &str, times: u32, pointers: &[&str]) {
    let send = json!({"id": "again", "at": {"anchor": "due_date", "offset": "P1D"}, "repeat": {"every": every, "times": times},
        "action": {"send": {"channels": ["email"], "template": "reminder", "to": ["billing"]}}});
    let end = json!({"id": "end", "at": {"anchor": "previous_step", "offset": "P1D"}, "action": {"task": {"title": "Call"}}});
    let json = json!({"id": "w", "name": "W", "scope": "customer", "min_gap": "P1D", "steps": [send, end]});
    let mut settings = settings();
    settings.caps.per_person = Some(PersonCap { count: cap.0, days: cap.1 });
    let flaws = flaws(&read(&json).expect("it reads"), &context(&settings));
    let told: Vec<&str> = flaws.iter().map(|flaw| flaw.pointer.as_str()).collect();
    assert_eq!(told, pointers, "{json} {flaws:#?}");
}

fn plan_of(offsets: &[Offset], anchor: Anchor, min_gap: i32) -> Workflow {
    let step = |(position, offset): (usize, &Offset)| {
        let action = if position + 1 == offsets.len() {
            Action::Task(TaskAction { title: "Call".into(), to: None, due_in: None })
        } else {
            Action::Send(Send {
                channels: vec![Channel::Email],
                template: "reminder".into(),
                to: vec![crate::Role::Billing],
                fallback: Fallback::Task,
                copies: 0,
                after: None,
                attach: Vec::new(),
            })
        };
        Step::new(&format!("s{position}"), At { anchor, offset: *offset }, action)
    };
    Workflow {
        id: "w".into(),
        version: 0,
        name: "W".into(),
        scope: crate::Scope::Customer,
        priority: 100,
        applies_when: None,
        exit_when: None,
        min_gap: Days(min_gap),
        statement: None,
        steps: offsets.iter().enumerate().map(step).collect(),
    }
}

fn days() -> impl Strategy<Value = Offset> {
    (-20..60).prop_map(|days| Offset::Days(Days(days)))
}

proptest! {
    #[test]
    fn only_plans_in_order_of_time_pass(offsets in prop::collection::vec(days(), 1..6), sort in any::<bool>()) {
        let mut offsets = offsets;
        if sort {
            offsets.sort_by_key(|offset| match offset { Offset::Days(days) => days.0, Offset::Months { months, .. } => *months, Offset::Business { business_days } => *business_days });
        }
        let in_order = offsets.windows(2).all(|pair| match pair {
            [Offset::Days(left), Offset::Days(right)] => left <= right,
            _ => false,
        });
        let mut settings = settings();
        settings.caps.per_person = None;
        let found = flaws(&plan_of(&offsets, Anchor::DueDate, 3), &context(&settings));
        prop_assert_eq!(found.is_empty(), in_order, "{:?}", found);
    }

    #[test]
    fn no_plan_is_too_odd(
        offsets in prop::collection::vec(
            prop_oneof![
                any::<i32>().prop_map(|days| Offset::Days(Days(days))),
                any::<(i32, bool)>().prop_map(|(months, end_of_month)| Offset::Months { months, end_of_month }),
                any::<i32>().prop_map(|business_days| Offset::Business { business_days }),
            ],
            0..50,
        ),
        anchor in prop::sample::select(&[Anchor::InvoiceDate, Anchor::DueDate, Anchor::PreviousStep, Anchor::CaseOpened, Anchor::PromiseDate][..]),
        min_gap in any::<i32>(),
        open in 0..8_usize,
        cap in any::<(u32, u32)>(),
    ) {
        let mut settings = settings();
        settings.window.days = Some(vec![jiff::civil::Weekday::Monday; open]);
        settings.caps.per_person = Some(PersonCap { count: cap.0, days: cap.1 });
        flaws(&plan_of(&offsets, anchor, min_gap), &context(&settings));
    }
}
