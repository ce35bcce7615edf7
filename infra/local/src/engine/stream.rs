//! A table's stream: records in order, to every function that is fed from it.

use std::{collections::VecDeque, sync::atomic::Ordering};

use dynoxide::actions::{get_records::GetRecordsRequest, get_shard_iterator::encode_shard_iterator};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{bus::DELAY, queue::failures, state::Work};
use crate::{faults::Mode, lock, template::model::StreamMapping, world::World};

const SHARD: &str = "shardId-00000001760000000000-00000001";

impl World {
    /// Reads new records from the tables and hands them to the mappings that want them.
    pub(super) fn collect_stream_records(&self) {
        if !self.engine.stream_changed.swap(false, Ordering::AcqRel) {
            return;
        }
        let tables = self.template.tables.iter().filter(|table| table.has_stream);
        for (table_at, table) in tables.enumerate() {
            loop {
                let mut iterator = lock(&self.engine.state).positions[table_at].clone();
                if iterator.is_empty() {
                    iterator = encode_shard_iterator(&table.name, &dynoxide::streams::shard_id(&table.name), 0);
                }
                let request = GetRecordsRequest { shard_iterator: iterator, limit: Some(1000) };
                let Ok(answer) = self.database.get_records(request) else { break };
                if answer.records.is_empty() {
                    break;
                }
                let mut state = lock(&self.engine.state);
                state.positions[table_at] = answer.next_shard_iterator.unwrap_or_default();
                for record in &answer.records {
                    let Ok(record) = serde_json::to_value(record) else { continue };
                    // AWS gives no record for a write that changes nothing.
                    if record.pointer("/dynamodb/NewImage").is_some()
                        && record.pointer("/dynamodb/NewImage") == record.pointer("/dynamodb/OldImage")
                    {
                        continue;
                    }
                    let record = self.as_aws_sends_it(record, &table.stream_arn);
                    for (at, mapping) in self.template.streams.iter().enumerate() {
                        let is_wanted =
                            mapping.filters.is_empty() || mapping.filters.iter().any(|filter| filter.matches(&record));
                        if mapping.table == table.name && is_wanted {
                            state.streams[at].pending.push_back(record.clone());
                        }
                    }
                }
                for at in 0..state.streams.len() {
                    let stream = &mut state.streams[at];
                    if !stream.is_scheduled && !stream.pending.is_empty() {
                        stream.is_scheduled = true;
                        state.push(self.clock.now(), false, Work::Stream { mapping: at });
                    }
                }
            }
        }
    }

    fn as_aws_sends_it(&self, mut record: Value, stream_arn: &str) -> Value {
        let now = self.clock.now();
        record["eventSourceARN"] = json!(stream_arn);
        record["awsRegion"] = json!(self.template.place.region);
        record["dynamodb"]["ApproximateCreationDateTime"] = json!(now.as_second());
        record
    }

    pub(super) async fn work_stream(&self, index: usize) {
        let mapping = &self.template.streams[index];
        let now = self.clock.now();
        let batch: Vec<Value> = {
            let mut state = lock(&self.engine.state);
            let stream = &mut state.streams[index];
            stream.is_scheduled = false;
            let size = stream.limit.unwrap_or(mapping.batch).min(mapping.batch).max(1);
            stream.pending.iter().take(size).cloned().collect()
        };
        if batch.is_empty() {
            return;
        }
        let fault = lock(&self.faults).take("stream");
        let mut records = batch.clone();
        match fault {
            Some(Mode::Delay) => {
                self.schedule_stream(index, now + DELAY);
                return;
            }
            Some(Mode::Reorder) => records = reordered(records),
            _ => {}
        }
        let payload = json!({ "Records": records });
        self.forget_idle(&mapping.function);
        let mut outcome = self.invoke_counted(&mapping.function, payload.clone()).await;
        if fault == Some(Mode::Duplicate) && outcome.is_ok() {
            outcome = self.invoke_counted(&mapping.function, payload).await;
        }
        let done = match outcome {
            Ok(answer) if mapping.reports_failures => match failures(&answer) {
                Some(failed) => first_failed(&batch, &failed),
                None => 0,
            },
            Ok(_) => batch.len(),
            Err(failure) => {
                tracing::info!("{} failed on {} stream records: {failure}", mapping.function, batch.len());
                0
            }
        };
        let next_at = self.settle(index, &batch, done, now);
        self.schedule_stream(index, next_at);
    }

