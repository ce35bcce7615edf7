//! Workflows: published versions are immutable; cases stay on the version that they began with.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, Query, State},
    http::StatusCode,
    response::IntoResponse,
};
use domain::{
    TenantId, Workflow,
    workflow::{Finding, Flaw, read},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use service::{
    Operation,
    workflows::{PublishOutcome, findings, publish_at_once},
};
use store::OpenCases;
use utoipa::{IntoParams, ToSchema};

use crate::{
    answer::{ApiResult, Body, Fail, Precondition, Tagged},
    app::App,
    caller::Caller,
    ids::is_id,
    proof::{refuse, refuse_findings, texts, warnings},
    warning::Warning,
};

/// A workflow that was published.
#[derive(Serialize)]
pub struct PublishedOut {
    #[serde(flatten)]
    workflow: Workflow,
    /// What the prover warns of, with what nothing carries out yet but people, and a channel without a sender.
    warnings: Vec<Warning>,
}

/// The published workflows.
#[derive(Serialize, ToSchema)]
pub struct WorkflowsOut {
    /// At their current versions; the API's form of each is components/schemas/Workflow.
    #[schema(value_type = Vec<Object>)]
    workflows: Vec<Workflow>,
}

/// Every published workflow at its current version.
#[utoipa::path(get, path = "/v1/workflows", tag = "workflows", operation_id = "list_workflows",
    responses((status = 200, description = "The published workflows", body = WorkflowsOut)))]
pub async fn list(State(app): State<Arc<App>>, caller: Caller) -> ApiResult<Json<WorkflowsOut>> {
    let tenant = caller.may(Operation::ListWorkflows)?;
    app.settings(tenant).await?;
    Ok(Json(WorkflowsOut { workflows: app.store.workflows(tenant).await? }))
}

/// A workflow at its current version, published or not.
#[utoipa::path(get, path = "/v1/workflows/{id}", tag = "workflows", operation_id = "show_workflow",
    params(("id" = String, Path, description = "The workflow's id")),
    responses((status = 200, description = "The workflow; ETag is its version", body = Object),
              (status = 404, description = "not-found")))]
pub async fn show(State(app): State<Arc<App>>, caller: Caller, Path(id): Path<String>) -> ApiResult<impl IntoResponse> {
    one(&app, caller.may(Operation::ShowWorkflow)?, &id, None).await
}

/// A workflow at one version.
#[utoipa::path(get, path = "/v1/workflows/{id}/versions/{version}", tag = "workflows", operation_id = "show_workflow_version",
    params(("id" = String, Path, description = "The workflow's id"), ("version" = u32, Path, description = "From 1")),
    responses((status = 200, description = "The workflow as it was published", body = Object),
              (status = 404, description = "not-found")))]
pub async fn show_version(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path((id, version)): Path<(String, u32)>,
) -> ApiResult<impl IntoResponse> {
    one(&app, caller.may(Operation::ShowWorkflowVersion)?, &id, Some(version)).await
}

async fn one(app: &App, tenant: &TenantId, id: &str, version: Option<u32>) -> ApiResult<Tagged<Workflow>> {
    let found = if is_id(id) { app.store.workflow(tenant, id, version).await? } else { None };
    let body =
        found.ok_or_else(|| Fail::not_found("there is no such workflow; GET /v1/workflows lists those that are published"))?;
    Ok(Tagged { rev: u64::from(body.version), body })
}

/// Publishes a workflow at once as its next version, for scripts; publishing what is current changes nothing. New cases begin on it, open cases
/// stay on theirs. `warnings` say what the prover warns of. It is refused where `publishing.two_people` is set, and while a version is out for a
/// share of cases: a draft can be published to a share, with what becomes of running cases, and by two people. A live tenant may publish no step of
/// a channel that its settings name no sender for; of another it is a warning.
#[utoipa::path(put, path = "/v1/workflows/{id}", tag = "workflows", operation_id = "put_workflow",
    params(("id" = String, Path, description = "The workflow's id"),
           ("If-Match" = Option<String>, Header, description = "The version that this one follows"),
           ("If-None-Match" = Option<String>, Header, description = "`*`: only a workflow that is new")),
    request_body(content = Object, description = "The workflow; components/schemas/Workflow. `version` and `warnings` are ignored, `id` may be left out"),
    responses((status = 200, description = "Published; ETag is its version", body = Object),
              (status = 412, description = "stale-version"),
              (status = 422, description = "invalid-workflow, every flaw in errors")))]
