//! The door: tokens and keys that are accepted and those that are not, members, requests that are carried out once, and rates.
#![allow(clippy::unwrap_used, reason = "a test says by panicking that it failed")]

mod common;

use common::{World, issuer, request_with};
use jiff::SignedDuration;
use serde_json::{Value, json};

struct Door {
    world: World,
    handler: admin::Handler,
}

/// What was answered.
#[derive(Debug)]
struct Said {
    status: u64,
    headers: Value,
    body: Value,
}

impl Said {
    #[track_caller]
    fn is(self, status: u64) -> Self {
        assert_eq!(self.status, status, "{}", self.body);
        self
    }

    fn kind(&self) -> &str {
        self.body["type"].as_str().and_then(|kind| kind.rsplit('/').next()).unwrap_or_default()
    }
}

impl Door {
    async fn new() -> Self {
        Self::with(&[]).await
    }

    async fn with(more: &[(&str, &str)]) -> Self {
        let world = World::new().await;
        let handler = handler(&world, more);
        Self { world, handler }
    }

    async fn ask(&self, method: &str, address: &str, token: Option<&str>, headers: &[(&str, &str)], body: &Value) -> Said {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let answer = self.handler.handle(request_with(method, address, token, headers, &body)).await.unwrap();
        let text = answer["body"].as_str().unwrap();
        let body = serde_json::from_str(text).unwrap_or_default();
        Said { status: answer["statusCode"].as_u64().unwrap(), headers: answer["headers"].clone(), body }
    }

    async fn get(&self, address: &str, token: &str) -> Said {
        self.ask("GET", address, Some(token), &[], &Value::Null).await
    }

    async fn admin(&self, method: &str, address: &str, body: Value) -> Said {
        self.ask(method, address, Some(&issuer::token_of("acme", "admin")), &[], &body).await
    }

    fn later(&self, seconds: i64) {
        *self.world.now.lock().unwrap() += SignedDuration::from_secs(seconds);
    }

    /// The operations on the table since it was last asked.
    fn table_calls(&self) -> Vec<String> {
        std::mem::take(&mut *self.world.aws.operations.lock().unwrap())
    }

    fn keys_fetched(&self) -> u32 {
        *self.world.aws.asked_for_keys.lock().unwrap()
    }
}

fn handler(world: &World, more: &[(&str, &str)]) -> admin::Handler {
    let pairs: Vec<(&str, &str)> = [("KEY_ID", "key"), ("PUBLIC_URL", "")].into_iter().chain(more.iter().copied()).collect();
    admin::Handler::new(&world.env(&pairs), &world.clients, world.clock.clone()).unwrap()
}

#[tokio::test]
async fn a_token_is_accepted_or_said_to_be_wrong() {
    let door = Door::new().await;
    let now = door.world.now().as_second();
    let of = |claims: Value| {
        let mut all = json!({"tenant": "acme", "role": "viewer"});
        all.as_object_mut().unwrap().extend(claims.as_object().unwrap().clone());
        issuer::token(&all)
    };
    let head = |head: Value| issuer::signed(&head, &json!({"tenant": "acme", "role": "viewer"}));
    door.get("/v1/sources", &of(json!({}))).await.is(200);
    door.get("/v1/sources", &of(json!({"exp": now - 10}))).await.is(200);
    for (token, said) in [
        (of(json!({"exp": now - 60})), "expired"),
        (of(json!({"nbf": now + 60})), "not valid yet"),
        (of(json!({"iss": "https://elsewhere.example"})), "another issuer"),
        (of(json!({"aud": "elsewhere"})), "another audience"),
        (of(json!({"sub": null})), "no sub"),
        (head(json!({"alg": "none", "kid": "testbed"})), "RS256 or ES256"),
        (head(json!({"alg": "HS256", "kid": "testbed"})), "RS256 or ES256"),
        (head(json!({"alg": "RS256", "kid": "testbed"})), "valid signature"),
        (head(json!({"alg": "ES256", "kid": "nobody's"})), "names no key"),
        ("made.up.token".to_owned(), "malformed"),
        ("dun_acme_made_up".to_owned(), "key is unknown"),
    ] {
        let refused = door.get("/v1/sources", &token).await.is(401);
        let why = refused.headers["www-authenticate"].as_str().unwrap();
        assert!(why.starts_with("Bearer ") && why.contains("error=\"invalid_token\"") && why.contains(said), "{why}");
        assert_eq!((refused.kind(), &refused.headers["content-type"]), ("unauthorized", &json!("application/problem+json")));
    }
}

