//! `docs/schemas/workflow.schema.json` says what the types say. The types are asked for their keys by offering one that none has.

use std::collections::BTreeSet;

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::*;
use crate::{AttachedDocument, NoticeWay, word::Known};

fn schema() -> Value {
    serde_json::from_str(include_str!("../../../../docs/schemas/workflow.schema.json")).expect("JSON")
}

/// The names that a refusal of an unknown one lists.
fn expected<T: DeserializeOwned>(offer: Value) -> BTreeSet<String> {
    let Err(error) = serde_json::from_value::<T>(offer) else { panic!("an unknown name is accepted") };
    let text = error.to_string();
    assert!(text.starts_with("unknown field `?`") || text.starts_with("unknown variant `?`"), "{text}");
    text.split('`').skip(3).step_by(2).map(str::to_owned).collect()
}

fn keys(value: &Value) -> BTreeSet<String> {
    value.as_object().map(|object| object.keys().cloned().collect()).unwrap_or_default()
}

fn texts(value: &Value) -> BTreeSet<String> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// `full` has every key of `T`.
fn object<T: DeserializeOwned>(name: &str, full: Value) {
    let definition = &schema()["$defs"][name];
    assert_eq!(keys(&definition["properties"]), expected::<T>(json!({"?": null})), "keys of {name}");
    assert_eq!(keys(&full), keys(&definition["properties"]), "the sample of {name}");
    assert_eq!(definition["additionalProperties"], json!(false), "{name}");
    let reads = |json: &Value| serde_json::from_value::<T>(json.clone()).is_ok();
    assert!(reads(&full), "{name}");
    let required = texts(&definition["required"]);
    for key in keys(&full) {
        let mut less = full.clone();
        less.as_object_mut().expect("an object").remove(&key);
        assert_eq!(!reads(&less), required.contains(&key), "{name}.{key} is required in one and not in the other");
    }
}

/// The shapes of an offset that are objects: between them they have every key that an offset takes.
fn offsets() {
    let schema = schema();
    let definitions = &schema["$defs"];
    let shapes = [("BusinessDays", json!({"business_days": 1})), ("Months", json!({"months": 1, "end_of_month": true}))];
    let mut all = BTreeSet::new();
    for (name, full) in shapes {
        assert_eq!(keys(&definitions[name]["properties"]), keys(&full), "the sample of {name}");
        assert_eq!(definitions[name]["additionalProperties"], json!(false), "{name}");
        assert!(serde_json::from_value::<Offset>(full.clone()).is_ok(), "{name}");
        for key in texts(&definitions[name]["required"]) {
            let mut less = full.clone();
            less.as_object_mut().expect("an object").remove(&key);
            assert!(serde_json::from_value::<Offset>(less).is_err(), "{name}.{key} is required in one and not in the other");
        }
        all.extend(keys(&full));
    }
    assert_eq!(all, expected::<Offset>(json!({"?": null})), "keys of an offset");
    let alternatives = definitions["At"]["properties"]["offset"]["oneOf"].as_array().expect("a list").len();
    assert_eq!(alternatives, 4, "days, months in a text, months, business days");
}

fn variants<T: DeserializeOwned>(name: &str) {
    assert_eq!(texts(&schema()["$defs"][name]["enum"]), expected::<T>(json!("?")), "values of {name}");
}

#[test]
fn objects_have_the_same_keys() {
    let at = json!({"anchor": "due_date", "offset": "P1D"});
    let repeat = json!({"every": "P7D", "times": 3});
    let wait = json!({"until": "exposure.due_items > 2", "at_most": "P14D", "then": "skip"});
    let step = json!({"id": "a", "at": at, "when": "true", "wait": wait, "pay_by": {"days": 10}, "repeat": repeat, "catch_up": "skip", "keep_distance": true,
               "approval": "required", "approve_within": "P7D", "then": "skip", "action": {"credit_hold": {}}});
    let statement = json!({"every": "month", "on": 1, "channels": ["email"], "template": "a", "to": ["billing"],
               "attach": []});
    object::<StatementPlan>("Statement", statement.clone());
    object::<Workflow>(
        "Workflow",
        json!({"id": "a", "version": 1, "name": "A", "scope": "invoice", "priority": 1, "applies_when": "true",
               "exit_when": "false", "min_gap": "P1D", "statement": statement, "steps": [step]}),
    );
    object::<Step>("Step", step);
    object::<At>("At", at);
    object::<Wait>("Wait", wait);
    object::<Repeat>("Repeat", repeat);
    object::<PayBy>("PayBy", json!({"days": 10}));
    offsets();
    object::<Send>(
        "Send",
        json!({"channels": ["sms"], "template": "a", "to": ["site"], "fallback": "none", "copies": 2, "after": "PT4H",
               "attach": ["statement"]}),
    );
    object::<TaskAction>("Task", json!({"title": "A", "to": "b", "due_in": "P1D"}));
    object::<Notify>("Notify", json!({"to": "a", "via": ["email"], "urgent": true}));
    object::<CreditHold>("CreditHold", json!({"confirm_within": "P3D"}));
    object::<ChangeTerms>("ChangeTerms", json!({"terms": {"days": 7}, "confirm_within": "P3D"}));
    object::<HandOff>("HandOff", json!({"agency": "a"}));
    object::<Fee>("Fee", json!({"kind": "fixed", "amount_minor": 1}));
    assert_eq!(keys(&schema()["$defs"]["Action"]["properties"]), expected::<Action>(json!({"?": {}})));
}

