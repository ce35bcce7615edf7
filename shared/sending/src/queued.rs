//! What the queue says of a message.

use domain::{CustomerId, MessageId, ServiceMailId, TenantId};
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

/// A service mail to send: the ids that `ServiceMailRequested` carries.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct QueuedServiceMail {
    /// Whose.
    pub tenant: TenantId,
    /// To whom of which customer.
    pub customer: CustomerId,
    /// Which.
    pub mail: ServiceMailId,
}
