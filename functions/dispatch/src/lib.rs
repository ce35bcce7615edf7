//! Puts what was decided on the bus: each change of the table's stream becomes its events, in the stream's order.
//!
//! Delivery is at least once. A record whose events the bus did not take is reported, and the stream brings it and all after
//! it again; the events keep their ids. A record that cannot be read is passed over with an error in the log, because a shard
//! that waits for it would hold up every customer behind it.

mod bus;
mod record;

use std::time::Duration;

use kit::{Budget, Clients, Clock, Env, Queued, StreamBatch};
use lambda_runtime::{Error, LambdaEvent};
use serde_json::Value;
use store::BusEvent;

use bus::{Bus, BusEntry};
use record::Image;

/// What an invocation leaves itself to answer in.
const MARGIN: Duration = Duration::from_secs(5);

/// The function.
pub struct Handler {
    bus: Bus,
    clock: Clock,
}

impl Handler {
    /// Builds the clients that it uses.
    ///
    /// # Errors
    ///
    /// When a variable is missing.
    pub fn new(env: &Env, clients: &Clients, clock: Clock) -> anyhow::Result<Self> {
        let client = aws_sdk_eventbridge::Client::new(&clients.sdk);
        Ok(Self { bus: Bus::new(client, env.require("BUS_NAME")?), clock })
    }

    /// Handles a batch of the table's stream. The answer names the first record whose events the bus did not take.
    ///
    /// # Errors
    ///
    /// When the payload is no batch, or a record that failed has no sequence number to name it by.
    pub async fn handle(&self, event: LambdaEvent<Value>) -> Result<Value, Error> {
        let budget = Budget::until(event.context.deadline(), self.clock.now(), MARGIN);
        let mut batch = StreamBatch::of(event.payload, events)?;
        let read = std::mem::take(&mut batch.read).into_iter();
        let outgoing: Vec<BusEntry> =
            read.flat_map(|(record, events)| events.into_iter().map(move |event| BusEntry { record, event })).collect();
        let sent = self.bus.put(&outgoing, &budget).await;
        kit::metrics::emit(self.clock.now(), &[("function", "dispatch")], &sent.counts());
        let failed = sent.failed.as_ref().map(|failed| (failed.record, failed.reason.as_str()));
        Ok(batch.answer(failed)?)
    }
}

/// The events that a record stands for, in the form that this release writes.
fn events(record: Value) -> anyhow::Result<Vec<BusEvent>> {
    let events = match record::read(record)? {
        Image::Changed { old, new } => store::events(old.as_ref(), &new)?,
        Image::Removed => vec![],
    };
    let formed = |event: BusEvent| Ok(BusEvent { detail: serde_json::to_value(Queued::new(event.detail))?, ..event });
    events.into_iter().map(formed).collect()
}
