//! Batches of a table's stream: taken apart record by record, and answered by the first that is not done.

use anyhow::{Context, bail};
use serde_json::{Value, json};

/// A batch of a table's stream, taken apart.
#[derive(Debug)]
pub struct StreamBatch<T> {
    /// What was read of its records, each with its position in the batch.
    pub read: Vec<(usize, T)>,
    /// By what number the stream knows each record.
    numbers: Vec<Option<String>>,
}

impl<T> StreamBatch<T> {
    /// Reads each record by itself with `read`, so that one that is malformed spoils no other. One that cannot be read is passed over with an
    /// error in the log, because a shard that waits for it would hold up everything behind it.
    ///
    /// # Errors
    ///
    /// When the payload is no batch of a stream.
    pub fn of(payload: Value, mut read: impl FnMut(Value) -> anyhow::Result<T>) -> anyhow::Result<Self> {
        let Value::Object(mut payload) = payload else { bail!("the payload is no batch of a stream") };
        let Some(Value::Array(records)) = payload.remove("Records") else { bail!("the payload is no batch of a stream") };
        let mut batch = Self { read: Vec::with_capacity(records.len()), numbers: Vec::with_capacity(records.len()) };
        for (at, record) in records.into_iter().enumerate() {
            let number = sequence_number(&record);
            match read(record) {
                Ok(said) => batch.read.push((at, said)),
                Err(error) => {
                    let (number, error) = (number.as_deref().unwrap_or("unknown"), format!("{error:#}"));
                    tracing::error!(sequence.number = number, error, "a record of the stream cannot be read and is passed over");
                }
            }
            batch.numbers.push(number);
        }
        Ok(batch)
    }

    /// The answer to the batch: all is done, or the first record that is not, by its position, and why. The stream brings that one and all
    /// after it again.
    ///
    /// # Errors
    ///
    /// When the stream knows that record by no number.
    pub fn answer(&self, failed: Option<(usize, &str)>) -> anyhow::Result<Value> {
        let Some((at, reason)) = failed else { return Ok(json!({ "batchItemFailures": [] })) };
        let number = self.numbers.get(at).and_then(Option::as_deref);
        let number = number.with_context(|| format!("a record without a number is not done: {reason}"))?;
        tracing::warn!(sequence.number = number, reason, "a record of the stream is not done; the stream brings it again");
        Ok(json!({ "batchItemFailures": [{ "itemIdentifier": number }] }))
    }
}

/// The number by which the stream knows a record, read without reading the rest.
pub fn sequence_number(record: &Value) -> Option<String> {
    record.pointer("/dynamodb/SequenceNumber")?.as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch(payload: Value) -> anyhow::Result<StreamBatch<u64>> {
        StreamBatch::of(payload, |record| record["says"].as_u64().context("it says nothing"))
    }

    #[test]
    fn a_record_that_cannot_be_read_spoils_no_other() {
        let record = |number: &str, says: Value| json!({"dynamodb": {"SequenceNumber": number}, "says": says});
        let records = json!([record("1", json!(10)), record("2", json!("what")), {"says": 30}, 7, record("5", json!(50))]);
        let batch = batch(json!({ "Records": records })).expect("a batch");
        assert_eq!(batch.read, [(0, 10), (2, 30), (4, 50)]);
        assert_eq!(batch.answer(None).expect("done"), json!({"batchItemFailures": []}));
        for (failed, number) in [(0, Some("1")), (1, Some("2")), (2, None), (4, Some("5")), (9, None)] {
            let expected = number.map(|number| json!({"batchItemFailures": [{"itemIdentifier": number}]}));
            assert_eq!(batch.answer(Some((failed, "busy"))).ok(), expected, "{failed}");
        }
    }

    #[test]
    fn what_is_no_batch_is_refused() {
        for payload in [json!(null), json!([]), json!({}), json!({"Records": {}}), json!({"records": []})] {
            assert!(batch(payload.clone()).is_err(), "{payload}");
        }
        assert!(batch(json!({"Records": []})).expect("an empty one").read.is_empty());
    }
}
