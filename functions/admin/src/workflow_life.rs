//! The life of a workflow: a draft, what the prover says of it, its publishing to a share of cases or all, and the way back.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
    response::IntoResponse,
};
use channels::builtin::{ReadyWorkflow, ready};
use domain::{
    Workflow,
    workflow::{Finding, Flaw, Migration, read as read_workflow},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use service::{
    Operation,
    workflows::{self, Beginning, PublishGiven, PublishOutcome},
};
use store::{Draft, PublishedVersion};
use utoipa::ToSchema;

use crate::{
    answer::{ApiResult, Body, Fail, OptionalBody, Precondition, Tagged, read},
    app::App,
    caller::Caller,
    ids::is_id,
    proof::{FindingOut, refuse, refuse_findings, texts},
};

/// A workflow that is ready to be taken over.
#[derive(Serialize, ToSchema)]
pub struct ReadyOut {
    /// What a draft begins from: `ready/gentle`.
    from: String,
    /// For people.
    name: String,
    /// For whom it is, and how it goes.
    about: String,
    /// The plan.
    #[schema(value_type = Object)]
    workflow: Workflow,
}

/// The workflows that are ready to be taken over.
#[derive(Serialize, ToSchema)]
pub struct ReadyListOut {
    /// Each passes the prover over the templates that a tenant starts with.
    data: Vec<ReadyOut>,
}

/// A publishing that waits for another person.
#[derive(Serialize, ToSchema)]
pub struct PublishAskedOut {
    /// Who asked: the subject of their token.
    by: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// Of a hundred cases, how many shall take it first.
    share: u8,
    /// What shall become of the steps of running cases.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    migration: Option<Migration>,
}

/// The draft of a workflow.
#[derive(Serialize, ToSchema)]
pub struct DraftOut {
    /// The workflow's id.
    id: String,
    /// The workflow as it would be published.
    #[schema(value_type = Object)]
    workflow: Workflow,
    /// The version that it follows; 0 where there is none.
    base_version: u32,
    /// What it was begun from.
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<String>,
    /// When it was changed.
    #[schema(value_type = String, format = DateTime)]
    changed_at: Timestamp,
    /// Who changed it: the subject of their token, or the id of their key.
    changed_by: String,
    /// The publishing that was asked for since, where that takes two people.
    #[serde(skip_serializing_if = "Option::is_none")]
    asked: Option<PublishAskedOut>,
}

/// The drafts.
#[derive(Serialize, ToSchema)]
pub struct DraftsOut {
    /// By the workflow's id.
    data: Vec<DraftOut>,
}

/// Where a draft begins.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DraftFromIn {
    /// `ready/gentle`: a ready workflow. `version/3`: a published version. `current`: the newest version.
    from: String,
}

/// What the prover says.
#[derive(Serialize, ToSchema)]
pub struct ProofOut {
    /// Whether it may be published: nothing is an error.
    publishable: bool,
    /// Errors first, each in the order of the text.
    findings: Vec<FindingOut>,
}

/// How a draft is published.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PublishIn {
    /// Of a hundred cases, how many take the version first, 1 to 100; all when left out. While a version is out for a share, it is given to
    /// that many; a share only grows.
    #[serde(default)]
    share: Option<u8>,
    /// What becomes of the steps of running cases, which then move to the version: by the id of a step of the version before, the step that
    /// counts for it, or null for none. A step that keeps its id needs no entry: `{}` moves them as they are. Left out, running cases stay.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    migration: Option<Migration>,
}

/// What came of it.
#[derive(Serialize, ToSchema)]
pub struct PublishOut {
    /// `published`, or `asked` where it takes another person.
    status: String,
    /// The version; absent while it is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<u32>,
    /// Of a hundred cases, how many take it.
    share: u8,
    /// Who asked, while another person has to publish it.
    #[serde(skip_serializing_if = "Option::is_none")]
    asked_by: Option<String>,
    /// What the prover warns of.
    warnings: Vec<FindingOut>,
}

/// How far a workflow goes back.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RollbackIn {
    /// The version that it goes back to; the one before the newest when left out.
    #[serde(default)]
    to: Option<u32>,
}

/// A version that is an earlier one again.
#[derive(Serialize, ToSchema)]
pub struct RollbackOut {
    /// Its number: the next one.
    version: u32,
}

