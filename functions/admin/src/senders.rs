//! Whom tenants may send as. An operator lists it, because identities are verified for a deployment and not for a tenant.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use domain::{Identities, TenantId};
use serde::Serialize;
use service::{Operation, senders};
use store::Versioned;
use utoipa::ToSchema;

use crate::{
    answer::{ApiResult, Body, Fail, Precondition, Tagged, read},
    app::App,
    caller::Caller,
};

/// The senders that are listed for a tenant.
#[derive(Serialize, ToSchema)]
pub struct SendersOut {
    /// The tenant.
    tenant: String,
    /// By channel: of email addresses and domains, of SMS sender ids and numbers.
    #[schema(value_type = Object)]
    senders: serde_json::Value,
}

fn out(tenant: &TenantId, listed: &Identities) -> SendersOut {
    SendersOut { tenant: tenant.to_string(), senders: serde_json::json!(listed.senders) }
}

/// The senders that the tenant of the token may use.
#[utoipa::path(get, path = "/v1/senders", tag = "settings", operation_id = "list_senders",
    responses((status = 200, description = "The senders", body = SendersOut), (status = 404, description = "not-found: none were listed")))]
pub async fn own(State(app): State<Arc<App>>, caller: Caller) -> ApiResult<Json<SendersOut>> {
    let listed = senders::own(&app.store, &caller.0).await?;
    Ok(Json(out(caller.0.tenant(), &listed)))
}

/// The senders that are listed for a tenant.
#[utoipa::path(get, path = "/v1/tenants/{tenant}/senders", tag = "operators", operation_id = "show_tenant_senders",
    params(("tenant" = String, Path, description = "The tenant's id")),
    responses((status = 200, description = "The senders; ETag is their revision", body = SendersOut),
              (status = 404, description = "not-found: none were listed")))]
pub async fn show(State(app): State<Arc<App>>, caller: Caller, Path(tenant): Path<String>) -> ApiResult<Tagged<SendersOut>> {
    let (tenant, Versioned { value, rev }) = senders::show(&app.store, &caller.0, &tenant).await?;
    Ok(Tagged { rev, body: out(&tenant, &value) })
}

/// Lists the senders that a tenant may use, in place of those before. Its settings may name no others, and what is sent from others is kept
/// back. The tenant need not be there yet.
#[utoipa::path(put, path = "/v1/tenants/{tenant}/senders", tag = "operators", operation_id = "put_tenant_senders",
    params(("tenant" = String, Path, description = "The tenant's id"),
           ("If-Match" = Option<String>, Header, description = "The ETag of the list that this replaces"),
           ("If-None-Match" = Option<String>, Header, description = "`*`: only the first list")),
    request_body(content = Object, description = "`{\"senders\": {\"email\": [\"acme.example\"], \"sms\": [\"Acme\"]}}`"),
    responses((status = 200, description = "The senders; ETag is their revision", body = SendersOut),
              (status = 400, description = "bad-request, every wrong field in errors"),
              (status = 404, description = "not-found: no tenant's id"),
              (status = 412, description = "stale-version")))]
pub async fn put(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(tenant): Path<String>,
    condition: Precondition,
    Body(body): Body,
) -> ApiResult<Tagged<SendersOut>> {
    caller.may(Operation::PutTenantSenders)?;
    let given: Identities = read(body).map_err(|flaw| Fail::fields([flaw]))?;
    let (tenant, rev) = senders::put(&app.store, &caller.0, &tenant, &given, condition.rev, app.clock.now()).await?;
    tracing::info!(tenant.id = %tenant, "the senders of a tenant were listed");
    Ok(Tagged { rev, body: out(&tenant, &given) })
}
