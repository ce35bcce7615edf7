//! Objects as Stripe writes them: the published example of each, with what this one says.

use std::sync::LazyLock;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::held::{Session, Status, TakenBack};

/// What events are written in where the seller named no version.
pub const API_VERSION: &str = "2026-07-29.dahlia";

static OBJECTS: LazyLock<Map<String, Value>> =
    LazyLock::new(|| serde_json::from_str(include_str!("../../specs/stripe_objects.json")).expect("the objects are JSON"));

fn object(name: &str, with: Value) -> Value {
    let mut object = OBJECTS[name].clone();
    if let (Value::Object(object), Value::Object(with)) = (&mut object, with) {
        object.extend(with);
    }
    object
}

/// A checkout session.
pub fn session(session: &Session) -> Value {
    let params = &session.params;
    let customer_details = if session.status == Status::Complete {
        json!({"address": null, "email": "payer@example.com", "name": null, "phone": null, "tax_exempt": "none", "tax_ids": [],
               "business_name": null, "individual_name": null})
    } else {
        Value::Null
    };
    object(
        "checkout.session",
        json!({
            "id": session.id,
            "amount_subtotal": session.amount_total(),
            "amount_total": session.amount_total(),
            "currency": session.asked.currency,
            "cancel_url": params["cancel_url"],
            "success_url": params["success_url"],
            "client_reference_id": params["client_reference_id"],
            "customer": params["customer"],
            "customer_email": params["customer_email"],
            "customer_details": customer_details,
            "metadata": metadata(&params["metadata"]),
            "locale": params["locale"],
            "submit_type": params["submit_type"],
            "created": session.created.as_second(),
            "expires_at": session.asked.expires_at.as_second(),
            "payment_method_types": session.asked.methods,
            "payment_intent": session.intent,
            "payment_status": if session.received > 0 { "paid" } else { "unpaid" },
            "status": session.status.word(),
            "url": if session.status == Status::Open { json!(session.url) } else { Value::Null },
        }),
    )
}

fn metadata(given: &Value) -> Value {
    if given.is_null() { json!({}) } else { given.clone() }
}

/// The payment intent of a session that somebody tried to pay.
pub fn payment_intent(session: &Session) -> Value {
    let data = &session.params["payment_intent_data"];
    let error = session.failure.as_ref().map(|code| {
        json!({"type": "card_error", "code": code, "decline_code": code, "message": "The payment failed.", "payment_method": null})
    });
    object(
        "payment_intent",
        json!({
            "id": session.intent,
            "amount": session.amount_total(),
            "amount_received": session.received,
            "client_secret": session.intent.as_ref().map(|intent| format!("{intent}_secret")),
            "created": session.created.as_second(),
            "currency": session.asked.currency,
            "customer": session.params["customer"],
            "description": data["description"],
            "last_payment_error": error,
            "latest_charge": session.charge,
            "metadata": metadata(&data["metadata"]),
            "payment_method_types": session.asked.methods,
            "status": session.intent_status(),
        }),
    )
}

/// The charge of a session that was paid.
pub fn charge(session: &Session) -> Value {
    let data = &session.params["payment_intent_data"];
    let method = session.method.as_deref().unwrap_or("card");
    object(
        "charge",
        json!({
            "id": session.charge,
            "amount": session.amount_total(),
            "amount_captured": session.received,
            "amount_refunded": session.refunded(),
            "created": session.created.as_second(),
            "currency": session.asked.currency,
            "customer": session.params["customer"],
            "description": data["description"],
            "disputed": session.taken_back.iter().any(|one| one.is_dispute),
            "failure_code": session.failure,
            "metadata": metadata(&data["metadata"]),
            "paid": session.received > 0,
            "payment_intent": session.intent,
            "payment_method_details": {"type": method, method: {}},
            "refunded": session.refunded() >= session.received && session.received > 0,
            "status": if session.received > 0 { "succeeded" } else if session.failure.is_some() { "failed" } else { "pending" },
        }),
    )
}

/// A refund.
pub fn refund(session: &Session, refund: &TakenBack) -> Value {
    let method = session.method.as_deref().unwrap_or("card");
    object(
        "refund",
        json!({
            "id": refund.id,
            "amount": refund.amount,
            "charge": session.charge,
            "created": refund.at.as_second(),
            "currency": session.asked.currency,
            "destination_details": {"type": method, method: {}},
            "metadata": metadata(&refund.params["metadata"]),
            "payment_intent": session.intent,
            "reason": refund.params["reason"],
            "status": "succeeded",
        }),
    )
}

/// A dispute.
pub fn dispute(session: &Session, dispute: &TakenBack) -> Value {
    object(
        "dispute",
        json!({
            "id": dispute.id,
            "amount": dispute.amount,
            "charge": session.charge,
            "created": dispute.at.as_second(),
            "currency": session.asked.currency,
            "payment_intent": session.intent,
            "payment_method_details": {"type": session.method.as_deref().unwrap_or("card")},
            "status": "needs_response",
        }),
    )
}

/// An event about an object.
pub fn event(id: &str, kind: &str, version: &str, at: Timestamp, about: &Value) -> Value {
    object(
        "event",
        json!({"id": id, "type": kind, "api_version": version, "created": at.as_second(), "data": {"object": about}, "pending_webhooks": 1}),
    )
}

/// A list.
pub fn list(url: &str, data: Vec<Value>, has_more: bool) -> Value {
    json!({"object": "list", "url": url, "has_more": has_more, "data": data})
}
