//! Subscriptions of outside systems to events.

use std::sync::Arc;

use axum::{
    Extension, Json,
    extract::{Path, State},
};
use domain::{SubscriptionEnd, TenantId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use service::{
    Done, NotDone, Operation,
    public_url::EventPlaces,
    subscriptions::{self, ShownSubscription, SubscriptionGiven},
};
use store::{DeliveryHealth, Subscription};
use utoipa::ToSchema;

use crate::{
    answer::{ApiResult, Body, BodyFlaws, Fail, OptionalBody, Precondition, Tagged, read},
    app::App,
    caller::Caller,
    merge_patch::merge,
    repeats::ShownOnce,
};

/// A subscription of an outside system to events.
#[derive(Serialize, ToSchema)]
pub struct SubscriptionOut {
    /// Its id, `sub_…`.
    id: String,
    /// What people call it.
    name: Option<String>,
    /// Where events are to go.
    url: String,
    /// The kinds of events, as in `docs/schemas/events.schema.json`.
    events: Vec<String>,
    /// Whether it is in use.
    enabled: bool,
    /// Whether events are delivered to it: not while it is out of use.
    delivering: bool,
    /// Why it ended without a person: `gone`, the subscriber answered 410; `failing`, nothing could be delivered for three days. It is out of use
    /// until somebody changes it to `{"enabled": true}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    ended_because: Option<SubscriptionEnd>,
    /// When it ended so.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    ended_at: Option<Timestamp>,
    /// Since when every try fails. Absent while the last one did not.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    failing_since: Option<Timestamp>,
    /// Until when events are signed with the secret before, too.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    previous_until: Option<Timestamp>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    made_at: Timestamp,
    /// Who made it.
    made_by: String,
}

/// A subscription, and its secret this once.
#[derive(Serialize, ToSchema)]
pub struct NewSubscriptionOut {
    #[serde(flatten)]
    subscription: SubscriptionOut,
    /// Events are signed with it, as Standard Webhooks says. No call shows it again.
    secret: String,
}

/// The subscriptions.
#[derive(Serialize, ToSchema)]
pub struct SubscriptionsOut {
    /// The subscriptions.
    data: Vec<SubscriptionOut>,
    /// Always null: all are on one page.
    next: Option<String>,
    /// When it was read.
    #[schema(value_type = String, format = DateTime)]
    as_of: Timestamp,
}

/// What a subscription is to be.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SubscriptionDoc {
    /// What people call it, at most 100 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// Where events are to go: https, and no private address.
    url: String,
    /// The kinds of events, as in `docs/schemas/events.schema.json`.
    events: Vec<String>,
    /// Whether it is in use; true when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    enabled: Option<bool>,
}

/// What is to change of a subscription.
#[derive(Deserialize, ToSchema)]
#[expect(dead_code, reason = "it describes the merge patch, which is read as the document that comes of it")]
pub struct SubscriptionPatch {
    /// What people call it; null takes the name away.
    name: Option<String>,
    /// Where events are to go: https, and no private address.
    url: Option<String>,
    /// The kinds of events, in the place of those before.
    events: Option<Vec<String>>,
    /// Whether it is in use.
    enabled: Option<bool>,
}

/// How a subscription gets a new secret.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SubscriptionRotation {
    /// For how many more hours events are signed with the secret before, too, 0 to 720; 24 when left out.
    #[serde(default)]
    overlap_hours: Option<u32>,
}

/// The subscriptions of outside systems to events, and how their deliveries fare.
#[utoipa::path(get, path = "/v1/subscriptions", tag = "subscriptions", operation_id = "list_subscriptions",
    responses((status = 200, description = "The subscriptions", body = SubscriptionsOut)))]
pub async fn list(State(app): State<Arc<App>>, caller: Caller) -> ApiResult<Json<SubscriptionsOut>> {
    let found = subscriptions::list(&app.store, &caller.0).await?;
    let failing = app.store.failing_subscriptions(caller.may(Operation::ListSubscriptions)?).await?;
    let now = app.clock.now();
    let data = found.into_iter().map(|one| shown(failing.get(&one.id), one, now)).collect();
    Ok(Json(SubscriptionsOut { data, next: None, as_of: now }))
}

