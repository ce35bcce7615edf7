//! Currencies: their digits, and the days on which they were legal tender.
//!
//! `currencies.txt` has one line a currency, sorted by code: `BGN 2 19990705 20260131`. `infra/currencies` writes it and tells where it
//! comes from. It has every currency of ISO 4217 with a minor unit, units of account such as `CLF` too, and those that ended since 2010,
//! in which invoices may still be open.

use std::fmt;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// The table, read in place.
const TABLE: &[u8] = include_bytes!("currencies.txt");
/// Bytes of a line: code, digits, first day, last day, each with what ends it.
const LINE: usize = 24;

/// An ISO 4217 currency that Dunlin knows, as its three upper-case letters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Currency([u8; 3]);

/// Why a text is no currency.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not an ISO 4217 currency code in upper case, such as 'EUR'")]
pub struct CurrencyError(String);

impl Currency {
    /// Euro.
    pub const EUR: Self = Self(*b"EUR");
    /// US dollar.
    pub const USD: Self = Self(*b"USD");
    /// Pound sterling.
    pub const GBP: Self = Self(*b"GBP");
    /// Yen.
    pub const JPY: Self = Self(*b"JPY");

    /// Reads a code in upper case.
    ///
    /// # Errors
    ///
    /// [`CurrencyError`] for anything that is no code of the table.
    pub fn parse(code: &str) -> Result<Self, CurrencyError> {
        let known = <[u8; 3]>::try_from(code.as_bytes()).ok().filter(|code| line(*code).is_some());
        known.map(Self).ok_or_else(|| CurrencyError(code.chars().take(12).collect()))
    }

    /// The three letters.
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.0).expect("made from ASCII letters only")
    }

    /// How many decimal digits the minor unit has: 2 for EUR, 0 for JPY, 3 for KWD, 4 for CLF.
    pub fn minor_digits(&self) -> u8 {
        line(self.0).map_or(2, |line| line[4] - b'0')
    }

    /// The first and the last day on which it was legal tender anywhere; `None` where it has no such day: it is tender still, or, as a
    /// unit of account, never was.
    pub fn tender_days(&self) -> (Option<Date>, Option<Date>) {
        line(self.0).map_or((None, None), |line| (day(&line[6..14]), day(&line[15..23])))
    }

    /// Whether an amount of that day may be in it: no day of its own excludes that.
    pub fn is_of_day(&self, date: Date) -> bool {
        let (first, last) = self.tender_days();
        first.is_none_or(|first| first <= date) && last.is_none_or(|last| date <= last)
    }
}

/// The line of a code, found by bisection.
fn line(code: [u8; 3]) -> Option<&'static [u8]> {
    let (mut low, mut high) = (0, TABLE.len() / LINE);
    while low < high {
        let middle = low + (high - low) / 2;
        let line = &TABLE[middle * LINE..(middle + 1) * LINE];
        match line[..3].cmp(code.as_slice()) {
            std::cmp::Ordering::Less => low = middle + 1,
            std::cmp::Ordering::Greater => high = middle,
            std::cmp::Ordering::Equal => return Some(line),
        }
    }
    None
}

/// `19990705` as a date; none for the marks of an open beginning or end.
fn day(digits: &[u8]) -> Option<Date> {
    let number = |part: &[u8]| part.iter().fold(0_i16, |number, digit| number * 10 + i16::from(digit - b'0'));
    let small = |part: &[u8]| i8::try_from(number(part)).ok();
    Date::new(number(&digits[..4]), small(&digits[4..6])?, small(&digits[6..])?).ok()
}

impl TryFrom<String> for Currency {
    type Error = CurrencyError;
    fn try_from(text: String) -> Result<Self, CurrencyError> {
        Self::parse(&text)
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> Self {
        currency.code().to_owned()
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    /// Bisection finds a line only where lines have one length and are sorted.
    #[test]
    fn every_line_is_found() {
        assert_eq!(TABLE.len() % LINE, 0);
        let mut before = "";
        for line in std::str::from_utf8(TABLE).expect("ASCII").lines() {
            let fields: Vec<&str> = line.split(' ').collect();
            let [code, digits, first, last] = fields[..] else { panic!("{line}") };
            assert!(before < code, "{line}");
            before = code;
            let currency = Currency::parse(code).expect(line);
            assert_eq!(currency.minor_digits().to_string(), digits, "{line}");
            let shown = |day: Option<Date>, open: &str| day.map_or(open.to_owned(), |day| day.strftime("%Y%m%d").to_string());
            let (from, to) = currency.tender_days();
            assert_eq!((shown(from, "00000000"), shown(to, "99999999")), (first.to_owned(), last.to_owned()), "{line}");
        }
    }

    #[test]
    fn ended_and_unusual_ones_have_their_digits_and_days() {
        let days = |from: Option<Date>, to: Option<Date>| (from, to);
        for (code, digits, expected) in [
            ("EUR", 2, days(Some(date(1999, 1, 1)), None)),
            ("JPY", 0, days(Some(date(1871, 6, 1)), None)),
            ("KWD", 3, days(Some(date(1961, 4, 1)), None)),
            ("BGN", 2, days(Some(date(1999, 7, 5)), Some(date(2026, 1, 31)))),
            ("HRK", 2, days(Some(date(1994, 5, 30)), Some(date(2023, 1, 14)))),
            ("ANG", 2, days(Some(date(1940, 5, 10)), Some(date(2025, 6, 30)))),
            ("XCG", 2, days(Some(date(2025, 3, 31)), None)),
            ("BYR", 0, days(Some(date(2000, 1, 1)), Some(date(2017, 1, 1)))),
            ("CLF", 4, days(None, None)),
            ("UYW", 4, days(None, None)),
            ("UYI", 0, days(None, None)),
        ] {
            let currency = Currency::parse(code).expect(code);
            assert_eq!((currency.minor_digits(), currency.tender_days()), (digits, expected), "{code}");
        }
    }

    #[test]
    fn the_last_day_still_counts() {
        for (code, on, good) in [
            ("HRK", date(2023, 1, 14), true),
            ("HRK", date(2023, 1, 15), false),
            ("XCG", date(2025, 3, 30), false),
            ("XCG", date(2025, 3, 31), true),
            ("CLF", date(1970, 1, 1), true),
            ("USD", date(2199, 12, 31), true),
        ] {
            assert_eq!(Currency::parse(code).expect(code).is_of_day(on), good, "{code} {on}");
        }
    }

    #[test]
    fn unknown_codes_are_refused() {
        for code in ["eur", "XXX", "XAU", "XDR", "XTS", "", "EURO", "€", "DEM", "ZZZ", "AAA"] {
            assert!(Currency::parse(code).is_err(), "{code}");
        }
    }
}
