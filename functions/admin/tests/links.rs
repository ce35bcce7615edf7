//! Portal links: listed, given out, and made void.
#![allow(clippy::unwrap_used, reason = "a test may stop at once")]

mod common;

use common::{Desk, at};
use domain::Channel;
use serde_json::{Value, json};

impl Desk {
    async fn post(&self, role: &str, address: &str, body: Value) -> (u64, Value) {
        self.call(role, "POST", address, body).await
    }

    async fn get(&self, address: &str) -> (u64, Value) {
        self.call("viewer", "GET", address, Value::Null).await
    }

    fn links(&self) -> String {
        format!("/v1/customers/{}/links", self.customer)
    }

    /// The code of the link in a message to an address that leaves now.
    async fn sent(&self, channel: Channel, address: &str) -> String {
        self.world.code(&self.tenant, &self.customer, channel, address).await
    }
}

#[tokio::test]
async fn links_are_listed_without_what_opens_them() {
    let api = Desk::new().await;
    assert_eq!(api.get(&api.links()).await, (200, json!({"data": [], "next": null, "as_of": "2026-02-10T10:00:00Z"})));
    let mail = api.sent(Channel::Email, "ap@acme.example").await;
    let text = api.sent(Channel::Sms, "+493012345678").await;
    let (status, all) = api.get(&api.links()).await;
    let listed = all["data"].as_array().unwrap();
    assert_eq!((status, listed.len(), &all["next"]), (200, 2, &Value::Null), "{all}");
    let of_mail = listed.iter().find(|link| link["channel"] == "email").unwrap();
    let id = of_mail["id"].as_str().unwrap();
    assert!(id.starts_with("lnk_"), "{id}");
    assert_eq!(
        *of_mail,
        json!({
            "id": id, "customer": api.customer.as_str(), "contact": "p1", "channel": "email", "shown": "a…@acme.example",
            "status": "good", "made_at": "2026-02-10T10:00:00Z", "expires_at": "2026-06-10T10:00:00Z",
        })
    );
    let told = all.to_string();
    for secret in [&*mail, &*text, "ap@acme.example", "+493012345678"] {
        assert!(!told.contains(secret), "{told}");
    }
    assert!(!api.world.everything().await.iter().any(|item| item.contains(&mail)), "the table does not hold a code");
    // By the source's id, and in pages.
    assert_eq!(api.get("/v1/customers/canonical/C-1/links").await, (200, all.clone()));
    let (_, first) = api.get(&format!("{}?limit=1", api.links())).await;
    let (_, second) = api.get(&format!("{}?limit=1&cursor={}", api.links(), first["next"].as_str().unwrap())).await;
    assert_eq!((&first["data"][0], &second["data"][0], &second["next"]), (&listed[0], &listed[1], &Value::Null));
    for (address, status) in [
        (format!("{}?cursor=none%20of%20ours", api.links()), 400),
        (format!("{}?limit=0", api.links()), 400),
        ("/v1/customers/cus_none/links".to_owned(), 404),
        ("/v1/customers/canonical/nobody/links".to_owned(), 404),
    ] {
        assert_eq!(api.get(&address).await.0, status, "{address}");
    }
    assert_eq!(api.call_as(("other", "admin"), "GET", &api.links(), Value::Null).await.0, 404, "another tenant's");
}

#[tokio::test]
async fn a_customer_whose_id_at_its_source_is_links_is_still_shown() {
    let api = Desk::new().await;
    let id = api.world.customer("acme", "links", |_| {}).await;
    let (status, shown) = api.get("/v1/customers/canonical/links").await;
    assert_eq!((status, &shown["customer"]["id"]), (200, &json!(id.as_str())));
    assert_eq!(api.get("/v1/customers/canonical/links/links").await.0, 200);
}

