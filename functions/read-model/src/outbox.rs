//! Queues events for the subscriptions of outside systems, in the order in which the stream brings them.
//!
//! The stream tells of the items of a partition in the order in which they were written, and a batch of it is one invocation's alone. So the
//! events of a customer are queued one after the other, and the place in its lane that each gets is fixed here, before anything is delivered.
//! Bus and queues keep no order: `deliver` would not know what it has not got yet. A tenant without subscriptions costs a read a batch.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context;
use domain::{DeliveryStatus, TenantId};
use futures::future::join_all;
use jiff::Timestamp;
use kit::{Budget, Clients, Queued};
use serde_json::{Value, json};
use store::{BusEvent, DeliveryLane, Followed, NewDelivery, Store, Subscription};

/// Lanes at once, and rings.
const AT_ONCE: usize = 8;

/// Where events wait for `deliver`.
pub struct Outbox {
    store: Store,
    queue: aws_sdk_sqs::Client,
    queue_url: String,
}

/// An event of the batch for one subscription: its record, and how it is queued.
struct Outgoing<'a> {
    at: usize,
    event: &'a BusEvent,
    status: DeliveryStatus,
}

impl Outbox {
    /// Of a table, with the queue that `deliver` drains.
    pub fn new(store: Store, clients: &Clients, queue_url: &str) -> Self {
        Self { store, queue: aws_sdk_sqs::Client::new(&clients.sdk), queue_url: queue_url.to_owned() }
    }

    /// Queues the events that a batch of the stream stands for. The first record of which something is not queued, by its position, and why.
    pub async fn queue(
        &self,
        changes: &[Followed],
        places: &[usize],
        (budget, now): (&Budget, Timestamp),
    ) -> Option<(usize, String)> {
        let mut told: Vec<(usize, BusEvent)> = Vec::new();
        for (change, at) in changes.iter().zip(places) {
            let Some(new) = &change.new else { continue };
            match store::events(change.old.as_ref(), new) {
                Ok(events) => told.extend(events.into_iter().map(|event| (*at, event))),
                // `dispatch` passes it over too, and says so.
                Err(error) => tracing::error!(error = %error, "a record stands for no event, because it does not read"),
            }
        }
        let (first, _) = told.first()?;
        let mut subscriptions: BTreeMap<TenantId, Vec<Subscription>> = BTreeMap::new();
        let tenants: BTreeSet<TenantId> = told.iter().filter_map(|(_, event)| tenant_of(event)).collect();
        for tenant in tenants {
            match self.store.subscriptions(&tenant).await {
                Ok(found) => _ = subscriptions.insert(tenant, found),
                Err(error) => return Some((*first, error.to_string())),
            }
        }
        let mut lanes: BTreeMap<DeliveryLane, Vec<Outgoing<'_>>> = BTreeMap::new();
        for (at, event) in &told {
            let Some(tenant) = tenant_of(event) else { continue };
            for known in subscriptions.get(&tenant).into_iter().flatten() {
                let Some(status) = known.takes(event.kind.as_str(), now) else { continue };
                let lane = DeliveryLane { tenant: tenant.clone(), subscription: known.id.clone(), lane: lane_of(event) };
                lanes.entry(lane).or_default().push(Outgoing { at: *at, event, status });
            }
        }
        let lanes: Vec<(DeliveryLane, Vec<Outgoing<'_>>)> = lanes.into_iter().collect();
        let mut left: Option<(usize, String)> = None;
        for some in lanes.chunks(AT_ONCE) {
            let mut each = Vec::with_capacity(some.len());
            for (lane, outgoing) in some {
                each.push(self.queue_lane(lane, outgoing, budget, now));
            }
            left = join_all(each).await.into_iter().filter_map(Result::err).chain(left).min();
        }
        left
    }

    /// Queues what one lane gets, one after the other: where one is not queued, none behind it is. Then `deliver` is rung.
    async fn queue_lane(
        &self,
        lane: &DeliveryLane,
        outgoing: &[Outgoing<'_>],
        budget: &Budget,
        now: Timestamp,
    ) -> Result<(), (usize, String)> {
        let mut waits = false;
        for Outgoing { at, event, status } in outgoing {
            if budget.is_over() {
                return Err((*at, "the time is up".to_owned()));
            }
            let detail = formed(event).map_err(|error| (*at, format!("{error:#}")))?;
            let new = NewDelivery { event: &event.id, kind: event.kind.as_str(), detail: &detail, status: *status };
            let queued = self.store.queue_delivery(lane, &new, now).await.map_err(|error| (*at, error.to_string()))?;
            waits |= queued && *status == DeliveryStatus::Waiting;
        }
        if waits && let Err(error) = self.ring(lane).await {
            let error = format!("{error:#}");
            tracing::warn!(tenant.id = %lane.tenant, error, "deliver could not be rung; its next tick finds what waits");
        }
        Ok(())
    }

    async fn ring(&self, lane: &DeliveryLane) -> anyhow::Result<()> {
        let body = json!({ "detail": Queued::new(lane) }).to_string();
        let sent = self.queue.send_message().queue_url(&self.queue_url).message_body(body).send().await;
        sent.context("a message could not be sent").map(|_| ())
    }
}

/// What an event says, in the form that this release writes.
fn formed(event: &BusEvent) -> anyhow::Result<Value> {
    Ok(serde_json::to_value(Queued::new(event.detail.clone()))?)
}

fn tenant_of(event: &BusEvent) -> Option<TenantId> {
    TenantId::parse(event.detail["tenant"].as_str()?).ok()
}

/// The lane of an event: that of its customer, where it is of one. Others are in order with those of the same job, source or kind alone.
fn lane_of(event: &BusEvent) -> String {
    let text = |name: &str| event.detail[name].as_str();
    let of = text("customer").or_else(|| text("job")).or_else(|| text("source"));
    of.unwrap_or(event.kind.as_str()).chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-')).collect()
}
