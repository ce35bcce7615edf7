//! Explanation equals reality: at each decision, each message and random hours of a quarter in which the stream repeats, delays and reorders
//! what it tells, explanations agree with what was recorded and done, also after workflow, settings and facts have changed.

use std::collections::BTreeMap;

use domain::{CaseTrace, CustomerId, MessageStatus};
use jiff::{SignedDuration, Timestamp};
use local::Stack;
use rand::Rng;
use serde_json::{Value, json};
use store::{
    Record,
    inspect::{Item, Stored, attributes::version::AT},
};
use tests::{
    documents::{changed, customer, invoice},
    faults::judge::open_table,
    test_tenant::{TENANT, TestTenant},
};

use crate::lists::{Story, items, tenant};

/// Random hours that are looked at, a customer.
const HOURS: usize = 20;

fn customers(stack: &Stack) -> Vec<CustomerId> {
    let profile = |item: Item| if let Ok(Stored::Profile(profile)) = item.read() { Some(profile.id.clone()) } else { None };
    items(stack).into_iter().filter(|item| !item.is_version()).filter_map(profile).collect()
}

/// When facts of a customer changed, and what its tenant decides by.
fn changes(stack: &Stack, customer: &CustomerId) -> Vec<Timestamp> {
    let shared = format!("T#{TENANT}#V");
    let is_own = |item: &Item| item.pk().contains(customer.as_str()) || item.pk() == shared || item.pk().contains("#ADR#");
    let at = |item: Item| {
        let at = item.attributes().get(AT)?.as_n().ok()?.parse().ok()?;
        Timestamp::from_millisecond(at).ok()
    };
    items(stack).into_iter().filter(Item::is_version).filter(is_own).filter_map(at).collect()
}

async fn explain(desk: &TestTenant, kind: &str, id: &str, at: Option<Timestamp>) -> Value {
    let at = at.map_or_else(String::new, |at| format!("?at={at}"));
    desk.admin("GET", &format!("/v1/{kind}/{id}/explain{at}"), &Value::Null).await.is(200).body
}

/// What each decision came to, by its number, with when it was made.
fn decisions(records: &[Record]) -> BTreeMap<u64, (Timestamp, Vec<CaseTrace>)> {
    let mut all: BTreeMap<u64, (Timestamp, Vec<CaseTrace>)> = BTreeMap::new();
    for record in records {
        let at = record.message.as_ref().map_or(record.at, |message| message.decided_at);
        let known = all.entry(record.number).or_insert((at, vec![]));
        for trace in &record.cases {
            if !known.1.iter().any(|own| own.case == trace.case && own.balance() == trace.balance()) {
                known.1.push(trace.clone());
            }
        }
    }
    all
}

async fn judge_decisions(desk: &TestTenant, records: &[Record]) -> usize {
    let mut judged = 0;
    for (number, (at, traces)) in decisions(records) {
        for trace in traces.iter().filter(|trace| trace.case.is_some()) {
            let case = trace.case.as_ref().unwrap().as_str();
            let said = explain(desk, "cases", case, Some(at)).await;
            assert_eq!((&said["basis"], said["number"].as_u64()), (&json!("recorded"), Some(number)), "{case} at {at}: {said:#}");
            let found = &said["cases"][0];
            assert_eq!(found["because"], trace.because.as_str(), "{case} at {at}: {found:#}");
            assert_eq!(found["step"].as_str(), trace.step.as_deref(), "{case} at {at}: {found:#}");
            assert_eq!(found["trace"]["due_now_minor"], trace.due_now_minor, "{case} at {at}: {found:#}");
            assert!(!said["outcome"].as_array().unwrap().is_empty() && !found["rules"].as_array().unwrap().is_empty());
            judged += 1;
        }
    }
    judged
}

async fn judge_messages(desk: &TestTenant, records: &[Record]) -> usize {
    let mut judged = 0;
    for record in records {
        let Some(message) = &record.message else { continue };
        let said = explain(desk, "messages", message.id.as_str(), None).await;
        let found = &said["message"];
        assert_eq!(found["status"], record.status.to_string(), "{said:#}");
        assert_eq!(found["hash"], record.hash, "{said:#}");
        if record.body["status"] == MessageStatus::Sent.as_str() {
            assert_eq!((&found["sender_found"], &found["agrees"]), (&json!("send"), &json!(true)), "{said:#}");
        }
        judged += 1;
    }
    judged
}

