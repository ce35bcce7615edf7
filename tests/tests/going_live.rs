//! Going live without traps: one exception for one cause, and a sender that mends it.

use serde_json::{Value, json};
use tests::{
    documents::{customer, invoice},
    test_tenant::{Reply, TestTenant},
};

async fn without_sender() -> TestTenant {
    let tenant = TestTenant::with("2026-02-02T08:00:00Z", json!({"mode": "shadow"}), None).await;
    tenant.admin("PATCH", "/v1/settings", &json!({"sender": null})).await.is(200);
    tenant
}

#[tokio::test]
async fn one_cause_is_one_exception_that_closes_itself() {
    let tenant = without_sender().await;
    let refused = tenant.admin("PATCH", "/v1/settings", &json!({"mode": "live"})).await.is(422);
    assert_eq!(refused.pointers(), ["/sender/email", "/sender/sms"]);
    for number in 0..4 {
        let mut by_mail = customer(&format!("C-{number}"));
        by_mail["contacts"][0].as_object_mut().unwrap().remove("phone");
        tenant.put(&invoice(&by_mail, &format!("R-{number}"), 10_000, "2026-01-30")).await;
    }
    tenant.advance("P2D").await;
    let told = tenant.exceptions().await;
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(
        (&told[0]["title"], &told[0]["concerns"], &told[0]["customer_id"]),
        (&json!("No sender for email"), &json!(4), &Value::Null)
    );
    let task = told[0]["id"].as_str().unwrap();
    let concerned = tenant.admin("GET", &format!("/v1/tasks/{task}/customers"), &Value::Null).await.is(200).body;
    let mut expected: Vec<Value> = Vec::new();
    for number in 0..4 {
        expected.push(tenant.matter(&format!("C-{number}")).await["customer"]["id"].clone());
    }
    expected.sort_by_key(ToString::to_string);
    assert_eq!(concerned, json!({"customers": expected}));
    // Days later it is still the same one.
    tenant.advance("P3D").await;
    assert_eq!(tenant.exceptions().await.len(), 1);
    let sender = json!({"email": "acme@dunlin.example", "sms": "Acme"});
    tenant.admin("PATCH", "/v1/settings", &json!({"sender": sender, "mode": "live"})).await.is(200);
    assert_eq!(tenant.exceptions().await, Vec::<Value>::new());
    tenant.advance("P5D").await;
    let reached: std::collections::BTreeSet<_> = tenant.sent().into_iter().map(|sent| sent.to).collect();
    assert_eq!(reached.len(), 4, "{reached:?}");
    assert_eq!(tenant.exceptions().await, Vec::<Value>::new());
}

