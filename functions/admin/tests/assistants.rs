//! Assistants: what the endpoint of tools answers, and what becomes of what they propose.
#![allow(clippy::unwrap_used, reason = "a test says by panicking that it failed")]

mod common;

use aws_lc_rs::digest::{Context, SHA256};
use common::{Api, issuer, request_with};
use domain::{CustomerId, TenantId};
use jiff::SignedDuration;
use serde_json::{Value, json};
use service::{Actor, StaffRole, notes::NoteAsked};
use store::Once;

/// What a client of the protocol sends with each call.
const SENT: [(&str, &str); 2] = [("accept", "application/json, text/event-stream"), ("content-type", "application/json")];

/// An answer as the gateway has it.
#[derive(Debug)]
struct Said {
    status: u64,
    headers: Value,
    body: Value,
}

async fn send(api: &Api, method: &str, token: Option<&str>, headers: &[(&str, &str)], body: &str) -> Said {
    let answer = api.handler.handle(request_with(method, "/mcp", token, headers, body)).await.unwrap();
    let body = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap_or_default();
    Said { status: answer["statusCode"].as_u64().unwrap(), headers: answer["headers"].clone(), body }
}

/// Asks as somebody; what is answered to a call that the protocol takes.
async fn ask(api: &Api, token: &str, method: &str, params: Value) -> Value {
    let asked = json!({"jsonrpc": "2.0", "id": 7, "method": method, "params": params}).to_string();
    let said = send(api, "POST", Some(token), &SENT, &asked).await;
    assert_eq!((said.status, &said.headers["content-type"]), (200, &json!("application/json")), "{}", said.body);
    assert_eq!((&said.body["jsonrpc"], &said.body["id"]), (&json!("2.0"), &json!(7)), "{}", said.body);
    said.body
}

/// Calls a tool: whether it failed, and what it gives.
async fn tool(api: &Api, token: &str, name: &str, arguments: Value) -> (bool, Value) {
    let answer = ask(api, token, "tools/call", json!({"name": name, "arguments": arguments})).await;
    let result = &answer["result"];
    let text: Value = serde_json::from_str(result["content"][0]["text"].as_str().unwrap()).unwrap();
    assert_eq!(text, result["structuredContent"], "the text is the same");
    (result["isError"] == true, text)
}

async fn names(api: &Api, token: &str) -> Vec<String> {
    let answer = ask(api, token, "tools/list", json!({})).await;
    answer["result"]["tools"].as_array().unwrap().iter().map(|tool| tool["name"].as_str().unwrap().to_owned()).collect()
}

fn of(role: &str) -> String {
    issuer::token_of("acme", role)
}

async fn customer(api: &Api) -> CustomerId {
    api.world.customer("acme", "C-1", |_| {}).await
}

/// A pause that is proposed by a collector's assistant: the id of its task.
async fn proposed_pause(api: &Api, customer: &CustomerId, until_on: &str) -> String {
    let body = json!({"customer": customer.as_str(), "kind": "pause", "reason": "manual", "until_on": until_on});
    let arguments = json!({"body": body, "reason": "They asked for time"});
    let (failed, task) = tool(api, &of("collector"), "propose_make_agreement", arguments).await;
    assert!(!failed, "{task}");
    task["id"].as_str().unwrap().to_owned()
}

async fn accept(api: &Api, role: &str, task: &str) -> (u64, Value) {
    api.call(role, "POST", &format!("/v1/tasks/{task}/done"), json!({"result": "approve"})).await
}

