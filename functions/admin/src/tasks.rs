//! The worklist: tasks and exceptions.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, Query, State},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::{NewTask, TaskId, TaskKind, TenantId};
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{
    answer::{Answer, Fail},
    app::App,
    caller::{Caller, Role},
};

/// Entries a page.
const PAGE: u32 = 50;
/// Pages of the table that one request reads at most when it looks for one kind.
const READS_MAX: usize = 20;

/// Which tasks.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct TasksQuery {
    /// One kind such as `task`, or `exception` for all that automation could not settle.
    kind: Option<String>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// Work for a person.
#[derive(Serialize, ToSchema)]
pub struct TaskOut {
    /// Its id.
    id: String,
    /// What kind of work.
    #[schema(value_type = String)]
    kind: TaskKind,
    /// Whether automation could not settle it.
    exception: bool,
    /// One line.
    title: String,
    /// What was wrong, where, and what to do.
    detail: String,
    /// Who should do it.
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<String>,
    /// By when.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Date)]
    due_on: Option<Date>,
    /// The step that asked for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    step: Option<String>,
    /// The case's currency.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    currency: Option<domain::Currency>,
    /// Whose matter it is: `GET /v1/cases/{customer_id}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    customer_id: Option<String>,
    /// When it was raised.
    #[schema(value_type = String, format = DateTime)]
    raised_at: Timestamp,
    /// When a person finished it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    done_at: Option<Timestamp>,
}

/// A page of the worklist.
#[derive(Serialize, ToSchema)]
pub struct TasksOut {
    /// Open ones.
    tasks: Vec<TaskOut>,
    /// The cursor of the next page, while there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// The open tasks and exceptions, a page at a time.
#[utoipa::path(get, path = "/v1/tasks", tag = "tasks", operation_id = "list_tasks", params(TasksQuery),
    responses((status = 200, description = "A page; it may be empty though `next` is there", body = TasksOut)))]
pub async fn list(State(app): State<Arc<App>>, caller: Caller, Query(query): Query<TasksQuery>) -> Answer<Json<TasksOut>> {
    Ok(Json(page(&app, caller.at_least(Role::Viewer)?, &query).await?))
}

/// A page of a worklist.
///
/// # Errors
///
/// A query that does not read, and those of the table.
pub async fn page(app: &App, tenant: &TenantId, query: &TasksQuery) -> Answer<TasksOut> {
    let wanted = wanted(query.kind.as_deref())?;
    let mut after = query.cursor.as_deref().map(cursor).transpose()?;
    let mut tasks = Vec::new();
    for _ in 0..READS_MAX {
        let page = app.store.tasks(tenant, PAGE, after.as_deref()).await?;
        tasks.extend(page.tasks.into_iter().filter(|task| wanted(task.task.kind)).map(shown));
        after = page.after;
        if after.is_none() || tasks.len() >= PAGE as usize {
            break;
        }
    }
    Ok(TasksOut { tasks, next: after.map(|after| URL_SAFE_NO_PAD.encode(after)) })
}

/// Marks a task as done; doing so again keeps the first moment.
#[utoipa::path(post, path = "/v1/tasks/{id}/done", tag = "tasks", operation_id = "finish_task",
    params(("id" = String, Path, description = "The task's id")),
    responses((status = 200, description = "The task", body = TaskOut), (status = 404, description = "not-found")))]
pub async fn finish(State(app): State<Arc<App>>, caller: Caller, Path(id): Path<String>) -> Answer<Json<TaskOut>> {
    Ok(Json(end(&app, caller.at_least(Role::Collector)?, &id).await?))
}

/// Marks a task of a worklist as done.
///
/// # Errors
///
/// `not-found`, and those of the table.
pub async fn end(app: &App, tenant: &TenantId, id: &str) -> Answer<TaskOut> {
    let none = || Fail::not_found("there is no such task in this worklist, which lists those that are open");
    let id = TaskId::parse(id).ok_or_else(none)?;
    if !app.store.finish_task(tenant, &id, app.clock.now()).await? {
        return Err(none());
    }
    Ok(shown(app.store.task(tenant, &id).await?.ok_or_else(none)?))
}

fn wanted(kind: Option<&str>) -> Answer<impl Fn(TaskKind) -> bool> {
    let one = match kind {
        None | Some("exception") => None,
        Some(text) => Some(serde_json::from_value::<TaskKind>(text.into()).map_err(|_| {
            Fail::bad_request("'kind' is 'exception' or the kind of a task, such as 'task', 'approval' or 'unreachable'")
        })?),
    };
    let exceptions = kind == Some("exception");
    Ok(move |kind: TaskKind| one.is_none_or(|one| one == kind) && (!exceptions || kind.is_exception()))
}

fn cursor(text: &str) -> Answer<String> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let good = bytes.filter(|text| store::is_task_cursor(text));
    good.ok_or_else(|| Fail::bad_request("'cursor' is the 'next' of an earlier page"))
}

fn shown(task: store::Task) -> TaskOut {
    let store::Task { id, customer, task, raised_at, done_at, .. } = task;
    let NewTask { kind, key: _, title, detail, to, due_on, step, currency } = task;
    TaskOut {
        id: id.as_str().to_owned(),
        kind,
        exception: kind.is_exception(),
        title,
        detail,
        to,
        due_on,
        step,
        currency,
        customer_id: customer.map(|customer| customer.as_str().to_owned()),
        raised_at,
        done_at,
    }
}
