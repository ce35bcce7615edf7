//! The two generated tables, read in place: lines sorted by their fields, found by bisection, nothing allocated.
//!
//! `infra/holidays` writes them and tells where they come from.

use jiff::civil::Date;

/// `DE-BE 2026 0308 ...`: public holidays as month and day; a region's lines hold what it adds to its country's.
const HOLIDAYS: &str = include_str!("holidays.txt");

/// `US-FL America/New_York America/Chicago`: the zones of a country or region.
const ZONES: &str = include_str!("zones.txt");

/// First and last year of the holiday table.
const YEARS: std::ops::RangeInclusive<i16> = 2026..=2031;

/// Whether the holiday table says anything of that year.
pub(super) fn covers(date: Date) -> bool {
    YEARS.contains(&date.year())
}

/// The names of the zones of a country, or of its region; `None` when the table has no such place.
pub(super) fn zones(country: &str, region: Option<&str>) -> Option<std::str::SplitAsciiWhitespace<'static>> {
    let rest = find(ZONES, |place, _| place.cmp(&(country, region.unwrap_or(""))))?;
    Some(rest.split_ascii_whitespace())
}

/// Whether `date` is a public holiday in the whole country (no region) or besides in that region.
pub(super) fn is_holiday(country: &str, region: Option<&str>, date: Date) -> bool {
    if !covers(date) {
        return false;
    }
    let days = find(HOLIDAYS, |place, rest| {
        let year = rest.get(..4).and_then(|year| year.parse().ok()).unwrap_or(0);
        place.cmp(&(country, region.unwrap_or(""))).then(year.cmp(&date.year()))
    });
    let month_day = i32::from(date.month()) * 100 + i32::from(date.day());
    days.is_some_and(|days| days.split_ascii_whitespace().skip(1).any(|day| day.parse() == Ok(month_day)))
}

/// Whether public holidays of the country are known.
pub(super) fn has_holidays(country: &str) -> bool {
    find(HOLIDAYS, |place, _| place.cmp(&(country, ""))).is_some()
}

/// A line's fields after the place, where `order` of its place and fields is equal.
fn find(table: &'static str, order: impl Fn((&str, &str), &str) -> std::cmp::Ordering) -> Option<&'static str> {
    let (mut low, mut high) = (0, table.len());
    while low < high {
        let middle = low + (high - low) / 2;
        let start = table[..middle].rfind('\n').map_or(0, |at| at + 1);
        let end = table[middle..].find('\n').map_or(table.len(), |at| middle + at);
        let (place, rest) = table[start..end].split_once(' ').unwrap_or((&table[start..end], ""));
        match order(place.split_once('-').unwrap_or((place, "")), rest) {
            std::cmp::Ordering::Less => low = end + 1,
            std::cmp::Ordering::Greater => high = start,
            std::cmp::Ordering::Equal => return Some(rest),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bisection finds a line only where the lines are sorted as it compares them.
    #[test]
    fn tables_are_sorted_and_ascii() {
        for table in [HOLIDAYS, ZONES] {
            assert!(table.is_ascii() && table.ends_with('\n'));
            let keys: Vec<(&str, &str, &str)> = table
                .lines()
                .map(|line| {
                    let (place, rest) = line.split_once(' ').unwrap();
                    let (country, region) = place.split_once('-').unwrap_or((place, ""));
                    (country, region, &rest[..4])
                })
                .collect();
            assert!(keys.windows(2).all(|pair| pair[0] < pair[1]));
        }
    }

    #[test]
    fn every_line_is_found() {
        for line in ZONES.lines() {
            let (place, rest) = line.split_once(' ').unwrap();
            let (country, region) = place.split_once('-').map_or((place, None), |(country, region)| (country, Some(region)));
            assert!(zones(country, region).unwrap().eq(rest.split(' ')), "{line}");
        }
        for line in HOLIDAYS.lines() {
            let mut fields = line.split(' ');
            let place = fields.next().unwrap();
            let (country, region) = place.split_once('-').map_or((place, None), |(country, region)| (country, Some(region)));
            let year = fields.next().unwrap();
            for day in fields {
                let date = format!("{year}-{}-{}", &day[..2], &day[2..]).parse().unwrap();
                assert!(is_holiday(country, region, date), "{line}: {date}");
            }
        }
    }

    #[test]
    fn every_zone_is_one() {
        for zone in ZONES.lines().flat_map(|line| line.split(' ').skip(1)) {
            assert!(crate::calendar::is_zone(zone), "{zone}");
        }
        assert_eq!(ZONES.lines().filter(|line| !line.split(' ').next().unwrap().contains('-')).count(), 249);
    }

    #[test]
    fn nothing_is_found_elsewhere() {
        for (country, region) in [("", None), ("XX", None), ("zz", Some("A")), ("US", Some("ZZ")), ("AA", None), ("US-TX", None)]
        {
            assert!(zones(country, region).is_none(), "{country} {region:?}");
        }
        for date in ["2025-12-25", "2032-12-25", "-009999-01-01", "9999-12-31"] {
            assert!(!is_holiday("US", None, date.parse().unwrap()), "{date}");
        }
    }
}
