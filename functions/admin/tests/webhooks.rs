//! Webhooks that came, and what became of each.
#![allow(clippy::unwrap_used, reason = "a test may stop at once")]

mod common;

use common::Api;
use domain::{NewTask, TaskKind, TenantId};
use serde_json::{Value, json};
use store::Receipt;

impl Api {
    async fn webhooks(&self, query: &str) -> Vec<(String, String)> {
        let (status, page) = self.call("viewer", "GET", &format!("/v1/webhooks{query}"), Value::Null).await;
        assert_eq!(status, 200, "{page}");
        let of = |one: &Value, name: &str| one[name].as_str().unwrap_or_default().to_owned();
        page["data"].as_array().unwrap().iter().map(|one| (of(one, "event_id"), of(one, "result"))).collect()
    }
}

#[tokio::test]
async fn each_webhook_says_what_became_of_it() {
    let api = Api::new().await;
    // Two invoices of a customer come by a webhook each.
    api.world.customer("acme", "C-1", |_| {}).await;
    let (tenant, store, now) = (TenantId::parse("acme").unwrap(), &api.world.store, api.world.now());
    let receipt = |source: &str, event: &str| Receipt { source: source.to_owned(), event_id: event.to_owned() };
    let again = receipt("canonical", "C-1-1001");
    assert_eq!(store.would_apply(&tenant, &again, &[], now).await.unwrap().outcome, store::AppliedOutcome::Duplicate);
    store.came_again(&tenant, &again).await.unwrap();
    store.refused_webhook(&tenant, "stripe", b"x", &[("/a".to_owned(), "is missing".to_owned())], now).await.unwrap();
    let mut all = api.webhooks("").await;
    all.sort();
    let said = |event: &str, result: &str| (event.to_owned(), result.to_owned());
    assert_eq!(all, [said("", "refused"), said("C-1-1001", "applied"), said("C-1-1002", "applied")]);
    assert_eq!(api.webhooks("?source=stripe").await, [said("", "refused")]);
    assert!(api.webhooks("?on=2020-01-01").await.is_empty());

    // Page by page each once.
    let (mut seen, mut next) = (0, String::new());
    loop {
        let (_, page) = api.call("viewer", "GET", &format!("/v1/webhooks?limit=1{next}"), Value::Null).await;
        seen += page["data"].as_array().unwrap().len();
        let Some(cursor) = page["next"].as_str() else { break };
        next = format!("&cursor={cursor}");
        assert!(seen < 10, "it ends");
    }
    assert_eq!(seen, 3);
    assert_eq!(api.call("viewer", "GET", "/v1/webhooks?cursor=x", Value::Null).await.0, 422);
    let (_, page) = api.call("viewer", "GET", "/v1/webhooks?limit=1", Value::Null).await;
    let given = page["next"].as_str().unwrap();
    let other_filter = format!("/v1/webhooks?source=canonical&cursor={given}");
    assert_eq!(api.call("viewer", "GET", &other_filter, Value::Null).await.0, 422);
    let of_another = api.call_as(("bank", "viewer"), "GET", &format!("/v1/webhooks?cursor={given}"), Value::Null).await;
    assert_eq!(of_another.0, 422, "{}", of_another.1);
    assert_eq!(api.call("viewer", "GET", "/v1/webhooks?on=x", Value::Null).await.0, 400);

    let (_, page) = api.call("viewer", "GET", "/v1/webhooks?source=canonical", Value::Null).await;
    let repeated: u64 = page["data"].as_array().unwrap().iter().map(|one| one["repeated"].as_u64().unwrap()).sum();
    assert_eq!(repeated, 1);
    let id = page["data"][0]["id"].as_str().unwrap();
    let (status, one) = api.call("collector", "GET", &format!("/v1/webhooks/{id}"), Value::Null).await;
    assert_eq!((status, &one["result"], one.get("body")), (200, &json!("applied"), None));
    assert_eq!(api.call("manager", "POST", &format!("/v1/webhooks/{id}/apply"), Value::Null).await.0, 409);
    assert_eq!(api.call("collector", "GET", "/v1/webhooks/whk_canonical_x", Value::Null).await.0, 404);
}

#[tokio::test]
async fn what_was_put_aside_is_read_and_applied_again() {
    let api = Api::new().await;
    api.world.customer("acme", "C-1", |_| {}).await;
    let tenant = TenantId::parse("acme").unwrap();
    let body = json!({
        "type": "invoice.upserted", "customer": {"external_id": "C-1"},
        "invoice": {"external_id": "C-1-1003", "source_version": 1, "number": "1003", "currency": "EUR", "total_minor": 50_000,
            "issued_on": "2026-01-05", "due_on": "2026-02-04", "status": "open", "paid_minor": 0, "credited_minor": 0},
    });
    let key = "parked/acme/canonical/1";
    api.world.aws.objects.lock().unwrap().insert(format!("/bodies/{key}"), body.to_string().into_bytes());
    let task = NewTask {
        case: None,
        kind: TaskKind::Document,
        key: "canonical:e9".to_owned(),
        title: "An event could not be taken as it is".to_owned(),
        detail: String::new(),
        to: None,
        due_on: None,
        step: None,
        currency: None,
    };
    let receipt = Receipt { source: "canonical".to_owned(), event_id: "e9".to_owned() };
    api.world.store.park(&tenant, &receipt, &task, Some(key), api.world.now()).await.unwrap();
    let (_, page) = api.call("viewer", "GET", "/v1/webhooks", Value::Null).await;
    let parked = page["data"].as_array().unwrap().iter().find(|one| one["result"] == "parked").unwrap().clone();
    let path = format!("/v1/webhooks/{}", parked["id"].as_str().unwrap());
    assert_eq!(api.call("viewer", "GET", &path, Value::Null).await.0, 403);
    let (_, kept) = api.call("collector", "GET", &path, Value::Null).await;
    assert_eq!(kept["body"]["invoice"]["number"], "1003", "{kept}");
    assert_eq!(api.call("collector", "POST", &format!("{path}/apply"), Value::Null).await.0, 403);
    let (status, over) = api.call("manager", "POST", &format!("{path}/apply"), Value::Null).await;
    assert_eq!(status, 200, "{over}");
    assert_eq!(api.call("manager", "POST", &format!("{path}/apply"), Value::Null).await.0, 409);
    let (_, audit) = api.call("manager", "GET", "/v1/audit", Value::Null).await;
    assert_eq!(audit["data"][0]["operation"], "apply_webhook");
}

#[tokio::test]
async fn a_connection_is_tried_and_nothing_is_written() {
    let api = Api::new().await;
    api.world.customer("acme", "C-1", |_| {}).await;
    assert_eq!(api.call("collector", "POST", "/v1/connections/canonical/test_event", Value::Null).await.0, 404);
    api.call("admin", "PUT", "/v1/connections/canonical", Value::Null).await;
    for _ in 0..2 {
        let (status, tried) = api.call("collector", "POST", "/v1/connections/canonical/test_event", Value::Null).await;
        assert_eq!(
            (status, tried["verified"].as_bool(), tried["result"].as_str()),
            (200, Some(true), Some("applied")),
            "{tried}"
        );
    }
    let test = domain::CustomerId::derive(&["acme", "canonical", "dunlin-test"]);
    assert!(api.world.store.head(&TenantId::parse("acme").unwrap(), &test).await.unwrap().is_none());
}
