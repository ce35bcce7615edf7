//! How many, and how much.

use serde::{Deserialize, Serialize};

use crate::exact::Sum;

/// A count of things and the sum of their amounts. Both may be negative: what is taken back is counted back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// How many.
    pub count: i64,
    /// How much, minor units.
    pub minor: Sum,
}

impl Tally {
    /// One of an amount.
    pub const fn one(minor: i128) -> Self {
        Self { count: 1, minor: Sum::of(minor) }
    }

    /// Adds another.
    pub fn add(&mut self, other: Self) {
        self.count = self.count.saturating_add(other.count);
        self.minor += other.minor;
    }

    /// The same, counted back.
    #[must_use]
    pub fn back(self) -> Self {
        Self { count: self.count.saturating_neg(), minor: -self.minor }
    }

    /// Whether it counts nothing.
    pub fn is_none(&self) -> bool {
        self.count == 0 && self.minor.is_zero()
    }
}

/// Adds what is counted by key to what is counted by key already; keys of which nothing is left go.
pub(crate) fn add_by_key<K: Ord + Clone>(
    into: &mut std::collections::BTreeMap<K, Tally>,
    other: &std::collections::BTreeMap<K, Tally>,
) {
    for (key, tally) in other {
        into.entry(key.clone()).or_default().add(*tally);
    }
    into.retain(|_, tally| !tally.is_none());
}
