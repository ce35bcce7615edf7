//! For each rule of the prover: workflows that it objects to, and the nearest neighbours that it accepts.

use serde_json::{Value, json};

use super::*;
use crate::{Settings, settings::PersonCap, workflow::read};

fn settings() -> Settings {
    let mut settings = Settings::named("Acme");
    settings.caps.per_person = Some(PersonCap { count: 2, days: 7 });
    settings
}

fn context(settings: &Settings) -> PublishContext<'_> {
    let languages = |of: &[&str]| of.iter().map(|language| (*language).to_owned()).collect::<Vec<_>>();
    let templates = [
        (("reminder".to_owned(), Channel::Email), languages(&["en", "de"])),
        (("reminder".to_owned(), Channel::Sms), languages(&["en", "de"])),
        (("nudge".to_owned(), Channel::Email), languages(&["en", "de-at"])),
        (("english".to_owned(), Channel::Email), languages(&["en"])),
    ];
    PublishContext { templates: templates.into(), senders: [Channel::Email, Channel::Sms].into(), settings }
}

/// A sound plan of four steps.
fn plan_json() -> Value {
    let send = |template: &str| json!({"send": {"channels": ["email"], "template": template, "to": ["billing"]}});
    json!({
        "id": "w", "name": "W", "scope": "customer",
        "steps": [
            {"id": "first", "at": {"anchor": "due_date", "offset": "P1D"}, "action": send("reminder")},
            {"id": "second", "at": {"anchor": "due_date", "offset": "P8D"}, "action": send("nudge")},
            {"id": "third", "at": {"anchor": "due_date", "offset": "P15D"}, "action": send("reminder")},
            {"id": "call", "at": {"anchor": "due_date", "offset": "P30D"}, "action": {"task": {"title": "Call"}}},
        ],
    })
}

fn with(changes: &[(&str, Value)]) -> Value {
    let mut json = plan_json();
    for (pointer, value) in changes {
        let (parent, key) = pointer.rsplit_once('/').expect("a pointer");
        match json.pointer_mut(parent).expect("the parent") {
            Value::Object(object) => drop(object.insert(key.to_owned(), value.clone())),
            Value::Array(list) if key == "-" => list.push(value.clone()),
            Value::Array(list) => list[key.parse::<usize>().expect("a position")] = value.clone(),
            other => panic!("{pointer} lies in {other}"),
        }
    }
    json
}

fn found(json: &Value) -> Vec<Finding> {
    let settings = settings();
    prove(&read(json).unwrap_or_else(|flaws| panic!("{json}: {flaws:?}")), &context(&settings))
}

/// One finding of a rule at a step and place; and none where the nearest neighbour is told.
#[track_caller]
fn check(rejected: &[(&str, Value)], (severity, rule, step, pointer): (Severity, &str, &str, &str), accepted: &[(&str, Value)]) {
    let all = found(&with(rejected));
    let [finding] = all.as_slice() else { panic!("{rejected:?}: {all:#?}") };
    assert_eq!((finding.severity, finding.rule, finding.pointer.as_str()), (severity, rule, pointer), "{finding:?}");
    assert_eq!(finding.step.as_deref().unwrap_or_default(), step, "{finding:?}");
    assert!(finding.detail.len() > 40, "it says how to mend it: {finding:?}");
    assert_eq!(found(&with(accepted)), [], "{accepted:?}");
}

