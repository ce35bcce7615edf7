//! Notifications as the vendor sends them.

use serde_json::{Value, json};

use crate::{Change, Delivery, Notification, notify};

const SIGNATURE: &str = "x-xero-signature";

/// The vendor's path of what a category is about.
fn list(category: &str) -> &'static str {
    match category {
        "CONTACT" => "Contacts",
        "CREDITNOTE" => "CreditNotes",
        _ => "Invoices",
    }
}

fn event(of: &Notification) -> Value {
    let mut event = json!({
        "resourceUrl": format!("https://api.xero.com/api.xro/2.0/{}/{}", list(of.kind), of.id),
        "resourceId": of.id,
        "tenantId": of.realm,
        "tenantType": "ORGANISATION",
        "eventCategory": of.kind,
        "eventType": if of.change == Change::Created { "CREATE" } else { "UPDATE" },
        "eventDateUtc": of.at.strftime("%Y-%m-%dT%H:%M:%S.%3f").to_string(),
    });
    if !of.data.is_null() {
        event["data"] = of.data.clone();
    }
    event
}

fn body(events: &[Value], first: u64, last: u64, entropy: &str) -> String {
    let whole = json!({ "events": events, "firstEventSequence": first, "lastEventSequence": last, "entropy": entropy });
    whole.to_string()
}

pub fn events(key: &str, notifications: &[Notification]) -> Delivery {
    let events: Vec<Value> = notifications.iter().map(event).collect();
    let first = notifications.iter().map(|of| of.sequence).min().unwrap_or(0);
    let last = notifications.iter().map(|of| of.sequence).max().unwrap_or(0);
    let entropy = crate::ids::token(&["entropy", &first.to_string(), &last.to_string()]);
    notify::delivery(SIGNATURE, key, body(&events, first, last, &entropy[..20]))
}

/// What the vendor asks before it sends anything: a body that is signed right, and one that is not.
pub fn intent_to_receive(key: &str) -> (Delivery, Delivery) {
    let good = notify::delivery(SIGNATURE, key, body(&[], 0, 0, "S0m3r4Nd0mt3xt"));
    let bad = notify::delivery(SIGNATURE, &format!("not-{key}"), body(&[], 0, 0, "0th3rR4nd0mt3xt"));
    (good, bad)
}
