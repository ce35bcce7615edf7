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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_the_time_to_the_deadline_less_the_margin() {
        let now = Timestamp::from_second(1_767_600_000).expect("an instant");
        for (left_s, margin_s, is_over) in [(3_600, 30, false), (40, 30, false), (30, 30, true), (10, 30, true), (-5, 0, true)] {
            let deadline = SystemTime::from(now + jiff::SignedDuration::from_secs(left_s));
            let budget = Budget::until(deadline, now, Duration::from_secs(margin_s));
            assert_eq!(budget.is_over(), is_over, "{left_s} s left, {margin_s} s of margin");
        }
    }
}
