//! Orders: what a person tells Dunlin to do with a step, a due item or a case. Approvals are answered at their tasks.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use domain::{Currency, Order, OrderKind, OrderedStep};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use service::{
    Operation,
    orders::{self, OrderAsked},
};
use utoipa::ToSchema;

use crate::{
    answer::{ApiResult, Body, Fail, OptionalBody, read},
    app::App,
    caller::Caller,
};

/// An order to be given.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OrderIn {
    /// `skip`, `bring_forward`, `send_now` (a step of an invoice), `move` (a case to another workflow) or `lift_cap_once` (for the
    /// next message of a case).
    kind: KindIn,
    /// For a step: the invoice, its id here or the source's own. Its open instalments are meant all.
    #[serde(default)]
    invoice: Option<String>,
    /// For a step: its id.
    #[serde(default)]
    step: Option<String>,
    /// For a case: its currency.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    currency: Option<Currency>,
    /// For a case: its id, needed where the customer has several in the currency.
    #[serde(default)]
    case: Option<String>,
    /// For a move: the published workflow that the case goes on by.
    #[serde(default)]
    workflow: Option<String>,
    /// Until when it waits for the moment at which it can be obeyed; for good when left out.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    until: Option<Timestamp>,
}

/// Kinds of orders that are given here.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum KindIn {
    /// The step does not happen.
    Skip,
    /// The step is due from now on.
    BringForward,
    /// The step happens as soon as the guard allows it.
    SendNow,
    /// The case goes on by another workflow.
    Move,
    /// The next message of the case may go beyond the cap of contacts a person.
    LiftCapOnce,
}

/// An order as it waits for its decision.
#[derive(Serialize, ToSchema)]
pub struct OrderOut {
    /// Its id; the last records of the case say what came of it.
    id: String,
    /// What is to be done.
    kind: String,
    /// The currency of the case.
    #[schema(value_type = String)]
    currency: Currency,
    /// The case, where the order names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    case: Option<String>,
    /// The steps that it speaks of.
    steps: Vec<OrderedStepOut>,
    /// The workflow to go on by.
    #[serde(skip_serializing_if = "Option::is_none")]
    workflow: Option<String>,
    /// Who gave it: the subject of their token.
    by: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    given_at: Timestamp,
    /// Until when it waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    until: Option<Timestamp>,
}

/// A step of a due item.
#[derive(Serialize, ToSchema)]
pub struct OrderedStepOut {
    /// The due item, as the case names it.
    item: String,
    /// The step.
    step: String,
}

/// Gives an order. It is obeyed by the next decision that can, or the record says why not; repeating it while it waits changes nothing.
#[utoipa::path(post, path = "/v1/customers/{customer_id}/orders", tag = "customers", operation_id = "give_order",
    params(("customer_id" = String, Path, description = "`cus_…`")),
    request_body = OrderIn,
    responses((status = 200, description = "The order", body = OrderOut), (status = 400, description = "bad-request, every flaw in errors"),
              (status = 404, description = "not-found"), (status = 409, description = "not-possible: too many wait already")))]
pub async fn give(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(customer): Path<String>,
    Body(body): Body,
) -> ApiResult<Json<OrderOut>> {
    caller.may(Operation::GiveOrder)?;
    let OrderIn { kind, invoice, step, currency, case, workflow, until } = read(body).map_err(|flaw| Fail::fields([flaw]))?;
    let kind = match kind {
        KindIn::Skip => OrderKind::Skip,
        KindIn::BringForward => OrderKind::BringForward,
        KindIn::SendNow => OrderKind::SendNow,
        KindIn::Move => OrderKind::Move,
        KindIn::LiftCapOnce => OrderKind::LiftCapOnce,
    };
    let asked = OrderAsked { kind, invoice, step, currency, case, workflow, until };
    Ok(Json(shown(&orders::give(&app.store, &caller.0, &customer, asked, app.clock.now()).await?)))
}

/// Why an order is taken back; may be left out.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WithdrawIn {
    /// Why, at most 500 characters; the audit keeps it for good. One with an @ is refused; name nobody.
    #[serde(default)]
    reason: Option<String>,
}

/// Takes an order back that no decision has used up. The customer is decided again, as if the order had not been given. An order that let a
/// message go whose sender has not claimed it yet is used up: `POST /v1/pause` or a hold stops the message.
#[utoipa::path(post, path = "/v1/orders/{id}/withdraw", tag = "customers", operation_id = "withdraw_order",
    params(("id" = String, Path, description = "`ord_…`")),
    request_body = Option<WithdrawIn>,
    responses((status = 200, description = "The order as it was", body = OrderOut),
              (status = 400, description = "bad-request, every flaw in errors"), (status = 404, description = "not-found"),
              (status = 409, description = "not-possible: it is used up, or was taken back")))]
pub async fn withdraw(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    OptionalBody(body): OptionalBody,
) -> ApiResult<Json<OrderOut>> {
    caller.may(Operation::WithdrawOrder)?;
    let WithdrawIn { reason } = read(body).map_err(|flaw| Fail::fields([flaw]))?;
    let (_, order) = orders::withdraw(&app.store, &caller.0, &id, reason.as_deref(), app.clock.now()).await?;
    Ok(Json(shown(&order)))
}

/// An order as it waits.
pub fn shown(order: &Order) -> OrderOut {
    let step = |step: &OrderedStep| OrderedStepOut { item: step.item.to_string(), step: step.step.clone() };
    OrderOut {
        id: order.id.as_str().to_owned(),
        kind: order.kind.as_str().to_owned(),
        currency: order.currency,
        case: order.case.as_ref().map(ToString::to_string),
        steps: order.steps.iter().map(step).collect(),
        workflow: order.workflow.clone(),
        by: order.by.clone(),
        given_at: order.given_at,
        until: order.until,
    }
}
