//! The statement signed, for a program that shows it to others: a JSON Web Token (RFC 7519) in compact form, `ES256`, whose key stands at
//! `/p/keys/{tenant}`. `docs/schemas/signed_statement.schema.json`.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::CustomerId;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use store::StatementKey;

use crate::{labels::PageLabels, page::PortalPage};

/// How long a statement may be relied on: what is owed changes from day to day.
const GOOD_FOR: SignedDuration = SignedDuration::from_hours(24);
/// What is signed, so that no other token of the same key is taken for one (RFC 8725, 3.11).
const TYPE: &str = "statement+jwt";

/// Where the key of a tenant's statements stands.
pub(crate) fn keys_path(tenant: &str) -> String {
    format!("/p/keys/{tenant}")
}

/// A statement of a customer's that was made as JSON, signed as it is given out; `None` where it cannot be. Every other page stays as it is.
pub(crate) fn signed(
    key: &StatementKey,
    issuer: &str,
    customer: &CustomerId,
    page: PortalPage,
    now: Timestamp,
) -> Option<PortalPage> {
    let PortalPage::Data { file, language, body, .. } = page else { return Some(page) };
    let statement: Value = serde_json::from_str(&body).ok()?;
    let header = json!({ "alg": "ES256", "kid": key.public().id, "typ": TYPE });
    let claims = json!({
        "iss": issuer, "sub": customer, "iat": now.as_second(), "exp": (now + GOOD_FOR).as_second(), "statement": statement,
    });
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let text = format!("{}.{}", part(&header), part(&claims));
    let signature = URL_SAFE_NO_PAD.encode(key.sign(text.as_bytes())?);
    Some(PortalPage::Data { content_type: "application/jose", file, language, body: format!("{text}.{signature}") })
}

/// The key by which statements are verified, as a set (RFC 7517).
pub(crate) fn key_set(key: &StatementKey, words: &'static PageLabels) -> PortalPage {
    let public = key.public();
    let jwk = json!({
        "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": public.id, "x": public.x, "y": public.y,
    });
    let body = json!({ "keys": [jwk] }).to_string();
    PortalPage::Data { content_type: "application/jwk-set+json", file: None, language: words.language, body }
}
