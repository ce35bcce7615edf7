//! Key accounts: customers that leave automation by their share of the book.

use std::sync::Arc;

use axum::{Json, extract::State};
use domain::Currency;
use serde::{Deserialize, Serialize};
use service::{
    Operation,
    key_accounts::{self, KeyAccountsFound},
};
use utoipa::ToSchema;

use crate::{
    answer::{ApiResult, Body, Fail, read},
    app::App,
    caller::Caller,
};

/// Of which book.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyAccountsIn {
    /// The currency.
    #[schema(value_type = String)]
    currency: Currency,
    /// Whether it is only said what would be done.
    #[serde(default)]
    dry_run: bool,
}

/// What was found, and done unless it was a dry run.
#[derive(Serialize, ToSchema)]
pub struct KeyAccountsOut {
    /// The currency.
    #[schema(value_type = String)]
    currency: Currency,
    /// What is open in all, minor units, as of each customer's last decision.
    all_minor: i64,
    /// Customers that leave automation.
    taken: Vec<KeyAccountOut>,
    /// Customers that had left it before.
    kept: Vec<String>,
    /// Customers that go back to it.
    given_back: Vec<String>,
    /// Customers that should have left it, and did not.
    failed: Vec<KeyAccountFailedOut>,
}

/// A customer that leaves automation.
#[derive(Serialize, ToSchema)]
pub struct KeyAccountOut {
    /// The customer, `cus_…`.
    customer: String,
    /// What is open of it, minor units.
    open_minor: i64,
}

/// A customer that should have left automation.
#[derive(Serialize, ToSchema)]
pub struct KeyAccountFailedOut {
    /// The customer, `cus_…`.
    customer: String,
    /// Why it did not.
    why: String,
}

/// Finds the key accounts of a currency: customers of whom at least the share of all that is open is that `key_accounts` in the settings names. Each
/// is paused without an end, and the owner has a task. Those that are none any more are chased again. The tenant's midnight does the same; this does it
/// at once, also for those whose pause a person released.
#[utoipa::path(post, path = "/v1/key_accounts", tag = "owners", operation_id = "find_key_accounts", request_body = KeyAccountsIn,
    responses((status = 200, description = "What was found", body = KeyAccountsOut),
              (status = 400, description = "bad-request, every flaw in errors"), (status = 404, description = "not-found"),
              (status = 409, description = "not-possible: the book is too large for one request")))]
pub async fn find(State(app): State<Arc<App>>, caller: Caller, Body(body): Body) -> ApiResult<Json<KeyAccountsOut>> {
    caller.may(Operation::FindKeyAccounts)?;
    let KeyAccountsIn { currency, dry_run } = read(body).map_err(|flaw| Fail::fields([flaw]))?;
    let found = key_accounts::find(&app.store, &caller.0, currency, dry_run, app.clock.now()).await?;
    let KeyAccountsFound { all_minor, taken, kept, given_back, failed } = found;
    let named = |all: Vec<domain::CustomerId>| all.iter().map(ToString::to_string).collect();
    Ok(Json(KeyAccountsOut {
        currency,
        all_minor,
        taken: taken.into_iter().map(|(id, open_minor)| KeyAccountOut { customer: id.to_string(), open_minor }).collect(),
        kept: named(kept),
        given_back: named(given_back),
        failed: failed.into_iter().map(|(id, why)| KeyAccountFailedOut { customer: id.to_string(), why }).collect(),
    }))
}
