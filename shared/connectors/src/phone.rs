//! Phone numbers as people write them. Whatever reads one, it ends in [`domain::phone::e164`], so that one number has one text.

use std::str::FromStr;

use phonenumber::{Mode, country};

/// A number as people write it, in E.164: without a country code it is one of `country` (ISO 3166-1 alpha-2).
pub fn e164(written: &str, country: Option<&str>) -> Option<String> {
    let home = country.and_then(|code| country::Id::from_str(code).ok());
    // One with its country code loses a zero in brackets first, which is not dialled after it.
    let coded = with_code(written);
    let number = phonenumber::parse(home, coded.as_deref().unwrap_or(written)).ok().filter(phonenumber::is_valid)?;
    domain::phone::e164(&number.format().mode(Mode::E164).to_string())
}

/// A number with its country code, in E.164, once the separators that people write are taken out.
pub fn with_code(written: &str) -> Option<String> {
    let separates = |c: char| matches!(c, ' ' | '-' | '.' | '/' | '(' | ')' | '\u{a0}' | '\u{2010}' | '\u{2011}' | '\u{2013}');
    domain::phone::e164(&written.replace(separates, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_as_people_write_them() {
        for (written, country, expected) in [
            ("(650) 555-3311", Some("US"), Some("+16505553311")),
            ("604-408-0914", Some("CA"), Some("+16044080914")),
            ("030 123456", Some("DE"), Some("+4930123456")),
            ("+44 20 7946 0958", Some("US"), Some("+442079460958")),
            ("+44 (0)20 7946 0958", Some("US"), Some("+442079460958")),
            ("+4402079460958", None, Some("+442079460958")),
            ("+39 06 1234 5678", Some("IT"), Some("+390612345678")),
            ("020 7946 0958", None, None),
            ("2222", Some("US"), None),
            ("call Bob", Some("US"), None),
            ("", Some("US"), None),
        ] {
            assert_eq!(e164(written, country).as_deref(), expected, "{written} in {country:?}");
        }
        for (written, expected) in [
            ("+44 20 7946-0958", Some("+442079460958")),
            ("+44 (0)20 7946.0958", Some("+442079460958")),
            ("020 7946 0958", None),
            ("+49 30/123456", Some("+4930123456")),
            ("+1 (415) 555-0100 ext 3", None),
        ] {
            assert_eq!(with_code(written).as_deref(), expected, "{written}");
        }
    }
}
