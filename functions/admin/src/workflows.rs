//! Workflows: published versions are immutable; cases stay on the version that they began with.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use axum::{
    Json,
    extract::{Path, Query, State},
    http::StatusCode,
    response::IntoResponse,
};
use domain::{
    Channel, Mode, Settings, TenantId, Workflow, go_live,
    workflow::{Flaw, PublishContext, flaws, left_to_people, read},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use service::Operation;
use store::OpenCases;
use utoipa::{IntoParams, ToSchema};

use crate::{
    answer::{ApiResult, Body, Fail, Precondition, Tagged},
    app::App,
    caller::Caller,
    ids::is_id,
    warning::Warning,
};

/// A workflow that was published.
#[derive(Serialize)]
pub struct PublishedOut {
    #[serde(flatten)]
    workflow: Workflow,
    /// At each step, what of it nothing carries out yet but people, and a channel without a sender.
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

/// Publishes a workflow as its next version; publishing what is current changes nothing. New cases begin on it, open cases stay
/// on theirs. `warnings` say, at each step, what nothing carries out yet: it becomes work for people. A live tenant may publish no step of a
/// channel that its settings name no sender for; of another it is a warning.
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
    let settings = app.settings(tenant).await?.value;
    let before = if is_id(&id) { app.store.workflow(tenant, &id, None).await? } else { None };
    let before = before.map_or(0, |before| before.version);
    condition.check(u64::from(before))?;
    if let Some(object) = body.as_object_mut() {
        object.entry("id").or_insert_with(|| Value::String(id.clone()));
        object.remove("version");
        object.remove("warnings");
    }
    let mut workflow = read(&body).map_err(refuse)?;
    let mut templates: BTreeMap<(String, Channel), Vec<String>> = BTreeMap::new();
    for template in app.store.templates(tenant).await? {
        templates.entry((template.id, template.channel)).or_default().push(template.language);
    }
    let senders: BTreeSet<Channel> = Channel::with_sender().collect();
    let mut warned = left_to_people(&workflow, &senders);
    let mut found = flaws(&workflow, &PublishContext { templates, senders, settings: &settings });
    let (refused, lacked) = without_sender(&app, tenant, &settings, &workflow).await?;
    found.extend(refused);
    warned.extend(lacked);
    if workflow.id != id {
        found.push(Flaw { pointer: "/id".to_owned(), detail: format!("it differs from '{id}', the id in the address") });
    }
    if !found.is_empty() {
        return Err(refuse(found));
    }
    let app = caller.acts(&app, Operation::PutWorkflow, |entry| entry.of(&workflow.id).with(json!({ "from_version": before })));
    workflow.version = app.store.publish_workflow(tenant, &workflow, app.clock.now()).await?;
    let warnings = warned.into_iter().map(|Flaw { pointer, detail }| Warning { pointer, detail }).collect();
    Ok(Tagged { rev: u64::from(workflow.version), body: PublishedOut { workflow, warnings } })
}

/// Where a workflow sends by a channel that the settings name no sender for: what a live tenant may not publish, as it could not go live with
/// it, and what is only said. Where a live tenant's workflows sent by the channel before, nothing is new.
async fn without_sender(
    app: &App,
    tenant: &TenantId,
    settings: &Settings,
    workflow: &Workflow,
) -> ApiResult<(Vec<Flaw>, Vec<Flaw>)> {
    let lacking = go_live::steps_without_sender(settings, workflow);
    if lacking.is_empty() || settings.mode == Mode::Off {
        return Ok((Vec::new(), Vec::new()));
    }
    let sent_by = go_live::channels(&app.store.workflows(tenant).await?);
    let is_new = |channel: &Channel| settings.mode == Mode::Live && !sent_by.contains(channel);
    let (refused, said): (Vec<_>, Vec<_>) = lacking.into_iter().partition(|(channel, _)| is_new(channel));
    let flaw = |(_, flaw): (Channel, Flaw)| flaw;
    Ok((refused.into_iter().map(flaw).collect(), said.into_iter().map(flaw).collect()))
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

fn refuse(flaws: Vec<Flaw>) -> Fail {
    Fail::invalid("invalid-workflow", "Invalid workflow", flaws.into_iter().map(|flaw| (flaw.pointer, flaw.detail)))
}
