use std::time::{Duration, Instant, SystemTime};

use jiff::Timestamp;

/// What is left of an invocation's time.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    ends: Instant,
}

impl Budget {
    /// From Lambda's deadline as the clock has it, less a margin to finish in.
    pub fn until(deadline: SystemTime, now: Timestamp, margin: Duration) -> Self {
        let left = deadline.duration_since(SystemTime::from(now)).unwrap_or(Duration::ZERO);
        Self { ends: Instant::now() + left.saturating_sub(margin) }
    }

    /// Whether it is used up.
    pub fn is_over(&self) -> bool {
        Instant::now() >= self.ends
    }
}
