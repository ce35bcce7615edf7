//! Who may come in, on the local stack: tokens that run out, people who are invited and removed, machines, and an issuer that is asked.

use local::token::TokenIn;
use serde_json::{Value, json};
use tests::test_tenant::{Reply, TENANT, TestTenant};

async fn desk() -> TestTenant {
    TestTenant::with("2026-03-04T15:00:00Z", json!({"country": "US", "time_zone": "America/New_York", "language": "en"}), None)
        .await
}

async fn ask(desk: &TestTenant, token: &str, method: &str, path: &str, body: &Value) -> Reply {
    let headers = [("authorization", format!("Bearer {token}")), ("x-dunlin-tenant", TENANT.to_owned())];
    let headers = headers.map(|(name, value)| (name.to_owned(), value));
    let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
    desk.call(method, path, &headers, &body).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_is_invited_works_and_is_removed() {
    let desk = desk().await;
    let kim = || {
        let asked = TokenIn { sub: Some("kim".to_owned()), email: Some("Kim@acme.example".to_owned()), ..TokenIn::default() };
        desk.stack.token_for(&asked).unwrap()
    };
    ask(&desk, &kim(), "GET", "/v1/sources", &Value::Null).await.is(403);
    let invited = json!({"email": "kim@acme.example", "role": "collector"});
    desk.admin("POST", "/v1/invitations", &invited).await.is(200);
    let token = kim();
    let me = ask(&desk, &token, "GET", "/v1/me", &Value::Null).await.is(200).body;
    assert_eq!((&me["sub"], &me["tenant"], &me["role"]), (&json!("kim"), &json!(TENANT), &json!("collector")));
    let stop = json!({"channel": "email", "address": "ap@buyer.example", "note": "by phone"});
    ask(&desk, &token, "POST", "/v1/suppressions", &stop).await.is(200);
    let audit = desk.admin("GET", "/v1/audit?by=kim&operation=enter_suppression", &Value::Null).await.is(200).body;
    assert_eq!(audit["data"].as_array().unwrap().len(), 1, "{audit}");
    // The token runs out by the stack's clock, and a new one is as good.
    desk.advance("PT2H").await;
    ask(&desk, &token, "GET", "/v1/me", &Value::Null).await.is(401);
    let token = kim();
    ask(&desk, &token, "GET", "/v1/sources", &Value::Null).await.is(200);
    desk.admin("DELETE", "/v1/members/kim", &Value::Null).await.is(200);
    ask(&desk, &token, "GET", "/v1/sources", &Value::Null).await.is(403);
    ask(&desk, &kim(), "GET", "/v1/sources", &Value::Null).await.is(403);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_works_by_its_key_for_months() {
    let desk = desk().await;
    let asked = json!({"name": "ERP", "role": "collector", "scopes": ["read", "write:customers"]});
    let made = desk.admin("POST", "/v1/keys", &asked).await.is(200).body;
    let key = made["token"].as_str().unwrap().to_owned();
    for _ in 0..3 {
        desk.advance("P30D").await;
        ask(&desk, &key, "GET", "/v1/sources", &Value::Null).await.is(200);
        ask(&desk, &key, "PUT", "/v1/settings", &json!({"name": "Acme"})).await.is(403);
    }
    let used = desk.admin("GET", "/v1/keys", &Value::Null).await.is(200).body["data"][0]["used_at"].clone();
    assert_eq!(used, json!("2026-06-02T15:00:00Z"));
    desk.admin("DELETE", &format!("/v1/keys/{}", made["key"]["id"].as_str().unwrap()), &Value::Null).await.is(200);
    ask(&desk, &key, "GET", "/v1/sources", &Value::Null).await.is(401);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_nobody_gets_a_problem_that_says_so() {
    let desk = desk().await;
    let nobody = desk.call("GET", "/v1/settings", &[], b"").await.is(401);
    assert!(nobody.body["type"].as_str().unwrap().ends_with("/unauthorized"), "{}", nobody.text);
    // Another stack is another issuer.
    let other = TestTenant::with("2026-03-04T15:00:00Z", json!({"country": "US", "time_zone": "America/New_York"}), None).await;
    let token = other.stack.token(TENANT, "admin").unwrap();
    ask(&desk, &token, "GET", "/v1/settings", &Value::Null).await.is(401);
    for path in ["/openapi.json", "/docs"] {
        desk.call("GET", path, &[], b"").await.is(200);
    }
}
