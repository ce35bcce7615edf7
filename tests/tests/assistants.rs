//! An assistant at its tools: it reads what there is, and proposes what a person then decides about.

use serde_json::{Value, json};
use tests::{
    documents::{changed, customer, invoice},
    test_tenant::{Reply, TENANT, TestTenant},
};

/// What a client of the protocol asks, with these headers besides.
async fn post(desk: &TestTenant, token: Option<&str>, more: &[(&str, &str)], asked: &Value) -> Reply {
    let sent = [("accept", "application/json, text/event-stream"), ("content-type", "application/json")];
    let mut headers: Vec<(String, String)> =
        sent.iter().chain(more).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    headers.extend(token.map(|token| ("authorization".to_owned(), format!("Bearer {token}"))));
    desk.call("POST", "/mcp", &headers, asked.to_string().as_bytes()).await
}

/// The result of a method.
async fn ask(desk: &TestTenant, role: &str, method: &str, params: Value) -> Value {
    let token = desk.stack.token(TENANT, role).unwrap();
    let asked = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
    let reply = post(desk, Some(&token), &[], &asked).await.is(200);
    assert!(reply.body["error"].is_null(), "{}", reply.text);
    reply.body["result"].clone()
}

/// What a tool gives, which must be taken.
async fn tool(desk: &TestTenant, role: &str, name: &str, arguments: Value) -> Value {
    let result = ask(desk, role, "tools/call", json!({"name": name, "arguments": arguments})).await;
    assert_eq!(result["isError"], false, "{result}");
    result["structuredContent"].clone()
}

async fn accept(desk: &TestTenant, role: &str, task: &Value) -> Reply {
    let token = desk.stack.token(TENANT, role).unwrap();
    let headers = [("authorization".to_owned(), format!("Bearer {token}"))];
    let address = format!("/v1/tasks/{}/done", task["id"].as_str().unwrap());
    desk.call("POST", &address, &headers, b"{\"result\": \"approve\"}").await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_assistant_reads_and_proposes_and_a_person_decides() {
    // Nothing is decided, so that only people and documents change what is known of the customer.
    let desk = TestTenant::with("2026-02-05T09:00:00Z", json!({"mode": "off"}), None).await;
    let owed = invoice(&customer("C-1"), "INV-1", 125_000, "2026-02-04");
    desk.put(&owed).await;
    desk.advance("PT1M").await;
    let hello = json!({"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}});
    let told = ask(&desk, "collector", "initialize", hello).await;
    assert_eq!((&told["protocolVersion"], &told["capabilities"]["tools"]), (&json!("2025-11-25"), &json!({})), "{told}");
    let listed = ask(&desk, "collector", "tools/list", json!({})).await;
    let has = |name: &str| listed["tools"].as_array().unwrap().iter().any(|tool| tool["name"] == name);
    assert!(has("list_customers") && has("propose_make_agreement") && !has("make_agreement"), "{listed}");
    // It finds the customer by a list, under a name that nobody takes for an order.
    let found = tool(&desk, "collector", "search", json!({"q": "Firma"})).await;
    let id = found["data"][0]["customer"].as_str().unwrap().to_owned();
    let matter = tool(&desk, "collector", "show_customer_by_id", json!({"customer_id": id})).await;
    assert_eq!(matter["customer"]["untrusted_external_id"], "C-1", "{matter}");
    // What it proposes keeps nothing back until a manager accepts.
    let pause =
        json!({"body": {"customer": id, "kind": "pause", "reason": "manual", "until_on": "2026-02-20"}, "reason": "They asked"});
    let task = tool(&desk, "collector", "propose_make_agreement", pause.clone()).await;
    desk.advance("PT1M").await;
    let waiting = desk.tasks("proposal").await;
    assert_eq!((waiting.len(), &waiting[0]["id"]), (1, &task["id"]), "{waiting:?}");
    assert!(waiting[0]["proposal"].get("arguments").is_none(), "lists leave them out");
    assert_eq!(desk.matter("C-1").await["agreements"], json!([]));
    let done = accept(&desk, "manager", &task).await.is(200).body;
    let made = desk.matter("C-1").await["agreements"].clone();
    assert_eq!((&made[0]["id"], &made[0]["by"]), (&done["proposal"]["answer"]["id"], &done["done_by"]), "{made}");
    assert_eq!(accept(&desk, "manager", &task).await.is(409).body["status"], 409, "once");
    desk.advance("PT1M").await;
    assert_eq!(desk.tasks("proposal").await, Vec::<Value>::new());
    // A payment came since: what was proposed on the facts of before is not done.
    let stale = tool(
        &desk,
        "collector",
        "propose_give_order",
        json!({
            "customer_id": id, "body": {"kind": "lift_cap_once", "currency": "EUR"}, "reason": "One more reminder is fine",
        }),
    )
    .await;
    desk.put(&changed(&owed, 2, &json!({"paid_minor": 25_000}))).await;
    let refused = accept(&desk, "manager", &stale).await.is(409);
    assert!(refused.text.contains("changed since it was proposed"), "{}", refused.text);
    // A viewer proposes nothing, and accepts nothing.
    let viewer = ask(&desk, "viewer", "tools/call", json!({"name": "propose_make_agreement", "arguments": pause})).await;
    assert_eq!((&viewer["isError"], &viewer["structuredContent"]["status"]), (&json!(true), &json!(403)), "{viewer}");
    accept(&desk, "viewer", &stale).await.is(403);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_else_speaks_to_the_tools() {
    let desk = TestTenant::at("2026-02-05T09:00:00Z").await;
    let token = desk.stack.token(TENANT, "viewer").unwrap();
    let asked = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list"});
    post(&desk, None, &[], &asked).await.is(401);
    post(&desk, Some(&token), &[("origin", "https://evil.example")], &asked).await.is(403);
    post(&desk, Some(&token), &[], &asked).await.is(200);
    let headers = [("authorization".to_owned(), format!("Bearer {token}"))];
    for method in ["GET", "DELETE"] {
        desk.call(method, "/mcp", &headers, b"").await.is(405);
    }
    let metadata = desk.call("GET", "/.well-known/oauth-protected-resource/mcp", &[], b"").await.is(200).body;
    assert_eq!(metadata["resource"], format!("{}/mcp", desk.stack.url()), "{metadata}");
}
