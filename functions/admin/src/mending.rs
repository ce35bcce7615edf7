//! What people set right of a customer: versions of its objects that a source got wrong.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use serde::{Deserialize, Serialize};
use service::{
    Operation,
    customers::{ResetAsked, reset_version},
};
use utoipa::ToSchema;

use crate::{
    answer::{ApiResult, Body, Fail, read},
    app::App,
    caller::Caller,
};

/// Which object's version is wrong; the customer's own where neither an invoice nor a payment is named.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ResetIn {
    /// An invoice: its id here, or the source's own.
    #[serde(default)]
    invoice: Option<String>,
    /// A payment: its id here, or the source's own.
    #[serde(default)]
    payment: Option<String>,
    /// Why, at most 500 characters; the audit keeps it for good. One with an @ is refused; name nobody.
    #[serde(default)]
    reason: Option<String>,
}

/// The version that an object had.
#[derive(Serialize, ToSchema)]
pub struct ResetOut {
    /// As its source wrote it.
    was: String,
}

/// Lets a source say an object anew. A source whose clock or counter was wrong may have sent a version that no true one follows: everything
/// later is stale then. After this call whatever the source sends next of the object is taken. The object stays as it is until then.
#[utoipa::path(post, path = "/v1/customers/{customer_id}/versions/reset", tag = "customers", operation_id = "reset_version",
    params(("customer_id" = String, Path, description = "`cus_…`")),
    request_body = ResetIn,
    responses((status = 200, description = "The version that it had", body = ResetOut),
              (status = 400, description = "bad-request: the reason is missing, or two objects are named"),
              (status = 404, description = "not-found: no such customer, or no such object with a version")))]
pub async fn reset(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(customer): Path<String>,
    Body(body): Body,
) -> ApiResult<Json<ResetOut>> {
    caller.may(Operation::ResetVersion)?;
    let ResetIn { invoice, payment, reason } = read(body).map_err(|flaw| Fail::fields([flaw]))?;
    let asked = ResetAsked { invoice, payment, reason };
    let had = reset_version(&app.store, &caller.0, &customer, &asked, app.clock.now()).await?;
    Ok(Json(ResetOut { was: had.to_string() }))
}