/// A published version.
#[derive(Serialize, ToSchema)]
pub struct VersionOut {
    /// Its number, from 1.
    version: u32,
    /// Its name.
    name: String,
    /// When it was published.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    published_at: Option<Timestamp>,
    /// Who published it: the subject of their token, or the id of their key; empty of what a tenant started with.
    published_by: String,
    /// Who asked for it, where that took two people.
    #[serde(skip_serializing_if = "Option::is_none")]
    asked_by: Option<String>,
    /// The version that it is again, where it was rolled back to.
    #[serde(skip_serializing_if = "Option::is_none")]
    again: Option<u32>,
    /// What became of the steps of running cases, which moved to it; absent where they stayed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    migration: Option<Migration>,
}

/// The versions of a workflow, and how it stands.
#[derive(Serialize, ToSchema)]
pub struct VersionsOut {
    /// The newest first, at most 200.
    data: Vec<VersionOut>,
    /// Whether new cases begin on it.
    published: bool,
    /// Of a hundred cases, how many take the newest version.
    share: u8,
    /// The version that the others take, while it is not all of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<u32>,
}

/// What stands where an id could stand in an address.
const TAKEN: [&str; 2] = ["ready", "drafts"];

fn checked(id: &str) -> ApiResult<&str> {
    if is_id(id) && !TAKEN.contains(&id) {
        return Ok(id);
    }
    Err(Fail::not_found(
        "there can be no such workflow: an id is one to 64 of a-z, 0-9, '-' and '_', and not 'ready' or 'drafts'",
    ))
}

/// The workflows that are ready to be taken over: `POST /v1/workflows/{id}/draft` with `{"from": "ready/gentle"}` begins a draft from one.
#[utoipa::path(get, path = "/v1/workflows/ready", tag = "workflows", operation_id = "list_ready_workflows",
    responses((status = 200, description = "The workflows", body = ReadyListOut)))]
pub async fn list_ready(caller: Caller) -> ApiResult<Json<ReadyListOut>> {
    caller.may(Operation::ListReadyWorkflows)?;
    let out = |ReadyWorkflow { id, about, workflow }| ReadyOut {
        from: format!("ready/{id}"),
        name: workflow.name.clone(),
        about: about.to_owned(),
        workflow,
    };
    Ok(Json(ReadyListOut { data: ready().into_iter().map(out).collect() }))
}

/// Every draft.
#[utoipa::path(get, path = "/v1/workflows/drafts", tag = "workflows", operation_id = "list_drafts",
    responses((status = 200, description = "The drafts", body = DraftsOut)))]
pub async fn list_drafts(State(app): State<Arc<App>>, caller: Caller) -> ApiResult<Json<DraftsOut>> {
    let drafts = workflows::drafts(&app.store, &caller.0).await?;
    Ok(Json(DraftsOut { data: drafts.into_iter().map(draft_out).collect() }))
}

/// The draft of a workflow.
#[utoipa::path(get, path = "/v1/workflows/{id}/draft", tag = "workflows", operation_id = "show_draft",
    params(("id" = String, Path, description = "The workflow's id")),
    responses((status = 200, description = "The draft; ETag is its revision", body = DraftOut),
              (status = 404, description = "not-found")))]
pub async fn show_draft(State(app): State<Arc<App>>, caller: Caller, Path(id): Path<String>) -> ApiResult<impl IntoResponse> {
    caller.may(Operation::ShowDraft)?;
    Ok(tagged(workflows::draft(&app.store, &caller.0, checked(&id)?).await?))
}

/// Stores the draft of a workflow. It has to read as a workflow; what the prover would say against it is said by `validate`. `version` is the
/// version that it follows, and may be left out. What was asked for of the draft before is forgotten.
#[utoipa::path(put, path = "/v1/workflows/{id}/draft", tag = "workflows", operation_id = "put_draft",
    params(("id" = String, Path, description = "The workflow's id"),
           ("If-Match" = Option<String>, Header, description = "The draft's revision that this one replaces"),
           ("If-None-Match" = Option<String>, Header, description = "`*`: only where there is no draft")),
    request_body(content = Object, description = "The workflow; components/schemas/Workflow. `id` may be left out"),
    responses((status = 200, description = "Stored; ETag is its revision", body = DraftOut),
              (status = 404, description = "not-found: there can be no workflow of that id"),
              (status = 412, description = "stale-version"),
              (status = 422, description = "invalid-workflow: it does not read")))]
pub async fn put_draft(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    condition: Precondition,
    Body(body): Body,
) -> ApiResult<impl IntoResponse> {
    let tenant = caller.may(Operation::PutDraft)?;
    let id = checked(&id)?;
    app.settings(tenant).await?;
    let seen = app.store.draft(tenant, id).await?.map_or(0, |draft| draft.rev);
    condition.check(seen)?;
    let base = body.get("version").and_then(Value::as_u64).and_then(|version| u32::try_from(version).ok());
    let workflow = workflow_of(id, body)?;
    let base = base.filter(|base| *base > 0);
    Ok(tagged(workflows::put_draft(&app.store, &caller.0, workflow, base, seen, app.clock.now()).await?))
}

