//! The worklist: tasks and exceptions.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use domain::{EffectKind, EffectStatus, MessageId, NewTask, TaskKind, TaskResult};
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use service::{
    Operation,
    lists::{ListReading, PageAsked, tasks::TasksAsked},
    tasks::{EffectResult, EndAsked, EndedTask, TaskAsked, TaskOf},
};
use store::{CustomerBrief, ProposedOperation};
use utoipa::{IntoParams, ToSchema};

use crate::{
    accepting::{accept, unless_begun},
    answer::{ApiResult, Body, Fail, OptionalBody, read},
    app::App,
    caller::Caller,
    filters::Filters,
    host::Host,
    operations::Operations,
    strangers,
    warning::Warning,
};

/// Which tasks, and in which order.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct WorklistQuery {
    /// `age`, the oldest first, or `money_at_stake`: those after a broken promise first, then by what their customers owe now, then by age.
    /// `age` where it is left out.
    sort: Option<String>,
    /// One kind such as `task`, or `exception` for all that automation could not settle.
    kind: Option<String>,
    /// Those that somebody should do: a role or name of the tenant's, as steps say it.
    to: Option<String>,
    /// Those that reach a member today, by the subject of their sign-in: given to them, to a team of theirs or to whom they stand in for; and
    /// those that are given to nobody, about customers whose owner is one of these.
    whose: Option<String>,
    /// How many, 1 to 100; 50 by default.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
    /// `next` of the page before, with everything else as it was.
    cursor: Option<String>,
}

/// Which tasks.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct TasksQuery {
    /// One kind such as `task`, or `exception` for all that automation could not settle.
    kind: Option<String>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// Work for a person.
#[derive(Clone, Serialize, ToSchema)]
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
    /// The case that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    case: Option<String>,
    /// The message that it is about, `msg_…`: of one in doubt, one that ended without leaving, and one that was given up on its way. `POST /v1/messages/{id}/result` settles
    /// one in doubt.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    /// Whose matter it is: `GET /v1/cases/{customer_id}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    customer_id: Option<String>,
    /// How many customers it concerns, where it tells of what keeps messages of many back: `GET /v1/tasks/{id}/customers` names them.
    #[serde(skip_serializing_if = "Option::is_none")]
    concerns: Option<u64>,
    /// What that customer is known by, and owes.
    #[serde(skip_serializing_if = "Option::is_none")]
    customer: Option<TaskCustomerOut>,
    /// When it was raised.
    #[schema(value_type = String, format = DateTime)]
    raised_at: Timestamp,
    /// What it is there for.
    effect: EffectOut,
    /// When a person finished it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    done_at: Option<Timestamp>,
    /// Who: the subject of their token.
    #[serde(skip_serializing_if = "Option::is_none")]
    done_by: Option<String>,
    /// How they said that it ended: `done`, `failed`, `approve` or `refuse`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    result: Option<TaskResult>,
    /// What they said of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    /// When it was taken back because its reason was gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    withdrawn_at: Option<Timestamp>,
    /// Why it was taken back.
    #[serde(skip_serializing_if = "Option::is_none")]
    withdrawn_because: Option<String>,
    /// What it asks to be carried out, where it is a proposal.
    #[serde(skip_serializing_if = "Option::is_none")]
    proposal: Option<ProposedOperationOut>,
    /// That who was named to do it is neither a member nor a team: where it is raised or assigned.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<Warning>,
}

/// What somebody proposes to be carried out: `approve` has it done by whoever says so, with their rights.
#[derive(Clone, Serialize, ToSchema)]
pub struct ProposedOperationOut {
    /// The operation, by its `operationId`.
    operation: String,
    /// Its arguments: parameters of path and query by their names, and its body under `body`. Lists leave them out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    arguments: Option<Value>,
    /// Why, in the words of whoever proposed it.
    reason: String,
    /// Who: the subject of their token, or the id of their key.
    by: String,
    /// What it acts on as it was then, as one text. It is refused once any of that changed. Absent where it acts on nothing that was there.
    #[serde(skip_serializing_if = "Option::is_none")]
    facts_version: Option<String>,
    /// Until when it may be accepted; the task is deleted some time after.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
    /// What the operation answered: in the answer to whoever accepts, and nowhere else. Null where it was carried out before and that was not kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    answer: Option<Value>,
}

