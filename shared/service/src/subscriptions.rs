//! Subscriptions of outside systems to events. `deliver` brings the events; [`deliveries`](crate::deliveries) is the log.

use base64::{Engine, engine::general_purpose::STANDARD};
use domain::{SubscriptionId, TenantId};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{BusKind, Store, Subscription, Vault};

use crate::{
    Actor, Done, NotDone, Operation,
    public_url::{self, EventPlaces},
    tenant_limits::TenantLimit,
};

/// Longest name, in characters.
const NAME_MAX: usize = 100;
/// How long the secret before still signs where nothing is said, and at most, in hours.
const OVERLAP_HOURS: u32 = 24;
/// Longest overlap, in hours.
const OVERLAP_HOURS_MAX: u32 = 720;

/// What a subscription is to be.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubscriptionGiven {
    /// What people call it.
    pub name: Option<String>,
    /// Where events are to go.
    pub url: String,
    /// The words of the kinds of events.
    pub events: Vec<String>,
    /// Whether it is in use; true where nothing is said.
    pub enabled: Option<bool>,
}

/// A subscription that was made or given a new secret: the one time that its secret is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownSubscription {
    /// The subscription.
    pub subscription: Subscription,
    /// The secret that its events are signed with.
    pub secret: String,
}

/// The subscriptions.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], and those of reading.
pub async fn list(store: &Store, actor: &Actor) -> Done<Vec<Subscription>> {
    Ok(store.subscriptions(actor.may(Operation::ListSubscriptions)?).await?)
}

/// One subscription.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::NotFound`], and those of reading.
pub async fn show(store: &Store, actor: &Actor, id: &str) -> Done<Subscription> {
    known(store, actor.may(Operation::ShowSubscription)?, id).await
}

/// Makes a subscription.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::Fields`], [`NotDone::Conflict`] where there are too many; those of KMS and of the table.
pub async fn make(
    (store, vault): (&Store, &Vault),
    actor: &Actor,
    given: &SubscriptionGiven,
    places: EventPlaces,
    now: Timestamp,
) -> Done<ShownSubscription> {
    let tenant = actor.may(Operation::MakeSubscription)?;
    let given = checked(given, places)?;
    TenantLimit::Subscriptions.unless_full(store.subscriptions(tenant).await?.len())?;
    let (id, secret) = (drawn::<16>()?, secret()?);
    let id = SubscriptionId::derive(&[tenant.as_str(), &STANDARD.encode(id)]);
    let made = Subscription {
        sealed: vault.seal(tenant, &Subscription::sealed_for(&id), secret.as_bytes()).await?,
        id,
        name: given.name,
        url: given.url,
        events: given.events,
        enabled: given.enabled.unwrap_or(true),
        ended: None,
        sealed_before: None,
        made_at: now,
        made_by: actor.by().to_owned(),
        rev: 0,
    };
    let entry = actor.entry(Operation::MakeSubscription, now).of(made.id.as_str()).with(json!({ "events": made.events }));
    let subscription = store.acting(entry).put_subscription(tenant, &made).await?;
    Ok(ShownSubscription { subscription, secret })
}

/// Changes a subscription: `change` makes of what it is what it is to be. What is so already changes nothing. One that is put into use again,
/// or that goes elsewhere, begins anew: that it ended or failed before counts for nothing.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::NotFound`], [`NotDone::Fields`], [`NotDone::Stale`]; those of `change` and of the table.
pub async fn change(
    store: &Store,
    actor: &Actor,
    id: &str,
    change: impl FnOnce(&SubscriptionGiven) -> Done<SubscriptionGiven>,
    places: EventPlaces,
    seen: Option<u64>,
    now: Timestamp,
) -> Done<Subscription> {
    let tenant = actor.may(Operation::ChangeSubscription)?;
    let before = known(store, tenant, id).await?;
    unless_stale(&before, seen)?;
    let given = checked(&change(&given_of(&before))?, places)?;
    let SubscriptionGiven { name, url, events, enabled } = given;
    let enabled = enabled.unwrap_or(true);
    let ended = before.ended.filter(|_| !enabled);
    let after = Subscription { name, url, events, enabled, ended, ..before.clone() };
    if after == before {
        return Ok(before);
    }
    let what = json!({
        "events": { "from": before.events, "to": after.events },
        "enabled": { "from": before.enabled, "to": after.enabled },
        "moved": before.url != after.url,
    });
    let entry = actor.entry(Operation::ChangeSubscription, now).of(after.id.as_str()).with(what);
    let store = store.acting(entry);
    let is_fresh = after.enabled && (!before.enabled || before.url != after.url);
    Ok(if is_fresh { store.resume_subscription(tenant, &after).await? } else { store.put_subscription(tenant, &after).await? })
}