#[tokio::test]
async fn who_sends_no_token_costs_nothing() {
    let door = Door::new().await;
    door.table_calls();
    let basic = [("authorization", "Basic YTpi")];
    for (method, address) in [("GET", "/v1/settings"), ("POST", "/v1/agreements"), ("PUT", "/v1/nothing"), ("OPTIONS", "/v1/me")]
    {
        for headers in [&basic[1..], &basic[..]] {
            let refused = door.ask(method, address, None, headers, &json!({})).await.is(401);
            assert_eq!(refused.headers["www-authenticate"], "Bearer realm=\"dunlin\"");
        }
    }
    door.get("/v1/me", &issuer::token(&json!({"aud": "elsewhere"}))).await.is(401);
    door.get("/v1/me", "dun_acme_nonsense").await.is(401);
    for address in ["/openapi.json", "/docs"] {
        door.ask("GET", address, None, &[], &Value::Null).await.is(200);
    }
    assert_eq!((door.table_calls(), door.keys_fetched()), (vec![], 0));
}

#[tokio::test]
async fn keys_of_the_issuer_are_fetched_once_a_minute_at_most() {
    let door = Door::new().await;
    let unknown = |at: u32| issuer::signed(&json!({"alg": "ES256", "kid": format!("new-{at}")}), &json!({"tenant": "acme"}));
    for at in 0..50 {
        door.get("/v1/me", &unknown(at)).await.is(401);
    }
    assert_eq!(door.keys_fetched(), 1);
    door.later(59);
    door.get("/v1/me", &unknown(50)).await.is(401);
    assert_eq!(door.keys_fetched(), 1);
    door.later(1);
    door.get("/v1/me", &unknown(51)).await.is(401);
    door.get("/v1/me", &unknown(52)).await.is(401);
    assert_eq!(door.keys_fetched(), 2);
    // A key that is known asks nobody, until the keys are an hour old.
    let good = issuer::token_of("acme", "viewer");
    door.get("/v1/me", &good).await.is(200);
    assert_eq!(door.keys_fetched(), 2);
    door.later(3_600);
    door.get("/v1/me", &good).await.is(200);
    assert_eq!(door.keys_fetched(), 3);
}

#[tokio::test]
async fn without_the_issuers_keys_nobody_gets_in() {
    let door = Door::new().await;
    let good = issuer::token_of("acme", "viewer");
    *door.world.aws.issuer_is_away.lock().unwrap() = true;
    for _ in 0..5 {
        door.get("/v1/me", &good).await.is(503);
    }
    assert_eq!(door.keys_fetched(), 1);
    *door.world.aws.issuer_is_away.lock().unwrap() = false;
    door.later(60);
    door.get("/v1/me", &good).await.is(200);
    // Keys that cannot be fetched anew are good for a day.
    *door.world.aws.issuer_is_away.lock().unwrap() = true;
    door.later(23 * 3_600);
    door.get("/v1/me", &good).await.is(200);
    door.later(3_600);
    door.get("/v1/me", &good).await.is(503);
}

