//! What became of a webhook that a source sent.

use crate::word::stored_words;

stored_words!(
    /// What became of a webhook.
    WebhookFate {
        /// Something changed by it.
        Applied = "applied",
        /// All that it says was known already, or is older than what is known.
        Stale = "stale",
        /// It points at objects, which are read back from the books.
        Noted = "noted",
        /// It is kept for a person: a task says why.
        Parked = "parked",
        /// It was refused: the document is wrong by itself, and nothing of it is kept.
        Refused = "refused",
    }
);