impl ProposedOperationOut {
    fn of(proposal: ProposedOperation) -> Self {
        let ProposedOperation { operation, arguments, reason, by, facts_version, expires_at } = proposal;
        Self { operation, arguments: Some(arguments), reason, by, facts_version, expires_at, answer: None }
    }
}

/// Whose matter a task is.
#[derive(Clone, Serialize, ToSchema)]
pub struct TaskCustomerOut {
    /// The name.
    name: String,
    /// The connection that it came by: `GET /v1/customers/{source}/{external_id}`.
    source: String,
    /// The source's own id.
    external_id: String,
    /// What it owed when it was last decided or, where more fell overdue since, at the tenant's midnight; an entry each currency.
    owed: Vec<TaskOwedOut>,
    /// When that was.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    as_of: Option<Timestamp>,
}

/// What a customer owed in a currency.
#[derive(Clone, Serialize, ToSchema)]
pub struct TaskOwedOut {
    /// The currency.
    #[schema(value_type = String)]
    currency: domain::Currency,
    /// What was open, minor units.
    open_minor: i64,
    /// What was due then: less what was kept back or covered by credit.
    due_now_minor: i64,
    /// The part of that which was past due.
    overdue_minor: i64,
}

impl TaskCustomerOut {
    fn of(brief: CustomerBrief) -> Self {
        let CustomerBrief { name, source, external_id, owed, as_of } = brief;
        let owed = owed.into_iter().map(|(currency, owed)| {
            let domain::Owed { open_minor, due_now_minor, overdue_minor, .. } = owed;
            TaskOwedOut { currency, open_minor, due_now_minor, overdue_minor }
        });
        Self { name, source, external_id, owed: owed.collect(), as_of }
    }
}

/// What a decision asked for. A message is one, under its own id; what a person carries out is `queued` until the task that asks for it is
/// over.
#[derive(Clone, Serialize, ToSchema)]
pub struct EffectOut {
    /// Its id.
    id: String,
    /// `message`, `task`, `notice`, `credit_hold`, `hand_off` or `charge`.
    #[schema(value_type = String)]
    kind: EffectKind,
    /// `queued`, `calling` while a sender has it, `done`, `failed`, `superseded` where its reason was gone, `blocked` where a rule forbade it, or
    /// `unknown`.
    #[schema(value_type = String)]
    status: EffectStatus,
}

impl EffectOut {
    /// A message as the effect that it is.
    pub(crate) fn of_message(message: &MessageId, status: EffectStatus) -> Self {
        Self { id: message.as_str().to_owned(), kind: EffectKind::Message, status }
    }
}

/// How a task ended. The body may be left out: then it was done, and what was asked for is approved.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TaskDoneIn {
    /// `done` or `failed`; for a task of kind `approval` or `proposal` `approve` or `refuse`.
    #[serde(default, deserialize_with = "domain::word::known_if_any")]
    #[schema(value_type = Option<String>)]
    result: Option<TaskResult>,
    /// What there is to say of it, at most 2000 characters.
    #[serde(default)]
    note: Option<String>,
}

/// A page of the worklist of what no tenant could be found for.
#[derive(Serialize, ToSchema)]
pub struct TasksOut {
    /// Open ones.
    tasks: Vec<TaskOut>,
    /// The cursor of the next page, while there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// A page of the worklist.
#[derive(Serialize, ToSchema)]
pub struct WorklistOut {
    /// Open ones.
    data: Vec<TaskOut>,
    /// The same, under the name that they had first.
    tasks: Vec<TaskOut>,
    /// The cursor of the next page; null at the end.
    next: Option<String>,
    /// When it was read.
    #[schema(value_type = String, format = DateTime)]
    as_of: Timestamp,
}

/// The open tasks and exceptions, a page at a time.
#[utoipa::path(get, path = "/v1/tasks", tag = "tasks", operation_id = "list_tasks", params(WorklistQuery),
    responses((status = 200, description = "A page; it may be empty though `next` is there", body = WorklistOut),
              (status = 422, description = "invalid-cursor: the cursor is not one of this list, with these filters, of this tenant")))]
