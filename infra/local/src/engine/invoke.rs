//! One invocation: the handler in its own task, its deadline, and the crash that a fault may ask for.

use std::{
    fmt,
    sync::{
        Arc, Mutex, Weak,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use jiff::SignedDuration;
use kit::{Clients, Clock, Env};
use lambda_runtime::{Context, LambdaEvent};
use serde_json::Value;
use tokio::sync::{Notify, RwLock};

use crate::{
    faults::{Crashed, When},
    functions::{Constructor, Function},
    hold::{Hold, Point},
    lock,
    template::model,
    world::World,
};

/// Why an invocation gave no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The handler's own error.
    Failed(String),
    /// It took longer than the template allows.
    TimedOut,
    /// A fault killed its environment.
    Crashed,
    /// A fault kept it from being invoked.
    Skipped,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(message) => f.write_str(message),
            Self::TimedOut => f.write_str("the function timed out"),
            Self::Crashed => f.write_str("the function's environment died"),
            Self::Skipped => f.write_str("the function was not invoked"),
        }
    }
}

/// A function with its environment.
pub struct Slot {
    spec: model::Function,
    build: Constructor,
    env: Env,
    clients: Clients,
    clock: Clock,
    handler: Mutex<Option<Arc<dyn Function>>>,
    /// An invocation that is to crash runs alone, so that the calls that are counted are its own.
    gate: RwLock<()>,
    armed: Mutex<Option<Armed>>,
    calls_last: AtomicU32,
    calls_most: AtomicU32,
    calls: AtomicU32,
    point: Mutex<Weak<Point>>,
}

/// A crash that is waiting for its call.
#[derive(Clone, Debug)]
struct Armed {
    call: u32,
    when: When,
    seen: u32,
    /// What was called when it struck.
    what: String,
    kill: Arc<Notify>,
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

impl World {
    /// As [`World::invoke`], counted for who moves the clock.
    pub(super) async fn invoke_counted(&self, function: &str, payload: Value) -> Result<Value, Failure> {
        let outcome = self.invoke(function, payload).await;
        if outcome != Err(Failure::Skipped) {
            self.engine.invocations.fetch_add(1, Ordering::Relaxed);
        }
        if matches!(outcome, Err(Failure::Failed(_) | Failure::TimedOut | Failure::Crashed)) {
            self.engine.errors.fetch_add(1, Ordering::Relaxed);
        }
        outcome
    }

    /// Invokes a function and waits for its answer.
    ///
    /// # Errors
    ///
    /// The handler's error, or why there is no answer.
    pub(crate) async fn invoke(&self, function: &str, payload: Value) -> Result<Value, Failure> {
        let Some(slot) = self.functions.get(function) else {
            return Err(Failure::Failed(format!("there is no function {function}")));
        };
        if lock(&self.faults).take_skip(function) {
            return Err(Failure::Skipped);
        }
        lock(&self.metrics).add_invocation(function);
        let crash = lock(&self.faults).crash(function);
        match crash {
            None => {
                let _shared = slot.gate.read().await;
                self.run_handler(slot, payload, None).await
            }
            Some((when, call)) => {
                let _alone = slot.gate.write().await;
                let call = call.unwrap_or_else(|| self.random_call(slot));
                let kill = Arc::new(Notify::new());
                *lock(&slot.armed) = Some(Armed { call, when, seen: 0, what: String::new(), kill: Arc::clone(&kill) });
                let outcome = self.run_handler(slot, payload, Some(kill)).await;
                let what = lock(&slot.armed).take().map(|armed| armed.what).unwrap_or_default();
                if outcome == Err(Failure::Crashed) {
                    let word = if when == When::Before { "before" } else { "after" };
                    eprintln!("fault: {function} crashed {word} call {call}, {what} (seed {})", self.seed);
                    lock(&self.faults).crashed(Crashed { at: self.clock.now(), function: function.to_owned(), when, call, what });
                }
                outcome
            }
        }
    }

    fn random_call(&self, slot: &Slot) -> u32 {
        use rand::Rng;
        lock(&self.random).random_range(1..=slot.calls_last.load(Ordering::Relaxed).max(1))
    }

    async fn run_handler(&self, slot: &Slot, payload: Value, kill: Option<Arc<Notify>>) -> Result<Value, Failure> {
        let handler = slot.handler().map_err(|error| Failure::Failed(format!("the handler does not start: {error:#}")))?;
        let timeout_s = slot.spec.timeout_s;
        let mut context = Context::default();
        context.request_id = self.new_id();
        context.invoked_function_arn = slot.spec.arn.clone();
        let deadline = self.clock.now() + SignedDuration::from_secs(i64::try_from(timeout_s).unwrap_or(900));
        context.deadline = u64::try_from(deadline.as_millisecond()).unwrap_or_default();
        slot.calls.store(0, Ordering::Relaxed);
        let mut task = tokio::spawn(async move { handler.call(LambdaEvent::new(payload, context)).await });
        let killed = async {
            match &kill {
                Some(kill) => kill.notified().await,
                None => std::future::pending().await,
            }
        };
        let outcome = tokio::select! {
            biased;
            () = killed => Err(Failure::Crashed),
            answer = &mut task => match answer {
                Ok(Ok(value)) => Ok(value),
                Ok(Err(message)) => Err(Failure::Failed(message)),
                Err(error) => Err(Failure::Failed(format!("the handler panicked: {error}"))),
            },
            () = tokio::time::sleep(Duration::from_secs(timeout_s)) => Err(Failure::TimedOut),
        };
        if matches!(outcome, Err(Failure::Crashed | Failure::TimedOut)) {
            task.abort();
            // The task is gone once it has been awaited: nothing of it runs beside its successor.
            let _aborted = task.await;
            *lock(&slot.handler) = None;
        }
        let calls = slot.calls.load(Ordering::Relaxed);
        slot.calls_last.store(calls, Ordering::Relaxed);
        slot.calls_most.fetch_max(calls, Ordering::Relaxed);
        outcome
    }
}
