//! What a seller's systems send: documents, and signatures computed here and not by the code under test.

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

/// A company in Berlin with one billing contact, whom an SMS may reach too.
pub fn customer(id: &str) -> Value {
    json!({
        "external_id": id, "source_version": 1, "name": format!("Firma {id}"), "kind": "company", "language": "de", "country": "DE",
        "region": "BE", "time_zone": "Europe/Berlin",
        "contacts": [{
            "external_id": "p1", "name": "Anna Weber", "roles": ["billing"], "email": format!("{}@buyer.example", id.to_lowercase()),
            "phone": "+493012345678", "consents": ["sms"],
        }],
    })
}

/// An open invoice in euros, issued thirty days before it falls due.
pub fn invoice(customer: &Value, id: &str, total_minor: i64, due_on: &str) -> Value {
    let due: jiff::civil::Date = due_on.parse().expect("a date");
    json!({
        "type": "invoice.upserted", "customer": customer,
        "invoice": {
            "external_id": id, "source_version": 1, "number": id, "currency": "EUR", "total_minor": total_minor,
            "issued_on": due - jiff::Span::new().days(30), "due_on": due, "status": "open",
        },
    })
}

/// The document with changes to its invoice, as its given version.
pub fn changed(document: &Value, version: i64, changes: &Value) -> Value {
    let mut document = document.clone();
    document["invoice"]["source_version"] = json!(version);
    for (name, value) in changes.as_object().into_iter().flatten() {
        document["invoice"][name] = value.clone();
    }
    document
}

/// A payment in euros for one invoice.
pub fn payment(customer: &str, id: &str, version: i64, status: &str, invoice: &str, amount_minor: i64) -> Value {
    json!({
        "type": "payment.upserted", "customer": {"external_id": customer},
        "payment": {
            "external_id": id, "source_version": version, "status": status, "amount_minor": amount_minor, "currency": "EUR",
            "received_on": "2026-02-01", "allocations": [{"invoice_external_id": invoice, "amount_minor": amount_minor}],
        },
    })
}

/// HMAC-SHA256.
pub fn hmac(key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    mac.update(&parts.concat());
    mac.finalize().into_bytes().to_vec()
}

/// The headers of a Standard Webhooks delivery.
pub fn sign_canonical(secret: &str, id: &str, at_s: i64, body: &[u8]) -> Vec<(String, String)> {
    let key = STANDARD.decode(secret.trim_start_matches("whsec_")).expect("the secret is base64");
    let at = at_s.to_string();
    let signature = STANDARD.encode(hmac(&key, &[id.as_bytes(), b".", at.as_bytes(), b".", body]));
    [("webhook-id", id.to_owned()), ("webhook-timestamp", at), ("webhook-signature", format!("v1,{signature}"))]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
}

/// The header of a Stripe delivery.
pub fn sign_stripe(secret: &str, at_s: i64, body: &[u8]) -> Vec<(String, String)> {
    let digest = hmac(secret.as_bytes(), &[at_s.to_string().as_bytes(), b".", body]);
    let hex = hex::encode(digest);
    vec![("stripe-signature".to_owned(), format!("t={at_s},v1={hex}"))]
}
