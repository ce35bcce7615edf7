//! The admin API against an embedded table, from an empty table on.
#![allow(clippy::unwrap_used, reason = "a test may stop at once")]

mod common;

use std::ops::Deref;

use common::request;
use serde_json::{Value, json};

/// The API, of whose answers the headers are looked at too.
struct Api(common::Api);

impl Deref for Api {
    type Target = common::Api;
    fn deref(&self) -> &common::Api {
        &self.0
    }
}

/// An answer: status, ETag, body.
struct Reply {
    status: u64,
    etag: String,
    body: Value,
}

impl Reply {
    fn kind(&self) -> &str {
        self.body["type"].as_str().and_then(|kind| kind.rsplit('/').next()).unwrap_or_default()
    }

    fn pointers(&self) -> Vec<&str> {
        self.body["errors"].as_array().into_iter().flatten().filter_map(|error| error["pointer"].as_str()).collect()
    }

    #[track_caller]
    fn is(self, status: u64) -> Self {
        assert_eq!(self.status, status, "{}", self.body);
        self
    }
}

impl Api {
    async fn new() -> Self {
        Self(common::Api::new().await)
    }

    async fn raw(&self, event: lambda_runtime::LambdaEvent<Value>) -> Reply {
        let answer = self.handler.handle(event).await.unwrap();
        let text = answer["body"].as_str().unwrap();
        let body = if text.is_empty() { Value::Null } else { serde_json::from_str(text).unwrap_or_else(|_| json!(text)) };
        let status = answer["statusCode"].as_u64().unwrap();
        if status >= 400 {
            assert_eq!(answer["headers"]["content-type"], "application/problem+json", "{body}");
            assert_eq!(body["status"].as_u64(), Some(status));
        }
        Reply { status, etag: answer["headers"]["etag"].as_str().unwrap_or_default().to_owned(), body }
    }

    async fn with(&self, role: &str, method: &str, address: &str, headers: &[(&str, &str)], body: Value) -> Reply {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.raw(request(method, address, Some(("acme", role)), headers, &body)).await
    }

    async fn call(&self, method: &str, address: &str, body: Value) -> Reply {
        self.with("admin", method, address, &[], body).await
    }

    async fn get(&self, address: &str) -> Reply {
        self.call("GET", address, Value::Null).await
    }
}

/// Settings with what going live needs.
fn live(mut settings: Value) -> Value {
    settings["mode"] = json!("live");
    settings["sender"] = json!({"email": "ar@acme.example", "sms": "ACME"});
    settings
}

