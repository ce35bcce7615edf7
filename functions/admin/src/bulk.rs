//! One action on many customers.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Json,
    extract::{Path, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use domain::{BulkStage, Currency, Owed};
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};
use service::{
    Operation,
    bulk::{
        self, BulkBegun, BulkShown,
        asked::{BulkAction, BulkAsked, BulkFilter, BulkWhat},
    },
};
use store::{BulkLine, BulkRun, Job};
use utoipa::{IntoParams, ToSchema};

use crate::{
    answer::{ApiResult, Body, Fail, read},
    app::App,
    caller::Caller,
    filters::Filters,
    jobs::nonce,
};

/// One action on many customers: those that `ids` names, or that `filter` takes.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BulkIn {
    /// The customers, `cus_…`.
    #[serde(default)]
    ids: Option<Vec<String>>,
    /// Which customers otherwise.
    #[serde(default)]
    filter: Option<BulkFilterIn>,
    /// What is done with each.
    action: BulkActionIn,
    /// Whether it is only said what would be done.
    #[serde(default)]
    dry_run: bool,
    /// How many customers are meant. It is needed where the filter takes everybody, or more than 100; a dry run says it.
    #[serde(default)]
    confirm_count: Option<u64>,
}

/// Which customers. All that it names has to fit; with nothing named it takes everybody.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BulkFilterIn {
    /// Those that a person gave to this owner.
    #[serde(default)]
    owner: Option<String>,
    /// Those with a case by this workflow.
    #[serde(default)]
    workflow: Option<String>,
    /// Those who owe in this currency.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    currency: Option<Currency>,
    /// Those of whom at least so much was past due in that currency when they were last decided, minor units.
    #[serde(default)]
    overdue_at_least_minor: Option<i64>,
}

/// What is done with each: one of these.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BulkActionIn {
    /// Nobody is chased, until a last day or until somebody ends it.
    Pause(BulkPauseIn),
    /// The customer gets this owner.
    Assign(BulkAssignIn),
    /// A task is raised.
    Task(BulkTaskIn),
    /// A note is made.
    Note(BulkNoteIn),
    /// The case in a currency goes on by another workflow.
    Move(BulkMoveIn),
}

/// A pause of many customers.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BulkPauseIn {
    /// The last day; it goes on until somebody ends it when left out.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Date)]
    until_on: Option<Date>,
}

/// An owner of many customers.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BulkAssignIn {
    /// The subject of a member's sign-in, or what a team is called.
    owner: String,
}

/// A task about each of many customers.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BulkTaskIn {
    /// One line, at most 200 characters.
    title: String,
    /// Who is to do it.
    #[serde(default)]
    to: Option<String>,
    /// On which day.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Date)]
    due_on: Option<Date>,
}

/// A note on each of many customers.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BulkNoteIn {
    /// What it says, at most 2000 characters.
    text: String,
}

/// A workflow for the cases of many customers.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BulkMoveIn {
    /// The currency of the cases.
    #[schema(value_type = String)]
    currency: Currency,
    /// The published workflow.
    workflow: String,
}

/// Which page of the lines.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct BulkLinesAsked {
    /// `next` of the page before.
    cursor: Option<String>,
}

/// What is, or would be, done with many customers.
#[derive(Serialize, ToSchema)]
pub struct BulkOut {
    /// Its id, `blk_…`; null for a dry run that needed no job.
    id: Option<String>,
    /// `pause`, `assign`, `task`, `note` or `move`.
    action: String,
    /// Who asked.
    by: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// Whether it is only said what would be done.
    dry_run: bool,
    /// `planning`, `planned`, `running`, `done`, `undoing` or `undone`.
    stage: String,
    /// The job that works on it, or did last; null for a dry run that needed none.
    job: Option<BulkJobOut>,
    /// With how many customers it is, or would be, done; null while that is worked out.
    count: Option<u64>,
    /// How many lines there are of each status, as of the end of the last stage.
    #[schema(value_type = Object)]
    counts: BTreeMap<String, u64>,
    /// What the customers owe with whom it is, or would be, done, as of their last decisions when that was worked out, an entry each currency.
    money: Vec<BulkMoneyOut>,
    /// What becomes of each customer, a page.
    lines: Vec<BulkLineOut>,
    /// The cursor of the next page; null at the end.
    next: Option<String>,
    /// When it was undone, where it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    undone_at: Option<Timestamp>,
}

/// How far the job of an action in bulk is.
#[derive(Serialize, ToSchema)]
pub struct BulkJobOut {
    /// The job: `POST /v1/jobs/{id}/cancel` stops it.
    id: String,
    /// `queued`, `running`, `done`, `failed` or `cancelled`.
    status: String,
    /// Lines that it is done with.
    done: u64,
    /// Of how many; null until that is known.
    total: Option<u64>,
    /// Why it failed, and what to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
}

/// What customers owe in a currency.
#[derive(Serialize, ToSchema)]
pub struct BulkMoneyOut {
    /// The currency.
    #[schema(value_type = String)]
    currency: Currency,
    /// What is open, minor units.
    open_minor: i64,
    /// What is due now: less what is kept back or covered by credit.
    due_now_minor: i64,
    /// The part of that which is past due.
    overdue_minor: i64,
}

/// What became of one customer.
#[derive(Serialize, ToSchema)]
pub struct BulkLineOut {
    /// The customer.
    customer: String,
    /// `planned`, `done`, `left_out`, `failed`, `undone` or `not_undone`.
    status: String,
    /// Why, where it was not done.
    #[serde(skip_serializing_if = "String::is_empty")]
    why: String,
    /// What it made: the id of an agreement, a task, a note or an order; of an owner, the one before. Absent where it made nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    made: Option<String>,
}

