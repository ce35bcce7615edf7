//! Whom an exception concerns that tells of what keeps messages of many customers back.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use domain::{CustomerId, TaskId};
use serde::{Deserialize, Serialize};
use service::Operation;
use utoipa::{IntoParams, ToSchema};

use crate::{
    answer::{ApiResult, Fail},
    app::App,
    caller::Caller,
    filters::Filters,
};

/// Entries a page.
const PAGE: usize = 200;

/// Which page.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ConcernedQuery {
    /// `next` of the page before.
    after: Option<String>,
}

/// A page of customers that a task concerns.
#[derive(Serialize, ToSchema)]
pub struct ConcernedOut {
    /// Their ids, for `GET /v1/cases/{customer_id}`.
    customers: Vec<String>,
    /// What to pass as `after` for the next page, while there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// The customers whose messages are kept back by what an exception tells of, a page at a time.
#[utoipa::path(get, path = "/v1/tasks/{id}/customers", tag = "tasks", operation_id = "list_task_customers",
    params(("id" = String, Path, description = "The task's id"), ConcernedQuery),
    responses((status = 200, description = "A page; none where the task is about one customer, or nobody", body = ConcernedOut),
              (status = 404, description = "not-found")))]
pub async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    Filters(query): Filters<ConcernedQuery>,
) -> ApiResult<Json<ConcernedOut>> {
    let tenant = caller.may(Operation::ListTaskCustomers)?;
    let none = || Fail::not_found("there is no such task; GET /v1/tasks lists those that are open");
    let id = TaskId::parse(&id).ok_or_else(none)?;
    let after = query
        .after
        .as_deref()
        .map(|after| CustomerId::parse(after).ok_or_else(|| Fail::bad_request("'after' is the 'next' of an earlier page")));
    let after = after.transpose()?;
    app.store.task(tenant, &id).await?.ok_or_else(none)?;
    let page = app.store.concerned(tenant, &id, PAGE, after.as_ref()).await?;
    Ok(Json(ConcernedOut {
        customers: page.customers.iter().map(|customer| customer.as_str().to_owned()).collect(),
        next: page.after.map(|after| after.as_str().to_owned()),
    }))
}