#[tokio::test]
async fn from_nothing_to_a_connected_tenant() {
    let api = Api::new().await;
    api.get("/v1/settings").await.is(404);
    let made = api.call("PUT", "/v1/settings", json!({"name": "Acme", "country": "DE"})).await.is(200);
    assert_eq!(made.etag, "\"1\"");
    assert_eq!(made.body["settings"]["mode"], "shadow");

    let workflows = api.get("/v1/workflows").await.is(200);
    let builtin = workflows.body["workflows"][0].clone();
    assert_eq!((builtin["id"].as_str(), builtin["version"].as_u64()), (Some("standard"), Some(1)));
    let templates = api.get("/v1/templates").await.is(200);
    assert!(templates.body["templates"].as_array().unwrap().len() > 10);

    // What is current is no new version, even as it was read; a change is.
    assert_eq!(api.call("PUT", "/v1/workflows/standard", builtin.clone()).await.is(200).etag, "\"1\"");
    let mut changed = builtin.clone();
    changed["name"] = json!("Ours");
    assert_eq!(api.call("PUT", "/v1/workflows/standard", changed).await.is(200).etag, "\"2\"");
    assert_eq!(api.get("/v1/workflows/standard/versions/1").await.is(200).body["name"], builtin["name"]);
    assert_eq!(api.get("/v1/workflows/standard").await.is(200).body["name"], "Ours");
    api.get("/v1/workflows/standard/versions/9").await.is(404);

    let text = json!({"subject": "Hello {{ customer.name }}", "body": "Please pay {{ exposure.total | money }}."});
    assert_eq!(api.call("PUT", "/v1/templates/own/en/email", text.clone()).await.is(200).etag, "\"1\"");
    assert_eq!(api.call("PUT", "/v1/templates/own/en/email", text.clone()).await.is(200).etag, "\"1\"");
    assert_eq!(api.get("/v1/templates/own/en/email").await.is(200).body["subject"], text["subject"]);
    let mut preview = text;
    preview["language"] = json!("en");
    preview["channel"] = json!("email");
    let shown = api.call("POST", "/v1/templates/preview", preview.clone()).await.is(200);
    for invoices in [0, 51] {
        preview["invoices"] = json!(invoices);
        assert_eq!(api.call("POST", "/v1/templates/preview", preview.clone()).await.is(422).pointers(), ["/invoices"]);
    }
    assert_eq!(shown.body["subject"], "Hello Acme GmbH");

    let connected = api.call("PUT", "/v1/connections/canonical", Value::Null).await.is(200);
    assert_eq!(connected.body["webhook_path"], "/webhooks/acme/canonical");
    assert_eq!(connected.body["webhook_url"], "https://dunlin.example/webhooks/acme/canonical");
    let secret = connected.body["secret"].as_str().unwrap().to_owned();
    assert!(secret.len() > 30);
    let rotated = api.call("PUT", "/v1/connections/canonical", json!({})).await.is(200);
    assert_ne!(rotated.body["secret"], json!(secret));
    assert_eq!(rotated.body["previous_until"], "2026-02-11T10:00:00Z");
    let acme = domain::TenantId::parse("acme").unwrap();
    let kept = api.world.vault.connection(&acme, "canonical").await.unwrap().unwrap();
    assert!(kept.secrets.accepted(api.world.now()).contains(&secret.as_bytes()));
    let listed = api.get("/v1/connections").await.is(200);
    assert!(!listed.body.to_string().contains("secret"), "{}", listed.body);
    assert_eq!(listed.body["connections"][0]["source"], "canonical");
    let shown = api.get("/v1/connections/canonical").await.is(200);
    assert_eq!((&shown.etag, &shown.body), (&rotated.etag, &listed.body["connections"][0]));
    assert!(api.world.store.heartbeat(&acme, "canonical", api.world.now()).await.unwrap());
    let heard = api.get("/v1/connections/canonical").await.is(200);
    assert_eq!(heard.body["confirmed_at"], "2026-02-10T10:00:00Z", "{}", heard.body);
    for not_connected in ["stripe", "xero", "elsewhere"] {
        api.get(&format!("/v1/connections/{not_connected}")).await.is(404);
    }

    let given = "whsec_given_by_the_vendor";
    let stripe = api.call("PUT", "/v1/connections/stripe", json!({"secret": given})).await.is(200);
    assert_eq!(stripe.body["secret"], given);
    api.call("PUT", "/v1/connections/elsewhere", Value::Null).await.is(404);

    // Live without a word on how old the books may be: it is said, not refused.
    let live = api.call("PUT", "/v1/settings", live(json!({"name": "Acme", "country": "DE"}))).await.is(200);
    let warned: Vec<&str> =
        live.body["warnings"].as_array().unwrap().iter().filter_map(|warning| warning["pointer"].as_str()).collect();
    assert_eq!(warned, ["/freshness/canonical", "/freshness/stripe"]);

    api.call("DELETE", "/v1/workflows/standard?open_cases=stop", Value::Null).await.is(400);
    for how in ["?open_cases=end", "?open_cases=run_on", ""] {
        api.call("DELETE", &format!("/v1/workflows/standard{how}"), Value::Null).await.is(204);
    }
    assert_eq!(api.get("/v1/workflows").await.is(200).body["workflows"], json!([]));
    api.call("DELETE", "/v1/workflows/none", Value::Null).await.is(404);
}

