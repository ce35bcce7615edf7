//! Events that were put aside for a person: read, and applied again.
#![allow(clippy::unwrap_used, reason = "a test may stop at once")]

mod common;

use common::Desk;
use domain::{NewTask, TaskKind};
use serde_json::{Value, json};
use store::Receipt;

impl Desk {
    /// A task about an event whose body is kept under a key, as ingest parks it.
    async fn parked(&self, event: &str, key: &str, body: Option<&[u8]>) -> String {
        if let Some(body) = body {
            self.world.aws.objects.lock().unwrap().insert(format!("/bodies/{key}"), body.to_vec());
        }
        let task = NewTask {
            case: None,
            kind: TaskKind::Document,
            key: format!("canonical:{event}"),
            title: "An event could not be taken as it is".to_owned(),
            detail: String::new(),
            to: None,
            due_on: None,
            step: None,
            currency: None,
        };
        let receipt = Receipt { source: "canonical".to_owned(), event_id: event.to_owned() };
        self.world.store.park(&self.tenant, &receipt, &task, Some(key), self.world.now()).await.unwrap();
        task.id(&self.tenant, None).as_str().to_owned()
    }

    /// What somebody of a tenant is answered who sends no body.
    async fn asks(&self, tenant: &str, role: &str, method: &str, address: &str) -> (u64, Value) {
        self.call_as((tenant, role), method, address, Value::Null).await
    }

    async fn open_minor(&self) -> i64 {
        let (_, matter) = self.asks("acme", "viewer", "GET", &format!("/v1/cases/{}", self.customer)).await;
        matter["due_items"].as_array().unwrap().iter().map(|item| item["open_minor"].as_i64().unwrap()).sum()
    }
}

/// An invoice that nobody knows yet.
fn invoice() -> Value {
    json!({
        "type": "invoice.upserted",
        "customer": {"external_id": "C-1"},
        "invoice": {"external_id": "C-1-1003", "source_version": 1, "number": "1003", "currency": "EUR", "total_minor": 50_000,
            "issued_on": "2026-01-05", "due_on": "2026-02-04", "status": "open", "paid_minor": 0, "credited_minor": 0},
    })
}

#[tokio::test]
async fn an_event_is_read_and_applied_again() {
    let api = Desk::new().await;
    let task = api.parked("e1", "parked/acme/canonical/1", Some(invoice().to_string().as_bytes())).await;
    let (event, apply) = (format!("/v1/tasks/{task}/event"), format!("/v1/tasks/{task}/event/apply"));
    let (status, shown) = api.asks("acme", "collector", "GET", &event).await;
    assert_eq!((status, &shown), (200, &json!({"source": "canonical", "body": invoice()})));
    assert_eq!(api.asks("acme", "viewer", "GET", &event).await.0, 403, "it may hold what no list shows");
    assert_eq!(api.asks("acme", "collector", "POST", &apply).await.0, 403);
    assert_eq!(api.asks("other", "admin", "GET", &event).await.0, 404);

    assert_eq!(api.open_minor().await, 134_900);
    let (status, done) = api.asks("acme", "manager", "POST", &apply).await;
    assert_eq!(
        (status, done["note"].as_str(), done["done_by"].as_str()),
        (200, Some("applied again: applied"), Some("acme-manager")),
        "{done}"
    );
    assert_eq!(api.open_minor().await, 184_900);
    // Once: what is over is applied no more, and the task keeps its first moment.
    assert_eq!(api.asks("acme", "manager", "POST", &apply).await.0, 409);
    let (_, audit) = api.asks("acme", "manager", "GET", "/v1/audit?operation=apply_event").await;
    assert_eq!(audit["data"].as_array().unwrap().len(), 1, "{audit}");
    assert_eq!((&audit["data"][0]["object"], &audit["data"][0]["what"]["outcome"]), (&json!(task), &json!("applied")));
}

#[tokio::test]
async fn what_still_cannot_be_taken_says_why_and_stays() {
    let api = Desk::new().await;
    let mut wrong = invoice();
    wrong["invoice"]["currency"] = json!("currency");
    let task = api.parked("e1", "parked/acme/canonical/1", Some(wrong.to_string().as_bytes())).await;
    let (status, refused) = api.asks("acme", "manager", "POST", &format!("/v1/tasks/{task}/event/apply")).await;
    assert_eq!((status, refused["errors"][0]["pointer"].as_str()), (422, Some("/invoice/currency")), "{refused}");
    assert_eq!(api.open_minor().await, 134_900);
    let (_, open) = api.asks("acme", "viewer", "GET", &format!("/v1/tasks/{task}")).await;
    assert!(open.get("done_at").is_none(), "{open}");

    let text = api.parked("e2", "parked/acme/canonical/2", Some(b"no JSON")).await;
    assert_eq!(api.asks("acme", "collector", "GET", &format!("/v1/tasks/{text}/event")).await.1["body"], "no JSON");
    // What is no longer kept, what another tenant's key names, and what is about no event.
    let gone = api.parked("e3", "parked/acme/canonical/3", None).await;
    let strange = api.parked("e4", "parked/other/canonical/4", Some(b"{}")).await;
    for id in [gone.as_str(), strange.as_str(), "tsk_none"] {
        assert_eq!(api.asks("acme", "admin", "GET", &format!("/v1/tasks/{id}/event")).await.0, 404, "{id}");
        assert_eq!(api.asks("acme", "admin", "POST", &format!("/v1/tasks/{id}/event/apply")).await.0, 404, "{id}");
    }
}
