//! `GET /v1/search`: customers and invoices by the beginnings of words.

use std::sync::Arc;

use axum::{Json, extract::State};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use service::lists::search::search as find;
use store::WordLine;
use utoipa::{IntoParams, ToSchema};

use crate::{answer::ApiResult, app::App, caller::Caller, filters::Filters};

/// What is looked for.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SearchQuery {
    /// Words, or beginnings of words of two letters and more: all of them must be found. Case and accents do not matter.
    q: Option<String>,
    /// How many, 1 to 100; 50 by default.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
    /// `next` of the page before, with everything else as it was.
    cursor: Option<String>,
}

/// What was found.
#[derive(Serialize, ToSchema)]
pub struct FoundOut {
    /// `customer` or `invoice`.
    kind: &'static str,
    /// Its id.
    id: String,
    /// The customer's id: itself, or who owes the invoice.
    customer: String,
    /// The customer's name, or the invoice's number.
    text: String,
}

/// A page of what was found.
#[derive(Serialize, ToSchema)]
pub struct SearchOut {
    /// Customers first, then invoices.
    data: Vec<FoundOut>,
    /// The cursor of the next page; null at the end.
    next: Option<String>,
    /// When it was read.
    #[schema(value_type = String, format = DateTime)]
    as_of: Timestamp,
}

/// Customers by their names, their people's, mail addresses and the source's id; invoices by number, the source's id and purchase order.
#[utoipa::path(get, path = "/v1/search", tag = "customers", operation_id = "search", params(SearchQuery),
    responses((status = 200, description = "A page; it may be short though `next` is there", body = SearchOut),
              (status = 422, description = "invalid-cursor: the cursor is not one of this search, of this tenant")))]
pub async fn search(
    State(app): State<Arc<App>>,
    caller: Caller,
    Filters(query): Filters<SearchQuery>,
) -> ApiResult<Json<SearchOut>> {
    let SearchQuery { q, limit, cursor } = query;
    let q = q.unwrap_or_default();
    let found = find(super::reading(&app), &caller.0, &q, &super::page(limit, cursor)).await?;
    Ok(Json(SearchOut { data: found.rows.into_iter().map(shown).collect(), next: found.next, as_of: app.clock.now() }))
}

fn shown(line: WordLine) -> FoundOut {
    let customer = line.customer.as_str().to_owned();
    let (kind, id) = match line.invoice {
        Some(invoice) => ("invoice", invoice.as_str().to_owned()),
        None => ("customer", customer.clone()),
    };
    FoundOut { kind, id, customer, text: line.text }
}
