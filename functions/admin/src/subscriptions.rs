//! Subscriptions of outside systems to events.

use std::sync::Arc;

use axum::{
    Extension, Json,
    extract::{Path, State},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use service::{
    Done, NotDone, Operation,
    subscriptions::{self, ShownSubscription, SubscriptionGiven},
};
use store::Subscription;
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
    /// Whether events are delivered to it. Always false: this release stores subscriptions, and delivers nothing yet.
    delivering: bool,
    /// Until when the secret before is kept beside the current one.
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
    /// Events are to be signed with it, as Standard Webhooks says. No call shows it again.
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
    /// For how many more hours the secret before is kept beside the new one, 0 to 720; 24 when left out.
    #[serde(default)]
    overlap_hours: Option<u32>,
}

/// The subscriptions of outside systems to events. This release delivers nothing to them yet: `delivering` is false.
#[utoipa::path(get, path = "/v1/subscriptions", tag = "subscriptions", operation_id = "list_subscriptions",
    responses((status = 200, description = "The subscriptions", body = SubscriptionsOut)))]
pub async fn list(State(app): State<Arc<App>>, caller: Caller) -> ApiResult<Json<SubscriptionsOut>> {
    let found = subscriptions::list(&app.store, &caller.0).await?;
    let now = app.clock.now();
    Ok(Json(SubscriptionsOut { data: found.into_iter().map(|one| shown(one, now)).collect(), next: None, as_of: now }))
}

/// One subscription, without its secret.
#[utoipa::path(get, path = "/v1/subscriptions/{id}", tag = "subscriptions", operation_id = "show_subscription",
    params(("id" = String, Path, description = "`sub_…`")),
    responses((status = 200, description = "The subscription; ETag is its revision", body = SubscriptionOut),
              (status = 404, description = "not-found")))]
pub async fn show(State(app): State<Arc<App>>, caller: Caller, Path(id): Path<String>) -> ApiResult<Tagged<SubscriptionOut>> {
    Ok(tagged(&app, subscriptions::show(&app.store, &caller.0, &id).await?))
}

/// Makes a subscription. Nothing is delivered yet by this release; what is stored is kept for the release that does. The secret is shown only
/// in this answer.
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
    Ok(new(&app, subscriptions::make(&app.store, &app.vault, &caller.0, &given, app.clock.now()).await?))
}

/// Changes a subscription, as a JSON merge patch (RFC 7396).
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
    caller.may(Operation::ChangeSubscription)?;
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
    Ok(tagged(&app, subscriptions::change(&app.store, &caller.0, &id, merged, condition.rev, app.clock.now()).await?))
}

/// Gives a subscription a new secret, shown only in this answer. The one before is kept beside it for some time.
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
    caller.may(Operation::RotateSubscription)?;
    let SubscriptionRotation { overlap_hours } = read(body).map_err(|flaw| Fail::fields([flaw]))?;
    let now = app.clock.now();
    Ok(new(&app, subscriptions::rotate(&app.store, &app.vault, &caller.0, &id, overlap_hours, now).await?))
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
    Ok(Json(shown(subscriptions::delete(&app.store, &caller.0, &id, condition.rev, now).await?, now)))
}

fn shown(known: Subscription, now: Timestamp) -> SubscriptionOut {
    let Subscription { id, name, url, events, enabled, sealed: _, sealed_before, made_at, made_by, rev: _ } = known;
    SubscriptionOut {
        id: id.as_str().to_owned(),
        name,
        url,
        events,
        enabled,
        delivering: false,
        previous_until: sealed_before.map(|(_, until)| until).filter(|until| *until > now),
        made_at,
        made_by,
    }
}

fn tagged(app: &App, known: Subscription) -> Tagged<SubscriptionOut> {
    Tagged { rev: known.rev, body: shown(known, app.clock.now()) }
}

fn new(app: &App, made: ShownSubscription) -> (Extension<ShownOnce>, Tagged<NewSubscriptionOut>) {
    let ShownSubscription { subscription, secret } = made;
    let rev = subscription.rev;
    let body = NewSubscriptionOut { subscription: shown(subscription, app.clock.now()), secret };
    (Extension(ShownOnce), Tagged { rev, body })
}
