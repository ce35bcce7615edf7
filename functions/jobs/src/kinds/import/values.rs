//! Dates and amounts as people write them. What could be read in two ways is asked, never guessed.

use domain::Currency;
use jiff::civil::Date;
use service::jobs::asked::DateOrder;

/// A date as it stands: its parts in order, and whether they could be read otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// One reading only.
    Plain(Date),
    /// Two numbers that could each be the day, then the year.
    Either(i8, i8, i16),
    /// The day first, which the numbers show.
    DayFirst(Date),
    /// The month first, which the numbers show.
    MonthFirst(Date),
}

/// Why a formula is refused.
pub const FORMULA: &str = "is a formula, which is not evaluated; save the file with values";

/// Reads a date; a sentence where it is none.
pub fn written(text: &str) -> Result<Written, String> {
    let none = || "is no date such as 2026-01-31".to_owned();
    if text.starts_with('=') {
        return Err(FORMULA.to_owned());
    }
    // A time of day behind it says nothing.
    let day = text.split(['T', ' ']).next().unwrap_or_default();
    let parts: Vec<&str> = day.split(['-', '/', '.']).collect();
    let [first, second, third] = parts.as_slice() else { return Err(none()) };
    let number = |text: &str| text.parse::<i16>().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()));
    let (Some(a), Some(b), Some(c)) = (number(first), number(second), number(third)) else { return Err(none()) };
    let date = |year: i16, month: i16, day: i16| {
        let small = |number: i16| i8::try_from(number).unwrap_or(-1);
        Date::new(year, small(month), small(day)).map_err(|_| none())
    };
    if first.len() == 4 {
        return date(a, b, c).map(Written::Plain);
    }
    if third.len() != 4 {
        return Err("has a year of fewer than four digits; write it with four".to_owned());
    }
    // With dots the day comes first everywhere.
    if day.contains('.') {
        return date(c, b, a).map(Written::Plain);
    }
    match (a > 12, b > 12) {
        (true, false) => date(c, b, a).map(Written::DayFirst),
        (false, true) => date(c, a, b).map(Written::MonthFirst),
        (true, true) => Err(none()),
        (false, false) if a == b => date(c, a, b).map(Written::Plain),
        (false, false) => Ok(Written::Either(i8::try_from(a).unwrap_or(0), i8::try_from(b).unwrap_or(0), c)),
    }
}

impl Written {
    /// The date, where its order is known or does not matter. `None` where a person has to say it.
    pub fn date(self, order: Option<DateOrder>) -> Result<Option<Date>, String> {
        match (self, order) {
            (Self::Plain(date), _) | (Self::DayFirst(date), None | Some(DateOrder::Dmy)) => Ok(Some(date)),
            (Self::MonthFirst(date), None | Some(DateOrder::Mdy)) => Ok(Some(date)),
            (Self::Either(..), None) => Ok(None),
            (Self::Either(day, month, year), Some(DateOrder::Dmy)) | (Self::Either(month, day, year), Some(DateOrder::Mdy)) => {
                Date::new(year, month, day).map(Some).map_err(|_| "is no date".to_owned())
            }
            (Self::DayFirst(_), Some(DateOrder::Mdy)) => {
                Err("has no such month; the file's dates are said to begin with it".to_owned())
            }
            (Self::MonthFirst(_), Some(DateOrder::Dmy)) => {
                Err("has no such month; the file's dates are said to begin with the day".to_owned())
            }
            (Self::DayFirst(_) | Self::MonthFirst(_) | Self::Either(..), Some(DateOrder::Ymd)) => {
                Err("does not begin with its year, as the file's dates are said to".to_owned())
            }
        }
    }
}

/// The order that all dates of a file together show. `None` where they show none, or both.
pub fn order_of(all: impl IntoIterator<Item = Written>) -> Option<DateOrder> {
    let (mut day_first, mut month_first) = (false, false);
    for written in all {
        match written {
            Written::DayFirst(_) => day_first = true,
            Written::MonthFirst(_) => month_first = true,
            Written::Plain(_) | Written::Either(..) => {}
        }
    }
    match (day_first, month_first) {
        (true, false) => Some(DateOrder::Dmy),
        (false, true) => Some(DateOrder::Mdy),
        (true, true) | (false, false) => None,
    }
}

