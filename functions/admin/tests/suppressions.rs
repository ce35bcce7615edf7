//! Opt-outs: looked through, entered, lifted with a reason.
#![allow(clippy::unwrap_used, reason = "a test may stop at once")]

mod common;

use common::Api;
use domain::{Channel, SuppressionReason, TenantId};
use serde_json::{Value, json};

impl Api {
    /// Why the email address of the customer's contact must not be used.
    async fn suppressed(&self, customer: &domain::CustomerId) -> Value {
        let (_, matter) = self.call("viewer", "GET", &format!("/v1/cases/{customer}"), Value::Null).await;
        matter["customer"]["contacts"][0]["suppressed"]["email"].clone()
    }
}

#[tokio::test]
async fn an_opt_out_is_entered_found_and_lifted_with_a_reason() {
    let api = Api::new().await;
    let customer = api.world.customer("acme", "C-1", |_| {}).await;
    let asked = json!({"channel": "email", "address": "AP@acme.example", "note": "asked by phone", "customer": customer});
    let (status, entered) = api.call("collector", "POST", "/v1/suppressions", asked.clone()).await;
    assert_eq!(
        (status, entered["reason"].as_str(), entered["by"].as_str()),
        (200, Some("opt_out"), Some("acme-collector")),
        "{entered}"
    );
    assert_eq!((entered["shown"].as_str(), entered["note"].as_str()), (Some("A…@acme.example"), Some("asked by phone")));
    assert!(api.suppressed(&customer).await.as_str().unwrap().starts_with("opt_out since"));
    let id = entered["id"].as_str().unwrap().to_owned();

    // Entering it again changes nothing; a stricter reason takes its place, a milder one does not.
    assert_eq!(api.call("collector", "POST", "/v1/suppressions", asked).await.1["at"], entered["at"]);
    let with = |reason: &str| json!({"channel": "email", "address": "ap@acme.example", "reason": reason});
    assert_eq!(api.call("collector", "POST", "/v1/suppressions", with("bounce")).await.1["reason"], "opt_out");
    assert_eq!(api.call("collector", "POST", "/v1/suppressions", with("cease")).await.1["reason"], "cease");

    let (_, found) = api.call("viewer", "GET", "/v1/suppressions?channel=email&address=ap%40acme.example", Value::Null).await;
    assert_eq!((found["data"].as_array().unwrap().len(), &found["data"][0]["id"]), (1, &json!(id)));
    let (_, none) = api.call("viewer", "GET", "/v1/suppressions?channel=sms&address=%2B493012345678", Value::Null).await;
    assert_eq!(none["data"], json!([]));

    let lift = format!("/v1/suppressions/{id}/lift");
    assert_eq!(api.call("collector", "POST", &lift, json!({"reason": "x"})).await.0, 403);
    let (status, refused) = api.call("manager", "POST", &lift, json!({"reason": " "})).await;
    let pointers: Vec<_> = refused["errors"].as_array().unwrap().iter().map(|error| error["pointer"].as_str().unwrap()).collect();
    assert_eq!((status, pointers), (400, vec!["/reason", "/entry"]));
    assert!(api.suppressed(&customer).await.is_string(), "without a reason it stands");
    let before = api.world.store.head(&TenantId::parse("acme").unwrap(), &customer).await.unwrap().unwrap().version;
    // Whoever looked at the opt-out does not lift what took its place.
    let stale = json!({"reason": "wrote that reminders are welcome again", "customer": customer, "entry": entered["entry"]});
    let (status, refused) = api.call("manager", "POST", &lift, stale).await;
    let stands = found["data"][0]["entry"].as_str().unwrap();
    let detail = refused["detail"].as_str().unwrap();
    assert!(status == 409 && detail.contains("cease since") && detail.contains(stands), "{refused}");
    assert!(api.suppressed(&customer).await.as_str().unwrap().starts_with("cease since"), "it goes on standing");
    let reason = json!({"reason": "wrote that reminders are welcome again", "customer": customer, "entry": stands});
    let (status, lifted) = api.call("manager", "POST", &lift, reason.clone()).await;
    assert_eq!((status, lifted["reason"].as_str()), (200, Some("cease")), "{lifted}");
    assert!(api.suppressed(&customer).await.is_null());
    let after = api.world.store.head(&TenantId::parse("acme").unwrap(), &customer).await.unwrap().unwrap().version;
    assert!(after > before, "the customer is decided again");
    assert_eq!(api.call("manager", "POST", &lift, reason).await.0, 404, "nothing stands against it any more");

    let (_, audit) = api.call("manager", "GET", "/v1/audit", Value::Null).await;
    let mut said: Vec<_> = audit["data"].as_array().unwrap().iter().map(|entry| entry["operation"].as_str().unwrap()).collect();
    said.sort_unstable();
    // That the address bounced is written down too: beside the opt-out, for what goes past an opt-out.
    assert_eq!(said, ["enter_suppression", "enter_suppression", "enter_suppression", "lift_suppression"]);
    let lifting = audit["data"].as_array().unwrap().iter().find(|entry| entry["operation"] == "lift_suppression").unwrap();
    assert_eq!(lifting["note"], "wrote that reminders are welcome again");
    assert!(!audit.to_string().contains("asked by phone"), "what was said of an address goes with the address: {audit}");
    assert_eq!((&lifting["what"]["was"], &lifting["object"]), (&json!("cease"), &json!(id)));
    assert!(!audit.to_string().contains("acme.example"), "the audit names no address: {audit}");
}

