//! Counting civil days.

use jiff::{SignedDuration, ToSpan, civil::Date};

/// The hours of a civil day, as [`Date`] counts: it knows no zone.
const DAY_HOURS: i64 = 24;

/// The months between the first and the last date that there is, nearly: more lead beyond either.
const MONTHS_MAX: i32 = 239_976;

/// A date some civil days on; the first or last date that there is when it lies beyond.
pub fn add_days(date: Date, days: i64) -> Date {
    let distance = SignedDuration::from_hours(days.clamp(-100_000, 100_000) * DAY_HOURS);
    date.checked_add(distance).unwrap_or(if days < 0 { Date::MIN } else { Date::MAX })
}

/// A date some calendar months on: the same day of that month, or its last where it has no such day. The first or last date
/// that there is when it lies beyond.
pub fn add_months(date: Date, months: i32) -> Date {
    let beyond = if months < 0 { Date::MIN } else { Date::MAX };
    date.checked_add(months.clamp(-MONTHS_MAX, MONTHS_MAX).months()).unwrap_or(beyond)
}

/// Calendar days from one date to another; negative when the second lies before.
pub fn days_between(from: Date, to: Date) -> i64 {
    to.duration_since(from).as_hours() / DAY_HOURS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_end_where_they_end() {
        let on = |text: &str| text.parse::<Date>().expect("a date");
        for (from, months, to, end) in [
            ("2026-01-15", 1, "2026-02-15", "2026-02-28"),
            ("2026-01-31", 1, "2026-02-28", "2026-02-28"),
            ("2026-01-29", 1, "2026-02-28", "2026-02-28"),
            ("2028-01-31", 1, "2028-02-29", "2028-02-29"),
            ("2028-02-29", 12, "2029-02-28", "2029-02-28"),
            ("2028-02-29", 48, "2032-02-29", "2032-02-29"),
            ("2096-02-29", 48, "2100-02-28", "2100-02-28"),
            ("2026-02-28", 1, "2026-03-28", "2026-03-31"),
            ("2026-03-31", -1, "2026-02-28", "2026-02-28"),
            ("2026-03-31", 1, "2026-04-30", "2026-04-30"),
            ("2026-12-31", 2, "2027-02-28", "2027-02-28"),
            ("2026-01-31", -2, "2025-11-30", "2025-11-30"),
            ("2026-04-30", 0, "2026-04-30", "2026-04-30"),
            ("2026-04-01", 0, "2026-04-01", "2026-04-30"),
        ] {
            assert_eq!(add_months(on(from), months), on(to), "{from} {months}");
            assert_eq!(add_months(on(from), months).last_of_month(), on(end), "{from} {months}");
        }
        assert_eq!(add_months(on("2026-01-31"), i32::MAX), Date::MAX);
        assert_eq!(add_months(on("2026-01-31"), i32::MIN), Date::MIN);
    }

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
