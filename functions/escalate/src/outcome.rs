//! How a call ended by which people were to be told.

/// How a call ended. The texts hold no address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Whoever was called took it.
    Took,
    /// It did nothing, and may be asked again.
    Later {
        /// Seconds that it asked for.
        after_s: Option<u64>,
        /// Why.
        why: String,
    },
    /// It said no, and would say so again.
    Refused {
        /// Why.
        why: String,
    },
    /// Nobody knows whether it took it.
    Unknown {
        /// Why.
        why: String,
    },
    /// Nobody was called, and nobody will be by this way.
    Never {
        /// Why.
        why: String,
    },
}

impl Outcome {
    /// For metrics.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Took => "done",
            Self::Later { .. } => "later",
            Self::Refused { .. } => "refused",
            Self::Unknown { .. } => "unknown",
            Self::Never { .. } => "blocked",
        }
    }
}
