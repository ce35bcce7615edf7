//! A message is for the person whom it was decided for, whoever stands at the contact's id by the time that it leaves; and so is what is kept
//! of it.

use std::collections::BTreeSet;

use local::Mode;
use serde_json::{Value, json};
use tests::{
    documents::{customer, invoice},
    test_tenant::TestTenant,
};

/// A customer of a feed that gives its people no ids, in this order.
fn placed(version: i64, people: &[&str]) -> Value {
    let mut who = customer("C-1");
    who["source_version"] = json!(version);
    let contact =
        |name: &&str| json!({"name": name, "roles": ["billing"], "email": format!("{name}@buyer.example").to_lowercase()});
    who["contacts"] = people.iter().map(contact).collect();
    who
}

/// The feed describes the customer anew.
async fn described(desk: &TestTenant, customer: &Value) {
    desk.put(&json!({"type": "customer.upserted", "customer": customer})).await;
}

async fn written(desk: &TestTenant, customer: &str) -> String {
    let words =
        json!({"customer": customer, "contact": "#0", "subject": "Ihre Frage", "body": "Vertraulich: es geht um Ihr Gehalt."});
    desk.admin("POST", "/v1/messages", &words).await.is(200).body["id"].as_str().unwrap().to_owned()
}

/// A desk with a customer who owes nothing for weeks and has these people, and the customer's id.
async fn desk(now: &str, people: &[&str]) -> (TestTenant, String) {
    let desk = TestTenant::at(now).await;
    desk.put(&invoice(&placed(1, people), "F-1", 125_000, "2026-03-31")).await;
    desk.advance("PT2M").await;
    let id = desk.matter("C-1").await["customer"]["id"].as_str().unwrap().to_owned();
    (desk, id)
}

#[tokio::test(flavor = "multi_thread")]
async fn words_for_one_person_reach_nobody_else_and_who_wrote_them_is_told() {
    // 20:30 in Berlin: they wait for the morning.
    let (desk, customer) = desk("2026-02-03T19:30:00Z", &["Anna"]).await;
    let id = written(&desk, &customer).await;
    described(&desk, &placed(2, &["Bob", "Anna"])).await;
    desk.end_of("2026-02-04").await;
    assert_eq!(desk.log(), Vec::<String>::new());
    let record =
        desk.matter("C-1").await["records"].as_array().unwrap().iter().find(|one| one["message_id"] == json!(id)).cloned();
    assert_eq!(record.unwrap()["status"], "superseded");
    let told = desk.tasks("message_unsent").await;
    let by = desk.admin("GET", &format!("/v1/messages/{id}/words"), &Value::Null).await.is(200).body["by"].clone();
    assert_eq!((told.len(), &told[0]["to"], &told[0]["message"]), (1, &by, &json!(id)), "{told:#?}");
    assert!(told[0]["detail"].as_str().unwrap().contains("the contact has another address now"), "{told:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_wrote_a_message_is_told_of_whatever_stops_it() {
    let (desk, customer) = desk("2026-02-03T10:00:00Z", &["Anna"]).await;
    // Who takes it back knows.
    let id = written(&desk, &customer).await;
    desk.admin("POST", &format!("/v1/messages/{id}/undo"), &Value::Null).await.is(200);
    desk.advance("PT10M").await;
    assert_eq!(desk.tasks("message_unsent").await.len(), 0);
    let opted_out = written(&desk, &customer).await;
    let address = json!({"channel": "email", "address": "anna@buyer.example"});
    desk.admin("POST", "/v1/suppressions", &address).await.is(200);
    desk.advance("PT30M").await;
    let told = desk.tasks("message_unsent").await;
    assert_eq!((told.len(), &told[0]["message"]), (1, &json!(opted_out)), "{told:#?}");
    assert!(told[0]["detail"].as_str().unwrap().contains("suppression"), "{told:#?}");
    assert_eq!(desk.sent().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_gets_a_step_twice_because_a_feed_puts_its_people_in_another_order() {
    let send = json!({"channels": ["email"], "template": "reminder", "to": ["billing"], "copies": 1});
    let steps = json!([
        {"id": "reminder", "at": {"anchor": "due_date", "offset": "P1D"}, "action": {"send": send}},
        {"id": "person", "at": {"anchor": "due_date", "offset": "P60D"}, "action": {"task": {"title": "Call"}}},
    ]);
    let plan = json!({"id": "plan", "name": "Plan", "scope": "customer", "steps": steps});
    let desk = TestTenant::with("2026-02-04T20:00:00Z", json!({}), Some(vec![plan])).await;
    desk.put(&invoice(&placed(1, &["Anna", "Bob"]), "F-1", 125_000, "2026-02-04")).await;
    desk.advance("PT3M").await;
    // One of the two is refused for now, and tried again minutes later.
    desk.fault("sesv2", Mode::Throttle, 1);
    let due = desk.matter("C-1").await["head"]["due"].as_str().unwrap().to_owned();
    desk.to(&due).await;
    for _ in 0..60 {
        if !desk.sent().is_empty() {
            break;
        }
        desk.advance("PT10S").await;
    }
    assert_eq!(desk.sent().len(), 1, "{:?}", desk.log());
    described(&desk, &placed(2, &["Bob", "Anna"])).await;
    desk.end_of("2026-02-06").await;
    let to: Vec<String> = desk.sent().into_iter().map(|sent| sent.to).collect();
    assert_eq!(to.iter().collect::<BTreeSet<_>>().len(), to.len(), "{:?}", desk.log());
}

async fn person(desk: &TestTenant, name: &str) -> String {
    let asked = json!({"channel": "email", "address": format!("{name}@buyer.example").to_lowercase()});
    desk.admin("POST", "/v1/contacts/find", &asked).await.is(200).body["id"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_written_to_a_position_is_the_persons_who_stood_there() {
    let (desk, customer) = desk("2026-02-03T10:00:00Z", &["Anna", "Bob"]).await;
    let id = written(&desk, &customer).await;
    desk.advance("PT10M").await;
    assert_eq!(desk.sent().into_iter().map(|sent| sent.to).collect::<Vec<_>>(), ["anna@buyer.example"]);
    described(&desk, &placed(2, &["Bob", "Anna"])).await;
    desk.advance("PT1H").await;
    let (anna, bob) = (person(&desk, "Anna").await, person(&desk, "Bob").await);
    for (who, has) in [(&anna, 1), (&bob, 0)] {
        let all = desk.admin("POST", &format!("/v1/contacts/{who}/export"), &Value::Null).await.is(200).body;
        let place = &all["places"][0];
        for listed in [&place["messages"], &place["links"], &place["written"]["messages"]] {
            assert_eq!(listed.as_array().unwrap().len(), has, "{all:#}");
        }
    }
    // Erasing one of them leaves what was for the other.
    let words = format!("/v1/messages/{id}/words");
    for (who, count, left) in [(&bob, 0, 200), (&anna, 1, 404)] {
        let erased =
            desk.admin("POST", &format!("/v1/contacts/{who}/erase"), &json!({"reason": "asked for it"})).await.is(200).body;
        assert_eq!(erased["places"][0]["words"], count, "{erased:#}");
        assert_eq!(desk.admin("GET", &words, &Value::Null).await.status, left, "{erased:#}");
    }
}
