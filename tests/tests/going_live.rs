//! Going live without traps: one exception for one cause, and a sender that mends it.

use serde_json::{Value, json};
use tests::{
    documents::{customer, invoice},
    test_tenant::TestTenant,
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
