//! Instants and days as people say them.

use jiff::{Timestamp, civil::Date, tz::TimeZone};

/// An instant where somebody is: `Wednesday 2 December 2026, 09:00 in Oslo`.
pub fn moment(at: Timestamp, zone: &TimeZone) -> String {
    format!("{} {}", at.to_zoned(zone.clone()).strftime("%A %-d %B %Y, %H:%M"), zone_in_words(zone))
}

/// A day: `Wednesday 2 December 2026`.
pub fn day(on: Date) -> String {
    on.strftime("%A %-d %B %Y").to_string()
}

/// The place that a zone is named after: `in Oslo`, `in UTC`.
fn zone_in_words(zone: &TimeZone) -> String {
    let name = zone.iana_name().unwrap_or("UTC");
    let place = name.rsplit('/').next().unwrap_or(name).replace('_', " ");
    format!("in {place}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_said_where_the_person_is() {
        let at: Timestamp = "2026-12-02T08:00:00Z".parse().expect("an instant");
        for (zone, said) in [
            ("Europe/Oslo", "Wednesday 2 December 2026, 09:00 in Oslo"),
            ("America/New_York", "Wednesday 2 December 2026, 03:00 in New York"),
            ("UTC", "Wednesday 2 December 2026, 08:00 in UTC"),
        ] {
            assert_eq!(moment(at, &TimeZone::get(zone).expect("a zone")), said);
        }
        assert_eq!(day("2026-12-02".parse().expect("a date")), "Wednesday 2 December 2026");
    }
}
