use store::MessageResult;

/// How the handling of a queued message ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SendOutcome {
    /// It was settled before, or another sender has it, or its time has not come.
    NotMine,
    /// The provider took it.
    Sent,
    /// Shadow mode: it was rendered and recorded, not sent.
    Shadow,
    /// There was no longer a reason to send it.
    Superseded,
    /// A rule of the guard forbids it.
    Blocked,
    /// The guard defers it.
    Deferred,
    /// The provider refused for now.
    Retrying,
    /// The provider refused for good.
    Failed,
    /// It is not known whether the provider took it.
    Unknown,
}

impl SendOutcome {
    pub(crate) fn of(settled: MessageResult) -> Self {
        match settled {
            MessageResult::Sent => Self::Sent,
            MessageResult::Shadow => Self::Shadow,
            MessageResult::Unknown => Self::Unknown,
            MessageResult::Failed => Self::Failed,
            MessageResult::Superseded => Self::Superseded,
            MessageResult::Blocked => Self::Blocked,
        }
    }

    /// The word that metrics, and the answer to a claim, have for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotMine => "not_mine",
            Self::Sent => "sent",
            Self::Shadow => "shadow",
            Self::Superseded => "superseded",
            Self::Blocked => "blocked",
            Self::Deferred => "deferred",
            Self::Retrying => "retrying",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
        }
    }
}
