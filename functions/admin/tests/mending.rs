//! What people set right of a customer: versions that a source got wrong.
#![allow(clippy::unwrap_used, reason = "a test may stop at once")]

mod common;

use common::Desk;
use domain::{Document, SourceVersion};
use serde_json::{Value, json};
use store::{AppliedOutcome, Receipt};

impl Desk {
    async fn post(&self, role: &str, what: &str, body: Value) -> (u64, Value) {
        self.call(role, "POST", &format!("/v1/customers/{}/{what}", self.customer), body).await
    }
}

#[tokio::test]
async fn an_object_whose_version_was_wrong_is_taken_again() {
    let api = Desk::new().await;
    let store = &api.world.store;
    let say = async |event: &str, version: u64, paid_minor: i64| {
        let explained = store.explain(&api.tenant, &api.customer, 1).await.unwrap().unwrap();
        let fact = explained.facts.invoices.iter().find(|fact| fact.invoice.number == "1001").unwrap();
        let invoice = domain::Invoice { source_version: SourceVersion::Number(version), paid_minor, ..fact.invoice.clone() };
        let customer = domain::CustomerRef::Named(api.customer.clone());
        let receipt = Receipt { source: "canonical".to_owned(), event_id: event.to_owned() };
        store.apply(&api.tenant, &receipt, &[Document::Invoice { customer, invoice }], api.world.now()).await.unwrap().outcome
    };
    assert_eq!(say("wrong", u64::MAX, 0).await, AppliedOutcome::Applied);
    assert_eq!(say("paid", 8, 125_000).await, AppliedOutcome::Stale, "it is frozen, and would be chased");

    let good = json!({"invoice": "C-1-1001", "reason": "the counter overflowed"});
    assert_eq!(api.post("manager", "versions/reset", good.clone()).await.0, 403);
    for (body, status, pointer) in [
        (json!({"invoice": "C-1-1001"}), 400, "/reason"),
        (json!({"invoice": "C-1-1001", "reason": "ap@acme.example says so"}), 400, "/reason"),
        (json!({"invoice": "C-1-1001", "payment": "P", "reason": "x"}), 400, "/payment"),
        (json!({"invoice": "none", "reason": "x"}), 404, ""),
        (json!({"payment": "pay_00000000000000000000", "reason": "x"}), 404, ""),
    ] {
        let (answered, said) = api.post("admin", "versions/reset", body.clone()).await;
        assert_eq!((answered, said["errors"][0]["pointer"].as_str().unwrap_or_default()), (status, pointer), "{body}");
    }
    assert_eq!(say("paid again", 8, 125_000).await, AppliedOutcome::Stale);
    let (status, said) = api.post("admin", "versions/reset", good).await;
    assert_eq!((status, &said["was"]), (200, &json!(u64::MAX.to_string())), "{said}");
    assert_eq!(say("paid at last", 8, 125_000).await, AppliedOutcome::Applied);
    let (status, said) = api.post("admin", "versions/reset", json!({"reason": "its own description too"})).await;
    assert_eq!((status, &said["was"]), (200, &json!("1")), "{said}");

    let audit = api.audit().await;
    assert_eq!(audit.iter().filter(|entry| entry["operation"] == "reset_version").count(), 2, "{audit:?}");
    let first = audit.iter().find(|entry| entry["note"] == "the counter overflowed").unwrap();
    assert_eq!(first["what"]["version"], json!(u64::MAX.to_string()));
}
