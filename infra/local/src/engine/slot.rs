//! A function with its environment, and the crash that a fault may ask for.

use std::sync::{
    Arc, Mutex, Weak,
    atomic::{AtomicU32, Ordering},
};

use kit::{Clients, Clock, Env};
use tokio::sync::{Notify, RwLock};

use crate::{
    faults::When,
    functions::{Constructor, Function},
    hold::{Hold, Point},
    lock,
    template::model,
};

/// A function with its environment.
pub struct Slot {
    pub(super) spec: model::Function,
    pub(super) build: Constructor,
    pub(super) env: Env,
    pub(super) clients: Clients,
    pub(super) clock: Clock,
    pub(super) handler: Mutex<Option<Arc<dyn Function>>>,
    /// An invocation that is to crash runs alone, so that the calls that are counted are its own.
    pub(super) gate: RwLock<()>,
    pub(super) armed: Mutex<Option<Armed>>,
    pub(super) calls_last: AtomicU32,
    pub(super) calls_most: AtomicU32,
    pub(super) calls: AtomicU32,
    pub(super) point: Mutex<Weak<Point>>,
}

/// A crash that is waiting for its call.
#[derive(Clone, Debug)]
pub(super) struct Armed {
    pub(super) call: u32,
    pub(super) when: When,
    pub(super) seen: u32,
    /// What was called when it struck.
    pub(super) what: String,
    pub(super) kill: Arc<Notify>,
}

/// What to do with an AWS call of a function.
#[derive(Clone, Debug)]
pub enum Verdict {
    /// Make it.
    Proceed,
    /// Make it and let nobody see the answer.
    CrashAfter,
    /// Do not make it.
    CrashBefore,
}

impl Slot {
    /// A function that is built on its first invocation, or now.
    pub fn new(spec: model::Function, build: Constructor, clients: Clients, clock: Clock) -> Self {
        Self {
            env: Env::from_pairs(spec.env.clone()),
            spec,
            build,
            clients,
            clock,
            handler: Mutex::new(None),
            gate: RwLock::new(()),
            armed: Mutex::new(None),
            calls_last: AtomicU32::new(0),
            calls_most: AtomicU32::new(0),
            calls: AtomicU32::new(0),
            point: Mutex::new(Weak::new()),
        }
    }

    /// The handler of the environment that is warm, or of a new one.
    ///
    /// # Errors
    ///
    /// The handler's own, when it does not start.
    pub fn handler(&self) -> anyhow::Result<Arc<dyn Function>> {
        let mut handler = lock(&self.handler);
        if let Some(handler) = handler.as_ref() {
            return Ok(Arc::clone(handler));
        }
        let built = (self.build)(&self.env, &self.clients, self.clock.clone())?;
        *handler = Some(Arc::clone(&built));
        Ok(built)
    }

    /// The most AWS calls that one invocation has made.
    pub fn calls_most(&self) -> u32 {
        self.calls_most.load(Ordering::Relaxed)
    }

    /// The same, counted anew from here on.
    pub fn take_calls_most(&self) -> u32 {
        self.calls_most.swap(0, Ordering::Relaxed)
    }

    /// Counts a call of AWS, or of a stand-in for somebody else; says which of its invocation it is, from 1, and whether a crash
    /// is due at it.
    pub fn note_call(&self, what: &str) -> (u32, Verdict) {
        let number = self.calls.fetch_add(1, Ordering::Relaxed) + 1;
        let mut armed = lock(&self.armed);
        let Some(crash) = armed.as_mut() else { return (number, Verdict::Proceed) };
        crash.seen += 1;
        if crash.seen == crash.call {
            what.clone_into(&mut crash.what);
        }
        let verdict = match (crash.seen == crash.call, crash.when) {
            (false, _) => Verdict::Proceed,
            (true, When::Before) => Verdict::CrashBefore,
            (true, When::After) => Verdict::CrashAfter,
        };
        (number, verdict)
    }

    /// Holds a call of the invocations to come, in place of what was held before.
    pub(crate) fn hold(&self, call: u32, when: When) -> Hold {
        let (hold, point) = Hold::new(call, when);
        *lock(&self.point) = Arc::downgrade(&point);
        hold
    }

    /// Where calls are held, while somebody holds them.
    pub(crate) fn point(&self) -> Option<Arc<Point>> {
        lock(&self.point).upgrade()
    }

    /// Kills the environment that made the call.
    pub fn kill(&self) {
        if let Some(crash) = lock(&self.armed).as_ref() {
            crash.kill.notify_one();
        }
    }
}
