//! `GET /v1/customers`: customers in an order, or found.

use std::sync::Arc;

use axum::{Json, extract::State};
use domain::Currency;
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};
use service::{
    NotDone, Operation,
    lists::customers::{self, CustomerRow, CustomersAsked},
};
use utoipa::{IntoParams, ToSchema};

use super::NamedCustomerOut;
use crate::{answer::ApiResult, app::App, caller::Caller, customers::id_of, filters::Filters};

/// Which customers.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CustomersQuery {
    /// `name`, `next_action`, `overdue` and `money_at_stake` (largest first), `oldest_due` or `owner`; with `-` before it from its end. `name` where
    /// it is left out. By `owner` come those that a person gave to somebody, owner by owner; those that are an owner's by a rule of the settings, or
    /// nobody's, are not among them.
    sort: Option<String>,
    /// In the order `overdue` or `money_at_stake`: the reporting currency, or one that has no rate in it, alone.
    currency: Option<String>,
    /// Those who are found by the beginnings of these words: names, mail addresses, the source's id. Two characters and more.
    q: Option<String>,
    /// Those that a person gave to this owner, in the order of their ids: the subject of a member's sign-in, or a team's name. Of the orders it goes
    /// with `owner` alone. Customers that are an owner's by a rule of the settings are not among them.
    owner: Option<String>,
    /// With `external_id`: the one customer whom this connection knows by it.
    source: Option<String>,
    /// The source's own id.
    external_id: Option<String>,
    /// How many, 1 to 100; 50 by default.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
    /// `next` of the page before, with everything else as it was.
    cursor: Option<String>,
}

/// A customer in a list.
#[derive(Serialize, ToSchema)]
pub struct CustomerRowOut {
    /// Who.
    #[serde(flatten)]
    customer: NamedCustomerOut,
    /// In the order `next_action`: when it is decided next; absent where only something new or a person wakes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    next_at: Option<Timestamp>,
    /// In an order by amount: what it is ranked by.
    #[serde(skip_serializing_if = "Option::is_none")]
    ranked: Option<RankedOut>,
    /// In the orders by amount, by the oldest and by owner, and of one owner: what it owes, an entry each currency that is ranked together.
    #[serde(skip_serializing_if = "Option::is_none")]
    owed: Option<Vec<ListOwedOut>>,
    /// In the orders: when a decision, or the tenant's midnight, found amounts that are others than before. One that finds the same does not
    /// renew it: an old instant says that nothing has changed since, not that nobody looked. Of one owner, and by the source's id: when
    /// they were last found so.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    as_of: Option<Timestamp>,
    /// In the order `owner`: whom a person gave it to.
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<String>,
}

/// An amount that a row is ranked by.
#[derive(Serialize, ToSchema)]
pub struct RankedOut {
    /// The reporting currency, or one that has no rate in it.
    #[schema(value_type = String)]
    currency: Currency,
    /// How much, minor units; other currencies at the rates of the settings.
    amount_minor: i64,
}

/// What a customer owed in a currency.
#[derive(Serialize, ToSchema)]
pub struct ListOwedOut {
    /// The currency.
    #[schema(value_type = String)]
    currency: Currency,
    /// What was open, minor units.
    open_minor: i64,
    /// Less what was kept back or covered by credit: the money at stake.
    due_now_minor: i64,
    /// The part of that which was past due.
    overdue_minor: i64,
    /// When the oldest of it falls due, or fell due.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Date)]
    oldest_due_on: Option<Date>,
}

/// A page of customers.
#[derive(Serialize, ToSchema)]
pub struct CustomersOut {
    /// The customers.
    data: Vec<CustomerRowOut>,
    /// The cursor of the next page; null at the end.
    next: Option<String>,
    /// When it was read.
    #[schema(value_type = String, format = DateTime)]
    as_of: Timestamp,
}

/// The customers, a page at a time. Amounts are ranked when a customer is decided and at the tenant's midnight; each row says since when they stand.
/// Across currencies they are ranked in the one of `settings.reporting`; a currency without a rate in it comes after, by itself, and is never added.
#[utoipa::path(get, path = "/v1/customers", tag = "customers", operation_id = "list_customers", params(CustomersQuery),
    responses((status = 200, description = "A page", body = CustomersOut),
              (status = 422, description = "invalid-cursor: the cursor is not one of this list, with these filters, of this tenant")))]
pub async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    Filters(query): Filters<CustomersQuery>,
) -> ApiResult<Json<CustomersOut>> {
    caller.may(Operation::ListCustomers)?;
    let CustomersQuery { sort, currency, q, owner, source, external_id, limit, cursor } = query;
    let (reading, page) = (super::reading(&app), super::page(limit, cursor));
    let found = match (source, external_id) {
        (None, None) => customers::list(reading, &caller.0, &CustomersAsked { sort, currency, q, owner }, &page).await?,
        (Some(source), Some(external_id)) => {
            let id = id_of(&app, caller.0.tenant(), &source, &external_id).await?;
            customers::one(reading, &caller.0, &id).await?
        }
        (source, _) => {
            let missing = if source.is_some() { "/external_id" } else { "/source" };
            return Err(NotDone::field(missing, "a customer is found by 'source' and 'external_id' together").into());
        }
    };
    Ok(Json(CustomersOut { data: found.rows.into_iter().map(shown).collect(), next: found.next, as_of: app.clock.now() }))
}

fn shown(row: CustomerRow) -> CustomerRowOut {
    let CustomerRow { id, name, next_at, ranked, owed, as_of, owner } = row;
    let owed = owed.map(|owed| {
        let owed = owed.into_iter().map(|(currency, owed)| ListOwedOut {
            currency,
            open_minor: owed.open_minor,
            due_now_minor: owed.due_now_minor,
            overdue_minor: owed.overdue_minor,
            oldest_due_on: owed.oldest_due_on,
        });
        owed.collect()
    });
    let ranked = ranked.map(|ranked| RankedOut { currency: ranked.currency, amount_minor: ranked.amount_minor });
    CustomerRowOut { customer: NamedCustomerOut::of(&id, name), next_at, ranked, owed, as_of, owner }
}
