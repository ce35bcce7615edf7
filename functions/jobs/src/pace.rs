//! Writes a second: so many and no more, so that an import leaves the table room for everything else.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// A bucket of write units that fills by so many a second and holds as many.
///
/// By hand instead of `governor`: it is one instant and a sum, and a slice waits at most for its own time.
#[derive(Debug)]
pub struct WritePace {
    per_second: u32,
    /// When everything that was taken will have been filled in again.
    paid_until: Mutex<Instant>,
}

impl WritePace {
    /// So many a second, at least one.
    pub fn new(per_second: u32) -> Self {
        Self { per_second: per_second.max(1), paid_until: Mutex::new(Instant::now()) }
    }

    /// How many a second.
    pub fn per_second(&self) -> u32 {
        self.per_second
    }

    /// Takes units, and waits until there is room for them.
    pub async fn take(&self, units: u32) {
        let wait = self.wait(units, Instant::now());
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
    }

    /// Takes units at an instant; says how long to wait.
    fn wait(&self, units: u32, now: Instant) -> Duration {
        let micros = u64::from(units) * 1_000_000 / u64::from(self.per_second);
        let mut paid_until = self.paid_until.lock().unwrap_or_else(PoisonError::into_inner);
        *paid_until = (*paid_until).max(now) + Duration::from_micros(micros);
        // A second's worth may be taken ahead.
        paid_until.saturating_duration_since(now + Duration::from_secs(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_may_be_taken_ahead_and_no_more() {
        let pace = WritePace::new(100);
        let now = Instant::now();
        assert_eq!(pace.wait(100, now), Duration::ZERO);
        assert_eq!(pace.wait(50, now), Duration::from_millis(500));
        assert_eq!(pace.wait(0, now + Duration::from_secs(1)), Duration::ZERO);
        assert_eq!(pace.wait(100, now + Duration::from_secs(10)), Duration::ZERO);
    }
}