#[tokio::test]
async fn a_key_opens_until_it_is_revoked() {
    let door = Door::new().await;
    let asked = json!({"name": "ERP", "role": "collector", "scopes": ["read"]});
    let made = door.admin("POST", "/v1/keys", asked.clone()).await.is(200).body;
    let (key, id) = (made["token"].as_str().unwrap().to_owned(), made["key"]["id"].as_str().unwrap().to_owned());
    assert!(key.starts_with("dun_acme_") && !door.world.everything().await.iter().any(|item| item.contains(&key[40..])));
    let me = door.get("/v1/me", &key).await.is(200).body;
    assert_eq!(
        (&me["sub"], &me["tenant"], &me["role"], &me["scopes"]),
        (&json!(id), &json!("acme"), &json!("collector"), &json!(["read"]))
    );
    // Another secret, and the same under another tenant's name.
    let other = format!("{}{}", &key[..key.len() - 1], if key.ends_with('0') { "1" } else { "0" });
    door.get("/v1/me", &other).await.is(401);
    door.get("/v1/me", &key.replace("dun_acme_", "dun_other_")).await.is(401);
    // A scope is what it has, and a role what it has at most.
    let refused = door.ask("POST", "/v1/tasks/tsk_1/done", Some(&key), &[], &json!({})).await.is(403);
    assert!(refused.body["detail"].as_str().unwrap().contains("write:customers"), "{}", refused.body);
    door.ask("POST", "/v1/keys", Some(&key), &[], &asked).await.is(403);
    // It is noted that it was used, to the hour.
    let used = || async { door.admin("GET", "/v1/keys", Value::Null).await.is(200).body["data"][0]["used_at"].clone() };
    let first = used().await;
    door.later(60);
    door.get("/v1/me", &key).await.is(200);
    assert_eq!(used().await, first);
    door.later(3_600);
    door.get("/v1/me", &key).await.is(200);
    assert_ne!(used().await, first);
    // Rotated: both secrets open, until the one before is over.
    let rotate = format!("/v1/keys/{id}/rotate");
    let fresh = door.admin("POST", &rotate, json!({"overlap_hours": 1})).await.is(200).body["token"].as_str().unwrap().to_owned();
    door.get("/v1/me", &key).await.is(200);
    door.get("/v1/me", &fresh).await.is(200);
    door.later(3_600);
    door.get("/v1/me", &key).await.is(401);
    door.get("/v1/me", &fresh).await.is(200);
    door.admin("POST", &rotate, json!({"overlap_hours": 721})).await.is(400);
    // Revoked: at once.
    door.admin("DELETE", &format!("/v1/keys/{id}"), Value::Null).await.is(200);
    door.get("/v1/me", &fresh).await.is(401);
    door.admin("POST", &rotate, json!({})).await.is(409);
    assert!(!door.admin("GET", "/v1/keys", Value::Null).await.body.to_string().contains("hash"));
}

#[tokio::test]
async fn a_key_is_never_more_than_who_made_it() {
    let door = Door::new().await;
    let make = |role: &str, scopes: Value| json!({"name": "k", "role": role, "scopes": scopes});
    let own = make("admin", json!(["write:keys", "read"]));
    let maker = door.admin("POST", "/v1/keys", own).await.is(200).body["token"].as_str().unwrap().to_owned();
    let by_key = async |body: Value| door.ask("POST", "/v1/keys", Some(&maker), &[], &body).await;
    by_key(make("viewer", json!(["read"]))).await.is(200);
    by_key(make("viewer", json!(["read", "write:settings"]))).await.is(403);
    let whole = door.admin("POST", "/v1/keys", make("admin", json!(["write:settings"]))).await.is(200).body["key"]["id"].clone();
    let rotate = format!("/v1/keys/{}/rotate", whole.as_str().unwrap());
    door.ask("POST", &rotate, Some(&maker), &[], &json!({})).await.is(403);
    for (body, pointers) in [
        (json!({"name": "", "role": "owner", "scopes": ["all"]}), json!(["/name", "/role", "/scopes/0"])),
        (json!({"name": "x", "role": "admin", "scopes": []}), json!(["/scopes"])),
        (json!({"name": "x", "role": "admin"}), json!(["/scopes"])),
    ] {
        let refused = door.admin("POST", "/v1/keys", body).await.is(400).body;
        let named: Vec<&Value> = refused["errors"].as_array().unwrap().iter().map(|error| &error["pointer"]).collect();
        assert_eq!(json!(named), pointers);
    }
}

