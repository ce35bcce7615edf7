//! Phone numbers: one text for one number, whose numbers it is among, whether it costs more than others, and whether it is a landline.
//!
//! `trunks.txt` has the prefixes that are dialled within a country and dropped after its code, which people leave in: `+44 (0)20 …`.
//! `numbers.txt` has the country codes of countries and, where several share one, how the numbers of each but the first begin; `costly.txt` how
//! numbers of services begin, and the codes of no country; `landlines.txt` how numbers begin that are landlines and nothing else. `infra/phones` writes them and tells where they come from.

/// Lines of country code, prefix, and the digits after it with which numbers themselves begin.
const TRUNKS: &str = include_str!("trunks.txt");

/// A number in E.164, without a trunk prefix after its country code: `+4402079460958` is `+442079460958`. `None` for what is no plus
/// and 7 to 15 digits of which the first is not zero.
pub fn e164(text: &str) -> Option<String> {
    let digits = text.strip_prefix('+')?;
    let good = (7..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.starts_with('0');
    good.then(|| match without_trunk(digits) {
        Some(shorter) if shorter.len() >= 7 => format!("+{shorter}"),
        Some(_) | None => text.to_owned(),
    })
}

/// Lines of country code, country (ISO 3166-1 alpha-2), and the beginnings of its numbers where the code has another country too.
const NUMBERS: &str = include_str!("numbers.txt");

/// Lines of country code and the beginnings of numbers that cost more than others; all of them do where none is named.
const COSTLY: &str = include_str!("costly.txt");

/// The country whose numbers a number in E.164 is among; `None` where it is of none.
pub fn country(number: &str) -> Option<&'static str> {
    let digits = number.strip_prefix('+')?;
    let found = NUMBERS.lines().filter_map(|line| {
        let mut fields = line.split(' ');
        let (code, country) = (fields.next()?, fields.next()?);
        let own = digits.strip_prefix(code)?;
        // Codes are no beginnings of each other: the longest beginning is of the country that it is.
        let mut beginnings = fields.peekable();
        let length = match beginnings.peek() {
            None => Some(0),
            Some(_) => beginnings.filter(|beginning| own.starts_with(beginning)).map(str::len).max(),
        };
        Some((length?, country))
    });
    found.max_by_key(|(length, _)| *length).map(|(_, country)| country)
}

/// Whether a number in E.164 is of a service that costs whoever calls or writes more than others do, or of no country.
pub fn is_costly(number: &str) -> bool {
    let Some(digits) = number.strip_prefix('+') else { return true };
    COSTLY.lines().any(|line| {
        let mut fields = line.split(' ');
        let Some(own) = fields.next().and_then(|code| digits.strip_prefix(code)) else { return false };
        let mut beginnings = fields.peekable();
        beginnings.peek().is_none() || beginnings.any(|beginning| own.starts_with(beginning))
    })
}

/// Lines of country code and the beginnings of numbers that are landlines and nothing else.
const LANDLINES: &str = include_str!("landlines.txt");

/// Whether a number in E.164 is known to be a landline. Where mobile numbers look the same, as in North America, none is known to be one.
pub fn is_landline(number: &str) -> bool {
    let Some(digits) = number.strip_prefix('+') else { return false };
    LANDLINES.lines().any(|line| {
        let mut fields = line.split(' ');
        let own = fields.next().and_then(|code| digits.strip_prefix(code));
        own.is_some_and(|own| fields.any(|beginning| own.starts_with(beginning)))
    })
}

