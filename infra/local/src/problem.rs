//! How the control surface reads bodies and refuses them.

use axum::{
    Json,
    body::Bytes,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use kit::Problem;
use serde::de::DeserializeOwned;

/// A refusal of the control surface.
pub(crate) fn problem(status: StatusCode, kind: &str, detail: impl Into<String>) -> Response {
    let title = status.canonical_reason().unwrap_or_default();
    let body = Problem::new(status.as_u16(), kind, title, detail);
    (status, [(http::header::CONTENT_TYPE, "application/problem+json")], Json(body).into_response().into_body()).into_response()
}

/// A JSON body, whatever its content type says.
pub(crate) fn read<T: DeserializeOwned>(body: &Bytes) -> Result<T, Box<Response>> {
    serde_json::from_slice(body)
        .map_err(|error| Box::new(problem(StatusCode::UNPROCESSABLE_ENTITY, "unreadable", format!("the body: {error}"))))
}