/// An amount as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AmountWritten {
    is_negative: bool,
    /// Its digits and marks.
    body: String,
    /// What stands before its decimals, where that is plain to see; a space where it has none.
    mark: Option<char>,
}

/// Reads an amount; a sentence where it is none.
pub fn amount_written(text: &str) -> Result<AmountWritten, String> {
    let none = || "is no amount such as 1250.00".to_owned();
    if text.starts_with('=') {
        return Err(FORMULA.to_owned());
    }
    let is_negative = text.starts_with('(') && text.ends_with(')') || text.contains(['-', '−']);
    let body: String = text.chars().filter(|letter| letter.is_ascii_digit() || matches!(letter, '.' | ',')).collect();
    let strange = |letter: char| {
        !letter.is_ascii_digit()
            && !matches!(letter, '.' | ',' | '-' | '−' | '+' | '(' | ')' | '\'' | '’')
            && !letter.is_whitespace()
            && !letter.is_alphabetic()
            && !matches!(letter, '€' | '$' | '£' | '¥')
    };
    let letters = text.chars().filter(|letter| letter.is_alphabetic()).count();
    // A sign stands at an end, so that no date is taken for an amount.
    let is_mark = |letter: &char| letter.is_whitespace() || letter.is_alphabetic() || matches!(letter, '€' | '$' | '£' | '¥');
    let bare: String = text.chars().filter(|letter| !is_mark(letter)).collect();
    let signs = bare.matches(['-', '−']).count();
    if signs > 1 || signs == 1 && !bare.starts_with(['-', '−']) && !bare.ends_with(['-', '−']) {
        return Err(none());
    }
    if !body.bytes().any(|byte| byte.is_ascii_digit()) || text.chars().any(strange) || letters > 3 {
        return Err(none());
    }
    let (dots, commas) = (body.matches('.').count(), body.matches(',').count());
    let last = body.rfind(['.', ',']);
    let behind = last.map_or(0, |at| body.len() - at - 1);
    let before = last.unwrap_or(0);
    let mark = match (dots, commas) {
        (0, 0) => Some(' '),
        (0, 1) | (1, 0) if behind == 3 && (1..=3).contains(&before) && !body.starts_with('0') => None,
        (1, 0) => Some('.'),
        (0, 1) => Some(','),
        (_, 0) | (0, _) => Some(' '),
        // The last of two kinds stands before the decimals, once.
        (1, _) if body.rfind('.') == last => Some('.'),
        (_, 1) if body.rfind(',') == last => Some(','),
        _ => return Err(none()),
    };
    Ok(AmountWritten { is_negative, body, mark })
}

impl AmountWritten {
    /// Whether it could be read in two ways.
    pub fn is_unclear(&self) -> bool {
        self.mark.is_none()
    }

    /// What plainly stands before its decimals.
    fn shown(&self) -> Option<char> {
        self.mark.filter(|mark| *mark != ' ')
    }

    /// Minor units of a currency. `None` where a person has to say what stands before decimals.
    pub fn minor(&self, currency: Currency, decimal: Option<char>) -> Result<Option<i64>, String> {
        let mark = match (self.mark, decimal) {
            (Some(mark), _) => mark,
            (None, Some(mark)) => mark,
            (None, None) => return Ok(None),
        };
        let (whole, part) = self.body.rsplit_once(mark).unwrap_or((&self.body, ""));
        let digits = usize::from(currency.minor_digits());
        let part = part.trim_end_matches('0');
        if part.len() > digits {
            return Err(format!("has more decimals than {} has: {digits}", currency.code()));
        }
        let whole: String = whole.chars().filter(char::is_ascii_digit).collect();
        let number = format!("{whole}{part:0<digits$}").parse::<i64>().map_err(|_| "is too large".to_owned())?;
        Ok(Some(if self.is_negative { -number } else { number }))
    }
}

