//! Why something was not done.

/// Why something was not done; the text says how to put it right.
#[derive(Debug, thiserror::Error)]
pub enum NotDone {
    /// Who asked may not.
    #[error("{0}")]
    NotAllowed(String),
    /// There is no such thing.
    #[error("{0}")]
    NotFound(String),
    /// It cannot be done as things are, however often it is asked for.
    #[error("{0}")]
    Conflict(String),
    /// Something came in between, or failed for the moment: it may be asked for again.
    #[error("{0}")]
    Changed(String),
    /// It is at this revision, and another was named; 0 where there is nothing yet.
    #[error("it is at revision {0}")]
    Stale(u64),
    /// What was given is wrong: a JSON pointer and a sentence for each field.
    #[error("fields are wrong: {}", .0.iter().map(|(pointer, _)| pointer.as_str()).collect::<Vec<_>>().join(", "))]
    Fields(Vec<(String, String)>),
    /// The cursor is not the one that this list, with these filters in this order, gave this tenant.
    #[error("the cursor is not one that this list gave")]
    Cursor,
    /// The table.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl NotDone {
    /// One wrong field.
    pub fn field(pointer: &str, detail: impl Into<String>) -> Self {
        Self::Fields(vec![(pointer.to_owned(), detail.into())])
    }
}

/// What an operation gives.
pub type Done<T> = Result<T, NotDone>;
