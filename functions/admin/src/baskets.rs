//! What people do with baskets: give one up, have its payment written into the books again, and say whether an entry in the books is the payment of one.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use serde::Deserialize;
use service::{Operation, baskets, write_backs};
use utoipa::ToSchema;

use crate::{
    answer::{ApiResult, Body, Fail, read},
    app::App,
    caller::Caller,
    lists::baskets::{BasketOut, shown},
    payment_accounts::PaymentAccount,
};

/// What a person says of an entry in the books.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct JudgedIn {
    /// Whether the entry is the basket's payment: then the two count once. Otherwise each counts by itself.
    same: bool,
}

/// Gives up what a customer set out to pay: its provider is told, where it can be told, so that nobody pays it any more, and what it kept back
/// is chased again. One that ended before stays as it is. On PayPal's page a payer may still pay; what comes counts as it comes.
#[utoipa::path(post, path = "/v1/baskets/{id}/cancel", tag = "payments", operation_id = "cancel_basket",
    params(("id" = String, Path, description = "`pay_…`")),
    responses((status = 200, description = "The basket", body = BasketOut), (status = 404, description = "not-found"),
              (status = 409, description = "not-possible: money came of it or is on its way; changed-meanwhile: its provider could not be told now")))]
pub async fn cancel(State(app): State<Arc<App>>, caller: Caller, Path(id): Path<String>) -> ApiResult<Json<BasketOut>> {
    let tenant = caller.may(Operation::CancelBasket)?;
    let now = app.clock.now();
    let (basket, is_open) = baskets::to_cancel(&app.store, &caller.0, &id, now).await?;
    let mut said = Vec::new();
    if is_open && let Some(account) = PaymentAccount::of(&app, tenant, &basket.provider).await? {
        said = account.end(&basket, now).await.map_err(|why| {
            Fail::changed_meanwhile(format!(
                "{} could not be told, so that its page could still be paid on: {why}",
                basket.provider
            ))
        })?;
    }
    let basket = baskets::cancel(&app.store, &caller.0, &id, &said, now).await?;
    Ok(Json(shown(&app, tenant, &basket).await?))
}

/// Has the payment of a basket written into the books again: one that they refused (`failed`), once what stood in its way is mended, or of which the
/// answers were lost too often (`unknown`, with a task). What was asked for before is looked for in the books first. `written_back` says how it stands.
#[utoipa::path(post, path = "/v1/baskets/{id}/write_back", tag = "payments", operation_id = "retry_write_back",
    params(("id" = String, Path, description = "`pay_…`")),
    responses((status = 200, description = "The basket", body = BasketOut), (status = 404, description = "not-found"),
              (status = 409, description = "not-possible: it is not refused, nothing is written into these books, the money did not stay, or a \
                                            person said that it is entered; changed-meanwhile")))]
pub async fn write_back_again(State(app): State<Arc<App>>, caller: Caller, Path(id): Path<String>) -> ApiResult<Json<BasketOut>> {
    let tenant = caller.may(Operation::RetryWriteBack)?;
    let basket = write_backs::try_again(&app.store, &caller.0, &id, app.clock.now()).await?;
    Ok(Json(shown(&app, tenant, &basket).await?))
}

/// Says whether an entry in the books is the payment that came of a basket: what a task of kind `seen_twice` asks. The last word counts; the
/// same again changes nothing.
#[utoipa::path(post, path = "/v1/baskets/{id}/entries/{payment}", tag = "payments", operation_id = "judge_entry",
    params(("id" = String, Path, description = "The basket, `pay_…`"),
           ("payment" = String, Path, description = "The entry: the payment's id here, `pay_…`, as the task names it")),
    request_body = JudgedIn,
    responses((status = 200, description = "The basket", body = BasketOut), (status = 400, description = "bad-request, every flaw in errors"),
              (status = 404, description = "not-found"),
              (status = 409, description = "not-possible: no money came of the basket, or the entry cannot be its payment")))]
pub async fn judge(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path((id, payment)): Path<(String, String)>,
    Body(body): Body,
) -> ApiResult<Json<BasketOut>> {
    let tenant = caller.may(Operation::JudgeEntry)?;
    let JudgedIn { same } = read(body).map_err(|flaw| Fail::fields([flaw]))?;
    let now = app.clock.now();
    let basket = baskets::judge(&app.store, &caller.0, &id, &payment, same, now).await?;
    Ok(Json(shown(&app, tenant, &basket).await?))
}
