//! Advances every customer that is due. Writes the table; sends nothing itself.
//!
//! A tick walks the tenants that are switched on, the oldest of all their shards first. It stops before its own timeout and hands what
//! is left to the sweep queue, or to the next tick where every customer of the tenant is being woken. Its answer says until when it would
//! find nothing to do by itself (`idle_until`), given that nothing else writes the table meanwhile.

mod customer;
mod earliest;
mod meter;
mod walk;

use std::time::Duration;

use anyhow::Context;
use aws_lambda_events::sqs::SqsEvent;
use domain::TenantId;
use jiff::{SignedDuration, Timestamp};
use kit::{Budget, Clients, Clock, Env, Queued};
use lambda_runtime::{Error, LambdaEvent};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::{Store, TenantRow};

use earliest::earliest;
use walk::{Report, Walk};

/// What a sweep leaves itself to finish in.
const MARGIN: Duration = Duration::from_secs(10);
/// How old a hand-over may be: by then the next tick has found the same customers.
const HAND_OVER_AGE_MAX: SignedDuration = SignedDuration::from_secs(60);

/// The function.
pub struct Handler {
    store: Store,
    queue: aws_sdk_sqs::Client,
    queue_url: String,
    clock: Clock,
}

/// A shard that a sweep could not finish in its own time.
#[derive(Debug, Serialize, Deserialize)]
struct HandOver {
    tenant: TenantId,
    shard: u8,
    at: Timestamp,
}

/// What a sweep did.
#[derive(Debug, Default, Serialize)]
pub struct SweepAnswer {
    /// Customers decided.
    pub decided: u64,
    /// Messages decided.
    pub messages: u64,
    /// Customers passed over because what they wait for is under way.
    pub passed: u64,
    /// Customers that failed and back off.
    pub failed: u64,
    /// What live tenants' customers were to be told: messages decided, and what a rule about the tenant, or its breaker, kept back.
    pub due: u64,
    /// Shards handed to the queue.
    pub handed_over: u64,
    /// By how much the latest of those that were due was late, in seconds.
    pub late_s: u64,
    /// The earliest moment at which the sweep could have something to do by itself; none is never.
    pub idle_until: Option<Timestamp>,
}

impl Handler {
    /// Builds the clients that it uses.
    ///
    /// # Errors
    ///
    /// When a variable is missing.
    pub fn new(env: &Env, clients: &Clients, clock: Clock) -> anyhow::Result<Self> {
        Ok(Self {
            store: Store::new(aws_sdk_dynamodb::Client::new(&clients.sdk), env.require("TABLE_NAME")?),
            queue: aws_sdk_sqs::Client::new(&clients.sdk),
            queue_url: env.require("SWEEP_QUEUE_URL")?.to_owned(),
            clock,
        })
    }

    /// Handles a tick of the schedule, or a hand-over from the sweep queue.
    ///
    /// # Errors
    ///
    /// When the tenants cannot be listed, or the hand-over cannot be read.
    pub async fn handle(&self, event: LambdaEvent<Value>) -> Result<Value, Error> {
        let now = self.clock.now();
        let budget = Budget::until(event.context.deadline(), now, MARGIN);
        let mut answer = SweepAnswer { idle_until: None, ..SweepAnswer::default() };
        let mut walks = Vec::new();
        if event.payload.get("Records").is_some() {
            let batch: SqsEvent = serde_json::from_value(event.payload)?;
            for record in batch.records {
                let body = record.body.as_deref().unwrap_or_default();
                let left: Queued<HandOver> =
                    serde_json::from_str(body).context("the hand-over in the sweep queue cannot be read")?;
                let left = left.content;
                if now.duration_since(left.at) <= HAND_OVER_AGE_MAX
                    && let Some(row) = self.store.tenant(&left.tenant).await?
                {
                    walks.push((row, vec![left.shard]));
                }
            }
        } else {
            for row in in_turn(self.store.tenants().await?, now) {
                let shards = (0..row.shards).collect();
                walks.push((row, shards));
            }
        }
        for (row, shards) in walks {
            self.sweep(&row, &shards, now, &budget, &mut answer).await;
        }
        tracing::info!(
            decided = answer.decided,
            messages = answer.messages,
            passed = answer.passed,
            failed = answer.failed,
            handed_over = answer.handed_over,
            "sweep finished"
        );
        if answer.decided + answer.failed + answer.due > 0 {
            let (decided, messages) = (("decided", answer.decided), ("messages", answer.messages));
            let counts = [decided, messages, ("failed", answer.failed), ("due", answer.due)];
            kit::metrics::emit(now, &[("function", "sweep")], &counts);
            kit::metrics::emit_seconds(now, &[("function", "sweep")], "due_late", answer.late_s);
        }
        Ok(serde_json::to_value(answer)?)
    }

    /// One tenant. What goes wrong with it holds nobody else up.
    async fn sweep(&self, row: &TenantRow, shards: &[u8], now: Timestamp, budget: &Budget, answer: &mut SweepAnswer) {
        if row.paused || row.mode == domain::Mode::Off {
            return;
        }
        let mut walk = Walk::new(&self.store, row, now, budget);
        let report = match walk.run(shards).await {
            Ok(report) => report,
            Err(error) => {
                tracing::warn!(tenant.id = %row.tenant, error = kit::causes(&error), "the tenant could not be swept");
                Report { idle_until: Some(now), ..Report::default() }
            }
        };
        for shard in &report.unfinished {
            let left = Queued::new(HandOver { tenant: row.tenant.clone(), shard: *shard, at: now });
            let body = serde_json::to_string(&left).unwrap_or_default();
            match self.queue.send_message().queue_url(&self.queue_url).message_body(body).send().await {
                Ok(_) => answer.handed_over += 1,
                Err(error) => {
                    tracing::warn!(tenant.id = %row.tenant, error = kit::causes(&error), "a shard could not be handed over");
                }
            }
        }
        answer.decided += report.decided;
        answer.messages += report.messages;
        answer.passed += report.passed;
        answer.failed += report.failed;
        answer.due += report.due;
        answer.late_s = answer.late_s.max(report.late_s);
        answer.idle_until = earliest(answer.idle_until, report.idle_until);
    }
}

/// The order in which a tick walks the tenants. Those of which every customer is being woken come first, because what a tick leaves of them is
/// not handed over. Each minute another one begins, so that none of them uses up the time of all ticks.
fn in_turn(mut rows: Vec<TenantRow>, now: Timestamp) -> Vec<TenantRow> {
    let minute = usize::try_from(now.as_second() / 60).unwrap_or(0);
    let first = minute % rows.len().max(1);
    rows.rotate_left(first);
    rows.sort_by_key(|row| row.replan.is_none());
    rows
}
