//! Why a call on the table did not do what was asked, by what the caller does about it.

/// Why a call on the table did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Something changed meanwhile: read again and decide again.
    #[error("{operation} {id}: changed meanwhile")]
    Conflict {
        /// What was attempted.
        operation: &'static str,
        /// What it was attempted on.
        id: String,
    },
    /// The table is busy: try later.
    #[error("{operation} {id}: throttled")]
    Throttled {
        /// What was attempted.
        operation: &'static str,
        /// What it was attempted on.
        id: String,
    },
    /// It cannot be done; trying again does not help.
    #[error("{operation} {id}: refused: {why}")]
    Refused {
        /// What was attempted.
        operation: &'static str,
        /// What it was attempted on.
        id: String,
        /// Why, with what to do instead.
        why: String,
    },
    /// It is not known whether it was done; everything may run twice, so try again.
    #[error("{operation} {id}: no clear answer")]
    Unknown {
        /// What was attempted.
        operation: &'static str,
        /// What it was attempted on.
        id: String,
        /// What the client saw.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// An item does not read as what its key says.
    #[error("item {key} is corrupt: {detail}")]
    Corrupt {
        /// The item's key.
        key: String,
        /// What is wrong with it.
        detail: String,
    },
}

/// What a call on the table gives.
pub type Result<T> = std::result::Result<T, Error>;
