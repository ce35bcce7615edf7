use anyhow::Context;
use aws_lambda_events::sqs::SqsEvent;
use futures::FutureExt;
use kit::Queued;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{Sender, queued::QueuedMessage};

/// The envelope that EventBridge puts around it.
#[derive(Deserialize)]
struct Envelope {
    detail: Queued<QueuedMessage>,
}

impl Sender {
    /// Sends a batch of queued messages, one after the other, and answers which of them the queue shall deliver again.
    ///
    /// # Errors
    ///
    /// When the event is no batch of a queue at all.
    pub async fn batch(&self, event: Value) -> anyhow::Result<Value> {
        let batch: SqsEvent = serde_json::from_value(event).context("the event is not a batch from a queue")?;
        let mut failures = Vec::new();
        for record in batch.records {
            let body = record.body.as_deref().unwrap_or_default();
            let ended = match serde_json::from_str::<Envelope>(body) {
                // Boxed: all that sending awaits is more than the compiler lays out in one.
                Ok(envelope) => self.send(&envelope.detail.content).boxed().await.map_err(anyhow::Error::from),
                Err(error) => Err(anyhow::Error::from(error).context("the message in the queue cannot be read")),
            };
            match ended {
                Ok(ended) => tracing::info!(ended = ?ended, "message handled"),
                Err(error) => {
                    tracing::warn!(error = format!("{error:#}"), "message given back to the queue");
                    failures.push(json!({ "itemIdentifier": record.message_id }));
                }
            }
        }
        Ok(json!({ "batchItemFailures": failures }))
    }
}
