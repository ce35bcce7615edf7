//! What is still to be done: timed work, queues, streams, schedules. All of it can be kept across restarts.

use std::{
    cmp::Ordering,
    collections::{BinaryHeap, VecDeque},
};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Something that happens at a moment.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Work {
    /// A rule's target gets an event.
    Deliver {
        /// Which rule.
        rule: usize,
        /// Which of its targets.
        target: usize,
        /// The event.
        event: Value,
    },
    /// A function gets an event asynchronously.
    Async(Async),
    /// A queue is looked at for messages that are visible; `late` ones only after all else of that moment.
    Poll {
        /// Which queue.
        queue: usize,
        /// Whether to take the messages that were put behind.
        late: bool,
    },
    /// A stream mapping goes on with its records.
    Stream {
        /// Which mapping.
        mapping: usize,
    },
}

/// An asynchronous invocation.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Async {
    /// Function by name.
    pub function: String,
    /// The event.
    pub payload: Value,
    /// From 0.
    pub attempt: u32,
    /// Tries after the first.
    pub retries: u32,
    /// The schedule whose tick this is.
    pub schedule: Option<usize>,
}

/// Work with its moment and its place among others of that moment.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Entry {
    /// When.
    pub at: Timestamp,
    /// After everything else of that moment.
    pub late: bool,
    /// First come, first served.
    pub seq: u64,
    /// What.
    pub work: Work,
}

impl Entry {
    fn key(&self) -> (Timestamp, bool, u64) {
        (self.at, self.late, self.seq)
    }
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}
impl Eq for Entry {}
impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Entry {
    /// Earliest first in a max-heap.
    fn cmp(&self, other: &Self) -> Ordering {
        other.key().cmp(&self.key())
    }
}

/// A message in a queue.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Message {
    /// Its id.
    pub id: String,
    /// Its body.
    pub body: String,
    /// Message attributes as SQS takes them.
    pub attributes: Value,
    /// When it was sent.
    pub sent_at: Timestamp,
    /// From when it may be received.
    pub visible_at: Timestamp,
    /// How often it was received.
    pub receives: u32,
    /// When first.
    pub first_received_at: Option<Timestamp>,
    /// Names the last receive.
    pub receipt: String,
    /// Waits until all else of the moment is done.
    pub late: bool,
    /// The ARN of the queue that gave it up, where it came so.
    #[serde(default)]
    pub given_up_by: Option<String>,
}

/// A queue's messages.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct QueueState {
    /// In order of arrival.
    pub messages: VecDeque<Message>,
}

/// What a stream mapping has not done yet.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct StreamState {
    /// Records in order.
    pub pending: VecDeque<Value>,
    /// Failed tries of the first records.
    pub attempts: u32,
    /// A smaller batch while a failure is being narrowed down.
    pub limit: Option<usize>,
    /// Whether work for it is on the timeline.
    pub is_scheduled: bool,
}

/// A schedule's next tick.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ScheduleState {
    /// The next tick that is due.
    pub next_at: Timestamp,
    /// What the last invocation said: nothing to do before that moment (`Some(None)`: never), by itself.
    pub idle_until: Option<Option<Timestamp>>,
}

/// Everything.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct State {
    timeline: BinaryHeap<Entry>,
    next_seq: u64,
    /// As the template's queues.
    pub queues: Vec<QueueState>,
    /// As the template's stream mappings.
    pub streams: Vec<StreamState>,
    /// As the template's schedules.
    pub schedules: Vec<ScheduleState>,
    /// Per table with a stream: how far it was read.
    pub positions: Vec<String>,
}

/// What comes next.
#[derive(Debug)]
pub enum Next {
    /// Work from the timeline.
    Work(Work),
    /// A schedule's tick.
    Tick(usize),
}

impl State {
    /// Puts work on the timeline.
    pub fn push(&mut self, at: Timestamp, late: bool, work: Work) {
        self.next_seq += 1;
        self.timeline.push(Entry { at, late, seq: self.next_seq, work });
    }

    /// When something is next to be done.
    pub fn next_at(&self, skipping: &dyn Fn(usize) -> bool) -> Option<Timestamp> {
        let tick = self.next_tick(skipping).map(|(at, _)| at);
        let work = self.timeline.peek().map(|entry| entry.at);
        [tick, work].into_iter().flatten().min()
    }

    /// Takes what is next to be done, if it is due by `until`.
    pub fn pop(&mut self, until: Timestamp, skipping: &dyn Fn(usize) -> bool) -> Option<(Timestamp, Next)> {
        let tick = self.next_tick(skipping);
        let work = self.timeline.peek().map(|entry| entry.at);
        match (work, tick) {
            (Some(at), tick) if at <= until && tick.is_none_or(|(tick, _)| at <= tick) => {
                self.timeline.pop().map(|entry| (at, Next::Work(entry.work)))
            }
            (_, Some((at, schedule))) if at <= until => Some((at, Next::Tick(schedule))),
            _ => None,
        }
    }

    fn next_tick(&self, skipping: &dyn Fn(usize) -> bool) -> Option<(Timestamp, usize)> {
        let due = self.schedules.iter().enumerate().filter_map(|(index, schedule)| {
            let at = match schedule.idle_until {
                // A lost tick is a tick: it is counted even when it would have found nothing.
                _ if skipping(index) => schedule.next_at,
                None => schedule.next_at,
                Some(None) => return None,
                Some(Some(until)) => schedule.next_at.max(until),
            };
            Some((at, index))
        });
        due.min()
    }
}
