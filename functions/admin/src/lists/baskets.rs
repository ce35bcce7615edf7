//! `GET /v1/baskets`: what a customer set out to pay here; and one by its id.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use domain::{
    Basket, BasketLine, BasketStatus, Currency, ReversalKind, TenantId, WayOfPaying,
    basket::{BasketReceipt, BasketReversal, BookedEntry},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use service::{
    Operation,
    lists::baskets::{self, BasketsAsked},
};
use utoipa::{IntoParams, ToSchema};

use crate::{
    answer::ApiResult,
    app::App,
    books_written::{BasketWriteBackOut, write_back_shown},
    caller::Caller,
    filters::Filters,
};

/// Which baskets.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct BasketsOf {
    /// Whose, `cus_…`. It must be named.
    customer: Option<String>,
    /// Those that stand so now.
    status: Option<String>,
    /// How many, 1 to 100; 50 by default.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
    /// `next` of the page before, with everything else as it was.
    cursor: Option<String>,
}

/// What somebody set out to pay, in a list.
#[derive(Serialize, ToSchema)]
pub struct BasketRowOut {
    /// Its id: also that of its payment, and the reference by which an entry in the books is known to be that payment.
    id: String,
    /// Whose, `cus_…`.
    customer: String,
    /// `begun`: the payer was sent on, or said that they would pay; `pending`: the payer did their part and money is on its way; `paid`;
    /// `failed`; `expired`; `cancelled`; `refunded` and `charged_back`: all of it was taken back. One that was begun is expired once its time
    /// passed, without anybody saying so.
    #[schema(value_type = String)]
    status: BasketStatus,
    /// `stripe`, `paypal`, `gocardless`, `transfer`, or `collector` where a person here wrote it down.
    provider: String,
    /// How it is paid.
    #[schema(value_type = String)]
    way: WayOfPaying,
    /// The currency of its amounts.
    #[schema(value_type = String)]
    currency: Currency,
    /// What is to be paid of invoices, minor units.
    asked_minor: i64,
    /// What came, minor units.
    received_minor: i64,
    /// What of that was taken back, minor units.
    taken_back_minor: i64,
    /// When it was begun; of one that a person wrote down, the beginning of the day on which it came.
    #[schema(value_type = String, format = DateTime)]
    begun_at: Timestamp,
    /// Until when its amounts are kept back from being chased; absent where they are not.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    kept_back_until: Option<Timestamp>,
    /// The portal link by which it was begun, `lnk_…`.
    #[serde(skip_serializing_if = "Option::is_none")]
    link: Option<String>,
    /// The provider's own id of it; of one that a person wrote down, what they wrote to know it by.
    #[serde(skip_serializing_if = "Option::is_none")]
    provider_id: Option<String>,
    /// The payment that came of it: `GET /v1/payments/{id}`. Of a transfer it is the first entry in the books that names its reference.
    #[serde(skip_serializing_if = "Option::is_none")]
    payment: Option<String>,
}

/// A page of a customer's baskets.
#[derive(Serialize, ToSchema)]
pub struct BasketsOut {
    /// The baskets, in no order.
    data: Vec<BasketRowOut>,
    /// The cursor of the next page; null at the end.
    next: Option<String>,
    /// When it was read.
    #[schema(value_type = String, format = DateTime)]
    as_of: Timestamp,
}

/// What is to be paid of an invoice.
#[derive(Serialize, ToSchema)]
pub struct BasketLineOut {
    /// The invoice's id.
    invoice: String,
    /// What people call it.
    number: String,
    /// How much, minor units.
    amount_minor: i64,
}

/// Money that came.
#[derive(Serialize, ToSchema)]
pub struct BasketReceiptOut {
    /// The provider's reference of it.
    reference: String,
    /// Its currency. What came in another than the basket's pays no invoice by itself.
    #[schema(value_type = String)]
    currency: Currency,
    /// How much, minor units.
    amount_minor: i64,
    /// How.
    #[schema(value_type = String)]
    way: WayOfPaying,
    /// When the provider said so.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
}

/// Money that was taken back.
#[derive(Serialize, ToSchema)]
pub struct BasketReversalOut {
    /// The provider's own id of the refund or dispute.
    external_id: String,
    /// `refund` or `chargeback`.
    #[schema(value_type = String)]
    kind: ReversalKind,
    /// Its currency.
    #[schema(value_type = String)]
    currency: Currency,
    /// How much, minor units.
    amount_minor: i64,
    /// Whether it stands.
    in_force: bool,
    /// When the provider said so.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
}

/// An entry in the books that brought money of a transfer.
#[derive(Serialize, ToSchema)]
pub struct BookedEntryOut {
    /// The entry's id: `GET /v1/payments/{id}`.
    entry: String,
    /// What it comes to, minor units of the basket's currency.
    amount_minor: i64,
}