pub async fn put(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    condition: Precondition,
    Body(mut body): Body,
) -> ApiResult<impl IntoResponse> {
    let tenant = caller.may(Operation::PutWorkflow)?;
    app.settings(tenant).await?;
    let before = if is_id(&id) { app.store.workflow(tenant, &id, None).await? } else { None };
    condition.check(u64::from(before.map_or(0, |before| before.version)))?;
    if let Some(object) = body.as_object_mut() {
        object.entry("id").or_insert_with(|| Value::String(id.clone()));
        object.remove("version");
        object.remove("warnings");
    }
    let mut workflow = read(&body).map_err(refuse)?;
    if workflow.id != id {
        let mut found = findings(&app.store, tenant, &workflow, texts).await?;
        found.retain(Finding::refuses);
        let mut flaws: Vec<Flaw> =
            found.into_iter().map(|finding| Flaw { pointer: finding.pointer, detail: finding.detail }).collect();
        flaws.push(Flaw { pointer: "/id".to_owned(), detail: format!("it differs from '{id}', the id in the address") });
        return Err(refuse(flaws));
    }
    match publish_at_once(&app.store, &caller.0, &workflow, texts, app.clock.now()).await? {
        PublishOutcome::Refused(found) => Err(refuse_findings(found)),
        PublishOutcome::Published { version, share: _, warnings: found } => {
            workflow.version = version;
            Ok(Tagged { rev: u64::from(version), body: PublishedOut { workflow, warnings: warnings(found) } })
        }
        PublishOutcome::Asked { .. } => Err(Fail::forbidden("publishing takes two people here")),
    }
}

/// What becomes of open cases.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Unpublish {
    /// `run_on`: they go on at their version. `end`: they end, and a task says so for each. As it was said before when left out,
    /// and `run_on` where nothing was.
    #[param(value_type = Option<String>)]
    open_cases: Option<OpenCases>,
}

/// Takes a workflow out of use: no new case begins on it, open cases run on or end.
#[utoipa::path(delete, path = "/v1/workflows/{id}", tag = "workflows", operation_id = "unpublish_workflow",
    params(("id" = String, Path, description = "The workflow's id"), Unpublish),
    responses((status = 204, description = "Out of use"), (status = 404, description = "not-found")))]
pub async fn unpublish(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    Query(asked): Query<Unpublish>,
) -> ApiResult<StatusCode> {
    let tenant = caller.may(Operation::UnpublishWorkflow)?;
    let what = match asked.open_cases {
        None => json!({}),
        Some(OpenCases::RunOn) => json!({ "open_cases": "run_on" }),
        Some(OpenCases::End) => json!({ "open_cases": "end" }),
    };
    let app = caller.acts(&app, Operation::UnpublishWorkflow, |entry| entry.of(&id).with(what));
    if is_id(&id) && app.store.unpublish_workflow(tenant, &id, asked.open_cases, app.clock.now()).await? {
        return Ok(StatusCode::NO_CONTENT);
    }
    Err(Fail::not_found("there is no such workflow"))
}

/// The workflows and templates that a tenant starts with; those that it has stay as they are. The workflows come last and all
/// at once: whoever finds one of them knows that nothing is missing, and a set-up that was broken off begins again.
pub async fn publish_builtin(app: &App, tenant: &TenantId, now: Timestamp) -> ApiResult<()> {
    let has = app.store.templates(tenant).await?;
    for template in channels::builtin::templates() {
        let there =
            has.iter().any(|has| has.id == template.id && has.channel == template.channel && has.language == template.language);
        if !there {
            app.store.put_template(tenant, &crate::templates::stored(template)).await?;
        }
    }
    app.store.publish_first(tenant, &channels::builtin::workflows(), now).await?;
    Ok(())
}
