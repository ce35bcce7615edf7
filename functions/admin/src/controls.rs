//! What stops everything, and lets it go on: the kill switch and the circuit breaker.

use std::sync::Arc;

use axum::{Json, extract::State};
use serde::Serialize;
use setup::settings::{self, Controls};
use utoipa::ToSchema;

use crate::{answer::ApiResult, app::App, caller::Caller};

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
    Ok(shown(settings::reset_breaker(&app.store, &caller.0, app.clock.now()).await?))
}

/// Turns the kill switch on: nothing is decided or sent until it is lifted. What a provider has accepted cannot be called back.
#[utoipa::path(post, path = "/v1/pause", tag = "controls", operation_id = "pause",
    responses((status = 200, description = "As it is now", body = ControlsOut)))]
pub async fn pause(State(app): State<Arc<App>>, caller: Caller) -> ApiResult<Json<ControlsOut>> {
    Ok(shown(settings::switch(&app.store, &caller.0, true, app.clock.now()).await?))
}

/// Lifts the kill switch; every customer is decided again.
#[utoipa::path(post, path = "/v1/resume", tag = "controls", operation_id = "resume",
    responses((status = 200, description = "As it is now", body = ControlsOut)))]
pub async fn resume(State(app): State<Arc<App>>, caller: Caller) -> ApiResult<Json<ControlsOut>> {
    Ok(shown(settings::switch(&app.store, &caller.0, false, app.clock.now()).await?))
}

fn shown(controls: Controls) -> Json<ControlsOut> {
    let Controls { paused, breaker_open } = controls;
    Json(ControlsOut { paused, breaker_open })
}
