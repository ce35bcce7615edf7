//! Credit holds and stricter terms of a customer: what was asked for and what is in force, and its end before it is paid.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use domain::{EffectKind, OpenWork, TaskKind};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use service::{Operation, early_release};
use utoipa::ToSchema;

use crate::{
    answer::{ApiResult, Body, Fail, read},
    app::App,
    caller::Caller,
    tasks::{TaskOut, shown},
};

/// A credit hold, or stricter terms of payment.
#[derive(Serialize, ToSchema)]
pub struct InForceOut {
    /// The task that asked for it, `tsk_…`; `POST /v1/tasks/{id}/release` has it end before it is paid.
    task: String,
    /// `credit_hold` or `change_terms`.
    #[schema(value_type = String)]
    kind: EffectKind,
    /// The case, `case_…`.
    #[serde(skip_serializing_if = "Option::is_none")]
    case: Option<String>,
    /// When it was asked for.
    #[schema(value_type = String, format = DateTime)]
    asked_at: Timestamp,
    /// Whether somebody said that it was carried out, so that it is in force.
    confirmed: bool,
    /// When a person asked for its end before it is paid; the next decision asks for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    released_at: Option<Timestamp>,
}

/// Why something ends before it is paid.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TaskReleaseIn {
    /// Why, at most 500 characters; the audit keeps it for good. One with an @ is refused; name nobody.
    #[serde(default)]
    reason: Option<String>,
}

/// Asks for the end of a credit hold or of stricter terms before what they are for is paid. What is in force is asked to end within a minute, by a task of kind
/// `credit_release` or `restore_terms` and its event, and that is confirmed as its beginning was. What nobody has carried out yet is taken back. Asking again
/// changes nothing. Another invoice that comes to the step later asks for it anew.
#[utoipa::path(post, path = "/v1/tasks/{id}/release", tag = "tasks", operation_id = "release_task",
    params(("id" = String, Path, description = "The task that asked for it, `tsk_…`")), request_body = TaskReleaseIn,
    responses((status = 200, description = "The task", body = TaskOut), (status = 400, description = "bad-request: the reason is missing"),
              (status = 404, description = "not-found"),
              (status = 409, description = "not-possible: it is no such task, or nothing of it is in force any more; changed-meanwhile")))]
pub async fn release(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    Body(body): Body,
) -> ApiResult<Json<TaskOut>> {
    caller.may(Operation::ReleaseTask)?;
    let TaskReleaseIn { reason } = read(body).map_err(|flaw| Fail::fields([flaw]))?;
    Ok(Json(shown(early_release::release(&app.store, &caller.0, &id, reason.as_deref(), app.clock.now()).await?)))
}

/// What of a customer's open work is in force outside of Dunlin, or was asked for.
pub fn holds_and_terms(work: &[OpenWork]) -> Vec<InForceOut> {
    let own = work.iter().filter(|work| matches!(work.kind, TaskKind::CreditHold | TaskKind::ChangeTerms));
    let mut all: Vec<InForceOut> = own
        .map(|work| InForceOut {
            task: work.task.to_string(),
            kind: EffectKind::of_task(work.kind),
            case: work.case.as_ref().map(ToString::to_string),
            asked_at: work.asked_at,
            confirmed: work.done,
            released_at: work.released_at,
        })
        .collect();
    all.sort_by(|one, other| (one.asked_at, &one.task).cmp(&(other.asked_at, &other.task)));
    all
}
