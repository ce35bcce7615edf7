//! The audit: what people did.

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, HeaderValue, header},
};
use domain::CustomerId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use service::{
    Operation,
    audit::{self, AuditList, AuditQuery},
    audit_export::{AuditExport, export_page},
};
use store::AuditEntry;
use utoipa::{IntoParams, ToSchema};

use crate::{
    answer::{ApiResult, Fail},
    app::App,
    caller::Caller,
    filters::Filters,
};

/// Which entries.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AuditAsked {
    /// Those of one person: the subject of their token.
    by: Option<String>,
    /// Those of one operation, by its `operationId` in this document, such as `put_settings`.
    operation: Option<String>,
    /// Those about one customer, `cus_…`.
    customer: Option<String>,
    /// Those about one object: an id or a name, as entries have it.
    object: Option<String>,
    /// Those since this instant (RFC 3339).
    #[param(value_type = Option<String>, format = DateTime)]
    from: Option<String>,
    /// Those until this instant (RFC 3339).
    #[param(value_type = Option<String>, format = DateTime)]
    until: Option<String>,
    /// How many, 1 to 200; 50 by default.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// What a person did.
#[derive(Serialize, ToSchema)]
pub struct AuditEntryOut {
    /// When.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// Who: the subject of their token; empty where it has none.
    by: String,
    /// As what: `viewer`, `collector`, `manager`, `admin` or `operator`.
    role: String,
    /// What: the `operationId` of this document.
    operation: String,
    /// To what: an id or a name. Absent where the operation has one object only.
    #[serde(skip_serializing_if = "Option::is_none")]
    object: Option<String>,
    /// The customer whose matter it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    customer: Option<String>,
    /// What changed by it, by name; of settings, by JSON pointer, each with `from` and `to`.
    #[schema(value_type = Object)]
    what: Value,
    /// Why, as they said it. Words that stand elsewhere, such as those of a task, are not repeated here: `what` has `noted`.
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

/// A page of the audit.
#[derive(Serialize, ToSchema)]
pub struct AuditOut {
    /// The entries, newest first.
    data: Vec<AuditEntryOut>,
    /// The cursor of the next page; null at the end.
    next: Option<String>,
    /// When it was read.
    #[schema(value_type = String, format = DateTime)]
    as_of: Timestamp,
}

/// What people did, newest first. Each entry was written in the transaction of what it tells of; none is ever changed.
#[utoipa::path(get, path = "/v1/audit", tag = "audit", operation_id = "list_audit", params(AuditAsked),
    responses((status = 200, description = "A page; it may be empty though `next` is there", body = AuditOut),
              (status = 422, description = "invalid-cursor: the cursor is not one of this list, with these filters, of this tenant")))]
pub async fn list(State(app): State<Arc<App>>, caller: Caller, Filters(asked): Filters<AuditAsked>) -> ApiResult<Json<AuditOut>> {
    caller.may(Operation::ListAudit)?;
    let found = audit::list((&app.store, &app.vault), &caller.0, &query(asked)?).await?;
    Ok(Json(page(&app, found)))
}

/// What operators did, newest first: whose senders they listed, which app they set up, which company they freed, which task they ended. `object`
/// names the tenant, the source, the company or the task. It has the form of `GET /v1/audit`.
#[utoipa::path(get, path = "/v1/apps/audit", tag = "apps", operation_id = "list_app_audit", params(AuditAsked),
    responses((status = 200, description = "A page; it may be empty though `next` is there", body = AuditOut),
              (status = 403, description = "forbidden: not an operator"),
              (status = 422, description = "invalid-cursor: the cursor is not one of this list, with these filters")))]
pub async fn list_of_operators(
    State(app): State<Arc<App>>,
    caller: Caller,
    Filters(asked): Filters<AuditAsked>,
) -> ApiResult<Json<AuditOut>> {
    caller.may(Operation::ListAppAudit)?;
    let found = audit::list_of_operators((&app.store, &app.vault), &caller.0, &query(asked)?).await?;
    Ok(Json(page(&app, found)))
}

fn query(asked: AuditAsked) -> ApiResult<AuditQuery> {
    let AuditAsked { by, operation, customer, object, from, until, limit, cursor } = asked;
    let customer = customer.map(|id| CustomerId::parse(&id).ok_or_else(|| Fail::bad_request("a customer's id is `cus_…`")));
    Ok(AuditQuery {
        by,
        operation,
        customer: customer.transpose()?,
        object,
        from: Fail::unless_instant("from", from.as_deref())?,
        until: Fail::unless_instant("until", until.as_deref())?,
        limit: Fail::unless_page_size(limit)?,
        cursor,
    })
}

fn page(app: &App, found: AuditList) -> AuditOut {
    AuditOut { data: found.entries.into_iter().map(shown).collect(), next: found.next, as_of: app.clock.now() }
}

/// Which entries are exported.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AuditExportAsked {
    /// Those since this instant (RFC 3339).
    #[param(value_type = Option<String>, format = DateTime)]
    from: Option<String>,
    /// Those until this instant (RFC 3339).
    #[param(value_type = Option<String>, format = DateTime)]
    until: Option<String>,
    /// The cursor in the address that `Link` of the page before names.
    cursor: Option<String>,
}

/// What people did as JSON Lines, oldest first: an entry a line, each with its `hash`, and `previous`, the hash of the entry before it about
/// the same customer, or about none. At most 1,000 lines; `Link` names the next page.
#[utoipa::path(get, path = "/v1/audit/export", tag = "audit", operation_id = "export_audit", params(AuditExportAsked),
    responses((status = 200, description = "A page of lines", body = String, content_type = "application/jsonl"),
              (status = 422, description = "invalid-cursor: the cursor is not one of this export, with these instants, of this tenant")))]
pub async fn export(
    State(app): State<Arc<App>>,
    caller: Caller,
    Filters(asked): Filters<AuditExportAsked>,
) -> ApiResult<(HeaderMap, Vec<u8>)> {
    let AuditExportAsked { from, until, cursor } = asked;
    let asked = AuditExport {
        from: Fail::unless_instant("from", from.as_deref())?,
        until: Fail::unless_instant("until", until.as_deref())?,
        cursor,
    };
    let (lines, next) = export_page((&app.store, &app.vault), &caller.0, &asked).await?;
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/jsonl"));
    let span = [("from", from), ("until", until)];
    let span: String = span.into_iter().filter_map(|(name, at)| Some(format!("&{name}={}", encoded(&at?)))).collect();
    let link = next.map(|next| format!("</v1/audit/export?cursor={next}{span}>; rel=\"next\""));
    if let Some(link) = link.and_then(|link| HeaderValue::from_str(&link).ok()) {
        headers.insert(header::LINK, link);
    }
    Ok((headers, lines))
}

/// An instant in an address: what it has of signs that mean something there.
fn encoded(instant: &str) -> String {
    instant.replace('+', "%2B").replace(':', "%3A").replace(' ', "%20")
}

fn shown(entry: AuditEntry) -> AuditEntryOut {
    let AuditEntry { tenant: _, at, by, role, operation, object, customer, what, note, act: _, once: _ } = entry;
    let customer = customer.map(|customer| customer.as_str().to_owned());
    AuditEntryOut { at, by, role, operation, object, customer, what, note }
}