/// What stands before the decimals in a file, as all its amounts together show it. `None` where they show none, or both.
pub fn decimal_of<'a>(all: impl IntoIterator<Item = &'a AmountWritten>) -> Option<char> {
    let mut shown = all.into_iter().filter_map(AmountWritten::shown);
    let first = shown.next()?;
    shown.all(|other| other == first).then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_in_one_way_or_asked() {
        let day = |text: &str| text.parse::<Date>().expect("a date");
        for (text, expected) in [
            ("2026-01-31", Ok(Written::Plain(day("2026-01-31")))),
            ("2026/1/3", Ok(Written::Plain(day("2026-01-03")))),
            ("2026-01-31T10:00:00Z", Ok(Written::Plain(day("2026-01-31")))),
            ("31.01.2026", Ok(Written::Plain(day("2026-01-31")))),
            ("3.4.2026", Ok(Written::Plain(day("2026-04-03")))),
            ("31/01/2026", Ok(Written::DayFirst(day("2026-01-31")))),
            ("01/31/2026", Ok(Written::MonthFirst(day("2026-01-31")))),
            ("04/04/2026", Ok(Written::Plain(day("2026-04-04")))),
            ("03/04/2026", Ok(Written::Either(3, 4, 2026))),
        ] {
            assert_eq!(written(text), expected, "{text}");
        }
        for text in ["", "soon", "31/31/2026", "2026-02-30", "01/02/26", "=A1", "1-2"] {
            assert!(written(text).is_err(), "{text}");
        }
        let either = Written::Either(3, 4, 2026);
        assert_eq!(either.date(None), Ok(None));
        assert_eq!(either.date(Some(DateOrder::Dmy)), Ok(Some(day("2026-04-03"))));
        assert_eq!(either.date(Some(DateOrder::Mdy)), Ok(Some(day("2026-03-04"))));
        assert!(written("31/01/2026").expect("a date").date(Some(DateOrder::Mdy)).is_err());
        let of = |texts: &[&str]| order_of(texts.iter().map(|text| written(text).expect("a date")));
        assert_eq!(of(&["03/04/2026", "31/01/2026"]), Some(DateOrder::Dmy));
        assert_eq!(of(&["03/04/2026", "01/31/2026"]), Some(DateOrder::Mdy));
        assert_eq!(of(&["31/01/2026", "01/31/2026"]), None);
        assert_eq!(of(&["03/04/2026"]), None);
    }

    #[test]
    fn amounts_are_read_in_one_way_or_asked() {
        for (text, decimal, expected) in [
            ("1250", None, Ok(Some(125_000))),
            ("1250.5", None, Ok(Some(125_050))),
            ("1.250,00 €", None, Ok(Some(125_000))),
            ("EUR 1,250.00", None, Ok(Some(125_000))),
            ("1'250.00", None, Ok(Some(125_000))),
            ("1,234,567", None, Ok(Some(123_456_700))),
            ("-12,5", None, Ok(Some(-1_250))),
            ("(12.50)", None, Ok(Some(-1_250))),
            ("1,250", None, Ok(None)),
            ("1,250", Some('.'), Ok(Some(125_000))),
            ("1.250", Some('.'), Ok(Some(125))),
            ("0.125", None, Err(())),
            ("12.345", Some(','), Ok(Some(1_234_500))),
            ("12.3456", None, Err(())),
            ("=1+1", None, Err(())),
            ("many", None, Err(())),
            ("2026-01-31", None, Err(())),
            ("12.50-", None, Ok(Some(-1_250))),
            ("1.2.3,4,5", None, Err(())),
            ("99999999999999999999", None, Err(())),
        ] {
            let read = amount_written(text).and_then(|amount| amount.minor(Currency::EUR, decimal));
            assert_eq!(read.map_err(drop), expected, "{text} {decimal:?}");
        }
        let all: Vec<AmountWritten> = ["1,250", "3,50"].iter().map(|text| amount_written(text).expect("an amount")).collect();
        assert_eq!(decimal_of(&all), Some(','));
        assert!(all[0].is_unclear());
        let yen = Currency::parse("JPY").expect("yen");
        assert_eq!(amount_written("1250").and_then(|amount| amount.minor(yen, None)), Ok(Some(1_250)));
    }
}
