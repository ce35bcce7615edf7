//! Sends one email message for each order in its queue.

use std::sync::Arc;

use kit::{Clients, Clock, Env};
use lambda_runtime::{Error, LambdaEvent};
use serde_json::Value;

/// The function.
pub struct Handler(sending::Sender);

impl Handler {
    /// Builds the clients that it uses.
    ///
    /// # Errors
    ///
    /// When a variable is missing.
    pub fn new(env: &Env, clients: &Clients, clock: Clock) -> anyhow::Result<Self> {
        let channel = channels::Ses::new(&clients.sdk, env.get("CONFIGURATION_SET").map(str::to_owned));
        Ok(Self(sending::Sender::new(env, clients, clock, Arc::new(channel))?))
    }

    /// Handles a batch of orders; answers which of them the queue shall deliver again.
    ///
    /// # Errors
    ///
    /// When the event is no batch of a queue.
    pub async fn handle(&self, event: LambdaEvent<Value>) -> Result<Value, Error> {
        Ok(self.0.batch(event.payload).await?)
    }
}
