//! Addresses that must not be used: whoever opted out, complained, or cannot be reached there.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use domain::{Channel, Suppression, SuppressionReason};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use service::suppressions::{self, AddressGiven, LiftAsked, StopAsked};
use store::StoppedLine;
use utoipa::{IntoParams, ToSchema};

use crate::{
    answer::{ApiResult, Body, Fail, read},
    app::App,
    caller::Caller,
    filters::Filters,
};

/// Which addresses.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SuppressionsAsked {
    /// With `address`: the one address on this channel, as it is now.
    channel: Option<String>,
    /// An email address, or a phone number in E.164.
    address: Option<String>,
    /// How many, 1 to 200; 50 by default.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// An address that must not be used.
#[derive(Serialize, ToSchema)]
pub struct SuppressionOut {
    /// Its id, `sup_…`.
    id: String,
    /// On which channel; absent where it is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    channel: Option<Channel>,
    /// Enough of the address to know it by, such as `a…@acme.example`; absent where it is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    shown: Option<String>,
    /// `opt_out`, `cease`, `complaint` or `bounce`.
    #[schema(value_type = String)]
    reason: SuppressionReason,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// What tells this entry from others of the same address: whoever lifts it names it.
    entry: String,
    /// Who entered it, where a person did: the subject of their token.
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<String>,
    /// What they said of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

/// A page of addresses that must not be used.
#[derive(Serialize, ToSchema)]
pub struct SuppressionsOut {
    /// The addresses, the longest first.
    data: Vec<SuppressionOut>,
    /// The cursor of the next page; null at the end.
    next: Option<String>,
    /// When it was read.
    #[schema(value_type = String, format = DateTime)]
    as_of: Timestamp,
}

/// An address that is to be used no more.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SuppressionIn {
    /// The channel of the address.
    channel: String,
    /// An email address, or a phone number in E.164.
    address: String,
    /// `opt_out`, `cease` (no contact at all), `complaint` or `bounce`; `opt_out` when left out.
    #[serde(default)]
    reason: Option<String>,
    /// What there is to say of it, at most 500 characters.
    #[serde(default)]
    note: Option<String>,
    /// The customer who is to be decided again at once, `cus_…`.
    #[serde(default)]
    customer: Option<String>,
}

/// Why an address may be used again.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LiftIn {
    /// `entry` of what is to be lifted, as it was looked at. What took its place meanwhile stays.
    #[serde(default)]
    entry: Option<String>,
    /// Why, at most 500 characters; the audit keeps it for good. One with an @ is refused; name nobody.
    #[serde(default)]
    reason: Option<String>,
    /// The customer who is to be decided again at once, `cus_…`.
    #[serde(default)]
    customer: Option<String>,
}

/// The addresses that must not be used, the longest first. The list lags behind by moments; an address that is named is looked up as it is.
#[utoipa::path(get, path = "/v1/suppressions", tag = "suppressions", operation_id = "list_suppressions", params(SuppressionsAsked),
    responses((status = 200, description = "A page", body = SuppressionsOut)))]
pub async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    Filters(asked): Filters<SuppressionsAsked>,
) -> ApiResult<Json<SuppressionsOut>> {
    let SuppressionsAsked { channel, address, limit, cursor } = asked;
    let named = AddressGiven { channel, address };
    let found = suppressions::list(&app.store, &caller.0, &named, Fail::unless_page_size(limit)?, cursor.as_deref()).await?;
    Ok(Json(SuppressionsOut { data: found.stopped.into_iter().map(shown).collect(), next: found.next, as_of: app.clock.now() }))
}

/// Enters that an address must not be used, as somebody asked by phone or letter. Nothing more is sent to it, by any customer's case. A
/// stricter reason that stands stays; entering it again changes nothing.
#[utoipa::path(post, path = "/v1/suppressions", tag = "suppressions", operation_id = "enter_suppression",
    request_body = SuppressionIn,
    responses((status = 200, description = "What stands against the address", body = SuppressionOut),
              (status = 400, description = "bad-request, every flaw in errors"), (status = 404, description = "not-found: no such customer")))]
pub async fn enter(State(app): State<Arc<App>>, caller: Caller, Body(body): Body) -> ApiResult<Json<SuppressionOut>> {
    caller.may(service::Operation::EnterSuppression)?;
    let SuppressionIn { channel, address, reason, note, customer } = read(body).map_err(|flaw| Fail::fields([flaw]))?;
    let named = AddressGiven { channel: Some(channel), address: Some(address) };
    let asked = StopAsked { named, reason, note, customer };
    let stands = suppressions::enter(&app.store, &caller.0, &asked, app.clock.now()).await?;
    Ok(Json(shown(suppressions::line(stands))))
}

/// Lets an address be used again, for a reason that the audit keeps. It lifts the entry that is named and no other: where a stricter one took
/// its place meanwhile, nothing changes.
#[utoipa::path(post, path = "/v1/suppressions/{id}/lift", tag = "suppressions", operation_id = "lift_suppression",
    params(("id" = String, Path, description = "`sup_…`")),
    request_body = LiftIn,
    responses((status = 200, description = "What stood against it until now", body = SuppressionOut),
              (status = 400, description = "bad-request: the reason or the entry is missing"),
              (status = 404, description = "not-found: nothing stands against it, or there is no such customer"),
              (status = 409, description = "changed-meanwhile: another entry stands against it, which detail names")))]
pub async fn lift(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    Body(body): Body,
) -> ApiResult<Json<SuppressionOut>> {
    caller.may(service::Operation::LiftSuppression)?;
    let LiftIn { entry, reason, customer } = read(body).map_err(|flaw| Fail::fields([flaw]))?;
    let asked = LiftAsked { entry, reason, customer };
    let stood = suppressions::lift(&app.store, &caller.0, &id, &asked, app.clock.now()).await?;
    Ok(Json(shown(suppressions::line(stood))))
}

fn shown(line: StoppedLine) -> SuppressionOut {
    let StoppedLine { id, channel, shown, reason, at, by, said } = line;
    let entry = Suppression { reason, at }.entry();
    SuppressionOut { id, channel, shown, reason, at, entry, by, note: said }
}
