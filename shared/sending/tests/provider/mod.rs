//! A provider that answers as it is told.

use std::{collections::VecDeque, sync::Mutex};

use async_trait::async_trait;
use channels::{Accepted, Outgoing, SendError};

/// A provider that answers as it is told, and notes what it was given.
#[derive(Default)]
pub struct Provider {
    /// What it answers next; that it took a message where nothing is told.
    pub answers: Mutex<VecDeque<Result<Accepted, SendError>>>,
    /// What it was given, in order.
    pub taken: Mutex<Vec<Outgoing>>,
}

#[async_trait]
impl channels::ChannelClient for Provider {
    async fn send(&self, outgoing: &Outgoing) -> Result<Accepted, SendError> {
        self.taken.lock().unwrap().push(outgoing.clone());
        let told = self.answers.lock().unwrap().pop_front();
        told.unwrap_or_else(|| Ok(Accepted { provider_id: "p-1".to_owned() }))
    }
}
