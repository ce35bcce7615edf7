//! `GET /v1/agreements`: promises by date, disputes and the others by age.

use std::sync::Arc;

use axum::{Json, extract::State};
use domain::Currency;
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};
use service::lists::agreements::{self, AgreementRow, AgreementsAsked};
use utoipa::{IntoParams, ToSchema};

use super::NamedCustomerOut;
use crate::{answer::ApiResult, app::App, caller::Caller, filters::Filters};

/// Which agreements.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AgreementsQuery {
    /// `promise`, `dispute`, `plan`, `pause` or `money`: it must be named.
    kind: Option<String>,
    /// A status of that kind; that of what is not over (`open`, `running` or `expected`) where it is left out.
    status: Option<String>,
    /// Promises by `pays_on`, others by `made_at`; with `-` before it from its end.
    sort: Option<String>,
    /// How many, 1 to 100; 50 by default.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
    /// `next` of the page before, with everything else as it was.
    cursor: Option<String>,
}

/// An agreement in a list, as it was last recorded.
#[derive(Serialize, ToSchema)]
pub struct AgreementRowOut {
    /// Its id: `GET /v1/agreements/{id}`.
    id: String,
    /// Whose.
    customer: NamedCustomerOut,
    /// Its kind.
    kind: String,
    /// Where it stands.
    status: String,
    /// How much of its scope, minor units; absent where it is all of it: then `stood_minor` says what that came to.
    #[serde(skip_serializing_if = "Option::is_none")]
    amount_minor: Option<i64>,
    /// The currency of the amounts, where all of its scope was in one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    currency: Option<Currency>,
    /// What was open in its scope when it was made, minor units; of a dispute that is resolved, when it was. Absent where nothing was, or it was in
    /// several currencies. What is open there now, and how much of it is kept back, shows the customer's matter.
    #[serde(skip_serializing_if = "Option::is_none")]
    stood_minor: Option<i64>,
    /// Why, of a dispute or pause.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// Of a promise: the day promised.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Date)]
    pays_on: Option<Date>,
    /// Of a promise or money on its way: the last day by which it is on the ledger.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Date)]
    expected_on: Option<Date>,
    /// The last day on which it keeps something back, where somebody said so.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Date)]
    until_on: Option<Date>,
    /// When it was made known.
    #[schema(value_type = String, format = DateTime)]
    made_at: Timestamp,
    /// Since when it has its status.
    #[schema(value_type = String, format = DateTime)]
    status_at: Timestamp,
    /// Who made it.
    #[serde(skip_serializing_if = "String::is_empty")]
    by: String,
}

/// A page of agreements.
#[derive(Serialize, ToSchema)]
pub struct AgreementsOut {
    /// The agreements.
    data: Vec<AgreementRowOut>,
    /// The cursor of the next page; null at the end.
    next: Option<String>,
    /// When it was read.
    #[schema(value_type = String, format = DateTime)]
    as_of: Timestamp,
}

/// The agreements of a kind, a page at a time.
#[utoipa::path(get, path = "/v1/agreements", tag = "agreements", operation_id = "list_agreements", params(AgreementsQuery),
    responses((status = 200, description = "A page", body = AgreementsOut),
              (status = 422, description = "invalid-cursor: the cursor is not one of this list, with these filters, of this tenant")))]
pub async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    Filters(query): Filters<AgreementsQuery>,
) -> ApiResult<Json<AgreementsOut>> {
    let AgreementsQuery { kind, status, sort, limit, cursor } = query;
    let asked = AgreementsAsked { sort, kind, status };
    let found = agreements::list(super::reading(&app), &caller.0, &asked, &super::page(limit, cursor)).await?;
    Ok(Json(AgreementsOut { data: found.rows.into_iter().map(row).collect(), next: found.next, as_of: app.clock.now() }))
}

fn row((line, name): AgreementRow) -> AgreementRowOut {
    AgreementRowOut {
        id: line.agreement.as_str().to_owned(),
        customer: NamedCustomerOut::of(&line.customer, name),
        kind: line.kind,
        status: line.status,
        amount_minor: line.amount_minor,
        currency: line.stood.map(|(currency, _)| currency),
        stood_minor: line.stood.map(|(_, minor)| minor),
        reason: line.reason,
        pays_on: line.pays_on,
        expected_on: line.expected_on,
        until_on: line.until_on,
        made_at: line.made_at,
        status_at: line.status_at,
        by: line.by,
    }
}