pub async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    Filters(query): Filters<WorklistQuery>,
) -> ApiResult<Json<WorklistOut>> {
    let WorklistQuery { sort, kind, to, whose, limit, cursor } = query;
    let reading = ListReading { store: &app.store, vault: &app.vault };
    let (asked, now) = (TasksAsked { sort, kind, to, whose }, app.clock.now());
    let found = service::lists::tasks::list(reading, &caller.0, &asked, &PageAsked { limit, cursor }, now).await?;
    let data: Vec<TaskOut> = found.rows.into_iter().map(listed).collect();
    Ok(Json(WorklistOut { tasks: data.clone(), data, next: found.next, as_of: now }))
}

/// One task, also one that is over.
#[utoipa::path(get, path = "/v1/tasks/{id}", tag = "tasks", operation_id = "show_task",
    params(("id" = String, Path, description = "The task's id")),
    responses((status = 200, description = "The task", body = TaskOut), (status = 404, description = "not-found")))]
pub async fn show(State(app): State<Arc<App>>, caller: Caller, Path(id): Path<String>) -> ApiResult<Json<TaskOut>> {
    Ok(Json(shown(service::tasks::show(&app.store, &caller.0, &id).await?)))
}

/// A page of a worklist.
///
/// # Errors
///
/// A query that does not read, and those of the table.
pub async fn page(app: &App, caller: &Caller, operation: Operation, query: &TasksQuery) -> ApiResult<TasksOut> {
    let (kind, cursor) = (query.kind.as_deref(), query.cursor.as_deref());
    let page = service::tasks::list(&app.store, &caller.0, operation, kind, cursor).await?;
    Ok(TasksOut { tasks: page.tasks.into_iter().map(shown).collect(), next: page.next })
}

/// A task that a person gives to somebody, or to themselves.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TaskIn {
    /// One line that says what to do, at most 200 characters.
    title: String,
    /// What there is to say of it, at most 2000 characters.
    #[serde(default)]
    detail: Option<String>,
    /// The customer that it is about, `cus_…`.
    #[serde(default)]
    customer: Option<String>,
    /// Who is to do it: the subject of a member's sign-in, or what a team or role is called.
    #[serde(default)]
    to: Option<String>,
    /// On which day, such as that of a follow-up.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Date)]
    due_on: Option<Date>,
}

/// Who is to do a task.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AssignIn {
    /// The subject of a member's sign-in, or what a team or role is called; null for nobody.
    to: Option<String>,
}

/// What became of an effect.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EffectResultIn {
    /// `done` or `failed`.
    status: String,
    /// What there is to say of it.
    #[serde(default)]
    note: Option<String>,
    /// What it is known by elsewhere, such as a case number of the agency, at most 200 characters.
    #[serde(default)]
    reference: Option<String>,
    /// The task that asks for it, `tsk_…`, as its event and the task itself say. It may be left out where no decision raised the task.
    #[serde(default)]
    task: Option<String>,
}

/// Raises a task, such as a follow-up on a day.
#[utoipa::path(post, path = "/v1/tasks", tag = "tasks", operation_id = "raise_task", request_body = TaskIn,
    responses((status = 200, description = "The task", body = TaskOut), (status = 400, description = "bad-request, every flaw in errors"),
              (status = 404, description = "not-found")))]
pub async fn raise(State(app): State<Arc<App>>, caller: Caller, Body(body): Body) -> ApiResult<Json<TaskOut>> {
    caller.may(Operation::RaiseTask)?;
    let TaskIn { title, detail, customer, to, due_on } = read(body).map_err(|flaw| Fail::fields([flaw]))?;
    let asked = TaskAsked { title, detail, customer, to, due_on };
    let raised = shown(service::tasks::raise(&app.store, &caller.0, &asked, app.clock.now()).await?);
    let warnings = strangers::warnings(&app, caller.0.tenant(), "/to", asked.to.as_deref()).await?;
    Ok(Json(TaskOut { warnings, ..raised }))
}

