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