#[tokio::test]
async fn a_members_item_decides_and_not_the_token() {
    let door = Door::new().await;
    let robin = issuer::token(&json!({"tenant": "acme", "role": "admin", "sub": "robin"}));
    assert_eq!(door.get("/v1/me", &robin).await.is(200).body["role"], "admin");
    door.admin("POST", "/v1/members", json!({"sub": "robin", "role": "viewer"})).await.is(200);
    assert_eq!(door.get("/v1/me", &robin).await.is(200).body["role"], "viewer");
    door.admin("POST", "/v1/members", json!({"sub": "robin", "role": "viewer"})).await.is(409);
    door.admin("PATCH", "/v1/members/robin", json!({"role": "manager"})).await.is(200);
    let me = door.get("/v1/me", &robin).await.is(200).body;
    assert_eq!((&me["role"], &me["tenants"]), (&json!("manager"), &json!([{"tenant": "acme", "role": "manager"}])));
    assert!(me["rights"].as_array().unwrap().contains(&json!("put_workflow")));
    // Removed, and refused with the token that would let them in.
    door.admin("DELETE", "/v1/members/robin", Value::Null).await.is(200);
    let refused = door.get("/v1/sources", &robin).await.is(403);
    assert!(refused.body["detail"].as_str().unwrap().contains("no longer a member"), "{}", refused.body);
    let me = door.get("/v1/me", &robin).await.is(200).body;
    assert_eq!((&me["tenant"], &me["tenants"], &me["rights"]), (&Value::Null, &json!([]), &json!([])));
    assert_eq!(door.admin("GET", "/v1/members", Value::Null).await.body["data"], json!([]));
    assert_eq!(door.admin("GET", "/v1/members?removed=true", Value::Null).await.body["data"][0]["sub"], "robin");
    // Made a member again.
    door.admin("POST", "/v1/members", json!({"sub": "robin", "role": "collector"})).await.is(200);
    assert_eq!(door.get("/v1/me", &robin).await.is(200).body["role"], "collector");
    let audit = door.admin("GET", "/v1/audit?object=robin", Value::Null).await.is(200).body;
    assert_eq!(audit["data"].as_array().unwrap().len(), 4, "{audit}");
}

#[tokio::test]
async fn nobody_becomes_a_member_under_what_passes_for_another() {
    let door = Door::new().await;
    for sub in ["key_abc", "operator", "\u{202e}", "../x"] {
        let refused = door.admin("POST", "/v1/members", json!({"sub": sub, "role": "viewer"})).await.is(400);
        assert_eq!(refused.body["errors"][0]["pointer"], "/sub", "{}", refused.body);
    }
    // Nor by an invitation: it stays open.
    door.admin("POST", "/v1/invitations", json!({"email": "kim@acme.example", "role": "collector"})).await.is(200);
    let kim = issuer::token(&json!({"sub": "operator", "email": "kim@acme.example", "email_verified": true}));
    let as_tenant = [("X-Dunlin-Tenant", "acme")];
    let me = door.ask("GET", "/v1/me", Some(&kim), &as_tenant, &Value::Null).await.is(200).body;
    assert!(me["why_not"].as_str().unwrap().contains("stands for others"), "{me}");
    assert_eq!(door.admin("GET", "/v1/members", Value::Null).await.body["data"], json!([]));
}

#[tokio::test]
async fn a_person_of_several_tenants_names_one() {
    let door = Door::new().await;
    let other = issuer::token_of("other", "admin");
    door.admin("POST", "/v1/members", json!({"sub": "robin", "role": "viewer"})).await.is(200);
    door.ask("POST", "/v1/members", Some(&other), &[], &json!({"sub": "robin", "role": "manager"})).await.is(200);
    let robin = issuer::token(&json!({"sub": "robin"}));
    let role = async |headers: &[(&str, &str)]| {
        door.ask("GET", "/v1/me", Some(&robin), headers, &Value::Null).await.is(200).body["role"].clone()
    };
    assert_eq!(role(&[]).await, Value::Null);
    assert_eq!(role(&[("X-Dunlin-Tenant", "acme")]).await, "viewer");
    assert_eq!(role(&[("X-Dunlin-Tenant", "other")]).await, "manager");
    assert_eq!(role(&[("X-Dunlin-Tenant", "third")]).await, Value::Null);
    assert_eq!(role(&[("X-Dunlin-Tenant", "app")]).await, Value::Null);
    assert_eq!(door.get("/v1/me", &robin).await.body["tenants"].as_array().unwrap().len(), 2);
    door.get("/v1/sources", &robin).await.is(403);
}

