//! Holds that people place on a customer.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use domain::{Currency, CustomerId, Hold, HoldClock, HoldId, HoldReason, HoldScope, InvoiceId, TenantId, calendar::tenant_zone};
use jiff::{Timestamp, ToSpan, civil::Date};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    answer::{Answer, Body, Fail, read},
    app::App,
    caller::{Caller, Role},
};

/// How far ahead a hold may end, in days: it is bounded, and may be placed again.
const DAYS_MAX: i64 = 400;

/// A hold to be placed.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HoldIn {
    /// `dispute`, `promise`, `plan`, `manual`, `legal` or `cease`.
    #[schema(value_type = String)]
    reason: HoldReason,
    /// What it keeps back; everything that the customer owes when left out.
    #[serde(default)]
    #[schema(schema_with = crate::openapi::hold_scope)]
    scope: ScopeIn,
    /// How much of the scope it keeps back, in minor units; all of it when left out.
    #[serde(default)]
    amount_minor: Option<i64>,
    /// Since when; now when left out.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    from: Option<Timestamp>,
    /// The last day that it holds, in the tenant's zone; at most 400 days ahead.
    #[schema(value_type = String, format = Date)]
    until_on: Date,
    /// `stop_clock` (its days do not count; the default of disputes and promises) or `freeze`.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    clock: Option<HoldClock>,
    /// For a promise: the day promised; `until_on` when left out.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Date)]
    promised_on: Option<Date>,
}

/// What a hold keeps back: `"customer"`, `{"case": "EUR"}` or `{"invoice": "inv_…"}`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScopeIn {
    /// Everything that the customer owes.
    #[default]
    Customer,
    /// What it owes in one currency.
    Case(Currency),
    /// One invoice: its id here, or the source's own.
    Invoice(String),
}

/// A hold as it stands.
#[derive(Serialize, ToSchema)]
pub struct HoldOut {
    /// Its id.
    id: String,
    /// Why.
    #[schema(value_type = String)]
    reason: HoldReason,
    /// What it keeps back.
    #[schema(value_type = Object)]
    scope: HoldScope,
    /// How much of it, minor units; all of it when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    amount_minor: Option<i64>,
    /// When it began.
    #[schema(value_type = String, format = DateTime)]
    from: Timestamp,
    /// The last day that it holds.
    #[schema(value_type = String, format = Date)]
    until_on: Date,
    /// Whether its days count.
    #[schema(value_type = String)]
    clock: HoldClock,
    /// When it was lifted before its time.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    ended_at: Option<Timestamp>,
    /// The day promised.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Date)]
    promised_on: Option<Date>,
}

/// Places a hold under a name of one's own, or replaces the one of that name. Repeating the request changes nothing.
#[utoipa::path(put, path = "/v1/customers/{customer_id}/holds/{name}", tag = "customers", operation_id = "put_hold",
    params(("customer_id" = String, Path, description = "`cus_…`"), ("name" = String, Path, description = "1 to 64 of a-z, A-Z, 0-9, '-' and '_'")),
    request_body = HoldIn,
    responses((status = 200, description = "The hold", body = HoldOut), (status = 400, description = "bad-request, every flaw in errors"),
              (status = 404, description = "not-found")))]
pub async fn put(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path((customer, name)): Path<(String, String)>,
    Body(body): Body,
) -> Answer<Json<HoldOut>> {
    let tenant = caller.at_least(Role::Collector)?;
    let zone = tenant_zone(&app.settings(tenant).await?.value);
    let (customer, id) = named(&app, tenant, &customer, &name).await?;
    let given: HoldIn = read(body).map_err(|flaw| Fail::fields([flaw]))?;
    let now = app.clock.now();
    let before = app.store.hold(tenant, &customer, &id).await?;
    // A repeat of the same request must not begin anew.
    let from_at = given.from.or(before.filter(|before| before.ended_at.is_none()).map(|before| before.from_at)).unwrap_or(now);
    let scope = scope(&app, tenant, &customer, &given.scope).await?;
    check(&given, from_at, now, now.to_zoned(zone).date())?;
    let promise = given.reason == HoldReason::Promise;
    let hold = Hold {
        id,
        reason: given.reason,
        clock: given.clock.unwrap_or(match given.reason {
            HoldReason::Dispute | HoldReason::Promise => HoldClock::StopClock,
            HoldReason::Plan | HoldReason::Manual | HoldReason::Legal | HoldReason::Cease => HoldClock::Freeze,
        }),
        scope,
        amount_minor: given.amount_minor,
        from_at,
        until_on: given.until_on,
        ended_at: None,
        promised_on: promise.then(|| given.promised_on.unwrap_or(given.until_on)),
    };
    app.store.put_hold(tenant, &customer, &hold, now).await?;
    Ok(Json(shown(&hold)))
}

