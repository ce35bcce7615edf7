//! Events that could not be taken as they were: read, and applied again.

use std::sync::Arc;

use aws_sdk_s3::operation::get_object::GetObjectError;
use axum::{
    Json,
    extract::{Path, State},
};
use domain::calendar::tenant_zone;
use reading::again::{AppliedAgain, apply_again};
use serde::Serialize;
use serde_json::Value;
use service::{
    Operation,
    tasks::{KeptEvent, event_applied, kept_event},
};
use store::AppliedOutcome;
use utoipa::ToSchema;

use crate::{
    answer::{ApiResult, Fail},
    app::App,
    caller::Caller,
    tasks::{TaskOut, shown},
};

/// An event as it came in.
#[derive(Serialize, ToSchema)]
pub struct EventOut {
    /// The source that sent it.
    source: String,
    /// Its body: as JSON where it is JSON, else as text.
    #[schema(value_type = Object)]
    body: Value,
}

/// The event that a task is about, as it came in.
#[utoipa::path(get, path = "/v1/tasks/{id}/event", tag = "tasks", operation_id = "show_event",
    params(("id" = String, Path, description = "The task's id")),
    responses((status = 200, description = "The event", body = EventOut),
              (status = 404, description = "not-found: no such task, it is about no event, or the event is no longer kept")))]
pub async fn show(State(app): State<Arc<App>>, caller: Caller, Path(id): Path<String>) -> ApiResult<Json<EventOut>> {
    let kept = kept_event(&app.store, &caller.0, Operation::ShowEvent, &id).await?;
    Ok(Json(EventOut { body: body_as_json(&app, &kept).await?, source: kept.source }))
}

/// The body of an event: as JSON where it is JSON, else as text.
///
/// # Errors
///
/// Where it is no longer kept, and those of the bucket.
pub async fn body_as_json(app: &App, kept: &KeptEvent) -> ApiResult<Value> {
    let bytes = body(app, kept).await?;
    Ok(serde_json::from_slice(&bytes).unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&bytes).into_owned())))
}

/// Applies the event again that a task is about, and ends the task. Do so after a release that reads the event, or once what it names has
/// come. What is older than what is known changes nothing.
#[utoipa::path(post, path = "/v1/tasks/{id}/event/apply", tag = "tasks", operation_id = "apply_event",
    params(("id" = String, Path, description = "The task's id")),
    responses((status = 200, description = "It was applied; the task, which is over now", body = TaskOut),
              (status = 404, description = "not-found: no such task, it is about no event, or the event is no longer kept"),
              (status = 409, description = "not-possible: the task is over"),
              (status = 422, description = "invalid-document: it still cannot be taken, every flaw in errors; nothing of it was")))]
pub async fn apply(State(app): State<Arc<App>>, caller: Caller, Path(id): Path<String>) -> ApiResult<Json<TaskOut>> {
    apply_of_task(&app, &caller, Operation::ApplyEvent, &id).await
}

/// Applies the event again that a task is about, as one of the operations that may.
///
/// # Errors
///
/// Those of the operation.
pub async fn apply_of_task(app: &App, caller: &Caller, operation: Operation, id: &str) -> ApiResult<Json<TaskOut>> {
    let tenant = caller.may(operation)?;
    let kept = kept_event(&app.store, &caller.0, operation, id).await?;
    let bytes = body(app, &kept).await?;
    let zone = tenant_zone(&app.settings(tenant).await?.value);
    let now = app.clock.now();
    let invalid = |errors: Vec<(String, String)>| Fail::invalid("invalid-document", "Invalid document", errors);
    let outcome = match apply_again((&app.store, &app.vault), tenant, &kept.source, &bytes, &zone, now).await? {
        AppliedAgain::Done(AppliedOutcome::Applied) => "applied",
        AppliedAgain::Done(AppliedOutcome::Stale) => "stale",
        AppliedAgain::Done(AppliedOutcome::Duplicate) => "duplicate",
        AppliedAgain::Nothing(why) => return Err(invalid(vec![(String::new(), why)])),
        AppliedAgain::StillWrong(flaws) => {
            return Err(invalid(flaws.into_iter().map(|flaw| (flaw.pointer, flaw.detail)).collect()));
        }
    };
    Ok(Json(shown(event_applied(&app.store, &caller.0, operation, &kept, outcome, now).await?)))
}

async fn body(app: &App, kept: &KeptEvent) -> ApiResult<Vec<u8>> {
    let call = app.kept.client.get_object().bucket(&app.kept.bucket).key(&kept.key).send();
    let found = match Box::pin(call).await {
        Ok(found) => found,
        Err(error) if error.as_service_error().is_some_and(GetObjectError::is_no_such_key) => {
            return Err(Fail::not_found("the event is no longer kept; have its source send it again"));
        }
        Err(error) => {
            tracing::error!(error = kit::causes(&error), "an event cannot be fetched from the bucket");
            return Err(Fail::unavailable("the event cannot be fetched now; try again in some seconds"));
        }
    };
    let bytes = found.body.collect().await.map_err(|error| {
        tracing::error!(error = kit::causes(&error), "an event broke off on its way from the bucket");
        Fail::unavailable("the event broke off on its way; try again in some seconds")
    })?;
    Ok(bytes.to_vec())
}
