//! Queues: visibility, delay, redelivery, dead letters, and the pollers that feed functions.

use jiff::{SignedDuration, Timestamp};
use md5::Digest;
use serde_json::{Value, json};

use super::{
    bus::DELAY,
    state::{Message, State, Work},
};
use crate::{
    faults::Mode,
    lock,
    template::model::{Queue, QueueMapping},
    world::World,
};

impl World {
    /// The queue of an ARN, name or URL.
    pub(crate) fn queue_index(&self, name: &str) -> Option<usize> {
        let last = name.rsplit(['/', ':']).next().unwrap_or_default();
        self.template.queues.iter().position(|queue| queue.name == last)
    }

    /// Puts a message into a queue; answers its id.
    ///
    /// # Errors
    ///
    /// When there is no such queue.
    pub(crate) fn enqueue(&self, queue: &str, body: String, attributes: Value, delay_s: Option<i64>) -> Result<String, String> {
        let index = self.queue_index(queue).ok_or_else(|| format!("there is no queue {queue}"))?;
        let now = self.clock.now();
        let delay = SignedDuration::from_secs(delay_s.unwrap_or(self.template.queues[index].delay_s));
        let mut message = Message {
            id: self.new_id(),
            body,
            attributes,
            sent_at: now,
            visible_at: now + delay,
            receives: 0,
            first_received_at: None,
            receipt: String::new(),
            late: false,
            given_up_by: None,
        };
        let id = message.id.clone();
        let fault = lock(&self.faults).take("queue");
        let mut state = lock(&self.engine.state);
        match fault {
            Some(Mode::Delay) => message.visible_at += DELAY,
            Some(Mode::Reorder) => message.late = true,
            Some(Mode::Duplicate) => state.add_message(index, message.clone()),
            _ => {}
        }
        state.add_message(index, message);
        drop(state);
        self.engine.wake.notify_one();
        Ok(id)
    }

    /// Gives a queue's visible messages to the function that it feeds.
    pub(super) async fn poll_queue(&self, index: usize, late: bool) {
        let queue = &self.template.queues[index];
        let Some(mapping) = self.template.pollers.iter().find(|mapping| mapping.queue == queue.arn) else { return };
        let now = self.clock.now();
        let batch = self.receive(index, mapping.batch, now, late);
        if batch.is_empty() {
            return;
        }
        // More may be visible than one batch takes.
        self.push(now, late, Work::Poll { queue: index, late });
        let (wanted, unwanted): (Vec<Message>, Vec<Message>) =
            batch.into_iter().partition(|message| takes(mapping, &message.body));
        for message in unwanted {
            self.delete_message(index, &message.receipt);
        }
        if wanted.is_empty() {
            return;
        }
        let records: Vec<Value> = wanted.iter().map(|message| self.record(queue, message)).collect();
        self.forget_idle(&mapping.function);
        let failed = match self.invoke_counted(&mapping.function, json!({ "Records": records })).await {
            Ok(answer) if mapping.reports_failures => failures(&answer),
            Ok(_) => Some(Vec::new()),
            Err(failure) => {
                tracing::info!("{} failed on {} messages of {}: {failure}", mapping.function, wanted.len(), queue.name);
                None
            }
        };
        // `None`: all of them failed.
        let Some(failed) = failed else { return };
        if failed.iter().any(|id| !wanted.iter().any(|message| message.id == *id)) {
            tracing::warn!("{} names a message that it was not given; the whole batch counts as failed", mapping.function);
            return;
        }
        for message in wanted.iter().filter(|message| !failed.contains(&message.id)) {
            self.delete_message(index, &message.receipt);
        }
    }

