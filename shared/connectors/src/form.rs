//! The forms that single values must have. Each reader answers the value or what is wrong with it and how to mend it,
//! never repeating the value.

use domain::{Channel, Currency, SourceVersion, id::EXTERNAL_ID_BYTES_MAX, mailbox::is_address, word::Word};
use jiff::{Timestamp, civil::Date};
use serde_json::Value;

use crate::{json::kind, places};

/// The largest amount taken, in minor units: sums of all that a customer may owe stay far inside 64 bits.
pub const AMOUNT_MINOR_MAX: i64 = 1_000_000_000_000_000;
/// Longest name or line of an address, in bytes.
pub const TEXT_BYTES_MAX: usize = 1_000;
/// Longest tag or name of a legal entity, in characters.
pub const WORD_CHARS_MAX: usize = 50;
/// Longest web address, in bytes.
pub const URL_BYTES_MAX: usize = 2_048;

/// A string.
pub fn string(value: &Value) -> Result<&str, String> {
    value.as_str().ok_or_else(|| format!("must be a string, not {}", kind(value)))
}

/// An id of the outside system.
pub fn id(value: &Value) -> Result<String, String> {
    let text = string(value)?;
    check_id(text)?;
    Ok(text.to_owned())
}

/// Whether a text can be an id.
pub fn check_id(text: &str) -> Result<(), String> {
    if text.is_empty() {
        return Err("must not be empty".to_owned());
    }
    if text.len() > EXTERNAL_ID_BYTES_MAX {
        return Err(format!("has {} bytes; at most {EXTERNAL_ID_BYTES_MAX} are allowed", text.len()));
    }
    if text.chars().any(char::is_control) {
        return Err("has a control character; remove it".to_owned());
    }
    Ok(())
}

/// A text for people: kept as it is, but what breaks lines or reverses their direction becomes a space.
pub fn text(value: &Value) -> Result<String, String> {
    let text = string(value)?;
    if text.len() > TEXT_BYTES_MAX {
        return Err(format!("has {} bytes; at most {TEXT_BYTES_MAX} are allowed", text.len()));
    }
    Ok(one_line(text))
}

/// A text for people that must say something.
pub fn filled_text(value: &Value) -> Result<String, String> {
    let text = text(value)?;
    if text.is_empty() { Err("must not be empty".to_owned()) } else { Ok(text) }
}

/// `text` on one line: control characters, line separators and direction overrides become spaces; ends are trimmed.
pub fn one_line(text: &str) -> String {
    let breaks =
        |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let line: String = text.chars().map(|c| if breaks(c) { ' ' } else { c }).collect();
    line.trim().to_owned()
}

/// An amount of minor units: a JSON integer, zero or more.
pub fn amount(value: &Value) -> Result<i64, String> {
    let Value::Number(number) = value else {
        return Err(format!("must be a whole number of minor units (12.50 EUR is 1250), not {}", kind(value)));
    };
    let negative = number.as_i64().is_some_and(|minor| minor < 0);
    if negative {
        return Err("must not be negative".to_owned());
    }
    match number.as_i64() {
        Some(minor) if minor <= AMOUNT_MINOR_MAX => Ok(minor),
        Some(_) => Err(format!("is larger than {AMOUNT_MINOR_MAX}, the most that is taken")),
        None if number.as_u64().is_some() => Err(format!("is larger than {AMOUNT_MINOR_MAX}, the most that is taken")),
        None => Err(format!(
            "must be a whole number of minor units from 0 to {AMOUNT_MINOR_MAX}, without fraction or exponent (12.50 EUR is 1250)"
        )),
    }
}

/// An amount above zero.
pub fn amount_above_zero(value: &Value) -> Result<i64, String> {
    match amount(value)? {
        0 => Err("must be above zero; leave the entry out".to_owned()),
        minor => Ok(minor),
    }
}

/// A currency code.
pub fn currency(value: &Value) -> Result<Currency, String> {
    Currency::parse(string(value)?).map_err(|_| "is not an ISO 4217 currency code in upper case, such as EUR".to_owned())
}

/// A calendar date from 1970 to 2199.
pub fn date(value: &Value) -> Result<Date, String> {
    let text = string(value)?;
    let plain = text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    let date = plain.then(|| text.parse::<Date>().ok()).flatten();
    date.filter(known_year).ok_or_else(|| "is no date of the calendar from 1970 to 2199, written as 2026-01-31".to_owned())
}

/// Whether calendar arithmetic on a date stays far from the calendar's ends.
pub fn known_year(date: &Date) -> bool {
    (1970..=2199).contains(&date.year())
}

