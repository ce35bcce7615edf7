//! A tenant's settings. The first `PUT` creates the tenant; `PATCH` changes what it names.

use std::sync::Arc;

use axum::{
    extract::{Query, State},
    response::IntoResponse,
};
use domain::{Mode, Settings, TenantId, Workflow, calendar::check_settings, go_live, identities};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use service::{Operation, flaws::read_what_fits};
use store::Versioned;
use utoipa::{IntoParams, ToSchema};

use crate::{
    answer::{ApiResult, Body, Fail, Precondition, Tagged},
    app::App,
    caller::Caller,
    merge_patch::{FieldChange, changes, merge},
    settings_warnings::warnings,
    warning::Warning,
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
    /// What is other than before this write, or would be; for a new tenant, other than the defaults. Only of PUT and PATCH.
    #[serde(skip_serializing_if = "Option::is_none")]
    changes: Option<Vec<FieldChange>>,
}

/// Whether it is only tried.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Trial {
    /// `true`: nothing is stored; the answer is that of the same request without it: what would change, or everything that is wrong.
    #[serde(default)]
    dry_run: bool,
}

/// The tenant's settings.
#[utoipa::path(get, path = "/v1/settings", tag = "settings", operation_id = "show_settings",
    responses((status = 200, description = "The settings; ETag is their revision", body = SettingsOut),
              (status = 404, description = "not-found: PUT creates them")))]
pub async fn show(State(app): State<Arc<App>>, caller: Caller) -> ApiResult<impl IntoResponse> {
    let tenant = caller.may(Operation::ShowSettings)?;
    let Versioned { value, rev } = app.settings(tenant).await?;
    let published = published(&app, tenant).await?;
    let warnings = warnings(&app, tenant, &value, &published).await?;
    let body = SettingsOut { tenant: tenant.to_string(), settings: value, warnings, changes: None };
    Ok(Tagged { rev, body })
}

/// Replaces the tenant's settings; the first time creates the tenant, in shadow mode unless `mode` says otherwise, with the
/// built-in workflows and templates. Left out, `mode`, `paused`, `shards` and `training` stay as they are; everything else goes back to its
/// default: PATCH keeps it. `mode` becomes `live` only where nothing is missing that messages need, and never of a training tenant.
#[utoipa::path(put, path = "/v1/settings", tag = "settings", operation_id = "put_settings",
    request_body(content = Object, description = "The settings; components/schemas/Settings"),
    params(Trial, ("If-Match" = Option<String>, Header, description = "The ETag of the settings that these replace"),
           ("If-None-Match" = Option<String>, Header, description = "`*`: only create the tenant")),
    responses((status = 200, description = "Stored, or tried", body = SettingsOut),
              (status = 412, description = "stale-version: they changed since"),
              (status = 422, description = "invalid-settings, every flaw in errors, and everything that is missing to go live")))]
pub async fn put(
    State(app): State<Arc<App>>,
    caller: Caller,
    condition: Precondition,
    Query(trial): Query<Trial>,
    Body(mut body): Body,
) -> ApiResult<impl IntoResponse> {
    let tenant = caller.may(Operation::PutSettings)?;
    let before = app.store.settings(tenant).await?;
    condition.check(before.as_ref().map_or(0, |before| before.rev))?;
    if let (Some(object), Some(Versioned { value: before, .. })) = (body.as_object_mut(), &before) {
        let kept = [
            ("mode", json!(before.mode)),
            ("paused", json!(before.paused)),
            ("shards", json!(before.shards)),
            ("training", json!(before.training)),
        ];
        for (name, kept) in kept {
            object.entry(name).or_insert(kept);
        }
    }
    write(&app, (&caller, Operation::PutSettings), condition, trial, before, body).await
}

/// Changes what it names of the tenant's settings, as a JSON merge patch (RFC 7396): objects are merged, `null` goes back to the default,
/// lists are replaced. `mode` becomes `live` only where nothing is missing that messages need.
#[utoipa::path(patch, path = "/v1/settings", tag = "settings", operation_id = "patch_settings",
    request_body(content = Object, description = "What is to change; components/schemas/SettingsPatch"),
    params(Trial, ("If-Match" = Option<String>, Header, description = "The ETag of the settings that this changes")),
    responses((status = 200, description = "Stored, or tried", body = SettingsOut),
              (status = 404, description = "not-found: PUT creates them"),
              (status = 412, description = "stale-version: they changed since"),
              (status = 422, description = "invalid-settings, every flaw in errors, and everything that is missing to go live")))]
pub async fn patch(
    State(app): State<Arc<App>>,
    caller: Caller,
    condition: Precondition,
    Query(trial): Query<Trial>,
    Body(body): Body,
) -> ApiResult<impl IntoResponse> {
    let tenant = caller.may(Operation::PatchSettings)?;
    let before = app.settings(tenant).await?;
    condition.check(before.rev)?;
    if !body.is_object() {
        let detail = "a merge patch is an object with the settings that change, such as {\"mode\": \"live\"}";
        return Err(Fail::invalid(KIND, TITLE, [(String::new(), detail.to_owned())]));
    }
    let merged = merge(json!(before.value), body);
    write(&app, (&caller, Operation::PatchSettings), condition, trial, Some(before), merged).await
}