/// Gives an open task to somebody, or to nobody. Giving it back undoes it.
#[utoipa::path(post, path = "/v1/tasks/{id}/assign", tag = "tasks", operation_id = "assign_task",
    params(("id" = String, Path, description = "The task's id")), request_body = AssignIn,
    responses((status = 200, description = "The task", body = TaskOut), (status = 400, description = "bad-request, every flaw in errors"),
              (status = 404, description = "not-found"), (status = 409, description = "not-possible: it is over")))]
pub async fn assign(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    Body(body): Body,
) -> ApiResult<Json<TaskOut>> {
    caller.may(Operation::AssignTask)?;
    let AssignIn { to } = read(body).map_err(|flaw| Fail::fields([flaw]))?;
    let given = shown(service::tasks::assign(&app.store, &caller.0, &id, to.as_deref(), app.clock.now()).await?);
    let warnings = strangers::warnings(&app, caller.0.tenant(), "/to", to.as_deref()).await?;
    Ok(Json(TaskOut { warnings, ..given }))
}

/// Opens a task again that a person raised and ended. One that a step or an exception raised stays over: what it asked for went on.
#[utoipa::path(post, path = "/v1/tasks/{id}/reopen", tag = "tasks", operation_id = "reopen_task",
    params(("id" = String, Path, description = "The task's id")),
    responses((status = 200, description = "The task", body = TaskOut), (status = 404, description = "not-found"),
              (status = 409, description = "not-possible: it is not a task that a person raised")))]
pub async fn reopen(State(app): State<Arc<App>>, caller: Caller, Path(id): Path<String>) -> ApiResult<Json<TaskOut>> {
    Ok(Json(shown(service::tasks::reopen(&app.store, &caller.0, &id, app.clock.now()).await?)))
}

/// Says what became of what a decision asked for and a task stands for: a notice, a credit hold, a hand-off, a charge. The task ends so, and
/// a credit hold or hand-off that is done is told on the bus.
#[utoipa::path(post, path = "/v1/effects/{id}/result", tag = "tasks", operation_id = "set_effect_result",
    params(("id" = String, Path, description = "`eff_…`, as the event and the task say")), request_body = EffectResultIn,
    responses((status = 200, description = "The task", body = TaskOut), (status = 400, description = "bad-request, every flaw in errors"),
              (status = 404, description = "not-found"), (status = 409, description = "not-possible: it is over already, otherwise"),
              (status = 422, description = "invalid-result: what asks for approval is approved or refused at its task")))]
pub async fn effect_result(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    Body(body): Body,
) -> ApiResult<Json<TaskOut>> {
    caller.may(Operation::SetEffectResult)?;
    let EffectResultIn { status, note, reference, task } = read(body).map_err(|flaw| Fail::fields([flaw]))?;
    let is_done = match status.as_str() {
        "done" => true,
        "failed" => false,
        _ => return Err(Fail::fields([("/status".to_owned(), "a status is done or failed".to_owned())])),
    };
    let result = EffectResult { is_done, note, reference, task };
    match service::tasks::effect_result(&app.store, &caller.0, &id, &result, app.clock.now()).await? {
        EndedTask::Over(task) => Ok(Json(shown(*task))),
        EndedTask::DoesNotFit(detail) => {
            Err(Fail::invalid("invalid-result", "Invalid result", [("/status".to_owned(), detail.to_owned())]))
        }
        EndedTask::Proposed => Err(not_here()),
    }
}

/// Ends a task: it was done or failed, or what it asks for is approved or refused. Saying the same again keeps the first moment. A task of kind
/// `proposal` that is approved has the operation carried out first, as whoever approves it and with their rights, and is approved once.
#[utoipa::path(post, path = "/v1/tasks/{id}/done", tag = "tasks", operation_id = "finish_task",
    params(("id" = String, Path, description = "The task's id")),
    request_body = Option<TaskDoneIn>,
    responses((status = 200, description = "The task", body = TaskOut), (status = 404, description = "not-found"),
              (status = 409, description = "not-possible: it is over already, otherwise, or what is refused is being carried out or was; changed-meanwhile: what a proposal acts on changed; in-progress: a proposal is being carried out; proposal-failed: the operation was refused"),
              (status = 422, description = "invalid-result: the result does not fit the kind of task")))]
