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
use jiff::{SignedDuration, Timestamp, ToSpan, civil::Date, tz::TimeZone};
use reading::{Progress, progress::PastReading};
use serde::{Deserialize, Serialize};
use service::Operation;
use store::Leased;
use utoipa::ToSchema;

use crate::{
    answer::{ApiResult, Fail, OptionalBody, read},
    app::App,
    caller::Caller,
};

/// Months that are read where nothing is said, and at most.
const MONTHS: u32 = 24;
/// How long the reading is held while it is noted that the past is asked for.
const HELD_FOR: SignedDuration = SignedDuration::from_secs(30);
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
    let tenant = caller.may(Operation::BackfillConnection)?;
    let nothing =
        || Fail::not_found("nothing can be asked of such a source; of those that only push, send closed invoices yourself");
    connectors::accounting_api_of(&source).ok_or_else(nothing)?;
    let BackfillIn { months } = read(body).map_err(|flaw| Fail::fields([flaw]))?;
    let months = months.unwrap_or(MONTHS);
    if !(1..=MONTHS).contains(&months) {
        return Err(Fail::fields([("/months".to_owned(), format!("1 to {MONTHS} months are read"))]));
    }
    let now = app.clock.now();
    let known = app.store.progress::<Progress>(tenant, &source).await?;
    let known = known
        .ok_or_else(|| Fail::not_found("this source is not connected; POST /v1/connections/{source}/authorize begins it"))?;
    if let Some(past) = known.past.filter(|past| past.finished_at.is_none() && past.months >= months) {
        return Ok(Json(shown(past)));
    }
    let busy = || Fail::changed_meanwhile("the books are being read at this moment; ask again in some minutes");
    let until = now.saturating_add(HELD_FOR).unwrap_or(now);
    let leased: Leased<Progress> = app.store.lease_books(tenant, &source, &holder()?, now, until).await?;
    let Leased::Mine(mut lease) = leased else { return Err(busy()) };
    let today = now.to_zoned(TimeZone::UTC);
    let since = today.checked_sub(i64::from(months).months()).map_or(Timestamp::MIN, |then| then.timestamp());
    let past = PastReading { months, since, began_at: now, page: None, objects: 0, finished_at: None };
    lease.progress.past = Some(past.clone());
    let acting =
        caller.acts(&app, Operation::BackfillConnection, |entry| entry.of(&source).with(serde_json::json!({ "months": months })));
    if !acting.store.return_books(tenant, &source, &lease, now).await? {
        // Somebody asked for a look meanwhile: it is due at once all the same.
        app.store.look_again(tenant, &source, &lease).await?;
        if !acting.store.return_books(tenant, &source, &lease, now).await? {
            return Err(busy());
        }
    }
    Ok(Json(shown(past)))
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

/// A name that nobody else holds the reading by.
fn holder() -> ApiResult<String> {
    let mut bytes = [0_u8; 16];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| Fail::changed_meanwhile("there is no randomness now; try again"))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
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
