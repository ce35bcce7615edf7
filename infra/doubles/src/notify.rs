//! Notifications and their signatures.

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, HeaderName, HeaderValue, header};
use jiff::Timestamp;
use serde_json::Value;
use sha2::Sha256;

/// What happened to an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It is new.
    Created,
    /// It is another than it was.
    Updated,
    /// It is gone.
    Deleted,
    /// Another was merged into it.
    Merged,
    /// It counts for nothing any more.
    Voided,
}

/// One event, as the vendor would send it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notification {
    /// The company.
    pub realm: String,
    /// The kind of object as the vendor's notifications name it: `Invoice`, `INVOICE`.
    pub kind: &'static str,
    /// The object.
    pub id: String,
    /// What happened.
    pub change: Change,
    /// When.
    pub at: Timestamp,
    /// The event's own id where the vendor has one; the same in every delivery.
    pub event: String,
    /// The number of the event among all of the app, from 1.
    pub sequence: u64,
    /// What else the vendor says; null for nothing.
    pub data: Value,
}

impl Notification {
    /// One that is not numbered yet.
    pub(crate) fn new(realm: &str, kind: &'static str, id: String, change: Change, at: Timestamp, data: Value) -> Self {
        Self { realm: realm.to_owned(), kind, id, change, at, event: String::new(), sequence: 0, data }
    }
}

/// A webhook, ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// The vendor's headers.
    pub headers: HeaderMap,
    /// The body, to be sent byte for byte.
    pub body: Bytes,
}

/// The signature of both vendors: HMAC-SHA256 of the raw body under the key as text, in base64.
pub(crate) fn sign(key: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).expect("keys of any length are keys");
    mac.update(body);
    STANDARD.encode(mac.finalize().into_bytes())
}

pub(crate) fn delivery(name: &'static str, key: &str, body: String) -> Delivery {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let signature = HeaderValue::from_str(&sign(key, body.as_bytes())).expect("base64 is text");
    headers.insert(HeaderName::from_static(name), signature);
    Delivery { headers, body: body.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_vectors() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/connectors/fixtures/vectors/signatures.json");
        let vectors: Vec<Value> = serde_json::from_str(&std::fs::read_to_string(path).expect("the vectors")).expect("JSON");
        let ours =
            vectors.iter().filter(|vector| ["quickbooks", "xero"].contains(&vector["system"].as_str().unwrap_or_default()));
        let mut checked = 0;
        for vector in ours {
            let text = |name: &str| vector[name].as_str().expect("a text");
            assert_eq!(sign(text("secret"), text("body").as_bytes()), text("expected"));
            checked += 1;
        }
        assert!(checked >= 2, "{checked}");
    }
}