#[tokio::test]
async fn revisions_are_kept() {
    let api = Api::new().await;
    let settings = json!({"name": "Acme"});
    let put = |tag: &'static str, value: &'static str| {
        let (api, settings) = (&api, settings.clone());
        async move { api.with("admin", "PUT", "/v1/settings", &[(tag, value)], settings).await }
    };
    assert_eq!(put("if-match", "\"1\"").await.is(412).kind(), "stale-version");
    put("if-none-match", "*").await.is(200);
    put("if-none-match", "*").await.is(412);
    put("if-match", "\"1\"").await.is(200);
    put("if-match", "\"1\"").await.is(412);
    put("if-match", "*").await.is(200);
    put("if-match", "nonsense").await.is(400);
    // The kill switch, the mode and the shards outlive a PUT that does not speak of them.
    api.call("PUT", "/v1/settings", live(json!({"name": "Acme", "shards": 8}))).await.is(200);
    api.with("manager", "POST", "/v1/pause", &[], Value::Null).await.is(200);
    let after = api
        .call("PUT", "/v1/settings", json!({"name": "Renamed", "sender": {"email": "ar@acme.example", "sms": "ACME"}}))
        .await
        .is(200);
    let kept = &after.body["settings"];
    assert_eq!((&kept["paused"], &kept["mode"], &kept["shards"]), (&json!(true), &json!("live"), &json!(8)));
    let resumed = api.with("manager", "POST", "/v1/resume", &[], Value::Null).await.is(200);
    assert_eq!(resumed.body, json!({"paused": false, "breaker_open": false}));
    let fewer = api.call("PUT", "/v1/settings", live(json!({"name": "Acme", "shards": 1}))).await.is(422);
    assert_eq!(fewer.pointers(), ["/shards"]);
    let acme = domain::TenantId::parse("acme").unwrap();
    api.world.store.trip_breaker(&acme, "test", api.world.now()).await.unwrap();
    assert!(api.world.store.policy(&acme, &Default::default(), store::Read::Fresh).await.unwrap().breaker_open);
    let reset = api.with("manager", "POST", "/v1/breaker/reset", &[], Value::Null).await.is(200);
    assert_eq!(reset.body["breaker_open"], false);
}

#[tokio::test]
async fn what_matters_to_decisions_wakes_every_customer() {
    let api = Api::new().await;
    let acme = domain::TenantId::parse("acme").unwrap();
    let woken = || async {
        let row = api.world.store.tenant(&acme).await.unwrap().unwrap();
        if let Some(replan) = &row.replan {
            api.world.store.set_replan(&acme, Some(replan), None).await.unwrap();
        }
        row.replan.is_some()
    };
    api.call("PUT", "/v1/settings", json!({"name": "Acme"})).await.is(200);
    woken().await;
    for (settings, wakes) in [
        (json!({"name": "Renamed"}), false),
        (json!({"name": "Renamed", "minimum_exposure": {"EUR": 5000}}), true),
        (json!({"name": "Renamed", "minimum_exposure": {"EUR": 5000}, "reply_to": "ar@acme.example"}), false),
        (json!({"name": "Renamed", "minimum_exposure": {"EUR": 5000}, "reply_to": "ar@acme.example"}), false),
    ] {
        api.call("PUT", "/v1/settings", settings.clone()).await.is(200);
        assert_eq!(woken().await, wakes, "{settings}");
    }
}