#[tokio::test]
async fn an_invitation_is_for_whose_address_the_issuer_verified() {
    let door = Door::new().await;
    let invited = json!({"email": "Kim@Acme.example", "role": "collector", "name": "Kim"});
    door.admin("POST", "/v1/invitations", invited.clone()).await.is(200);
    let listed = door.admin("GET", "/v1/invitations", Value::Null).await.body;
    assert_eq!(listed["data"][0]["email"], "kim@acme.example");
    let as_tenant = [("X-Dunlin-Tenant", "acme")];
    let role = async |sub: &str, email: &str, verified: bool| {
        let token = issuer::token(&json!({"sub": sub, "email": email, "email_verified": verified}));
        door.ask("GET", "/v1/me", Some(&token), &as_tenant, &Value::Null).await.is(200).body["role"].clone()
    };
    assert_eq!(role("kim-1", "kim@acme.example", false).await, Value::Null);
    assert_eq!(role("kim-1", "other@acme.example", true).await, Value::Null);
    assert_eq!(role("kim-1", "KIM@acme.example", true).await, "collector");
    // It binds the subject: another with the same address is nobody, and the member needs no address any more.
    assert_eq!(role("kim-2", "kim@acme.example", true).await, Value::Null);
    assert_eq!(role("kim-1", "new@acme.example", false).await, "collector");
    assert_eq!(door.admin("GET", "/v1/invitations", Value::Null).await.body["data"], json!([]));
    let audit = door.admin("GET", "/v1/audit?operation=accept_invitation", Value::Null).await.body;
    assert_eq!(audit["data"][0]["by"], "kim-1");
    // Removed, an older invitation lets them in no more, and a younger one does.
    door.admin("POST", "/v1/invitations", invited.clone()).await.is(200);
    door.later(1);
    door.admin("DELETE", "/v1/members/kim-1", Value::Null).await.is(200);
    assert_eq!(role("kim-1", "kim@acme.example", true).await, Value::Null);
    door.later(1);
    door.admin("POST", "/v1/invitations", invited.clone()).await.is(200);
    assert_eq!(role("kim-1", "kim@acme.example", true).await, "collector");
    // Taken back, or too old.
    door.admin("POST", "/v1/invitations", json!({"email": "li@acme.example", "role": "viewer"})).await.is(200);
    door.admin("DELETE", "/v1/invitations/li@acme.example", Value::Null).await.is(204);
    door.admin("DELETE", "/v1/invitations/li@acme.example", Value::Null).await.is(404);
    assert_eq!(role("li", "li@acme.example", true).await, Value::Null);
    door.admin("POST", "/v1/invitations", json!({"email": "jo@acme.example", "role": "viewer"})).await.is(200);
    door.later(14 * 86_400);
    assert_eq!(role("jo", "jo@acme.example", true).await, Value::Null);
    let refused = door.admin("POST", "/v1/invitations", json!({"email": "nobody", "role": "boss"})).await.is(400).body;
    assert_eq!(refused["errors"].as_array().unwrap().len(), 2, "{refused}");
}

#[tokio::test]
async fn the_last_admin_stays() {
    let door = Door::new().await;
    for sub in ["a", "b"] {
        door.admin("POST", "/v1/members", json!({"sub": sub, "role": "admin"})).await.is(200);
    }
    door.admin("POST", "/v1/members", json!({"sub": "c", "role": "manager"})).await.is(200);
    // Two admins who remove each other, or step down, at once: one is left, whoever is first.
    let (a, b) = (issuer::token(&json!({"tenant": "acme", "sub": "a"})), issuer::token(&json!({"tenant": "acme", "sub": "b"})));
    let gone = json!(null);
    let (of_a, of_b) = tokio::join!(
        door.ask("DELETE", "/v1/members/b", Some(&a), &[], &gone),
        door.ask("DELETE", "/v1/members/a", Some(&b), &[], &gone),
    );
    let statuses = [of_a.status, of_b.status];
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    let left = door.admin("GET", "/v1/members", Value::Null).await.body;
    let admins: Vec<&Value> = left["data"].as_array().unwrap().iter().filter(|member| member["role"] == "admin").collect();
    let [last] = admins.as_slice() else { panic!("{left}") };
    let last = format!("/v1/members/{}", last["sub"].as_str().unwrap());
    // Sent again it is refused again: a program that repeats what changed meanwhile does not repeat this.
    assert_eq!(door.admin("DELETE", &last, Value::Null).await.is(409).kind(), "not-possible");
    assert_eq!(door.admin("PATCH", &last, json!({"role": "manager"})).await.is(409).kind(), "not-possible");
    door.admin("PATCH", &last, json!({"role": "admin", "name": "Alex"})).await.is(200);
    // With another one, they may go; and what is removed twice is counted once.
    door.admin("PATCH", "/v1/members/c", json!({"role": "admin"})).await.is(200);
    door.admin("DELETE", &last, Value::Null).await.is(200);
    door.admin("DELETE", &last, Value::Null).await.is(200);
    door.admin("DELETE", "/v1/members/c", Value::Null).await.is(409);
}

