//! Reports: which there are, what each says of a day, as JSON and as a table for a spreadsheet, and what its numbers are made of.

mod shown;

use std::{str::FromStr, sync::Arc};

use axum::{
    Json,
    extract::{Path, State},
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
};
use domain::{Currency, CustomerId};
use figures::{GroupBy, report::ReportName};
use jiff::civil::Date;
use serde::Deserialize;
use service::{
    Operation,
    reports::{self, ReportCurrencies, ReportQuery},
};
use utoipa::IntoParams;

use crate::{
    answer::{ApiResult, Fail},
    app::App,
    caller::Caller,
    filters::Filters,
};
use shown::{LedgerOut, ReportOut, ReportsOut};

/// What a report is asked.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ReportAskedQuery {
    /// The end of which day it speaks of: `2026-03-31`. The newest that is known where it is left out; today is told as of the last look.
    #[param(value_type = Option<String>, format = Date)]
    as_of: Option<String>,
    /// The first day of its period: the first of a month, at most eleven months before that of `as_of`. Of the month two months before where it is
    /// left out. Reports of a day have no period.
    #[param(value_type = Option<String>, format = Date)]
    from: Option<String>,
    /// The last day of its period: another word for `as_of`.
    #[param(value_type = Option<String>, format = Date)]
    to: Option<String>,
    /// By what its rows are told apart: `tenant`, `segment`, `owner`, `legal_entity` or `customer`; `tenant` where it is left out.
    by: Option<String>,
    /// By `customer`: those of a `segment`, an `owner` or a `legal_entity`, which `group` names.
    within: Option<String>,
    /// With `within`: which; empty for the customers of none.
    group: Option<String>,
    /// By `customer`: this one, `cus_…`.
    customer: Option<String>,
    /// One currency alone, such as `EUR`; or `together`, all of them in that of `settings.reporting`, at its rates. Each by itself where it is
    /// left out.
    currency: Option<String>,
    /// By `customer`: how many customers a page looks at, 1 to 100; 50 by default.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
    /// By `customer`: `next` of the page before, with everything else as it was.
    cursor: Option<String>,
}

/// Within which days.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct LedgerAskedQuery {
    /// From which day on; from the beginning where it is left out.
    #[param(value_type = Option<String>, format = Date)]
    from: Option<String>,
    /// Until the end of which day; today where it is left out.
    #[param(value_type = Option<String>, format = Date)]
    to: Option<String>,
}

/// The reports that there are, each with what it can be told by.
#[utoipa::path(get, path = "/v1/reports", tag = "reports", operation_id = "list_reports",
    responses((status = 200, description = "The reports", body = ReportsOut)))]
pub async fn list(caller: Caller) -> ApiResult<Json<ReportsOut>> {
    Ok(Json(shown::kinds(reports::list(&caller.0)?)))
}

/// What a report says at the end of a day. Amounts are minor units as texts of digits; quotients are decimal numbers, rounded half away from zero.
/// What has nothing below it is not defined, and never zero. With `Accept: text/csv` the rows come as a table. Each row says where what it is made of
/// is read.
#[utoipa::path(get, path = "/v1/reports/{name}", tag = "reports", operation_id = "show_report",
    params(("name" = String, Path, description = "Which"), ReportAskedQuery),
    responses((status = 200, description = "The report", content((ReportOut = "application/json"), (String = "text/csv"))),
              (status = 404, description = "not-found: there is no such report, or customer"),
              (status = 422, description = "invalid-cursor: the cursor is not one of a report by customer")))]
pub async fn show(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(name): Path<String>,
    headers: HeaderMap,
    Filters(asked): Filters<ReportAskedQuery>,
) -> ApiResult<Response> {
    caller.may(Operation::ShowReport)?;
    let name = ReportName::read(&name).ok_or_else(|| Fail::not_found("there is no such report; GET /v1/reports lists them"))?;
    let query = query(asked)?;
    let found = reports::report(&app.store, &caller.0, name, &query, app.clock.now()).await?;
    if wants_table(&headers) {
        let file = format!("attachment; filename=\"{}-{}.csv\"", name.as_str(), found.as_of);
        let kind = "text/csv; charset=utf-8".to_owned();
        return Ok(
            ([(header::CONTENT_TYPE, kind), (header::CONTENT_DISPOSITION, file)], sheets::lines::csv(&found)).into_response()
        );
    }
    Ok(Json(shown::report(found)).into_response())
}

/// What happened to a customer within days, as reports count it: the entries that their numbers are made of, oldest first.
#[utoipa::path(get, path = "/v1/customers/{customer_id}/ledger", tag = "reports", operation_id = "list_ledger",
    params(("customer_id" = String, Path, description = "The customer's id"), LedgerAskedQuery),
    responses((status = 200, description = "The entries", body = LedgerOut), (status = 404, description = "not-found")))]
pub async fn ledger(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(customer): Path<String>,
    Filters(asked): Filters<LedgerAskedQuery>,
) -> ApiResult<Json<LedgerOut>> {
    caller.may(Operation::ListLedger)?;
    let days = (day("from", asked.from.as_deref())?, day("to", asked.to.as_deref())?);
    let found = reports::entries(&app.store, &caller.0, &customer, days, app.clock.now()).await?;
    Ok(Json(shown::ledger(found)))
}

/// Whether whoever asks wants a table for a spreadsheet.
fn wants_table(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let mut kinds = accepted.flat_map(|value| value.split(',')).map(|kind| kind.split(';').next().unwrap_or_default().trim());
    kinds.any(|kind| kind.eq_ignore_ascii_case("text/csv"))
}

fn query(asked: ReportAskedQuery) -> ApiResult<ReportQuery> {
    let ReportAskedQuery { as_of, from, to, by, within, group, customer, currency, limit, cursor } = asked;
    let within = match (within, group) {
        (None, None) => None,
        (Some(within), group) => Some((kind_of_group("within", &within)?, group.unwrap_or_default())),
        (None, Some(_)) => {
            return Err(Fail::bad_request("'group' is of a segment, an owner or a legal entity, which 'within' says"));
        }
    };
    let customer = customer.map(|id| CustomerId::parse(&id).ok_or_else(|| Fail::bad_request("a customer's id is `cus_…`")));
    let currencies = match currency.as_deref() {
        None => ReportCurrencies::Each,
        Some("together") => ReportCurrencies::Together,
        Some(code) => ReportCurrencies::Only(Currency::parse(code).map_err(|error| Fail::bad_request(error.to_string()))?),
    };
    Ok(ReportQuery {
        as_of: day("as_of", as_of.as_deref())?,
        from: day("from", from.as_deref())?,
        to: day("to", to.as_deref())?,
        by: by.as_deref().map_or(Ok(GroupBy::Tenant), |by| kind_of_group("by", by))?,
        within,
        customer: customer.transpose()?,
        currencies,
        limit,
        cursor,
    })
}

fn kind_of_group(name: &str, word: &str) -> ApiResult<GroupBy> {
    let found = GroupBy::ALL.into_iter().find(|by| by.as_str() == word);
    found.ok_or_else(|| {
        let words: Vec<&str> = GroupBy::ALL.iter().map(|by| by.as_str()).collect();
        Fail::bad_request(format!("'{name}' is one of {}", words.join(", ")))
    })
}

fn day(name: &str, text: Option<&str>) -> ApiResult<Option<Date>> {
    let wrong = |_| Fail::bad_request(format!("'{name}' is a day, such as 2026-01-31"));
    text.map(|text| Date::from_str(text).map_err(wrong)).transpose()
}
