//! Whom tenants may send as. An operator lists it, because identities are verified for a deployment and not for a tenant.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use domain::{Identities, TenantId};
use serde::Serialize;
use service::Operation;
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

fn named(tenant: &str) -> ApiResult<TenantId> {
    TenantId::parse(tenant).map_err(|_| Fail::not_found("this is no tenant's id; give the id that the tenant's tokens name"))
}

async fn listed(app: &App, tenant: &TenantId) -> ApiResult<Versioned<Identities>> {
    let listed = app.store.identities(tenant).await?;
    listed.ok_or_else(|| {
        Fail::not_found(
            "no senders were listed for this tenant yet; an operator lists them with PUT /v1/tenants/{tenant}/senders",
        )
    })
}

/// The senders that the tenant of the token may use.
#[utoipa::path(get, path = "/v1/senders", tag = "settings", operation_id = "list_senders",
    responses((status = 200, description = "The senders", body = SendersOut), (status = 404, description = "not-found: none were listed")))]
pub async fn own(State(app): State<Arc<App>>, caller: Caller) -> ApiResult<Json<SendersOut>> {
    let tenant = caller.may(Operation::ListSenders)?;
    Ok(Json(out(tenant, &listed(&app, tenant).await?.value)))
}

/// The senders that are listed for a tenant.
#[utoipa::path(get, path = "/v1/tenants/{tenant}/senders", tag = "operators", operation_id = "show_tenant_senders",
    params(("tenant" = String, Path, description = "The tenant's id")),
    responses((status = 200, description = "The senders; ETag is their revision", body = SendersOut),
              (status = 404, description = "not-found: none were listed")))]
pub async fn show(State(app): State<Arc<App>>, caller: Caller, Path(tenant): Path<String>) -> ApiResult<Tagged<SendersOut>> {
    caller.may(Operation::ShowTenantSenders)?;
    let tenant = named(&tenant)?;
    let Versioned { value, rev } = listed(&app, &tenant).await?;
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
    let tenant = named(&tenant)?;
    let given: Identities = read(body).map_err(|flaw| Fail::fields([flaw]))?;
    let flaws = given.check();
    if !flaws.is_empty() {
        return Err(Fail::fields(flaws));
    }
    let before = app.store.identities(&tenant).await?;
    let rev = before.as_ref().map_or(0, |before| before.rev);
    condition.check(rev)?;
    if before.is_some_and(|before| before.value == given) {
        return Ok(Tagged { rev, body: out(&tenant, &given) });
    }
    let what = serde_json::json!({ "senders": given.senders });
    let app = caller.acts(&app, Operation::PutTenantSenders, |entry| entry.of(tenant.as_str()).with(what));
    let rev = app.store.put_identities(&tenant, &given, rev, app.clock.now()).await?;
    if let Some(settings) = app.store.settings(&tenant).await? {
        app.store.end_causes(&tenant, &settings.value, app.clock.now()).await?;
    }
    tracing::info!(tenant.id = %tenant, "the senders of a tenant were listed");
    Ok(Tagged { rev, body: out(&tenant, &given) })
}