async fn pauses(api: &Api, customer: &CustomerId) -> Vec<Value> {
    let (status, matter) = api.call("viewer", "GET", &format!("/v1/customers/{customer}"), Value::Null).await;
    assert_eq!(status, 200, "{matter}");
    matter["agreements"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_client_is_told_what_there_is_and_reads_it() {
    let api = Api::new().await;
    let customer = customer(&api).await;
    let viewer = of("viewer");
    let hello = json!({"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}});
    let told = ask(&api, &viewer, "initialize", hello).await["result"].clone();
    assert_eq!((&told["protocolVersion"], &told["serverInfo"]["name"]), (&json!("2025-06-18"), &json!("dunlin")), "{told}");
    assert!(told["instructions"].as_str().unwrap().contains("untrusted_"), "{told}");
    let ready = json!({"jsonrpc": "2.0", "method": "notifications/initialized"}).to_string();
    assert_eq!(send(&api, "POST", Some(&viewer), &SENT, &ready).await.status, 202);
    // A viewer has no tool that proposes, nor one of operators.
    let tools = names(&api, &viewer).await;
    assert!(tools.iter().any(|name| name == "list_customers") && tools.len() > 50, "{tools:?}");
    assert!(!tools.iter().any(|name| name.starts_with("propose_") || name == "list_apps" || name == "list_keys"), "{tools:?}");
    let more = names(&api, &of("collector")).await;
    assert!(more.contains(&"propose_make_agreement".to_owned()) && !more.contains(&"make_agreement".to_owned()), "{more:?}");
    // What came from outside is told apart.
    let (failed, matter) = tool(&api, &viewer, "show_customer_by_id", json!({"customer_id": customer.as_str()})).await;
    assert!(!failed, "{matter}");
    assert_eq!((&matter["customer"]["untrusted_name"], &matter["customer"]["country"]), (&json!("Beispiel GmbH"), &json!("DE")));
    assert!(matter["customer"].get("name").is_none(), "{matter}");
    // What the API refuses is the tool's refusal, and no tool is an error of the protocol.
    let (failed, refused) = tool(&api, &viewer, "show_customer_by_id", json!({"customer_id": "cus_nobody"})).await;
    assert_eq!((failed, &refused["status"]), (true, &json!(404)), "{refused}");
    let (failed, refused) = tool(&api, &viewer, "list_tasks", json!({"nothing": 1})).await;
    assert_eq!((failed, &refused["errors"][0]["pointer"]), (true, &json!("/nothing")), "{refused}");
    let none = ask(&api, &viewer, "tools/call", json!({"name": "make_agreement", "arguments": {}})).await;
    assert_eq!(none["error"]["code"], -32602, "{none}");
}

#[tokio::test]
async fn who_may_not_ask_is_told_where_to_get_a_token() {
    let api = Api::new().await;
    let asked = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list"}).to_string();
    let refused = send(&api, "POST", None, &SENT, &asked).await;
    assert_eq!(refused.status, 401);
    let metadata = "https://dunlin.example/.well-known/oauth-protected-resource/mcp";
    assert_eq!(refused.headers["www-authenticate"], format!("Bearer realm=\"dunlin\", resource_metadata=\"{metadata}\""));
    for (path, resource) in [("", "https://dunlin.example"), ("/mcp", "https://dunlin.example/mcp")] {
        let address = format!("/.well-known/oauth-protected-resource{path}");
        let (status, said) = api.ask(request_with("GET", &address, None, &[], "")).await;
        assert_eq!((status, &said["resource"]), (200, &json!(resource)), "{said}");
        assert_eq!(said["authorization_servers"], json!([issuer::ISSUER]), "{said}");
    }
    // Pages of other origins; a program names none.
    let foreign = [SENT[0], SENT[1], ("origin", "https://evil.example")];
    assert_eq!(send(&api, "POST", Some(&of("viewer")), &foreign, &asked).await.status, 403);
    // No stream and no session.
    for method in ["GET", "DELETE"] {
        assert_eq!(send(&api, method, Some(&of("viewer")), &SENT, "").await.status, 405, "{method}");
    }
    let (status, body) = {
        let said = send(&api, "POST", Some(&of("viewer")), &[SENT[1], ("accept", "text/html")], &asked).await;
        (said.status, said.body)
    };
    assert_eq!((status, body["type"].as_str().unwrap().ends_with("/bad-request")), (406, true), "{body}");
    // What a token does not open, no tool opens.
    let nobody = issuer::token_of("", "admin");
    assert_eq!(names(&api, &nobody).await, ["show_me"]);
    let (failed, refused) = tool(&api, &nobody, "list_customers", json!({})).await;
    assert_eq!((failed, &refused["status"]), (true, &json!(403)), "{refused}");
}

#[tokio::test]
async fn what_is_proposed_happens_when_a_person_accepts_it_and_once() {
    let api = Api::new().await;
    let customer = customer(&api).await;
    let task = proposed_pause(&api, &customer, "2026-02-20").await;
    assert_eq!(pauses(&api, &customer).await, Vec::<Value>::new(), "nothing happened");
    let (_, shown) = api.call("viewer", "GET", &format!("/v1/tasks/{task}"), Value::Null).await;
    let proposal = &shown["proposal"];
    assert_eq!(
        (&shown["kind"], &shown["to"], &proposal["operation"]),
        (&json!("proposal"), &json!("collector"), &json!("make_agreement"))
    );
    assert_eq!((&proposal["by"], &proposal["expires_at"]), (&json!("acme-collector"), &json!("2026-02-17T10:00:00Z")), "{shown}");
    assert_eq!(proposal["arguments"]["body"]["until_on"], "2026-02-20", "{shown}");
    assert_eq!(accept(&api, "viewer", &task).await.0, 403);
    let (status, done) = accept(&api, "manager", &task).await;
    assert_eq!((status, &done["done_by"], &done["result"]), (200, &json!("acme-manager"), &json!("approve")), "{done}");
    let made = pauses(&api, &customer).await;
    assert_eq!(
        (made.len(), &made[0]["id"], &made[0]["by"]),
        (1, &done["proposal"]["answer"]["id"], &json!("acme-manager")),
        "{done}"
    );
    let (status, again) = accept(&api, "manager", &task).await;
    assert_eq!(status, 409, "{again}");
    assert!(again["detail"].as_str().unwrap().contains("ended"), "{again}");
    // Who proposed, and who accepted what.
    let (_, audit) = api.call("manager", "GET", &format!("/v1/audit?object={task}"), Value::Null).await;
    let mut entries: Vec<String> =
        audit["data"].as_array().unwrap().iter().map(|entry| format!("{} {}", entry["operation"], entry["by"])).collect();
    entries.sort();
    assert_eq!(entries, ["\"finish_task\" \"acme-manager\"", "\"make_proposal\" \"acme-collector\""]);
}

#[tokio::test]
async fn a_proposal_is_carried_out_once_however_many_accept() {
    let api = Api::new().await;
    let customer = customer(&api).await;
    let arguments = json!({"body": {"customer": customer.as_str(), "text": "Call on Monday"}, "reason": "They said so"});
    let (failed, task) = tool(&api, &of("collector"), "propose_add_note", arguments).await;
    assert!(!failed, "{task}");
    let task = task["id"].as_str().unwrap();
    let (one, other) = tokio::join!(accept(&api, "manager", task), accept(&api, "admin", task));
    let done = [&one, &other].into_iter().filter(|(status, _)| *status == 200).count();
    assert!(done >= 1 && [one.0, other.0].into_iter().all(|status| [200, 409].contains(&status)), "{one:?} {other:?}");
    let (_, notes) = api.call("viewer", "GET", &format!("/v1/notes?customer={customer}"), Value::Null).await;
    assert_eq!(notes["data"].as_array().unwrap().len(), 1, "{notes}");
}

/// A digest as the API makes it: parts are told apart by their lengths.
fn digest(parts: &[&str]) -> String {
    let mut context = Context::new(&SHA256);
    for part in parts {
        context.update(&part.len().to_be_bytes());
        context.update(part.as_bytes());
    }
    context.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test]
async fn what_was_carried_out_by_an_attempt_that_died_is_not_asked_for_again() {
    let api = Api::new().await;
    let customer = customer(&api).await;
    let arguments = json!({"body": {"customer": customer.as_str(), "text": "Call on Monday"}, "reason": "They said so"});
    let (failed, proposed) = tool(&api, &of("collector"), "propose_add_note", arguments).await;
    assert!(!failed, "{proposed}");
    let task = proposed["id"].as_str().unwrap();
    // An attempt that dies between the effect and keeping its answer; what it acts on is another then.
    let (tenant, now) = (TenantId::parse("acme").unwrap(), api.world.now());
    // As it is stored: a tool's answer marks what came from outside.
    let (_, stored) = api.call("manager", "GET", &format!("/v1/tasks/{task}"), Value::Null).await;
    let request = digest(&[&format!("add_note{}", stored["proposal"]["arguments"])]);
    let until = now + SignedDuration::from_hours(9 * 24);
    let mark = Once::new(tenant.clone(), digest(&["a proposal", "acme", task]), request, "first".to_owned(), now, until);
    let dying = Actor::new(tenant, StaffRole::Manager, Some("acme-manager")).only_once(mark);
    let note = NoteAsked { customer: customer.to_string(), about: None, text: "Call on Monday".to_owned() };
    service::notes::add(&api.world.store, &dying, &note, now).await.unwrap();
    let hold = json!({"reason": "manual", "until_on": "2026-02-12"});
    let (status, held) = api.call("collector", "PUT", &format!("/v1/customers/{customer}/holds/x"), hold).await;
    assert_eq!(status, 200, "{held}");
    // Nobody knows whether that attempt still is at it.
    let (status, refused) = accept(&api, "manager", task).await;
    assert_eq!(status, 409, "{refused}");
    assert!(refused["detail"].as_str().unwrap().contains("under way"), "{refused}");
    let (status, refused) = api.call("collector", "POST", &format!("/v1/tasks/{task}/done"), json!({"result": "refuse"})).await;
    assert_eq!(status, 409, "{refused}");
    assert!(refused["detail"].as_str().unwrap().contains("cannot be refused"), "{refused}");
    // It is over, also once the proposal expired.
    *api.world.now.lock().unwrap() += SignedDuration::from_hours(7 * 24);
    let (status, done) = accept(&api, "manager", task).await;
    assert_eq!((status, &done["result"], &done["proposal"]["answer"]), (200, &json!("approve"), &Value::Null), "{done}");
    let (_, notes) = api.call("viewer", "GET", &format!("/v1/notes?customer={customer}"), Value::Null).await;
    assert_eq!(notes["data"].as_array().unwrap().len(), 1, "{notes}");
}

#[tokio::test]
async fn what_a_proposal_rests_on_is_looked_at_again() {
    let api = Api::new().await;
    let customer = customer(&api).await;
    // Somebody else did something of the customer's.
    let changed = proposed_pause(&api, &customer, "2026-02-20").await;
    let hold = json!({"reason": "manual", "until_on": "2026-02-12"});
    let (status, held) = api.call("collector", "PUT", &format!("/v1/customers/{customer}/holds/x"), hold).await;
    assert_eq!(status, 200, "{held}");
    let (status, refused) = accept(&api, "manager", &changed).await;
    assert_eq!((status, refused["type"].as_str().unwrap().ends_with("/changed-meanwhile")), (409, true), "{refused}");
    // The settings changed.
    let propose = json!({"body": {"caps": {"per_day": 50}}, "reason": "Fewer a day"});
    let (failed, settings) = tool(&api, &of("collector"), "propose_patch_settings", propose.clone()).await;
    assert!(!failed, "{settings}");
    let first = settings["id"].as_str().unwrap().to_owned();
    assert_eq!(settings["to"], "admin", "{settings}");
    let (status, refused) = accept(&api, "manager", &first).await;
    assert_eq!(status, 403, "with their own rights: {refused}");
    let (status, said) = api.call("admin", "PATCH", "/v1/settings", json!({"caps": {"per_day": 60}})).await;
    assert_eq!(status, 200, "{said}");
    assert_eq!(accept(&api, "admin", &first).await.0, 409);
    let (_, fresh) = tool(&api, &of("collector"), "propose_patch_settings", propose).await;
    let (status, done) = accept(&api, "admin", fresh["id"].as_str().unwrap()).await;
    assert_eq!(status, 200, "{done}");
    let (_, settings) = api.call("viewer", "GET", "/v1/settings", Value::Null).await;
    assert_eq!(settings["settings"]["caps"]["per_day"], 50, "{settings}");
    // Time passed.
    let old = proposed_pause(&api, &customer, "2026-02-27").await;
    *api.world.now.lock().unwrap() += SignedDuration::from_hours(7 * 24);
    let (status, refused) = accept(&api, "manager", &old).await;
    assert_eq!(status, 409, "{refused}");
    assert!(refused["detail"].as_str().unwrap().contains("expired"), "{refused}");
}

/// Proposes an operation as a collector: the proposal's task, which says what it rests on.
async fn proposed(api: &Api, operation: &str, arguments: Value) -> String {
    let asked = json!({"operation": operation, "arguments": arguments, "reason": "They asked for it"});
    let (status, task) = api.call("collector", "POST", "/v1/proposals", asked).await;
    assert_eq!(status, 200, "{operation} {task}");
    assert!(task["proposal"]["facts_version"].is_string(), "{operation} rests on nothing: {task}");
    task["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn what_has_no_address_of_its_own_is_looked_at_again_too() {
    let api = Api::new().await;
    let customer = customer(&api).await;
    let address = json!({"channel": "email", "address": "ap@acme.example"});
    let stop = async |reason: &str| {
        let asked = json!({"channel": "email", "address": "ap@acme.example", "reason": reason});
        let (status, stands) = api.call("collector", "POST", "/v1/suppressions", asked).await;
        assert_eq!(status, 200, "{stands}");
        stands
    };
    let owns = async |owner: &str| {
        let (status, said) = api.call("collector", "PUT", &format!("/v1/owners/{customer}"), json!({"owner": owner})).await;
        assert_eq!(status, 200, "{said}");
    };
    for sub in ["ann", "bob"] {
        let member = json!({"sub": sub, "role": "collector", "name": sub});
        assert_eq!(api.call("admin", "POST", "/v1/members", member).await.0, 200);
    }
    owns("ann").await;
    let tenant = TenantId::parse("acme").unwrap();
    api.world.code(&tenant, &customer, domain::Channel::Email, "ap@acme.example").await;
    let (_, links) = api.call("viewer", "GET", &format!("/v1/customers/{customer}/links"), Value::Null).await;
    let link = links["data"][0]["id"].as_str().unwrap().to_owned();

    let enter = proposed(&api, "enter_suppression", json!({"body": address})).await;
    let revoke = proposed(&api, "revoke_link", json!({"id": link, "body": {}})).await;
    let over = proposed(&api, "hand_over", json!({"body": {"from": "ann", "to": "bob"}})).await;
    let accounts = proposed(&api, "find_key_accounts", json!({"body": {"currency": "EUR", "dry_run": true}})).await;
    let stands = stop("bounce").await;
    let lift = json!({"id": stands["id"], "body": {"entry": stands["entry"], "reason": "It works again"}});
    let lift = proposed(&api, "lift_suppression", lift).await;
    stop("cease").await;
    let (status, void) = api.call("collector", "POST", &format!("/v1/links/{link}/revoke"), json!({})).await;
    assert_eq!(status, 200, "{void}");
    owns("bob").await;
    let (status, said) = api.call("admin", "PATCH", "/v1/settings", json!({"caps": {"per_day": 60}})).await;
    assert_eq!(status, 200, "{said}");
    for (name, task) in [("enter", enter), ("lift", lift), ("revoke", revoke), ("hand_over", over), ("key_accounts", accounts)] {
        let (status, refused) = accept(&api, "manager", &task).await;
        assert_eq!((status, refused["type"].as_str().unwrap().ends_with("/changed-meanwhile")), (409, true), "{name} {refused}");
    }
    // As nothing of it changes any more, it is done.
    let over = proposed(&api, "hand_over", json!({"body": {"from": "bob", "to": "ann"}})).await;
    let (status, done) = accept(&api, "manager", &over).await;
    assert_eq!((status, &done["proposal"]["answer"]["count"]), (200, &json!(1)), "{done}");
}

#[tokio::test]
async fn what_the_operation_refuses_leaves_the_proposal_open() {
    let api = Api::new().await;
    let customer = customer(&api).await;
    let task = proposed_pause(&api, &customer, "2025-01-01").await;
    let (status, refused) = accept(&api, "manager", &task).await;
    assert_eq!((status, refused["type"].as_str().unwrap().ends_with("/proposal-failed")), (409, true), "{refused}");
    assert!(refused["detail"].as_str().unwrap().contains("/until_on"), "{refused}");
    let (_, shown) = api.call("viewer", "GET", &format!("/v1/tasks/{task}"), Value::Null).await;
    assert!(shown.get("done_at").is_none(), "{shown}");
    let refuse = json!({"result": "refuse", "note": "that day is over"});
    let (status, over) = api.call("collector", "POST", &format!("/v1/tasks/{task}/done"), refuse).await;
    assert_eq!((status, &over["result"]), (200, &json!("refuse")), "{over}");
    assert_eq!(accept(&api, "manager", &task).await.0, 409);
    assert_eq!(pauses(&api, &customer).await, Vec::<Value>::new());
}

#[tokio::test]
async fn a_machine_proposes_and_never_accepts() {
    let api = Api::new().await;
    let customer = customer(&api).await;
    let key = async |scopes: Value| {
        let asked = json!({"name": "assistant", "role": "collector", "scopes": scopes});
        let (status, made) = api.call("admin", "POST", "/v1/keys", asked).await;
        assert_eq!(status, 200, "{made}");
        made["token"].as_str().unwrap().to_owned()
    };
    let (reads, proposes) = (key(json!(["read"])).await, key(json!(["read", "propose"])).await);
    let works = key(json!(["read", "propose", "write:customers"])).await;
    assert!(!names(&api, &reads).await.iter().any(|name| name.starts_with("propose_")));
    let body = json!({"customer": customer.as_str(), "text": "A note"});
    let arguments = json!({"body": body, "reason": "They said so"});
    let (failed, refused) = tool(&api, &reads, "propose_add_note", arguments.clone()).await;
    assert_eq!((failed, &refused["status"]), (true, &json!(403)), "{refused}");
    let (failed, task) = tool(&api, &proposes, "propose_add_note", arguments).await;
    assert!(!failed, "{task}");
    let address = format!("/v1/tasks/{}/done", task["id"].as_str().unwrap());
    for (key, why) in [(&proposes, "write:customers"), (&works, "by a person")] {
        let (status, refused) = api.ask(request_with("POST", &address, Some(key), &[], "{}")).await;
        assert_eq!(status, 403, "{refused}");
        assert!(refused["detail"].as_str().unwrap().contains(why), "{refused}");
    }
    let (status, refused) = api.ask(request_with("POST", "/v1/notes", Some(&proposes), &[], &body.to_string())).await;
    assert_eq!(status, 403, "{refused}");
}

#[tokio::test]
async fn every_flaw_of_a_proposal_is_named() {
    let api = Api::new().await;
    let customer = customer(&api).await;
    let note = json!({"body": {"customer": customer.as_str(), "text": "x"}});
    for (asked, pointer) in [
        (json!({"operation": "no_such", "arguments": {}, "reason": "x"}), "/operation"),
        (json!({"operation": "list_tasks", "arguments": {}, "reason": "x"}), "/operation"),
        (json!({"operation": "make_key", "arguments": {"body": {}}, "reason": "x"}), "/operation"),
        (json!({"operation": "finish_task", "arguments": {"id": "tsk_1"}, "reason": "x"}), "/operation"),
        (json!({"operation": "add_note", "arguments": [], "reason": "x"}), "/arguments"),
        (json!({"operation": "add_note", "arguments": {}, "reason": "x"}), "/arguments/body"),
        (json!({"operation": "add_note", "arguments": {"body": {}, "id": "x"}, "reason": "x"}), "/arguments/id"),
        (json!({"operation": "add_note", "arguments": note, "reason": " "}), "/reason"),
        (json!({"operation": "add_note", "arguments": note, "reason": "x".repeat(501)}), "/reason"),
        (json!({"operation": "add_note", "arguments": note}), "/reason"),
        (json!({"operation": "run_bulk", "arguments": {"body": {"filter": {}}}, "reason": "x"}), "/arguments/body/ids"),
        (json!({"operation": "run_bulk", "arguments": {"body": {"ids": ["x"]}}, "reason": "x"}), "/arguments/body/ids/0"),
        (
            json!({"operation": "add_note", "arguments": {"body": {"customer": customer.as_str(), "text": "x".repeat(33_000)}}, "reason": "x"}),
            "/arguments",
        ),
    ] {
        let (status, refused) = api.call("collector", "POST", "/v1/proposals", asked.clone()).await;
        assert_eq!((status, &refused["errors"][0]["pointer"]), (400, &json!(pointer)), "{asked} {refused}");
    }
    let nobody =
        json!({"operation": "put_hold", "arguments": {"customer_id": "cus_nobody", "name": "x", "body": {}}, "reason": "x"});
    assert_eq!(api.call("collector", "POST", "/v1/proposals", nobody).await.0, 404);
    assert_eq!(api.call("viewer", "POST", "/v1/proposals", json!({})).await.0, 403);
    let tenant = TenantId::parse("acme").unwrap();
    assert_eq!(api.world.store.tasks(&tenant, 50, None).await.unwrap().tasks.len(), 0, "nothing of it was taken");
}
