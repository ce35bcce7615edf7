//! What a payment provider has to tell.

use bytes::Bytes;
use jiff::Timestamp;

/// An event, as the provider tells it. It is signed when it is delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentEvent {
    /// Whose account.
    pub account: String,
    /// The basket that it is about; empty where the seller named none.
    pub basket: String,
    /// The event's own id, the same in every delivery.
    pub event: String,
    /// Its type: `checkout.session.completed`, `payments.confirmed`.
    pub kind: String,
    /// When it happened.
    pub at: Timestamp,
    /// The body, to be sent byte for byte.
    pub body: Bytes,
}