/// Begins the draft of a workflow from a ready one or from a published version, under the id in the address.
#[utoipa::path(post, path = "/v1/workflows/{id}/draft", tag = "workflows", operation_id = "begin_draft",
    params(("id" = String, Path, description = "The workflow's id")),
    request_body = DraftFromIn,
    responses((status = 200, description = "Begun; ETag is its revision", body = DraftOut),
              (status = 404, description = "not-found: there is nothing to begin from"),
              (status = 409, description = "not-possible: there is a draft already")))]
pub async fn begin_draft(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    Body(body): Body,
) -> ApiResult<impl IntoResponse> {
    let tenant = caller.may(Operation::BeginDraft)?;
    let id = checked(&id)?;
    app.settings(tenant).await?;
    let DraftFromIn { from } = read(body).map_err(|flaw| Fail::fields([flaw]))?;
    let known = ready();
    let wrong = || {
        let names: Vec<String> = known.iter().map(|ready| format!("ready/{}", ready.id)).collect();
        let detail = format!("it is none of {}, version/1 and the like, or current", names.join(", "));
        Fail::fields([("/from".to_owned(), detail)])
    };
    let beginning = match from.split_once('/') {
        None if from == "current" => Beginning::Version(None),
        Some(("version", number)) => Beginning::Version(Some(number.parse().map_err(|_| wrong())?)),
        Some(("ready", name)) => {
            let found = known.iter().find(|ready| ready.id == name).ok_or_else(wrong)?;
            Beginning::Ready(found.id, &found.workflow)
        }
        None | Some(_) => return Err(wrong()),
    };
    Ok(tagged(workflows::begin_draft(&app.store, &caller.0, id, beginning, app.clock.now()).await?))
}

/// Throws the draft of a workflow away.
#[utoipa::path(delete, path = "/v1/workflows/{id}/draft", tag = "workflows", operation_id = "drop_draft",
    params(("id" = String, Path, description = "The workflow's id"),
           ("If-Match" = Option<String>, Header, description = "The draft's revision")),
    responses((status = 204, description = "It is gone"), (status = 404, description = "not-found"),
              (status = 409, description = "changed-meanwhile"), (status = 412, description = "stale-version")))]
pub async fn drop_draft(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    condition: Precondition,
) -> ApiResult<StatusCode> {
    let tenant = caller.may(Operation::DropDraft)?;
    let id = checked(&id)?;
    let draft = app.store.draft(tenant, id).await?.ok_or_else(|| Fail::not_found("there is no draft of it"))?;
    condition.check(draft.rev)?;
    workflows::drop_draft(&app.store, &caller.0, id, draft.rev, app.clock.now()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What the prover says of the draft, or of the workflow in the body, which is stored nowhere.
#[utoipa::path(post, path = "/v1/workflows/{id}/validate", tag = "workflows", operation_id = "validate_workflow",
    params(("id" = String, Path, description = "The workflow's id")),
    request_body(content = Object, description = "A workflow; components/schemas/Workflow. `{}` or no body: the draft"),
    responses((status = 200, description = "What it says", body = ProofOut),
              (status = 404, description = "not-found: there is no draft"),
              (status = 422, description = "invalid-workflow: it does not read")))]
pub async fn validate(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    OptionalBody(body): OptionalBody,
) -> ApiResult<Json<ProofOut>> {
    let tenant = caller.may(Operation::ValidateWorkflow)?;
    let id = checked(&id)?;
    app.settings(tenant).await?;
    let is_empty = body.as_object().is_some_and(serde_json::Map::is_empty);
    let given = if is_empty { None } else { Some(workflow_of(id, body)?) };
    let found = workflows::validate(&app.store, &caller.0, id, given, texts).await?;
    let publishable = !found.iter().any(Finding::refuses);
    Ok(Json(ProofOut { publishable, findings: found.into_iter().map(FindingOut::from).collect() }))
}

/// Publishes the draft as the next version: for all cases, or for a share of them first. While a version is out for a share, the call gives it
/// to more of them instead. Where `publishing.two_people` is set, the first call asks for it, and another person's call publishes it.
#[utoipa::path(post, path = "/v1/workflows/{id}/publish", tag = "workflows", operation_id = "publish_workflow",
    params(("id" = String, Path, description = "The workflow's id")),
    request_body = Option<PublishIn>,
    responses((status = 200, description = "Published, or asked for", body = PublishOut),
              (status = 403, description = "forbidden: the role is too low, or publishing takes another person"),
              (status = 404, description = "not-found: there is no draft"),
              (status = 409, description = "not-possible: something else has to be done first"),
              (status = 422, description = "invalid-workflow, everything that the prover refuses in errors")))]
