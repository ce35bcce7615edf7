//! Delivers events to the subscriptions of outside systems, as Standard Webhooks.
//!
//! `read-model` queues events in lanes, those of a customer in their order ([`store::DeliveryLane`]), and rings here, so that they leave at once.
//! A tick each minute finds what is due: tries after failures, replays, and whatever a lost ring left. Either way one invocation at a time has a
//! lane, and delivers what waits in it one after the other: the next event of a customer waits until the one before was taken or given up. Other
//! lanes go on.
//!
//! | module | does |
//! |---|---|
//! | `lane` | what becomes of what waits in a lane |
//! | `exceptions` | what people are told of subscriptions that fail or end |
//! | `payload` | body, headers and signature |
//! | `post` | one request, to public places alone |

mod exceptions;
mod lane;
mod payload;
mod post;

use std::{collections::BTreeSet, time::Duration};

use aws_lambda_events::sqs::SqsEvent;
use futures::{StreamExt, stream::FuturesUnordered};
use jiff::{SignedDuration, Timestamp};
use kit::{Budget, Clients, Clock, Env, Queued};
use lambda_runtime::{Error, LambdaEvent};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::{DeliveryLane, DueDelivery, Store, Vault};

use lane::{Counts, Tools};
use post::Post;

/// What an invocation leaves itself to leave its lanes in: a subscriber's patience, and some seconds.
const MARGIN: Duration = Duration::from_secs(20);
/// Lanes at once.
const AT_ONCE: usize = 16;
/// Lanes and replays that one tick looks at.
const DUE_MAX: i32 = 1_000;

/// The function.
pub struct Handler {
    tools: Tools,
}

/// The ring of `read-model`: in this lane something waits.
#[derive(Debug, Deserialize)]
struct Ring {
    detail: Queued<DeliveryLane>,
}

/// What a tick did.
#[derive(Debug, Default, Serialize)]
struct Answer {
    delivered: u64,
    failed: u64,
    given_up: u64,
    /// The earliest moment at which something is due; none is never.
    idle_until: Option<Timestamp>,
}

impl Handler {
    /// Builds the clients that it uses.
    ///
    /// # Errors
    ///
    /// When a variable is missing.
    pub fn new(env: &Env, clients: &Clients, clock: Clock) -> anyhow::Result<Self> {
        let store = Store::new(aws_sdk_dynamodb::Client::new(&clients.sdk), env.require("TABLE_NAME")?);
        let vault = Vault::new(aws_sdk_kms::Client::new(&clients.sdk), store.clone(), None);
        let post = Post::new(env.get("STAND_INS") == Some("loopback"));
        Ok(Self { tools: Tools { store, vault, post, clock } })
    }

    /// Handles a batch of the queue, or a tick of the schedule. A tick says when there is next something to do.
    ///
    /// # Errors
    ///
    /// When the batch cannot be read, or what is due cannot be listed.
    pub async fn handle(&self, event: LambdaEvent<Value>) -> Result<Value, Error> {
        let budget = Budget::until(event.context.deadline(), self.tools.clock.now(), MARGIN);
        if event.payload.get("Records").is_some() {
            return self.batch(serde_json::from_value(event.payload)?, &budget).await;
        }
        let now = self.tools.clock.now();
        let (due, next) = self.tools.store.deliveries_due(now, DUE_MAX).await?;
        let (mut lanes, mut left) = (BTreeSet::new(), None);
        for one in due {
            match one {
                DueDelivery::Lane(lane) => _ = lanes.insert(lane),
                DueDelivery::Replay(tenant, subscription) => {
                    self.replay((&tenant, &subscription), &budget).await;
                    // What it queued was not due yet when this tick asked what is.
                    left = Some(now);
                }
            }
        }
        let was_something = !lanes.is_empty();
        let counts = self.work(lanes, &budget).await;
        // What a tick leaves, or somebody else holds, is looked at again by the next one.
        let again = (was_something && counts.left > 0).then(|| now + SignedDuration::from_mins(1));
        let idle_until = [next, left, again, counts.next].into_iter().flatten().min();
        let Counts { delivered, failed, given_up, .. } = counts;
        Ok(serde_json::to_value(Answer { delivered, failed, given_up, idle_until })?)
    }

    /// A message that cannot be read comes again, alone. What cannot be delivered now is due in the table, and its message is done with.
    async fn batch(&self, batch: SqsEvent, budget: &Budget) -> Result<Value, Error> {
        let (mut lanes, mut failures) = (BTreeSet::new(), Vec::new());
        for record in batch.records {
            match serde_json::from_str::<Ring>(record.body.as_deref().unwrap_or_default()) {
                Ok(ring) => _ = lanes.insert(ring.detail.content),
                Err(error) => {
                    let id = record.message_id.as_deref().unwrap_or("unknown");
                    tracing::warn!(queue.message = id, error = %error, "a message of the deliver queue cannot be read and is given back");
                    failures.push(json!({ "itemIdentifier": record.message_id }));
                }
            }
        }
        self.work(lanes, budget).await;
        Ok(json!({ "batchItemFailures": failures }))
    }

    /// Works through lanes, some at once; what goes wrong with one holds no other up.
    async fn work(&self, lanes: BTreeSet<DeliveryLane>, budget: &Budget) -> Counts {
        let (mut waiting, mut running) = (lanes.into_iter(), FuturesUnordered::new());
        let mut all = Counts::default();
        loop {
            while running.len() < AT_ONCE && !budget.is_over() {
                let Some(lane) = waiting.next() else { break };
                running.push(self.work_through(lane, budget));
            }
            match running.next().await {
                Some(counts) => all.add(&counts),
                None => break,
            }
        }
        all.left += u64::try_from(waiting.count()).unwrap_or(u64::MAX);
        let counts = [("delivered", all.delivered), ("failed", all.failed), ("given_up", all.given_up)];
        let counts: Vec<(&str, u64)> = counts.into_iter().filter(|(_, count)| *count > 0).collect();
        kit::metrics::emit(self.tools.clock.now(), &[("function", "deliver")], &counts);
        all
    }

    async fn work_through(&self, lane: DeliveryLane, budget: &Budget) -> Counts {
        match self.tools.work(&lane, budget).await {
            Ok(counts) => counts,
            Err(error) => {
                let (tenant, subscription, error) = (&lane.tenant, &lane.subscription, format!("{error:#}"));
                tracing::warn!(
                    tenant.id = %tenant, subscription.id = %subscription, lane = lane.lane, error,
                    "a lane could not be worked through; a tick goes on once its lease has run out"
                );
                Counts { left: 1, ..Counts::default() }
            }
        }
    }

    /// Queues what is replayed, as far as there is time; the next tick goes on.
    async fn replay(&self, (tenant, subscription): (&domain::TenantId, &domain::SubscriptionId), budget: &Budget) {
        while !budget.is_over() {
            match self.tools.store.replay_some(tenant, subscription, self.tools.clock.now()).await {
                Ok(true) => {}
                Ok(false) => return,
                Err(error) => {
                    let error = error.to_string();
                    tracing::warn!(tenant.id = %tenant, subscription.id = %subscription, error, "a replay stopped; the next tick goes on");
                    return;
                }
            }
        }
    }
}