#[tokio::test]
async fn every_flaw_is_named() {
    let api = Api::new().await;
    let wrong = api.call("PUT", "/v1/settings", json!({"name": "", "country": "XX", "time_zone": "Mars/Base"})).await.is(422);
    assert_eq!(wrong.kind(), "invalid-settings");
    assert_eq!(wrong.pointers(), ["/name", "/country", "/time_zone"]);
    let unknown = api.call("PUT", "/v1/settings", json!({"name": "Acme", "colour": "red"})).await.is(422);
    assert!(unknown.body.to_string().contains("colour"));
    assert_eq!(api.call("PUT", "/v1/workflows/x", json!({})).await.is(404).kind(), "not-found");
    api.call("PUT", "/v1/settings", json!({"name": "Acme"})).await.is(200);
    let step = |id: &str, template: &str| {
        json!({"id": id, "at": {"anchor": "due_date", "offset": "P1D"},
               "action": {"send": {"channels": ["email"], "template": template, "to": ["billing"]}}})
    };
    let plan = json!({"name": "X", "scope": "customer", "applies_when": "nonsense > 1", "steps": [step("a", "no-such-text")]});
    let refused = api.call("PUT", "/v1/workflows/x", plan).await.is(422);
    assert_eq!(refused.kind(), "invalid-workflow");
    let pointers = refused.pointers();
    assert!(pointers.contains(&"/applies_when"), "{pointers:?}");
    assert!(pointers.iter().any(|pointer| pointer.starts_with("/steps/0/action/send")), "{pointers:?}");
    let unread = api.call("PUT", "/v1/workflows/x", json!({"name": "X", "scope": "galaxy", "steps": []})).await.is(422);
    assert_eq!(unread.pointers(), ["/scope"]);
    let other =
        api.call("PUT", "/v1/workflows/x", json!({"id": "y", "name": "X", "scope": "customer", "steps": []})).await.is(422);
    assert!(other.pointers().contains(&"/id"));
    let text = json!({"subject": "{{ nobody.name }}", "body": "{% if %}"});
    let refused = api.call("PUT", "/v1/templates/t/en/email", text).await.is(422);
    assert_eq!(refused.kind(), "invalid-template");
    let pointers = refused.pointers();
    assert!(pointers.contains(&"/subject") && pointers.contains(&"/body"), "{pointers:?}");
    api.call("PUT", "/v1/templates/t/en/pigeon", json!({"body": "x"})).await.is(422);
    let given = api.call("PUT", "/v1/connections/canonical", json!({"secret": "chosen-by-a-person"})).await.is(400);
    assert_eq!(given.pointers(), ["/secret"]);
    let long = api.call("PUT", "/v1/connections/stripe", json!({"overlap_hours": 10_000})).await.is(400);
    assert_eq!(long.pointers(), ["/overlap_hours"]);
}

#[tokio::test]
async fn the_door_itself() {
    let api = Api::new().await;
    assert_eq!(api.get("/v1/nothing").await.is(404).kind(), "not-found");
    assert_eq!(api.call("POST", "/v1/settings", json!({})).await.is(405).kind(), "bad-request");
    let asked = |headers, body: &str| request("PUT", "/v1/settings", Some(("acme", "admin")), headers, body);
    api.raw(asked(&[], "{not json")).await.is(400);
    let large = format!("{{\"name\": \"{}\"}}", "x".repeat(1024 * 1024));
    assert_eq!(api.raw(asked(&[], &large)).await.is(413).kind(), "body-too-large");
    let mut encoded = asked(&[], "%%%");
    encoded.payload["isBase64Encoded"] = json!(true);
    api.raw(encoded).await.is(400);
    assert_eq!(api.get("/v1/tasks?cursor=nonsense").await.is(422).kind(), "invalid-cursor");
    for list in ["/v1/tasks", "/v1/tasks?sort=money_at_stake"] {
        let glue = if list.contains('?') { '&' } else { '?' };
        let wrong = api.get(&format!("{list}{glue}kind=nonsense")).await.is(400);
        let said = wrong.body["errors"][0]["detail"].as_str().unwrap();
        assert!(said.contains("exception") && said.contains("unreachable, plan_ended,"), "every kind is named: {said}");
    }
    api.get("/v1/workflows/standard/versions/one").await.is(400);
    assert!(api.handler.handle(lambda_runtime::LambdaEvent::new(json!({}), Default::default())).await.is_err());
    // Without an address of its own, webhook addresses name whoever was asked.
    let env = api.world.env(&[("KEY_ID", "key")]);
    let bare = admin::Handler::new(&env, &api.world.clients, api.world.clock.clone()).unwrap();
    let api = Api(common::Api { world: api.0.world, handler: bare });
    api.call("PUT", "/v1/settings", json!({"name": "Acme"})).await.is(200);
    for (domain, url) in [
        ("abc.execute-api.example", "https://abc.execute-api.example/webhooks/acme/canonical"),
        ("127.0.0.1", "http://127.0.0.1:8787/webhooks/acme/canonical"),
    ] {
        let mut event = request("PUT", "/v1/connections/canonical", Some(("acme", "admin")), &[("Host", "127.0.0.1:8787")], "");
        event.payload["requestContext"]["domainName"] = json!(domain);
        assert_eq!(api.raw(event).await.is(200).body["webhook_url"], url);
    }
}

