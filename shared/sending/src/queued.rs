//! What the queue says of a message.

use domain::{CustomerId, MessageId, TenantId};
use serde::Deserialize;

/// A message to send: the ids that `MessageQueued` carries.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct QueuedMessage {
    /// Whose.
    pub tenant: TenantId,
    /// To which customer.
    pub customer: CustomerId,
    /// Which message.
    pub message: MessageId,
}

/// A test message to send: the ids that `TestMessageRequested` carries.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct QueuedTest {
    /// Whose.
    pub tenant: TenantId,
    /// Which.
    pub test: String,
}
