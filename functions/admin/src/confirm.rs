//! The end of a sign-in: the admin who began it says that the company is theirs.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use domain::TenantId;
use jiff::Timestamp;
use serde::Deserialize;
use service::{
    Operation,
    sign_ins::{self, SignInEnd},
};
use setup::books;
use store::Agreed;
use utoipa::ToSchema;

use crate::{
    accounting_connections::HealthOut,
    answer::{ApiResult, Body, Fail, read},
    app::App,
    caller::Caller,
};

/// What an admin says to end a sign-in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConfirmIn {
    /// The company's name or id, as the page after the sign-in shows it.
    company: String,
    /// The code that the page shows.
    code: String,
}

/// Ends a sign-in: the company that somebody agreed to is connected. Only who began the sign-in may.
#[utoipa::path(post, path = "/v1/connections/{source}/confirm", tag = "connections", operation_id = "confirm_connection",
    params(("source" = String, Path, description = "`quickbooks`, `xero`")),
    request_body = ConfirmIn,
    responses((status = 200, description = "Connected; its health", body = HealthOut),
              (status = 404, description = "not-found: no such source, or no sign-in waits to be confirmed"),
              (status = 409, description = "not-possible: the company is another tenant's, or the tenant has another one")))]
pub async fn confirm(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(source): Path<String>,
    Body(body): Body,
) -> ApiResult<Json<HealthOut>> {
    caller.may(Operation::ConfirmConnection)?;
    let ConfirmIn { company, code } = read(body).map_err(|flaw| Fail::fields([flaw]))?;
    let said = SignInEnd { company, code };
    let health = books::confirm(app.setup(), &caller.0, &source, &said, app.clock.now()).await?;
    Ok(Json(HealthOut::of(health)))
}

/// Holds back what was agreed to, and answers the code that whoever agreed is shown, and until when it is good.
///
/// # Errors
///
/// When there is no randomness; those of KMS and of the table.
pub async fn hold_back(app: &App, tenant: &TenantId, source: &str, agreed: Agreed) -> ApiResult<(String, Timestamp)> {
    Ok(sign_ins::hold_back(&app.vault, tenant, source, agreed, app.clock.now()).await?)
}
