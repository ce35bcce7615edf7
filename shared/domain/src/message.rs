//! How a message stands, from its decision to the last word of its provider.

use crate::{PendingStatus, word::stored_words};

stored_words!(
    /// How a message stands: while it is pending, what its record says once it is settled, and then the loudest word of its provider.
    MessageStatus {
        /// It waits for its sender, or its sender has it.
        Queued = "queued",
        /// A sender died after its claim, or got no answer.
        Unknown = "unknown",
        /// The provider took it.
        Sent = "sent",
        /// Shadow mode: it would have been sent.
        Shadow = "shadow",
        /// Nobody ever said whether it was sent: it counts as sent, and a person was asked.
        InDoubt = "in_doubt",
        /// The provider refused it for good.
        Failed = "failed",
        /// There was no longer a reason to send it.
        Superseded = "superseded",
        /// A rule of the guard forbade it.
        Blocked = "blocked",
        /// It came back for now: nothing is proven.
        BouncedForNow = "bounced_for_now",
        /// It arrived.
        Delivered = "delivered",
        /// It came back for good.
        Bounced = "bounced",
        /// The provider refused it after it had taken it.
        Rejected = "rejected",
        /// The provider could not make it from its parts.
        RenderingFailed = "rendering_failed",
        /// Its reader complained.
        Complained = "complained",
    }
);

impl MessageStatus {
    /// How a message stands that is not settled, as people are told: what lasts for seconds is not told.
    pub fn of_pending(status: PendingStatus) -> Self {
        match status {
            PendingStatus::Queued | PendingStatus::Retrying | PendingStatus::Calling => Self::Queued,
            PendingStatus::Unknown => Self::Unknown,
            PendingStatus::Later(word) => Self::Later(word),
        }
    }
}
