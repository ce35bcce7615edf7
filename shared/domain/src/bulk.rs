//! One action on many customers: where it stands as a whole.

use crate::word::stored_words;

stored_words!(
    /// Where an action on many customers stands.
    BulkStage {
        /// It is looked for whom it would be done with.
        Planning = "planning",
        /// It is known with whom it would be done. Nothing is done yet, and of a dry run nothing will be.
        Planned = "planned",
        /// It is done, customer by customer.
        Running = "running",
        /// It came to its end.
        Done = "done",
        /// It is undone, customer by customer.
        Undoing = "undoing",
        /// What could be undone of it is.
        Undone = "undone",
    }
);
