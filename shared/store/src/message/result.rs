//! How a sender's attempt ended.

use domain::{MessageStatus, Outcome};

/// How a sender's attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageResult {
    /// The provider took it.
    Sent,
    /// Shadow mode: it would have been sent.
    Shadow,
    /// It is not known whether the provider took it.
    Unknown,
    /// The provider refused it for good: the step is open again, by another way.
    Failed,
    /// There is no longer a reason to send it.
    Superseded,
    /// A rule of the guard forbids it.
    Blocked,
}

impl MessageResult {
    /// How the message stands then.
    pub fn status(self) -> MessageStatus {
        match self {
            Self::Sent => MessageStatus::Sent,
            Self::Shadow => MessageStatus::Shadow,
            Self::Unknown => MessageStatus::Unknown,
            Self::Failed => MessageStatus::Failed,
            Self::Superseded => MessageStatus::Superseded,
            Self::Blocked => MessageStatus::Blocked,
        }
    }

    /// What the steps that it covers came to; none where it bears no coverage.
    pub fn outcome(self) -> Option<Outcome> {
        match self {
            Self::Sent | Self::Shadow => Some(Outcome::Sent),
            Self::Unknown => Some(Outcome::Unknown),
            Self::Failed => Some(Outcome::Undelivered),
            Self::Superseded | Self::Blocked => None,
        }
    }
}
