//! What the suites share: signing as each vendor does, and small builders.
#![allow(dead_code, reason = "each suite uses its own part")]

use base64::{Engine, engine::general_purpose::STANDARD};
use connectors::{Bodies, Connector, Headers, Hinted, Incoming, Reading, Rejected, Secret};
use domain::TenantId;
use hmac::{Hmac, KeyInit, Mac};
use jiff::{Timestamp, tz::TimeZone};
use sha2::Sha256;

/// The instant at which the tests' requests arrive.
pub const NOW_S: i64 = 1_767_600_000;

pub fn now() -> Timestamp {
    Timestamp::from_second(NOW_S).expect("in range")
}

pub fn tenant() -> TenantId {
    TenantId::parse("acme").expect("a tenant id")
}

pub fn berlin() -> TimeZone {
    TimeZone::get("Europe/Berlin").expect("bundled")
}

fn hmac(key: &[u8], text: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("any length");
    mac.update(text);
    mac.finalize().into_bytes().to_vec()
}

/// The headers that the vendor of `source` would send with `body`, computed here and not by the crate.
pub fn signed(source: &str, secret: &str, at_s: i64, body: &[u8]) -> Vec<(String, String)> {
    let pair = |name: &str, value: String| (name.to_owned(), value);
    match source {
        "canonical" => {
            let key = STANDARD.decode(secret.strip_prefix("whsec_").expect("the form")).expect("base64");
            let signature = STANDARD.encode(hmac(&key, &[format!("evt_1.{at_s}.").as_bytes(), body].concat()));
            vec![
                pair("webhook-id", "evt_1".to_owned()),
                pair("webhook-timestamp", at_s.to_string()),
                pair("webhook-signature", format!("v1,{signature}")),
            ]
        }
        "stripe" => {
            let digest = hmac(secret.as_bytes(), &[format!("{at_s}.").as_bytes(), body].concat());
            let hex = hex::encode(digest);
            vec![pair("Stripe-Signature", format!("t={at_s},v1={hex}"))]
        }
        "quickbooks" => vec![pair("intuit-signature", STANDARD.encode(hmac(secret.as_bytes(), body)))],
        "xero" => vec![pair("x-xero-signature", STANDARD.encode(hmac(secret.as_bytes(), body)))],
        other => panic!("say here how {other} signs"),
    }
}

/// The headers as the crate takes them.
pub fn headers(pairs: &[(String, String)]) -> Headers {
    pairs.iter().cloned().collect()
}

/// The status that `connector` refuses with; `None` when it believes the request.
pub fn refusal(connector: &dyn Connector, pairs: &[(String, String)], body: &[u8], secrets: &[&str]) -> Option<u16> {
    let secrets: Vec<Secret> = secrets.iter().map(|text| Secret::new(*text)).collect();
    let incoming = Incoming { headers: &headers(pairs), body, now: now() };
    connector.verify(&incoming, &secrets).err().map(|refused| refused.status)
}

/// What `source` reads in `body`, for a tenant in Berlin.
pub fn read(source: &str, body: &[u8]) -> Result<Reading, Rejected> {
    let connector = connectors::by_source(source).expect("registered");
    let headers = headers(&[("webhook-id".to_owned(), "evt_1".to_owned())]);
    match connector.bodies() {
        Bodies::Objects(objects) => objects.read(&tenant(), &berlin(), &Incoming { headers: &headers, body, now: now() }),
        Bodies::Hints(_) => panic!("{source} carries ids"),
    }
}

/// What `source` points at in `body`.
pub fn hints(source: &str, body: &[u8]) -> Result<Hinted, Rejected> {
    match connectors::by_source(source).expect("registered").bodies() {
        Bodies::Hints(hints) => hints.hints(&Incoming { headers: &headers(&[]), body, now: now() }),
        Bodies::Objects(_) => panic!("{source} carries objects"),
    }
}
