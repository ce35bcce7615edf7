//! Long work: where a job stands.

use crate::word::stored_words;

stored_words!(
    /// Where a job stands.
    JobStatus {
        /// It waits for somebody to take it up.
        Queued = "queued",
        /// It is worked on, or waits for its next slice.
        Running = "running",
        /// It ended, and has a result.
        Done = "done",
        /// It could not be done.
        Failed = "failed",
        /// A person cancelled it; what was done until then stays done.
        Cancelled = "cancelled",
    }
);

impl JobStatus {
    /// Whether there is still something to do. What a later release says of it is not ours to go on with.
    pub fn is_under_way(self) -> bool {
        match self {
            Self::Queued | Self::Running => true,
            Self::Done | Self::Failed | Self::Cancelled | Self::Later(_) => false,
        }
    }
}
