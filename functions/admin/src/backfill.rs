//! Closed invoices and payments of the past: asking for them, how far that is, and what is known of a customer's.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use domain::{
    CustomerId,
    past::{ClosedInvoice, usual_lag},
};
use jiff::{Timestamp, civil::Date};
use reading::progress::PastReading;
use serde::{Deserialize, Serialize};
use service::Operation;
use setup::books;
use utoipa::ToSchema;

use crate::{
    answer::{ApiResult, Fail, OptionalBody, read},
    app::App,
    caller::Caller,
};

/// Closed invoices in one answer, the last closed first.
const CLOSED_MAX: usize = 100;

/// How much of the past is asked for.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BackfillIn {
    /// How many months, 1 to 24; 24 when left out.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 24)]
    months: Option<u32>,
}

/// How far the reading of closed invoices and payments is.
#[derive(Serialize, ToSchema)]
pub struct PastReadingOut {
    /// `reading` or `finished`.
    status: &'static str,
    /// How many months were asked for.
    months: u32,
    /// Objects that changed since then are read.
    #[schema(value_type = String, format = DateTime)]
    since: Timestamp,
    /// When it was asked for.
    #[schema(value_type = String, format = DateTime)]
    began_at: Timestamp,
    /// Objects that were read so far. The vendor does not say how many there are.
    objects_read: u64,
    /// When it came to its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    finished_at: Option<Timestamp>,
}

/// What is known of a customer's closed invoices.
#[derive(Serialize, ToSchema)]
pub struct PastOut {
    /// How many days after the due date the customer usually pays: the median of the last twelve closed invoices, negative before it; null
    /// where nothing is known. No decision looks at it.
    usual_lag_days: Option<i64>,
    /// Closed invoices whose day is known.
    closed_count: usize,
    /// The last closed first; at most 100.
    closed: Vec<ClosedOut>,
    /// When it was read.
    #[schema(value_type = String, format = DateTime)]
    as_of: Timestamp,
}

/// An invoice that is closed.
#[derive(Serialize, ToSchema)]
pub struct ClosedOut {
    /// Its id here.
    invoice: String,
    /// When it was issued.
    #[schema(value_type = String, format = Date)]
    issued_on: Date,
    /// When it was due.
    #[schema(value_type = String, format = Date)]
    due_on: Date,
    /// When the last payment for it was received.
    #[schema(value_type = String, format = Date)]
    closed_on: Date,
    /// What it came to, in minor units.
    total_minor: i64,
    /// ISO 4217.
    currency: String,
}

/// Asks for the closed invoices and payments of the last months, as dates and amounts only. They are read page by page after everything that
/// is open, and no decision looks at them. Asking again while they are read changes nothing; asking after they were read reads them anew.
#[utoipa::path(post, path = "/v1/connections/{source}/backfill", tag = "connections", operation_id = "backfill_connection",
    params(("source" = String, Path, description = "`quickbooks`, `xero`")),
    request_body(content = Option<BackfillIn>, description = "May be left out"),
    responses((status = 200, description = "How far it is; GET /v1/connections/{source} says so later", body = PastReadingOut),
              (status = 400, description = "bad-request, every flaw in errors"),
              (status = 404, description = "not-found: no such source, it is not connected, or nothing can be asked of it"),
              (status = 409, description = "changed-meanwhile: the books are being read at this moment; ask again in some minutes")))]
pub async fn ask(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(source): Path<String>,
    OptionalBody(body): OptionalBody,
) -> ApiResult<Json<PastReadingOut>> {
    caller.may(Operation::BackfillConnection)?;
    let BackfillIn { months } = read(body).map_err(|flaw| Fail::fields([flaw]))?;
    Ok(Json(shown(books::backfill(app.setup(), &caller.0, &source, months, app.clock.now()).await?)))
}

/// What is known of a customer's closed invoices, and how late the customer usually pays.
#[utoipa::path(get, path = "/v1/customers/{customer_id}/past", tag = "customers", operation_id = "show_past",
    params(("customer_id" = String, Path, description = "`cus_…`")),
    responses((status = 200, description = "What is known", body = PastOut),
              (status = 404, description = "not-found: no such customer")))]
pub async fn past(State(app): State<Arc<App>>, caller: Caller, Path(customer): Path<String>) -> ApiResult<Json<PastOut>> {
    let tenant = caller.may(Operation::ShowPast)?;
    let none = || Fail::not_found("there is no such customer");
    let customer = CustomerId::parse(&customer).ok_or_else(none)?;
    app.store.head(tenant, &customer).await?.ok_or_else(none)?;
    let closed = app.store.past(tenant, &customer).await?.closed();
    let (usual_lag_days, closed_count) = (usual_lag(&closed), closed.len());
    let closed = closed.into_iter().take(CLOSED_MAX).map(closed_out).collect();
    Ok(Json(PastOut { usual_lag_days, closed_count, closed, as_of: app.clock.now() }))
}

fn closed_out(one: ClosedInvoice) -> ClosedOut {
    let ClosedInvoice { id, issued_on, due_on, closed_on, total_minor, currency } = one;
    ClosedOut { invoice: id.as_str().to_owned(), issued_on, due_on, closed_on, total_minor, currency: currency.code().to_owned() }
}

/// How far the reading of the past is.
pub fn shown(past: PastReading) -> PastReadingOut {
    let PastReading { months, since, began_at, page: _, objects, finished_at } = past;
    let status = if finished_at.is_some() { "finished" } else { "reading" };
    PastReadingOut { status, months, since, began_at, objects_read: objects, finished_at }
}
