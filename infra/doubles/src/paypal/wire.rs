//! Objects as PayPal writes them.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::held::{Capture, CaptureStatus, Order, TakenBack};
use crate::money;

fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

fn amount(minor: i64, currency: &str) -> Value {
    json!({"currency_code": currency, "value": money::text(minor, currency)})
}

fn link(href: String, rel: &str, method: &str) -> Value {
    json!({"href": href, "rel": rel, "method": method})
}

/// Without the fields that are null.
fn present(mut value: Value) -> Value {
    if let Value::Object(fields) = &mut value {
        fields.retain(|_, field| !field.is_null());
    }
    value
}

/// An order: as a whole, or the little that is answered where nobody prefers the whole.
pub fn order(order: &Order, base: &str, whole: bool) -> Value {
    let own = format!("{base}/v2/checkout/orders/{}", order.id);
    let by_wallet = order.request["payment_source"].is_object();
    let mut links = vec![link(own.clone(), "self", "GET")];
    match (&order.capture, order.approved) {
        (None, None) => {
            links.push(link(pay_url(order, base), if by_wallet { "payer-action" } else { "approve" }, "GET"));
            if !by_wallet {
                links.push(link(format!("{own}/capture"), "capture", "POST"));
            }
        }
        (None, Some(_)) => links.push(link(format!("{own}/capture"), "capture", "POST")),
        (Some(_), _) => {}
    }
    let payer = order.approved.map(|_| {
        json!({"email_address": "payer@example.com", "payer_id": "QYR5Z8XDVJNXQ", "name": {"given_name": "Pat", "surname": "Payer"}})
    });
    let source = if by_wallet || order.approved.is_some() { json!({"paypal": {}}) } else { Value::Null };
    let unit = if whole || order.capture.is_some() { json!([unit(order, base, whole)]) } else { Value::Null };
    let mut shown = json!({
        "id": order.id,
        "status": order.status(),
        "payment_source": source,
        "purchase_units": unit,
        "payer": payer,
        "links": links,
    });
    if whole {
        shown["intent"] = order.request["intent"].clone();
        shown["create_time"] = json!(time(order.created));
        shown["update_time"] = if order.updated == order.created { Value::Null } else { json!(time(order.updated)) };
    }
    present(shown)
}

fn unit(order: &Order, base: &str, whole: bool) -> Value {
    let asked = order.unit();
    let reference = asked["reference_id"].as_str().unwrap_or("default");
    let payments = order.capture.as_ref().map(|taken| {
        let refunds: Vec<Value> =
            order.taken_back.iter().filter(|one| !one.is_reversal).map(|one| refund(order, one, base)).collect();
        let refunds = if refunds.is_empty() { Value::Null } else { json!(refunds) };
        present(json!({"captures": [capture(order, taken, base)], "refunds": refunds}))
    });
    let mut shown = json!({"reference_id": reference, "payments": payments});
    if whole {
        for name in ["amount", "description", "custom_id", "invoice_id", "soft_descriptor", "items"] {
            shown[name] = asked[name].clone();
        }
        shown["payee"] = json!({"email_address": "seller@example.com", "merchant_id": "6VBQ8XXUXH8TC"});
    }
    present(shown)
}

/// Where a payer approves an order.
pub fn pay_url(order: &Order, base: &str) -> String {
    format!("{base}/checkoutnow?token={}", order.id)
}

/// A capture.
pub fn capture(order: &Order, capture: &Capture, base: &str) -> Value {
    let own = format!("{base}/v2/payments/captures/{}", capture.id);
    let back: i64 = order.taken_back.iter().map(|one| one.amount).sum();
    let (status, details) = match capture.status {
        CaptureStatus::Completed if back == 0 => ("COMPLETED", Value::Null),
        CaptureStatus::Completed if back < capture.amount => ("PARTIALLY_REFUNDED", Value::Null),
        CaptureStatus::Completed => ("REFUNDED", Value::Null),
        CaptureStatus::Pending => ("PENDING", json!({"reason": "ECHECK"})),
        CaptureStatus::Declined => ("DECLINED", Value::Null),
    };
    let zero = amount(0, &order.currency);
    let breakdown = (capture.status == CaptureStatus::Completed).then(|| {
        let gross = amount(capture.amount, &order.currency);
        json!({"gross_amount": gross, "paypal_fee": zero, "net_amount": gross})
    });
    present(json!({
        "id": capture.id,
        "status": status,
        "status_details": details,
        "amount": amount(capture.amount, &order.currency),
        "final_capture": true,
        "disbursement_mode": "INSTANT",
        "seller_protection": {"status": "ELIGIBLE", "dispute_categories": ["ITEM_NOT_RECEIVED", "UNAUTHORIZED_TRANSACTION"]},
        "seller_receivable_breakdown": breakdown,
        "invoice_id": order.unit()["invoice_id"],
        "custom_id": order.unit()["custom_id"],
        "supplementary_data": {"related_ids": {"order_id": order.id}},
        "create_time": time(capture.at),
        "update_time": time(capture.updated),
        "links": [
            link(own.clone(), "self", "GET"),
            link(format!("{own}/refund"), "refund", "POST"),
            link(format!("{base}/v2/checkout/orders/{}", order.id), "up", "GET"),
        ],
    }))
}

/// A refund, or a reversal.
pub fn refund(order: &Order, refund: &TakenBack, base: &str) -> Value {
    let capture = order.capture.as_ref().map(|capture| capture.id.as_str()).unwrap_or_default();
    let until = order.taken_back.iter().take_while(|one| one.id != refund.id).map(|one| one.amount).sum::<i64>();
    let gross = amount(refund.amount, &order.currency);
    let own = |name: &str| if refund.params[name].is_null() { order.unit()[name].clone() } else { refund.params[name].clone() };
    present(json!({
        "id": refund.id,
        "status": "COMPLETED",
        "amount": gross,
        "invoice_id": own("invoice_id"),
        "custom_id": own("custom_id"),
        "note_to_payer": refund.params["note_to_payer"],
        "seller_payable_breakdown": {
            "gross_amount": gross,
            "paypal_fee": amount(0, &order.currency),
            "net_amount": gross,
            "total_refunded_amount": amount(until + refund.amount, &order.currency),
        },
        "create_time": time(refund.at),
        "update_time": time(refund.at),
        "links": [
            link(format!("{base}/v2/payments/refunds/{}", refund.id), "self", "GET"),
            link(format!("{base}/v2/payments/captures/{capture}"), "up", "GET"),
        ],
    }))
}

/// An event about a resource.
pub fn event(id: &str, kind: &str, at: Timestamp, (resource_type, resource): (&str, &Value), base: &str) -> Value {
    let summary = format!("{} happened.", kind.to_ascii_lowercase().replace(['.', '_'], " "));
    let own = format!("{base}/v1/notifications/webhooks-events/{id}");
    json!({
        "id": id,
        "event_version": "1.0",
        "create_time": at.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string(),
        "resource_type": resource_type,
        "resource_version": "2.0",
        "event_type": kind,
        "summary": summary,
        "resource": resource,
        "links": [link(own.clone(), "self", "GET"), link(format!("{own}/resend"), "resend", "POST")],
    })
}
