//! People and their rights: what is known of somebody, erasing it, and a source that names them again.

use serde_json::{Value, json};
use tests::{
    documents::{customer, invoice},
    faults::judge::open_table,
    test_tenant::TestTenant,
};

use crate::{
    described::is_described,
    lists::{items, tenant},
};

const ADDRESS: &str = "shared.person@buyer.example";

/// A customer whose one contact is the shared person.
fn with_person(id: &str, version: i64) -> Value {
    let mut who = customer(id);
    who["source_version"] = json!(version);
    who["contacts"][0]["email"] = json!(ADDRESS);
    who["contacts"][0]["name"] = json!("Quirina Zuckmayer");
    who["contacts"][0].as_object_mut().unwrap().remove("phone");
    who["contacts"][0].as_object_mut().unwrap().remove("consents");
    who
}

async fn found(desk: &TestTenant) -> Value {
    let asked = json!({"channel": "email", "address": ADDRESS.to_uppercase()});
    desk.admin("POST", "/v1/contacts/find", &asked).await.is(200).body
}

/// Items as they are now that have a text in them.
fn holding(desk: &TestTenant, text: &str) -> Vec<String> {
    let all = items(&desk.stack).into_iter();
    all.filter(|item| item.to_json().to_string().contains(text)).map(|item| format!("{}|{}", item.pk(), item.sk())).collect()
}

#[tokio::test]
async fn a_person_is_exported_and_erased_and_an_opt_out_outlives_it() {
    let desk = TestTenant::at("2026-01-05T08:00:00Z").await;
    desk.put(&invoice(&with_person("C-1", 1), "INV-1", 125_000, "2026-01-20")).await;
    desk.put(&invoice(&with_person("C-2", 1), "INV-2", 99_000, "2026-03-04")).await;
    desk.to("2026-01-22T20:00:00Z").await;
    let sent = desk.sent().iter().filter(|sent| sent.to == ADDRESS).count();
    assert!(sent > 0, "{:?}", desk.log());
    let opted = json!({"channel": "email", "address": ADDRESS, "reason": "opt_out"});
    desk.admin("POST", "/v1/suppressions", &opted).await;
    let own = desk.matter("C-1").await["customer"]["id"].as_str().unwrap().to_owned();
    for text in ["Quirina Zuckmayer is away on Fridays", "They pay on Fridays"] {
        desk.admin("POST", "/v1/notes", &json!({"customer": own, "text": text})).await.is(200);
    }
    let call = json!({"customer": own, "kind": "call", "outcome": "reached", "contact": "p1", "note": "Wants a copy"});
    desk.admin("POST", "/v1/contact_log", &call).await.is(200);
    desk.advance("PT1H").await;

    let person = found(&desk).await;
    assert_eq!(person["places"].as_array().unwrap().len(), 2, "{person}");
    let id = person["id"].as_str().unwrap().to_owned();
    let all = desk.admin("POST", &format!("/v1/contacts/{id}/export"), &Value::Null).await.is(200).body;
    is_described(&desk, "PersonExport", &all).await;
    assert_eq!(all["suppressions"][0]["reason"], "opt_out", "{all:#}");
    let messages: usize = all["places"].as_array().unwrap().iter().map(|place| place["messages"].as_array().unwrap().len()).sum();
    assert!(messages >= sent, "{all:#}");
    assert_eq!(all["places"][0]["contacts"][0]["name"], "Quirina Zuckmayer");
    assert_eq!(all["places"][0]["history"][0]["contact"]["email"], ADDRESS, "{all:#}");

    let is_own = |place: &&Value| place["customer"]["id"] == own.as_str() || place["customer"] == own.as_str();
    let place = all["places"].as_array().unwrap().iter().find(is_own).unwrap();
    let notes = place["written"]["notes"].as_array().unwrap();
    assert_eq!((notes.len(), &notes[0]["text"]), (1, &json!("Quirina Zuckmayer is away on Fridays")), "{place:#}");
    assert_eq!(place["written"]["messages"][0]["body"], "Wants a copy", "{place:#}");

    let erase = format!("/v1/contacts/{id}/erase");
    assert_eq!(desk.admin("POST", &erase, &json!({})).await.is(400).pointers(), ["/reason"]);
    let erased = desk.admin("POST", &erase, &json!({"reason": "asked for it"})).await.is(200).body;
    assert_eq!(erased["places"].as_array().unwrap().len(), 2, "{erased:#}");
    assert_eq!(erased["places"].as_array().unwrap().iter().find(is_own).unwrap()["words"], 2, "{erased:#}");
    let kept: Vec<&str> = erased["kept"].as_array().unwrap().iter().map(|kept| kept["what"].as_str().unwrap()).collect();
    assert!(kept.contains(&"suppressions") && kept.contains(&"invoices, payments and credit notes"), "{kept:?}");
    assert!(kept.iter().any(|what| what.starts_with("the digest of the address")), "{kept:?}");
    desk.advance("PT1H").await;
    for text in [ADDRESS, "Quirina", "Wants a copy"] {
        assert_eq!(holding(&desk, text), Vec::<String>::new(), "{text}");
    }
    let left = desk.admin("GET", &format!("/v1/notes?customer={own}"), &Value::Null).await.is(200).body;
    assert_eq!(
        (left["data"].as_array().unwrap().len(), &left["data"][0]["text"]),
        (1, &json!("They pay on Fridays")),
        "{left:#}"
    );
    assert_eq!(desk.matter("C-1").await["customer"]["contacts"], json!([]));
    assert_eq!(found(&desk).await["places"], json!([]));
    desk.admin("POST", &format!("/v1/contacts/{id}/export"), &Value::Null).await.is(404);
    let store = open_table(&desk.stack).await.unwrap();
    for external_id in ["C-1", "C-2"] {
        let matter = desk.matter(external_id).await;
        let customer = domain::CustomerId::parse(matter["customer"]["id"].as_str().unwrap()).unwrap();
        store.verify_chain(&tenant(), &customer, 200).await.unwrap();
        assert_eq!(store.check_audit(&tenant(), Some(&customer)).await.unwrap(), None);
        assert!(matter["due_items_count"].as_u64().unwrap() > 0, "the invoice stays");
    }

    // The books still have the person: what stood against the address stands again, before anything can be sent, and a person is told.
    desk.put(&invoice(&with_person("C-1", 2), "INV-3", 50_000, "2026-01-10")).await;
    desk.to("2026-02-25T20:00:00Z").await;
    let contact = &desk.matter("C-1").await["customer"]["contacts"][0];
    assert!(contact["suppressed"]["email"].as_str().unwrap().starts_with("opt_out"), "{contact}");
    assert_eq!(desk.sent().iter().filter(|sent| sent.to == ADDRESS).count(), sent, "{:?}", desk.log());
    let told = desk.exceptions().await;
    assert!(told.iter().any(|task| task["title"] == "A source names somebody again who was erased"), "{told:#?}");
}

