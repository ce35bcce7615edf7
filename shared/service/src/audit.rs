//! What people did: what an entry says of a change, and looking through the entries.

use domain::{CustomerId, TenantId};
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use store::{AuditEntry, Store, Vault};

use crate::{Actor, Done, NotDone, Operation, cursors};

/// Most changes that an entry lists.
const CHANGES_MAX: usize = 50;
/// Longest value that an entry keeps, in characters of JSON.
const VALUE_MAX: usize = 1_200;
/// Entries that are read at once.
const READ: u32 = 100;
/// How often one request reads at most when it looks for some entries among many.
const READS_MAX: usize = 20;

/// What changed from one document to another: `{"/mode": {"from": "shadow", "to": "live"}}`; `more` says how many changes are left out.
pub fn changes(before: &Value, after: &Value) -> Value {
    let mut found = Vec::new();
    compare(before, after, &mut String::new(), &mut found);
    // What stands at the top comes first: members of lists and maps may be many, and push nothing out of the entry.
    found.sort_by_key(|(at, _)| at.matches('/').count());
    let left_out = found.len().saturating_sub(CHANGES_MAX);
    let mut listed: Map<String, Value> = found.into_iter().take(CHANGES_MAX).collect();
    if left_out > 0 {
        listed.insert("more".to_owned(), json!(left_out));
    }
    Value::Object(listed)
}

fn compare(before: &Value, after: &Value, at: &mut String, found: &mut Vec<(String, Value)>) {
    if before == after {
        return;
    }
    let (Value::Object(old), Value::Object(new)) = (before, after) else {
        found.push((at.clone(), json!({"from": short(before), "to": short(after)})));
        return;
    };
    let names: std::collections::BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    for name in names {
        let length = at.len();
        at.push('/');
        at.push_str(&name.replace('~', "~0").replace('/', "~1"));
        compare(old.get(name).unwrap_or(&Value::Null), new.get(name).unwrap_or(&Value::Null), at, found);
        at.truncate(length);
    }
}

fn short(value: &Value) -> Value {
    let text = value.to_string();
    if text.chars().count() <= VALUE_MAX {
        return value.clone();
    }
    Value::String(format!("{}…", text.chars().take(VALUE_MAX).collect::<String>()))
}

/// Which entries are wanted.
#[derive(Clone, Debug, Default)]
pub struct AuditQuery {
    /// Those of one person.
    pub by: Option<String>,
    /// Those of one operation.
    pub operation: Option<String>,
    /// Those about one customer.
    pub customer: Option<CustomerId>,
    /// Those about one object.
    pub object: Option<String>,
    /// Those since.
    pub from: Option<Timestamp>,
    /// Those until.
    pub until: Option<Timestamp>,
    /// How many at most.
    pub limit: Option<u32>,
    /// `next` of the page before.
    pub cursor: Option<String>,
}

/// A page of entries, newest first. It may be empty though there is a next one.
#[derive(Clone, Debug, PartialEq)]
pub struct AuditList {
    /// The entries.
    pub entries: Vec<AuditEntry>,
    /// The cursor of the next page.
    pub next: Option<String>,
}

/// What a tenant's people did.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::Cursor`] for a cursor that this list did not give, and those of reading.
pub async fn list(reading: (&Store, &Vault), actor: &Actor, query: &AuditQuery) -> Done<AuditList> {
    of(reading, actor.may(Operation::ListAudit)?, query).await
}

/// What operators did, whatever tenant it was about.
///
/// # Errors
///
/// Those of [`list`].
pub async fn list_of_operators(reading: (&Store, &Vault), actor: &Actor, query: &AuditQuery) -> Done<AuditList> {
    of(reading, actor.may(Operation::ListAppAudit)?, query).await
}

async fn of((store, vault): (&Store, &Vault), tenant: &TenantId, query: &AuditQuery) -> Done<AuditList> {
    let most = cursors::page_size(query.limit);
    if query.from.zip(query.until).is_some_and(|(from, until)| from > until) {
        return Err(NotDone::field("/until", "it is before 'from': nothing lies between; exchange the two"));
    }
    let asked_by = (&query.by, &query.operation, &query.customer, &query.object, &query.from, &query.until);
    let list = format!("audit:{asked_by:?}");
    let mut after = cursors::opened(vault, tenant, &list, query.cursor.as_deref()).await?;
    let is = |wanted: &Option<String>, found: Option<&str>| wanted.as_deref().is_none_or(|wanted| found == Some(wanted));
    let wanted = |entry: &AuditEntry| {
        is(&query.by, Some(&entry.by))
            && is(&query.operation, Some(&entry.operation))
            && is(&query.object, entry.object.as_deref())
            && query.customer.as_ref().is_none_or(|wanted| entry.customer.as_ref() == Some(wanted))
    };
    let mut entries = Vec::new();
    for _ in 0..READS_MAX {
        let page = store.audit(tenant, query.from, query.until, READ, after.as_deref()).await;
        let page = page.map_err(|error| match error {
            store::Error::Refused { .. } => NotDone::Cursor,
            error => error.into(),
        })?;
        entries.extend(page.entries.into_iter().filter(&wanted));
        after = page.after;
        if entries.len() > most {
            entries.truncate(most);
            after = entries.last().map(AuditEntry::place);
        }
        if after.is_none() || entries.len() >= most {
            break;
        }
    }
    let next = cursors::sealed(vault, tenant, &list, after.as_deref()).await?;
    Ok(AuditList { entries, next })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test says by panicking that it failed")]

    use super::*;

    #[test]
    fn changes_name_what_is_different() {
        let before = json!({"mode": "shadow", "caps": {"per_day": 50, "per_hour": null}, "name": "Acme"});
        let after = json!({"mode": "live", "caps": {"per_day": 50, "per_hour": 9}, "name": "Acme", "x/y": true});
        assert_eq!(
            changes(&before, &after),
            json!({
                "/mode": {"from": "shadow", "to": "live"},
                "/caps/per_hour": {"from": null, "to": 9},
                "/x~1y": {"from": null, "to": true},
            })
        );
        assert_eq!(changes(&before, &before), json!({}));
        assert_eq!(changes(&Value::Null, &json!({"a": 1})), json!({"": {"from": null, "to": {"a": 1}}}));
    }

    #[test]
    fn changes_stay_small() {
        let many: Map<String, Value> = (0..500).map(|n| (format!("k{n}"), json!(n))).collect();
        let entry = changes(&json!({}), &Value::Object(many.clone()));
        assert_eq!((entry.as_object().unwrap().len(), &entry["more"]), (CHANGES_MAX + 1, &json!(500 - CHANGES_MAX)));
        // Members of a list of the tenant's push nothing out.
        let entry = changes(&json!({"a": {}, "mode": "shadow"}), &json!({"a": many, "mode": "live"}));
        assert_eq!(entry["/mode"]["to"], "live");
        let long = changes(&json!({"a": ""}), &json!({"a": "ü".repeat(5_000)}));
        assert_eq!(long["/a"]["to"].as_str().unwrap().chars().count(), VALUE_MAX + 1);
    }
}