#[tokio::test]
async fn a_link_is_void_once_it_is_revoked() {
    let api = Desk::new().await;
    api.sent(Channel::Email, "ap@acme.example").await;
    api.sent(Channel::Sms, "+493012345678").await;
    let (_, all) = api.get(&api.links()).await;
    let id = all["data"].as_array().unwrap().iter().find(|link| link["channel"] == "email").unwrap()["id"].clone();
    let revoke = format!("/v1/links/{}/revoke", id.as_str().unwrap());
    assert_eq!(api.post("viewer", &revoke, json!({})).await.0, 403);
    assert_eq!(api.post("collector", &revoke, json!({"reason": "x".repeat(501)})).await.0, 400);
    assert_eq!(api.call_as(("other", "admin"), "POST", &revoke, json!({})).await.0, 404, "another tenant's");
    assert_eq!(api.post("admin", "/v1/links/lnk_none/revoke", json!({})).await.0, 404);
    assert_eq!(api.audit().await, Vec::<Value>::new());
    let (status, said) = api.post("collector", &revoke, json!({"reason": "the mail was forwarded"})).await;
    assert_eq!((status, &said["status"], &said["revoked_at"]), (200, &json!("revoked"), &json!("2026-02-10T10:00:00Z")));
    // Again, later: it changes nothing.
    *api.world.now.lock().unwrap() = at("2026-02-10T11:00:00Z");
    let (status, again) = api.post("collector", &revoke, json!({})).await;
    assert_eq!((status, &again), (200, &said));
    let audit = api.audit().await;
    assert_eq!(audit.len(), 1, "{audit:?}");
    assert_eq!((&audit[0]["operation"], &audit[0]["object"]), (&json!("revoke_link"), &id));
    assert_eq!((&audit[0]["note"], &audit[0]["customer"]), (&json!("the mail was forwarded"), &json!(api.customer.as_str())));
    let statuses = async || -> Vec<String> {
        let (_, all) = api.get(&api.links()).await;
        let mut all: Vec<String> = all["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|link| format!("{} {}", link["channel"].as_str().unwrap(), link["status"].as_str().unwrap()))
            .collect();
        all.sort();
        all
    };
    assert_eq!(statuses().await, ["email revoked", "sms good"]);
    // A later message has a link that is good, and the id before names nothing that can be revoked.
    api.sent(Channel::Email, "ap@acme.example").await;
    assert_eq!(statuses().await, ["email good", "sms good"]);
    assert_eq!(api.post("collector", &revoke, json!({})).await.0, 404);
    // All of them, and once more where there is nothing to do.
    let address = format!("{}/revoke", api.links());
    assert_eq!(api.post("viewer", &address, json!({})).await.0, 403);
    assert_eq!(api.post("collector", &address, json!({"reason": "x".repeat(501)})).await.0, 400);
    for _ in 0..2 {
        assert_eq!(api.post("collector", &address, json!({"reason": "a new phone"})).await.0, 204);
        assert_eq!(statuses().await, ["email revoked", "sms revoked"]);
        assert_eq!(api.audit().await.len(), 2);
    }
    let audit = api.audit().await;
    assert_eq!((&audit[0]["operation"], &audit[0]["by"]), (&json!("revoke_links"), &json!("acme-collector")));
    assert_eq!(api.post("admin", "/v1/customers/cus_none/links/revoke", json!({})).await.0, 404);
}

#[tokio::test]
async fn a_link_is_given_out_by_hand() {
    let api = Desk::new().await;
    let whom = json!({"contact": "p1", "channel": "email", "reason": "asked by phone"});
    assert_eq!(api.post("viewer", &api.links(), whom.clone()).await.0, 403);
    for (body, pointer) in [
        (json!({"contact": "p9", "channel": "email"}), "/contact"),
        (json!({"contact": "p1", "channel": "letter"}), "/channel"),
        (json!({"contact": "p1", "channel": "pigeon"}), "/channel"),
        (json!({"contact": "p1"}), "/channel"),
    ] {
        let (status, said) = api.post("collector", &api.links(), body.clone()).await;
        assert_eq!((status, &said["errors"][0]["pointer"]), (400, &json!(pointer)), "{body}: {said}");
    }
    assert_eq!(api.post("admin", "/v1/customers/cus_none/links", whom.clone()).await.0, 404);
    assert_eq!(api.call_as(("other", "admin"), "POST", &api.links(), whom.clone()).await.0, 404);
    let (status, given) = api.post("collector", &api.links(), whom.clone()).await;
    assert_eq!(status, 200, "{given}");
    let code = given["url"].as_str().unwrap().strip_prefix("https://dunlin.example/p/").unwrap().to_owned();
    assert_eq!(api.sent(Channel::Email, "ap@acme.example").await, code, "it is the link that messages have");
    let (_, all) = api.get(&api.links()).await;
    assert_eq!(all["data"], json!([given["link"]]));
    let audit = api.audit().await;
    assert_eq!((audit.len(), &audit[0]["operation"], &audit[0]["object"]), (1, &json!("issue_link"), &given["link"]["id"]));
    assert!(!audit[0].to_string().contains(&code), "{audit:?}");
    // Given out again it is the same for longer; after it was revoked it is another.
    *api.world.now.lock().unwrap() = at("2026-02-11T10:00:00Z");
    let (_, again) = api.post("collector", &api.links(), whom.clone()).await;
    assert_eq!((&again["url"], &again["link"]["expires_at"]), (&given["url"], &json!("2026-06-11T10:00:00Z")));
    let id = given["link"]["id"].as_str().unwrap();
    assert_eq!(api.post("collector", &format!("/v1/links/{id}/revoke"), json!({})).await.0, 200);
    let (_, other) = api.post("collector", &api.links(), whom).await;
    assert!(other["url"] != given["url"] && other["link"]["id"] != given["link"]["id"], "{other}");
    let operations: Vec<Value> = api.audit().await.iter().map(|entry| entry["operation"].clone()).collect();
    assert_eq!(operations.len(), 4, "{operations:?}");
}
