//! `GET /v1/cases`: cases by their state.

use std::sync::Arc;

use axum::{Json, extract::State};
use domain::{CaseState, Currency};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use service::lists::cases::{self, CaseRow, CasesAsked};
use utoipa::{IntoParams, ToSchema};

use super::NamedCustomerOut;
use crate::{answer::ApiResult, app::App, caller::Caller, filters::Filters};

/// Which cases.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CasesQuery {
    /// `open`, `waiting`, `ended` or `closed`; `open` where it is left out.
    state: Option<String>,
    /// `opened_at`; `-opened_at` from its end.
    sort: Option<String>,
    /// How many, 1 to 100; 50 by default.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
    /// `next` of the page before, with everything else as it was.
    cursor: Option<String>,
}

/// A case in a list.
#[derive(Serialize, ToSchema)]
pub struct CaseRowOut {
    /// Its id: `GET /v1/cases/{id}`.
    id: String,
    /// Whose.
    customer: NamedCustomerOut,
    /// Its currency.
    #[schema(value_type = String)]
    currency: Currency,
    /// The legal entity that it is owed to, where it is not the default one.
    #[serde(skip_serializing_if = "String::is_empty")]
    legal_entity: String,
    /// `open`, `waiting`, `ended` or `closed`.
    state: &'static str,
    /// Why it waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    waiting: Option<String>,
    /// The workflow.
    workflow: String,
    /// The version that it is pinned to.
    version: u32,
    /// When it opened.
    #[schema(value_type = String, format = DateTime)]
    opened_at: Timestamp,
}

/// A page of cases.
#[derive(Serialize, ToSchema)]
pub struct CasesOut {
    /// The cases.
    data: Vec<CaseRowOut>,
    /// The cursor of the next page; null at the end.
    next: Option<String>,
    /// When it was read.
    #[schema(value_type = String, format = DateTime)]
    as_of: Timestamp,
}

/// The cases of a state by when they opened, a page at a time. Of closed ones a customer's last four are listed.
#[utoipa::path(get, path = "/v1/cases", tag = "customers", operation_id = "list_cases", params(CasesQuery),
    responses((status = 200, description = "A page", body = CasesOut),
              (status = 422, description = "invalid-cursor: the cursor is not one of this list, with these filters, of this tenant")))]
pub async fn list(State(app): State<Arc<App>>, caller: Caller, Filters(query): Filters<CasesQuery>) -> ApiResult<Json<CasesOut>> {
    let CasesQuery { state, sort, limit, cursor } = query;
    let asked = CasesAsked { sort, state };
    let found = cases::list(super::reading(&app), &caller.0, &asked, &super::page(limit, cursor)).await?;
    Ok(Json(CasesOut { data: found.rows.into_iter().map(row).collect(), next: found.next, as_of: app.clock.now() }))
}

fn row((line, name): CaseRow) -> CaseRowOut {
    let (state, waiting) = match line.state {
        CaseState::Open => ("open", None),
        CaseState::Waiting(reason) => ("waiting", Some(reason.as_str().to_owned())),
        CaseState::Ended => ("ended", None),
        CaseState::Closed => ("closed", None),
        CaseState::Later(word) => ("waiting", Some(word.to_string())),
    };
    CaseRowOut {
        id: line.case.as_str().to_owned(),
        customer: NamedCustomerOut::of(&line.customer, name),
        currency: line.currency,
        legal_entity: line.legal_entity,
        state,
        waiting,
        workflow: line.workflow,
        version: line.version,
        opened_at: line.opened_at,
    }
}