/// An instant from 1970 to 2199.
pub fn instant(value: &Value) -> Result<Timestamp, String> {
    let at = string(value)?.parse::<Timestamp>().ok();
    at.filter(known_instant).ok_or_else(|| "is no RFC 3339 instant, such as 2026-01-31T09:00:00Z".to_owned())
}

fn known_instant(at: &Timestamp) -> bool {
    const YEAR_2200: i64 = 7_258_118_400;
    (0..YEAR_2200).contains(&at.as_second())
}

/// A source version: an integer, zero or more, or an instant.
pub fn source_version(value: &Value) -> Result<SourceVersion, String> {
    const DETAIL: &str = "must be an integer, zero or more, or an RFC 3339 instant in a string";
    match value {
        Value::Number(number) => number.as_u64().map(SourceVersion::Number).ok_or_else(|| DETAIL.to_owned()),
        Value::String(_) => instant(value).map(SourceVersion::Instant).map_err(|_| DETAIL.to_owned()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => Err(DETAIL.to_owned()),
    }
}

/// True or false.
pub fn truth(value: &Value) -> Result<bool, String> {
    value.as_bool().ok_or_else(|| format!("must be true or false, not {}", kind(value)))
}

/// A short word of the tenant's own, for conditions: one line of 1 to 50 characters.
pub fn word(value: &Value) -> Result<String, String> {
    let word = filled_text(value)?;
    if word.chars().count() > WORD_CHARS_MAX {
        return Err(format!("has more than {WORD_CHARS_MAX} characters; use a short word"));
    }
    Ok(word)
}

/// One of a list of words.
pub fn one_of<T: Copy>(words: &'static [(&'static str, T)]) -> impl Fn(&Value) -> Result<T, String> {
    move |value| {
        let word = string(value)?;
        words.iter().find(|(known, _)| *known == word).map(|(_, found)| *found).ok_or_else(|| {
            let known: Vec<&str> = words.iter().map(|(known, _)| *known).collect();
            format!("must be one of {}", known.join(", "))
        })
    }
}

/// A channel.
pub fn channel(value: &Value) -> Result<Channel, String> {
    let word = string(value)?;
    Channel::of_this_release(word).ok_or_else(|| format!("must be one of {}", Channel::WORDS.join(", ")))
}

/// An email address: one plain address that a mail header can carry as it is.
pub fn email(value: &Value) -> Result<String, String> {
    const DETAIL: &str = "is not one email address of the form name@example.com (plain ASCII, an international domain as xn--)";
    let text = string(value)?.trim();
    if is_address(text) { Ok(text.to_owned()) } else { Err(DETAIL.to_owned()) }
}

/// A phone number in E.164.
pub fn phone(value: &Value) -> Result<String, String> {
    let number = domain::phone::e164(string(value)?.trim());
    number.ok_or_else(|| "is not an E.164 phone number, such as +493012345678".to_owned())
}

/// A BCP 47 language, answered in lower case.
pub fn language(value: &Value) -> Result<String, String> {
    let text = string(value)?;
    let mut parts = text.split('-');
    let first = parts.next().is_some_and(|part| (2..=3).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphabetic()));
    let rest = parts.all(|part| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric()));
    if first && rest && text.len() <= 35 {
        Ok(text.to_ascii_lowercase())
    } else {
        Err("is not a BCP 47 language, such as de or pt-BR".to_owned())
    }
}

/// A country code.
pub fn country(value: &Value) -> Result<String, String> {
    let text = string(value)?;
    let detail = || "is not an ISO 3166-1 alpha-2 country code in upper case, such as DE".to_owned();
    if places::is_country(text) { Ok(text.to_owned()) } else { Err(detail()) }
}

/// A subdivision without its country; `DE-BE` is taken as `BE`.
pub fn region(value: &Value) -> Result<String, String> {
    let text = string(value)?;
    let part = match text.split_once('-') {
        Some((country, part)) if places::is_country(country) => part,
        Some(_) | None => text,
    };
    if places::is_region(part) {
        Ok(part.to_owned())
    } else {
        Err("is not an ISO 3166-2 subdivision without its country, such as BE for DE-BE".to_owned())
    }
}

/// An IANA time zone, answered under its own spelling.
pub fn zone(value: &Value) -> Result<String, String> {
    places::zone(string(value)?).ok_or_else(|| "is not an IANA time zone, such as Europe/Berlin".to_owned())
}

/// A web address that a mail may link to.
pub fn url(value: &Value) -> Result<String, String> {
    let text = string(value)?.trim();
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let plain = text.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&byte));
    if text.len() <= URL_BYTES_MAX && plain && rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/')) {
        Ok(text.to_owned())
    } else {
        Err(format!("is not an http or https address of at most {URL_BYTES_MAX} plain characters (percent-encode others)"))
    }
}
