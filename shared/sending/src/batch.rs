use anyhow::Context;
use aws_lambda_events::sqs::SqsEvent;
use futures::FutureExt;
use kit::Queued;
use serde::Deserialize;
use serde_json::{Value, json};
use store::BusKind;

use crate::{
    Sender,
    queued::{QueuedMessage, QueuedServiceMail, QueuedTest},
};

/// The envelope that EventBridge puts around it.
#[derive(Deserialize)]
struct Envelope {
    #[serde(rename = "detail-type", default)]
    kind: String,
    detail: Value,
}

/// What is to be sent.
enum Wanted {
    Message(QueuedMessage),
    Test(QueuedTest),
    ServiceMail(QueuedServiceMail),
}

fn wanted(body: &str) -> serde_json::Result<Wanted> {
    let Envelope { kind, detail } = serde_json::from_str(body)?;
    if kind == BusKind::TestMessageRequested.as_str() {
        return Ok(Wanted::Test(serde_json::from_value::<Queued<QueuedTest>>(detail)?.content));
    }
    if kind == BusKind::ServiceMailRequested.as_str() {
        return Ok(Wanted::ServiceMail(serde_json::from_value::<Queued<QueuedServiceMail>>(detail)?.content));
    }
    Ok(Wanted::Message(serde_json::from_value::<Queued<QueuedMessage>>(detail)?.content))
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
            let ended = match wanted(body) {
                // Boxed: all that sending awaits is more than the compiler lays out in one.
                Ok(Wanted::Message(queued)) => self.send(&queued).boxed().await.map(Some).map_err(anyhow::Error::from),
                Ok(Wanted::Test(queued)) => self.send_test(&queued).boxed().await.map(|()| None).map_err(anyhow::Error::from),
                Ok(Wanted::ServiceMail(queued)) => {
                    self.send_service_mail(&queued).boxed().await.map(|()| None).map_err(anyhow::Error::from)
                }
                Err(error) => Err(anyhow::Error::from(error).context("the message in the queue cannot be read")),
            };
            match ended {
                Ok(Some(ended)) => tracing::info!(ended = ?ended, "message handled"),
                Ok(None) => {}
                Err(error) => {
                    tracing::warn!(error = format!("{error:#}"), "message given back to the queue");
                    failures.push(json!({ "itemIdentifier": record.message_id }));
                }
            }
        }
        Ok(json!({ "batchItemFailures": failures }))
    }
}
