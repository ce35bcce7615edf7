//! Subscriptions of outside systems to events.
#![allow(clippy::unwrap_used, reason = "a test may stop at once")]

mod common;

use common::{Api, request};
use domain::{DeliveryStatus, SubscriptionEnd, SubscriptionId, TenantId};
use serde_json::{Value, json};
use store::{DeliveryLane, NewDelivery, Subscription};

fn asked() -> Value {
    json!({"url": "https://hooks.acme.example/dunlin", "events": ["PromiseMade", "MessageSent"], "name": "CRM"})
}

#[tokio::test]
async fn a_subscription_is_kept_changed_and_deleted() {
    let api = Api::new().await;
    api.world.customer("acme", "C-1", |_| {}).await;
    assert_eq!(api.call("manager", "POST", "/v1/subscriptions", asked()).await.0, 403);
    let (status, made) = api.call("admin", "POST", "/v1/subscriptions", asked()).await;
    assert_eq!((status, made["delivering"].as_bool(), made["enabled"].as_bool()), (200, Some(true), Some(true)), "{made}");
    assert_eq!(made["events"], json!(["MessageSent", "PromiseMade"]));
    let secret = made["secret"].as_str().unwrap().to_owned();
    assert!(secret.starts_with("whsec_"));
    let path = format!("/v1/subscriptions/{}", made["id"].as_str().unwrap());
    let (_, shown) = api.call("admin", "GET", &path, Value::Null).await;
    assert_eq!((shown.get("secret"), shown["name"].as_str()), (None, Some("CRM")));

    // A merge patch; the older revision changes nothing.
    let (_, changed) = api.call("admin", "PATCH", &path, json!({"enabled": false, "name": null})).await;
    assert_eq!((changed["enabled"].as_bool(), &changed["name"], &changed["url"]), (Some(false), &Value::Null, &shown["url"]));
    assert_eq!(changed["delivering"], json!(false));
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

/// An event in the log of a subscription, as `read-model` queues it.
async fn queued(api: &Api, id: &SubscriptionId, event: &str) {
    let detail = json!({"schema_version": 1, "id": event, "tenant": "acme", "customer": "cus_1"});
    let new = NewDelivery { event, kind: "PromiseMade", detail: &detail, status: DeliveryStatus::Waiting };
    let lane = DeliveryLane { tenant: TenantId::parse("acme").unwrap(), subscription: id.clone(), lane: "cus_1".to_owned() };
    assert!(api.world.store.queue_delivery(&lane, &new, api.world.now()).await.unwrap());
}

#[tokio::test]
async fn deliveries_are_listed_and_replayed() {
    let api = Api::new().await;
    api.world.customer("acme", "C-1", |_| {}).await;
    let (_, made) = api.call("admin", "POST", "/v1/subscriptions", asked()).await;
    let id = SubscriptionId::parse(made["id"].as_str().unwrap()).unwrap();
    let path = format!("/v1/subscriptions/{id}");
    for event in ["evt_1", "evt_2", "evt_3"] {
        queued(&api, &id, event).await;
    }
    assert_eq!(api.call("manager", "GET", &format!("{path}/deliveries"), Value::Null).await.0, 403);
    let (status, first) = api.call("admin", "GET", &format!("{path}/deliveries?limit=2"), Value::Null).await;
    assert_eq!((status, first["data"].as_array().unwrap().len()), (200, 2), "{first}");
    let cursor = first["next"].as_str().unwrap();
    let (_, second) = api.call("admin", "GET", &format!("{path}/deliveries?cursor={cursor}"), Value::Null).await;
    assert_eq!((second["data"].as_array().unwrap().len(), &second["next"]), (1, &Value::Null));
    let shown = &second["data"][0];
    assert_eq!(
        (&shown["status"], &shown["type"], &shown["tries"]),
        (&json!("waiting"), &json!("PromiseMade"), &json!(0)),
        "{shown}"
    );
    assert_eq!(shown["data"]["customer"], "cus_1");
    assert_eq!(api.call("admin", "GET", &format!("{path}/deliveries?cursor=x"), Value::Null).await.0, 422);

    let replay = format!("{path}/replay");
    for (body, pointers) in [
        (json!({}), vec![""]),
        (json!({"since": "2026-01-01T00:00:00Z", "deliveries": ["evt_1.cus_1"]}), vec![""]),
        (json!({"since": "2126-01-01T00:00:00Z"}), vec!["/since"]),
        (json!({"deliveries": []}), vec!["/deliveries"]),
        (json!({"deliveries": ["evt_1.cus_1", "evt_9.cus_1", "nonsense"]}), vec!["/deliveries/1", "/deliveries/2"]),
    ] {
        let (status, refused) = api.call("admin", "POST", &replay, body.clone()).await;
        assert_eq!((status, common::pointers(&refused)), (400, pointers), "{body}");
    }
    let (status, begun) =
        api.call("admin", "POST", &replay, json!({"deliveries": ["evt_2.cus_1", "evt_1.cus_1", "evt_2.cus_1"]})).await;
    assert_eq!((status, begun), (200, json!({"since": null, "deliveries": 2})));
    let (status, refused) = api.call("admin", "POST", &replay, json!({"since": "2026-01-01T00:00:00Z"})).await;
    assert_eq!(status, 409, "{refused}");
    // Who is out of use is not replayed.
    api.call("admin", "PATCH", &path, json!({"enabled": false})).await;
    assert_eq!(api.call("admin", "POST", &replay, json!({"since": "2026-01-01T00:00:00Z"})).await.0, 409);
    let entries = api.audit().await;
    assert!(entries.iter().any(|entry| entry["operation"] == "replay_deliveries"), "{entries:?}");
}

#[tokio::test]
async fn a_sample_of_every_kind_is_queued() {
    let api = Api::new().await;
    api.world.customer("acme", "C-1", |_| {}).await;
    let (_, made) = api.call("admin", "POST", "/v1/subscriptions", asked()).await;
    let path = format!("/v1/subscriptions/{}", made["id"].as_str().unwrap());
    for kind in store::BusKind::ALL {
        let (status, queued) = api.call("admin", "POST", &format!("{path}/test"), json!({"event": kind.as_str()})).await;
        assert_eq!((status, &queued["type"]), (200, &json!(kind.as_str())), "{queued}");
        assert_eq!((&queued["data"]["tenant"], &queued["data"]["schema_version"]), (&json!("acme"), &json!(1)));
        assert!(queued["delivery"].as_str().unwrap().starts_with(queued["data"]["id"].as_str().unwrap()), "{queued}");
    }
    let (_, listed) = api.call("admin", "GET", &format!("{path}/deliveries?limit=200"), Value::Null).await;
    assert_eq!(listed["data"].as_array().unwrap().len(), store::BusKind::ALL.len());
    let (status, refused) = api.call("admin", "POST", &format!("{path}/test"), json!({"event": "Nothing"})).await;
    assert_eq!((status, common::pointers(&refused)), (400, vec!["/event"]));
}

#[tokio::test]
async fn a_subscription_that_ended_says_why_and_begins_anew_when_it_is_put_into_use() {
    let api = Api::new().await;
    api.world.customer("acme", "C-1", |_| {}).await;
    let (_, made) = api.call("admin", "POST", "/v1/subscriptions", asked()).await;
    let (tenant, id) = (TenantId::parse("acme").unwrap(), SubscriptionId::parse(made["id"].as_str().unwrap()).unwrap());
    let path = format!("/v1/subscriptions/{id}");
    let (store, now) = (&api.world.store, api.world.now());
    store.delivery_failed(&tenant, &id, now).await.unwrap();
    let (_, failing) = api.call("admin", "GET", "/v1/subscriptions", Value::Null).await;
    assert_eq!(failing["data"][0]["failing_since"], json!(now.to_string()), "{failing}");
    let known = store.subscription(&tenant, &id).await.unwrap().unwrap();
    let ended = Subscription { enabled: false, ended: Some((SubscriptionEnd::Failing, now)), ..known };
    store.put_subscription(&tenant, &ended).await.unwrap();
    let (_, shown) = api.call("admin", "GET", &path, Value::Null).await;
    assert_eq!((&shown["ended_because"], &shown["delivering"]), (&json!("failing"), &json!(false)), "{shown}");
    assert!(shown["ended_at"].is_string());
    let (status, again) = api.call("admin", "PATCH", &path, json!({"enabled": true})).await;
    assert_eq!((status, &again["delivering"]), (200, &json!(true)), "{again}");
    assert_eq!([&again["ended_because"], &again["ended_at"], &again["failing_since"]], [&Value::Null; 3], "{again}");
}
