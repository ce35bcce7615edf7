//! What people enter of a customer, against feeds: messages go by what a person entered, whatever the source says next.

use serde_json::{Value, json};
use tests::{
    documents::{customer, invoice, sign_canonical},
    test_tenant::TestTenant,
};

/// A reminder by text, else by mail; then work for a person.
fn plan() -> Value {
    let send = json!({"channels": ["sms", "email"], "template": "reminder", "to": ["billing"]});
    json!({"id": "plan", "name": "Plan", "scope": "customer", "steps": [
        {"id": "reminder", "at": {"anchor": "due_date", "offset": "P1D"}, "action": {"send": send}},
        {"id": "person", "at": {"anchor": "due_date", "offset": "P60D"}, "action": {"task": {"title": "Call"}}},
    ]})
}

async fn desk() -> TestTenant {
    TestTenant::with("2026-02-02T08:00:00Z", json!({}), Some(vec![plan()])).await
}

/// Whom messages went to, and by what.
fn went(desk: &TestTenant) -> Vec<String> {
    desk.sent().iter().map(|sent| format!("{} {}", sent.channel, sent.to)).collect()
}

async fn id_of(desk: &TestTenant, external_id: &str) -> String {
    desk.matter(external_id).await["customer"]["id"].as_str().unwrap().to_owned()
}

