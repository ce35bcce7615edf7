//! Calendar months and the days between two days: what figures are taken over.

use std::{fmt, str::FromStr};

use domain::dates::{add_days, add_months, days_between};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// A calendar month of the tenant's zone.
///
/// Text form, also in JSON and as a key: `2026-02`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Month(Date);

/// Why a text is no month.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoMonth;

impl fmt::Display for NoMonth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a month is a year and a month of two digits: 2026-02")
    }
}

impl std::error::Error for NoMonth {}

impl Month {
    /// The month of a day.
    pub fn of(day: Date) -> Self {
        Self(day.first_of_month())
    }

    /// Its first day.
    pub fn first(self) -> Date {
        self.0
    }

    /// Its last day.
    pub fn last(self) -> Date {
        self.0.last_of_month()
    }

    /// The month so many months on; before it where that is negative.
    pub fn plus(self, months: i32) -> Self {
        Self::of(add_months(self.0, months))
    }

    /// How many days of it are over at the end of a day: all of a month before, none of one to come.
    pub fn days_until(self, day: Date) -> i64 {
        (days_between(self.first(), day.min(self.last())) + 1).max(0)
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.0.year(), self.0.month())
    }
}

impl FromStr for Month {
    type Err = NoMonth;

    fn from_str(text: &str) -> Result<Self, NoMonth> {
        let is_month = text.len() == 7 && text.is_ascii();
        let first = is_month.then(|| format!("{text}-01").parse::<Date>().ok()).flatten();
        first.map(Self).ok_or(NoMonth)
    }
}

impl TryFrom<String> for Month {
    type Error = NoMonth;

    fn try_from(text: String) -> Result<Self, NoMonth> {
        text.parse()
    }
}

impl From<Month> for String {
    fn from(month: Month) -> Self {
        month.to_string()
    }
}

/// The days from one day to another, both among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// The first day.
    pub from: Date,
    /// The last day.
    pub to: Date,
}

impl Period {
    /// So many days that end with a day.
    pub fn days_before(to: Date, days: i64) -> Self {
        Self { from: add_days(to, 1 - days.max(1)), to }
    }

    /// So many calendar months that end with the month of a day, up to that day.
    pub fn months_before(to: Date, months: i32) -> Self {
        Self { from: Month::of(to).plus(1 - months.max(1)).first(), to }
    }

    /// How many days there are: 0 where the last comes before the first.
    pub fn days(self) -> i64 {
        (days_between(self.from, self.to) + 1).max(0)
    }

    /// Whether a day is among them.
    pub fn has(self, day: Date) -> bool {
        self.from <= day && day <= self.to
    }

    /// The day before the first: what was open at its end is what the period begins with.
    pub fn eve(self) -> Date {
        add_days(self.from, -1)
    }

    /// Whether it begins before the books are known: then a figure over it says too little, and says so.
    pub fn begins_before(self, data_from: Option<Date>) -> bool {
        data_from.is_some_and(|known| self.from < known)
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn months_are_read_and_counted() {
        let february: Month = "2028-02".parse().expect("a month");
        assert_eq!((february.first(), february.last()), (date(2028, 2, 1), date(2028, 2, 29)));
        assert_eq!((february.plus(-2).to_string(), february.plus(11).to_string()), ("2027-12".to_owned(), "2029-01".to_owned()));
        for (day, days) in [(date(2028, 1, 31), 0), (date(2028, 2, 1), 1), (date(2028, 2, 29), 29), (date(2028, 5, 1), 29)] {
            assert_eq!(february.days_until(day), days, "{day}");
        }
        for text in ["2026-2", "2026-13", "2026-00", "2026-02-01", "", "26-02-1", "２０２６-02"] {
            assert_eq!(text.parse::<Month>(), Err(NoMonth), "{text}");
        }
        assert_eq!(serde_json::to_string(&february).expect("json"), "\"2028-02\"");
    }

    #[test]
    fn periods_have_both_their_ends() {
        let quarter = Period::months_before(date(2026, 3, 15), 3);
        assert_eq!((quarter.from, quarter.days(), quarter.eve()), (date(2026, 1, 1), 74, date(2025, 12, 31)));
        assert_eq!(Period::days_before(date(2026, 3, 31), 90).from, date(2026, 1, 1));
        assert!(quarter.has(date(2026, 1, 1)) && quarter.has(date(2026, 3, 15)) && !quarter.has(date(2026, 3, 16)));
        assert_eq!(Period { from: date(2026, 2, 2), to: date(2026, 2, 1) }.days(), 0);
        for (known, before) in [(None, false), (Some(date(2026, 1, 1)), false), (Some(date(2026, 1, 2)), true)] {
            assert_eq!(quarter.begins_before(known), before);
        }
    }
}
