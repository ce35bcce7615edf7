//! What a notification points at.

use jiff::{Timestamp, tz::TimeZone};
use serde_json::Value;

use crate::{FieldFlaw, Hint, Hinted, Rejected, json};

use super::names::is_id;

/// The categories of what is owed, and the kinds that they are read as.
const CATEGORIES: [(&str, &str); 3] = [("CONTACT", "Contacts"), ("INVOICE", "Invoices"), ("CREDITNOTE", "CreditNotes")];

/// Reads a body. One without events is the vendor's intent to receive.
pub fn read(body: &[u8]) -> Result<Hinted, Rejected> {
    let root = json::parse(body)?;
    let Some(events) = root.get("events").and_then(Value::as_array) else {
        let detail = "must be an array of events".to_owned();
        return Err(Rejected { errors: vec![FieldFlaw { pointer: "/events".to_owned(), detail }] });
    };
    let mut hinted = Hinted::default();
    for (index, event) in events.iter().enumerate() {
        match hint(event) {
            Ok(hint) => hinted.hints.extend(hint),
            Err(detail) => hinted.unread.push(FieldFlaw { pointer: format!("/events/{index}"), detail: detail.to_owned() }),
        }
    }
    Ok(hinted)
}

fn hint(event: &Value) -> Result<Option<Hint>, &'static str> {
    let text = |name: &str| event.get(name).and_then(Value::as_str);
    let category = text("eventCategory").ok_or("has no eventCategory; the next poll finds what changed")?;
    let known = CATEGORIES.iter().find(|(name, _)| name.eq_ignore_ascii_case(category));
    let of_organisation = text("tenantType").is_none_or(|kind| kind.eq_ignore_ascii_case("ORGANISATION"));
    let Some((_, kind)) = known.filter(|_| of_organisation) else { return Ok(None) };
    // The one event that says whose side it is on: credits of bills are none of ours.
    if event.pointer("/data/Type").and_then(Value::as_str).is_some_and(|kind| kind.starts_with("ACCPAY")) {
        return Ok(None);
    }
    let realm = text("tenantId").filter(|realm| is_id(realm)).ok_or("has no tenantId that is a UUID")?;
    // `resourceUrl` is not followed: the address is made from the id.
    let id = text("resourceId").filter(|id| is_id(id)).ok_or("has no resourceId that is a UUID")?;
    let (operation, date) = (text("eventType").unwrap_or_default(), text("eventDateUtc").unwrap_or_default());
    let event = format!("{realm}:{id}:{operation}:{date}");
    Ok(Some(Hint { realm: realm.to_owned(), kind, id: id.to_owned(), event, at: instant(date) }))
}

/// UTC without saying so: `2025-12-02T00:44:09.923`.
fn instant(text: &str) -> Option<Timestamp> {
    let civil: jiff::civil::DateTime = text.trim_end_matches('Z').replacen(' ', "T", 1).parse().ok()?;
    civil.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
}