/// The customer once more, as the source describes it with a newer version.
fn again(version: u64) -> Value {
    let mut described = customer("C-1");
    described["source_version"] = json!(version);
    json!({"type": "customer.upserted", "customer": described})
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feed_lifts_no_consent_that_was_taken_back() {
    let desk = desk().await;
    desk.put(&invoice(&customer("C-1"), "F-1", 125_000, "2026-02-04")).await;
    let path = format!("/v1/customers/{}/contacts/p1/consents", id_of(&desk, "C-1").await);
    desk.admin("POST", &path, &json!({"channel": "sms", "status": "withdrawn"})).await.is(200);
    // The source says again that text messages were agreed to, under another number too.
    desk.put(&again(2)).await;
    let mut renumbered = again(3);
    renumbered["customer"]["contacts"][0]["phone"] = json!("+493012345679");
    desk.put(&renumbered).await;
    desk.end_of("2026-02-06").await;
    assert_eq!(went(&desk), ["email c-1@buyer.example"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_word_of_a_person_the_source_counts() {
    let desk = desk().await;
    desk.put(&invoice(&customer("C-1"), "F-1", 125_000, "2026-02-04")).await;
    desk.end_of("2026-02-06").await;
    assert_eq!(went(&desk), ["sms +493012345678"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feed_undoes_nothing_that_a_person_entered() {
    let desk = desk().await;
    desk.put(&invoice(&customer("C-1"), "F-1", 125_000, "2026-02-04")).await;
    let contacts = format!("/v1/customers/{}/contacts", id_of(&desk, "C-1").await);
    desk.admin("PATCH", &format!("{contacts}/p1"), &json!({"used": false})).await.is(200);
    desk.admin("POST", &contacts, &json!({"name": "Eva", "email": "eva@buyer.example"})).await.is(200);
    desk.put(&again(2)).await;
    let mut nobody = again(3);
    nobody["customer"]["contacts"] = json!([]);
    desk.put(&nobody).await;
    desk.put(&again(4)).await;
    desk.end_of("2026-02-06").await;
    assert_eq!(went(&desk), ["email eva@buyer.example"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invoice_that_names_somebody_does_not_go_round_what_people_entered_of_them() {
    let desk = desk().await;
    let of = |id: &str, phone: &str| {
        let mut described = customer(id);
        described["contacts"][0]["phone"] = json!(phone);
        described
    };
    let numbers = ["+493012345671", "+493012345672", "+493012345673"];
    for (at, phone) in numbers.iter().enumerate() {
        let id = format!("C-{}", at + 1);
        desk.put(&json!({"type": "customer.upserted", "customer": of(&id, phone)})).await;
    }
    let mut contacts = Vec::new();
    for id in ["C-1", "C-2", "C-3"] {
        contacts.push(format!("/v1/customers/{}/contacts/p1", id_of(&desk, id).await));
    }
    desk.admin("PATCH", &contacts[0], &json!({"used": false})).await.is(200);
    desk.admin("POST", &format!("{}/consents", contacts[1]), &json!({"channel": "sms", "status": "withdrawn"})).await.is(200);
    desk.admin("PATCH", &contacts[2], &json!({"email": "new@buyer.example", "channel": "email"})).await.is(200);
    // The source names each of them for an invoice: by mailbox and number, by the number alone, by the mailbox that is no more.
    let named = [
        json!({"name": "Anna", "email": "c-1@buyer.example", "phone": numbers[0], "consents": ["sms"]}),
        json!({"name": "Anna", "phone": numbers[1], "consents": ["sms"]}),
        json!({"name": "Anna", "email": "c-3@buyer.example"}),
    ];
    for (at, named) in named.iter().enumerate() {
        let mut document = invoice(&of(&format!("C-{}", at + 1), numbers[at]), &format!("F-{at}"), 125_000, "2026-02-04");
        document["invoice"]["contact"] = named.clone();
        desk.put(&document).await;
    }
    desk.end_of("2026-02-06").await;
    let mut went = went(&desk);
    went.sort();
    assert_eq!(went, ["email c-2@buyer.example", "email new@buyer.example"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn preferences_choose_channel_and_hour() {
    let desk = desk().await;
    desk.put(&invoice(&customer("C-1"), "F-1", 125_000, "2026-02-04")).await;
    let customer = format!("/v1/customers/{}", id_of(&desk, "C-1").await);
    desk.admin("PATCH", &format!("{customer}/contacts/p1"), &json!({"channel": "email"})).await.is(200);
    desk.admin("PATCH", &customer, &json!({"hours": {"from": "13:00", "to": "14:00"}})).await.is(200);
    desk.put(&again(2)).await;
    desk.end_of("2026-02-06").await;
    assert_eq!(went(&desk), ["email c-1@buyer.example"]);
    let sent = desk.sent().remove(0);
    let zone = jiff::tz::TimeZone::get("Europe/Berlin").unwrap();
    assert_eq!(sent.at.to_zoned(zone).hour(), 13);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_that_is_tried_changes_nothing() {
    let desk = desk().await;
    let document = invoice(&customer("C-1"), "F-1", 125_000, "2026-02-04").to_string();
    let before = desk.stack.metrics().write_units["table"].to_string();
    let headers = sign_canonical(&desk.canonical.secret, "evt_try", desk.second(), document.as_bytes());
    let path = format!("{}?dry_run=true", desk.canonical.path);
    let tried = desk.call("POST", &path, &headers, document.as_bytes()).await.is(200);
    assert_eq!((tried.body["dry_run"].as_bool(), tried.body["result"].as_str()), (Some(true), Some("applied")), "{}", tried.text);
    assert_eq!(desk.stack.metrics().write_units["table"].to_string(), before, "nothing is written");
    assert_eq!(desk.admin("GET", "/v1/webhooks", &Value::Null).await.is(200).body["data"], json!([]));
    desk.put(&invoice(&customer("C-1"), "F-1", 125_000, "2026-02-04")).await;
    let listed = desk.admin("GET", "/v1/webhooks", &Value::Null).await.is(200).body;
    assert_eq!(listed["data"][0]["result"], "applied");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_asked_for_no_contact_is_written_to_at_no_other_address() {
    let desk = desk().await;
    let of = |id: &str, version: u64, email: Option<&str>, phone: Option<&str>| {
        let mut described = customer(id);
        described["source_version"] = json!(version);
        for (name, value) in [("email", email), ("phone", phone)] {
            match value {
                Some(value) => described["contacts"][0][name] = json!(value),
                None => drop(described["contacts"][0].as_object_mut().unwrap().remove(name)),
            }
        }
        json!({"type": "customer.upserted", "customer": described})
    };
    let (ann, eva) = (Some("ann@buyer.example"), Some("eva@buyer.example"));
    let numbers = ["+493012345671", "+493012345672", "+493012345673"].map(Some);
    desk.put(&of("C-1", 1, ann, numbers[0])).await;
    desk.put(&of("C-2", 1, ann, numbers[1])).await;
    desk.put(&of("C-3", 1, eva, numbers[2])).await;
    // What finds people lags by moments.
    desk.advance("PT5M").await;
    desk.admin("POST", "/v1/suppressions", &json!({"channel": "sms", "address": numbers[0], "reason": "cease"})).await.is(200);
    desk.admin("POST", "/v1/suppressions", &json!({"channel": "email", "address": eva, "reason": "cease"})).await.is(200);
    // The books have other addresses of theirs by and by.
    desk.put(&of("C-1", 2, None, numbers[0])).await;
    desk.put(&of("C-3", 2, Some("other@buyer.example"), None)).await;
    for id in ["C-1", "C-2", "C-3"] {
        desk.put(&invoice(&json!({"external_id": id}), &format!("F-{id}"), 125_000, "2026-02-04")).await;
    }
    desk.end_of("2026-02-06").await;
    assert_eq!(went(&desk), Vec::<String>::new());
}
