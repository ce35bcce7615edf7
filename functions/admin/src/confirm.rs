//! The end of a sign-in: the admin who began it says that the company is theirs.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use domain::TenantId;
use jiff::Timestamp;
use reading::{NotConnected, Tokens, Wanted};
use serde::Deserialize;
use service::{
    Operation,
    sign_ins::{self, SignInEnd},
};
use store::Agreed;
use utoipa::ToSchema;

use crate::{
    accounting_connections::{self, HealthOut},
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
    let tenant = caller.may(Operation::ConfirmConnection)?;
    let books = accounting_connections::accounting_api_of(&source)?;
    let ConfirmIn { company, code } = read(body).map_err(|flaw| Fail::fields([flaw]))?;
    let now = app.clock.now();
    let (agreed, entry) = sign_ins::confirmed(&app.vault, &caller.0, &source, &SignInEnd { company, code }, now).await?;
    let tokens: Tokens = serde_json::from_value(agreed.tokens.clone())
        .map_err(|_| Fail::not_possible("the sign-in does not read any more; begin it again"))?;
    let wanted = Wanted { tenant, source: &source, books, realm: &agreed.realm, base: agreed.base.as_deref() };
    let app = app.acting(entry);
    wanted.connect(&app.store, &app.vault, &tokens, now).await?;
    app.vault.forget_agreed(tenant, &source).await?;
    tracing::info!(tenant.id = %tenant, source, "a company was connected");
    accounting_connections::health_of(&app, tenant, source).await.map(Json)
}

impl From<NotConnected> for Fail {
    fn from(error: NotConnected) -> Self {
        match error {
            NotConnected::Store(error) => error.into(),
            NotConnected::NoTenant => Self::not_found(error.to_string()),
            NotConnected::Another { .. } | NotConnected::Taken => Self::not_possible(error.to_string()),
        }
    }
}

/// Holds back what was agreed to, and answers the code that whoever agreed is shown, and until when it is good.
///
/// # Errors
///
/// When there is no randomness; those of KMS and of the table.
pub async fn hold_back(app: &App, tenant: &TenantId, source: &str, agreed: Agreed) -> ApiResult<(String, Timestamp)> {
    Ok(sign_ins::hold_back(&app.vault, tenant, source, agreed, app.clock.now()).await?)
}