#[tokio::test]
async fn a_customers_matter_is_explained() {
    let api = Api::new().await;
    api.call("PUT", "/v1/settings", live(json!({"name": "Acme", "country": "DE"}))).await.is(200);
    let id = api.world.customer("acme", "C/1 ü", |_| {}).await;
    let found = api.get("/v1/customers/canonical/C%2F1%20%C3%BC").await.is(200);
    assert_eq!(found.body["customer"]["id"], id.as_str());
    assert_eq!(found.body["due_items_count"], 2);
    let first = &found.body["due_items"][0];
    assert_eq!(
        (&first["number"], &first["due_now_minor"], &first["days_past_due"]),
        (&json!("1001"), &json!(125_000), &json!(6))
    );
    assert_eq!(first["next_step"], "reminder");
    let now = &found.body["now"][0];
    assert!(now["why"].as_str().unwrap().contains("standard@1"), "{now}");
    let case = api.get(&format!("/v1/cases/{id}?last=5")).await.is(200);
    assert_eq!(case.body["customer"], found.body["customer"]);
    api.get("/v1/customers/canonical/nobody").await.is(404);
    let other = api.raw(request("GET", &format!("/v1/cases/{id}"), Some(("other", "admin")), &[], "")).await;
    other.is(404);

    // A hold through its life.
    let hold = format!("/v1/customers/{id}/holds/dispute-7");
    let body = json!({"reason": "dispute", "scope": {"invoice": "C/1 ü-1001"}, "until_on": "2026-03-31"});
    let placed = api.with("collector", "PUT", &hold, &[], body.clone()).await.is(200);
    assert_eq!(placed.body["clock"], "stop_clock");
    let again = api.with("collector", "PUT", &hold, &[], body).await.is(200);
    assert_eq!(again.body, placed.body);
    let held = api.get(&format!("/v1/cases/{id}")).await.is(200);
    assert_eq!(held.body["due_items"][0]["due_now_minor"], 0);
    assert_eq!(held.body["holds"].as_array().unwrap().len(), 1);
    let ended = api.with("collector", "DELETE", &hold, &[], Value::Null).await.is(200);
    assert_eq!(ended.body["ended_at"], "2026-02-10T10:00:00Z");
    assert_eq!(api.get(&format!("/v1/cases/{id}")).await.body["due_items"][0]["due_now_minor"], 125_000);
    // A colleague's, whose name nobody knows, by the id that the case shows.
    let theirs = format!("/v1/customers/{id}/holds/a-name-of-theirs");
    api.with("manager", "PUT", &theirs, &[], json!({"reason": "manual", "until_on": "2026-03-31"})).await.is(200);
    let shown = api.get(&format!("/v1/cases/{id}")).await.is(200).body;
    let of_theirs = shown["holds"].as_array().unwrap().iter().find(|hold| hold["reason"] == "manual").unwrap();
    let by_id = format!("/v1/customers/{id}/holds/{}", of_theirs["id"].as_str().unwrap());
    assert_eq!(api.with("collector", "DELETE", &by_id, &[], Value::Null).await.is(200).body["ended_at"], "2026-02-10T10:00:00Z");
    for (body, pointer) in [
        (json!({"reason": "manual", "until_on": "2028-01-01"}), "/until_on"),
        (json!({"reason": "manual", "until_on": "2026-01-01"}), "/until_on"),
        (json!({"reason": "manual", "until_on": "2026-03-01", "amount_minor": 5}), "/amount_minor"),
        (json!({"reason": "whim", "until_on": "2026-03-01"}), "/reason"),
        (json!({"reason": "manual", "until_on": "2026-03-01", "scope": {"invoice": "none"}}), "/scope/invoice"),
    ] {
        let reply = api.with("collector", "PUT", &hold, &[], body.clone()).await.is(400);
        assert_eq!(reply.pointers()[0], pointer, "{body}");
    }
}

