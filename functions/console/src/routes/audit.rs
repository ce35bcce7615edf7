//! What people did, with what was before and after; the same as a file; and the daily record.

use domain::CustomerId;
use jiff::{Timestamp, civil::Date};
use minijinja::context;
use serde_json::{Value as Json, json};
use service::{
    NotDone, Operation,
    audit::{self, AuditQuery},
    audit_export::{AuditExport, export_page},
    health,
};
use store::{AuditEntry, DailyRecord};

use crate::{
    outcome::{ConsolePage, ConsoleReply, PageResult},
    posted::FormFlaws,
    sections::Section,
    shown::{options, percent, shown},
    tables::PagerView,
    visit::ConsoleVisit,
};

/// Longest file that a browser is given at once, in bytes: an answer of a function has at most 6 MB.
const FILE_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Days of the daily record.
const DAYS: u32 = 30;

/// `GET /console/audit`: by who, what, about whom and when.
pub(crate) async fn list(visit: &ConsoleVisit) -> PageResult {
    let (query, mut flaws) = asked(visit);
    let found = if flaws.is_empty() {
        match audit::list((visit.store(), visit.vault()), &visit.actor, &query).await {
            Ok(found) => Some(found),
            Err(NotDone::Fields(wrong)) => {
                flaws = wrong;
                None
            }
            Err(other) => return Err(other.into()),
        }
    } else {
        None
    };
    let status = if flaws.is_empty() { 200 } else { 422 };
    let (entries, next) = found.map(|found| (found.entries, found.next)).unwrap_or_default();
    let rows: Vec<Json> = entries.iter().map(|entry| on_page(visit, entry)).collect();
    let operations = std::iter::once(("", "everything")).chain(Operation::ALL.iter().map(|one| (one.as_str(), one.as_str())));
    let text = |name: &str| visit.query(name).unwrap_or_default().to_owned();
    let values = context! {
        rows => shown(&rows),
        operations => options(operations),
        by => text("by"), operation => text("operation"), customer => text("customer"), object => text("object"),
        from => text("from"), until => text("until"),
        is_filtered => ["by", "operation", "customer", "object", "from", "until"].iter().any(|name| visit.query(name).is_some()),
        pages => shown(&PagerView::of(&visit.request, next.as_deref())),
        export => visit.request.address_with(&[("cursor", None)]).replacen("/console/audit", "/console/audit/export", 1),
        may_export => visit.may(Operation::ExportAudit),
        flaws => shown(&FormFlaws::of(flaws)),
    };
    Ok(ConsolePage::new(Section::Audit, "Audit", "audit", values).with_status(status).into())
}

/// `GET /console/audit/export`: the entries between two days as JSON Lines, oldest first, each with its hash.
pub(crate) async fn export(visit: &ConsoleVisit) -> PageResult {
    let (query, flaws) = asked(visit);
    if !flaws.is_empty() {
        return Err(NotDone::Fields(flaws).into());
    }
    let mut asked = AuditExport { from: query.from, until: query.until, cursor: None };
    let mut lines = Vec::new();
    loop {
        let (page, next) = export_page((visit.store(), visit.vault()), &visit.actor, &asked).await?;
        lines.extend(page);
        if lines.len() > FILE_BYTES_MAX {
            let why = "this is more than a browser is given at once; choose a shorter time, or start the job audit_export, which makes a file of all";
            return Err(NotDone::Conflict(why.to_owned()).into());
        }
        if next.is_none() {
            break;
        }
        asked.cursor = next;
    }
    let body = String::from_utf8(lines).map_err(|_| NotDone::Changed("the export is no text; try again".to_owned()))?;
    let name = format!("audit-{}-{}.jsonl", visit.tenant(), visit.formats.today());
    Ok(ConsoleReply::File { content_type: "application/jsonl; charset=utf-8", name, body })
}

/// `GET /console/health`: the daily record.
pub(crate) async fn daily(visit: &ConsoleVisit) -> PageResult {
    let found = health::daily(visit.store(), &visit.actor, DAYS, visit.now).await?;
    let days: Vec<Json> = found.days.iter().map(|day| day_on_page(visit, day)).collect();
    let values = context! { status => found.status, days => shown(&days) };
    Ok(ConsolePage::new(Section::Audit, "Daily record", "health", values).into())
}

