//! The virtual clock: real time until it is frozen, then only what moves it.

use std::sync::{Arc, Mutex};

use jiff::Timestamp;

use crate::lock;

/// What time it is for everything in the stack.
pub struct VirtualClock {
    frozen_at: Mutex<Option<Timestamp>>,
    system: kit::Clock,
}

impl VirtualClock {
    /// Frozen at an instant, or running.
    pub fn new(frozen_at: Option<Timestamp>) -> Arc<Self> {
        Arc::new(Self { frozen_at: Mutex::new(frozen_at), system: kit::Clock::system() })
    }

    /// The time now.
    pub fn now(&self) -> Timestamp {
        lock(&self.frozen_at).unwrap_or_else(|| self.system.now())
    }

    /// The wall clock, whatever this one says.
    pub fn wall(&self) -> Timestamp {
        self.system.now()
    }

    /// Whether only calls move it.
    pub fn is_frozen(&self) -> bool {
        lock(&self.frozen_at).is_some()
    }

    /// Stops it at the instant that it shows.
    pub fn freeze(&self) {
        let mut frozen_at = lock(&self.frozen_at);
        if frozen_at.is_none() {
            *frozen_at = Some(self.system.now());
        }
    }

    /// Lets it run with real time.
    pub fn release(&self) {
        *lock(&self.frozen_at) = None;
    }

    /// Moves a frozen clock forward; never backward.
    pub fn move_to(&self, to: Timestamp) {
        if let Some(now) = lock(&self.frozen_at).as_mut() {
            *now = to.max(*now);
        }
    }

    /// The clock that handlers are given.
    pub fn for_handlers(self: &Arc<Self>) -> kit::Clock {
        let clock = Arc::clone(self);
        kit::Clock::from_fn(move || clock.now())
    }
}
