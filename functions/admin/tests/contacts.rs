//! Contacts, consents and preferences that people enter.
#![allow(clippy::unwrap_used, reason = "a test may stop at once")]

mod common;

use common::{Api, request};
use serde_json::{Value, json};

impl Api {
    /// The contacts of a customer.
    async fn contacts(&self, customer: &domain::CustomerId) -> Value {
        let (status, found) = self.call("viewer", "GET", &format!("/v1/customers/{customer}/contacts"), Value::Null).await;
        assert_eq!(status, 200, "{found}");
        found
    }
}

fn pointers(refused: &Value) -> Vec<&str> {
    refused["errors"].as_array().unwrap().iter().map(|error| error["pointer"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_contact_is_entered_changed_and_taken_back() {
    let api = Api::new().await;
    let customer = api.world.customer("acme", "C-1", |_| {}).await;
    let path = format!("/v1/customers/{customer}/contacts");
    let asked = json!({"name": "Eva", "email": "eva@acme.example", "roles": ["approver"]});
    assert_eq!(api.call("viewer", "POST", &path, asked.clone()).await.0, 403);
    let (status, entered) = api.call("collector", "POST", &path, asked.clone()).await;
    assert_eq!((status, entered["origin"].as_str(), entered["name"].as_str()), (200, Some("entered"), Some("Eva")), "{entered}");
    let id = entered["id"].as_str().unwrap().to_owned();
    assert!(id.starts_with("ent_"));
    let (status, twice) = api.call("collector", "POST", &path, asked).await;
    assert_eq!((status, pointers(&twice)), (400, vec!["/email"]), "one person is one contact: {twice}");

    // A merge patch changes what it names; null takes it back.
    let own = format!("{path}/{id}");
    let (status, changed) =
        api.call("collector", "PATCH", &own, json!({"name": "Eva Berg", "channel": "sms", "phone": "+493099999999"})).await;
    assert_eq!(
        (status, changed["name"].as_str(), changed["channel"].as_str()),
        (200, Some("Eva Berg"), Some("sms")),
        "{changed}"
    );
    let (_, changed) = api.call("collector", "PATCH", &own, json!({"channel": null})).await;
    assert_eq!((changed["channel"].as_str(), changed["phone"].as_str()), (None, Some("+493099999999")));

    // Of the source's contact too.
    let of_source = format!("{path}/p1");
    let (status, changed) = api.call("collector", "PATCH", &of_source, json!({"email": "new@acme.example"})).await;
    assert_eq!((status, changed["email"].as_str(), changed["origin"].as_str()), (200, Some("new@acme.example"), Some("source")));
    assert_eq!(changed["entered"], json!(["email"]));
    let (_, matter) = api.call("viewer", "GET", &format!("/v1/cases/{customer}"), Value::Null).await;
    let mails: Vec<_> =
        matter["customer"]["contacts"].as_array().unwrap().iter().map(|one| one["email"].as_str().unwrap()).collect();
    assert_eq!(mails, ["new@acme.example", "eva@acme.example"], "what is decided about is with what was entered");
    let (status, _) = api.call("collector", "DELETE", &of_source, Value::Null).await;
    assert_eq!(status, 200);
    let (_, left) = api.call("collector", "DELETE", &own, Value::Null).await;
    let left: Vec<_> = left["data"].as_array().unwrap().iter().map(|one| one["email"].as_str().unwrap()).collect();
    assert_eq!(left, ["ap@acme.example"]);
    assert_eq!(api.call("collector", "DELETE", &own, Value::Null).await.0, 404);

    let (_, audit) = api.call("manager", "GET", "/v1/audit", Value::Null).await;
    let operations: Vec<_> = audit["data"].as_array().unwrap().iter().map(|entry| entry["operation"].as_str().unwrap()).collect();
    assert_eq!(operations.len(), 6, "{operations:?}");
    assert!(!audit.to_string().contains("acme.example") && !audit.to_string().contains("Eva"), "the audit names nobody: {audit}");
}

#[tokio::test]
async fn a_consent_is_given_with_its_words_and_taken_back_for_good() {
    let api = Api::new().await;
    let customer = api.world.customer("acme", "C-1", |_| {}).await;
    let path = format!("/v1/customers/{customer}/contacts/p1/consents");
    let (status, refused) = api.call("collector", "POST", &path, json!({"channel": "email", "status": "perhaps"})).await;
    assert_eq!((status, pointers(&refused)), (400, vec!["/channel", "/status"]), "{refused}");
    let (status, refused) = api.call("collector", "POST", &path, json!({"channel": "sms", "status": "given"})).await;
    assert_eq!((status, pointers(&refused)), (400, vec!["/wording"]));
    let given = json!({"channel": "sms", "status": "given", "wording": "Yes, text me.", "said_at": "2026-01-05T10:00:00Z"});
    let (status, known) = api.call("collector", "POST", &path, given).await;
    assert_eq!((status, &known["consents"]), (200, &json!(["sms"])), "{known}");
    assert_eq!(known["statements"][0]["said_at"], "2026-01-05T10:00:00Z");
    let (_, known) = api.call("collector", "POST", &path, json!({"channel": "sms", "status": "withdrawn"})).await;
    assert_eq!((&known["consents"], known["statements"].as_array().unwrap().len()), (&json!([]), 2));
    // What was said of a consent outlives what was entered of the contact.
    api.call("collector", "DELETE", &format!("/v1/customers/{customer}/contacts/p1"), Value::Null).await;
    let found = api.contacts(&customer).await;
    assert_eq!(found["data"][0]["statements"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn preferences_are_of_the_customer_and_every_flaw_is_named() {
    let api = Api::new().await;
    let customer = api.world.customer("acme", "C-1", |_| {}).await;
    let path = format!("/v1/customers/{customer}");
    let (status, known) =
        api.call("collector", "PATCH", &path, json!({"language": "PT-br", "hours": {"from": "10:00", "to": "12:00"}})).await;
    assert_eq!(
        (status, known["language"].as_str(), known["hours"]["to"].as_str()),
        (200, Some("pt-br"), Some("12:00")),
        "{known}"
    );
    assert_eq!(known["entered"], json!(["language", "hours"]));
    let (_, known) = api.call("collector", "PATCH", &path, json!({"language": null})).await;
    assert_eq!((known["language"].as_str(), known["hours"]["from"].as_str()), (Some("de"), Some("10:00")));
    let wrong = json!({"language": "x", "hours": {"from": "25:00", "to": "9"}, "postal_address": {"line1": "", "city": "X", "country": "XX"}});
    let (status, refused) = api.call("collector", "PATCH", &path, wrong).await;
    let found = ["/language", "/hours/from", "/hours/to", "/postal_address/line1", "/postal_address/country"];
    assert_eq!((status, pointers(&refused)), (400, found.to_vec()));
    assert_eq!(api.call("collector", "PATCH", "/v1/customers/cus_0", json!({"language": "de"})).await.0, 404);
}

#[tokio::test]
async fn an_older_revision_changes_nothing() {
    let api = Api::new().await;
    let customer = api.world.customer("acme", "C-1", |_| {}).await;
    let path = format!("/v1/customers/{customer}");
    let call = |tag: &'static str, language: &str| {
        let body = json!({"language": language}).to_string();
        request("PATCH", &path, Some(("acme", "collector")), &[("if-match", tag)], &body)
    };
    assert_eq!(api.ask(call("\"0\"", "fr")).await.0, 200);
    assert_eq!(api.ask(call("\"0\"", "it")).await.0, 412);
    assert_eq!(api.contacts(&customer).await["language"], "fr");
    assert_eq!(api.ask(call("\"1\"", "it")).await.0, 200);
}