#[tokio::test]
async fn a_request_with_a_key_is_carried_out_once() {
    let door = Door::new().await;
    let customer = door.world.customer("acme", "C-1", |_| {}).await;
    let token = issuer::token_of("acme", "collector");
    let ask = async |key: &str, body: &Value| {
        door.ask("POST", "/v1/suppressions", Some(&token), &[("Idempotency-Key", key)], body).await
    };
    let stop = json!({"channel": "email", "address": "ap@acme.example", "customer": customer});
    let first = ask("k-1", &stop).await.is(200);
    assert_eq!(first.headers["idempotent-replayed"], Value::Null);
    let again = ask("k-1", &stop).await.is(200);
    assert_eq!((&again.body, &again.headers["idempotent-replayed"]), (&first.body, &json!("true")));
    assert_eq!(again.headers["content-type"], first.headers["content-type"]);
    // Another body, and another path, under the same key.
    let mut other = stop.clone();
    other["note"] = json!("by phone");
    assert_eq!(ask("k-1", &other).await.is(422).kind(), "idempotency-key-reused");
    let elsewhere = door.ask("POST", "/v1/agreements", Some(&token), &[("Idempotency-Key", "k-1")], &stop).await;
    assert_eq!(elsewhere.is(422).kind(), "idempotency-key-reused");
    // Another caller's key is another key.
    let colleague = issuer::token_of("acme", "manager");
    door.ask("POST", "/v1/suppressions", Some(&colleague), &[("Idempotency-Key", "k-1")], &other).await.is(200);
    // What failed is not remembered.
    let wrong = json!({"channel": "pigeon", "address": "x"});
    ask("k-2", &wrong).await.is(400);
    ask("k-2", &wrong).await.is(400);
    ask("k-2", &stop).await.is(200);
    for key in ["", " ", "ü"] {
        ask(key, &stop).await.is(400);
    }
    ask(&"x".repeat(201), &stop).await.is(400);
    // A day later the key is forgotten.
    door.later(86_400);
    assert_eq!(ask("k-1", &other).await.is(200).headers["idempotent-replayed"], Value::Null);
}

#[tokio::test]
async fn whoever_may_not_do_it_any_more_is_not_told_again_what_was_answered() {
    let door = Door::new().await;
    door.world.customer("acme", "C-1", |_| {}).await;
    door.admin("POST", "/v1/members", json!({"sub": "robin", "role": "manager"})).await.is(200);
    let robin = issuer::token(&json!({"tenant": "acme", "sub": "robin"}));
    let stop = json!({"channel": "email", "address": "ap@acme.example"});
    let once = async || door.ask("POST", "/v1/suppressions", Some(&robin), &[("Idempotency-Key", "k-1")], &stop).await;
    let first = once().await.is(200);
    // A collector may do it too, and a viewer may not.
    for (role, status) in [("collector", 200), ("viewer", 403), ("collector", 200)] {
        door.admin("PATCH", "/v1/members/robin", json!({"role": role})).await.is(200);
        let again = once().await.is(status);
        assert_eq!((again.body == first.body), (status == 200), "{role}: {}", again.body);
    }
}

#[tokio::test]
async fn of_two_requests_with_one_key_one_has_an_effect() {
    let door = Door::new().await;
    let token = issuer::token_of("acme", "admin");
    let asked = json!({"name": "ERP", "role": "viewer", "scopes": ["read"]});
    let headers = [("Idempotency-Key", "make-the-key")];
    let make = || door.ask("POST", "/v1/keys", Some(&token), &headers, &asked);
    // Each key is drawn, so that two effects would be two keys.
    let (one, two, three) = tokio::join!(make(), make(), make());
    let made: Vec<&Said> = [&one, &two, &three].into_iter().filter(|said| said.status == 200).collect();
    assert_eq!(made.len(), 1, "{one:?} {two:?} {three:?}");
    for said in [&one, &two, &three].into_iter().filter(|said| said.status != 200) {
        assert!(said.status == 409 && ["in-progress", "already-done"].contains(&said.kind()), "{said:?}");
    }
    assert_eq!(door.admin("GET", "/v1/keys", Value::Null).await.body["data"].as_array().unwrap().len(), 1);
    // What is shown once is not shown again.
    let again = make().await.is(409);
    assert_eq!(again.kind(), "already-done");
    assert!(!again.body.to_string().contains("dun_"));
}

