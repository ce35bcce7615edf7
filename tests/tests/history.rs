//! Versions of facts, and what was known at an instant, after months in which the stream repeats, delays and reorders what it tells.

use std::collections::BTreeMap;

use domain::CustomerId;
use jiff::{SignedDuration, Timestamp};
use local::{Fault, Mode, Stack, When};
use rand::{Rng, seq::SliceRandom};
use serde_json::{Value, json};
use store::{
    Basis,
    inspect::{Item, Stored},
};
use tests::{
    documents::{changed, customer, invoice, payment},
    faults::judge::open_table,
    test_tenant::TestTenant,
};

use crate::lists::{Story, items, records, tenant};

/// The versions of facts, by key.
fn versions(stack: &Stack) -> BTreeMap<String, Item> {
    let versions = items(stack).into_iter().filter(Item::is_version);
    versions.map(|item| (format!("{}|{}", item.pk(), item.sk()), item)).collect()
}

fn customers(stack: &Stack) -> Vec<CustomerId> {
    let profile = |item: Item| if let Ok(Stored::Profile(profile)) = item.read() { Some(profile.id.clone()) } else { None };
    items(stack).into_iter().filter(|item| !item.is_version()).filter_map(profile).collect()
}

async fn vault(stack: &Stack) -> store::Vault {
    store::Vault::new(aws_sdk_kms::Client::new(&stack.clients().sdk), open_table(stack).await.unwrap(), None)
}

/// How many decisions of every customer are explained by exactly what they were made from, and those that are not.
async fn explained(stack: &Stack) -> (usize, Vec<String>) {
    let store = open_table(stack).await.unwrap();
    let vault = vault(stack).await;
    let (mut recorded, mut differ) = (0, Vec::new());
    for customer in customers(stack) {
        let mut instants: BTreeMap<u64, Timestamp> = BTreeMap::new();
        for record in store.records(&tenant(), &customer, 200).await.unwrap() {
            let at = record.message.as_ref().map_or(record.at, |message| message.decided_at);
            instants.insert(record.number, at);
        }
        for (number, at) in instants {
            let as_of = vault.as_of(&tenant(), &customer, at).await.unwrap().unwrap();
            match as_of.basis {
                Basis::Recorded => recorded += 1,
                basis => differ.push(format!("{customer} decision {number} at {at}: {basis:?}")),
            }
        }
    }
    (recorded, differ)
}

#[tokio::test]
async fn every_decision_of_a_year_is_explained_by_what_was_known() {
    let mut all = 0;
    for seed in [11, 12] {
        let mut story = Story::begin(seed).await;
        while story.desk.stack.now() < "2027-01-05T00:00:00Z".parse::<Timestamp>().unwrap() {
            story.happens().await;
            story.desk.advance("PT60H").await;
        }
        story.drain().await;
        let (recorded, differ) = explained(&story.desk.stack).await;
        println!("{recorded} decisions are explained by what they were made from, {} differ", differ.len());
        assert!(differ.is_empty(), "{differ:#?}");
        all += recorded;
        // At any other instant it is recomputed, and the same twice.
        let vault = vault(&story.desk.stack).await;
        for customer in customers(&story.desk.stack) {
            let at = story.desk.stack.now() - SignedDuration::from_mins(story.random.random_range(1..500_000));
            let Some(as_of) = vault.as_of(&tenant(), &customer, at).await.unwrap() else { continue };
            assert_ne!(as_of.basis, Basis::Differs { engine: None, gaps: vec![] });
            let again = vault.as_of(&tenant(), &customer, at).await.unwrap().unwrap();
            assert_eq!(as_of.decision, again.decision);
        }
    }
    assert!(all > 100, "{all}");
}

