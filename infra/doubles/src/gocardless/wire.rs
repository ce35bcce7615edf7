//! Objects as GoCardless writes them.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::held::{BillingRequest, Flow, Payment, Refund, RequestStatus};

fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}

fn metadata(given: &Value) -> Value {
    if given.is_null() { json!({}) } else { given.clone() }
}

/// Links to what there is.
fn links<'a>(pairs: impl IntoIterator<Item = (&'a str, Option<&'a str>)>) -> Value {
    let present = pairs.into_iter().filter_map(|(name, id)| Some((name.to_owned(), json!(id?))));
    Value::Object(present.collect::<Map<String, Value>>())
}

/// A billing request.
pub fn billing_request(request: &BillingRequest) -> Value {
    let status = if request.status == RequestStatus::Pending { "pending" } else { "completed" };
    let action = |kind: &str, required: bool| json!({"type": kind, "required": required, "status": status, "completes_actions": [], "requires_actions": []});
    let mut shown = json!({
        "id": request.id,
        "created_at": time(request.created),
        "status": request.status.word(),
        "fallback_enabled": request.body["fallback_enabled"] == true,
        "fallback_occurred": request.fell_back,
        "metadata": metadata(&request.body["metadata"]),
        "actions": [
            action("choose_currency", false),
            action("collect_customer_details", true),
            action("select_institution", request.has_payment()),
            action("collect_bank_account", request.has_mandate()),
            action("bank_authorisation", request.has_payment()),
        ],
        "links": links([
            ("customer", Some(request.customer.as_str())),
            ("creditor", Some("CR000STANDIN")),
            ("mandate_request_mandate", request.mandate.as_deref()),
            ("payment_request_payment", request.payment.as_deref()),
        ]),
        "resources": {},
    });
    for (name, made) in [("payment_request", ("payment", &request.payment)), ("mandate_request", ("mandate", &request.mandate))] {
        let asked = &request.body[name];
        if asked.is_object() {
            shown[name] = asked.clone();
            shown[name]["metadata"] = metadata(&asked["metadata"]);
            shown[name]["links"] = links([(made.0, made.1.as_deref())]);
        }
    }
    shown
}

/// A flow.
pub fn flow(request: &BillingRequest, flow: &Flow, base: &str) -> Value {
    let body = &flow.body;
    let is_set = |name: &str| body[name] == true;
    json!({
        "id": flow.id,
        "authorisation_url": flow_url(flow, base),
        "auto_fulfil": body["auto_fulfil"] != false,
        "created_at": time(flow.created),
        "customer_details_captured": is_set("customer_details_captured"),
        "exit_uri": body["exit_uri"],
        "expires_at": time(flow.expires_at()),
        "language": body["language"],
        "links": {"billing_request": request.id},
        "lock_bank_account": is_set("lock_bank_account"),
        "lock_currency": is_set("lock_currency"),
        "lock_customer_details": is_set("lock_customer_details"),
        "prefilled_customer": body["prefilled_customer"],
        "redirect_uri": body["redirect_uri"],
        "session_token": null,
        "show_redirect_buttons": is_set("show_redirect_buttons"),
        "show_success_redirect_button": is_set("show_success_redirect_button"),
        "skip_success_screen": is_set("skip_success_screen"),
    })
}

/// Where a payer fulfils a billing request.
pub fn flow_url(flow: &Flow, base: &str) -> String {
    format!("{base}/flow/{}", flow.id)
}

/// A payment.
pub fn payment(payment: &Payment) -> Value {
    json!({
        "id": payment.id,
        "created_at": time(payment.created),
        "charge_date": payment.charge_date,
        "amount": payment.amount,
        "amount_refunded": payment.refunded(),
        "currency": payment.currency,
        "description": payment.description,
        "reference": payment.reference,
        "metadata": metadata(&payment.metadata),
        "retry_if_possible": false,
        "scheme": payment.scheme,
        "status": payment.status.word(),
        "fx": {"fx_currency": payment.currency, "fx_amount": null, "exchange_rate": null, "estimated_exchange_rate": null},
        "links": links([("creditor", Some("CR000STANDIN")), ("mandate", payment.mandate.as_deref())]),
    })
}

/// A refund.
pub fn refund(payment: &Payment, refund: &Refund) -> Value {
    json!({
        "id": refund.id,
        "created_at": time(refund.created),
        "amount": refund.amount,
        "currency": payment.currency,
        "reference": refund.body["reference"],
        "metadata": metadata(&refund.body["metadata"]),
        "status": "created",
        "links": links([("payment", Some(payment.id.as_str())), ("mandate", payment.mandate.as_deref())]),
    })
}

/// What an event says of its cause.
pub struct Cause<'a> {
    pub origin: &'a str,
    pub cause: &'a str,
    pub description: &'a str,
    pub scheme: Option<&'a str>,
    /// The bank's code of a failure, which is not tried again.
    pub reason_code: Option<&'a str>,
}

/// An event.
pub fn event<'a>(
    id: &str,
    at: Timestamp,
    (resource_type, action): (&str, &str),
    of: impl IntoIterator<Item = (&'a str, Option<&'a str>)>,
    cause: &Cause<'_>,
    resource_metadata: &Value,
) -> Value {
    let mut details = json!({"origin": cause.origin, "cause": cause.cause, "description": cause.description});
    if let Some(scheme) = cause.scheme {
        details["scheme"] = json!(scheme);
    }
    if let Some(code) = cause.reason_code {
        details["reason_code"] = json!(code);
        details["will_attempt_retry"] = json!(false);
    }
    json!({
        "id": id,
        "created_at": time(at),
        "resource_type": resource_type,
        "action": action,
        "links": links(of),
        "details": details,
        "metadata": {},
        "resource_metadata": metadata(resource_metadata),
    })
}

/// A list under its name.
pub fn list(name: &str, items: Vec<Value>, (after, before): (Option<String>, Option<String>), limit: usize) -> Value {
    json!({name: items, "meta": {"cursors": {"after": after, "before": before}, "limit": limit}})
}
