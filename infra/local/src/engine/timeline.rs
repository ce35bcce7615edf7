//! What is still to be done, and who works it off.

use std::sync::{
    Mutex,
    atomic::{AtomicBool, AtomicU64},
};

use jiff::Timestamp;
use tokio::sync::Notify;

use super::{
    rests::Touched,
    state::{QueueState, ScheduleState, State, StreamState},
};

/// The first multiple of the period after an instant.
pub fn tick_after(now: Timestamp, every_s: i64) -> Timestamp {
    let second = (now.as_second().div_euclid(every_s) + 1) * every_s;
    Timestamp::from_second(second).unwrap_or(Timestamp::MAX)
}

/// The engine's own state; the rest is in [`crate::world::World`].
#[derive(Debug, Default)]
pub struct Engine {
    /// What is still to be done.
    pub state: Mutex<State>,
    /// Whoever works the timeline off holds it.
    pub(super) turn: tokio::sync::Mutex<()>,
    /// Something new may be due.
    pub wake: Notify,
    /// Tables may have new stream records.
    pub stream_changed: AtomicBool,
    /// Per schedule: somebody other than its function wrote to what it has read.
    pub(super) written: Vec<AtomicBool>,
    /// Per schedule: what its function has read.
    pub(super) read: Vec<Mutex<Touched>>,
    pub(super) invocations: AtomicU64,
    pub(super) errors: AtomicU64,
}

impl Engine {
    /// An engine for a template, from `now` on.
    pub fn new(template: &crate::template::Template, now: Timestamp, kept: Option<State>) -> Self {
        let mut state = kept.unwrap_or_default();
        state.queues.resize_with(template.queues.len(), QueueState::default);
        state.streams.resize_with(template.streams.len(), StreamState::default);
        let tables = template.tables.iter().filter(|table| table.has_stream).count();
        state.positions.resize(tables, String::new());
        state.schedules = template
            .schedules
            .iter()
            .map(|schedule| ScheduleState { next_at: tick_after(now, schedule.every_s), idle_until: None })
            .collect();
        Self {
            state: Mutex::new(state),
            written: template.schedules.iter().map(|_| AtomicBool::new(false)).collect(),
            read: template.schedules.iter().map(|_| Mutex::default()).collect(),
            stream_changed: AtomicBool::new(true),
            ..Self::default()
        }
    }
}
