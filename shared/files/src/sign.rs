//! Signature Version 4, as far as forms and links need it.
//!
//! By hand instead of `aws-sigv4`, which the SDK links: it signs requests and knows no form, whose policy is signed as a text; and links would
//! need its own clock and identity types. A test holds it against the example of the S3 reference.

use std::{collections::BTreeMap, fmt::Write};

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use jiff::{Timestamp, tz::TimeZone};
use serde_json::json;
use sha2::{Digest, Sha256};

/// What forms and links are signed by.
pub const ALGORITHM: &str = "AWS4-HMAC-SHA256";
const SERVICE: &str = "s3";

/// What a signature is good for: a region and a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SigningScope {
    region: String,
    day: String,
    instant: String,
}

impl SigningScope {
    /// A region, at an instant.
    pub fn new(region: &str, now: Timestamp) -> Self {
        let now = now.to_zoned(TimeZone::UTC);
        Self {
            region: region.to_owned(),
            day: now.strftime("%Y%m%d").to_string(),
            instant: now.strftime("%Y%m%dT%H%M%SZ").to_string(),
        }
    }

    /// The instant in its basic form.
    pub fn instant(&self) -> String {
        self.instant.clone()
    }

    fn name(&self) -> String {
        format!("{}/{}/{SERVICE}/aws4_request", self.day, self.region)
    }

    /// The scope behind the id of an access key.
    pub fn credential(&self, access_key_id: &str) -> String {
        format!("{access_key_id}/{}", self.name())
    }

    fn key(&self, secret: &str) -> Vec<u8> {
        let first = mac(format!("AWS4{secret}").as_bytes(), self.day.as_bytes());
        [self.region.as_str(), SERVICE, "aws4_request"].iter().fold(first, |key, part| mac(&key, part.as_bytes()))
    }
}

fn mac(key: &[u8], message: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    mac.update(message);
    mac.finalize().into_bytes().to_vec()
}

/// The signature of a text in a scope.
pub fn hex_signature(secret: &str, scope: &SigningScope, text: &[u8]) -> String {
    hex::encode(mac(&scope.key(secret), text))
}

/// The signature of a request that fetches `path` of `host`; `query` is canonical.
pub fn query_signature(secret: &str, scope: &SigningScope, host: &str, path: &str, query: &str) -> String {
    let request = format!("GET\n{path}\n{query}\nhost:{host}\n\nhost\nUNSIGNED-PAYLOAD");
    let digest = hex::encode(Sha256::digest(request.as_bytes()));
    let text = format!("{ALGORITHM}\n{}\n{}\n{digest}", scope.instant, scope.name());
    hex_signature(secret, scope, text.as_bytes())
}

/// A text as addresses carry it; slashes stay where it is a path.
pub fn encoded(text: &str, is_path: bool) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(char::from(byte)),
            b'/' if is_path => out.push('/'),
            _ => {
                let _infallible = write!(out, "%{byte:02X}");
            }
        }
    }
    out
}

/// Names and values as a query, in the order that is signed.
pub fn canonical_query(pairs: &[(String, String)]) -> String {
    let mut encoded: Vec<String> =
        pairs.iter().map(|(name, value)| format!("{}={}", encoded(name, false), encoded(value, false))).collect();
    encoded.sort();
    encoded.join("&")
}

/// The host and path of an address.
pub fn host_and_path(url: &str) -> (&str, &str) {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.find('/').map_or((rest, "/"), |at| rest.split_at(at))
}

/// What a form may put, in the form that is signed: every field exactly, a size from 1 byte, until an instant.
pub fn policy(bucket: &str, fields: &BTreeMap<String, String>, bytes_max: u64, expires_at: Timestamp) -> String {
    let mut conditions = vec![json!({ "bucket": bucket }), json!(["content-length-range", 1, bytes_max])];
    conditions.extend(fields.iter().map(|(name, value)| json!(["eq", format!("${name}"), value])));
    let expiration = expires_at.strftime("%Y-%m-%dT%H:%M:%S.000Z").to_string();
    STANDARD.encode(json!({ "expiration": expiration, "conditions": conditions }).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of "Authenticating Requests: Using Query Parameters" in the S3 API reference.
    #[test]
    fn a_link_is_signed_as_the_example_of_s3() {
        let scope = SigningScope::new("us-east-1", "2013-05-24T00:00:00Z".parse().expect("an instant"));
        let pairs = [
            ("X-Amz-Algorithm", ALGORITHM.to_owned()),
            ("X-Amz-Credential", scope.credential("AKIAIOSFODNN7EXAMPLE")),
            ("X-Amz-Date", scope.instant()),
            ("X-Amz-Expires", "86400".to_owned()),
            ("X-Amz-SignedHeaders", "host".to_owned()),
        ];
        let query = canonical_query(&pairs.map(|(name, value)| (name.to_owned(), value)));
        let secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
        let signature = query_signature(secret, &scope, "examplebucket.s3.amazonaws.com", "/test.txt", &query);
        assert_eq!(signature, "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404");
    }

    #[test]
    fn addresses_are_taken_apart_and_texts_encoded() {
        assert_eq!(host_and_path("http://127.0.0.1:1/fn/admin/b/k"), ("127.0.0.1:1", "/fn/admin/b/k"));
        assert_eq!(host_and_path("https://b.s3.eu-central-1.amazonaws.com"), ("b.s3.eu-central-1.amazonaws.com", "/"));
        assert_eq!(encoded("a b/ü~", true), "a%20b/%C3%BC~");
        assert_eq!(encoded("a/b", false), "a%2Fb");
    }

    #[test]
    fn a_form_says_what_it_may_put() {
        let fields = BTreeMap::from([("key".to_owned(), "uploads/acme/1".to_owned())]);
        let policy = policy("b", &fields, 10, "2026-02-10T10:15:00Z".parse().expect("an instant"));
        let read: serde_json::Value = serde_json::from_slice(&STANDARD.decode(policy).expect("base 64")).expect("JSON");
        assert_eq!(read["expiration"], "2026-02-10T10:15:00.000Z");
        assert_eq!(
            read["conditions"],
            json!([{"bucket": "b"}, ["content-length-range", 1, 10], ["eq", "$key", "uploads/acme/1"]])
        );
    }
}
