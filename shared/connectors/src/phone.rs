//! Phone numbers as people write them.

use std::str::FromStr;

use phonenumber::{Mode, country};

/// A number as people write it, in E.164: without a country code it is one of `country` (ISO 3166-1 alpha-2).
pub fn e164(written: &str, country: Option<&str>) -> Option<String> {
    let home = country.and_then(|code| country::Id::from_str(code).ok());
    let number = phonenumber::parse(home, written).ok().filter(phonenumber::is_valid)?;
    Some(number.format().mode(Mode::E164).to_string())
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
            ("020 7946 0958", None, None),
            ("2222", Some("US"), None),
            ("call Bob", Some("US"), None),
            ("", Some("US"), None),
        ] {
            assert_eq!(e164(written, country).as_deref(), expected, "{written} in {country:?}");
        }
    }
}
