//! One invocation: the handler in its own task, its deadline, and the crash that a fault may ask for.

use std::{
    fmt,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use jiff::SignedDuration;
use lambda_runtime::{Context, LambdaEvent};
use serde_json::Value;
use tokio::sync::Notify;

use super::slot::{Armed, Slot};
use crate::{
    faults::{Crashed, When},
    lock,
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
