//! A tenant's settings. The first `PUT` creates the tenant; `PATCH` changes what it names.

use std::sync::Arc;

use axum::{
    extract::{Query, State},
    response::IntoResponse,
};
use domain::{Settings, TenantId};
use serde::{Deserialize, Serialize};
use service::{Done, NotDone, Operation};
use setup::settings::{self, SettingsFound, SettingsWrite};
use utoipa::{IntoParams, ToSchema};

use crate::{
    answer::{ApiResult, Body, Fail, Precondition, Tagged},
    app::App,
    caller::Caller,
    merge_patch::FieldChange,
    warning::Warning,
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
    let found = settings::show(app.setup(), &caller.0).await?;
    Ok(SettingsOut::of(tenant, found, false))
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
    Body(body): Body,
) -> ApiResult<impl IntoResponse> {
    let tenant = caller.may(Operation::PutSettings)?;
    let found = settings::put(app.setup(), &caller.0, body, asked(condition, &trial), app.clock.now()).await;
    Ok(SettingsOut::of(tenant, whole(found)?, true))
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
    let found = settings::patch(app.setup(), &caller.0, body, asked(condition, &trial), app.clock.now()).await;
    Ok(SettingsOut::of(tenant, whole(found)?, true))
}

/// How settings are to be written.
fn asked(condition: Precondition, trial: &Trial) -> SettingsWrite {
    SettingsWrite { if_rev: condition.rev, is_trial: trial.dry_run }
}

/// 422 for settings that are wrong.
fn whole(found: Done<SettingsFound>) -> ApiResult<SettingsFound> {
    found.map_err(|error| match error {
        NotDone::Fields(flaws) => Fail::invalid(KIND, TITLE, flaws),
        other => other.into(),
    })
}

impl SettingsOut {
    fn of(tenant: &TenantId, found: SettingsFound, is_write: bool) -> Tagged<Self> {
        let SettingsFound { settings, rev, warnings, changes } = found;
        let warnings = warnings.into_iter().map(Warning::from).collect();
        let changes = is_write.then(|| changes.into_iter().map(FieldChange::from).collect());
        Tagged { rev, body: Self { tenant: tenant.to_string(), settings, warnings, changes } }
    }
}
