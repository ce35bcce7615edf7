//! The bus: events in, in order, ten a call, until all are taken or time is up.

use std::time::Duration;

use aws_sdk_eventbridge::{
    Client,
    error::ProvideErrorMetadata,
    types::{PutEventsRequestEntry, PutEventsResultEntry},
};
use kit::Budget;
use store::BusEvent;

/// The source of every event of ours.
const SOURCE: &str = "dunlin";
/// Most events a call.
const ENTRIES_MAX: usize = 10;
/// Most bytes a call, as the bus counts them.
const BYTES_MAX: usize = 256 * 1024;
/// How often what the bus refused of a call is offered again.
const ATTEMPTS_MAX: u32 = 4;
/// The wait before the second attempt; it doubles.
const WAIT: Duration = Duration::from_millis(50);
/// What the bus answers for an event that it will never take.
const NEVER: [&str; 3] = ["InvalidArgument", "MalformedDetail", "ValidationException"];

/// An event and the record of the batch that it comes from.
#[derive(Debug)]
pub struct BusEntry {
    /// Position in the batch.
    pub record: usize,
    /// The event.
    pub event: BusEvent,
}

/// What came of a batch.
#[derive(Debug, Default)]
pub struct Sent {
    taken: u64,
    dropped: u64,
    refused: u64,
    /// The first record whose events were not all taken.
    pub failed: Option<NotTaken>,
}

/// A record whose events were not all taken.
#[derive(Debug)]
pub struct NotTaken {
    /// Position in the batch.
    pub record: usize,
    /// What the bus said.
    pub reason: String,
}

impl Sent {
    /// As metrics; empty when there was nothing to send.
    pub fn counts(&self) -> Vec<(&'static str, u64)> {
        let all = [("events", self.taken), ("events_dropped", self.dropped), ("events_refused", self.refused)];
        all.into_iter().filter(|(_, count)| *count > 0).collect()
    }
}

/// The bus.
pub struct Bus {
    client: Client,
    name: String,
}

/// An event in the form of a call, with its size.
struct Entry {
    record: usize,
    size: usize,
    id: String,
    entry: PutEventsRequestEntry,
}

impl Bus {
    /// The bus of that name.
    pub fn new(client: Client, name: &str) -> Self {
        Self { client, name: name.to_owned() }
    }

    /// Puts events in order. It stops at the first call of which something was not taken in the end: what comes after it
    /// waits, so that order is kept as far as the bus keeps it.
    pub async fn put(&self, outgoing: &[BusEntry], budget: &Budget) -> Sent {
        let mut sent = Sent::default();
        let mut entries = Vec::new();
        for one in outgoing {
            let entry = self.entry(one);
            if entry.size > BYTES_MAX {
                tracing::error!(event.id = entry.id, bytes = entry.size, "an event is too large for the bus and is dropped");
                sent.dropped += 1;
            } else {
                entries.push(entry);
            }
        }
        for call in chunks(entries) {
            let first = call.first().map_or(0, |entry| entry.record);
            if budget.is_over() {
                sent.failed = Some(NotTaken { record: first, reason: "the time is up".to_owned() });
                return sent;
            }
            if let Some(failed) = self.call(call, budget, &mut sent).await {
                sent.failed = Some(failed);
                return sent;
            }
        }
        sent
    }

    fn entry(&self, outgoing: &BusEntry) -> Entry {
        let detail = outgoing.event.detail.to_string();
        let size = SOURCE.len() + outgoing.event.kind.as_str().len() + detail.len();
        let entry = PutEventsRequestEntry::builder()
            .event_bus_name(&self.name)
            .source(SOURCE)
            .detail_type(outgoing.event.kind.as_str())
            .detail(detail)
            .build();
        Entry { record: outgoing.record, size, id: outgoing.event.id.clone(), entry }
    }

    /// One call and its repetitions for what was refused. The first record that is left, if any.
    ///
    /// By hand instead of `backon`: what is repeated is what the answer before refused, and it ends with the invocation's time.
    async fn call(&self, mut left: Vec<Entry>, budget: &Budget, sent: &mut Sent) -> Option<NotTaken> {
        let mut wait = WAIT;
        let mut reason = String::new();
        for attempt in 1..=ATTEMPTS_MAX {
            let entries = left.iter().map(|entry| entry.entry.clone()).collect();
            match self.client.put_events().set_entries(Some(entries)).send().await {
                Ok(answer) => {
                    let results = answer.entries.unwrap_or_default();
                    // An answer that is shorter than the call says nothing of the rest: offer that again.
                    let said = |at: usize| results.get(at);
                    let mut again = Vec::new();
                    for (at, entry) in left.into_iter().enumerate() {
                        match said(at).map(verdict) {
                            Some(Verdict::Taken) => sent.taken += 1,
                            Some(Verdict::Never(code)) => {
                                tracing::error!(event.id = entry.id, code, "the bus will never take an event; it is dropped");
                                sent.dropped += 1;
                            }
                            Some(Verdict::Refused(code)) => {
                                sent.refused += 1;
                                reason = code;
                                again.push(entry);
                            }
                            None => {
                                "no answer for it".clone_into(&mut reason);
                                again.push(entry);
                            }
                        }
                    }
                    left = again;
                    if left.is_empty() {
                        return None;
                    }
                }
                Err(error) => {
                    reason = error.code().unwrap_or("no answer").to_owned();
                    sent.refused += u64::try_from(left.len()).unwrap_or(u64::MAX);
                }
            }
            if attempt == ATTEMPTS_MAX || budget.is_over() {
                break;
            }
            tokio::time::sleep(wait).await;
            wait *= 2;
        }
        let record = left.iter().map(|entry| entry.record).min()?;
        Some(NotTaken { record, reason })
    }
}

enum Verdict {
    Taken,
    Refused(String),
    Never(String),
}

fn verdict(result: &PutEventsResultEntry) -> Verdict {
    match result.error_code() {
        None => Verdict::Taken,
        Some(code) if NEVER.contains(&code) => Verdict::Never(code.to_owned()),
        Some(code) => Verdict::Refused(code.to_owned()),
    }
}

/// In order, as many to a call as fit.
fn chunks(entries: Vec<Entry>) -> Vec<Vec<Entry>> {
    let mut calls: Vec<Vec<Entry>> = Vec::new();
    let mut size = 0;
    for entry in entries {
        let fits = calls.last().is_some_and(|call| call.len() < ENTRIES_MAX) && size + entry.size <= BYTES_MAX;
        match calls.last_mut().filter(|_| fits) {
            Some(call) => {
                size += entry.size;
                call.push(entry);
            }
            None => {
                size = entry.size;
                calls.push(vec![entry]);
            }
        }
    }
    calls
}
