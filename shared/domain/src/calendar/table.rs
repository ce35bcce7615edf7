//! The three generated tables, read in place: sorted, found by bisection, nothing allocated.
//!
//! `infra/holidays` writes them, and tells where they come from and what form they have.

use jiff::civil::{Date, Weekday};

/// Public holidays by place; a region's are what it adds to its country's.
const HOLIDAYS: &[u8] = include_bytes!("holidays.bin");

/// `SA fri sat`: weekends that are not Saturday and Sunday.
const WEEKENDS: &str = include_str!("weekends.txt");

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
    let Some((from, entries)) = span(country, region).filter(|_| covers(date)) else { return false };
    (from..from + entries).any(|at| match Table::entry(at) {
        shared if shared & SHARED != 0 => Table::pattern(usize::from(shared & !SHARED)).any(|entry| is_day(entry, date)),
        entry => is_day(entry, date),
    })
}

/// Whether public holidays of the country are known.
pub(super) fn has_holidays(country: &str) -> bool {
    span(country, None).is_some()
}

/// Whether a country's region has public holidays of its own.
pub(super) fn has_region(country: &str, region: &str) -> bool {
    span(country, Some(region)).is_some()
}

/// Whether a weekday belongs to the country's weekend.
pub(super) fn is_weekend(country: &str, day: Weekday) -> bool {
    match find(WEEKENDS, |place, _| place.cmp(&(country, ""))) {
        Some(days) => days.split(' ').any(|name| name == short(day)),
        None => matches!(day, Weekday::Saturday | Weekday::Sunday),
    }
}

fn short(day: Weekday) -> &'static str {
    match day {
        Weekday::Monday => "mon",
        Weekday::Tuesday => "tue",
        Weekday::Wednesday => "wed",
        Weekday::Thursday => "thu",
        Weekday::Friday => "fri",
        Weekday::Saturday => "sat",
        Weekday::Sunday => "sun",
    }
}

/// What marks an entry that is the number of a pattern, which several places share.
const SHARED: u16 = 0x8000;

/// Bytes of a place: two of its country, three of its region.
const PLACE: usize = 5;

/// Days of the months of a leap year before each.
const DAYS_BEFORE: [u16; 12] = [0, 31, 60, 91, 121, 152, 182, 213, 244, 274, 305, 335];

/// Whether an entry, the day of a leap year under a bit for each year, is of that date.
fn is_day(entry: u16, date: Date) -> bool {
    let month = usize::from(date.month().unsigned_abs()) - 1;
    let day = DAYS_BEFORE[month] + u16::from(date.day().unsigned_abs());
    let year = u16::try_from(date.year() - YEARS.start()).unwrap_or(u16::MAX);
    entry & 0x1ff == day && year < 6 && entry >> (9 + year) & 1 == 1
}

/// Where the entries of a place begin, and how many there are.
fn span(country: &str, region: Option<&str>) -> Option<(usize, usize)> {
    let mut key = [0; PLACE];
    let region = region.unwrap_or("");
    if country.len() != 2 || region.len() > 3 {
        return None;
    }
    key[..2].copy_from_slice(country.as_bytes());
    key[2..2 + region.len()].copy_from_slice(region.as_bytes());
    let (mut low, mut high) = (0, Table::places());
    while low < high {
        let middle = low + (high - low) / 2;
        let at = Table::KEYS + middle * PLACE;
        match HOLIDAYS[at..at + PLACE].cmp(key.as_slice()) {
            std::cmp::Ordering::Less => low = middle + 1,
            std::cmp::Ordering::Greater => high = middle,
            std::cmp::Ordering::Equal => return Some(Table::span(middle)),
        }
    }
    None
}

/// The parts of the table of holidays: how many places, patterns and entries; the places; where the entries of each begin and how many;
/// where each pattern ends; the entries; the entries of patterns.
struct Table;

impl Table {
    const KEYS: usize = 6;

    fn number(at: usize) -> u16 {
        u16::from_le_bytes([HOLIDAYS[at], HOLIDAYS[at + 1]])
    }

    fn places() -> usize {
        usize::from(Self::number(0))
    }

    fn spans() -> usize {
        Self::KEYS + Self::places() * PLACE
    }

    fn ends() -> usize {
        Self::spans() + Self::places() * 4
    }

    fn entries() -> usize {
        Self::ends() + usize::from(Self::number(2)) * 2
    }

    fn patterns() -> usize {
        Self::entries() + usize::from(Self::number(4)) * 2
    }

    fn span(place: usize) -> (usize, usize) {
        let at = Self::spans() + place * 4;
        (usize::from(Self::number(at)), usize::from(Self::number(at + 2)))
    }

    fn entry(at: usize) -> u16 {
        Self::number(Self::entries() + at * 2)
    }

    fn pattern(number: usize) -> impl Iterator<Item = u16> {
        let end = |number: usize| usize::from(Self::number(Self::ends() + number * 2));
        let from = if number == 0 { 0 } else { end(number - 1) };
        (from..end(number)).map(|at| Self::number(Self::patterns() + at * 2))
    }
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
    fn tables_are_sorted() {
        for table in [ZONES, WEEKENDS] {
            assert!(table.is_ascii() && table.ends_with('\n'));
            let keys: Vec<(&str, &str)> = table
                .lines()
                .map(|line| line.split_once(' ').unwrap().0)
                .map(|place| place.split_once('-').unwrap_or((place, "")))
                .collect();
            assert!(keys.windows(2).all(|pair| pair[0] < pair[1]));
        }
        let places: Vec<&[u8]> = HOLIDAYS[Table::KEYS..Table::spans()].chunks(PLACE).collect();
        assert!(places.len() > 600 && places.windows(2).all(|pair| pair[0] < pair[1]));
    }

    #[test]
    fn every_line_is_found() {
        for line in ZONES.lines() {
            let (place, rest) = line.split_once(' ').unwrap();
            let (country, region) = place.split_once('-').map_or((place, None), |(country, region)| (country, Some(region)));
            assert!(zones(country, region).unwrap().eq(rest.split(' ')), "{line}");
        }
        for line in WEEKENDS.lines() {
            let (country, days) = line.split_once(' ').unwrap();
            let week = Weekday::Monday.cycle_forward().take(7);
            assert!(week.filter(|day| is_weekend(country, *day)).map(short).eq(days.split(' ')), "{line}");
        }
    }

    /// Every place is found, has days, and its entries stay inside the table and the year.
    #[test]
    fn every_place_has_days() {
        let mut days = 0;
        for place in HOLIDAYS[Table::KEYS..Table::spans()].chunks(PLACE) {
            let text = |bytes: &[u8]| String::from_utf8(bytes.iter().copied().filter(|byte| *byte != 0).collect()).unwrap();
            let (country, region) = (text(&place[..2]), text(&place[2..]));
            let region = (!region.is_empty()).then_some(region.as_str());
            let mut date = jiff::civil::date(2026, 1, 1);
            let mut found = 0;
            while covers(date) {
                found += usize::from(is_holiday(&country, region, date));
                date = date.tomorrow().unwrap();
            }
            assert!(found > 0, "{country} {region:?}");
            days += found;
        }
        assert_eq!(Table::patterns() + 2 * usize::from(Table::number(Table::entries() - 2)), HOLIDAYS.len());
        assert!(days > 20_000, "{days}");
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
