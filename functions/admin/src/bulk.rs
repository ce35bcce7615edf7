//! One action on many customers.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Json,
    extract::{Path, State},
};
use domain::{Currency, Owed};
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};
use service::{
    Operation,
    bulk::{self, BulkAction, BulkAsked, BulkFilter},
};
use store::{BulkLine, BulkRun};
use utoipa::ToSchema;

use crate::{
    answer::{ApiResult, Body, Fail, read},
    app::App,
    caller::Caller,
};

/// One action on many customers: those that `ids` names, or that `filter` takes, at most 100.
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
    /// How many customers are meant, where the filter takes everybody.
    #[serde(default)]
    confirm_count: Option<usize>,
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

/// What was, or would be, done.
#[derive(Serialize, ToSchema)]
pub struct BulkOut {
    /// Its id, `blk_…`; null for a dry run.
    id: Option<String>,
    /// `pause`, `assign`, `task`, `note` or `move`.
    action: String,
    /// Who did it.
    by: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// Whether it was only said what would be done.
    dry_run: bool,
    /// With how many customers it was, or would be, done.
    count: usize,
    /// What those owe, as of their last decisions, an entry each currency; of a dry run.
    #[serde(skip_serializing_if = "Option::is_none")]
    money: Option<Vec<BulkMoneyOut>>,
    /// What became of each customer.
    lines: Vec<BulkLineOut>,
    /// When it was undone, where it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    undone_at: Option<Timestamp>,
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

/// Does one thing with many customers, or says with `dry_run` what it would do: with how many, what they owe, and who is left out and why. Each
/// customer has a line of its own; one that fails holds no other up. At most 100 customers go at once, in one request.
#[utoipa::path(post, path = "/v1/bulk", tag = "bulk", operation_id = "run_bulk", request_body = BulkIn,
    responses((status = 200, description = "What was, or would be, done", body = BulkOut),
              (status = 400, description = "bad-request, every flaw in errors: also a filter that takes everybody without `confirm_count`"),
              (status = 404, description = "not-found"), (status = 409, description = "changed-meanwhile: more than 100 customers are meant")))]
pub async fn run(State(app): State<Arc<App>>, caller: Caller, Body(body): Body) -> ApiResult<Json<BulkOut>> {
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
    let asked = BulkAsked { ids, filter, action, confirm_count };
    let now = app.clock.now();
    if dry_run {
        let plan = bulk::plan(&app.store, &caller.0, &asked, now).await?;
        let (count, money) = (plan.count(), plan.money);
        return Ok(Json(BulkOut { id: None, dry_run: true, count, money: Some(sums(money)), ..shown(plan.run) }));
    }
    Ok(Json(shown(bulk::run(&app.store, &caller.0, &asked, now).await?)))
}

/// What became of an action in bulk, line by line.
#[utoipa::path(get, path = "/v1/bulk/{id}", tag = "bulk", operation_id = "show_bulk",
    params(("id" = String, Path, description = "`blk_…`")),
    responses((status = 200, description = "What was done", body = BulkOut), (status = 404, description = "not-found")))]
pub async fn show(State(app): State<Arc<App>>, caller: Caller, Path(id): Path<String>) -> ApiResult<Json<BulkOut>> {
    Ok(Json(shown(bulk::show(&app.store, &caller.0, &id).await?)))
}

/// Undoes an action in bulk, line by line. What went on since stays, and its line says why. Doing it again tries what was not undone.
#[utoipa::path(post, path = "/v1/bulk/{id}/undo", tag = "bulk", operation_id = "undo_bulk",
    params(("id" = String, Path, description = "`blk_…`")),
    responses((status = 200, description = "What became of each", body = BulkOut), (status = 404, description = "not-found"),
              (status = 409, description = "changed-meanwhile")))]
pub async fn undo(State(app): State<Arc<App>>, caller: Caller, Path(id): Path<String>) -> ApiResult<Json<BulkOut>> {
    Ok(Json(shown(bulk::undo(&app.store, &caller.0, &id, app.clock.now()).await?)))
}

fn sums(money: BTreeMap<Currency, Owed>) -> Vec<BulkMoneyOut> {
    let sum = |(currency, owed): (Currency, Owed)| {
        let Owed { open_minor, due_now_minor, overdue_minor, .. } = owed;
        BulkMoneyOut { currency, open_minor, due_now_minor, overdue_minor }
    };
    money.into_iter().map(sum).collect()
}

fn shown(run: BulkRun) -> BulkOut {
    let BulkRun { id, action, by, at, lines, undone_at } = run;
    let count = lines.iter().filter(|line| line.status != "left_out").count();
    let line = |line: BulkLine| {
        let BulkLine { customer, status, why, made, owner: _ } = line;
        // What is only planned has made nothing, and who had no owner before has none to name.
        let made = made.filter(|made| status != "planned" && !made.is_empty());
        BulkLineOut { customer, status, why, made }
    };
    let lines = lines.into_iter().map(line).collect();
    BulkOut { id: Some(id), action, by, at, dry_run: false, count, money: None, lines, undone_at }
}