    /// Moves a mapping on after a batch of which the first `done` records are done; says when it goes on.
    fn settle(&self, index: usize, batch: &[Value], done: usize, now: Timestamp) -> Timestamp {
        let mapping = &self.template.streams[index];
        let mut given_up = Vec::new();
        let next_at = {
            let mut state = lock(&self.engine.state);
            let stream = &mut state.streams[index];
            stream.pending.drain(..done.min(stream.pending.len()));
            if done == batch.len() {
                stream.attempts = 0;
                stream.limit = None;
                now
            } else {
                if done > 0 {
                    stream.attempts = 0;
                }
                let left = batch.len() - done;
                let is_old =
                    batch.get(done).is_some_and(|record| now.duration_since(created(record)).as_secs() > mapping.age_max_s);
                if mapping.bisect && left > 1 && done == 0 {
                    // Halving does not count as a try.
                    stream.limit = Some(left / 2);
                } else if is_old || mapping.retries.is_some_and(|limit| stream.attempts >= limit) {
                    given_up = stream.pending.drain(..left.min(stream.pending.len())).collect();
                    stream.attempts = 0;
                    stream.limit = None;
                } else {
                    stream.attempts += 1;
                }
                let backoff = 1_i64 << stream.attempts.min(6);
                if given_up.is_empty() { now + SignedDuration::from_secs(backoff.min(60)) } else { now }
            }
        };
        if !given_up.is_empty() {
            self.give_up(mapping, &given_up);
        }
        next_at
    }

    fn schedule_stream(&self, index: usize, at: Timestamp) {
        let mut state = lock(&self.engine.state);
        let stream = &mut state.streams[index];
        if !stream.is_scheduled && !stream.pending.is_empty() {
            stream.is_scheduled = true;
            state.push(at, false, Work::Stream { mapping: index });
        }
    }

    fn give_up(&self, mapping: &StreamMapping, records: &[Value]) {
        tracing::warn!("{} gives up {} stream records", mapping.function, records.len());
        let Some(queue) = &mapping.on_failure else { return };
        let number = |record: Option<&Value>| record.and_then(|r| r.pointer("/dynamodb/SequenceNumber")).cloned();
        let body = json!({
            "requestContext": {
                "requestId": self.new_id(),
                "functionArn": self.template.functions.get(&mapping.function).map(|function| &function.arn),
                "condition": "RetryAttemptsExhausted",
                "approximateInvokeCount": mapping.retries.map(|retries| retries + 1),
            },
            "responseContext": { "statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled" },
            "version": "1.0",
            "timestamp": self.clock.now().to_string(),
            "DDBStreamBatchInfo": {
                "shardId": SHARD,
                "startSequenceNumber": number(records.first()),
                "endSequenceNumber": number(records.last()),
                "approximateArrivalOfFirstRecord": records.first().map(|record| created(record).to_string()),
                "approximateArrivalOfLastRecord": records.last().map(|record| created(record).to_string()),
                "batchSize": records.len(),
                "streamArn": records.first().and_then(|record| record.get("eventSourceARN")),
            },
        });
        if let Err(error) = self.enqueue(queue, body.to_string(), json!({}), None) {
            tracing::error!("what {} gave up is lost: {error}", mapping.function);
        }
    }
}

fn created(record: &Value) -> Timestamp {
    let second = record.pointer("/dynamodb/ApproximateCreationDateTime").and_then(Value::as_i64).unwrap_or_default();
    Timestamp::from_second(second).unwrap_or_default()
}

/// How many records of a batch are done when these failed: those before the first of them, none if one is not in the batch.
fn first_failed(batch: &[Value], failed: &[String]) -> usize {
    let number = |record: &Value| record.pointer("/dynamodb/SequenceNumber").and_then(Value::as_str).map(str::to_owned);
    let at = |id: &String| batch.iter().position(|record| number(record).as_ref() == Some(id)).unwrap_or(0);
    failed.iter().map(at).min().unwrap_or(batch.len())
}

/// Another order, in which the records of one item keep theirs, as a stream of several shards may give.
fn reordered(records: Vec<Value>) -> Vec<Value> {
    let mut groups: Vec<(Value, VecDeque<Value>)> = Vec::new();
    for record in records {
        let keys = record.pointer("/dynamodb/Keys").cloned().unwrap_or_default();
        match groups.iter_mut().find(|(own, _)| *own == keys) {
            Some((_, group)) => group.push_back(record),
            None => groups.push((keys, VecDeque::from([record]))),
        }
    }
    groups.into_iter().rev().flat_map(|(_, group)| group).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(key: &str, number: u32) -> Value {
        json!({"dynamodb": {"Keys": {"pk": {"S": key}}, "SequenceNumber": number.to_string()}})
    }

    #[test]
    fn reordering_keeps_each_item_in_order() {
        let order: Vec<Value> = reordered(vec![record("a", 1), record("b", 2), record("a", 3)]);
        assert_eq!(order, [record("b", 2), record("a", 1), record("a", 3)]);
    }

    #[test]
    fn a_batch_is_done_up_to_its_first_failure() {
        let batch = [record("a", 1), record("b", 2), record("c", 3)];
        for (failed, done) in [(vec![], 3), (vec!["3", "2"], 1), (vec!["1"], 0), (vec!["9"], 0)] {
            assert_eq!(first_failed(&batch, &failed.into_iter().map(str::to_owned).collect::<Vec<_>>()), done);
        }
    }
}
