//! `POST /_local/model` says what the model does from now on; `GET /_local/model` has what it was asked, oldest first.

use std::sync::Arc;

use axum::{
    Json,
    body::Bytes,
    extract::State,
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{answers_model::ModelMode, lock, problem::read, world::World};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ModelIn {
    #[serde(default)]
    mode: ModelMode,
    /// Its choice, in the mode `says`.
    #[serde(default)]
    says: Option<Value>,
}

/// Says what the model does from now on.
pub async fn set(State(world): State<Arc<World>>, body: Bytes) -> Response {
    let ModelIn { mode, says } = match read(&body) {
        Ok(wish) => wish,
        Err(refusal) => return *refusal,
    };
    lock(&world.model).behave(mode, says);
    Json(json!({})).into_response()
}

/// What the model was asked, oldest first.
pub async fn show(State(world): State<Arc<World>>) -> Response {
    Json(lock(&world.model).shown()).into_response()
}
