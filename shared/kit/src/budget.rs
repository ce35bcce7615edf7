use std::time::{Duration, Instant};

/// What is left of an invocation's time.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    ends: Instant,
}

impl Budget {
    /// From Lambda's deadline, less a margin to finish in.
    #[expect(clippy::disallowed_methods, reason = "the deadline is one of the wall clock, whatever time the rules go by")]
    pub fn until(deadline: std::time::SystemTime, margin: Duration) -> Self {
        let left = deadline.duration_since(std::time::SystemTime::now()).unwrap_or(Duration::ZERO);
        Self { ends: Instant::now() + left.saturating_sub(margin) }
    }

    /// Whether it is used up.
    pub fn is_over(&self) -> bool {
        Instant::now() >= self.ends
    }
}