#[tokio::test]
async fn calls_are_counted_for_each_caller() {
    let door = Door::with(&[("CALLS_PER_MINUTE", "25")]).await;
    let (robin, kim) = (issuer::token_of("acme", "viewer"), issuer::token_of("acme", "admin"));
    // At the beginning of a minute.
    let into = door.world.now().as_second().rem_euclid(60);
    door.later(60 - into);
    door.table_calls();
    for at in 1..=25_u32 {
        let said = door.get("/v1/me", &robin).await.is(200);
        assert_eq!(said.headers["ratelimit-policy"], "\"calls\";q=25;w=60");
        assert_eq!(said.headers["ratelimit"], format!("\"calls\";r={};t=60", 25 - at));
    }
    // Two writes for twenty-five calls.
    assert_eq!(door.table_calls().iter().filter(|call| *call == "UpdateItem").count(), 2);
    let over = door.get("/v1/me", &robin).await.is(429);
    assert_eq!((over.kind(), &over.headers["retry-after"]), ("too-many-requests", &json!("60")));
    door.table_calls();
    door.get("/v1/me", &robin).await.is(429);
    assert_eq!(door.table_calls(), [""; 0], "who has none left costs nothing");
    let elsewhere = [("X-Dunlin-Tenant", "bolt")];
    door.ask("GET", "/v1/me", Some(&robin), &elsewhere, &Value::Null).await.is(429);
    door.get("/v1/me", &kim).await.is(200);
    door.later(60);
    door.get("/v1/me", &robin).await.is(200);
}

#[tokio::test]
async fn instances_come_to_one_count() {
    let door = Door::with(&[("CALLS_PER_MINUTE", "25")]).await;
    let another = handler(&door.world, &[("CALLS_PER_MINUTE", "25")]);
    let robin = issuer::token_of("acme", "viewer");
    let mut statuses = Vec::new();
    for _ in 0..20 {
        for one in [&door.handler, &another] {
            let answer = one.handle(request_with("GET", "/v1/me", Some(&robin), &[], "")).await.unwrap();
            statuses.push(answer["statusCode"].as_u64().unwrap());
        }
    }
    let passed = statuses.iter().filter(|status| **status == 200).count();
    assert!((25..=34).contains(&passed), "{passed} of 40 passed");
}

#[tokio::test]
async fn pages_of_origins_that_are_named_may_read_answers() {
    let door = Door::with(&[("CORS_ORIGINS", "https://console.example")]).await;
    let preflight = |origin: &'static str| [("origin", origin), ("access-control-request-method", "PUT")];
    let told = door.ask("OPTIONS", "/v1/settings", None, &preflight("https://console.example"), &Value::Null).await.is(204);
    assert_eq!(told.headers["access-control-allow-origin"], "https://console.example");
    assert!(told.headers["access-control-allow-headers"].as_str().unwrap().contains("authorization"));
    let refused = door.ask("OPTIONS", "/v1/settings", None, &preflight("https://evil.example"), &Value::Null).await.is(401);
    assert_eq!(refused.headers["access-control-allow-origin"], Value::Null);
    let headers = [("origin", "https://console.example")];
    let said = door.ask("GET", "/v1/me", Some(&issuer::token_of("acme", "viewer")), &headers, &Value::Null).await.is(200);
    assert_eq!(said.headers["access-control-allow-origin"], "https://console.example");
    let anonymous = door.ask("GET", "/v1/me", None, &headers, &Value::Null).await.is(401);
    assert_eq!(anonymous.headers["access-control-allow-origin"], "https://console.example");
    let none = Door::new().await;
    let said = none.ask("GET", "/docs", None, &headers, &Value::Null).await.is(200);
    assert_eq!(said.headers["access-control-allow-origin"], Value::Null);
}
