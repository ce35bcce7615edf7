//! Sets what reports are made of: at each tenant's midnight the totals of the day that is over and of the one that begins, shard by shard, with
//! the figures of the customers of whom something moved; after that, at each tick, those of the customers that changed.
//!
//! Nothing is added up from events: a customer's figures are set out of its facts and their history, and a shard's totals out of its customers'
//! figures. So a tick that dies is gone on with where its place says, and what was done twice comes to the same. Memory holds a page of customers
//! and the totals of one shard, whatever the size of the book.

#![recursion_limit = "256"]

mod snapshot;
mod walk;
mod weekly;

use std::time::Duration;

use files::Bucket;
use kit::{Budget, Clients, Clock, Env};
use lambda_runtime::{Error, LambdaEvent};
use serde_json::{Value, json};
use store::{Store, TenantRow};

use walk::{TenantWalk, TickCounts};
use weekly::WeeklyDesk;

/// What an invocation leaves itself to answer in.
const MARGIN: Duration = Duration::from_secs(30);
/// How often it ticks, in seconds: whoever comes first takes turns by it.
const TICK_S: i64 = 900;

/// The function.
pub struct Handler {
    store: Store,
    bucket: Bucket,
    weekly: WeeklyDesk,
    clock: Clock,
}

impl Handler {
    /// Reads `TABLE_NAME`, `BUCKET_NAME`, `CONFIGURATION_SET` and `CONSOLE_URL` (may be empty: then mails have no link).
    ///
    /// # Errors
    ///
    /// When a variable is missing.
    pub fn new(env: &Env, clients: &Clients, clock: Clock) -> anyhow::Result<Self> {
        let store = Store::new(aws_sdk_dynamodb::Client::new(&clients.sdk), env.require("TABLE_NAME")?);
        let bucket = Bucket::new(clients, env.require("BUCKET_NAME")?)?;
        env.require("CONFIGURATION_SET")?;
        let console_url = env.get("CONSOLE_URL").filter(|url| !url.is_empty()).map(|url| url.trim_end_matches('/').to_owned());
        let weekly = WeeklyDesk { mail: (channels::SES.connect)(&clients.sdk, &env.lookup()), console_url };
        Ok(Self { store, bucket, weekly, clock })
    }

    /// Handles a tick of the schedule. The answer says how many customers were reckoned, days closed and mails sent, and when there is next something to do.
    ///
    /// # Errors
    ///
    /// When the tenants cannot be listed, or a tenant's figures could not be set: the other tenants' were, and the next tick goes on.
    pub async fn handle(&self, event: LambdaEvent<Value>) -> Result<Value, Error> {
        let now = self.clock.now();
        let budget = Budget::until(event.context.deadline(), now, MARGIN);
        let mut tenants = self.store.tenants().await?;
        // Whose book takes more than a tick is first at some ticks and last at others, so that nobody waits behind it for good.
        let turn = usize::try_from(now.as_second().max(0) / TICK_S).unwrap_or_default();
        let first = turn.checked_rem(tenants.len()).unwrap_or_default();
        tenants.rotate_left(first);
        let (mut counts_of_tick, mut failed, mut mailed) = (TickCounts::default(), Vec::new(), 0);
        let mut next = jiff::Timestamp::MAX;
        for TenantRow { tenant, .. } in &tenants {
            let walk = TenantWalk { store: &self.store, bucket: &self.bucket, tenant, clock: &self.clock, budget: &budget };
            // Boxed: the layers of futures below are deeper than the compiler follows.
            match Box::pin(walk.go_on(&mut counts_of_tick)).await {
                Ok(until) => next = next.min(until),
                Err(error) => {
                    let error = format!("{error:#}");
                    tracing::error!(tenant.id = %tenant, error, "the figures of a tenant could not be set; the next tick goes on");
                    failed.push(tenant.to_string());
                    next = now;
                }
            }
            match Box::pin(self.weekly.send(&self.store, tenant, self.clock.now())).await {
                Ok((sent, until)) => {
                    mailed += sent;
                    next = next.min(until);
                }
                Err(error) => {
                    let error = format!("{error:#}");
                    tracing::warn!(tenant.id = %tenant, error, "the weekly mail with reports could not leave; the next tick tries again");
                }
            }
        }
        let counts =
            [("customers_reckoned", counts_of_tick.reckoned), ("days_closed", counts_of_tick.closed), ("report_mails", mailed)];
        let counts: Vec<(&str, u64)> = counts.into_iter().filter(|(_, count)| *count > 0).collect();
        kit::metrics::emit(now, &[("function", "report")], &counts);
        if !failed.is_empty() {
            return Err(format!("the figures of {} could not be set; the log says why", failed.join(", ")).into());
        }
        Ok(json!({ "reckoned": counts_of_tick.reckoned, "closed": counts_of_tick.closed, "mailed": mailed, "idle_until": next }))
    }
}