/// Checks and stores settings, or says what would come of it.
async fn write(
    app: &App,
    (caller, operation): (&Caller, Operation),
    condition: Precondition,
    trial: Trial,
    before: Option<Versioned<Settings>>,
    wish: Value,
) -> ApiResult<Tagged<SettingsOut>> {
    let tenant = caller.may(operation)?;
    let now = app.clock.now();
    let seen = before.as_ref().map_or(0, |before| before.rev);
    let before = before.map(|before| before.value);
    let published = published(app, tenant).await?;
    let instead = before.as_ref().map_or(Value::Null, |before| json!(before));
    let (settings, mut flaws) = read_what_fits::<Settings>(wish, &instead);
    let settings = match settings {
        Some(mut settings) => {
            demand_of_books(app, tenant, &mut settings).await?;
            let listed = app.store.identities(tenant).await?.map(|listed| listed.value);
            let unlisted = identities::unlisted(&settings, listed.as_ref(), before.as_ref());
            for flaw in check(before.as_ref(), &settings, &published).into_iter().chain(unlisted) {
                if !flaws.iter().any(|(pointer, _)| *pointer == flaw.0) {
                    flaws.push(flaw);
                }
            }
            settings
        }
        None => return Err(Fail::invalid(KIND, TITLE, flaws)),
    };
    let compared = before.unwrap_or_else(|| Settings::named(""));
    let changes = Some(changes(&json!(compared), &json!(settings)));
    if !flaws.is_empty() {
        return Err(Fail::invalid(KIND, TITLE, flaws));
    }
    if trial.dry_run {
        let warnings = warnings(app, tenant, &settings, &published).await?;
        return Ok(Tagged { rev: seen, body: SettingsOut { tenant: tenant.to_string(), settings, warnings, changes } });
    }
    let what = service::audit::changes(&instead, &json!(settings));
    let app = &caller.acts(app, operation, |entry| entry.with(what));
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
        workflows::publish_builtin(app, tenant, now).await?;
    }
    let warnings = warnings(app, tenant, &settings, &published).await?;
    Ok(Tagged { rev, body: SettingsOut { tenant: tenant.to_string(), settings, warnings, changes } })
}

/// The published workflows; for a tenant that is not set up yet those that it will start with.
async fn published(app: &App, tenant: &TenantId) -> ApiResult<Vec<Workflow>> {
    if app.store.has_workflows(tenant).await? {
        return Ok(app.store.workflows(tenant).await?);
    }
    Ok(channels::builtin::workflows())
}

/// Books that are read back are never so old as that nobody asks: what is left out gets its default again.
async fn demand_of_books(app: &App, tenant: &TenantId, settings: &mut Settings) -> ApiResult<()> {
    for source in app.vault.connections(tenant).await? {
        if let Some(books) = connectors::accounting_api_of(&source) {
            settings.freshness.entry(source).or_insert_with(|| reading::connect::demand(books.access().limits.good_for));
        }
    }
    Ok(())
}

/// What keeps settings from being stored. What a live tenant lacks it must not lose, and who is not live yet must have; a tenant that has
/// been live without is warned, so that everything else of it can still be set.
fn check(before: Option<&Settings>, settings: &Settings, published: &[Workflow]) -> Vec<(String, String)> {
    let mut flaws = check_settings(settings);
    let unknown = settings.freshness.keys().filter(|source| connectors::by_source(source).is_none());
    flaws.extend(unknown.map(|source| {
        let pointer = format!("/freshness/{}", source.replace('~', "~0").replace('/', "~1"));
        (pointer, "no source has this name; GET /v1/sources lists those there are".to_owned())
    }));
    if let Some(before) = before.filter(|before| settings.shards < before.shards) {
        flaws.push(("/shards".to_owned(), format!("shards may be raised, not lowered; there are {} now", before.shards)));
    }
    if let Some(before) = before.filter(|before| settings.training != before.training) {
        let stays =
            if before.training { "this tenant is one for training and stays so" } else { "this tenant is none for training" };
        flaws
            .push(("/training".to_owned(), format!("{stays}: that is said with a tenant's first settings; make another tenant")));
    }
    if settings.training && settings.mode == Mode::Live {
        let detail = "a tenant for training never goes live; make another tenant to work with".to_owned();
        flaws.push(("/mode".to_owned(), detail));
    } else if settings.mode == Mode::Live {
        let lacked = before.filter(|before| before.mode == Mode::Live).map(|before| go_live::missing(before, published));
        let lacked = lacked.unwrap_or_default();
        flaws.extend(go_live::missing(settings, published).into_iter().filter(|missing| !lacked.contains(missing)));
    }
    flaws
}
