//! Whoever watches the vendor's double: its calls are calls of `sync`, so that crashes strike around them too.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicU64, Ordering},
};

use doubles::{Fate, Shown, Witness};
use local::{
    engine::{Slot, Verdict},
    world::World,
};

use super::READER;

/// Counts a vendor's calls among those of the function that reads, and keeps what was answered.
pub struct Watch {
    world: Arc<World>,
    source: &'static str,
    shown: Mutex<Vec<Shown>>,
    calls: AtomicU64,
    /// The number within its invocation of the first call after one for tokens; nothing while none has followed.
    after_tokens: AtomicU64,
}

impl Watch {
    /// Watches the calls of a source.
    pub fn new(world: &Arc<World>, source: &'static str) -> Arc<Self> {
        let world = Arc::clone(world);
        Arc::new(Self { world, source, shown: Mutex::default(), calls: AtomicU64::new(0), after_tokens: AtomicU64::new(0) })
    }

    /// Everything that was answered whole.
    pub fn shown(&self) -> Vec<Shown> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Calls so far, those that nobody heard included.
    pub fn calls(&self) -> u64 {
        self.calls.load(Ordering::Relaxed)
    }

    /// Which call of its invocation the first one was after tokens were last refreshed.
    pub fn after_tokens(&self) -> u32 {
        u32::try_from(self.after_tokens.load(Ordering::Relaxed)).unwrap_or(u32::MAX)
    }

    fn slot(&self) -> Option<&Slot> {
        self.world.functions.get(READER)
    }
}

impl Witness for Watch {
    fn asked(&self, kind: &str) -> Fate {
        self.calls.fetch_add(1, Ordering::Relaxed);
        let Some(slot) = self.slot() else { return Fate::Lives };
        let (number, verdict) = slot.note_call(&format!("{}:{kind}", self.source));
        if kind == "token" {
            self.after_tokens.store(0, Ordering::Relaxed);
        } else {
            // Kept where there is none yet.
            let _kept = self.after_tokens.compare_exchange(0, number.into(), Ordering::Relaxed, Ordering::Relaxed);
        }
        match verdict {
            Verdict::Proceed => Fate::Lives,
            Verdict::CrashBefore => Fate::DiesBefore,
            Verdict::CrashAfter => Fate::DiesAfter,
        }
    }

    fn kill(&self) {
        if let Some(slot) = self.slot() {
            slot.kill();
        }
    }

    fn shown(&self, shown: Shown) {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner).push(shown);
    }
}