/// At random hours the messages are those of the records as they stood then, and what was not due did not leave.
async fn judge_hours(story: &mut Story, customer: &CustomerId, records: &[Record]) -> usize {
    let Some(case) = records.iter().flat_map(|record| &record.cases).find_map(|trace| trace.case.clone()) else { return 0 };
    let now = story.desk.stack.now();
    let changed = changes(&story.desk.stack, customer);
    let mut judged = 0;
    for _ in 0..HOURS {
        let at = now - SignedDuration::from_hours(story.random.random_range(1..2_100));
        let said = explain(&story.desk, "cases", case.as_str(), Some(at)).await;
        if said["basis"] == "unknown_before" {
            let begins: Timestamp = said["history_begins_at"].as_str().unwrap().parse().unwrap();
            assert!(at < begins, "{said:#}");
            assert!(!records.iter().any(|record| record.at <= at), "something was recorded before history begins: {said:#}");
            continue;
        }
        let mut then: Vec<(Timestamp, u64, &Record)> = records
            .iter()
            .filter_map(|record| Some((record.message.as_ref()?.decided_at, record.number, record)))
            .filter(|(decided_at, ..)| *decided_at <= at)
            .collect();
        then.sort_by_key(|moment| std::cmp::Reverse((moment.0, moment.1)));
        let told = said["messages"].as_array().cloned().unwrap_or_default();
        assert_eq!(told.len(), then.len().min(20), "{at}: {said:#}");
        for message in &told {
            let id = message["message"].as_str().unwrap();
            let (.., record) = then.iter().find(|(.., record)| record.message.as_ref().unwrap().id.as_str() == id).unwrap();
            let settled = (record.at <= at).then(|| record.body["status"].as_str().unwrap());
            assert_eq!(message["status"].as_str(), settled, "{at}: {message:#}");
        }
        // What is not due until a moment did not leave before it, unless something changed meanwhile.
        let Some(found) = said["cases"].get(0).filter(|found| found["because"] == "not_due") else { continue };
        let until: Timestamp = found["trace"]["until"].as_str().unwrap().parse().unwrap();
        let next = records.iter().filter(|record| record.cases.iter().any(|trace| trace.case.as_ref() == Some(&case)));
        let next = next.filter_map(|record| Some(record.message.as_ref()?.decided_at)).filter(|decided| *decided > at).min();
        if let Some(next) = next.filter(|next| *next < until) {
            let is_changed = changed.iter().any(|change| *change > at && *change <= next);
            assert!(is_changed, "{case} at {at}: a message left at {next} though it said {found:#}");
        }
        judged += 1;
    }
    judged
}

#[tokio::test]
async fn explanations_agree_with_what_was_recorded_and_done() {
    let mut story = Story::begin(31).await;
    while story.desk.stack.now() < "2026-04-01T00:00:00Z".parse::<Timestamp>().unwrap() {
        story.happens().await;
        story.desk.advance("PT20H").await;
    }
    story.drain().await;
    // What was stays, whatever settings, workflow and facts are now.
    story.desk.admin("PATCH", "/v1/settings", &json!({"minimum_exposure": {"EUR": 500}})).await.is(200);
    let mut workflow = story.desk.admin("GET", "/v1/workflows/standard", &Value::Null).await.is(200).body;
    workflow["name"] = json!("Ours");
    workflow["min_gap"] = json!("P4D");
    story.desk.admin("PUT", "/v1/workflows/standard", &workflow).await.is(200);
    for _ in 0..4 {
        story.happens().await;
    }
    story.drain().await;
    let store = open_table(&story.desk.stack).await.unwrap();
    let (mut decided, mut sent, mut hours) = (0, 0, 0);
    for customer in customers(&story.desk.stack) {
        let records = store.records(&tenant(), &customer, 200).await.unwrap();
        decided += judge_decisions(&story.desk, &records).await;
        sent += judge_messages(&story.desk, &records).await;
        hours += judge_hours(&mut story, &customer, &records).await;
    }
    println!("{decided} decisions, {sent} messages and {hours} hours are explained as they were");
    assert!(decided > 8 && sent > 3 && hours > 8, "{decided} {sent} {hours}");
}

