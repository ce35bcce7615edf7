//! How many webhooks a minute are taken from one tenant's source.
//!
//! Counted in this environment only, because a count in the table would cost a write a request. So a source is never refused
//! below its rate, and a function that runs in N environments at once takes at most N times the rate.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use domain::TenantId;
use jiff::Timestamp;

/// Counters that are kept at most; beyond it those of past minutes go.
const COUNTERS_MAX: usize = 1_000;

/// The counters of this environment.
#[derive(Default)]
pub struct Rate(Mutex<HashMap<(TenantId, &'static str), Minute>>);

struct Minute {
    number: i64,
    count: u32,
}

impl Rate {
    /// Whether there is room for one more. It counts nothing: that is done once it is known that a request is new.
    ///
    /// # Errors
    ///
    /// The seconds until the next minute, when this one is used up.
    pub fn room(&self, tenant: &TenantId, source: &'static str, limit: u32, now: Timestamp) -> Result<(), u32> {
        let (number, second) = minute_of(now);
        let counters = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let counted = counters.get(&(tenant.clone(), source)).filter(|minute| minute.number == number);
        let is_used_up = counted.map_or(0, |minute| minute.count) >= limit;
        if is_used_up { Err(u32::try_from(60 - second).unwrap_or(60)) } else { Ok(()) }
    }

    /// Counts a request.
    pub fn count(&self, tenant: &TenantId, source: &'static str, now: Timestamp) {
        let (number, _) = minute_of(now);
        let mut counters = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if counters.len() >= COUNTERS_MAX {
            counters.retain(|_, minute| minute.number == number);
        }
        let minute = counters.entry((tenant.clone(), source)).or_insert(Minute { number, count: 0 });
        if minute.number != number {
            *minute = Minute { number, count: 0 };
        }
        minute.count = minute.count.saturating_add(1);
    }
}

/// The minute of an instant, and the second in it.
fn minute_of(now: Timestamp) -> (i64, i64) {
    let second = now.as_second();
    (second.div_euclid(60), second.rem_euclid(60))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_is_used_up_and_the_next_is_not() {
        let rate = Rate::default();
        let tenant = TenantId::parse("acme").unwrap();
        let at = |second: i64| Timestamp::from_second(1_767_600_000 + second).unwrap();
        // (second, source, what is answered) at two a minute
        let steps = [
            (0, "canonical", Ok(())),
            (10, "canonical", Ok(())),
            (15, "canonical", Err(45)),
            (15, "stripe", Ok(())),
            (59, "canonical", Err(1)),
            (60, "canonical", Ok(())),
            (119, "canonical", Ok(())),
            (119, "canonical", Err(1)),
        ];
        for (second, source, expected) in steps {
            let room = rate.room(&tenant, source, 2, at(second));
            if room.is_ok() {
                rate.count(&tenant, source, at(second));
            }
            assert_eq!(room, expected, "{source} at {second}");
        }
        // What is not counted takes no room.
        for _ in 0..5 {
            assert_eq!(rate.room(&tenant, "canonical", 1, at(300)), Ok(()));
        }
        assert_eq!(rate.room(&tenant, "canonical", 0, at(600)), Err(60), "a rate of none takes nothing");
    }
}