/// Ends a hold now; ending it again changes nothing.
#[utoipa::path(delete, path = "/v1/customers/{customer_id}/holds/{name}", tag = "customers", operation_id = "end_hold",
    params(("customer_id" = String, Path, description = "`cus_…`"), ("name" = String, Path, description = "As it was placed")),
    responses((status = 200, description = "The hold", body = HoldOut), (status = 404, description = "not-found")))]
pub async fn end(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path((customer, name)): Path<(String, String)>,
) -> Answer<Json<HoldOut>> {
    let tenant = caller.at_least(Role::Collector)?;
    let (customer, id) = named(&app, tenant, &customer, &name).await?;
    app.store.end_hold(tenant, &customer, &id, app.clock.now()).await?;
    let hold = app.store.hold(tenant, &customer, &id).await?;
    hold.map(|hold| Json(shown(&hold))).ok_or_else(|| Fail::not_found("there is no hold of this name on the customer"))
}

async fn named(app: &App, tenant: &TenantId, customer: &str, name: &str) -> Answer<(CustomerId, HoldId)> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if !(1..=64).contains(&name.len()) || !name.bytes().all(plain) {
        return Err(Fail::bad_request("a hold's name is 1 to 64 of a-z, A-Z, 0-9, '-' and '_'"));
    }
    let none = || Fail::not_found("there is no such customer");
    let customer = CustomerId::parse(customer).ok_or_else(none)?;
    app.store.head(tenant, &customer).await?.ok_or_else(none)?;
    // A hold that came along with a moved invoice has the id that it was placed under elsewhere, and is named by that.
    let id = HoldId::parse(name).unwrap_or_else(|| HoldId::derive(&[tenant.as_str(), customer.as_str(), name]));
    Ok((customer, id))
}

/// The scope with the invoice's id: an id as it is, else the source's own of the customer's source.
async fn scope(app: &App, tenant: &TenantId, customer: &CustomerId, given: &ScopeIn) -> Answer<HoldScope> {
    let wanted = match given {
        ScopeIn::Customer => return Ok(HoldScope::Customer),
        ScopeIn::Case(currency) => return Ok(HoldScope::Case(*currency)),
        ScopeIn::Invoice(text) => text,
    };
    let none = || Fail::not_found("there is no such customer");
    let explained = app.store.explain(tenant, customer, 1).await?.ok_or_else(none)?;
    let found = explained
        .facts
        .invoices
        .iter()
        .map(|fact| &fact.invoice)
        .find(|invoice| InvoiceId::parse(wanted).as_ref() == Some(&invoice.id) || invoice.external_id == *wanted);
    match found {
        Some(invoice) => Ok(HoldScope::Invoice(invoice.id.clone())),
        None => Err(Fail::fields([("/scope/invoice".to_owned(), "the customer has no open invoice of this id".to_owned())])),
    }
}

fn check(given: &HoldIn, from_at: Timestamp, now: Timestamp, today: Date) -> Answer<()> {
    let mut flaws = Vec::new();
    let mut refuse = |bad: bool, pointer: &str, detail: &str| {
        if bad {
            flaws.push((pointer.to_owned(), detail.to_owned()));
        }
    };
    let latest = today.checked_add(DAYS_MAX.days()).unwrap_or(Date::MAX);
    refuse(given.until_on > latest, "/until_on", "a hold ends at most 400 days ahead; it may be placed again then");
    refuse(given.until_on < today, "/until_on", "the day has passed; DELETE ends a hold now");
    let earliest = now.checked_sub((DAYS_MAX * 24).hours()).unwrap_or(Timestamp::MIN);
    let last = now.checked_add((DAYS_MAX * 24).hours()).unwrap_or(Timestamp::MAX);
    refuse(from_at < earliest || from_at > last, "/from", "a hold begins at most 400 days before or after now");
    let begins = from_at.to_zoned(jiff::tz::TimeZone::UTC).date();
    refuse(begins > given.until_on, "/from", "it begins after its last day");
    refuse(given.amount_minor.is_some_and(|minor| minor <= 0), "/amount_minor", "an amount is above zero; leave it out for all");
    let whole = matches!(given.scope, ScopeIn::Customer);
    let mixed = whole && given.amount_minor.is_some();
    refuse(mixed, "/amount_minor", "an amount needs a scope of one currency: {\"case\": \"EUR\"} or {\"invoice\": \"…\"}");
    let promise = given.reason == HoldReason::Promise;
    refuse(!promise && given.promised_on.is_some(), "/promised_on", "only a promise has a day promised");
    refuse(given.promised_on.is_some_and(|on| on > given.until_on), "/promised_on", "the day promised is after the last day");
    if flaws.is_empty() { Ok(()) } else { Err(Fail::fields(flaws)) }
}

/// A hold as the API shows it.
pub fn shown(hold: &Hold) -> HoldOut {
    HoldOut {
        id: hold.id.as_str().to_owned(),
        reason: hold.reason,
        scope: hold.scope.clone(),
        amount_minor: hold.amount_minor,
        from: hold.from_at,
        until_on: hold.until_on,
        clock: hold.clock,
        ended_at: hold.ended_at,
        promised_on: hold.promised_on,
    }
}