#[tokio::test]
async fn an_invoice_is_explained_before_now_and_ahead() {
    let desk = TestTenant::at("2026-01-05T08:00:00Z").await;
    desk.put(&invoice(&customer("C-1"), "INV-1", 125_000, "2026-02-04")).await;
    desk.to("2026-02-10T08:00:00Z").await;
    let matter = desk.matter("C-1").await;
    let id = matter["due_items"][0]["item"].as_str().unwrap().to_owned();
    let case = matter["cases"][0]["id"].as_str().unwrap().to_owned();

    let now = explain(&desk, "invoices", &id, None).await;
    assert_eq!((&now["basis"], &now["cases"][0]["because"]), (&json!("now"), &json!("not_due")), "{now:#}");
    assert_eq!(now["items"][0]["case"], 0);
    let earliest = now["cases"][0]["earliest"].as_str().unwrap();
    assert!(earliest.starts_with("earliest ") && earliest.contains(" in Berlin, when step "), "{earliest}");
    let rules = now["cases"][0]["rules"].as_array().unwrap();
    let named = |name: &str| rules.iter().find(|rule| rule["rule"] == name).unwrap_or_else(|| panic!("{name}: {rules:#?}"));
    assert_eq!(named("due-now")["result"], "allows");
    assert_eq!(named("step-due")["result"], "waits");
    assert_eq!((&named("suppression")["authority"], &named("window")["authority"]), (&json!("statute"), &json!("setting")));
    assert!(rules.iter().all(|rule| !rule["citation"].as_str().unwrap().is_empty() && rule["version"].is_u64()));

    // A pause: when it ends is what would change it.
    let pause = json!({"kind": "pause", "customer": matter["customer"]["id"], "reason": "manual", "until_on": "2026-02-20"});
    desk.admin("POST", "/v1/agreements", &pause).await.is(200);
    let held = explain(&desk, "cases", &case, None).await;
    assert_eq!(held["cases"][0]["because"], "nothing_due_now", "{held:#}");
    assert!(held["cases"][0]["changes"][0].as_str().unwrap().starts_with("The end of the pause"), "{held:#}");
    assert!(held["cases"][0]["earliest_at"].as_str().unwrap() > "2026-02-20", "{held:#}");

    // Ahead, over the facts of now.
    let ahead = explain(&desk, "invoices", &id, Some("2026-03-02T10:00:00Z".parse().unwrap())).await;
    assert_eq!(ahead["basis"], "assumed");
    assert!(ahead["assumption"].as_str().unwrap().starts_with("This assumes that nothing changes until then"), "{ahead:#}");

    // Before history begins nothing is guessed.
    let before = explain(&desk, "cases", &case, Some("2025-12-01T10:00:00Z".parse().unwrap())).await;
    assert_eq!((&before["basis"], &before["cases"]), (&json!("unknown_before"), &Value::Null), "{before:#}");
    assert!(before["history_begins_at"].as_str().unwrap().starts_with("2026-01-05T08:"), "{before:#}");
    for (kind, id) in [("invoices", "inv_none"), ("cases", "case_none"), ("messages", "msg_none"), ("messages", "x")] {
        desk.admin("GET", &format!("/v1/{kind}/{id}/explain"), &Value::Null).await.is(404);
    }
    desk.admin("GET", &format!("/v1/cases/{case}/explain?at=yesterday"), &Value::Null).await.is(400);
}

#[tokio::test]
async fn a_tenant_that_is_switched_off_is_said_first() {
    let desk = TestTenant::at("2026-01-05T08:00:00Z").await;
    desk.put(&invoice(&customer("C-1"), "INV-1", 125_000, "2026-02-04")).await;
    desk.to("2026-02-10T08:00:00Z").await;
    let matter = desk.matter("C-1").await;
    let id = matter["due_items"][0]["item"].as_str().unwrap().to_owned();
    let case = matter["cases"][0]["id"].as_str().unwrap().to_owned();
    assert!(matter["due_items"][0]["next_step"].is_string() && matter["switched_off"].is_null(), "{matter:#}");

    desk.admin("PATCH", "/v1/settings", &json!({"mode": "off"})).await.is(200);
    for (kind, id) in [("cases", &case), ("invoices", &id)] {
        let off = explain(&desk, kind, id, None).await;
        let said: Vec<&str> = off["outcome"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
        assert!(said[0].starts_with("The tenant is switched off"), "{off:#}");
        assert!(!said.iter().any(|said| said.contains("next step") || said.contains("was not there")), "{off:#}");
        assert_eq!(off["changes"], json!(["Switching the tenant to shadow or live, by mode in the settings."]), "{off:#}");
    }
    let matter = desk.matter("C-1").await;
    assert!(matter["due_items"][0]["next_step"].is_null(), "{matter:#}");
    let off = &matter["switched_off"];
    assert!(off["why"].as_str().unwrap().starts_with("The tenant is switched off"), "{matter:#}");
}

#[tokio::test]
async fn a_paid_invoice_is_said_to_be_paid() {
    let desk = TestTenant::at("2026-01-05T08:00:00Z").await;
    let whose = customer("C-1");
    desk.put(&invoice(&whose, "INV-1", 125_000, "2026-02-04")).await;
    desk.put(&invoice(&whose, "INV-2", 1_000, "2026-02-04")).await;
    desk.to("2026-02-01T08:00:00Z").await;
    let matter = desk.matter("C-1").await;
    let of = |number: &str| {
        let items = matter["due_items"].as_array().unwrap();
        items.iter().find(|item| item["number"] == number).unwrap()["item"].as_str().unwrap().to_owned()
    };
    let id = of("INV-1");
    desk.put(&changed(&invoice(&whose, "INV-1", 125_000, "2026-02-04"), 2, &json!({"paid_minor": 125_000}))).await;
    desk.to("2026-02-10T08:00:00Z").await;
    let paid = desk.admin("GET", &format!("/v1/invoices/{id}"), &Value::Null).await.is(200).body;
    assert_eq!(paid["status"], "paid", "{paid:#}");
    let said = explain(&desk, "invoices", &id, None).await;
    assert_eq!(said["outcome"][0], "The invoice is paid or credited in full, so nothing of it is owed.", "{said:#}");
}
