//! The life of a workflow over HTTP: drafts, what the prover says, publishing to a share, by two people, and back; and previews.
#![allow(clippy::unwrap_used, reason = "a test may stop at once")]

mod common;

use common::{Api, issuer, request, request_with};
use serde_json::{Value, json};

const TEST: &str = "/v1/messages/test";

impl Api {
    /// A tenant with senders, in shadow mode.
    async fn with_tenant() -> Self {
        let api = Self::new().await;
        let settings = json!({"name": "Acme", "country": "DE", "sender": {"email": "ar@acme.example", "sms": "ACME"}});
        api.done("admin", "PUT", "/v1/settings", settings).await;
        api
    }

    /// What somebody is answered a second later, so that entries of the audit have an order.
    async fn with(&self, role: &str, method: &str, address: &str, headers: &[(&str, &str)], body: Value) -> (u64, Value) {
        *self.world.now.lock().unwrap() += jiff::SignedDuration::from_secs(1);
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.ask(request(method, address, Some(("acme", role)), headers, &body)).await
    }

    /// The same for a collector whose issuer verified an address.
    async fn as_ann(&self, method: &str, address: &str, body: &Value) -> (u64, Value) {
        *self.world.now.lock().unwrap() += jiff::SignedDuration::from_secs(1);
        let claims = json!({
            "tenant": "acme", "role": "collector", "sub": "ann", "email": "Ann@acme.example", "email_verified": true,
        });
        self.ask(request_with(method, address, Some(&issuer::token(&claims)), &[], &body.to_string())).await
    }

    async fn done(&self, role: &str, method: &str, address: &str, body: Value) -> Value {
        let (status, said) = self.with(role, method, address, &[], body).await;
        assert!(status < 300, "{method} {address}: {status} {said}");
        said
    }

    async fn refused(&self, role: &str, method: &str, address: &str, body: Value, status: u64) -> String {
        let (got, said) = self.with(role, method, address, &[], body).await;
        assert_eq!(got, status, "{method} {address}: {said}");
        format!("{} {}", said["detail"], said["errors"])
    }
}

#[tokio::test]
async fn what_is_ready_passes_the_prover_and_becomes_a_draft() {
    let api = Api::with_tenant().await;
    let ready = api.done("viewer", "GET", "/v1/workflows/ready", Value::Null).await;
    let all = ready["data"].as_array().unwrap();
    assert_eq!(all.len(), 9);
    for one in all {
        let id = one["workflow"]["id"].as_str().unwrap();
        let draft = format!("/v1/workflows/my-{id}/draft");
        let begun = api.done("manager", "POST", &draft, json!({"from": one["from"]})).await;
        assert_eq!((begun["id"].as_str(), begun["base_version"].as_u64()), (Some(format!("my-{id}").as_str()), Some(0)));
        let proof = api.done("viewer", "POST", &format!("/v1/workflows/my-{id}/validate"), Value::Null).await;
        assert_eq!(proof, json!({"publishable": true, "findings": []}), "{id}");
        assert!(api.refused("manager", "POST", &draft, json!({"from": one["from"]}), 409).await.contains("draft of it already"));
    }
    let drafts = api.done("viewer", "GET", "/v1/workflows/drafts", Value::Null).await;
    assert_eq!(drafts["data"].as_array().unwrap().len(), 9);
    api.done("manager", "DELETE", "/v1/workflows/my-gentle/draft", Value::Null).await;
    api.refused("manager", "DELETE", "/v1/workflows/my-gentle/draft", Value::Null, 404).await;
    for from in ["ready/nothing", "version/x", "here"] {
        api.refused("manager", "POST", "/v1/workflows/other/draft", json!({"from": from}), 400).await;
    }
    api.refused("manager", "POST", "/v1/workflows/other/draft", json!({"from": "version/7"}), 404).await;
    api.refused("manager", "POST", "/v1/workflows/ready/draft", json!({"from": "ready/gentle"}), 404).await;
}