#[tokio::test]
async fn what_is_no_address_is_refused_with_the_field() {
    let api = Api::new().await;
    api.world.customer("acme", "C-1", |_| {}).await;
    for (body, pointers) in [
        (json!({"channel": "email", "address": "nobody"}), vec!["/address"]),
        (json!({"channel": "email", "address": "A <a@b.example>"}), vec!["/address"]),
        (json!({"channel": "sms", "address": "030 123"}), vec!["/address"]),
        (json!({"channel": "letter", "address": "+493012345678"}), vec!["/channel"]),
        (json!({"channel": "email", "address": "a@b.example", "reason": "dislike"}), vec!["/reason"]),
        (json!({"channel": "email", "address": "a@b.example", "note": "x".repeat(501)}), vec!["/note"]),
    ] {
        let (status, refused) = api.call("collector", "POST", "/v1/suppressions", body.clone()).await;
        let errors = refused["errors"].as_array().unwrap();
        let found: Vec<_> = errors.iter().map(|error| error["pointer"].as_str().unwrap()).collect();
        assert_eq!((status, found), (400, pointers), "{body}");
    }
    let stranger = json!({"channel": "email", "address": "a@b.example", "customer": "cus_00000000000000000000"});
    assert_eq!(api.call("collector", "POST", "/v1/suppressions", stranger).await.0, 404);
    assert_eq!(api.call("viewer", "GET", "/v1/suppressions?cursor=%21", Value::Null).await.0, 400);
    for id in ["x", "sup_x", "sup_00000000000000000000"] {
        assert_eq!(
            api.call("manager", "POST", &format!("/v1/suppressions/{id}/lift"), json!({"reason": "x", "entry": "x"})).await.0,
            404
        );
    }
}

/// A bounce that a provider reported is lifted by the same call, and so is what a stop link entered.
#[tokio::test]
async fn what_others_entered_is_lifted_too() {
    let api = Api::new().await;
    let customer = api.world.customer("acme", "C-1", |_| {}).await;
    let (tenant, store) = (TenantId::parse("acme").unwrap(), &api.world.store);
    for stopped_by_link in [false, true] {
        if stopped_by_link {
            store.stop(&store::Stop::of(&tenant, Channel::Email, "ap@acme.example"), api.world.now()).await.unwrap();
        } else {
            let (mail, reason) = ("ap@acme.example", SuppressionReason::Bounce);
            store.suppress(&tenant, Channel::Email, mail, reason, api.world.now(), None).await.unwrap();
        }
        let (_, found) = api.call("viewer", "GET", "/v1/suppressions?channel=email&address=ap@acme.example", Value::Null).await;
        let one = &found["data"][0];
        assert_eq!((one["shown"].as_str(), one["channel"].as_str()), (Some("a…@acme.example"), Some("email")), "{found}");
        assert!(one.get("by").is_none());
        let lift = format!("/v1/suppressions/{}/lift", one["id"].as_str().unwrap());
        assert_eq!(
            api.call("manager", "POST", &lift, json!({"reason": "their mailbox works again", "entry": one["entry"]})).await.0,
            200
        );
        assert!(api.suppressed(&customer).await.is_null());
    }
}