pub async fn publish(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    OptionalBody(body): OptionalBody,
) -> ApiResult<Json<PublishOut>> {
    let tenant = caller.may(Operation::PublishWorkflow)?;
    let id = checked(&id)?;
    app.settings(tenant).await?;
    let PublishIn { share, migration } = read(body).map_err(|flaw| Fail::fields([flaw]))?;
    let given = PublishGiven { share, migration };
    let out = |findings: Vec<Finding>| findings.into_iter().map(FindingOut::from).collect();
    Ok(Json(match workflows::publish(&app.store, &caller.0, id, &given, texts, app.clock.now()).await? {
        PublishOutcome::Refused(findings) => return Err(refuse_findings(findings)),
        PublishOutcome::Asked { asked, warnings } => PublishOut {
            status: "asked".to_owned(),
            version: None,
            share: asked.share,
            asked_by: Some(asked.by),
            warnings: out(warnings),
        },
        PublishOutcome::Published { version, share, warnings } => {
            PublishOut { status: "published".to_owned(), version: Some(version), share, asked_by: None, warnings: out(warnings) }
        }
    }))
}

/// Publishes an earlier version again as the next one, for all cases. Running cases of the newest version move to it; what they have behind
/// them stays behind them, so that nobody gets a step twice.
#[utoipa::path(post, path = "/v1/workflows/{id}/rollback", tag = "workflows", operation_id = "roll_back_workflow",
    params(("id" = String, Path, description = "The workflow's id")),
    request_body = Option<RollbackIn>,
    responses((status = 200, description = "The version that it is again", body = RollbackOut),
              (status = 404, description = "not-found"),
              (status = 409, description = "changed-meanwhile")))]
pub async fn rollback(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    OptionalBody(body): OptionalBody,
) -> ApiResult<Json<RollbackOut>> {
    caller.may(Operation::RollBackWorkflow)?;
    let id = checked(&id)?;
    let RollbackIn { to } = read(body).map_err(|flaw| Fail::fields([flaw]))?;
    let version = workflows::roll_back(&app.store, &caller.0, id, to, app.clock.now()).await?;
    Ok(Json(RollbackOut { version }))
}

/// The versions of a workflow, the newest first: when, by whom, and which cases take the newest.
#[utoipa::path(get, path = "/v1/workflows/{id}/versions", tag = "workflows", operation_id = "list_workflow_versions",
    params(("id" = String, Path, description = "The workflow's id")),
    responses((status = 200, description = "The versions", body = VersionsOut), (status = 404, description = "not-found")))]
pub async fn list_versions(State(app): State<Arc<App>>, caller: Caller, Path(id): Path<String>) -> ApiResult<Json<VersionsOut>> {
    caller.may(Operation::ListWorkflowVersions)?;
    let (state, versions) = workflows::versions(&app.store, &caller.0, checked(&id)?).await?;
    let before = state.before.filter(|_| state.is_shared());
    let data = versions.into_iter().map(version_out).collect();
    Ok(Json(VersionsOut { data, published: state.is_published, share: state.share, before }))
}

/// A workflow as it was sent to an address.
fn workflow_of(id: &str, mut body: Value) -> ApiResult<Workflow> {
    if let Some(object) = body.as_object_mut() {
        object.entry("id").or_insert_with(|| Value::String(id.to_owned()));
        object.remove("version");
        object.remove("warnings");
    }
    let workflow = read_workflow(&body).map_err(refuse)?;
    if workflow.id != id {
        let detail = format!("it differs from '{id}', the id in the address");
        return Err(refuse(vec![Flaw { pointer: "/id".to_owned(), detail }]));
    }
    Ok(workflow)
}

fn tagged(draft: Draft) -> Tagged<DraftOut> {
    Tagged { rev: draft.rev, body: draft_out(draft) }
}

fn draft_out(draft: Draft) -> DraftOut {
    let Draft { workflow, base, from, changed_at, changed_by, asked, rev: _ } = draft;
    let asked = asked.map(|asked| PublishAskedOut { by: asked.by, at: asked.at, share: asked.share, migration: asked.migration });
    DraftOut { id: workflow.id.clone(), workflow, base_version: base, from, changed_at, changed_by, asked }
}

fn version_out(version: PublishedVersion) -> VersionOut {
    let PublishedVersion { workflow, migration, again, published_at, published_by, asked_by } = version;
    VersionOut { version: workflow.version, name: workflow.name, published_at, published_by, asked_by, again, migration }
}
