//! Counting civil days.

use jiff::{SignedDuration, civil::Date};

/// The hours of a civil day, as [`Date`] counts: it knows no zone.
const DAY_HOURS: i64 = 24;

/// A date some civil days on; the first or last date that there is when it lies beyond.
pub fn add_days(date: Date, days: i64) -> Date {
    let distance = SignedDuration::from_hours(days.clamp(-100_000, 100_000) * DAY_HOURS);
    date.checked_add(distance).unwrap_or(if days < 0 { Date::MIN } else { Date::MAX })
}

/// Calendar days from one date to another; negative when the second lies before.
pub fn days_between(from: Date, to: Date) -> i64 {
    to.duration_since(from).as_hours() / DAY_HOURS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_counted_across_months_and_to_the_ends_of_time() {
        let on = |text: &str| text.parse::<Date>().expect("a date");
        for (from, days, to) in [
            ("2026-02-28", 1, "2026-03-01"),
            ("2028-02-28", 1, "2028-02-29"),
            ("2026-01-01", -1, "2025-12-31"),
            ("2026-03-29", 0, "2026-03-29"),
            ("2026-01-31", 365, "2027-01-31"),
        ] {
            assert_eq!(add_days(on(from), days), on(to));
            assert_eq!(days_between(on(from), on(to)), days);
        }
        assert_eq!(add_days(Date::MAX, 1), Date::MAX);
        assert_eq!(add_days(Date::MIN, -1), Date::MIN);
    }
}
