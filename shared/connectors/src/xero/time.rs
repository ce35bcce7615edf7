//! Dates and instants as this vendor writes them.

use jiff::{Timestamp, civil::Date, tz::TimeZone};

use crate::{form, json::Flaws, raw::Fields};

/// `/Date(1551981568133+0000)/`: milliseconds since 1970 in UTC, whatever the offset after them says.
pub fn instant(text: &str) -> Option<Timestamp> {
    let inner = text.strip_prefix("/Date(")?.strip_suffix(")/")?;
    let digits = inner.find(['+', '-']).filter(|at| *at > 0).map_or(inner, |at| &inner[..at]);
    Timestamp::from_millisecond(digits.parse().ok()?).ok()
}

/// When an object was last changed: to the millisecond, or where only the text is there, to the second.
pub fn updated(object: &Fields<'_>) -> Option<Timestamp> {
    let exact = object.string("UpdatedDateUTC").and_then(|text| instant(&text));
    exact.or_else(|| object.string("UpdatedDateUTCString").and_then(|text| text.replacen(' ', "T", 1).parse().ok()))
}

/// The calendar date `{name}String` (no zone: the organisation's own day), else `{name}`.
pub fn date(flaws: &mut Flaws, object: &Fields<'_>, name: &str) -> Option<Date> {
    let said = object.string(&format!("{name}String")).and_then(|text| text.get(..10)?.parse::<Date>().ok());
    let date = said.or_else(|| object.string(name).and_then(|text| Some(instant(&text)?.to_zoned(TimeZone::UTC).date())));
    let date = date.filter(form::known_year);
    if date.is_none() {
        let what =
            if object.text(name).is_some() { "is no date from 1970 to 2199; correct it in the books" } else { "is missing" };
        flaws.add(object.pointer(name), what);
    }
    date
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_in_utc_whatever_the_offset() {
        let at = |millis| Timestamp::from_millisecond(millis).ok();
        for (text, expected) in [
            ("/Date(1551981568133+0000)/", at(1_551_981_568_133)),
            ("/Date(1551981568133+1300)/", at(1_551_981_568_133)),
            ("/Date(1551981568133-0800)/", at(1_551_981_568_133)),
            ("/Date(1551981658323)/", at(1_551_981_658_323)),
            ("/Date(-86400000)/", at(-86_400_000)),
            ("/Date()/", None),
            ("1551981568133", None),
        ] {
            assert_eq!(instant(text), expected, "{text}");
        }
    }

    #[test]
    fn the_text_of_a_date_counts_before_the_instant() {
        let mut flaws = Flaws::default();
        let read = |flaws: &mut Flaws, text: &str| date(flaws, &Fields::parse(text).expect("an object"), "DueDate");
        let both = r#"{"DueDate": "/Date(1552435200000+0000)/", "DueDateString": "2019-03-12T00:00:00"}"#;
        assert_eq!(read(&mut flaws, both).map(|date| date.to_string()).as_deref(), Some("2019-03-12"));
        let one = r#"{"DueDate": "/Date(1552435200000+0000)/"}"#;
        assert_eq!(read(&mut flaws, one).map(|date| date.to_string()).as_deref(), Some("2019-03-13"));
        assert_eq!(flaws.count(), 0);
        assert_eq!(read(&mut flaws, r#"{"DueDateString": "2019-02-30T00:00:00"}"#), None);
        assert_eq!(flaws.count(), 1);
    }
}
