//! `GET /v1/payments`: payments by the day on which they were received; and one by its id.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use domain::{Currency, CustomerId, Payment, PaymentKind, PaymentStatus};
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};
use service::lists::payments::{self, PaymentRow, PaymentsAsked};
use store::CustomerName;
use utoipa::{IntoParams, ToSchema};

use super::NamedCustomerOut;
use crate::{answer::ApiResult, app::App, caller::Caller, filters::Filters};

/// Which payments or credit notes.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PaymentsQuery {
    /// `-received_on`, the latest first, or `received_on`; the former where it is left out.
    sort: Option<String>,
    /// Those that were received on this day or later.
    #[param(value_type = Option<String>, format = Date)]
    received_from: Option<String>,
    /// Those that were received on this day or before.
    #[param(value_type = Option<String>, format = Date)]
    received_until: Option<String>,
    /// Those of one customer, `cus_…`.
    customer: Option<String>,
    /// How many, 1 to 100; 50 by default.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
    /// `next` of the page before, with everything else as it was.
    cursor: Option<String>,
}

/// A payment or credit note in a list.
#[derive(Serialize, ToSchema)]
pub struct PaymentRowOut {
    /// Its id.
    id: String,
    /// Whose.
    customer: NamedCustomerOut,
    /// The source's own id.
    external_id: String,
    /// `received`, `pending`, `reversed` or `refunded`.
    #[schema(value_type = String)]
    status: PaymentStatus,
    /// The currency of its amounts.
    #[schema(value_type = String)]
    currency: Currency,
    /// How much, minor units.
    amount_minor: i64,
    /// How much of it is for invoices; the rest is unapplied credit.
    allocated_minor: i64,
    /// When it was received.
    #[schema(value_type = String, format = Date)]
    received_on: Date,
}

/// A page of payments or credit notes.
#[derive(Serialize, ToSchema)]
pub struct PaymentsOut {
    /// The payments or credit notes.
    data: Vec<PaymentRowOut>,
    /// The cursor of the next page; null at the end.
    next: Option<String>,
    /// When it was read.
    #[schema(value_type = String, format = DateTime)]
    as_of: Timestamp,
}

/// What of a payment is for an invoice.
#[derive(Serialize, ToSchema)]
pub struct AllocationOut {
    /// The invoice's id.
    invoice: String,
    /// How much, minor units.
    amount_minor: i64,
}

/// A payment or credit note as its source said it last.
#[derive(Serialize, ToSchema)]
pub struct PaymentOut {
    /// What lists say of it.
    #[serde(flatten)]
    listed: PaymentRowOut,
    /// The source's version of it.
    source_version: String,
    /// What it is for.
    allocations: Vec<AllocationOut>,
    /// The tenant's legal entity that it was paid to, where the source says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    legal_entity: Option<String>,
}

/// The payments by the day on which they were received, a page at a time.
#[utoipa::path(get, path = "/v1/payments", tag = "payments", operation_id = "list_payments", params(PaymentsQuery),
    responses((status = 200, description = "A page", body = PaymentsOut),
              (status = 422, description = "invalid-cursor: the cursor is not one of this list, with these filters, of this tenant")))]
pub async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    Filters(query): Filters<PaymentsQuery>,
) -> ApiResult<Json<PaymentsOut>> {
    of_kind(&app, &caller, PaymentKind::Payment, query).await
}

/// One payment, whatever became of it.
#[utoipa::path(get, path = "/v1/payments/{id}", tag = "payments", operation_id = "show_payment",
    params(("id" = String, Path, description = "`pay_…`")),
    responses((status = 200, description = "The payment", body = PaymentOut), (status = 404, description = "not-found")))]
pub async fn show(State(app): State<Arc<App>>, caller: Caller, Path(id): Path<String>) -> ApiResult<Json<PaymentOut>> {
    one(&app, &caller, PaymentKind::Payment, &id).await
}

/// A page of payments, or of credit notes.
///
/// # Errors
///
/// Those of `service::lists::payments::list`.
pub async fn of_kind(app: &App, caller: &Caller, kind: PaymentKind, query: PaymentsQuery) -> ApiResult<Json<PaymentsOut>> {
    let PaymentsQuery { sort, received_from, received_until, customer, limit, cursor } = query;
    let asked = PaymentsAsked { sort, received_from, received_until, customer };
    let found = payments::list(super::reading(app), &caller.0, kind, &asked, &super::page(limit, cursor)).await?;
    Ok(Json(PaymentsOut { data: found.rows.into_iter().map(row).collect(), next: found.next, as_of: app.clock.now() }))
}

/// A payment, or a credit note.
///
/// # Errors
///
/// Those of `service::lists::payments::show`.
pub async fn one(app: &App, caller: &Caller, kind: PaymentKind, id: &str) -> ApiResult<Json<PaymentOut>> {
    let (customer, payment, name) = payments::show(super::reading(app), &caller.0, kind, id).await?;
    Ok(Json(shown(&customer, payment, name)))
}

/// A payment as it is answered.
pub fn shown(customer: &CustomerId, payment: Payment, name: Option<CustomerName>) -> PaymentOut {
    let allocated = payment.allocations.iter().map(|allocation| allocation.amount_minor);
    let allocations = payment.allocations.iter().map(|allocation| AllocationOut {
        invoice: allocation.invoice.as_str().to_owned(),
        amount_minor: allocation.amount_minor,
    });
    PaymentOut {
        source_version: payment.source_version.to_string(),
        allocations: allocations.collect(),
        listed: PaymentRowOut {
            id: payment.id.as_str().to_owned(),
            customer: NamedCustomerOut::of(customer, name),
            external_id: payment.external_id.clone(),
            status: payment.status,
            currency: payment.currency,
            amount_minor: payment.amount_minor,
            allocated_minor: allocated.fold(0, i64::saturating_add),
            received_on: payment.received_on,
        },
        legal_entity: payment.legal_entity,
    }
}

fn row((line, name): PaymentRow) -> PaymentRowOut {
    PaymentRowOut {
        id: line.payment.as_str().to_owned(),
        customer: NamedCustomerOut::of(&line.customer, name),
        external_id: line.external_id,
        status: line.status,
        currency: line.currency,
        amount_minor: line.amount_minor,
        allocated_minor: line.allocated_minor,
        received_on: line.received_on,
    }
}
