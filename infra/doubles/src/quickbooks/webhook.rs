//! Notifications as the vendor sends them.

use serde_json::{Value, json};

use crate::{Change, Delivery, Notification, ids, notify};

const SIGNATURE: &str = "intuit-signature";

/// CloudEvents in an array, of any companies.
pub fn cloud_events(key: &str, notifications: &[Notification]) -> Delivery {
    let events: Vec<Value> = notifications.iter().map(cloud_event).collect();
    notify::delivery(SIGNATURE, key, Value::Array(events).to_string())
}

fn cloud_event(of: &Notification) -> Value {
    let operation = match of.change {
        Change::Created => "created",
        Change::Updated => "updated",
        Change::Deleted => "deleted",
        Change::Merged => "merged",
        Change::Voided => "voided",
    };
    json!({
        "specversion": "1.0",
        "id": of.event,
        "source": format!("intuit.{}=", ids::token(&["source", &of.realm])),
        "type": format!("qbo.{}.{operation}.v1", of.kind.to_ascii_lowercase()),
        "datacontenttype": "application/json",
        "time": of.at.strftime("%Y-%m-%dT%H:%M:%S.%9fZ").to_string(),
        "intuitentityid": of.id,
        "intuitaccountid": of.realm,
        "data": if of.data.is_null() { json!({}) } else { of.data.clone() },
    })
}

/// The form before CloudEvents: one entry a company.
pub fn legacy(key: &str, notifications: &[Notification]) -> Delivery {
    let mut companies: Vec<(String, Vec<Value>)> = Vec::new();
    for of in notifications {
        let operation = match of.change {
            Change::Created => "Create",
            Change::Updated => "Update",
            Change::Deleted => "Delete",
            Change::Merged => "Merge",
            Change::Voided => "Void",
        };
        let updated = of.at.strftime("%Y-%m-%dT%H:%M:%S+0000").to_string();
        let mut entity = json!({ "name": of.kind, "id": of.id, "operation": operation, "lastUpdated": updated });
        if let Some(merged) = of.data.get("deletedId") {
            entity["deletedId"] = merged.clone();
        }
        match companies.iter_mut().find(|(realm, _)| *realm == of.realm) {
            Some((_, entities)) => entities.push(entity),
            None => companies.push((of.realm.clone(), vec![entity])),
        }
    }
    let each =
        companies.into_iter().map(|(realm, entities)| json!({ "realmId": realm, "dataChangeEvent": { "entities": entities } }));
    notify::delivery(SIGNATURE, key, json!({ "eventNotifications": each.collect::<Vec<_>>() }).to_string())
}