#[tokio::test]
async fn the_worklist() {
    let api = Api::new().await;
    api.call("PUT", "/v1/settings", json!({"name": "Acme"})).await.is(200);
    let acme = domain::TenantId::parse("acme").unwrap();
    for (kind, key) in [(domain::TaskKind::Task, "a"), (domain::TaskKind::Unreachable, "b"), (domain::TaskKind::Task, "c")] {
        let task = domain::NewTask {
            case: None,
            kind,
            key: key.to_owned(),
            title: format!("Do {key}"),
            detail: String::new(),
            to: None,
            due_on: None,
            step: None,
            currency: None,
        };
        api.world.store.raise(&acme, None, &task, api.world.now()).await.unwrap();
    }
    let all = api.get("/v1/tasks").await.is(200);
    assert_eq!(all.body["tasks"].as_array().unwrap().len(), 3);
    assert_eq!(api.get("/v1/tasks?kind=task").await.is(200).body["tasks"].as_array().unwrap().len(), 2);
    let exceptions = api.get("/v1/tasks?kind=exception").await.is(200);
    assert_eq!(exceptions.body["tasks"][0]["title"], "Do b");
    let id = exceptions.body["tasks"][0]["id"].as_str().unwrap().to_owned();
    for _ in 0..2 {
        let done = api.with("collector", "POST", &format!("/v1/tasks/{id}/done"), &[], Value::Null).await.is(200);
        assert_eq!(done.body["done_at"], "2026-02-10T10:00:00Z");
        *api.world.now.lock().unwrap() = common::at("2026-02-12T10:00:00Z");
    }
    assert_eq!(api.get("/v1/tasks?kind=exception").await.is(200).body["tasks"], json!([]));
    api.with("collector", "POST", "/v1/tasks/tsk_none/done", &[], Value::Null).await.is(404);
}

#[tokio::test]
async fn a_task_keeps_how_it_ended() {
    let api = Api::new().await;
    api.call("PUT", "/v1/settings", json!({"name": "Acme"})).await.is(200);
    let acme = domain::TenantId::parse("acme").unwrap();
    let raise = async |kind, key: &str| {
        let task = domain::NewTask {
            case: None,
            kind,
            key: key.to_owned(),
            title: "Do it".to_owned(),
            detail: String::new(),
            to: None,
            due_on: None,
            step: None,
            currency: None,
        };
        api.world.store.raise(&acme, None, &task, api.world.now()).await.unwrap()
    };
    for (kind, body, result, status) in [
        (domain::TaskKind::HandOff, json!({"result": "failed", "note": "they refused"}), "failed", "failed"),
        (domain::TaskKind::HandOff, json!({"result": "done"}), "done", "done"),
        (domain::TaskKind::Task, json!({}), "done", "done"),
        (domain::TaskKind::Approval, Value::Null, "approve", "done"),
        (domain::TaskKind::Approval, json!({"result": "refuse"}), "refuse", "done"),
    ] {
        let id = raise(kind, &format!("{kind:?} {body}")).await;
        let address = format!("/v1/tasks/{id}/done");
        let done = api.with("collector", "POST", &address, &[], body.clone()).await.is(200).body;
        assert_eq!((&done["result"], &done["note"]), (&json!(result), &body["note"]), "{kind:?}");
        assert_eq!(done["effect"]["status"], status);
        assert!(done["effect"]["id"].as_str().unwrap().starts_with("eff_"), "{done}");
        let other = if kind == domain::TaskKind::Approval { ["approve", "refuse"] } else { ["done", "failed"] };
        let other = if other[0] == result { other[1] } else { other[0] };
        let over = api.with("collector", "POST", &address, &[], json!({"result": other})).await.is(409);
        assert_eq!(over.kind(), "not-possible");
    }
    let task = raise(domain::TaskKind::Task, "fits").await;
    let approval = raise(domain::TaskKind::Approval, "fits").await;
    for (id, body, status) in [
        (&task, json!({"result": "approve"}), 422),
        (&task, json!({"result": "refuse"}), 422),
        (&approval, json!({"result": "done"}), 422),
        (&approval, json!({"result": "failed"}), 422),
        (&task, json!({"result": "maybe"}), 400),
        (&task, json!({"remark": "x"}), 400),
        (&task, json!({"note": "x".repeat(2_001)}), 400),
        (&task, json!([]), 400),
    ] {
        let refused = api.with("collector", "POST", &format!("/v1/tasks/{id}/done"), &[], body.clone()).await.is(status);
        assert_eq!(refused.kind(), if status == 422 { "invalid-result" } else { "bad-request" }, "{body}");
    }
    assert_eq!(api.get("/v1/tasks").await.is(200).body["tasks"].as_array().unwrap().len(), 2, "nothing of it was taken");
}

