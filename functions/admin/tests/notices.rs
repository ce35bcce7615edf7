//! How people are told of work: the channels that notices go to, whose addresses nobody sees.
#![allow(clippy::unwrap_used, reason = "a test may stop at once")]

mod common;

use common::{Api, pointers};
use serde_json::{Value, json};

const URL: &str = "https://hooks.slack.com/services/T0/B0/very-secret";

#[tokio::test]
async fn the_address_of_a_channel_is_entered_and_never_shown() {
    let api = Api::new().await;
    api.world.customer("acme", "C-1", |_| {}).await;
    let path = "/v1/notice_channels/slack";
    assert_eq!(api.call("manager", "PUT", path, json!({"url": URL})).await.0, 403);
    for _ in 0..2 {
        let (status, entered) = api.call("admin", "PUT", path, json!({"url": URL})).await;
        assert_eq!((status, &entered["way"], &entered["failed"]), (200, &json!("slack"), &json!(0)), "{entered}");
    }
    let (_, listed) = api.call("admin", "GET", "/v1/notice_channels", Value::Null).await;
    assert_eq!(listed["data"].as_array().unwrap().len(), 1);
    let stored = api.world.everything().await;
    let said = [listed.to_string(), json!(api.audit().await).to_string(), stored.join("\n")].concat();
    assert!(!said.contains("very-secret"), "it is in no answer, no entry of the audit and no item in clear");
    assert_eq!(api.call("admin", "DELETE", path, Value::Null).await.0, 200);
    assert_eq!(api.call("admin", "DELETE", path, Value::Null).await.0, 404);
    assert_eq!(api.call("admin", "PUT", path, json!({"url": URL})).await.0, 200, "and it can be entered again");
}

#[tokio::test]
async fn a_channel_is_at_its_vendor() {
    let api = Api::new().await;
    api.world.customer("acme", "C-1", |_| {}).await;
    for (way, url, expected) in [
        ("slack", "https://evil.example/services/T0", 400),
        ("slack", "http://127.0.0.1:9/x", 400),
        ("teams", URL, 400),
        ("teams", "https://a.b.logic.azure.com:443/workflows/x?sig=y", 200),
        ("email", URL, 404),
        ("fax", URL, 404),
    ] {
        let (status, said) = api.call("admin", "PUT", &format!("/v1/notice_channels/{way}"), json!({"url": url})).await;
        assert_eq!(status, expected, "{way} {url} {said}");
        if status == 400 {
            assert_eq!(pointers(&said), ["/url"]);
            assert!(!said.to_string().contains("T0/B0"), "it is not repeated: {said}");
        }
    }
}

#[tokio::test]
async fn notices_are_looked_for_by_what_there_is() {
    let api = Api::new().await;
    api.world.customer("acme", "C-1", |_| {}).await;
    let (status, listed) = api.call("viewer", "GET", "/v1/notices?status=done", Value::Null).await;
    assert_eq!((status, listed["data"].as_array().map(Vec::len)), (200, Some(0)), "{listed}");
    for query in ["status=sent", "task=x", "cursor=x", "limit=0", "whose=x"] {
        assert_eq!(api.call("viewer", "GET", &format!("/v1/notices?{query}"), Value::Null).await.0, 400, "{query}");
    }
}