/// The digits without the trunk prefix of their country, where they have one.
fn without_trunk(digits: &str) -> Option<String> {
    TRUNKS.lines().find_map(|line| {
        let mut fields = line.split(' ');
        let (code, prefix, kept) = (fields.next()?, fields.next()?, fields.next().unwrap_or(""));
        let number = digits.strip_prefix(code)?.strip_prefix(prefix)?;
        // What follows a prefix that numbers may begin with themselves tells the two apart.
        (!number.starts_with(|digit| kept.contains(digit))).then(|| format!("{code}{number}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_number_has_one_text() {
        for (text, expected) in [
            ("+442079460958", Some("+442079460958")),
            ("+4402079460958", Some("+442079460958")),
            ("+49030123456", Some("+4930123456")),
            ("+3361234567", Some("+3361234567")),
            ("+33061234567", Some("+3361234567")),
            ("+810312345678", Some("+81312345678")),
            ("+8100777123456", Some("+8100777123456")),
            ("+390612345678", Some("+390612345678")),
            ("+2250123456789", Some("+2250123456789")),
            ("+360612345678", Some("+3612345678")),
            ("+14155550100", Some("+14155550100")),
            ("+11234567890", Some("+11234567890")),
            ("+78005553535", Some("+78005553535")),
            ("+4400", None),
            ("+0441234567", None),
            ("442079460958", None),
            ("+44 20 7946 0958", None),
            ("+1234567890123456", None),
            ("+", None),
            ("", None),
        ] {
            assert_eq!(e164(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn numbers_have_a_country() {
        for (number, expected) in [
            ("+14155550100", Some("US")),
            ("+14165550100", Some("CA")),
            ("+18765550100", Some("JM")),
            ("+442079460958", Some("GB")),
            ("+447781123456", Some("GG")),
            ("+493012345678", Some("DE")),
            ("+79161234567", Some("RU")),
            ("+77011234567", Some("KZ")),
            ("+25261234567", Some("SO")),
            ("+37061234567", Some("LT")),
            ("+8821234567", None),
            ("+9991234567", None),
            ("4155550100", None),
            ("", None),
        ] {
            assert_eq!(country(number), expected, "{number}");
        }
    }

    #[test]
    fn numbers_of_services_are_told() {
        for (number, expected) in [
            ("+19005550100", true),
            ("+8821234567", true),
            ("+8831234567", true),
            ("+9791234567", true),
            ("+8081234567", true),
            ("+447012345678", true),
            ("+449012345678", true),
            ("+499001234567", true),
            ("+33899123456", true),
            ("+14155550100", false),
            ("+15005550111", false),
            ("+442079460958", false),
            ("+447911123456", false),
            ("+493012345678", false),
            ("+4915112345678", false),
            ("+37061234567", false),
            ("+33612345678", false),
            ("nothing", true),
        ] {
            assert_eq!(is_costly(number), expected, "{number}");
        }
    }

    #[test]
    fn landlines_are_told_where_they_look_like_nothing_else() {
        for (number, expected) in [
            ("+493012345678", true),
            ("+4915112345678", false),
            ("+498912345678", true),
            ("+442079460958", true),
            ("+447911123456", false),
            ("+447700900123", false),
            ("+33123456789", true),
            ("+33612345678", false),
            ("+33712345678", false),
            ("+390612345678", true),
            ("+393331234567", false),
            ("+31201234567", true),
            ("+31612345678", false),
            ("+34911234567", true),
            ("+34612345678", false),
            ("+81312345678", true),
            ("+819012345678", false),
            ("+551132345678", true),
            ("+5511912345678", false),
            ("+14155550100", false),
            ("+14165550100", false),
            ("+8821234567", false),
            ("302079460958", false),
            ("", false),
        ] {
            assert_eq!(is_landline(number), expected, "{number}");
        }
        // No landline is a number that costs more: each is told in one place.
        for line in LANDLINES.lines() {
            let mut fields = line.split(' ');
            let code = fields.next().unwrap();
            for beginning in fields {
                let number = format!("+{code}{beginning}");
                assert!(!is_costly(&number), "{number}");
            }
        }
    }

    #[test]
    fn the_answer_is_its_own_text() {
        for line in TRUNKS.lines() {
            let mut fields = line.split(' ');
            let (code, prefix) = (fields.next().unwrap(), fields.next().unwrap());
            let once = e164(&format!("+{code}{prefix}5555555")).unwrap();
            assert_eq!(once, format!("+{code}5555555"), "{line}");
            assert_eq!(e164(&once).as_deref(), Some(once.as_str()), "{line}");
        }
    }
}