#[tokio::test]
async fn no_text_leaves_without_a_sender_of_the_tenant() {
    let tenant = without_sender().await;
    tenant.admin("PATCH", "/v1/settings", &json!({"sender": {"email": "acme@dunlin.example"}})).await.is(200);
    let live = json!({"mode": "live"});
    assert_eq!(tenant.admin("PATCH", "/v1/settings", &live).await.is(422).pointers(), ["/sender/sms"]);
    let mut by_text = customer("C-1");
    by_text["contacts"][0].as_object_mut().unwrap().remove("email");
    tenant.put(&invoice(&by_text, "R-1", 10_000, "2026-01-30")).await;
    tenant.advance("P2D").await;
    let told = async || {
        let told = tenant.exceptions().await;
        told.into_iter()
            .filter(|task| task["title"] == "No sender for sms")
            .map(|task| task["concerns"].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(told().await, [json!(1)], "{:?}", tenant.exceptions().await);
    tenant.admin("PATCH", "/v1/settings", &json!({"sender": {"sms": "Acme"}, "mode": "live"})).await.is(200);
    assert_eq!(told().await, Vec::<Value>::new());
    tenant.advance("P5D").await;
    let channels: std::collections::BTreeSet<_> = tenant.sent().into_iter().map(|sent| sent.channel).collect();
    assert_eq!(channels, ["sms".to_owned()].into());
}

/// The warnings of settings at a place.
fn warned(reply: &Reply, pointer: &str) -> Vec<String> {
    let warnings = reply.body["warnings"].as_array().unwrap().iter().filter(|warning| warning["pointer"] == pointer);
    warnings.map(|warning| warning["detail"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn languages_of_customers_without_a_text_are_named_before_anything_leaves() {
    let tenant = TestTenant::with("2026-02-02T08:00:00Z", json!({"mode": "shadow"}), None).await;
    let try_live = async || tenant.admin("PATCH", "/v1/settings?dry_run=true", &json!({"mode": "live"})).await.is(200);
    tenant.put(&invoice(&customer("C-1"), "R-1", 10_000, "2026-03-30")).await;
    tenant.advance("PT5M").await;
    assert_eq!(warned(&try_live().await, "/language"), Vec::<String>::new(), "customers read German, as the built-in texts are");
    for (id, language) in [("C-2", "pl-PL"), ("C-3", "sv"), ("C-4", "en")] {
        let mut foreign = customer(id);
        foreign["language"] = json!(language);
        tenant.put(&invoice(&foreign, &format!("R-{id}"), 10_000, "2026-03-30")).await;
    }
    tenant.advance("PT5M").await;
    for reply in [try_live().await, tenant.admin("GET", "/v1/settings", &Value::Null).await.is(200)] {
        let told = warned(&reply, "/language");
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(told[0].contains("no text in 'pl'") && told[1].contains("no text in 'sv'"), "{told:?}");
        assert!(told[0].contains("reminder (email)") && told[0].contains("reminder (sms)"), "{told:?}");
    }
    let text = json!({"subject": "Przypomnienie: {{ covered.named }}", "body": "Dzień dobry"});
    tenant.admin("PUT", "/v1/templates/reminder/pl/email", &text).await.is(200);
    let told = warned(&try_live().await, "/language");
    assert!(!told[0].contains("reminder (email)") && told[1].contains("reminder (email)"), "{told:?}");
    // Nobody reads Swedish any more.
    let mut moved = customer("C-3");
    (moved["source_version"], moved["language"]) = (json!(2), json!("de"));
    tenant.put(&json!({"type": "customer.upserted", "customer": moved})).await;
    tenant.advance("PT5M").await;
    assert_eq!(warned(&try_live().await, "/language").len(), 1);
}

#[tokio::test]
async fn numbers_abroad_that_get_no_text_are_named_where_there_are_some() {
    let tenant = TestTenant::with("2026-02-02T08:00:00Z", json!({"mode": "shadow"}), None).await;
    let try_with = async |patch: Value| {
        let reply = tenant.admin("PATCH", "/v1/settings?dry_run=true", &patch).await.is(200);
        warned(&reply, "/sms/countries")
    };
    let live = json!({"mode": "live"});
    // German numbers of a German tenant, and a French one whose owner never agreed to text messages.
    let mut silent = customer("C-2");
    silent["contacts"][0]["phone"] = json!("+33612345678");
    silent["contacts"][0]["consents"] = json!([]);
    for (buyer, number) in [(customer("C-1"), "R-1"), (silent, "R-2")] {
        tenant.put(&invoice(&buyer, number, 10_000, "2026-03-30")).await;
    }
    tenant.advance("PT5M").await;
    assert_eq!(try_with(live.clone()).await, Vec::<String>::new());
    let mut abroad = customer("C-3");
    abroad["contacts"][0]["phone"] = json!("+33612345678");
    tenant.put(&invoice(&abroad, "R-3", 10_000, "2026-03-30")).await;
    tenant.advance("PT5M").await;
    let told = try_with(live).await;
    assert!(told.len() == 1 && told[0].contains("numbers of DE alone") && told[0].contains("numbers of FR"), "{told:?}");
    // Whoever names countries has decided.
    for countries in [json!(["DE", "FR"]), json!(["DE"])] {
        assert_eq!(try_with(json!({"mode": "live", "sms": {"countries": countries}})).await, Vec::<String>::new());
    }
    // Nobody is sent a text.
    let mail = json!({"name": "Mail", "scope": "customer", "steps": [
        {"id": "reminder", "at": {"anchor": "due_date", "offset": "P1D"},
         "action": {"send": {"channels": ["email"], "template": "reminder", "to": ["billing"]}}},
        {"id": "review", "at": {"anchor": "due_date", "offset": "P40D"}, "action": {"task": {"title": "Look at it"}}},
    ]});
    tenant.admin("PUT", "/v1/workflows/standard", &mail).await.is(200);
    assert_eq!(try_with(json!({"mode": "live"})).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_for_training_has_a_book_that_is_worked_and_sends_nothing() {
    let tenant = TestTenant::with("2026-02-10T08:00:00Z", json!({"training": true}), None).await;
    let filled = async || {
        let job = tenant.admin("POST", "/v1/jobs", &json!({"kind": "training_book"})).await.is(202).body;
        tenant.advance("PT10S").await;
        let path = format!("/v1/jobs/{}", job["id"].as_str().unwrap());
        let done = tenant.admin("GET", &path, &Value::Null).await.is(200).body;
        assert_eq!(done["status"], "done", "{done}");
        done["result"].clone()
    };
    let first = filled().await;
    assert_eq!(first["applied"], first["documents"], "{first}");
    let again = filled().await;
    assert_eq!((&again["applied"], &again["known"]), (&json!(0), &first["documents"]), "{again}");
    assert_eq!(tenant.admin("PATCH", "/v1/settings", &json!({"mode": "live"})).await.is(422).pointers(), ["/mode"]);
    tenant.advance("P10D").await;
    let matter = tenant.admin("GET", "/v1/customers/training/T-101?last=50", &Value::Null).await.is(200).body;
    let records = matter["records"].as_array().unwrap();
    assert!(records.iter().any(|record| record["status"] == "shadow"), "{records:?}");
    let overdue = tenant.admin("GET", "/v1/customers?sort=overdue", &Value::Null).await.is(200).body;
    assert!(overdue["data"].as_array().unwrap().len() > 8, "{overdue}");
    assert!(tenant.sent().is_empty(), "{:?}", tenant.log());
    // Of another tenant the book is not filled.
    let other = TestTenant::at("2026-02-10T08:00:00Z").await;
    let job = other.admin("POST", "/v1/jobs", &json!({"kind": "training_book"})).await.is(202).body;
    other.advance("PT10S").await;
    let failed = other.admin("GET", &format!("/v1/jobs/{}", job["id"].as_str().unwrap()), &Value::Null).await.is(200).body;
    assert_eq!(failed["status"], "failed");
    assert!(failed["why"].as_str().unwrap().contains("training"), "{failed}");
}
