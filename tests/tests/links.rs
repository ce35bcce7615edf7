//! Portal links on a whole stack: the same in each message to an address, void when they are revoked or the address is the customer's no more.

use serde_json::{Value, json};
use tests::{
    documents::{customer, invoice},
    test_tenant::{TestTenant, portal_path},
};

/// A desk that sent its first reminder.
async fn reminded() -> TestTenant {
    let desk = TestTenant::at("2026-02-04T20:00:00Z").await;
    desk.put(&invoice(&customer("C-1"), "F-1", 125_000, "2026-02-04")).await;
    desk.to("2026-02-05T16:30:00Z").await;
    assert_eq!(desk.log(), ["2026-02-05 email reminder"]);
    desk
}

async fn get(desk: &TestTenant, path: &str) -> u16 {
    let reply = desk.call("GET", path, &[], b"").await;
    assert_eq!(reply.text.contains("F-1"), reply.status == 200, "{path}: {}", reply.text);
    reply.status
}

/// The paths in the mails after the first, each once.
fn later(desk: &TestTenant) -> std::collections::BTreeSet<String> {
    desk.sent()[1..].iter().filter(|sent| sent.channel == "email").map(portal_path).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_mail_to_an_address_has_one_link() {
    let desk = reminded().await;
    let first = portal_path(&desk.sent()[0]);
    assert_eq!(get(&desk, &first).await, 200);
    desk.end_of("2026-04-30").await;
    assert_eq!(later(&desk), [first.clone()].into(), "{:?}", desk.log());
    let listed = links(&desk).await;
    assert_eq!((listed.as_array().unwrap().len(), &listed[0]["status"]), (1, &json!("good")), "{listed}");
}

async fn links(desk: &TestTenant) -> Value {
    desk.admin("GET", "/v1/customers/canonical/C-1/links", &Value::Null).await.is(200).body["data"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_was_revoked_is_void_and_the_next_mail_has_another() {
    let desk = reminded().await;
    let first = portal_path(&desk.sent()[0]);
    let listed = links(&desk).await;
    assert_eq!((listed.as_array().unwrap().len(), &listed[0]["shown"]), (1, &json!("c…@buyer.example")));
    let revoke = format!("/v1/links/{}/revoke", listed[0]["id"].as_str().unwrap());
    desk.admin("POST", &revoke, &json!({"reason": "forwarded"})).await.is(200);
    assert_eq!(get(&desk, &first).await, 410);
    desk.end_of("2026-04-30").await;
    let later = later(&desk);
    assert_eq!(later.len(), 1, "{:?}", desk.log());
    let next = later.first().unwrap();
    assert_ne!(*next, first);
    assert_eq!((get(&desk, next).await, get(&desk, &first).await), (200, 410));
    // What stops mails works whatever was revoked.
    let customer = desk.matter("C-1").await["customer"]["id"].as_str().unwrap().to_owned();
    desk.admin("POST", &format!("/v1/customers/{customer}/links/revoke"), &Value::Null).await.is(204);
    assert_eq!(get(&desk, next).await, 410);
    let text = desk.sent()[0].text.clone().unwrap();
    let stop = text.split_whitespace().find(|word| word.contains("/opt-out")).unwrap();
    let stop = stop.trim_matches(|c: char| "<>()[].,".contains(c));
    let form = [("content-type".to_owned(), "application/x-www-form-urlencoded".to_owned())];
    desk.call("POST", stop, &form, b"List-Unsubscribe=One-Click").await.is(200);
    let contact = desk.matter("C-1").await["customer"]["contacts"][0].clone();
    assert!(contact["suppressed"].get("email").is_some(), "{contact}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_to_an_address_that_the_source_changed_opens_nothing() {
    let desk = reminded().await;
    let first = portal_path(&desk.sent()[0]);
    let mut changed = customer("C-1");
    changed["source_version"] = json!(2);
    changed["contacts"][0]["email"] = json!("new@buyer.example");
    desk.put(&json!({"type": "customer.upserted", "customer": changed})).await;
    assert_eq!(get(&desk, &first).await, 410);
    desk.end_of("2026-04-30").await;
    let later = later(&desk);
    assert_eq!(later.len(), 1, "{:?}", desk.log());
    assert_eq!((get(&desk, later.first().unwrap()).await, get(&desk, &first).await), (200, 410));
    changed["source_version"] = json!(3);
    changed["contacts"][0]["email"] = json!("c-1@buyer.example");
    desk.put(&json!({"type": "customer.upserted", "customer": changed})).await;
    assert_eq!((get(&desk, later.first().unwrap()).await, get(&desk, &first).await), (410, 200));
}
