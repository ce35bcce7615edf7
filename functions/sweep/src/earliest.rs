//! The earlier of two moments that may not come.

use jiff::Timestamp;

/// The earlier of two; the other where one never comes.
pub fn earliest(a: Option<Timestamp>, b: Option<Timestamp>) -> Option<Timestamp> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (one, None) | (None, one) => one,
    }
}
