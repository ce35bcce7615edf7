//! What was delivered to a subscription, replays, and samples of events.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use domain::DeliveryStatus;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use service::{Operation, deliveries};
use store::{EventDelivery, ReplayOf};
use utoipa::{IntoParams, ToSchema};

use crate::{
    answer::{ApiResult, Body, Fail, read},
    app::App,
    caller::Caller,
    filters::Filters,
};

/// Which page of deliveries.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DeliveriesQuery {
    /// How many, 1 to 200; 50 by default.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// The delivery of an event to a subscription.
#[derive(Serialize, ToSchema)]
pub struct DeliveryOut {
    /// Its id: the event's, a dot, and the customer's, or what else the event is of.
    id: String,
    /// The event's id, which the subscriber gets as `webhook-id`.
    event: String,
    /// The kind of event.
    #[serde(rename = "type")]
    kind: String,
    /// `waiting`: it is to be tried, for the first time or again; `delivered`; `given_up`: it was tried for three days, or the subscription was out
    /// of use when its turn came; `kept`: it was not tried, because nothing could be delivered for three days.
    #[schema(value_type = String)]
    status: DeliveryStatus,
    /// When it was first queued.
    #[schema(value_type = String, format = DateTime)]
    made_at: Timestamp,
    /// How often it was tried since it was queued last.
    tries: u32,
    /// How often it was replayed.
    replays: u32,
    /// When it was tried last.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    tried_at: Option<Timestamp>,
    /// When it is tried again, after a try that failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    next_at: Option<Timestamp>,
    /// The HTTP status that the subscriber answered last.
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<u16>,
    /// Why the last try failed, or why it was given up.
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
    /// When it was delivered or given up.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    ended_at: Option<Timestamp>,
    /// What the event says, as in `docs/schemas/events.schema.json`.
    #[schema(value_type = Object)]
    data: Value,
}

/// A page of deliveries.
#[derive(Serialize, ToSchema)]
pub struct DeliveriesOut {
    /// The deliveries, newest first.
    data: Vec<DeliveryOut>,
    /// The cursor of the next page; null at the end.
    next: Option<String>,
    /// When it was read.
    #[schema(value_type = String, format = DateTime)]
    as_of: Timestamp,
}

/// What is to be delivered again: either everything since an instant, or some deliveries by their ids.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplayIn {
    /// An instant that has passed: everything is replayed that was first queued since then and is still kept.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    since: Option<Timestamp>,
    /// The ids of 1 to 100 deliveries, as the list of deliveries has them.
    #[serde(default)]
    deliveries: Option<Vec<String>>,
}

/// A replay that is under way.
#[derive(Serialize, ToSchema)]
pub struct ReplayOut {
    /// Since when everything is replayed; null where deliveries were named.
    #[schema(value_type = Option<String>, format = DateTime)]
    since: Option<Timestamp>,
    /// How many deliveries were named; null where an instant was.
    deliveries: Option<usize>,
}

/// Which kind of event.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SampleIn {
    /// The kind of event, as in `docs/schemas/events.schema.json`.
    event: String,
}

/// A sample that is on its way.
#[derive(Serialize, ToSchema)]
pub struct SampleOut {
    /// The delivery, as the list of deliveries shows it.
    delivery: String,
    /// The kind of event.
    #[serde(rename = "type")]
    kind: String,
    /// What it says; its ids stand for nothing.
    #[schema(value_type = Object)]
    data: Value,
}

/// What was delivered to a subscription, and what waits, newest first: for 33 days. The list lags behind by moments.
#[utoipa::path(get, path = "/v1/subscriptions/{id}/deliveries", tag = "subscriptions", operation_id = "list_deliveries",
    params(("id" = String, Path, description = "`sub_…`"), DeliveriesQuery),
    responses((status = 200, description = "A page", body = DeliveriesOut), (status = 404, description = "not-found"),
              (status = 422, description = "invalid-cursor: the cursor is not one of this list, of this tenant")))]
pub async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    Filters(asked): Filters<DeliveriesQuery>,
) -> ApiResult<Json<DeliveriesOut>> {
    caller.may(Operation::ListDeliveries)?;
    let DeliveriesQuery { limit, cursor } = asked;
    let (limit, now) = (Fail::unless_page_size(limit)?, app.clock.now());
    let page = deliveries::list((&app.store, &app.vault), &caller.0, &id, (limit, cursor.as_deref()), now).await?;
    Ok(Json(DeliveriesOut { data: page.deliveries.into_iter().map(shown).collect(), next: page.after, as_of: now }))
}

/// Has events delivered again, each customer's in the order in which they came first. It begins within a minute; nothing else goes to the
/// subscription until all is queued.
#[utoipa::path(post, path = "/v1/subscriptions/{id}/replay", tag = "subscriptions", operation_id = "replay_deliveries",
    params(("id" = String, Path, description = "`sub_…`")), request_body = ReplayIn,
    responses((status = 200, description = "It is under way", body = ReplayOut),
              (status = 400, description = "bad-request, every flaw in errors"), (status = 404, description = "not-found"),
              (status = 409, description = "not-possible: the subscription is not in use, or is being replayed")))]
pub async fn replay(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    Body(body): Body,
) -> ApiResult<Json<ReplayOut>> {
    caller.may(Operation::ReplayDeliveries)?;
    let ReplayIn { since, deliveries: named } = read(body).map_err(|flaw| Fail::fields([flaw]))?;
    let asked = match (since, named) {
        (Some(since), None) => ReplayOf::Since(since),
        (None, Some(named)) => ReplayOf::These(named),
        (Some(_), Some(_)) | (None, None) => {
            return Err(Fail::fields([(String::new(), "give either since or deliveries".to_owned())]));
        }
    };
    let count = deliveries::replay(&app.store, &caller.0, &id, asked, app.clock.now()).await?;
    Ok(Json(ReplayOut { since, deliveries: count }))
}

/// Has a sample of a kind of event delivered within a minute, signed as events are, whatever the subscription takes and whether or not it is in use.
/// It is tried once; the list of deliveries says what came of it.
#[utoipa::path(post, path = "/v1/subscriptions/{id}/test", tag = "subscriptions", operation_id = "test_subscription",
    params(("id" = String, Path, description = "`sub_…`")), request_body = SampleIn,
    responses((status = 200, description = "It is on its way", body = SampleOut),
              (status = 400, description = "bad-request, every flaw in errors"), (status = 404, description = "not-found")))]
pub async fn test(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    Body(body): Body,
) -> ApiResult<Json<SampleOut>> {
    caller.may(Operation::TestSubscription)?;
    let SampleIn { event } = read(body).map_err(|flaw| Fail::fields([flaw]))?;
    let queued = deliveries::sample(&app.store, &caller.0, &id, &event, app.clock.now()).await?;
    Ok(Json(SampleOut { delivery: queued.id, kind: event, data: queued.detail }))
}

fn shown(found: EventDelivery) -> DeliveryOut {
    DeliveryOut {
        id: found.id(),
        event: found.event,
        kind: found.kind,
        status: found.status,
        made_at: found.made_at,
        tries: found.tries,
        replays: found.replays,
        tried_at: found.tried_at,
        next_at: found.next_at,
        answer: found.answer,
        why: found.why,
        ended_at: found.ended_at,
        data: found.detail,
    }
}
