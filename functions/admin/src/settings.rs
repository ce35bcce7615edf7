//! A tenant's settings. The first `PUT` creates the tenant.

use std::{collections::BTreeSet, sync::Arc};

use axum::{extract::State, response::IntoResponse};
use domain::{Mode, Settings, TenantId, calendar::check_settings};
use serde::Serialize;
use serde_json::Value;
use store::Versioned;
use utoipa::ToSchema;

use crate::{
    answer::{ApiResult, Body, Fail, Precondition, Tagged, read},
    app::App,
    caller::{Caller, Role},
    workflows,
};

const KIND: &str = "invalid-settings";
const TITLE: &str = "Invalid settings";

/// Settings as they are stored, defaults filled in.
#[derive(Serialize, ToSchema)]
pub struct SettingsOut {
    /// The tenant.
    tenant: String,
    /// The settings.
    #[schema(value_type = Object)]
    settings: Settings,
    /// What is allowed but should not stay so.
    warnings: Vec<Warning>,
}

/// Something that is allowed but should not stay so.
#[derive(Serialize, ToSchema)]
pub struct Warning {
    /// JSON pointer into the settings.
    pointer: String,
    /// What to do.
    detail: String,
}

/// The tenant's settings.
#[utoipa::path(get, path = "/v1/settings", tag = "settings", operation_id = "show_settings",
    responses((status = 200, description = "The settings; ETag is their revision", body = SettingsOut)))]
pub async fn show(State(app): State<Arc<App>>, caller: Caller) -> ApiResult<impl IntoResponse> {
    let tenant = caller.at_least(Role::Viewer)?;
    let Versioned { value, rev } = app.settings(tenant).await?;
    out(&app, tenant, value, rev).await
}

/// Replaces the tenant's settings; the first time creates the tenant, in shadow mode unless `mode` says otherwise, with the
/// built-in workflows and templates. Left out, `mode`, `paused` and `shards` stay as they are; everything else goes back to its
/// default.
#[utoipa::path(put, path = "/v1/settings", tag = "settings", operation_id = "put_settings",
    request_body(content = Object, description = "The settings; components/schemas/Settings"),
    params(("If-Match" = Option<String>, Header, description = "The ETag of the settings that these replace"),
           ("If-None-Match" = Option<String>, Header, description = "`*`: only create the tenant")),
    responses((status = 200, description = "Stored", body = SettingsOut),
              (status = 412, description = "stale-version: they changed since"),
              (status = 422, description = "invalid-settings, every flaw in errors")))]
pub async fn put(
    State(app): State<Arc<App>>,
    caller: Caller,
    condition: Precondition,
    Body(body): Body,
) -> ApiResult<impl IntoResponse> {
    let tenant = caller.at_least(Role::Admin)?;
    let now = app.clock.now();
    let before = app.store.settings(tenant).await?;
    condition.check(before.as_ref().map_or(0, |before| before.rev))?;
    let mut settings = settings_of(body, before.as_ref().map(|before| &before.value))?;
    // Books that are read back are never so old as that nobody asks: what is left out gets its default again.
    for source in app.vault.connections(tenant).await? {
        if let Some(books) = connectors::accounting_api_of(&source) {
            settings.freshness.entry(source).or_insert_with(|| crate::app::demand(books.access().limits.good_for));
        }
    }
    let seen = before.as_ref().map_or(0, |before| before.rev);
    let rev = match app.store.put_settings(tenant, &settings, Some(seen), now).await {
        Ok(rev) => rev,
        Err(store::Error::Conflict { .. }) if condition.rev.is_some() => {
            return Err(Fail::stale_version("it changed meanwhile; read it again and send its revision in If-Match"));
        }
        Err(error) => return Err(error.into()),
    };
    // A first try may have stored the settings and got no further.
    app.vault.ensure_key(tenant).await?;
    if !app.store.has_workflows(tenant).await? {
        workflows::publish_builtin(&app, tenant, now).await?;
    }
    out(&app, tenant, settings, rev).await
}

/// Reads and checks settings; what is kept when left out comes from those before.
fn settings_of(mut body: Value, before: Option<&Settings>) -> ApiResult<Settings> {
    if let (Some(object), Some(before)) = (body.as_object_mut(), before) {
        let keep = [
            ("mode", serde_json::to_value(before.mode)),
            ("paused", Ok(before.paused.into())),
            ("shards", Ok(before.shards.into())),
        ];
        for (name, value) in keep {
            if let (false, Ok(value)) = (object.contains_key(name), value) {
                object.insert(name.to_owned(), value);
            }
        }
    }
    let settings: Settings = read(body).map_err(|flaw| Fail::invalid(KIND, TITLE, [flaw]))?;
    let mut flaws = check_settings(&settings);
    if let Some(before) = before.filter(|before| settings.shards < before.shards) {
        flaws.push(("/shards".to_owned(), format!("shards may be raised, not lowered; there are {} now", before.shards)));
    }
    if flaws.is_empty() { Ok(settings) } else { Err(Fail::invalid(KIND, TITLE, flaws)) }
}

async fn out(app: &App, tenant: &TenantId, settings: Settings, rev: u64) -> ApiResult<Tagged<SettingsOut>> {
    let sources: BTreeSet<String> =
        if settings.mode == Mode::Live { app.vault.connections(tenant).await?.into_iter().collect() } else { BTreeSet::new() };
    let warnings = sources
        .iter()
        .filter(|source| !settings.freshness.contains_key(*source))
        .map(|source| Warning {
            pointer: format!("/freshness/{source}"),
            detail: format!(
                "if {source} falls silent, paid invoices are chased; set how old its word may be, such as \"PT26H\", and keep it by \
                 sending source.heartbeat"
            ),
        })
        .collect();
    Ok(Tagged { rev, body: SettingsOut { tenant: tenant.to_string(), settings, warnings } })
}