#[tokio::test]
async fn a_debtor_who_owes_is_restricted_and_not_erased() {
    let desk = TestTenant::at("2026-01-05T08:00:00Z").await;
    let mut who = with_person("C-1", 1);
    who["kind"] = json!("person");
    desk.put(&invoice(&who, "INV-1", 125_000, "2026-03-20")).await;
    desk.advance("PT1H").await;
    let id = found(&desk).await["id"].as_str().unwrap().to_owned();
    let answer = desk.admin("POST", &format!("/v1/contacts/{id}/erase"), &json!({"reason": "asked for it"})).await.is(200).body;
    assert_eq!(answer["places"][0]["restricted"], true, "{answer:#}");
    assert_eq!(desk.matter("C-1").await["customer"]["contacts"][0]["email"], ADDRESS);
}

#[tokio::test]
async fn each_day_has_its_record() {
    let desk = TestTenant::at("2026-01-05T08:00:00Z").await;
    desk.put(&invoice(&customer("C-1"), "INV-1", 125_000, "2026-01-06")).await;
    desk.to("2026-01-09T02:00:00Z").await;
    let health = desk.admin("GET", "/v1/health/daily", &Value::Null).await.is(200).body;
    assert_eq!(health["status"], "good", "{health:#}");
    let last = &health["data"][0];
    assert_eq!(last["on"], "2026-01-09", "{health:#}");
    let tests = last["self_test"].as_array().unwrap();
    assert!(tests.len() == 8 && tests.iter().all(|test| test["passed"] == true), "{tests:#?}");
    let counted: u64 = health["data"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|day| day["messages"].as_object().unwrap().values())
        .filter_map(Value::as_u64)
        .sum();
    assert_eq!(counted, desk.sent().len() as u64, "{health:#}");
    desk.admin("GET", "/v1/health/daily?days=91", &Value::Null).await.is(400);
}
