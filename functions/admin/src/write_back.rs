//! Whether payments that were taken here are written into the books of a source.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use serde::Deserialize;
use service::{
    Operation,
    write_backs::{self, WriteBackAsked},
};
use utoipa::ToSchema;

use crate::{
    accounting_connections::accounting_api_of,
    answer::{ApiResult, Body, Fail, read},
    app::App,
    books_written::{WriteBackSettingOut, setting_shown},
    caller::Caller,
};

/// Whether payments are written into the books.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WriteBackIn {
    /// Whether payments that were taken here are written into the books.
    enabled: bool,
    /// The account of the books that the money is deposited to: QuickBooks' id of it, may be left out; Xero's code, required.
    #[serde(default)]
    account: Option<String>,
}

/// Says whether payments that were taken here are written into the books of a source from now on. It is off until somebody says so. Where the
/// vendor has a right of its own for writing (Xero), connect the company again afterwards: from then on `authorize` asks for it.
#[utoipa::path(put, path = "/v1/connections/{source}/write_back", tag = "connections", operation_id = "put_write_back",
    params(("source" = String, Path, description = "`quickbooks`, `xero`")),
    request_body = WriteBackIn,
    responses((status = 200, description = "How it is from now on", body = WriteBackSettingOut),
              (status = 400, description = "bad-request, every flaw in errors"),
              (status = 404, description = "not-found: no such source, it is not connected, or Dunlin writes no payments into such books")))]
pub async fn put(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(source): Path<String>,
    Body(body): Body,
) -> ApiResult<Json<WriteBackSettingOut>> {
    caller.may(Operation::PutWriteBack)?;
    let none = || Fail::not_found("Dunlin writes no payments into the books of such a source");
    let writing = accounting_api_of(&source)?.writing().ok_or_else(none)?;
    let WriteBackIn { enabled, account } = read(body).map_err(|flaw| Fail::fields([flaw]))?;
    let asked = WriteBackAsked { enabled, account };
    let setting = write_backs::set(&app.store, &caller.0, &source, &asked, writing.account_required, app.clock.now()).await?;
    Ok(Json(setting_shown(setting)))
}