#[tokio::test]
async fn orders_are_given_and_shown() {
    let api = Api::new().await;
    api.call("PUT", "/v1/settings", live(json!({"name": "Acme"}))).await.is(200);
    let id = api.world.customer("acme", "C-1", |_| {}).await;
    let address = format!("/v1/customers/{id}/orders");
    let matter = api.get(&format!("/v1/cases/{id}")).await.is(200).body;
    let item = matter["due_items"][0]["item"].as_str().unwrap().to_owned();
    let invoice = item.split('/').next().unwrap().to_owned();
    api.with("viewer", "POST", &address, &[], json!({"kind": "skip", "invoice": invoice, "step": "reminder"})).await.is(403);
    for (body, pointer) in [
        (json!({"kind": "skip", "step": "reminder"}), "/invoice"),
        (json!({"kind": "skip", "invoice": "nobody's", "step": "reminder"}), "/invoice"),
        (json!({"kind": "send_now", "invoice": invoice}), "/step"),
        (json!({"kind": "send_now", "invoice": invoice, "step": "reminder", "workflow": "x"}), "/workflow"),
        (json!({"kind": "send_now", "invoice": invoice, "step": "reminder", "currency": "JPY"}), "/currency"),
        (json!({"kind": "send_now", "invoice": invoice, "step": "reminder", "until": "2020-01-01T00:00:00Z"}), "/until"),
        (json!({"kind": "move", "currency": "EUR"}), "/workflow"),
        (json!({"kind": "move", "workflow": "standard"}), "/currency"),
        (json!({"kind": "skip", "invoice": invoice, "step": "remainder"}), "/step"),
        (json!({"kind": "move", "currency": "EUR", "workflow": "nobody-s"}), "/workflow"),
        (json!({"kind": "lift_cap_once", "currency": "EUR", "step": "reminder"}), "/step"),
        (json!({"kind": "approve", "currency": "EUR"}), "/kind"),
        (json!({"kind": "skip", "more": 1}), "/more"),
    ] {
        let refused = api.call("POST", &address, body.clone()).await.is(400);
        assert_eq!(refused.body["errors"][0]["pointer"], pointer, "{body}: {}", refused.body);
    }
    let given = json!({"kind": "skip", "invoice": invoice, "step": "reminder"});
    let order = api.call("POST", &address, given.clone()).await.is(200).body;
    assert_eq!((&order["kind"], &order["steps"][0]), (&json!("skip"), &json!({"item": item, "step": "reminder"})));
    assert_eq!(api.call("POST", &address, given).await.is(200).body["id"], order["id"], "repeated, it is the same");
    assert_eq!(api.get(&format!("/v1/cases/{id}")).await.is(200).body["orders"], json!([order]));
    api.call("POST", "/v1/customers/cus_none/orders", json!({"kind": "skip"})).await.is(404);
}

#[tokio::test]
async fn reading_never_writes() {
    let api = Api::new().await;
    api.call("PUT", "/v1/settings", live(json!({"name": "Acme"}))).await.is(200);
    api.call("PUT", "/v1/connections/canonical", Value::Null).await.is(200);
    let id = api.world.customer("acme", "C-1", |_| {}).await;
    let before = api.world.everything_but_calls().await;
    assert!(before.len() > 20);
    for address in [
        "/v1/settings",
        "/v1/workflows",
        "/v1/workflows/standard",
        "/v1/templates",
        "/v1/templates/reminder/en/email",
        "/v1/sources",
        "/v1/connections",
        "/v1/customers/canonical/C-1",
        &format!("/v1/cases/{id}"),
        "/v1/tasks",
        "/v1/tasks?sort=money_at_stake",
        &format!("/v1/customers/{id}"),
        "/v1/customers?source=canonical&external_id=C-1",
        "/v1/customers?sort=overdue",
        "/v1/invoices?bucket=1-30",
        "/v1/payments",
        "/v1/credit_notes",
        "/v1/cases",
        "/v1/messages",
        "/v1/agreements?kind=promise",
        "/v1/search?q=acme",
    ] {
        api.get(address).await.is(200);
    }
    assert_eq!(api.world.everything_but_calls().await, before);
}