/// What the address asks for, and what of it is wrong.
fn asked(visit: &ConsoleVisit) -> (AuditQuery, Vec<(String, String)>) {
    let mut flaws = Vec::new();
    let own = |name: &str| visit.query(name).map(|text| text.trim().to_owned());
    let zone = visit.formats.zone().clone();
    // Days are those of the tenant; the last one is whole.
    let mut day = |name: &str| -> Option<Date> {
        let text = visit.query(name)?;
        let day = text.parse::<Date>().ok();
        if day.is_none() {
            flaws.push((format!("/{name}"), "it is a day, such as 2026-02-04".to_owned()));
        }
        day
    };
    let (from, until) = (day("from"), day("until"));
    let begins = |day: Date| day.to_zoned(zone.clone()).ok().map(|begin| begin.timestamp());
    let ends =
        |day: Date| begins(day.tomorrow().ok()?).and_then(|end| end.checked_sub(jiff::SignedDuration::from_millis(1)).ok());
    let customer = visit.query("customer").map(CustomerId::parse);
    if customer.as_ref().is_some_and(Option::is_none) {
        flaws.push(("/customer".to_owned(), "a customer's id is 'cus_…'".to_owned()));
    }
    let from: Option<Timestamp> = from.and_then(begins);
    let until: Option<Timestamp> = until.and_then(ends);
    let query = AuditQuery {
        by: own("by"),
        operation: own("operation"),
        customer: customer.flatten(),
        object: own("object"),
        from,
        until,
        limit: None,
        cursor: own("cursor"),
    };
    (query, flaws)
}

fn on_page(visit: &ConsoleVisit, entry: &AuditEntry) -> Json {
    let mut changes = Vec::new();
    let mut details = Vec::new();
    if let Json::Object(what) = &entry.what {
        for (name, value) in what {
            match (value.get("from"), value.get("to")) {
                (Some(from), Some(to)) => changes.push(json!({ "name": plain_name(name), "from": said(from), "to": said(to) })),
                (Some(_) | None, Some(_) | None) => details.push(json!({ "name": plain_name(name), "value": said(value) })),
            }
        }
    }
    json!({
        "at": visit.formats.moment(entry.at),
        "exactly": entry.at.to_string(),
        "by": entry.by,
        "by_address": format!("/console/audit?by={}", percent(&entry.by)),
        "role": entry.role,
        "operation": entry.operation,
        "does": entry.operation.replace('_', " "),
        "object": entry.object,
        "customer": entry.customer.as_ref().map(CustomerId::as_str),
        "changes": changes,
        "details": details,
        "note": entry.note,
    })
}

/// A field as people name it: `/caps/per_day` is `caps.per_day`.
fn plain_name(pointer: &str) -> String {
    pointer.trim_start_matches('/').replace('/', ".")
}

/// A value as people read it.
fn said(value: &Json) -> String {
    match value {
        Json::Null => "–".to_owned(),
        Json::String(text) => text.clone(),
        Json::Bool(true) => "yes".to_owned(),
        Json::Bool(false) => "no".to_owned(),
        Json::Number(_) | Json::Array(_) | Json::Object(_) => value.to_string(),
    }
}

fn day_on_page(visit: &ConsoleVisit, day: &DailyRecord) -> Json {
    let counts = &day.counts;
    let failed: Vec<Json> =
        day.self_test.iter().filter(|test| !test.passed).map(|test| json!({ "name": test.name, "found": test.found })).collect();
    json!({
        "on": visit.formats.date(day.on),
        "decided": counts.decided,
        "messages": counts.messages,
        "is_whole": counts.is_whole,
        "chains": counts.chains_checked,
        "broken": counts.chains_broken,
        "retired": counts.retired,
        "forgotten": counts.forgotten,
        "tests": day.self_test.len(),
        "failed": failed,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_said_as_people_read_them() {
        for (value, expected) in
            [(json!(null), "–"), (json!("live"), "live"), (json!(true), "yes"), (json!(7), "7"), (json!(["a"]), "[\"a\"]")]
        {
            assert_eq!(said(&value), expected);
        }
        assert_eq!((plain_name("/caps/per_day"), plain_name("role")), ("caps.per_day".to_owned(), "role".to_owned()));
    }
}
