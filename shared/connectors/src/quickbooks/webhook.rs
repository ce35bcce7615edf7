//! What a notification points at: CloudEvents in an array (required since 2026-07-31), or the older form.

use jiff::Timestamp;
use serde_json::Value;

use crate::{FieldFlaw, Hint, Hinted, Rejected, json};

use super::names::{KINDS, is_id};

/// Reads a body in either form.
pub fn read(body: &[u8]) -> Result<Hinted, Rejected> {
    let mut hinted = Hinted::default();
    match json::parse_any(body)? {
        Value::Array(elements) => {
            for (index, element) in elements.iter().enumerate() {
                take(&mut hinted, format!("/{index}"), cloud_event(element));
            }
        }
        Value::Object(root) => {
            let companies = root.get("eventNotifications").and_then(Value::as_array);
            let whole = "the body must be an array of CloudEvents, or an object with eventNotifications";
            let companies = companies.ok_or_else(|| rejected(whole))?;
            for (index, company) in companies.iter().enumerate() {
                of_company(&mut hinted, &format!("/eventNotifications/{index}"), company);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            return Err(rejected("the body must be an array of CloudEvents"));
        }
    }
    Ok(hinted)
}

fn rejected(detail: &str) -> Rejected {
    Rejected { errors: vec![FieldFlaw { pointer: String::new(), detail: detail.to_owned() }] }
}

/// What an element came to: a hint, nothing of ours, or what is wrong with it.
type Element = Result<Option<Hint>, &'static str>;

fn take(hinted: &mut Hinted, pointer: String, element: Element) {
    match element {
        Ok(hint) => hinted.hints.extend(hint),
        Err(detail) => hinted.unread.push(FieldFlaw { pointer, detail: detail.to_owned() }),
    }
}

fn cloud_event(element: &Value) -> Element {
    let text = |name: &str| element.get(name).and_then(Value::as_str);
    let kind = text("type").ok_or("has no type; the next poll finds what changed")?;
    let mut parts = kind.split('.');
    let ours = parts.next().is_some_and(|first| first.eq_ignore_ascii_case("qbo"));
    let Some(kind) = parts.next().filter(|_| ours).and_then(kind_of) else { return Ok(None) };
    let realm = text("intuitaccountid").filter(|realm| is_id(realm)).ok_or("has no intuitaccountid that is a company id")?;
    let id = text("intuitentityid").filter(|id| is_id(id)).ok_or("has no intuitentityid that is an object id")?;
    let event = text("id").filter(|id| !id.is_empty() && id.len() <= 128).ok_or("has no id of at most 128 bytes")?;
    let at = text("time").and_then(|time| time.parse::<Timestamp>().ok());
    Ok(Some(Hint { realm: realm.to_owned(), kind, id: id.to_owned(), event: event.to_owned(), at }))
}

fn of_company(hinted: &mut Hinted, pointer: &str, company: &Value) {
    let realm = company.get("realmId").and_then(Value::as_str).filter(|realm| is_id(realm));
    let entities = company.pointer("/dataChangeEvent/entities").and_then(Value::as_array);
    let (Some(realm), Some(entities)) = (realm, entities) else {
        let detail = "has no realmId that is a company id, or no dataChangeEvent.entities; the next poll finds what changed";
        hinted.unread.push(FieldFlaw { pointer: pointer.to_owned(), detail: detail.to_owned() });
        return;
    };
    for (index, entity) in entities.iter().enumerate() {
        take(hinted, format!("{pointer}/dataChangeEvent/entities/{index}"), entity_of(realm, entity));
    }
}

fn entity_of(realm: &str, entity: &Value) -> Element {
    let text = |name: &str| entity.get(name).and_then(Value::as_str);
    let name = text("name").ok_or("has no name; the next poll finds what changed")?;
    let Some(kind) = kind_of(name) else { return Ok(None) };
    let id = text("id").filter(|id| is_id(id)).ok_or("has no id that is an object id")?;
    let (operation, updated) = (text("operation").unwrap_or_default(), text("lastUpdated").unwrap_or_default());
    let event = format!("{realm}:{name}:{id}:{operation}:{updated}");
    let at = jiff::fmt::strtime::parse("%Y-%m-%dT%H:%M:%S%z", updated).ok().and_then(|time| time.to_timestamp().ok());
    let at = at.or_else(|| updated.parse().ok());
    Ok(Some(Hint { realm: realm.to_owned(), kind, id: id.to_owned(), event, at }))
}

/// The kind that a name means, in any case: the vendor's own spelling differs between its pages.
fn kind_of(name: &str) -> Option<&'static str> {
    KINDS.into_iter().find(|kind| kind.eq_ignore_ascii_case(name))
}
