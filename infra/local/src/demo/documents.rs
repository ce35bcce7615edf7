//! What the seller's systems would send: documents and their signatures.

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use jiff::{Timestamp, ToSpan, civil::Date};
use serde_json::{Value, json};
use sha2::Sha256;

use super::scenario::{Bill, Buyer, time_zone};

/// The canonical customer.
pub fn customer(buyer: &Buyer) -> Value {
    let mut contact = json!({"external_id": "p1", "name": buyer.person, "roles": ["billing"], "email": buyer.email});
    if let Some(phone) = buyer.phone {
        contact["phone"] = json!(phone);
        contact["consents"] = json!(["sms"]);
    }
    let mut customer = json!({
        "external_id": buyer.id, "source_version": 1, "name": buyer.name, "kind": "company", "language": buyer.language,
        "country": buyer.place.0, "contacts": [contact],
    });
    if let Some(region) = buyer.place.1 {
        customer["region"] = json!(region);
    }
    if let Some(zone) = time_zone(buyer.place) {
        customer["time_zone"] = json!(zone);
    }
    customer
}

/// A canonical invoice as it stands.
pub fn invoice(buyer: &Buyer, bill: &Bill, start: Date, version: i64, standing: Standing) -> Value {
    let issued_on = start + bill.on.days();
    let due_on = issued_on + (bill.terms + 30 * (bill.parts - 1)).days();
    let mut invoice = json!({
        "external_id": format!("INV-{}", bill.number), "source_version": version, "number": bill.number,
        "currency": buyer.currency, "total_minor": bill.total_minor, "issued_on": issued_on, "due_on": due_on,
        "status": if standing.is_void { "void" } else { "open" },
        "paid_minor": standing.paid_minor, "credited_minor": standing.credited_minor,
    });
    if bill.parts > 1 {
        invoice["instalments"] = (0..bill.parts)
            .map(|part| json!({"due_on": issued_on + (bill.terms + 30 * part).days(), "amount_minor": bill.total_minor / bill.parts}))
            .collect();
    }
    json!({"type": "invoice.upserted", "customer": customer(buyer), "invoice": invoice})
}

/// A canonical payment of one bill, as the seller's people enter it.
pub fn payment(buyer: &Buyer, bill: &Bill, id: &str, reference: &str, minor: i64, received_on: Date) -> Value {
    json!({
        "type": "payment.upserted", "customer": {"external_id": buyer.id},
        "payment": {
            "external_id": id, "source_version": 1, "status": "received", "currency": buyer.currency, "amount_minor": minor,
            "received_on": received_on, "reference": reference,
            "allocations": [{"invoice_external_id": format!("INV-{}", bill.number), "amount_minor": minor}],
        },
    })
}

/// What came of a bill so far.
#[derive(Clone, Copy, Debug, Default)]
pub struct Standing {
    /// Paid, minor units.
    pub paid_minor: i64,
    /// Credited, minor units.
    pub credited_minor: i64,
    /// Cancelled.
    pub is_void: bool,
    /// The last payment, minor units.
    pub last_minor: i64,
}

/// A Stripe invoice event.
pub fn stripe_invoice(buyer: &Buyer, bill: &Bill, start: Date, at: Timestamp, standing: Standing, event: &str) -> Value {
    let issued_at = start + bill.on.days();
    let seconds = |date: Date| date.at(12, 0, 0, 0).to_zoned(jiff::tz::TimeZone::UTC).map_or(0, |at| at.timestamp().as_second());
    let remaining = bill.total_minor - standing.paid_minor;
    json!({
        "id": event, "object": "event", "api_version": "2026-09-30", "created": at.as_second(), "livemode": false,
        "type": if remaining == 0 { "invoice.paid" } else { "invoice.finalized" },
        "data": {"object": {
            "id": bill.number, "object": "invoice", "number": format!("{}-0001", buyer.id.trim_start_matches("cus_").to_uppercase()),
            "customer": buyer.id, "customer_name": buyer.name, "customer_email": buyer.email,
            "customer_address": {"country": buyer.place.0, "state": buyer.place.1},
            "currency": buyer.currency.to_lowercase(), "collection_method": "send_invoice",
            "total": bill.total_minor, "amount_due": bill.total_minor, "amount_paid": standing.paid_minor,
            "amount_remaining": remaining, "pre_payment_credit_notes_amount": 0, "post_payment_credit_notes_amount": 0,
            "status": if remaining == 0 { "paid" } else { "open" },
            "created": seconds(issued_at), "effective_at": seconds(issued_at), "due_date": seconds(issued_at + bill.terms.days()),
            "hosted_invoice_url": format!("https://invoice.stripe.example/{}", bill.number),
            "status_transitions": {"finalized_at": seconds(issued_at)}, "metadata": {},
        }},
    })
}

fn hmac(key: &[u8], text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

/// Headers of a Standard Webhooks delivery.
pub fn sign_canonical(secret: &str, id: &str, at: Timestamp, body: &str) -> Vec<(&'static str, String)> {
    let key = STANDARD.decode(secret.trim_start_matches("whsec_")).unwrap_or_else(|_| secret.as_bytes().to_vec());
    let second = at.as_second();
    let signature = STANDARD.encode(hmac(&key, &format!("{id}.{second}.{body}")));
    vec![
        ("webhook-id", id.to_owned()),
        ("webhook-timestamp", second.to_string()),
        ("webhook-signature", format!("v1,{signature}")),
    ]
}

/// Header of a Stripe delivery.
pub fn sign_stripe(secret: &str, at: Timestamp, body: &str) -> Vec<(&'static str, String)> {
    let second = at.as_second();
    let hex = hex::encode(hmac(secret.as_bytes(), &format!("{second}.{body}")));
    vec![("stripe-signature", format!("t={second},v1={hex}"))]
}
