//! What senders do: signing as each vendor says, computed here and not by the code under test.
#![allow(dead_code, reason = "each suite uses its own part")]

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

pub const CANONICAL_SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
pub const STRIPE_SECRET: &str = "whsec_test_secret";

/// A file of the connectors' fixtures.
pub fn fixture(name: &str) -> Vec<u8> {
    let path = format!("{}/../../shared/connectors/fixtures/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// A request as API Gateway passes it on, its body encoded.
pub fn request(tenant: &str, source: &str, headers: &[(&str, &str)], body: &[u8]) -> Value {
    let headers: serde_json::Map<String, Value> =
        headers.iter().map(|(name, value)| (name.to_lowercase(), json!(value))).collect();
    json!({
        "version": "2.0", "routeKey": "POST /webhooks/{tenant}/{source}", "rawPath": format!("/webhooks/{tenant}/{source}"),
        "rawQueryString": "", "headers": headers, "pathParameters": { "tenant": tenant, "source": source },
        "requestContext": { "http": { "method": "POST", "path": format!("/webhooks/{tenant}/{source}") } },
        "body": STANDARD.encode(body), "isBase64Encoded": true,
    })
}

/// The same with a body that is text.
pub fn plain(tenant: &str, source: &str, body: &[u8]) -> Value {
    let mut payload = request(tenant, source, &[], b"");
    payload["body"] = json!(std::str::from_utf8(body).expect("text"));
    payload["isBase64Encoded"] = json!(false);
    payload
}

/// The headers of a request.
pub fn headers(payload: &Value) -> Vec<(String, String)> {
    let headers = payload["headers"].as_object().into_iter().flatten();
    headers.map(|(name, value)| (name.clone(), value.as_str().unwrap_or_default().to_owned())).collect()
}

fn hmac(key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("any length");
    mac.update(&parts.concat());
    mac.finalize().into_bytes().to_vec()
}

/// A signed request.
pub fn delivery(source: &str, secret: &str, tenant: &str, id: &str, at_s: i64, body: &[u8]) -> Value {
    let at = at_s.to_string();
    if source == "stripe" {
        let digest = hmac(secret.as_bytes(), &[at.as_bytes(), b".", body]);
        let hex = hex::encode(digest);
        return request(tenant, source, &[("Stripe-Signature", &format!("t={at},v1={hex}"))], body);
    }
    let key = STANDARD.decode(secret.strip_prefix("whsec_").expect("the form")).expect("base64");
    let signature = format!("v1,{}", STANDARD.encode(hmac(&key, &[id.as_bytes(), b".", at.as_bytes(), b".", body])));
    let pairs = [("webhook-id", id), ("webhook-timestamp", at.as_str()), ("webhook-signature", signature.as_str())];
    request(tenant, source, &pairs, body)
}

pub fn canonical(tenant: &str, id: &str, at_s: i64, body: &[u8]) -> Value {
    delivery("canonical", CANONICAL_SECRET, tenant, id, at_s, body)
}

pub fn stripe(tenant: &str, at_s: i64, body: &[u8]) -> Value {
    delivery("stripe", STRIPE_SECRET, tenant, "", at_s, body)
}

/// A webhook of QuickBooks', signed with the app's secret.
pub fn intuit(secret: &str, body: &[u8]) -> Value {
    request("app", "quickbooks", &[("intuit-signature", &STANDARD.encode(hmac(secret.as_bytes(), &[body])))], body)
}

/// A recorded object of Stripe's in an event.
pub fn stripe_event(id: &str, kind: &str, object: &str) -> Value {
    let object: Value = serde_json::from_slice(&fixture(&format!("stripe/{object}.json"))).expect("JSON");
    stripe_object(id, kind, testbed::aws::NOW_S, &object)
}

/// An object in an event.
pub fn stripe_object(id: &str, kind: &str, created: i64, object: &Value) -> Value {
    json!({
        "id": id, "object": "event", "api_version": "2024-10-28.acacia", "created": created, "type": kind, "data": { "object": object }
    })
}
