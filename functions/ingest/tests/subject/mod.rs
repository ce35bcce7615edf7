//! The function under test with a tenant that is connected to every source.
#![allow(dead_code, reason = "each suite uses its own part")]

use serde_json::{Value, json};
use testbed::aws::{Aws, event};

use crate::sender::{CANONICAL_SECRET, STRIPE_SECRET, canonical, stripe};

pub struct Subject {
    pub aws: Aws,
    pub ingest: ingest::Handler,
}

/// An answer: status, headers, body.
pub struct WebhookAnswer {
    pub status: i64,
    pub retry_after: Option<String>,
    pub body: Value,
}

impl WebhookAnswer {
    pub fn kind(&self) -> &str {
        self.body["type"].as_str().unwrap_or_default().rsplit('/').next().unwrap_or_default()
    }
    pub fn result(&self) -> &str {
        self.body["result"].as_str().unwrap_or_default()
    }
    pub fn pointers(&self) -> Vec<&str> {
        self.body["errors"].as_array().into_iter().flatten().filter_map(|error| error["pointer"].as_str()).collect()
    }
}

impl Subject {
    pub async fn start() -> Self {
        let aws = Aws::start().await;
        for (source, secret) in [("canonical", CANONICAL_SECRET), ("stripe", STRIPE_SECRET)] {
            aws.vault.put_connection(&aws.tenant, source, secret.as_bytes(), &json!({}), None, None).await.unwrap();
        }
        let ingest = ingest::Handler::new(&aws.env, &aws.clients, aws.clock.clone()).unwrap();
        Self { aws, ingest }
    }

    pub async fn send(&self, payload: Value) -> WebhookAnswer {
        let response = self.ingest.handle(event(payload)).await.unwrap();
        let retry_after = response["headers"]["retry-after"].as_str().map(str::to_owned);
        let body = serde_json::from_str(response["body"].as_str().unwrap_or("null")).unwrap();
        WebhookAnswer { status: response["statusCode"].as_i64().unwrap(), retry_after, body }
    }

    /// A canonical document, signed now.
    pub async fn document(&self, id: &str, body: &[u8]) -> WebhookAnswer {
        self.send(canonical("acme", id, self.aws.now().as_second(), body)).await
    }

    /// A Stripe event, signed now.
    pub async fn stripe(&self, event: &Value) -> WebhookAnswer {
        self.send(stripe("acme", self.aws.now().as_second(), &serde_json::to_vec(event).unwrap())).await
    }

    /// Whether nothing was written since the connections were.
    pub async fn is_untouched(&self) -> bool {
        let due = self.aws.store.due(&self.aws.tenant, 0, None, 10, None).await.unwrap();
        due.entries.is_empty() && self.aws.tasks().await.is_empty()
    }
}
