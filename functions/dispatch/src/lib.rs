//! Puts what was decided on the bus: each change of the table's stream becomes its events, in the stream's order.
//!
//! Delivery is at least once. A record whose events the bus did not take is reported, and the stream brings it and all after
//! it again; the events keep their ids. A record that cannot be read is passed over with an error in the log, because a shard
//! that waits for it would hold up every customer behind it.

mod bus;
mod record;

use std::time::Duration;

use kit::{Budget, Clients, Clock, Env, Queued};
use lambda_runtime::{Error, LambdaEvent};
use serde_json::{Value, json};
use store::BusEvent;

use bus::{Bus, Outgoing};
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
        let Value::Object(mut payload) = event.payload else { return Err("the payload is no batch of a stream".into()) };
        let Some(Value::Array(records)) = payload.remove("Records") else {
            return Err("the payload is no batch of a stream".into());
        };
        let mut sequence: Vec<Option<String>> = Vec::with_capacity(records.len());
        let mut outgoing: Vec<Outgoing> = Vec::new();
        for (at, record) in records.into_iter().enumerate() {
            sequence.push(record::sequence_number(&record));
            match events(record) {
                Ok(events) => outgoing.extend(events.into_iter().map(|event| Outgoing { record: at, event })),
                Err(error) => {
                    let number = sequence[at].as_deref().unwrap_or("unknown");
                    let error = format!("{error:#}");
                    tracing::error!(sequence.number = number, error, "a record of the stream cannot be read and is passed over");
                }
            }
        }
        let sent = self.bus.put(&outgoing, &budget).await;
        kit::metrics::emit(self.clock.now(), &[("function", "dispatch")], &sent.counts());
        let Some(failed) = sent.failed else { return Ok(json!({ "batchItemFailures": [] })) };
        let number = sequence.get(failed.record).cloned().flatten();
        let number =
            number.ok_or_else(|| format!("the bus did not take an event of a record without number: {}", failed.reason))?;
        tracing::warn!(
            sequence.number = number,
            reason = failed.reason,
            "the bus did not take an event; the stream brings it again"
        );
        Ok(json!({ "batchItemFailures": [{ "itemIdentifier": number }] }))
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