#[tokio::test]
async fn a_list_refuses_a_parameter_that_it_does_not_have() {
    let api = Api::new().await;
    for (list, has) in [
        ("/v1/tasks", "whose"),
        ("/v1/customers", "sort"),
        ("/v1/invoices", "bucket"),
        ("/v1/payments", "received_from"),
        ("/v1/credit_notes", "received_from"),
        ("/v1/cases", "state"),
        ("/v1/messages", "day"),
        ("/v1/agreements", "kind"),
        ("/v1/search", "q"),
        ("/v1/audit", "operation"),
        ("/v1/owners", "owner"),
        ("/v1/notes", "customer"),
        ("/v1/suppressions", "channel"),
        ("/v1/webhooks", "source"),
        ("/v1/members", "removed"),
        ("/v1/jobs", "cursor"),
        ("/v1/health/daily", "days"),
    ] {
        let refused = api.get(&format!("{list}?who=robin")).await.is(400);
        let detail = refused.body["detail"].as_str().unwrap();
        assert!(refused.kind() == "bad-request" && detail.contains("`who`") && detail.contains(&format!("`{has}`")), "{detail}");
    }
}

#[tokio::test]
async fn one_agreement_is_made_however_often_and_at_once_it_is_asked_for() {
    let api = Api::new().await;
    let customer = api.world.customer("acme", "C-1", |_| {}).await;
    let promise = json!({"customer": customer.as_str(), "kind": "promise", "pays_on": "2026-02-20", "way": "transfer"});
    let ask = |body: Value| api.call("POST", "/v1/agreements", body);
    let at_once = tokio::join!(ask(promise.clone()), ask(promise.clone()), ask(promise.clone()));
    let first = at_once.0.is(200).body;
    for again in [at_once.1, at_once.2, ask(promise.clone()).await] {
        assert_eq!(again.is(200).body["id"], first["id"]);
    }
    // In other words, with a key, and once an invoice of it is in part paid.
    let key = [("idempotency-key", "k-1")];
    let keyed = api.with("admin", "POST", "/v1/agreements", &key, promise.clone()).await.is(200).body;
    assert_eq!(keyed["id"], first["id"]);
    // A key is no way around what is checked.
    let used = [("idempotency-key", "k-2")];
    let mut of_key = promise.clone();
    of_key["pays_on"] = json!("2026-02-22");
    let made = api.with("admin", "POST", "/v1/agreements", &used, of_key.clone()).await.is(200).body;
    assert_eq!(api.with("admin", "POST", "/v1/agreements", &used, of_key.clone()).await.is(200).body["id"], made["id"]);
    of_key["amount_minor"] = json!(0);
    let reused = api.with("admin", "POST", "/v1/agreements", &used, of_key.clone()).await.is(422);
    assert_eq!(reused.kind(), "idempotency-key-reused", "the key stands for what it came with first");
    let fresh = [("idempotency-key", "k-3")];
    let refused = api.with("admin", "POST", "/v1/agreements", &fresh, of_key).await.is(400);
    assert_eq!(refused.pointers(), ["/amount_minor"]);
    let mut whole = promise.clone();
    whole["scope"] = json!("customer");
    assert_eq!(ask(whole).await.is(200).body["id"], first["id"]);
    let matter = api.get(&format!("/v1/cases/{}", customer.as_str())).await.is(200).body;
    assert_eq!(matter["agreements"].as_array().unwrap().len(), 2, "{matter}");
    // Another day is another promise, and what is over is agreed on anew.
    let mut later = promise.clone();
    later["pays_on"] = json!("2026-02-21");
    assert_ne!(ask(later).await.is(200).body["id"], first["id"]);
    api.call("POST", &format!("/v1/agreements/{}/cancel", first["id"].as_str().unwrap()), json!({})).await.is(200);
    let anew = ask(promise.clone()).await.is(200).body;
    assert_ne!(anew["id"], first["id"]);
    assert_eq!(anew["status"], "open");
}
