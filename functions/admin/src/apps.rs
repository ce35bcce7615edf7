//! The apps of vendors: what a vendor knows this deployment by. An operator sets them, once for all tenants.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
    response::IntoResponse,
};
use connectors::WebhookScope;
use domain::TenantId;
use jiff::ToSpan;
use reading::{AppSecrets, signin::callback};
use serde::{Deserialize, Serialize};
use service::Operation;
use utoipa::ToSchema;

use crate::{
    answer::{ApiResult, Body, Fail, OptionalBody, Precondition, Tagged, read},
    app::App,
    caller::Caller,
    filters::Filters,
    host::Host,
    tasks::{self, TaskDoneIn, TaskOut, TasksOut, TasksQuery},
};

/// How long the webhook secret before is still accepted, in hours.
const OVERLAP_HOURS: i64 = 24;

/// What a vendor shows in its developer portal.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AppIn {
    /// The client id.
    client_id: String,
    /// The client secret.
    client_secret: String,
    /// What webhooks are signed with: QuickBooks' verifier token, Xero's webhook key.
    webhook_secret: String,
}

/// A vendor's app, without its secrets.
#[derive(Serialize, ToSchema)]
pub struct AppOut {
    /// The kind of system.
    source: String,
    /// Whether its secrets are stored.
    set: bool,
    /// What to enter as redirect address in the vendor's portal.
    redirect_url: String,
    /// What to enter as webhook address in the vendor's portal.
    webhook_url: String,
}

/// The apps.
#[derive(Serialize, ToSchema)]
pub struct AppsOut {
    apps: Vec<AppOut>,
}

fn shown(app: &App, host: &Host, source: &str, set: bool) -> AppOut {
    let base = app.public(host);
    AppOut {
        source: source.to_owned(),
        set,
        redirect_url: callback(&base, source),
        webhook_url: format!("{base}/webhooks/app/{source}"),
    }
}

/// The vendors that know this deployment as an app, and the addresses to enter there.
#[utoipa::path(get, path = "/v1/apps", tag = "apps", operation_id = "list_apps",
    responses((status = 200, description = "The apps", body = AppsOut), (status = 403, description = "forbidden: not an operator")))]
pub async fn list(State(app): State<Arc<App>>, caller: Caller, host: Host) -> ApiResult<Json<AppsOut>> {
    caller.may(Operation::ListApps)?;
    let mut apps = Vec::new();
    for connector in connectors::registry().iter().filter(|connector| connector.capabilities().scope == WebhookScope::App) {
        let set = app.vault.connection(&TenantId::app(), connector.source()).await?.is_some();
        apps.push(shown(&app, &host, connector.source(), set));
    }
    Ok(Json(AppsOut { apps }))
}

/// Stores what a vendor shows for its app, or rotates it: the webhook secret before is still accepted for 24 hours.
#[utoipa::path(put, path = "/v1/apps/{source}", tag = "apps", operation_id = "put_app",
    params(("source" = String, Path, description = "`quickbooks`, `xero`")),
    request_body = AppIn,
    responses((status = 200, description = "Stored; ETag is its revision", body = AppOut),
              (status = 400, description = "bad-request, every wrong field in errors"),
              (status = 404, description = "not-found: no such source")))]
pub async fn put(
    State(app): State<Arc<App>>,
    caller: Caller,
    host: Host,
    Path(source): Path<String>,
    condition: Precondition,
    Body(body): Body,
) -> ApiResult<impl IntoResponse> {
    let tenant = caller.may(Operation::PutApp)?;
    let connector = connectors::by_source(&source).filter(|connector| connector.capabilities().scope == WebhookScope::App);
    let connector = connector.ok_or_else(|| Fail::not_found("no vendor's app has this name; GET /v1/apps lists them"))?;
    let AppIn { client_id, client_secret, webhook_secret }: AppIn = read(body).map_err(|flaw| Fail::fields([flaw]))?;
    let parts = [("client_id", &client_id), ("client_secret", &client_secret), ("webhook_secret", &webhook_secret)];
    let bad = |text: &str| text.is_empty() || text.len() > 512 || !text.bytes().all(|byte| byte.is_ascii_graphic());
    let flaws: Vec<_> = parts
        .into_iter()
        .filter(|(_, text)| bad(text))
        .map(|(name, _)| (format!("/{name}"), "has 1 to 512 visible ASCII characters; copy it as the vendor shows it".to_owned()))
        .collect();
    if !flaws.is_empty() {
        return Err(Fail::fields(flaws));
    }
    let now = app.clock.now();
    let app = caller.acts(&app, Operation::PutApp, |entry| entry.of(connector.source()));
    app.vault.ensure_key(tenant).await?;
    let before = app.vault.connection(tenant, connector.source()).await?;
    let rev = before.as_ref().map_or(0, |before| before.rev);
    condition.check(rev)?;
    let secrets = serde_json::to_vec(&AppSecrets { client_id, client_secret, webhook_secret }).unwrap_or_default();
    let until = now.checked_add(OVERLAP_HOURS.hours()).unwrap_or(now);
    let config = serde_json::json!({});
    let rev = app.vault.put_connection(tenant, connector.source(), &secrets, &config, Some(until), Some(rev)).await?;
    Ok(Tagged { rev, body: shown(&app, &host, connector.source(), true) })
}

/// What no tenant could be found for: webhooks of unknown companies, and such that do not read.
#[utoipa::path(get, path = "/v1/apps/tasks", tag = "apps", operation_id = "list_app_tasks",
    params(TasksQuery),
    responses((status = 200, description = "A page of the open ones; it may be empty though `next` is there", body = TasksOut)))]
pub async fn worklist(
    State(app): State<Arc<App>>,
    caller: Caller,
    Filters(query): Filters<TasksQuery>,
) -> ApiResult<Json<TasksOut>> {
    Ok(Json(tasks::page(&app, &caller, Operation::ListAppTasks, &query).await?))
}

/// Ends one of them; saying the same again keeps the first moment.
#[utoipa::path(post, path = "/v1/apps/tasks/{id}/done", tag = "apps", operation_id = "finish_app_task",
    params(("id" = String, Path, description = "The task's id")),
    request_body = Option<TaskDoneIn>,
    responses((status = 200, description = "The task", body = TaskOut), (status = 404, description = "not-found"),
              (status = 409, description = "not-possible: it is over already, otherwise"),
              (status = 422, description = "invalid-result: the result does not fit the kind of task")))]
pub async fn finish(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    OptionalBody(body): OptionalBody,
) -> ApiResult<Json<TaskOut>> {
    Ok(Json(tasks::end(&app, &caller, Operation::FinishAppTask, &id, body).await?))
}