    /// Takes visible messages: each becomes invisible, or goes to the dead-letter queue when it was received too often.
    pub(crate) fn receive(&self, index: usize, count: usize, now: Timestamp, late: bool) -> Vec<Message> {
        let queue = &self.template.queues[index];
        let mut taken = Vec::new();
        let mut dead = Vec::new();
        {
            let mut state = lock(&self.engine.state);
            let again_at = now + SignedDuration::from_secs(queue.visibility_s);
            let messages = &mut state.queues[index].messages;
            let mut at = 0;
            while at < messages.len() && taken.len() < count {
                let message = &mut messages[at];
                if message.visible_at > now || (message.late && !late) {
                    at += 1;
                    continue;
                }
                if let Some((arn, limit)) = &queue.redrive
                    && message.receives >= *limit
                {
                    dead.extend(messages.remove(at).map(|message| (arn.clone(), message)));
                    continue;
                }
                message.receives += 1;
                message.first_received_at.get_or_insert(now);
                message.receipt = self.new_id();
                message.visible_at = again_at;
                message.late = false;
                taken.push(message.clone());
                at += 1;
            }
            if !taken.is_empty() {
                state.push(again_at, false, Work::Poll { queue: index, late: false });
            }
            for (arn, message) in dead {
                if let Some(index) = self.queue_index(&arn) {
                    let given_up_by = Some(queue.arn.clone());
                    let message = Message { receives: 0, first_received_at: None, visible_at: now, given_up_by, ..message };
                    state.add_message(index, message);
                }
            }
        }
        taken
    }

    /// Removes a message by the receipt of its last receive; says whether it was there.
    pub(crate) fn delete_message(&self, index: usize, receipt: &str) -> bool {
        let mut state = lock(&self.engine.state);
        let messages = &mut state.queues[index].messages;
        let before = messages.len();
        messages.retain(|message| message.receipt != receipt);
        messages.len() < before
    }

    /// Makes a received message visible at another moment; says whether it was there.
    pub(crate) fn change_visibility(&self, index: usize, receipt: &str, seconds: i64) -> bool {
        let at = self.clock.now() + SignedDuration::from_secs(seconds);
        let mut state = lock(&self.engine.state);
        let found = state.queues[index].messages.iter_mut().find(|message| message.receipt == receipt);
        let was_there = found.map(|message| message.visible_at = at).is_some();
        if was_there {
            state.push(at, false, Work::Poll { queue: index, late: false });
        }
        was_there
    }

    fn record(&self, queue: &Queue, message: &Message) -> Value {
        let millis = |at: Timestamp| at.as_millisecond().to_string();
        let mut record = json!({
            "messageId": message.id,
            "receiptHandle": message.receipt,
            "body": message.body,
            "attributes": {
                "ApproximateReceiveCount": message.receives.to_string(),
                "SentTimestamp": millis(message.sent_at),
                "SenderId": self.template.place.account,
                "ApproximateFirstReceiveTimestamp": millis(message.first_received_at.unwrap_or(message.sent_at)),
            },
            "messageAttributes": message.attributes,
            "md5OfBody": md5_hex(message.body.as_bytes()),
            "eventSource": "aws:sqs",
            "eventSourceARN": queue.arn,
            "awsRegion": self.template.place.region,
        });
        if let Some(queue) = &message.given_up_by {
            record["attributes"]["DeadLetterQueueSourceArn"] = json!(queue);
        }
        record
    }
}

impl State {
    fn add_message(&mut self, queue: usize, message: Message) {
        self.push(message.visible_at, message.late, Work::Poll { queue, late: message.late });
        self.queues[queue].messages.push_back(message);
    }
}

/// MD5 as SQS reports it.
pub(crate) fn md5_hex(bytes: &[u8]) -> String {
    hex::encode(md5::Md5::digest(bytes))
}

fn takes(mapping: &QueueMapping, body: &str) -> bool {
    if mapping.filters.is_empty() {
        return true;
    }
    // A body that is not JSON can only be matched as text.
    let body: Value = serde_json::from_str(body).unwrap_or_else(|_| Value::String(body.to_owned()));
    let message = json!({ "body": body });
    mapping.filters.iter().any(|filter| filter.matches(&message))
}

/// The ids that a batch answer says failed; `None` when it says so of the whole batch.
pub(super) fn failures(answer: &Value) -> Option<Vec<String>> {
    match answer.get("batchItemFailures") {
        None | Some(Value::Null) => Some(Vec::new()),
        Some(Value::Array(items)) => items
            .iter()
            .map(|item| item.get("itemIdentifier").and_then(Value::as_str).filter(|id| !id.is_empty()).map(str::to_owned))
            .collect(),
        Some(_) => None,
    }
}

impl World {
    /// Messages in a queue, in flight or not.
    pub(crate) fn queue_length(&self, index: usize) -> usize {
        lock(&self.engine.state).queues[index].messages.len()
    }
}
