//! The page tells why: for what left, and for what a shadow tenant would have sent.
#![allow(clippy::unwrap_used, reason = "a test says by panicking that it failed")]

use local::{Options, Stack, tenants::TenantIn};
use serde_json::{Value, json};

/// A stack with one tenant in `mode`, one overdue invoice and two weeks behind it; the page.
async fn page(mode: &str) -> (String, usize) {
    let stack = Stack::start(Options { now: Some("2026-02-08T20:00:00Z".parse().unwrap()), ..Options::default() }).await.unwrap();
    let settings = json!({"name": "Acme Ltd", "country": "DE", "mode": mode});
    let tenant = TenantIn { tenant: "acme".into(), settings: settings.as_object().cloned().unwrap(), ..TenantIn::default() };
    let created = stack.create_tenant(tenant).await.unwrap();
    let part = |name: &str| created.pointer(&format!("/webhooks/canonical/{name}")).and_then(Value::as_str).unwrap().to_owned();
    let body = json!({
        "type": "invoice.upserted",
        "customer": {"external_id": "C-1", "source_version": 1, "name": "Birch & Sons", "country": "DE", "language": "de",
            "contacts": [{"external_id": "p1", "name": "Robin Birch", "roles": ["billing"], "email": "robin@birch.example"}]},
        "invoice": {"external_id": "I-1", "source_version": 1, "number": "1001", "currency": "EUR", "total_minor": 125_000,
            "issued_on": "2026-01-05", "due_on": "2026-02-04", "status": "open", "paid_minor": 0, "credited_minor": 0},
    });
    let body = body.to_string();
    let mut request = http::Request::post(part("url")).header("content-type", "application/json");
    for (name, value) in local::demo::sign_canonical(&part("secret"), "evt-1", stack.now(), &body) {
        request = request.header(name, value);
    }
    assert_eq!(ask(request.body(body).unwrap()).await.0, 202);
    stack.advance("P3D").await.unwrap();
    let url = format!("{}/_local?tenant=acme", stack.url());
    let (status, html) = ask(http::Request::get(url).body(String::new()).unwrap()).await;
    assert_eq!(status, 200);
    (html, stack.outbox(None).len())
}

async fn ask(request: http::Request<String>) -> (u16, String) {
    use http_body_util::{BodyExt, Full};
    use hyper_util::{client::legacy::Client, rt::TokioExecutor};
    let client = Client::builder(TokioExecutor::new()).build_http::<Full<bytes::Bytes>>();
    let answer = client.request(request.map(Full::from)).await.unwrap();
    let status = answer.status().as_u16();
    let bytes = answer.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(bytes.to_vec()).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_left_says_why() {
    let (html, left) = page("live").await;
    assert_eq!(left, 1);
    for part in [
        "workflow <b>standard version 1</b>",
        "<td>1001<td>reminder<td>4 Feb 2026<td class=amount>1250.00 EUR",
        "Birch &amp; Sons owed",
    ] {
        assert!(html.contains(part), "{part} is missing");
    }
    assert!(!html.contains("Shadow: nothing left"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_would_have_left_is_shown_and_marked() {
    let (html, left) = page("shadow").await;
    assert_eq!(left, 0);
    assert!(html.contains("Shadow: nothing left") && html.contains("class='row shadow'"));
    assert!(html.contains("Erinnerung: Rechnung 1001"), "in the customer's language");
    assert!(html.contains("1.250,00\u{a0}€"), "with the amount of its record");
    assert!(html.contains("<td>1001<td>reminder<td>4 Feb 2026<td class=amount>1250.00 EUR"));
}
