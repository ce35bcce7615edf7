//! The version that an outside system gives an object.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The version of one object in its source: an integer or an instant, ordered within that object. An instant is newer than
/// every integer, so that a source may begin with numbers and go over to instants, not back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(untagged)]
pub enum SourceVersion {
    /// A counter, zero or more.
    Number(u64),
    /// An instant, to the nanosecond.
    Instant(Timestamp),
}

impl SourceVersion {
    /// A text whose byte order is the order of versions, for keys and write conditions.
    pub fn sortable(&self) -> String {
        match self {
            Self::Number(number) => format!("n{number:020}"),
            Self::Instant(at) => format!("t{at:.9}"),
        }
    }
}

impl fmt::Display for SourceVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Instant(at) => write!(f, "{at}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sorts_as_it_orders() {
        let at = |text: &str| SourceVersion::Instant(text.parse().expect("an instant"));
        let sorted = [
            SourceVersion::Number(9),
            SourceVersion::Number(10),
            at("2026-01-01T00:00:45Z"),
            at("2026-01-01T00:00:45.5Z"),
            at("2026-01-01T00:00:46Z"),
        ];
        assert!(sorted.windows(2).all(|pair| pair[0] < pair[1] && pair[0].sortable() < pair[1].sortable()));
    }
}