pub async fn finish(
    State(app): State<Arc<App>>,
    caller: Caller,
    operations: Operations,
    host: Host,
    Path(id): Path<String>,
    OptionalBody(body): OptionalBody,
) -> ApiResult<Json<TaskOut>> {
    let (ended, note) = ending(&app, &caller, Operation::FinishTask, &id, body).await?;
    let EndedTask::Proposed = ended else { return Ok(Json(over(ended)?)) };
    let (task, answer) = accept(&app, &operations, &caller, &host, &id, note).await?;
    let mut task = shown(task);
    if let Some(proposal) = &mut task.proposal {
        proposal.answer = Some(answer);
    }
    Ok(Json(task))
}

/// Ends a task of a worklist as `body` says.
///
/// # Errors
///
/// `not-found`, `not-possible` where it is over otherwise, `invalid-result`, a body that does not read, and those of the table.
pub async fn end(app: &App, caller: &Caller, operation: Operation, id: &str, body: Value) -> ApiResult<TaskOut> {
    over(ending(app, caller, operation, id, body).await?.0)
}

/// What comes of ending a task as `body` says, and what was said of it.
async fn ending(
    app: &App,
    caller: &Caller,
    operation: Operation,
    id: &str,
    body: Value,
) -> ApiResult<(EndedTask, Option<String>)> {
    caller.may(operation)?;
    let body = if body.is_null() { json!({}) } else { body };
    if !body.is_object() {
        return Err(Fail::bad_request("the body is an object such as {\"result\": \"done\"}, or left out"));
    }
    let TaskDoneIn { result, note } = read(body).map_err(|flaw| Fail::fields([flaw]))?;
    if result == Some(TaskResult::Refuse) {
        unless_begun(app, caller, id).await?;
    }
    let asked = EndAsked { result, note: note.clone() };
    Ok((service::tasks::end(&app.store, &caller.0, operation, id, asked, app.clock.now()).await?, note))
}

/// A task that is over.
fn over(ended: EndedTask) -> ApiResult<TaskOut> {
    match ended {
        EndedTask::Over(task) => Ok(shown(*task)),
        EndedTask::DoesNotFit(detail) => {
            Err(Fail::invalid("invalid-result", "Invalid result", [("/result".to_owned(), detail.to_owned())]))
        }
        EndedTask::Proposed => Err(not_here()),
    }
}

/// Where a proposal is accepted.
fn not_here() -> Fail {
    Fail::not_possible("a proposal is accepted by POST /v1/tasks/{id}/done")
}

/// A task as a list shows it.
fn listed(of: TaskOf) -> TaskOut {
    let mut task = shown(of);
    if let Some(proposal) = &mut task.proposal {
        proposal.arguments = None;
    }
    task
}

/// A task as it is answered.
pub fn shown((task, brief): TaskOf) -> TaskOut {
    let status = task.effect_status();
    let store::Task { id, customer, task, raised_at, effect, done_at, ending, withdrawn, concerns, proposal, .. } = task;
    let message = task.message().map(|message| message.to_string());
    let NewTask { kind, key: _, title, detail, to, due_on, step, currency, case } = task;
    let (result, note, done_by) = ending.map_or((None, None, None), |ending| (Some(ending.result), ending.note, ending.by));
    let (withdrawn_at, withdrawn_because) = withdrawn.unzip();
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
        case: case.map(|case| case.to_string()),
        message,
        customer_id: customer.map(|customer| customer.as_str().to_owned()),
        concerns,
        customer: brief.map(TaskCustomerOut::of),
        raised_at,
        effect: EffectOut { id: effect.as_str().to_owned(), kind: EffectKind::of_task(kind), status },
        done_at,
        done_by,
        result,
        note,
        withdrawn_at,
        withdrawn_because,
        proposal: proposal.map(ProposedOperationOut::of),
        warnings: vec![],
    }
}