#[test]
fn each_rule_objects_to_a_workflow_and_accepts_its_neighbour() {
    use Severity::{Error, Warning};
    let hand_off = || json!({"hand_off": {"agency": "northgate"}});
    let sms =
        |fallback: &str| json!({"send": {"channels": ["sms"], "template": "reminder", "to": ["billing"], "fallback": fallback}});
    let of = |template: &str| json!({"send": {"channels": ["email"], "template": template, "to": ["billing"]}});
    for (rejected, expected, accepted) in [
        (vec![("/steps/0/id", json!("First"))], (Error, "form", "First", "/steps/0/id"), vec![("/steps/0/id", json!("one"))]),
        (
            vec![("/steps/1/at/offset", json!("-P1D"))],
            (Error, "order", "second", "/steps/1/at/offset"),
            vec![("/steps/0/at/offset", json!("-P5D")), ("/steps/1/at/offset", json!("-P1D"))],
        ),
        (
            vec![("/applies_when", json!("customer.kind == 'Company'"))],
            (Error, "never", "", "/applies_when"),
            vec![("/applies_when", json!("customer.kind == 'company'"))],
        ),
        (
            vec![("/steps/1/when", json!("history.satisfied('third')"))],
            (Error, "never", "second", "/steps/1/when"),
            vec![("/steps/1/when", json!("history.satisfied('first')"))],
        ),
        (
            vec![("/steps/1/when", json!("invoice.open_minor > 500 && invoice.open_minor < 501"))],
            (Error, "never", "second", "/steps/1/when"),
            vec![("/steps/1/when", json!("invoice.open_minor > 500 && invoice.open_minor < 502"))],
        ),
        (
            vec![("/exit_when", json!("exposure.overdue_minor >= 0"))],
            (Error, "always", "", "/exit_when"),
            vec![("/exit_when", json!("exposure.overdue_minor < 500"))],
        ),
        (
            vec![("/steps/1/when", json!("exposure.due_items >= 0"))],
            (Warning, "always", "second", "/steps/1/when"),
            vec![("/steps/1/when", json!("exposure.due_items >= 2"))],
        ),
        (
            vec![("/exit_when", json!("exposure.overdue_minor < 0"))],
            (Warning, "never", "", "/exit_when"),
            vec![("/exit_when", json!("exposure.overdue_minor < 1"))],
        ),
        (
            vec![("/steps/1/catch_up", json!("highest")), ("/min_gap", json!("P0D")), ("/steps/2/at/offset", json!("P8D"))],
            (Error, "never", "second", "/steps/1/catch_up"),
            vec![("/steps/1/catch_up", json!("highest")), ("/min_gap", json!("P0D")), ("/steps/2/at/offset", json!("P9D"))],
        ),
        (
            vec![("/steps/1/approval", json!("required"))],
            (Warning, "unbounded", "second", "/steps/1/approval"),
            vec![
                ("/steps/1/approval", json!("required")),
                ("/steps/1/approve_within", json!("P5D")),
                ("/steps/1/then", json!("skip")),
            ],
        ),
        (
            vec![("/steps/3/repeat", json!({"every": "P7D", "times": 13}))],
            (Error, "unbounded", "call", "/steps/3/repeat/times"),
            vec![("/steps/3/repeat", json!({"every": "P7D", "times": 12}))],
        ),
        (
            vec![("/scope", json!("invoice")), ("/exit_when", json!("invoice.open_minor < 500"))],
            (Warning, "after_exit", "", "/exit_when"),
            vec![("/scope", json!("invoice")), ("/exit_when", json!("exposure.open_minor < 500"))],
        ),
        (
            vec![("/steps/0/action", sms("none"))],
            (Error, "fallback", "first", "/steps/0/action/send/fallback"),
            vec![("/steps/0/action", sms("task"))],
        ),
        (
            vec![("/steps/1/at/offset", json!("P4D")), ("/steps/2/at/offset", json!("P7D"))],
            (Error, "caps", "third", "/steps/2"),
            vec![("/steps/1/at/offset", json!("P4D")), ("/steps/2/at/offset", json!("P8D"))],
        ),
        (
            vec![("/steps/1/at/offset", json!("P3D"))],
            (Warning, "gap", "second", "/steps/1/at/offset"),
            vec![("/steps/1/at/offset", json!("P4D"))],
        ),
        (
            vec![("/steps/1/action", of("english"))],
            (Warning, "language", "second", "/steps/1/action/send/channels/0"),
            vec![("/steps/1/action", of("nudge"))],
        ),
        (
            vec![("/steps/1/action", of("none"))],
            (Error, "text", "second", "/steps/1/action/send/channels/0"),
            vec![("/steps/1/action", of("nudge"))],
        ),
        (
            vec![("/steps/3/action", hand_off())],
            (Warning, "left_to_people", "call", "/steps/3/action/hand_off"),
            vec![("/steps/3/action", json!({"task": {"title": "Call the agency"}}))],
        ),
    ] {
        check(&rejected, expected, &accepted);
    }
}

#[test]
fn what_is_written_after_the_matter_was_given_away_is_told() {
    let hand_off =
        json!({"id": "agency", "at": {"anchor": "due_date", "offset": "P10D"}, "action": {"hand_off": {"agency": "n"}}});
    let mut json = plan_json();
    json["steps"].as_array_mut().expect("steps").insert(2, hand_off);
    let rules = |json: &Value| -> Vec<(&str, String)> {
        found(json).into_iter().map(|finding| (finding.rule, finding.pointer)).collect()
    };
    let left = ("left_to_people", "/steps/2/action/hand_off".to_owned());
    assert_eq!(rules(&json), [("after_exit", "/steps/3/action".to_owned()), left]);
    let mut last = plan_json();
    last["steps"][3] =
        json!({"id": "agency", "at": {"anchor": "due_date", "offset": "P30D"}, "action": {"hand_off": {"agency": "n"}}});
    assert_eq!(rules(&last), [("left_to_people", "/steps/3/action/hand_off".to_owned())]);
}