#[tokio::test]
async fn a_draft_is_kept_proven_and_published_to_a_share_to_all_and_back() {
    let api = Api::with_tenant().await;
    let draft = "/v1/workflows/standard/draft";
    let begun = api.done("manager", "POST", draft, json!({"from": "current"})).await;
    let mut workflow = begun["workflow"].clone();
    workflow["name"] = json!("Ours");
    let (status, _) = api.with("manager", "PUT", draft, &[("if-match", "\"7\"")], workflow.clone()).await;
    assert_eq!(status, 412);
    let (status, _) = api.with("manager", "PUT", draft, &[("if-match", "\"1\"")], workflow.clone()).await;
    assert_eq!(status, 200);
    api.refused("manager", "PUT", draft, json!({"name": "W", "scope": "galaxy", "steps": []}), 422).await;

    // What the prover refuses is not published, and nothing of it is.
    let mut wrong = workflow.clone();
    wrong["applies_when"] = json!("customer.kind == 'Company'");
    wrong["steps"][1]["action"]["send"]["template"] = json!("no-such-text");
    api.done("manager", "PUT", draft, wrong).await;
    let proof = api.done("viewer", "POST", "/v1/workflows/standard/validate", Value::Null).await;
    assert_eq!(proof["publishable"], false);
    let found: Vec<(&str, &str)> = proof["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| (finding["rule"].as_str().unwrap(), finding["step"].as_str().unwrap_or_default()))
        .collect();
    assert_eq!(found, [("text", "reminder"), ("text", "reminder"), ("never", "")]);
    let said = api.refused("manager", "POST", "/v1/workflows/standard/publish", Value::Null, 422).await;
    assert!(said.contains("/applies_when") && said.contains("no-such-text"), "{said}");
    assert_eq!(api.done("viewer", "GET", "/v1/workflows/standard", Value::Null).await["version"], 1);

    api.done("manager", "PUT", draft, workflow.clone()).await;
    let publish = "/v1/workflows/standard/publish";
    for (body, status, part) in [
        (json!({"share": 0}), 400, "/share"),
        (json!({"share": 101}), 400, "/share"),
        (json!({"migration": {"none": "reminder"}}), 400, "/migration/none"),
        (json!({"migration": {"reminder": "none"}}), 400, "/migration/reminder"),
        (json!({"migration": {"reminder": null}}), 400, "/migration/reminder"),
        (json!({"colour": "red"}), 400, "colour"),
    ] {
        let said = api.refused("manager", "POST", publish, body, status).await;
        assert!(said.contains(part), "{said}");
    }
    let out = api.done("manager", "POST", publish, json!({"share": 10, "migration": {}})).await;
    assert_eq!(out, json!({"status": "published", "version": 2, "share": 10, "warnings": []}));
    let stands = api.done("viewer", "GET", "/v1/workflows/standard/versions", Value::Null).await;
    assert_eq!((stands["share"].as_u64(), stands["before"].as_u64()), (Some(10), Some(1)));
    assert_eq!(stands["data"][0]["published_by"], "acme-manager");
    assert_eq!(stands["data"][0]["migration"], json!({}));

    // While it is out for a share nothing else is published, and the share only grows.
    let listed = api.done("viewer", "GET", "/v1/workflows", Value::Null).await;
    assert_eq!(listed["workflows"][0]["version"], 1, "what joins goes by the version before: {listed}");
    let mut other = workflow.clone();
    other["name"] = json!("Another");
    assert!(api.refused("manager", "PUT", "/v1/workflows/standard", other, 409).await.contains("10 of 100"));
    assert!(api.refused("manager", "POST", publish, json!({"share": 5}), 409).await.contains("only grows"));
    assert!(api.refused("manager", "POST", publish, json!({"share": 50, "migration": {}}), 400).await.contains("/migration"));
    assert_eq!(api.done("manager", "POST", publish, Value::Null).await["share"], 100);
    api.refused("manager", "POST", publish, Value::Null, 404).await;

    let rollback = "/v1/workflows/standard/rollback";
    api.refused("manager", "POST", rollback, json!({"to": 2}), 400).await;
    assert_eq!(api.done("manager", "POST", rollback, Value::Null).await, json!({"version": 3}));
    let now = api.done("viewer", "GET", "/v1/workflows/standard", Value::Null).await;
    assert_eq!((now["version"].as_u64(), now["name"].as_str()), (Some(3), begun["workflow"]["name"].as_str()));
    api.done("manager", "DELETE", "/v1/workflows/standard", Value::Null).await;
    assert!(api.refused("manager", "POST", rollback, Value::Null, 409).await.contains("out of use"));
    let entries = api.done("manager", "GET", "/v1/audit?limit=200", Value::Null).await;
    let said: Vec<&str> =
        entries["data"].as_array().unwrap().iter().map(|entry| entry["operation"].as_str().unwrap()).rev().collect();
    let published = [
        "begin_draft",
        "put_draft",
        "put_draft",
        "put_draft",
        "publish_workflow",
        "publish_workflow",
        "roll_back_workflow",
        "unpublish_workflow",
    ];
    assert_eq!(said.into_iter().filter(|operation| *operation != "put_settings").collect::<Vec<_>>(), published);
}

#[tokio::test]
async fn a_tenant_has_so_many_drafts_and_is_told_what_to_do_then() {
    let api = Api::with_tenant().await;
    let (store, tenant) = (&api.world.store, domain::TenantId::parse("acme").unwrap());
    api.done("manager", "POST", "/v1/workflows/one/draft", json!({"from": "ready/gentle"})).await;
    let known = store.draft(&tenant, "one").await.unwrap().unwrap();
    let most = service::tenant_limits::TenantLimit::Drafts.most();
    for number in 1..most {
        let workflow = domain::Workflow { id: format!("more-{number}"), ..known.workflow.clone() };
        store.put_draft(&tenant, &store::Draft { workflow, rev: 0, ..known.clone() }).await.unwrap().unwrap();
    }
    let begun = api.refused("manager", "POST", "/v1/workflows/two/draft", json!({"from": "ready/gentle"}), 409).await;
    assert!(begun.contains("a tenant has at most 200 drafts, and there are as many: publish some"), "{begun}");
    let plan = serde_json::to_value(&known.workflow).unwrap();
    let plan = |id: &str| {
        let mut plan = plan.clone();
        plan["id"] = json!(id);
        plan
    };
    api.refused("manager", "PUT", "/v1/workflows/two/draft", plan("two"), 409).await;
    // What is there is still changed, and there is room again once one is gone.
    api.done("manager", "PUT", "/v1/workflows/one/draft", plan("one")).await;
    api.done("manager", "DELETE", "/v1/workflows/more-1/draft", Value::Null).await;
    api.done("manager", "POST", "/v1/workflows/two/draft", json!({"from": "ready/gentle"})).await;
}

#[tokio::test]
async fn a_version_that_was_published_meanwhile_is_not_overwritten() {
    let api = Api::with_tenant().await;
    let draft = "/v1/workflows/standard/draft";
    let begun = api.done("manager", "POST", draft, json!({"from": "current"})).await;
    let mut other = begun["workflow"].clone();
    other["name"] = json!("By a script");
    api.done("manager", "PUT", "/v1/workflows/standard", other).await;
    let said = api.refused("manager", "POST", "/v1/workflows/standard/publish", Value::Null, 409).await;
    assert!(said.contains("version 2 was published since"), "{said}");
    let mut again = begun["workflow"].clone();
    again["version"] = json!(2);
    api.done("manager", "PUT", draft, again).await;
    assert_eq!(api.done("manager", "POST", "/v1/workflows/standard/publish", Value::Null).await["version"], 3);
}

#[tokio::test]
async fn two_people_publish_where_the_settings_say_so() {
    let api = Api::with_tenant().await;
    api.done("admin", "PATCH", "/v1/settings", json!({"publishing": {"two_people": true}})).await;
    let draft = "/v1/workflows/standard/draft";
    let publish = "/v1/workflows/standard/publish";
    let begun = api.done("manager", "POST", draft, json!({"from": "current"})).await;
    let mut workflow = begun["workflow"].clone();
    workflow["name"] = json!("Ours");
    api.refused("manager", "PUT", "/v1/workflows/standard", workflow.clone(), 403).await;
    api.done("manager", "PUT", draft, workflow.clone()).await;
    // A key is no person: neither does it ask, nor does it publish what its owner asked for.
    let key = json!({"name": "CI", "role": "manager", "scopes": ["write:workflows"]});
    let key = api.done("admin", "POST", "/v1/keys", key).await["token"].as_str().unwrap().to_owned();
    let (status, said) = api.ask(request_with("POST", publish, Some(&key), &[], "{\"share\": 20}")).await;
    assert!(status == 403 && said["detail"].as_str().unwrap().contains("a person's token"), "{said}");
    let asked = api.done("manager", "POST", publish, json!({"share": 20})).await;
    assert_eq!((asked["status"].as_str(), asked["asked_by"].as_str()), (Some("asked"), Some("acme-manager")));
    assert!(asked.get("version").is_none(), "{asked}");
    assert_eq!(api.done("viewer", "GET", draft, Value::Null).await["asked"]["share"], 20);
    assert!(api.refused("manager", "POST", publish, Value::Null, 403).await.contains("somebody else"));
    assert!(api.refused("admin", "POST", publish, json!({"share": 30}), 409).await.contains("a share of 20"));
    assert_eq!(api.ask(request_with("POST", publish, Some(&key), &[], "")).await.0, 403);
    // Whoever changes the draft asks anew.
    api.done("admin", "PUT", draft, workflow).await;
    let again = api.done("admin", "POST", publish, json!({"share": 20})).await;
    assert_eq!(again["asked_by"], "acme-admin");
    assert_eq!(api.done("viewer", "GET", "/v1/workflows/standard", Value::Null).await["version"], 1);
    let out = api.done("manager", "POST", publish, Value::Null).await;
    assert_eq!((out["status"].as_str(), out["version"].as_u64(), out["share"].as_u64()), (Some("published"), Some(2), Some(20)));
    let stands = api.done("viewer", "GET", "/v1/workflows/standard/versions", Value::Null).await;
    let newest = &stands["data"][0];
    assert_eq!((newest["asked_by"].as_str(), newest["published_by"].as_str()), (Some("acme-admin"), Some("acme-manager")));
}

#[tokio::test]
async fn a_message_is_shown_as_its_sender_would_make_it_and_opens_nothing() {
    let api = Api::with_tenant().await;
    let customer = api.world.customer("acme", "C-1", |_| {}).await;
    let before = api.world.everything_but_calls().await;
    let preview = "/v1/messages/preview";
    let step = json!({"customer": customer, "workflow": "standard", "step": "reminder"});
    let shown = api.done("viewer", "POST", preview, step.clone()).await;
    assert_eq!((shown["language"].as_str(), shown["channel"].as_str()), (Some("de"), Some("email")), "{shown}");
    let text = shown["text"].as_str().unwrap();
    assert!(text.contains("1001") && text.contains("1.250,00"), "what is past due: {text}");
    assert_eq!(shown["due_items"].as_array().map(Vec::len), Some(1), "{shown}");
    assert!(text.contains("https://preview.invalid/p/preview") && !text.contains("dunlin.example/p/"), "{text}");
    assert_eq!((shown["guard"].as_str(), shown["rules"].as_array().map(Vec::len)), (Some("allow"), Some(0)), "{shown}");
    let other = api.done("viewer", "POST", preview, json!({"customer": customer, "template": "nudge", "language": "en"})).await;
    assert!(other["subject"].as_str().unwrap().starts_with("Following up"), "{other}");
    let ahead = json!({"customer": customer, "workflow": "standard", "step": "heads-up"});
    let ahead = api.done("viewer", "POST", preview, ahead).await;
    assert!(ahead["text"].as_str().unwrap().contains("1002"), "{ahead}");
    for (body, status) in [
        (json!({"customer": customer}), 400),
        (json!({"customer": customer, "step": "reminder"}), 400),
        (json!({"customer": customer, "workflow": "standard", "step": "review"}), 409),
        (json!({"customer": customer, "template": "reminder", "channel": "letter"}), 400),
        (json!({"customer": customer, "template": "reminder", "language": "ko"}), 409),
        (json!({"customer": "cus_none", "template": "reminder"}), 404),
        (json!({"customer": customer, "workflow": "none", "step": "reminder"}), 404),
    ] {
        api.refused("viewer", "POST", preview, body, status).await;
    }
    assert_eq!(api.world.everything_but_calls().await, before, "nothing was written");
}

#[tokio::test]
async fn a_test_goes_to_whoever_asks_marked_and_twenty_times_an_hour() {
    let api = Api::with_tenant().await;
    let customer = api.world.customer("acme", "C-1", |_| {}).await;
    let body = json!({"customer": customer, "workflow": "standard", "step": "reminder"});
    api.refused("viewer", "POST", TEST, body.clone(), 403).await;
    api.done("admin", "PATCH", "/v1/settings", json!({"sender": {"email": null}})).await;
    let (status, said) = api.as_ann("POST", TEST, &body).await;
    assert!(status == 409 && said["detail"].as_str().unwrap().contains("sender"), "{said}");
    api.done("admin", "PATCH", "/v1/settings", json!({"sender": {"email": "ar@acme.example"}})).await;
    let (status, sent) = api.as_ann("POST", TEST, &body).await;
    assert_eq!(status, 200, "{sent}");
    assert_eq!(sent, json!({"id": sent["id"], "to": "ann@acme.example", "status": "queued"}));
    let acme = domain::TenantId::parse("acme").unwrap();
    let kept = api.world.store.take_test(&acme, sent["id"].as_str().unwrap(), api.world.now()).await.unwrap().unwrap();
    assert!(kept.subject.starts_with("[Test] ") && kept.text.starts_with("This is a test"), "{kept:?}");
    assert!(kept.html.as_deref().unwrap().contains("This is a test") && kept.text.contains("preview.invalid"), "{kept:?}");
    assert_eq!((kept.to.as_str(), kept.from.as_str()), ("ann@acme.example", "ar@acme.example"));
    let again = api.world.store.take_test(&acme, sent["id"].as_str().unwrap(), api.world.now()).await.unwrap();
    assert_eq!(again, None, "it is sent once");
    for _ in 1..20 {
        assert_eq!(api.as_ann("POST", TEST, &body).await.0, 200);
    }
    let (status, said) = api.as_ann("POST", TEST, &body).await;
    assert!(status == 409 && said["detail"].as_str().unwrap().contains("20 test messages"), "{said}");
    *api.world.now.lock().unwrap() += jiff::SignedDuration::from_hours(1);
    assert_eq!(api.as_ann("POST", TEST, &body).await.0, 200);
    let head = api.world.store.head(&acme, &customer).await.unwrap().unwrap();
    assert!(head.pending.is_empty() && head.decision == 0, "the customer was not contacted");
}

#[tokio::test]
async fn a_test_goes_to_members_and_to_nobody_else() {
    let api = Api::with_tenant().await;
    let customer = api.world.customer("acme", "C-1", |_| {}).await;
    let to = |to: Option<&str>| json!({"customer": customer, "template": "reminder", "to": to});
    for (sub, email) in [("kim", "Kim@acme.example"), ("lee", "lee@acme.example")] {
        api.done("admin", "POST", "/v1/invitations", json!({"role": "viewer", "email": email})).await;
        let claims = json!({"tenant": "acme", "sub": sub, "email": email, "email_verified": true});
        let (status, said) = api.ask(request_with("GET", "/v1/me", Some(&issuer::token(&claims)), &[], "")).await;
        assert_eq!(status, 200, "{said}");
    }
    // An address that somebody typed in is nobody's yet.
    let typed = json!({"sub": "eve", "role": "viewer", "email": "ap@acme.example"});
    api.done("admin", "POST", "/v1/members", typed).await;
    api.done("admin", "DELETE", "/v1/members/lee", Value::Null).await;
    // Without an address of one's own, and by a machine, which has none.
    let key = json!({"name": "ERP", "role": "collector", "scopes": ["write:customers"]});
    let key = api.done("admin", "POST", "/v1/keys", key).await["token"].as_str().unwrap().to_owned();
    for (asked, expected) in [
        (None, None),
        (Some("ann@acme.example"), None),
        (Some("lee@acme.example"), None),
        (Some("ap@acme.example"), None),
        (Some(" KIM@acme.example"), Some("kim@acme.example")),
    ] {
        let status = if expected.is_some() { 200 } else { 400 };
        let (person, said) = api.with("collector", "POST", TEST, &[], to(asked)).await;
        assert_eq!((person, said["to"].as_str()), (status, expected), "{asked:?}: {said}");
        let by_key = request_with("POST", TEST, Some(&key), &[], &to(asked).to_string());
        *api.world.now.lock().unwrap() += jiff::SignedDuration::from_secs(1);
        let (machine, said) = api.ask(by_key).await;
        assert_eq!((machine, said["to"].as_str()), (status, expected), "{asked:?}: {said}");
    }
    for (asked, expected) in [
        (None, Some("ann@acme.example")),
        (Some("Ann@Acme.example "), Some("ann@acme.example")),
        (Some("kim@acme.example"), Some("kim@acme.example")),
        (Some("somebody@else.example"), None),
    ] {
        let (status, said) = api.as_ann("POST", TEST, &to(asked)).await;
        assert_eq!((status == 200, said["to"].as_str()), (expected.is_some(), expected), "{asked:?}: {said}");
    }
    let stop = json!({"channel": "email", "address": "kim@acme.example", "note": "asked by phone"});
    api.done("collector", "POST", "/v1/suppressions", stop).await;
    assert_eq!(api.as_ann("POST", TEST, &to(Some("kim@acme.example"))).await.0, 400, "it must not be used");
}

#[tokio::test]
async fn what_became_of_a_test_is_told() {
    let api = Api::with_tenant().await;
    let customer = api.world.customer("acme", "C-1", |_| {}).await;
    let acme = domain::TenantId::parse("acme").unwrap();
    let sent = api.as_ann("POST", TEST, &json!({"customer": customer, "template": "reminder"})).await.1;
    let id = sent["id"].as_str().unwrap();
    let path = format!("{TEST}/{id}");
    api.refused("viewer", "GET", &path, Value::Null, 403).await;
    api.refused("collector", "GET", &format!("{TEST}/tst_none"), Value::Null, 404).await;
    api.refused("collector", "GET", &format!("{TEST}/TST"), Value::Null, 404).await;
    assert_eq!(api.done("collector", "GET", &path, Value::Null).await, sent);
    api.world.store.take_test(&acme, id, api.world.now()).await.unwrap().unwrap();
    assert_eq!(api.done("collector", "GET", &path, Value::Null).await, sent, "its sender is at it");
    *api.world.now.lock().unwrap() += jiff::SignedDuration::from_mins(2);
    let died = api.done("collector", "GET", &path, Value::Null).await;
    assert_eq!((&died["status"], &died["why"]), (&json!("unknown"), &json!("its sender ended before it knew")));
    let failed = domain::MessageStatus::Failed;
    api.world.store.end_test(&acme, id, failed, Some("status 400, MessageRejected")).await.unwrap();
    let failed = api.done("collector", "GET", &path, Value::Null).await;
    let expected = json!({"id": id, "to": "ann@acme.example", "status": "failed", "why": "status 400, MessageRejected"});
    assert_eq!(failed, expected);
    api.world.store.end_test(&acme, "tst_none", domain::MessageStatus::Sent, None).await.unwrap();
    api.refused("collector", "GET", &format!("{TEST}/tst_none"), Value::Null, 404).await;
}