#[test]
fn enumerations_have_the_same_values() {
    variants::<Scope>("Scope");
    variants::<Anchor>("Anchor");
    variants::<CatchUp>("CatchUp");
    variants::<AfterWait>("AfterWait");
    variants::<Approval>("Approval");
    variants::<Known<Channel>>("Channel");
    variants::<Known<Role>>("Role");
    variants::<Fallback>("Fallback");
    variants::<FeeKind>("FeeKind");
    variants::<StatementEvery>("StatementEvery");
    variants::<AttachedDocument>("AttachedDocument");
    variants::<Known<NoticeWay>>("NoticeWay");
}

#[test]
fn every_definition_is_checked_here() {
    let simple = ["Id", "Words", "Condition", "Days", "MonthsText", "ReceiptTime"];
    let definitions = keys(&schema()["$defs"]);
    let source = include_str!("schema_tests.rs");
    for name in definitions.iter().filter(|name| !simple.contains(&name.as_str())) {
        assert!(source.contains(&format!("\"{name}\"")), "{name} is not compared with a type");
    }
}

/// What a key defaults to is the same in both.
#[test]
fn defaults_are_the_same() {
    let least = json!({"id": "a", "name": "A", "scope": "customer", "steps": [{"id": "a", "at": {"anchor": "due_date", "offset": "P1D"},
        "action": {"send": {"channels": ["email"], "template": "a", "to": ["billing"]}}}]});
    let workflow: Workflow = serde_json::from_value(least).expect("it reads");
    let written = serde_json::to_value(&workflow).expect("JSON");
    let notify = serde_json::to_value(serde_json::from_value::<Notify>(json!({"to": "a"})).expect("it reads")).expect("JSON");
    let statement = serde_json::from_value::<StatementPlan>(json!({"every": "week", "on": "monday"})).expect("it reads");
    let statement = serde_json::to_value(statement).expect("JSON");
    for (name, written) in [
        ("Workflow", &written),
        ("Step", &written["steps"][0]),
        ("Send", &written["steps"][0]["action"]["send"]),
        ("Notify", &notify),
        ("Statement", &statement),
    ] {
        let schema = schema();
        let properties = schema["$defs"][name]["properties"].as_object().expect("an object");
        for (key, property) in properties.iter().filter(|(_, property)| property.get("default").is_some()) {
            assert_eq!(written.get(key), property.get("default"), "{name}.{key}");
        }
    }
}

#[test]
fn limits_are_the_same() {
    let schema = schema();
    let definitions = &schema["$defs"];
    for (pointer, limit) in [
        ("/Workflow/properties/steps/maxItems", validate::STEPS_MAX as i64),
        ("/BusinessDays/properties/business_days/maximum", validate::BUSINESS_DAYS_MAX.into()),
        ("/BusinessDays/properties/business_days/minimum", (-validate::BUSINESS_DAYS_MAX).into()),
        ("/Months/properties/months/maximum", validate::MONTHS_MAX.into()),
        ("/Months/properties/months/minimum", (-validate::MONTHS_MAX).into()),
        ("/Repeat/properties/times/minimum", validate::REPEAT_TIMES.0.into()),
        ("/Repeat/properties/times/maximum", validate::REPEAT_TIMES.1.into()),
        ("/Send/properties/copies/maximum", validate::COPIES_MAX.into()),
        ("/PayBy/properties/days/maximum", validate::PAY_BY_MAX.into()),
        ("/Statement/properties/on/oneOf/0/maximum", STATEMENT_DAY_MAX.into()),
        ("/Words/maxLength", validate::TITLE_MAX as i64),
        ("/Condition/maxLength", crate::condition::SOURCE_MAX as i64),
    ] {
        assert_eq!(definitions.pointer(pointer), Some(&json!(limit)), "{pointer}");
    }
}
