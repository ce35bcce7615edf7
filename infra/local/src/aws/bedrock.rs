//! Amazon Bedrock's runtime: `Converse`, answered by what stands for a model.

use http::StatusCode;
use serde_json::Value;

use super::{Answer, Call, json_error, percent_decode, respond};
use crate::{answers_model::Conversed, lock, world::World};

/// Whether a path is that of `Converse`; the model within it.
pub(super) fn model_in(path: &str) -> Option<String> {
    let model = path.strip_prefix("/model/")?.strip_suffix("/converse")?;
    (!model.is_empty() && !model.contains('/')).then(|| percent_decode(model))
}

pub(super) async fn perform(world: &World, call: &Call) -> Answer {
    let Some(model) = model_in(&call.path) else {
        return json_error(StatusCode::NOT_FOUND, "ResourceNotFoundException", "there is no such model");
    };
    let request: Value = serde_json::from_slice(&call.body).unwrap_or_default();
    let text = |pointer: &str| request.pointer(pointer).and_then(Value::as_str).filter(|text| !text.is_empty());
    let is_user = text("/messages/0/role") == Some("user");
    let is_bounded = request.pointer("/inferenceConfig/maxTokens").and_then(Value::as_u64).is_some_and(|most| most > 0);
    let (Some(system), Some(words), true) = (text("/system/0/text"), text("/messages/0/content/0/text"), is_user && is_bounded)
    else {
        return json_error(StatusCode::BAD_REQUEST, "ValidationException", "The request is not valid.");
    };
    let said = lock(&world.model).ask(&model, system, words);
    match said {
        Conversed::Body(body) => respond(StatusCode::OK, "application/json", body),
        Conversed::Never => std::future::pending().await,
    }
}
