//! Whose company it is, for operators: a company has one tenant, and an operator can take it from one that should not have it.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use reading::connect::is_realm;
use serde::Serialize;
use service::{Operation, companies};
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

fn check(source: &str, realm: &str) -> ApiResult<()> {
    accounting_api_of(source)?;
    let none = "no vendor writes a company's id so; give the id that the vendor shows";
    if is_realm(realm) { Ok(()) } else { Err(Fail::not_found(none)) }
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
    let tenant = companies::whose(&app.store, &caller.0, &source, &realm).await?;
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
    let tenant = companies::free(&app.store, &app.vault, &caller.0, &source, &realm, app.clock.now()).await?;
    tracing::info!(tenant.id = %tenant, source, "a company was freed");
    Ok(Json(CompanyOut { source, realm, tenant: tenant.to_string() }))
}