/// One subscription, without its secret.
#[utoipa::path(get, path = "/v1/subscriptions/{id}", tag = "subscriptions", operation_id = "show_subscription",
    params(("id" = String, Path, description = "`sub_…`")),
    responses((status = 200, description = "The subscription; ETag is its revision", body = SubscriptionOut),
              (status = 404, description = "not-found")))]
pub async fn show(State(app): State<Arc<App>>, caller: Caller, Path(id): Path<String>) -> ApiResult<Tagged<SubscriptionOut>> {
    let found = subscriptions::show(&app.store, &caller.0, &id).await?;
    tagged(&app, caller.may(Operation::ShowSubscription)?, found).await
}

/// Makes a subscription. What happens from now on is delivered, each customer's events in their order. The secret is shown only in this answer.
#[utoipa::path(post, path = "/v1/subscriptions", tag = "subscriptions", operation_id = "make_subscription",
    request_body = SubscriptionDoc,
    responses((status = 200, description = "The subscription, and its secret this once", body = NewSubscriptionOut),
              (status = 400, description = "bad-request, every flaw in errors"),
              (status = 404, description = "not-found: the tenant has no settings yet"),
              (status = 409, description = "not-possible: there are too many")))]
pub async fn make(
    State(app): State<Arc<App>>,
    caller: Caller,
    Body(body): Body,
) -> ApiResult<(Extension<ShownOnce>, Tagged<NewSubscriptionOut>)> {
    let tenant = caller.may(Operation::MakeSubscription)?;
    app.settings(tenant).await?;
    let SubscriptionDoc { name, url, events, enabled } = read(body).map_err(|flaw| Fail::fields([flaw]))?;
    let given = SubscriptionGiven { name, url, events, enabled };
    let vaults = (&app.store, &app.vault);
    let made = subscriptions::make(vaults, &caller.0, &given, places(&app), app.clock.now()).await?;
    new(&app, tenant, made).await
}

/// Changes a subscription, as a JSON merge patch (RFC 7396). One that is put into use again, or goes elsewhere, begins anew.
#[utoipa::path(patch, path = "/v1/subscriptions/{id}", tag = "subscriptions", operation_id = "change_subscription",
    params(("id" = String, Path, description = "`sub_…`"),
           ("If-Match" = Option<String>, Header, description = "The ETag of the subscription that this changes")),
    request_body = SubscriptionPatch,
    responses((status = 200, description = "The subscription as it is now", body = SubscriptionOut),
              (status = 400, description = "bad-request, every flaw in errors"), (status = 404, description = "not-found"),
              (status = 409, description = "changed-meanwhile"), (status = 412, description = "stale-version: it changed since")))]
pub async fn change(
    State(app): State<Arc<App>>,
    caller: Caller,
    condition: Precondition,
    Path(id): Path<String>,
    Body(patch): Body,
) -> ApiResult<Tagged<SubscriptionOut>> {
    let tenant = caller.may(Operation::ChangeSubscription)?;
    let merged = |had: &SubscriptionGiven| -> Done<SubscriptionGiven> {
        if !patch.is_object() {
            return Err(NotDone::field("", "a merge patch is an object with the fields that change"));
        }
        let SubscriptionGiven { name, url, events, enabled } = had.clone();
        let had = json!(SubscriptionDoc { name, url, events, enabled });
        let merged = read(merge(had, patch)).map_err(|BodyFlaws(flaws)| NotDone::Fields(flaws))?;
        let SubscriptionDoc { name, url, events, enabled } = merged;
        Ok(SubscriptionGiven { name, url, events, enabled })
    };
    let now = app.clock.now();
    let changed = subscriptions::change(&app.store, &caller.0, &id, merged, places(&app), condition.rev, now).await?;
    tagged(&app, tenant, changed).await
}

