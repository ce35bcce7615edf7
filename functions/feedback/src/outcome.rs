//! What came of one record of a queue.

/// What came of one record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FeedbackOutcome {
    /// It changed, or confirmed, what is known.
    Noted,
    /// It is none of our business.
    Ignored,
    /// A person looks at it.
    Raised,
    /// Nobody's work list can hold it: it is in the log, as an error.
    Logged,
}

impl FeedbackOutcome {
    /// For metrics.
    pub fn word(self) -> &'static str {
        match self {
            Self::Noted => "noted",
            Self::Ignored => "ignored",
            Self::Raised => "raised",
            Self::Logged => "logged",
        }
    }
}
