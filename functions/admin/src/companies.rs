//! Whose company it is, for operators: a company has one tenant, and an operator can take it from one that should not have it.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use domain::{NewTask, TaskKind};
use reading::connect::is_realm;
use serde::Serialize;
use service::Operation;
use utoipa::ToSchema;

use crate::{
    accounting_connections::accounting_api_of,
    answer::{ApiResult, Fail},
    app::App,
    caller::Caller,
};

/// Whose a company is.
#[derive(Serialize, ToSchema)]
pub struct CompanyOut {
    /// The kind of system.
    source: String,
    /// The company, by the vendor's id.
    realm: String,
    /// The tenant that is, or was, connected to it.
    tenant: String,
}

fn nobodys() -> Fail {
    Fail::not_found("no tenant is connected to this company; give the source and the id that the vendor shows")
}

fn check(source: &str, realm: &str) -> ApiResult<()> {
    accounting_api_of(source)?;
    if is_realm(realm) { Ok(()) } else { Err(nobodys()) }
}

/// Whose a company is.
#[utoipa::path(get, path = "/v1/companies/{source}/{realm}", tag = "operators", operation_id = "show_company",
    params(("source" = String, Path, description = "`quickbooks`, `xero`"),
           ("realm" = String, Path, description = "The company, by the vendor's id")),
    responses((status = 200, description = "The tenant that is connected to it", body = CompanyOut),
              (status = 404, description = "not-found: nobody is")))]
pub async fn show(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path((source, realm)): Path<(String, String)>,
) -> ApiResult<Json<CompanyOut>> {
    caller.may(Operation::ShowCompany)?;
    check(&source, &realm)?;
    let tenant = app.store.tenant_of_company(&source, &realm).await?.ok_or_else(nobodys)?;
    Ok(Json(CompanyOut { source, realm, tenant: tenant.to_string() }))
}

/// Frees a company: the tenant that has it is disconnected, its tokens are forgotten and its people are told; another may connect it then.
#[utoipa::path(delete, path = "/v1/companies/{source}/{realm}", tag = "operators", operation_id = "free_company",
    params(("source" = String, Path, description = "`quickbooks`, `xero`"),
           ("realm" = String, Path, description = "The company, by the vendor's id")),
    responses((status = 200, description = "Whose it was", body = CompanyOut), (status = 404, description = "not-found: nobody's")))]
pub async fn free(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path((source, realm)): Path<(String, String)>,
) -> ApiResult<Json<CompanyOut>> {
    caller.may(Operation::FreeCompany)?;
    check(&source, &realm)?;
    let now = app.clock.now();
    let app = caller.acts(&app, Operation::FreeCompany, |entry| entry.of(format!("{source}/{realm}")));
    let tenant = app.store.free_company(&source, &realm).await?.ok_or_else(nobodys)?;
    // Its tokens go where they were of this company; those of another stay.
    let held = app.vault.connection(&tenant, &source).await?;
    if held.is_some_and(|held| held.config.get("realm").and_then(serde_json::Value::as_str) == Some(realm.as_str())) {
        app.vault.delete_connection(&tenant, &source).await?;
    }
    let task = NewTask {
        kind: TaskKind::Connection,
        key: format!("{source}:freed:{realm}:{now}"),
        title: format!("An operator disconnected a company of {source}"),
        detail: format!(
            "Company {realm} is no longer read; what was read stays. If it is yours, connect it again: POST \
             /v1/connections/{source}/authorize."
        ),
        to: None,
        due_on: None,
        step: None,
        currency: None,
        case: None,
    };
    app.store.raise(&tenant, None, &task, now).await?;
    tracing::info!(tenant.id = %tenant, source, "a company was freed");
    Ok(Json(CompanyOut { source, realm, tenant: tenant.to_string() }))
}
