//! The version that an outside system gives an object.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{InvoiceId, PaymentId};

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

/// An object of a customer's that has a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VersionOf {
    /// The customer's own description.
    Customer,
    /// An invoice.
    Invoice(InvoiceId),
    /// A payment.
    Payment(PaymentId),
}

/// How far ahead of our clock an instant may be. One that is further ahead is a mistake: everything true that came later would be older.
pub const AHEAD_MAX: SignedDuration = SignedDuration::from_hours(24);

impl SourceVersion {
    /// What a person resets a version to: everything that its source says from then on is newer.
    pub const RESET: Self = Self::Number(0);

    /// Whether it is an instant more than [`AHEAD_MAX`] after `now`. Numbers have no time: which is too great only their source knows.
    pub fn is_ahead(&self, now: Timestamp) -> bool {
        match self {
            Self::Number(_) => false,
            Self::Instant(at) => at.duration_since(now) > AHEAD_MAX,
        }
    }

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
    fn instants_more_than_a_day_ahead() {
        let at = |text: &str| text.parse::<Timestamp>().expect("an instant");
        let now = at("2026-01-05T08:00:00Z");
        for (version, ahead) in [
            (SourceVersion::Number(u64::MAX), false),
            (SourceVersion::Instant(at("2020-01-01T00:00:00Z")), false),
            (SourceVersion::Instant(at("2026-01-06T08:00:00Z")), false),
            (SourceVersion::Instant(at("2026-01-06T08:00:00.000000001Z")), true),
            (SourceVersion::Instant(at("2199-12-31T23:59:59Z")), true),
        ] {
            assert_eq!(version.is_ahead(now), ahead, "{version}");
        }
    }

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