/// What somebody set out to pay, and all that was heard of it.
#[derive(Serialize, ToSchema)]
pub struct BasketOut {
    /// What lists say of it.
    #[serde(flatten)]
    listed: BasketRowOut,
    /// Since when it has its status.
    #[schema(value_type = String, format = DateTime)]
    status_at: Timestamp,
    /// The tenant's legal entity that is paid, where it is not the default one.
    #[serde(skip_serializing_if = "Option::is_none")]
    legal_entity: Option<String>,
    /// What is to be paid.
    lines: Vec<BasketLineOut>,
    /// What came.
    receipts: Vec<BasketReceiptOut>,
    /// What was taken back.
    reversals: Vec<BasketReversalOut>,
    /// The provider's word for why it failed, where it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// Of a transfer: the entries in the books that name its reference. They are its payment.
    booked: Vec<BookedEntryOut>,
    /// Entries in the books, `pay_…`, of which a person said that they are its payment.
    same: Vec<String>,
    /// Entries in the books of which a person said that they are another payment.
    apart: Vec<String>,
    /// How its writing into the books stands; absent where Dunlin does not write it.
    #[serde(skip_serializing_if = "Option::is_none")]
    written_back: Option<BasketWriteBackOut>,
}

/// What a customer set out to pay here, a page at a time.
#[utoipa::path(get, path = "/v1/baskets", tag = "payments", operation_id = "list_baskets", params(BasketsOf),
    responses((status = 200, description = "A page", body = BasketsOut),
              (status = 422, description = "invalid-cursor: the cursor is not one of this list, with these filters, of this tenant")))]
pub async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    Filters(query): Filters<BasketsOf>,
) -> ApiResult<Json<BasketsOut>> {
    let BasketsOf { customer, status, limit, cursor } = query;
    let (asked, now) = (BasketsAsked { customer, status }, app.clock.now());
    let found = baskets::list(super::reading(&app), &caller.0, &asked, &super::page(limit, cursor), now).await?;
    Ok(Json(BasketsOut { data: found.rows.iter().map(|basket| row(basket, now)).collect(), next: found.next, as_of: now }))
}

/// What somebody set out to pay here, and how it stands.
#[utoipa::path(get, path = "/v1/baskets/{id}", tag = "payments", operation_id = "show_basket",
    params(("id" = String, Path, description = "`pay_…`")),
    responses((status = 200, description = "The basket", body = BasketOut), (status = 404, description = "not-found")))]
pub async fn show(State(app): State<Arc<App>>, caller: Caller, Path(id): Path<String>) -> ApiResult<Json<BasketOut>> {
    let tenant = caller.may(Operation::ShowBasket)?;
    let basket = baskets::show(&app.store, &caller.0, &id).await?;
    Ok(Json(shown(&app, tenant, &basket).await?))
}

/// A basket as it stands now.
pub async fn shown(app: &App, tenant: &TenantId, basket: &Basket) -> ApiResult<BasketOut> {
    let now = app.clock.now();
    let written_back = app.store.write_back(tenant, &basket.customer, &basket.id).await?;
    let line = |line: &BasketLine| BasketLineOut {
        invoice: line.invoice.as_str().to_owned(),
        number: line.number.clone(),
        amount_minor: line.amount_minor,
    };
    let receipt = |receipt: &BasketReceipt| BasketReceiptOut {
        reference: receipt.reference.clone(),
        currency: receipt.money.currency(),
        amount_minor: receipt.money.minor(),
        way: receipt.way.clone(),
        at: receipt.at,
    };
    let reversal = |reversal: &BasketReversal| BasketReversalOut {
        external_id: reversal.external_id.clone(),
        kind: reversal.kind,
        currency: reversal.money.currency(),
        amount_minor: reversal.money.minor(),
        in_force: reversal.in_force,
        at: reversal.at,
    };
    let booked = |booked: &BookedEntry| BookedEntryOut { entry: booked.entry.to_string(), amount_minor: booked.amount_minor };
    let listed = row(basket, now);
    Ok(BasketOut {
        // Nobody wrote down that its time passed.
        status_at: if listed.status == basket.status { basket.status_at } else { basket.expires_at },
        listed,
        legal_entity: Some(basket.legal_entity.to_string()).filter(|entity| !entity.is_empty()),
        lines: basket.lines.iter().map(line).collect(),
        receipts: basket.receipts.iter().map(receipt).collect(),
        reversals: basket.reversals.iter().map(reversal).collect(),
        reason: basket.word.as_ref().map(|word| word.reason.clone()).filter(|reason| !reason.is_empty()),
        booked: basket.booked.iter().map(booked).collect(),
        same: basket.same.iter().map(ToString::to_string).collect(),
        apart: basket.apart.iter().map(ToString::to_string).collect(),
        written_back: written_back.map(write_back_shown),
    })
}

fn row(basket: &Basket, now: Timestamp) -> BasketRowOut {
    let status = basket.standing(now);
    // What came in another currency is a payment of its own.
    let has_payment = basket.receipts.iter().any(|receipt| receipt.money.currency() == basket.currency);
    let own = has_payment.then(|| basket.id.to_string());
    BasketRowOut {
        id: basket.id.to_string(),
        customer: basket.customer.to_string(),
        status,
        provider: basket.provider.clone(),
        way: basket.way.clone(),
        currency: basket.currency,
        asked_minor: basket.asked_minor(),
        received_minor: basket.received_minor,
        taken_back_minor: basket.taken_back_minor,
        begun_at: basket.begun_at,
        kept_back_until: Some(basket.expires_at).filter(|until| !status.is_over() && now < *until),
        link: basket.link.as_ref().map(ToString::to_string),
        provider_id: basket.provider_id.clone(),
        payment: own.or_else(|| Some(basket.booked.first()?.entry.to_string())),
    }
}
