//! Schedules and asynchronous invocations.

use std::sync::atomic::Ordering;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{
    Failure, Touched,
    state::{Async, Work},
    timeline::tick_after,
};
use crate::{lock, template::model::DeadLetter, world::World};

/// How long a failed asynchronous invocation waits: one minute, then two.
fn retry_after(attempt: u32) -> SignedDuration {
    SignedDuration::from_mins(if attempt == 0 { 1 } else { 2 })
}

impl World {
    /// Whether what a function reads is of interest: its word on idling rests on it.
    pub(crate) fn is_scheduled(&self, function: &str) -> bool {
        self.template.schedules.iter().any(|schedule| schedule.function == function)
    }

    /// Notes what a function has read.
    pub(crate) fn note_read(&self, caller: &str, touched: &Touched) {
        for (schedule, read) in self.template.schedules.iter().zip(&self.engine.read) {
            if schedule.function == caller {
                lock(read).add(touched);
            }
        }
    }

    /// Notes that a function (or nobody's, `None`) wrote to a table: it wakes those who have read what was written.
    pub(crate) fn note_write(&self, caller: Option<&str>, touched: &Touched) {
        self.engine.stream_changed.store(true, Ordering::Release);
        for ((schedule, written), read) in self.template.schedules.iter().zip(&self.engine.written).zip(&self.engine.read) {
            if caller != Some(schedule.function.as_str()) && lock(read).meets(touched) {
                written.store(true, Ordering::Release);
            }
        }
        self.engine.wake.notify_one();
    }

    /// A function ran for another reason than its tick: what it last said about idling may be out of date.
    pub(super) fn forget_idle(&self, function: &str) {
        for (schedule, written) in self.template.schedules.iter().zip(&self.engine.written) {
            if schedule.function == function {
                written.store(true, Ordering::Release);
            }
        }
    }

    /// Wakes the schedules that were idle and whose facts have changed.
    pub(super) fn renew_schedules(&self) {
        let now = self.clock.now();
        for (index, written) in self.engine.written.iter().enumerate() {
            if written.swap(false, Ordering::AcqRel) {
                let mut state = lock(&self.engine.state);
                let schedule = &mut state.schedules[index];
                if let Some(until) = schedule.idle_until.take() {
                    // A tick that is due at this moment comes, whatever another function's tick of the same moment wrote.
                    let due = until.map(|until| until.max(schedule.next_at)).filter(|due| *due <= now);
                    let soonest = due.unwrap_or_else(|| tick_after(now, self.template.schedules[index].every_s));
                    schedule.next_at = soonest.max(schedule.next_at);
                }
            }
        }
    }

    pub(super) async fn tick(&self, index: usize, at: Timestamp) {
        let schedule = &self.template.schedules[index];
        {
            let mut state = lock(&self.engine.state);
            let own = &mut state.schedules[index];
            own.next_at = tick_after(at, schedule.every_s);
            if !self.will_skip(index) {
                own.idle_until = None;
            }
        }
        let payload = schedule.input.clone().unwrap_or_else(|| {
            json!({
                "version": "0",
                "id": self.new_id(),
                "detail-type": "Scheduled Event",
                "source": "aws.scheduler",
                "account": self.template.place.account,
                "time": seconds(at),
                "region": self.template.place.region,
                "resources": [self.template.place.arn("scheduler", &format!("schedule/default/{}", schedule.id))],
                "detail": "{}",
            })
        });
        let retries = self.template.functions.get(&schedule.function).map_or(2, |function| function.async_retries);
        let retries = schedule.retries.map_or(retries, |own| own.min(retries));
        let call = Async { function: schedule.function.clone(), payload, attempt: 0, retries, schedule: Some(index) };
        self.call_async(call).await;
    }

    pub(super) async fn call_async(&self, call: Async) {
        let outcome = self.invoke_counted(&call.function, call.payload.clone()).await;
        match outcome {
            Ok(answer) => {
                if let Some(index) = call.schedule {
                    self.note_idle(index, &answer);
                }
            }
            // A tick or event that is skipped is lost.
            Err(Failure::Skipped) => {}
            Err(failure) if call.attempt < call.retries => {
                tracing::info!("{} failed and is tried again: {failure}", call.function);
                let at = self.clock.now() + retry_after(call.attempt);
                self.push(at, false, Work::Async(Async { attempt: call.attempt + 1, ..call }));
            }
            Err(failure) => self.dead_letter(&call, &failure),
        }
    }

    /// Keeps the function's word on when it next has something to do by itself.
    fn note_idle(&self, index: usize, answer: &Value) {
        let Some(until) = answer.get("idle_until") else { return };
        let until = match until {
            Value::Null => None,
            Value::String(text) => match text.parse::<Timestamp>() {
                // The tick at or after that moment.
                Ok(at) => Some(tick_after(at - SignedDuration::from_nanos(1), self.template.schedules[index].every_s)),
                Err(_) => return,
            },
            _ => return,
        };
        lock(&self.engine.state).schedules[index].idle_until = Some(until);
    }

    fn dead_letter(&self, call: &Async, failure: &Failure) {
        tracing::warn!("{} failed {} times and is given up: {failure}", call.function, call.attempt + 1);
        let Some(function) = self.template.functions.get(&call.function) else { return };
        let (arn, body, attributes) = match &function.dead_letter {
            None => return,
            Some(DeadLetter::Queue(arn)) => {
                let text = |value: &str| json!({ "stringValue": value, "dataType": "String" });
                let attributes = json!({
                    "RequestID": text(&self.new_id()),
                    "ErrorCode": { "stringValue": "200", "dataType": "Number" },
                    "ErrorMessage": text(&failure.to_string()),
                });
                (arn, call.payload.clone(), attributes)
            }
            Some(DeadLetter::Destination(arn)) => {
                let record = json!({
                    "version": "1.0",
                    "timestamp": self.clock.now().to_string(),
                    "requestContext": {
                        "requestId": self.new_id(),
                        "functionArn": function.arn,
                        "condition": "RetriesExhausted",
                        "approximateInvokeCount": call.attempt + 1,
                    },
                    "requestPayload": call.payload,
                    "responseContext": { "statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled" },
                    "responsePayload": { "errorMessage": failure.to_string() },
                });
                (arn, record, json!({}))
            }
        };
        if let Err(error) = self.enqueue(arn, body.to_string(), attributes, None) {
            tracing::error!("the dead letter of {} is lost: {error}", call.function);
        }
    }
}

/// An instant as events show it: whole seconds.
pub(super) fn seconds(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