/// Gives a subscription a new secret. The one before is kept beside it for so many more hours, 24 where nothing is said.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::NotFound`], [`NotDone::Fields`]; those of KMS and of the table.
pub async fn rotate(
    store: &Store,
    vault: &Vault,
    actor: &Actor,
    id: &str,
    overlap_hours: Option<u32>,
    now: Timestamp,
) -> Done<ShownSubscription> {
    let tenant = actor.may(Operation::RotateSubscription)?;
    let hours = overlap_hours.unwrap_or(OVERLAP_HOURS);
    if hours > OVERLAP_HOURS_MAX {
        let detail = format!("the secret before is kept for at most {OVERLAP_HOURS_MAX} hours");
        return Err(NotDone::field("/overlap_hours", detail));
    }
    let before = known(store, tenant, id).await?;
    let secret = secret()?;
    let until = now + SignedDuration::from_hours(i64::from(hours));
    let after = Subscription {
        sealed: vault.seal(tenant, &Subscription::sealed_for(&before.id), secret.as_bytes()).await?,
        sealed_before: (hours > 0).then(|| (before.sealed.clone(), until)),
        ..before
    };
    let entry = actor.entry(Operation::RotateSubscription, now).of(after.id.as_str()).with(json!({ "overlap_hours": hours }));
    let subscription = store.acting(entry).put_subscription(tenant, &after).await?;
    Ok(ShownSubscription { subscription, secret })
}

/// Deletes a subscription, with its secret.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::NotFound`], [`NotDone::Stale`]; those of the table.
pub async fn delete(store: &Store, actor: &Actor, id: &str, seen: Option<u64>, now: Timestamp) -> Done<Subscription> {
    let tenant = actor.may(Operation::DeleteSubscription)?;
    let before = known(store, tenant, id).await?;
    unless_stale(&before, seen)?;
    let entry = actor.entry(Operation::DeleteSubscription, now).of(before.id.as_str()).with(json!({ "events": before.events }));
    store.acting(entry).delete_subscription(tenant, &before).await?;
    Ok(before)
}

/// What a subscription is, as people give it.
pub fn given_of(known: &Subscription) -> SubscriptionGiven {
    let Subscription { name, url, events, enabled, .. } = known.clone();
    SubscriptionGiven { name, url, events, enabled: Some(enabled) }
}

pub(crate) async fn known(store: &Store, tenant: &TenantId, id: &str) -> Done<Subscription> {
    let none = || NotDone::NotFound("there is no such subscription; GET /v1/subscriptions lists them".to_owned());
    let id = SubscriptionId::parse(id).ok_or_else(none)?;
    store.subscription(tenant, &id).await?.ok_or_else(none)
}

fn unless_stale(known: &Subscription, seen: Option<u64>) -> Done<()> {
    match seen {
        Some(seen) if seen != known.rev => Err(NotDone::Stale(known.rev)),
        Some(_) | None => Ok(()),
    }
}

fn checked(given: &SubscriptionGiven, places: EventPlaces) -> Done<SubscriptionGiven> {
    let mut wrong = Vec::new();
    let name = given.name.as_deref().map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned);
    if name.as_deref().is_some_and(|name| name.chars().count() > NAME_MAX || name.chars().any(char::is_control)) {
        wrong.push(("/name".to_owned(), format!("a name is one line of at most {NAME_MAX} characters")));
    }
    let url = given.url.trim().to_owned();
    wrong.extend(public_url::check(&url, places).err().map(|detail| ("/url".to_owned(), detail)));
    let kinds: Vec<&str> = BusKind::ALL.iter().map(|kind| kind.as_str()).collect();
    if given.events.is_empty() {
        wrong.push(("/events".to_owned(), format!("name at least one of {}", kinds.join(", "))));
    }
    for (at, event) in given.events.iter().enumerate() {
        if !kinds.contains(&event.as_str()) {
            wrong.push((format!("/events/{at}"), format!("it is none of {}", kinds.join(", "))));
        }
    }
    if !wrong.is_empty() {
        wrong.truncate(100);
        return Err(NotDone::Fields(wrong));
    }
    let mut events = given.events.clone();
    events.sort_unstable();
    events.dedup();
    Ok(SubscriptionGiven { name, url, events, enabled: given.enabled })
}

pub(crate) fn drawn<const N: usize>() -> Done<[u8; N]> {
    let mut random = [0_u8; N];
    aws_lc_rs::rand::fill(&mut random).map_err(|_| NotDone::Changed("there is no randomness now; try again".to_owned()))?;
    Ok(random)
}

/// A secret in the form of Standard Webhooks.
fn secret() -> Done<String> {
    Ok(format!("whsec_{}", STANDARD.encode(drawn::<32>()?)))
}
