//! What stops everything, and lets it go on: the kill switch and the circuit breaker.

use std::sync::Arc;

use axum::{Json, extract::State};
use domain::TenantId;
use serde::Serialize;
use service::Operation;
use utoipa::ToSchema;

use crate::{
    answer::{ApiResult, Fail},
    app::App,
    caller::Caller,
};

/// Whether anything leaves.
#[derive(Serialize, ToSchema)]
pub struct ControlsOut {
    /// The kill switch.
    paused: bool,
    /// Whether the circuit breaker holds everything back.
    breaker_open: bool,
}

/// Closes the circuit breaker after a person has looked; every customer is decided again.
#[utoipa::path(post, path = "/v1/breaker/reset", tag = "controls", operation_id = "reset_breaker",
    responses((status = 200, description = "As it is now", body = ControlsOut)))]
pub async fn reset_breaker(State(app): State<Arc<App>>, caller: Caller) -> ApiResult<Json<ControlsOut>> {
    let tenant = caller.may(Operation::ResetBreaker)?;
    let settings = app.settings(tenant).await?;
    let now = app.clock.now();
    let today = now.to_zoned(domain::calendar::tenant_zone(&settings.value)).date();
    let app = caller.acts(&app, Operation::ResetBreaker, |entry| entry);
    app.store.approve_day(tenant, today).await?;
    app.store.reset_breaker(tenant, now).await?;
    controls(&app, tenant).await
}

/// Turns the kill switch on: nothing is decided or sent until it is lifted. What a provider has accepted cannot be called back.
#[utoipa::path(post, path = "/v1/pause", tag = "controls", operation_id = "pause",
    responses((status = 200, description = "As it is now", body = ControlsOut)))]
pub async fn pause(State(app): State<Arc<App>>, caller: Caller) -> ApiResult<Json<ControlsOut>> {
    switch(&app, &caller, Operation::Pause, true).await
}

/// Lifts the kill switch; every customer is decided again.
#[utoipa::path(post, path = "/v1/resume", tag = "controls", operation_id = "resume",
    responses((status = 200, description = "As it is now", body = ControlsOut)))]
pub async fn resume(State(app): State<Arc<App>>, caller: Caller) -> ApiResult<Json<ControlsOut>> {
    switch(&app, &caller, Operation::Resume, false).await
}

async fn switch(app: &App, caller: &Caller, operation: Operation, paused: bool) -> ApiResult<Json<ControlsOut>> {
    let tenant = caller.may(operation)?;
    let app = &caller.acts(app, operation, |entry| entry);
    for _ in 0..4 {
        let before = app.settings(tenant).await?;
        if before.value.paused == paused {
            return controls(app, tenant).await;
        }
        let settings = domain::Settings { paused, ..before.value };
        match app.store.put_settings(tenant, &settings, Some(before.rev), app.clock.now()).await {
            Ok(_) => return controls(app, tenant).await,
            Err(store::Error::Conflict { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(Fail::changed_meanwhile("the settings kept changing; try again"))
}

async fn controls(app: &App, tenant: &TenantId) -> ApiResult<Json<ControlsOut>> {
    let policy = app.store.policy(tenant, &Default::default(), store::Read::Fresh).await?;
    Ok(Json(ControlsOut { paused: policy.settings.paused, breaker_open: policy.breaker_open }))
}
