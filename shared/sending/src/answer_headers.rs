//! The headers of a mail by which answers to it find their way.

use channels::Thread;

/// The headers by which answers find their way.
#[derive(Clone, Debug, Default)]
pub(crate) struct AnswersTo {
    pub(crate) reply_to: Vec<String>,
    pub(crate) thread: Thread,
}

impl AnswersTo {
    /// Whether the mail names the portal link of its address, for answers.
    pub(crate) fn has_a_mark(&self) -> bool {
        !self.thread.references.is_empty()
    }
}
