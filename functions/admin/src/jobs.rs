//! Long work: started, watched, cancelled; the files that it makes, and those that it takes.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
    http::{StatusCode, header},
    response::IntoResponse,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use service::{
    Operation,
    jobs::{self, uploads, version},
};
use store::Job;
use utoipa::{IntoParams, ToSchema};

use crate::{
    answer::{ApiResult, Body, Fail, read},
    app::App,
    caller::Caller,
    filters::Filters,
    ids::is_id,
};

/// A job.
#[derive(Serialize, ToSchema)]
pub struct JobOut {
    /// Its id, `job_…`.
    id: String,
    /// What kind of work.
    kind: String,
    /// `queued`, `running`, `done`, `failed` or `cancelled`.
    status: String,
    /// How much is done: days of a simulation, documents of an import or of a training book, lines of an export or of an action in bulk, customers of the others.
    done: u64,
    /// Of how much; null until that is known.
    total: Option<u64>,
    /// What it came to; null before it is done.
    #[schema(value_type = Option<Object>)]
    result: Option<Value>,
    /// Where its file is fetched, where it made one.
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    /// Why it failed, and what to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
    /// What was asked.
    #[schema(value_type = Object)]
    asked: Value,
    /// Who asked: the subject of their token.
    by: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    asked_at: Timestamp,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    ended_at: Option<Timestamp>,
}

/// A page of jobs.
#[derive(Serialize, ToSchema)]
pub struct JobsOut {
    /// The jobs, newest first: of kinds that the caller may start.
    data: Vec<JobOut>,
    /// The cursor of the next page; null at the end.
    next: Option<String>,
    /// When it was read.
    #[schema(value_type = String, format = DateTime)]
    as_of: Timestamp,
}

/// Which jobs.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct JobsAsked {
    /// How many, 1 to 200; 50 by default.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// A file that is to be sent.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UploadIn {
    /// For a job `text/csv` or `application/vnd.openxmlformats-officedocument.spreadsheetml.sheet`; to go along with a message `application/pdf`,
    /// `image/png` or `image/jpeg`.
    content_type: String,
}

/// A form that sends one file.
#[derive(Serialize, ToSchema)]
pub struct UploadOut {
    /// Its id, which jobs and messages take as `upload`.
    upload: String,
    /// Where the form is posted to as `multipart/form-data`: the fields first, then the file as `file`.
    url: String,
    /// The form's fields, each as it is.
    #[schema(value_type = Object)]
    fields: Value,
    /// The largest file, in bytes.
    bytes_max: u64,
    /// Until when the form is good.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
}

/// Starts a job. What takes longer than a request may is done by one, a part at a time; `GET /v1/jobs/{id}` says how far it is.
#[utoipa::path(post, path = "/v1/jobs", tag = "jobs", operation_id = "start_job",
    request_body(content = Object, description = "`kind`: `audit_book`, `audit_export`, `bulk`, `import`, `reconcile`, `simulate`, `training_book` or `undo_bulk`; beside it what that kind is asked, as docs/jobs.md says"),
    responses((status = 202, description = "It is queued", body = JobOut),
              (status = 400, description = "bad-request, every flaw in errors"),
              (status = 403, description = "forbidden: this kind needs another role"),
              (status = 409, description = "not-possible: too many jobs are under way")))]
pub async fn start(State(app): State<Arc<App>>, caller: Caller, Body(body): Body) -> ApiResult<impl IntoResponse> {
    caller.may(Operation::StartJob)?;
    let Value::Object(asked) = body else { return Err(Fail::bad_request("the body is a JSON object with 'kind'")) };
    begun(&app, &caller, Operation::StartJob, asked).await
}

/// Plays the days to come by another version of a workflow, and says what differs: who gets what earlier, later, more or less, and why. It is
/// the draft where the body names no version, with the share and the map of steps that its publishing was asked for with. Nothing is
/// published, written or sent.
#[utoipa::path(post, path = "/v1/workflows/{id}/simulate", tag = "workflows", operation_id = "simulate_workflow",
    params(("id" = String, Path, description = "The workflow's id")),
    request_body(content = Object, description = "`share` and `migration`, as POST /v1/workflows/{id}/publish takes them; `workflow`, as PUT /v1/workflows/{id} takes it, in the draft's place; and what else the job `simulate` is asked"),
    responses((status = 202, description = "It is queued", body = JobOut),
              (status = 400, description = "bad-request, every flaw in errors"),
              (status = 404, description = "not-found: there is no draft"),
              (status = 409, description = "not-possible: too many jobs are under way")))]
pub async fn simulate(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    Body(body): Body,
) -> ApiResult<impl IntoResponse> {
    caller.may(Operation::SimulateWorkflow)?;
    let Value::Object(asked) = body else { return Err(Fail::bad_request("the body is a JSON object, {} for the draft")) };
    if !is_id(&id) {
        return Err(Fail::not_found("there is no such workflow; GET /v1/workflows lists those that are published"));
    }
    let asked = version::of_version(&app.store, &caller.0, &id, asked).await?;
    begun(&app, &caller, Operation::SimulateWorkflow, asked).await
}

async fn begun(
    app: &App,
    caller: &Caller,
    operation: Operation,
    asked: Map<String, Value>,
) -> ApiResult<(StatusCode, [(header::HeaderName, String); 1], Json<JobOut>)> {
    let job = jobs::start(&app.store, &caller.0, operation, asked, &nonce()?, app.clock.now()).await?;
    let location = format!("/v1/jobs/{}", job.id);
    Ok((StatusCode::ACCEPTED, [(header::LOCATION, location)], Json(shown(job))))
}

