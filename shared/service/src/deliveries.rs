//! What was delivered to a subscription, replays, and samples of events.

use domain::{DeliveryStatus, TenantId};
use jiff::Timestamp;
use serde_json::{Value, json};
use store::{
    BusKind, DeliveryLane, DeliveryPage, EventDelivery, NewDelivery, ReplayOf, SAMPLES, Store, Subscription, Vault, delivery_id,
};

use crate::{Actor, Done, NotDone, Operation, cursors, event_samples, subscriptions};

/// Most deliveries that are replayed by their ids at once.
const REPLAYED_MAX: usize = 100;

/// A sample that is on its way.
#[derive(Clone, Debug, PartialEq)]
pub struct SampleQueued {
    /// The delivery's id.
    pub id: String,
    /// What is said in it.
    pub detail: Value,
}

/// The deliveries of a subscription, newest first, while they are kept.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::NotFound`], [`NotDone::Cursor`] for a cursor that this list did not give, and those of reading.
pub async fn list(
    (store, vault): (&Store, &Vault),
    actor: &Actor,
    id: &str,
    (limit, cursor): (Option<u32>, Option<&str>),
    now: Timestamp,
) -> Done<DeliveryPage> {
    let tenant = actor.may(Operation::ListDeliveries)?;
    let known = subscriptions::known(store, tenant, id).await?;
    let most = cursors::page_size(limit);
    let list = format!("deliveries:{}", known.id);
    let after = cursors::opened(vault, tenant, &list, cursor).await?;
    let page = store.event_deliveries(tenant, &known.id, most, after.as_deref(), now).await;
    let page = page.map_err(|error| match error {
        store::Error::Refused { .. } => NotDone::Cursor,
        error => error.into(),
    })?;
    let next = cursors::sealed(vault, tenant, &list, page.after.as_deref()).await?;
    Ok(DeliveryPage { after: next, ..page })
}

/// Has what is in the log delivered again; how many deliveries, where they were named.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::NotFound`], [`NotDone::Fields`], [`NotDone::Conflict`] where the subscription is not in use, or is being
/// replayed; those of the table.
pub async fn replay(store: &Store, actor: &Actor, id: &str, asked: ReplayOf, now: Timestamp) -> Done<Option<usize>> {
    let tenant = actor.may(Operation::ReplayDeliveries)?;
    let known = subscriptions::known(store, tenant, id).await?;
    if !known.enabled {
        return Err(NotDone::Conflict("the subscription is not in use; change it to {\"enabled\": true} first".to_owned()));
    }
    let (of, what, count) = match asked {
        ReplayOf::Since(since) if since > now => {
            return Err(NotDone::field("/since", "it is an instant that has passed"));
        }
        ReplayOf::Since(since) => (ReplayOf::Since(since), json!({ "since": since.to_string() }), None),
        ReplayOf::These(ids) => {
            let ids = named(store, tenant, &known, &ids).await?;
            let (what, count) = (json!({ "deliveries": ids.len() }), ids.len());
            (ReplayOf::These(ids), what, Some(count))
        }
    };
    let entry = actor.entry(Operation::ReplayDeliveries, now).of(known.id.as_str()).with(what);
    if !store.acting(entry).ask_replay(tenant, &known.id, &of, now).await? {
        let why = "the subscription is being replayed; ask again in some minutes".to_owned();
        return Err(NotDone::Conflict(why));
    }
    Ok(count)
}

/// These ids, each once, in the order of their lanes.
async fn named(store: &Store, tenant: &TenantId, known: &Subscription, ids: &[String]) -> Done<Vec<String>> {
    if ids.is_empty() || ids.len() > REPLAYED_MAX {
        return Err(NotDone::field("/deliveries", format!("name 1 to {REPLAYED_MAX} deliveries")));
    }
    let (mut found, mut wrong): (Vec<EventDelivery>, _) = (Vec::with_capacity(ids.len()), Vec::new());
    for (at, id) in ids.iter().enumerate() {
        match store.event_delivery(tenant, &known.id, id).await?.filter(|delivery| !delivery.is_sample()) {
            Some(delivery) => found.push(delivery),
            None => wrong.push((format!("/deliveries/{at}"), "there is no such delivery, or it is no longer kept".to_owned())),
        }
    }
    if !wrong.is_empty() {
        return Err(NotDone::Fields(wrong));
    }
    found.sort_by(|one, other| (&one.lane, one.position).cmp(&(&other.lane, other.position)));
    let mut ids: Vec<String> = found.iter().map(EventDelivery::id).collect();
    ids.dedup();
    Ok(ids)
}

/// Queues a sample of a kind of event, whatever the subscription takes and whether or not it is in use. It is tried once.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::NotFound`], [`NotDone::Fields`] for a kind that there is not; those of the table.
pub async fn sample(store: &Store, actor: &Actor, id: &str, kind: &str, now: Timestamp) -> Done<SampleQueued> {
    let tenant = actor.may(Operation::TestSubscription)?;
    let known = subscriptions::known(store, tenant, id).await?;
    let Some(kind) = BusKind::ALL.into_iter().find(|one| one.as_str() == kind) else {
        let kinds: Vec<&str> = BusKind::ALL.iter().map(|kind| kind.as_str()).collect();
        return Err(NotDone::field("/event", format!("it is none of {}", kinds.join(", "))));
    };
    let random: String = subscriptions::drawn::<12>()?.iter().map(|byte| format!("{byte:02x}")).collect();
    let event = format!("evt_{SAMPLES}{random}");
    let detail = event_samples::sample(kind, tenant, &event, now);
    let lane = DeliveryLane { tenant: tenant.clone(), subscription: known.id.clone(), lane: SAMPLES.to_owned() };
    let entry = actor.entry(Operation::TestSubscription, now).of(known.id.as_str()).with(json!({ "event": kind.as_str() }));
    let new = NewDelivery { event: &event, kind: kind.as_str(), detail: &detail, status: DeliveryStatus::Waiting };
    store.acting(entry).queue_delivery(&lane, &new, now).await?;
    Ok(SampleQueued { id: delivery_id(&event, SAMPLES), detail })
}