#[tokio::test]
async fn records_that_come_again_make_no_further_version() {
    let mut story = Story::begin(21).await;
    for _ in 0..25 {
        story.happens().await;
    }
    story.drain().await;
    let before = versions(&story.desk.stack);
    assert!(before.len() > 20, "{}", before.len());
    let mut late = records(&story.desk.stack);
    late.shuffle(&mut story.random);
    for some in late.chunks(7) {
        story.desk.stack.invoke("read-model", json!({"Records": some})).await.unwrap();
    }
    assert_eq!(versions(&story.desk.stack), before);
}

#[tokio::test]
async fn a_ladder_makes_no_history_and_a_change_one_version() {
    let desk = TestTenant::at("2026-01-05T08:00:00Z").await;
    let document = invoice(&customer("C-1"), "INV-1", 125_000, "2026-02-04");
    desk.put(&document).await;
    desk.advance("PT1H").await;
    let before = versions(&desk.stack).len();
    // Before the task at its end, which is work that decisions look at.
    desk.to("2026-03-12T08:00:00Z").await;
    assert!(desk.sent().len() >= 3, "{:?}", desk.log());
    assert_eq!(versions(&desk.stack).len(), before, "messages change no fact");
    desk.put(&changed(&document, 2, &json!({"total_minor": 99_000}))).await;
    desk.send(&changed(&document, 2, &json!({"total_minor": 99_000}))).await.is(200);
    desk.advance("PT1H").await;
    assert_eq!(versions(&desk.stack).len(), before + 1);
    desk.put(&payment("C-1", "P-1", 1, "received", "INV-1", 99_000)).await;
    desk.advance("PT1H").await;
    assert_eq!(versions(&desk.stack).len(), before + 2);
    // The matter says what was known before the total changed.
    let path = "/v1/customers/canonical/C-1?at=2026-03-11T08:00:00Z";
    let shown = desk.admin("GET", path, &Value::Null).await.is(200).body;
    assert_eq!(shown["as_of"]["basis"], "recomputed", "{shown:#}");
    assert_eq!(shown["as_of"]["decided"][0]["trace"]["open_minor"], 125_000);
    assert_eq!(shown["now"][0]["because"], "nothing_open");
    let first = shown["records"].as_array().unwrap().last().unwrap()["at"].as_str().unwrap().to_owned();
    let shown = desk.admin("GET", &format!("/v1/customers/canonical/C-1?at={first}"), &Value::Null).await.is(200).body;
    assert_eq!(shown["as_of"]["basis"], "recorded");
    desk.admin("GET", "/v1/customers/canonical/C-1?at=yesterday", &Value::Null).await.is(400);
}

#[tokio::test]
async fn what_was_given_up_is_a_gap_that_explanations_name() {
    let desk = TestTenant::at("2026-01-05T08:00:00Z").await;
    let document = invoice(&customer("C-1"), "INV-1", 125_000, "2026-02-04");
    desk.put(&document).await;
    desk.advance("PT1H").await;
    // The next change is never read.
    let (target, mode, when) = ("read-model".to_owned(), Some(Mode::Crash), Some(When::Before));
    desk.stack.fault(Fault { target, mode, times: 100_000, call: Some(1), when }).unwrap();
    desk.put(&changed(&document, 2, &json!({"total_minor": 99_000}))).await;
    desk.advance("PT30H").await;
    desk.mend("read-model");
    desk.to("2026-03-10T08:00:00Z").await;
    let shown = desk.matter("C-1").await;
    let sent = shown["records"].as_array().unwrap().iter().find(|record| record["message_id"].is_string()).unwrap();
    let at = sent["body"]["message"]["decided_at"].as_str().unwrap();
    let shown = desk.admin("GET", &format!("/v1/customers/canonical/C-1?at={at}"), &Value::Null).await.is(200).body;
    assert_eq!((&shown["as_of"]["basis"], &shown["as_of"]["engine"]), (&json!("differs"), &json!(1)), "{shown:#}");
    assert!(shown["as_of"]["gaps"].as_array().is_some_and(|gaps| !gaps.is_empty()), "{shown:#}");
}