#[test]
fn new_steps_before_known_ones_are_told_of() {
    let of = |ids: &[&str]| {
        let mut workflow = read(&plan_json()).expect("it reads");
        let step = workflow.steps.remove(0);
        workflow.steps = ids.iter().map(|id| Step { id: (*id).to_owned(), ..step.clone() }).collect();
        workflow
    };
    let pointers = |from: &[&str], to: &[&str], carried: &[(&str, &str)]| -> Vec<String> {
        let carried: Vec<(String, String)> = carried.iter().map(|(old, new)| ((*old).to_owned(), (*new).to_owned())).collect();
        let found = prove_migration(&of(from), &of(to), &carried);
        assert!(found.iter().all(|finding| !finding.refuses() && finding.rule == "migration"), "it is published all the same");
        found.into_iter().map(|finding| finding.pointer).collect()
    };
    assert_eq!(pointers(&["a", "b"], &["new", "a", "b"], &[]), ["/steps/0"]);
    assert_eq!(pointers(&["a", "b"], &["a", "b", "new"], &[]), Vec::<String>::new());
    assert_eq!(pointers(&["a", "b"], &["new", "b"], &[("a", "new")]), Vec::<String>::new());
}

#[test]
fn every_rule_that_finds_is_described() {
    let described: Vec<&str> = crate::workflow::RULES.iter().map(|(rule, _)| *rule).collect();
    for json in [with(&[("/steps/0/id", json!("X"))]), with(&[("/steps/1/at/offset", json!("P3D"))])] {
        assert!(found(&json).iter().all(|finding| described.contains(&finding.rule)));
    }
}

#[test]
fn the_time_that_a_receipt_gets_leads_somewhere() {
    use Severity::{Error, Warning};
    let at = "/steps/0/action";
    let both = |further: Value| {
        let mut send = json!({"channels": ["email", "sms"], "template": "reminder", "to": ["billing"]});
        send.as_object_mut().expect("an object").extend(further.as_object().expect("an object").clone());
        vec![(at, json!({"send": send}))]
    };
    let pointer = "/steps/0/action/send/after";
    let good = || both(json!({"after": "P3D"}));
    for (rejected, expected) in [
        (both(json!({"after": "P3D", "channels": ["email"]})), (Warning, "fallback", "first", pointer)),
        (both(json!({"after": "P3D", "channels": ["sms", "email"]})), (Warning, "fallback", "first", pointer)),
        (both(json!({"after": "P3D", "copies": 1})), (Error, "fallback", "first", pointer)),
        (both(json!({"after": "P8D"})), (Warning, "fallback", "first", pointer)),
        (both(json!({"after": "P1D"})), (Warning, "gap", "first", pointer)),
    ] {
        check(&rejected, expected, &good());
    }
    check(&both(json!({"after": "P1D"})), (Warning, "gap", "first", pointer), &both(json!({"after": "PT4H"})));
}

#[test]
fn statements_are_proven_like_steps() {
    use Severity::{Error, Warning};
    let statement = |further: Value| {
        let mut plan = json!({"every": "month", "on": 1, "template": "nudge"});
        plan.as_object_mut().expect("an object").extend(further.as_object().expect("an object").clone());
        vec![("/statement", plan)]
    };
    for (rejected, expected) in [
        (statement(json!({"on": "monday"})), (Error, "form", "", "/statement/on")),
        (statement(json!({"every": "week"})), (Error, "form", "", "/statement/on")),
        (statement(json!({"channels": []})), (Error, "form", "", "/statement/channels")),
        (statement(json!({"to": []})), (Error, "form", "", "/statement/to")),
        (statement(json!({"channels": ["email", "email"]})), (Error, "text", "", "/statement/channels/1")),
        (statement(json!({"template": "unknown"})), (Error, "text", "", "/statement/channels/0")),
        (statement(json!({"template": "english"})), (Warning, "language", "", "/statement/channels/0")),
        (statement(json!({"channels": ["email", "letter"]})), (Warning, "left_to_people", "", "/statement/channels/1")),
    ] {
        check(&rejected, expected, &statement(json!({})));
    }
    let weekly = || statement(json!({"every": "week", "on": "monday"}));
    let tight: Vec<(&str, Value)> = weekly().into_iter().chain([("/min_gap", json!("P4D"))]).collect();
    check(&tight, (Warning, "gap", "", "/statement/every"), &weekly());
}

#[test]
fn a_reminder_before_a_promised_day_may_stand_anywhere() {
    let step = |id: &str, offset: Value| {
        json!({"id": id, "at": {"anchor": "promise_date", "offset": offset},
            "action": {"send": {"channels": ["email"], "template": "nudge", "to": ["billing"]}}})
    };
    for offset in [json!("-P1D"), json!({"business_days": -1})] {
        let mut json = plan_json();
        let steps = json["steps"].as_array_mut().expect("steps");
        steps.insert(2, step("promised", offset));
        steps.insert(3, step("broken", json!("P4D")));
        assert_eq!(found(&json), [], "{json}");
    }
}
