//! Operations that are proposed, for people to accept or refuse.

use std::sync::Arc;

use axum::{Json, extract::State};
use serde::Deserialize;
use serde_json::Value;
use service::{
    Operation,
    proposals::{self, ProposalAsked},
};
use utoipa::ToSchema;

use crate::{
    answer::{ApiResult, Body, Fail, read},
    app::App,
    caller::Caller,
    described, facts_version,
    host::Host,
    operations::{Call, Operations},
    tasks::{TaskOut, shown},
};

/// An operation that a person is to accept or refuse.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProposeIn {
    /// The operation, by its `operationId`.
    operation: String,
    /// Its arguments: parameters of path and query by their names, and its body under `body`.
    #[schema(value_type = Object)]
    arguments: Value,
    /// Why, for the person who decides, at most 500 characters.
    reason: String,
}

/// Proposes an operation: nothing of it happens. It is a task of kind `proposal`, for seven days. `POST /v1/tasks/{id}/done` with `approve` has
/// it done, as the person who accepts and with their rights, if what it acts on is as it was; with `refuse` it is over.
#[utoipa::path(post, path = "/v1/proposals", tag = "tasks", operation_id = "make_proposal", request_body = ProposeIn,
    responses((status = 200, description = "The task", body = TaskOut), (status = 400, description = "bad-request, every flaw in errors: also an operation that nobody proposes"),
              (status = 404, description = "not-found: what it is about is not there")))]
pub async fn make(
    State(app): State<Arc<App>>,
    caller: Caller,
    operations: Operations,
    host: Host,
    Body(body): Body,
) -> ApiResult<Json<TaskOut>> {
    let tenant = caller.may(Operation::MakeProposal)?;
    let ProposeIn { operation, arguments, reason } = read(body).map_err(|flaw| Fail::fields([flaw]))?;
    let wrong = |pointer: &str, detail: &str| Fail::fields([(pointer.to_owned(), detail.to_owned())]);
    let described = Operation::read(&operation).and_then(described::of);
    let described = described.ok_or_else(|| wrong("/operation", "GET /openapi.json lists the operations"))?;
    if described.is_read() {
        return Err(wrong("/operation", "it only reads; call it"));
    }
    proposals::may_be_proposed(described.operation).map_err(|why| wrong("/operation", why))?;
    proposals::unless_too_large(&arguments)?;
    let given = arguments.as_object().ok_or_else(|| wrong("/arguments", "arguments are an object"))?;
    Call::of(described, given)
        .map_err(|flaws| Fail::fields(flaws.into_iter().map(|(pointer, detail)| (format!("/arguments{pointer}"), detail))))?;
    let acts_on = facts_version::of(&app, &operations, tenant, described, given, &host).await?;
    let asked = ProposalAsked {
        operation: described.operation,
        reason,
        facts_version: acts_on.version,
        customer: acts_on.customer,
        arguments,
    };
    Ok(Json(shown(proposals::propose(&app.store, &caller.0, &asked, app.clock.now()).await?)))
}
