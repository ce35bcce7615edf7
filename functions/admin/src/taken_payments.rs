//! Payments that a collector took: written down, and taken back.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
    http::HeaderMap,
};
use domain::Currency;
use jiff::civil::Date;
use serde::Deserialize;
use service::{
    Operation,
    taken_payments::{self, AllocationAsked, TakenAsked},
};
use utoipa::ToSchema;

use crate::{
    answer::{ApiResult, Body, Fail, OptionalBody, read},
    app::App,
    caller::Caller,
    lists::payments::{PaymentOut, shown},
    repeats::key_of,
};

/// A payment that was taken by hand.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TakenPaymentIn {
    /// Whose, `cus_…`.
    customer: String,
    /// What came, minor units of the currency.
    amount_minor: i64,
    /// Its currency.
    #[schema(value_type = String)]
    currency: Currency,
    /// The day on which it came, in the tenant's zone; at most a year ago.
    #[schema(value_type = String, format = Date)]
    received_on: Date,
    /// `cash`, `check`, `card` (at a terminal), `transfer`, `other`.
    way: String,
    /// Which invoices it is for; the rest is credit of the customer.
    #[serde(default)]
    allocations: Vec<TakenAllocationIn>,
    /// What people know it by, such as a check's number: at most 64 characters, and no address.
    #[serde(default)]
    reference: Option<String>,
}

/// What of a payment is for an invoice.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TakenAllocationIn {
    /// The invoice, by its id here or the source's own.
    invoice: String,
    /// How much, minor units: no more than is open of it.
    amount_minor: i64,
}

/// Why a payment is taken back; may be left out.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UndonePaymentIn {
    /// Why, at most 500 characters; the audit keeps it for good. One with an @ is refused; name nobody.
    #[serde(default)]
    reason: Option<String>,
}

/// Writes a payment down that a person took, or saw come. It counts at once. Once the books have it too, the two are one payment where the
/// entry's reference has this one's id, or a person says so; until then each invoice counts the larger of the two. Send an `Idempotency-Key`:
/// without one, two of the same are two payments.
#[utoipa::path(post, path = "/v1/payments", tag = "payments", operation_id = "take_payment", request_body = TakenPaymentIn,
    responses((status = 200, description = "The payment, or the same one that was written down before", body = PaymentOut),
              (status = 400, description = "bad-request, every flaw in errors"), (status = 404, description = "not-found")))]
pub async fn take(
    State(app): State<Arc<App>>,
    caller: Caller,
    headers: HeaderMap,
    Body(body): Body,
) -> ApiResult<Json<PaymentOut>> {
    caller.may(Operation::TakePayment)?;
    let once = key_of(&headers)?;
    let TakenPaymentIn { customer, amount_minor, currency, received_on, way, allocations, reference } =
        read(body).map_err(|flaw| Fail::fields([flaw]))?;
    let allocation = |part: TakenAllocationIn| AllocationAsked { invoice: part.invoice, amount_minor: part.amount_minor };
    let allocations = allocations.into_iter().map(allocation).collect();
    let asked = TakenAsked { customer, amount_minor, currency, received_on, way, allocations, reference };
    let taken = taken_payments::take(&app.store, &caller.0, &asked, once.as_deref(), app.clock.now()).await?;
    let (customer, payment) = taken;
    Ok(Json(shown(&customer, payment, None)))
}

/// Takes back that a payment was taken: one that was written down by mistake. What it had paid is open again at the rung that it had, and
/// nobody is told that a payment was charged back. Doing it again changes nothing. What a provider brought is refunded there.
#[utoipa::path(post, path = "/v1/payments/{id}/undo", tag = "payments", operation_id = "undo_payment",
    params(("id" = String, Path, description = "`pay_…`")),
    request_body = Option<UndonePaymentIn>,
    responses((status = 200, description = "The payment", body = PaymentOut), (status = 400, description = "bad-request, every flaw in errors"),
              (status = 404, description = "not-found"), (status = 409, description = "not-possible: nobody wrote it down here")))]
pub async fn undo(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    OptionalBody(body): OptionalBody,
) -> ApiResult<Json<PaymentOut>> {
    caller.may(Operation::UndoPayment)?;
    let UndonePaymentIn { reason } = read(body).map_err(|flaw| Fail::fields([flaw]))?;
    let undone = taken_payments::undo(&app.store, &caller.0, &id, reason.as_deref(), app.clock.now()).await?;
    let (customer, payment) = undone;
    Ok(Json(shown(&customer, payment, None)))
}
