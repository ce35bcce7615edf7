//! Subscriptions of outside systems to events.
#![allow(clippy::unwrap_used, reason = "a test may stop at once")]

mod common;

use common::{Api, request};
use serde_json::{Value, json};

fn asked() -> Value {
    json!({"url": "https://hooks.acme.example/dunlin", "events": ["PromiseMade", "MessageSent"], "name": "CRM"})
}

#[tokio::test]
async fn a_subscription_is_kept_and_says_that_nothing_is_delivered() {
    let api = Api::new().await;
    api.world.customer("acme", "C-1", |_| {}).await;
    assert_eq!(api.call("manager", "POST", "/v1/subscriptions", asked()).await.0, 403);
    let (status, made) = api.call("admin", "POST", "/v1/subscriptions", asked()).await;
    assert_eq!((status, made["delivering"].as_bool(), made["enabled"].as_bool()), (200, Some(false), Some(true)), "{made}");
    assert_eq!(made["events"], json!(["MessageSent", "PromiseMade"]));
    let secret = made["secret"].as_str().unwrap().to_owned();
    assert!(secret.starts_with("whsec_"));
    let path = format!("/v1/subscriptions/{}", made["id"].as_str().unwrap());
    let (_, shown) = api.call("admin", "GET", &path, Value::Null).await;
    assert_eq!((shown.get("secret"), shown["name"].as_str()), (None, Some("CRM")));

    // A merge patch; the older revision changes nothing.
    let (_, changed) = api.call("admin", "PATCH", &path, json!({"enabled": false, "name": null})).await;
    assert_eq!((changed["enabled"].as_bool(), &changed["name"], &changed["url"]), (Some(false), &Value::Null, &shown["url"]));
    let stale = request("PATCH", &path, Some(("acme", "admin")), &[("if-match", "\"1\"")], r#"{"enabled": true}"#);
    assert_eq!(api.ask(stale).await.0, 412);

    let (status, rotated) = api.call("admin", "POST", &format!("{path}/rotate"), json!({"overlap_hours": 2})).await;
    assert_eq!(status, 200, "{rotated}");
    assert_ne!(rotated["secret"], json!(secret));
    assert!(rotated["previous_until"].is_string());
    assert_eq!(api.call("admin", "POST", &format!("{path}/rotate"), json!({"overlap_hours": 721})).await.0, 400);

    assert_eq!(api.call("admin", "DELETE", &path, Value::Null).await.0, 200);
    assert_eq!(api.call("admin", "GET", &path, Value::Null).await.0, 404);
    let (_, left) = api.call("admin", "GET", "/v1/subscriptions", Value::Null).await;
    assert_eq!(left["data"], json!([]));
    let (_, audit) = api.call("manager", "GET", "/v1/audit", Value::Null).await;
    assert!(!audit.to_string().contains(&secret), "the audit tells no secret");
}

#[tokio::test]
async fn every_flaw_is_named() {
    let api = Api::new().await;
    api.world.customer("acme", "C-1", |_| {}).await;
    for (change, pointers) in [
        (json!({"url": "http://hooks.acme.example"}), vec!["/url"]),
        (json!({"url": "https://169.254.169.254/"}), vec!["/url"]),
        (json!({"events": []}), vec!["/events"]),
        (json!({"events": ["PromiseMade", "Nothing"], "url": "x"}), vec!["/url", "/events/1"]),
        (json!({"name": "x".repeat(101)}), vec!["/name"]),
        (json!({"colour": "red"}), vec!["/colour"]),
    ] {
        let mut body = asked();
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let (status, refused) = api.call("admin", "POST", "/v1/subscriptions", body.clone()).await;
        let errors = refused["errors"].as_array().unwrap();
        let found: Vec<_> = errors.iter().map(|error| error["pointer"].as_str().unwrap()).collect();
        assert_eq!((status, found), (400, pointers), "{body}");
    }
}