/// The jobs, newest first.
#[utoipa::path(get, path = "/v1/jobs", tag = "jobs", operation_id = "list_jobs", params(JobsAsked),
    responses((status = 200, description = "A page", body = JobsOut),
              (status = 422, description = "invalid-cursor: the cursor is not one of this list")))]
pub async fn list(State(app): State<Arc<App>>, caller: Caller, Filters(asked): Filters<JobsAsked>) -> ApiResult<Json<JobsOut>> {
    let limit = Fail::unless_page_size(asked.limit)?;
    let found = jobs::list(&app.store, &caller.0, limit, asked.cursor.as_deref()).await?;
    Ok(Json(JobsOut { data: found.jobs.into_iter().map(shown).collect(), next: found.next, as_of: app.clock.now() }))
}

/// A job: how far it is, and what it came to.
#[utoipa::path(get, path = "/v1/jobs/{id}", tag = "jobs", operation_id = "show_job",
    params(("id" = String, Path, description = "`job_…`")),
    responses((status = 200, description = "The job", body = JobOut), (status = 404, description = "not-found")))]
pub async fn show(State(app): State<Arc<App>>, caller: Caller, Path(id): Path<String>) -> ApiResult<Json<JobOut>> {
    Ok(Json(shown(jobs::show(&app.store, &caller.0, Operation::ShowJob, &id).await?)))
}

/// Cancels a job. What it did until then stays done.
#[utoipa::path(post, path = "/v1/jobs/{id}/cancel", tag = "jobs", operation_id = "cancel_job",
    params(("id" = String, Path, description = "`job_…`")),
    responses((status = 200, description = "The job", body = JobOut), (status = 404, description = "not-found"),
              (status = 409, description = "not-possible: the job is over")))]
pub async fn cancel(State(app): State<Arc<App>>, caller: Caller, Path(id): Path<String>) -> ApiResult<Json<JobOut>> {
    Ok(Json(shown(jobs::cancel(&app.store, &caller.0, &id, app.clock.now()).await?)))
}

/// The file that a job made: leads to a link that is made now and good for 15 minutes. Files are kept for 30 days.
#[utoipa::path(get, path = "/v1/jobs/{id}/file", tag = "jobs", operation_id = "fetch_job_file",
    params(("id" = String, Path, description = "`job_…`")),
    responses((status = 303, description = "Location leads to the file"),
              (status = 404, description = "not-found: no such job, or it made no file")))]
pub async fn file(State(app): State<Arc<App>>, caller: Caller, Path(id): Path<String>) -> ApiResult<impl IntoResponse> {
    let (key, name) = jobs::file(&app.store, &caller.0, &id).await?;
    let link = app.files.link(&key, &name, app.clock.now()).await.map_err(|error| {
        tracing::error!(error = format!("{error:#}"), "a link to a file cannot be signed");
        Fail::unavailable("the link cannot be made now; try again in some seconds")
    })?;
    Ok((StatusCode::SEE_OTHER, [(header::LOCATION, link)]))
}

/// A form that sends one file: to one place, of one type, up to `bytes_max`, for 15 minutes. Files are kept for 7 days. What a job reads needs the
/// role manager.
#[utoipa::path(post, path = "/v1/uploads", tag = "jobs", operation_id = "create_upload",
    request_body = UploadIn,
    responses((status = 201, description = "The form", body = UploadOut),
              (status = 400, description = "bad-request: no such type"),
              (status = 403, description = "forbidden: files of this type are for jobs of another role")))]
pub async fn upload(State(app): State<Arc<App>>, caller: Caller, Body(body): Body) -> ApiResult<impl IntoResponse> {
    let tenant = caller.may(Operation::CreateUpload)?;
    let UploadIn { content_type } = read(body).map_err(|flaw| Fail::fields([flaw]))?;
    let now = app.clock.now();
    let (upload, bytes_max) = uploads::ask(&caller.0, &content_type, &nonce()?, now)?;
    let form = app.files.form(&upload.key(tenant), &content_type, bytes_max, now).await.map_err(|error| {
        tracing::error!(error = format!("{error:#}"), "a form for a file cannot be signed");
        Fail::unavailable("the form cannot be made now; try again in some seconds")
    })?;
    let out = UploadOut {
        upload: upload.as_str().to_owned(),
        url: form.url,
        fields: serde_json::to_value(form.fields).unwrap_or_default(),
        bytes_max,
        expires_at: form.expires_at,
    };
    Ok((StatusCode::CREATED, Json(out)))
}

/// A text that no other request has.
pub fn nonce() -> ApiResult<String> {
    let mut random = [0_u8; 16];
    aws_lc_rs::rand::fill(&mut random).map_err(|_| Fail::unavailable("there is no randomness now; try again in some seconds"))?;
    Ok(random.iter().map(|byte| format!("{byte:02x}")).collect())
}

fn shown(job: Job) -> JobOut {
    let Job { id, kind, args, status, by, asked_at, done, total, result, result_key, why, ended_at, .. } = job;
    JobOut {
        file: result_key.map(|_| format!("/v1/jobs/{id}/file")),
        id: id.to_string(),
        kind,
        status: status.as_str().to_owned(),
        done,
        total,
        result,
        why,
        asked: args,
        by,
        asked_at,
        ended_at,
    }
}
