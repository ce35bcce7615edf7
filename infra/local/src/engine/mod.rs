//! The engine: one timeline over the virtual clock, worked off in the order of its time, one invocation at a time.
//!
//! Schedules tick on multiples of their period; a function whose answer holds `idle_until` is not ticked before that moment
//! unless somebody else wrote since to what it has read. Queues, stream mappings, rules and asynchronous invocations put work on the
//! timeline; whoever holds the turn works it off.

mod bus;
mod invoke;
mod queue;
mod rests;
mod schedule;
mod slot;
pub mod state;
mod stream;
mod timeline;
mod topic;

use std::sync::atomic::Ordering;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

pub use invoke::Failure;
pub(crate) use queue::md5_hex;
pub use rests::Touched;
pub use slot::{Slot, Verdict};
use state::{Next, Work};
pub use timeline::{Engine, tick_after};

use crate::{lock, world::World};

/// What moving the clock did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Moved {
    /// The time now.
    pub now: Timestamp,
    /// Invocations on the way.
    pub invocations: u64,
    /// Those that failed.
    pub errors: u64,
}

impl World {
    /// Moves the frozen clock to an instant, doing everything that is due on the way.
    ///
    /// # Errors
    ///
    /// When it lies before now.
    pub async fn move_to(&self, to: Timestamp) -> Result<Moved, String> {
        let _turn = self.engine.turn.lock().await;
        self.clock.freeze();
        let now = self.clock.now();
        if to < now {
            return Err(format!("the clock shows {now} and does not go back to {to}"));
        }
        Ok(self.work_off(to).await)
    }

    /// Nothing that is due is done until what this returns is dropped.
    pub async fn pause(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.engine.turn.lock().await
    }

    /// Does what is due now, for as long as the stack runs.
    pub async fn run(&self) {
        loop {
            let next = self.next_at();
            let wait = match next {
                Some(at) if !self.clock.is_frozen() => {
                    let left = at.duration_since(self.clock.now()).max(SignedDuration::ZERO);
                    std::time::Duration::try_from(left).unwrap_or_default()
                }
                _ => std::time::Duration::from_secs(3600),
            };
            tokio::select! {
                () = self.engine.wake.notified() => {}
                () = tokio::time::sleep(wait) => {}
            }
            let _turn = self.engine.turn.lock().await;
            self.work_off(self.clock.now()).await;
        }
    }

    async fn work_off(&self, until: Timestamp) -> Moved {
        let before = (self.engine.invocations.load(Ordering::Relaxed), self.engine.errors.load(Ordering::Relaxed));
        let mut did_anything = false;
        loop {
            did_anything |= self.deliver_payment_events().await;
            self.collect_stream_records();
            let Some((at, next)) = self.pop_next(until) else {
                if self.clock.now() >= until {
                    break;
                }
                // What happens at payment providers by then is still to be told.
                self.clock.move_to(until);
                continue;
            };
            did_anything = true;
            self.clock.move_to(at);
            match next {
                Next::Work(Work::Deliver { rule, target, event }) => self.deliver(rule, target, event),
                Next::Work(Work::Async(call)) => self.call_async(call).await,
                Next::Work(Work::Poll { queue, late }) => self.poll_queue(queue, late).await,
                Next::Work(Work::Stream { mapping }) => self.work_stream(mapping).await,
                Next::Tick(schedule) => self.tick(schedule, at).await,
            }
        }
        if did_anything {
            self.keep();
        }
        Moved {
            now: self.clock.now(),
            invocations: self.engine.invocations.load(Ordering::Relaxed) - before.0,
            errors: self.engine.errors.load(Ordering::Relaxed) - before.1,
        }
    }

    fn pop_next(&self, until: Timestamp) -> Option<(Timestamp, Next)> {
        self.renew_schedules();
        lock(&self.engine.state).pop(until, &|schedule| self.will_skip(schedule))
    }

    fn next_at(&self) -> Option<Timestamp> {
        self.renew_schedules();
        lock(&self.engine.state).next_at(&|schedule| self.will_skip(schedule))
    }

    fn will_skip(&self, schedule: usize) -> bool {
        lock(&self.faults).will_skip(&self.template.schedules[schedule].function)
    }

    /// Puts work on the timeline.
    pub(crate) fn push(&self, at: Timestamp, late: bool, work: Work) {
        lock(&self.engine.state).push(at, late, work);
        self.engine.wake.notify_one();
    }
}