/// Does one thing with many customers by a job, or says with `dry_run` what it would do: with how many, what they owe, and who is left out and
/// why. Up to 100 customers are worked out at once, and a job works out more. Each customer has a line of its own; one that fails holds no other
/// up. A filter that takes everybody, or more than 100, needs `confirm_count`.
#[utoipa::path(post, path = "/v1/bulk", tag = "bulk", operation_id = "run_bulk", request_body = BulkIn,
    responses((status = 200, description = "What a dry run of at most 100 customers would do", body = BulkOut),
              (status = 202, description = "A job does it, or works out what it would do", body = BulkOut),
              (status = 400, description = "bad-request, every flaw in errors: also a number of customers that is to be confirmed and is not"),
              (status = 404, description = "not-found"), (status = 409, description = "not-possible: too many jobs are under way")))]
pub async fn run(State(app): State<Arc<App>>, caller: Caller, Body(body): Body) -> ApiResult<Response> {
    caller.may(Operation::RunBulk)?;
    let BulkIn { ids, filter, action, dry_run, confirm_count } = read(body).map_err(|flaw| Fail::fields([flaw]))?;
    let filter = filter.map(|filter| {
        let BulkFilterIn { owner, workflow, currency, overdue_at_least_minor } = filter;
        BulkFilter { owner, workflow, currency, overdue_at_least_minor }
    });
    let action = match action {
        BulkActionIn::Pause(BulkPauseIn { until_on }) => BulkAction::Pause { until_on },
        BulkActionIn::Assign(BulkAssignIn { owner }) => BulkAction::Assign { owner },
        BulkActionIn::Task(BulkTaskIn { title, to, due_on }) => BulkAction::Task { title, to, due_on },
        BulkActionIn::Note(BulkNoteIn { text }) => BulkAction::Note { text },
        BulkActionIn::Move(BulkMoveIn { currency, workflow }) => BulkAction::Move { currency, workflow },
    };
    let asked = BulkAsked { what: BulkWhat { ids, filter, action }, dry_run, confirm_count };
    match bulk::begin(&app.store, &caller.0, asked, &nonce()?, app.clock.now()).await? {
        BulkBegun::Planned(planned) => Ok(Json(BulkOut { id: None, ..shown(planned) }).into_response()),
        BulkBegun::Started(started) => Ok(accepted(started)),
    }
}

/// An action in bulk: how far it is, and a page of its lines. The job's file has all of them, once it is over.
#[utoipa::path(get, path = "/v1/bulk/{id}", tag = "bulk", operation_id = "show_bulk",
    params(("id" = String, Path, description = "`blk_…`"), BulkLinesAsked),
    responses((status = 200, description = "How it stands", body = BulkOut), (status = 404, description = "not-found"),
              (status = 422, description = "invalid-cursor: the cursor is not one of this action")))]
pub async fn show(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    Filters(asked): Filters<BulkLinesAsked>,
) -> ApiResult<Json<BulkOut>> {
    Ok(Json(shown(bulk::show(&app.store, &caller.0, &id, asked.cursor.as_deref()).await?)))
}

/// Has a job undo an action in bulk, line by line. What went on since stays, and its line says why. Doing it again tries what was not undone.
#[utoipa::path(post, path = "/v1/bulk/{id}/undo", tag = "bulk", operation_id = "undo_bulk",
    params(("id" = String, Path, description = "`blk_…`")),
    responses((status = 202, description = "A job undoes it", body = BulkOut), (status = 404, description = "not-found"),
              (status = 409, description = "not-possible: nothing of it was done, or a job is still at it")))]
pub async fn undo(State(app): State<Arc<App>>, caller: Caller, Path(id): Path<String>) -> ApiResult<Response> {
    Ok(accepted(bulk::undo(&app.store, &caller.0, &id, &nonce()?, app.clock.now()).await?))
}

fn accepted(started: BulkShown) -> Response {
    let location = format!("/v1/bulk/{}", started.run.id);
    (StatusCode::ACCEPTED, [(header::LOCATION, location)], Json(shown(started))).into_response()
}

fn sums(money: BTreeMap<Currency, Owed>) -> Vec<BulkMoneyOut> {
    let sum = |(currency, owed): (Currency, Owed)| {
        let Owed { open_minor, due_now_minor, overdue_minor, .. } = owed;
        BulkMoneyOut { currency, open_minor, due_now_minor, overdue_minor }
    };
    money.into_iter().map(sum).collect()
}

fn shown(action: BulkShown) -> BulkOut {
    let BulkShown { run, job, lines, next } = action;
    let BulkRun { id, action, by, at, dry_run, stage, count, counts, money, undone_at, .. } = run;
    let line = |line: BulkLine| {
        let BulkLine { customer, status, why, made, owner: _ } = line;
        // What is only planned has made nothing, and who had no owner before has none to name.
        let made = made.filter(|made| status != "planned" && !made.is_empty());
        BulkLineOut { customer, status, why, made }
    };
    let job = job.map(|job| {
        let Job { id, status, done, total, why, .. } = job;
        BulkJobOut { id: id.to_string(), status: status.as_str().to_owned(), done, total, why }
    });
    BulkOut {
        id: Some(id.to_string()),
        action,
        by,
        at,
        dry_run,
        stage: stage.as_str().to_owned(),
        job,
        count: (stage != BulkStage::Planning).then_some(count),
        counts,
        money: sums(money),
        lines: lines.into_iter().map(line).collect(),
        next,
        undone_at,
    }
}