/// Gives a subscription a new secret, shown only in this answer. For some time events are signed with the one before, too.
#[utoipa::path(post, path = "/v1/subscriptions/{id}/rotate", tag = "subscriptions", operation_id = "rotate_subscription",
    params(("id" = String, Path, description = "`sub_…`")),
    request_body(content = Option<SubscriptionRotation>, description = "May be left out"),
    responses((status = 200, description = "The subscription, and its secret this once", body = NewSubscriptionOut),
              (status = 400, description = "bad-request, every flaw in errors"), (status = 404, description = "not-found"),
              (status = 409, description = "changed-meanwhile")))]
pub async fn rotate(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    OptionalBody(body): OptionalBody,
) -> ApiResult<(Extension<ShownOnce>, Tagged<NewSubscriptionOut>)> {
    let tenant = caller.may(Operation::RotateSubscription)?;
    let SubscriptionRotation { overlap_hours } = read(body).map_err(|flaw| Fail::fields([flaw]))?;
    let now = app.clock.now();
    let rotated = subscriptions::rotate(&app.store, &app.vault, &caller.0, &id, overlap_hours, now).await?;
    new(&app, tenant, rotated).await
}

/// Deletes a subscription, with its secret.
#[utoipa::path(delete, path = "/v1/subscriptions/{id}", tag = "subscriptions", operation_id = "delete_subscription",
    params(("id" = String, Path, description = "`sub_…`"),
           ("If-Match" = Option<String>, Header, description = "The ETag of the subscription that this deletes")),
    responses((status = 200, description = "The subscription as it was", body = SubscriptionOut), (status = 404, description = "not-found"),
              (status = 409, description = "changed-meanwhile"), (status = 412, description = "stale-version: it changed since")))]
pub async fn delete(
    State(app): State<Arc<App>>,
    caller: Caller,
    condition: Precondition,
    Path(id): Path<String>,
) -> ApiResult<Json<SubscriptionOut>> {
    let now = app.clock.now();
    Ok(Json(shown(None, subscriptions::delete(&app.store, &caller.0, &id, condition.rev, now).await?, now)))
}

/// Where events may go.
fn places(app: &App) -> EventPlaces {
    if app.stand_ins { EventPlaces::LoopbackToo } else { EventPlaces::Public }
}

fn shown(health: Option<&DeliveryHealth>, known: Subscription, now: Timestamp) -> SubscriptionOut {
    let Subscription { id, name, url, events, enabled, ended, sealed: _, sealed_before, made_at, made_by, rev: _ } = known;
    SubscriptionOut {
        id: id.as_str().to_owned(),
        name,
        url,
        events,
        enabled,
        delivering: enabled,
        ended_because: ended.map(|(because, _)| because),
        ended_at: ended.map(|(_, at)| at),
        failing_since: health.and_then(|health| health.failing_since),
        previous_until: sealed_before.map(|(_, until)| until).filter(|until| *until > now),
        made_at,
        made_by,
    }
}

async fn with_health(app: &App, tenant: &TenantId, known: Subscription) -> ApiResult<SubscriptionOut> {
    let health = app.store.delivery_health(tenant, &known.id).await?;
    Ok(shown(Some(&health), known, app.clock.now()))
}

async fn tagged(app: &App, tenant: &TenantId, known: Subscription) -> ApiResult<Tagged<SubscriptionOut>> {
    Ok(Tagged { rev: known.rev, body: with_health(app, tenant, known).await? })
}

async fn new(
    app: &App,
    tenant: &TenantId,
    made: ShownSubscription,
) -> ApiResult<(Extension<ShownOnce>, Tagged<NewSubscriptionOut>)> {
    let ShownSubscription { subscription, secret } = made;
    let rev = subscription.rev;
    let body = NewSubscriptionOut { subscription: with_health(app, tenant, subscription).await?, secret };
    Ok((Extension(ShownOnce), Tagged { rev, body }))
}
