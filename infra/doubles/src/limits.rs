//! How often one may ask, by the clock that was handed in.

use std::collections::{HashMap, VecDeque};

use jiff::{SignedDuration, Timestamp};

/// At most `max` requests within any stretch of time, for each key.
pub struct Window {
    max: usize,
    length: SignedDuration,
    asked: HashMap<String, VecDeque<Timestamp>>,
}

impl Window {
    pub fn new(max: usize, length: SignedDuration) -> Self {
        Self { max, length, asked: HashMap::new() }
    }

    /// Changes how many may be asked; what was asked stays counted.
    pub fn allow(&mut self, max: usize) {
        self.max = max;
    }

    /// How many are left.
    pub fn left(&mut self, key: &str, now: Timestamp) -> usize {
        let length = self.length;
        let asked = self.asked.entry(key.to_owned()).or_default();
        while asked.front().is_some_and(|first| now.duration_since(*first) >= length) {
            asked.pop_front();
        }
        self.max.saturating_sub(asked.len())
    }

    /// Seconds until one may ask again, at least one.
    pub fn wait_s(&mut self, key: &str, now: Timestamp) -> u64 {
        let first = self.asked.get(key).and_then(|asked| asked.front());
        let waits = first.map_or(self.length, |first| self.length - now.duration_since(*first));
        let whole = if waits.subsec_nanos() > 0 { waits.as_secs() + 1 } else { waits.as_secs() };
        u64::try_from(whole).unwrap_or(0).max(1)
    }

    /// Counts a request that is answered.
    pub fn count(&mut self, key: &str, now: Timestamp) {
        self.asked.entry(key.to_owned()).or_default().push_back(now);
    }
}
