//! What somebody typed into a form: read as its language writes it, and given back as it was.

use domain::Currency;

use crate::request::PortalRequest;

/// The fields of a form.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TypedFields<'a>(&'a [(String, String)]);

impl<'a> TypedFields<'a> {
    /// Those that were posted; none before somebody posts.
    pub(crate) fn of(request: &'a PortalRequest) -> Self {
        Self(request.form().unwrap_or_default())
    }

    /// The first value of a field, without blanks around it; empty where there is none.
    pub(crate) fn one(self, name: &str) -> &'a str {
        self.all(name).next().unwrap_or_default()
    }

    /// Every value of a field.
    pub(crate) fn all(self, name: &str) -> impl Iterator<Item = &'a str> {
        let of_name = self.0.iter().filter(move |(known, _)| known == name);
        of_name.map(|(_, value)| value.trim())
    }

    /// Whether it has a field that is none of these: what it says would be lost.
    pub(crate) fn has_others(self, names: &[&str]) -> bool {
        self.0.iter().any(|(name, _)| !names.contains(&name.as_str()))
    }
}

/// A text as it is given back to whoever typed it: without what no page may hold.
pub(crate) fn shown_again(text: &str) -> String {
    text.chars().filter(|each| !each.is_control() || matches!(each, '\n' | '\t')).collect()
}

/// An amount in minor units: `1.250,00`, `1250,5`, `1250 EUR`. `decimal` is the mark that the reader's language writes before the fraction. `None`
/// for what is none, or could be read as two amounts.
pub(crate) fn amount(text: &str, currency: Currency, decimal: &str) -> Option<i64> {
    let digits = usize::from(currency.minor_digits());
    let text = text.trim().trim_start_matches(currency.code()).trim_end_matches(currency.code());
    let is_mark = |each: &char| !each.is_whitespace() && !matches!(each, '€' | '$' | '£' | '\'' | '’' | '\u{202f}' | '\u{a0}');
    let text: String = text.chars().filter(is_mark).collect();
    let (decimal, group) = if decimal == "," { (',', '.') } else { ('.', ',') };
    let (whole, fraction) = match (text.split_once(decimal), text.split_once(group)) {
        (Some(parts), _) => parts,
        // The other mark alone stands before a fraction where it cannot part thousands.
        (None, Some(parts)) if parts.1.len() != 3 && parts.1.len() <= digits => parts,
        (None, _) => (text.as_str(), ""),
    };
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let mut groups = whole.split(group);
    let first = groups.next().unwrap_or_default();
    let rest: Vec<&str> = groups.collect();
    let is_grouped = rest.is_empty() || (1..=3).contains(&first.len());
    if !is_grouped || rest.iter().any(|part| part.len() != 3) || !is_number(fraction) || fraction.len() > digits {
        return None;
    }
    let whole = format!("{first}{}", rest.concat());
    if whole.is_empty() || whole.len() > 15 || !is_number(&whole) {
        return None;
    }
    format!("{whole}{fraction:0<digits$}").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_read_as_their_language_writes_them() {
        let yen = Currency::parse("JPY").expect("a currency");
        for (text, currency, decimal, expected) in [
            ("1.250,00", Currency::EUR, ",", Some(125_000)),
            ("1250,5", Currency::EUR, ",", Some(125_050)),
            ("1250.50", Currency::EUR, ",", Some(125_050)),
            ("1.250", Currency::EUR, ",", Some(125_000)),
            ("1.250.000", Currency::EUR, ",", Some(125_000_000)),
            ("1,250.00", Currency::EUR, ".", Some(125_000)),
            ("1,250", Currency::EUR, ".", Some(125_000)),
            ("1250,50", Currency::EUR, ".", Some(125_050)),
            ("1’250.00", Currency::EUR, ".", Some(125_000)),
            ("1\u{a0}250,00\u{a0}€", Currency::EUR, ",", Some(125_000)),
            ("EUR 12", Currency::EUR, ",", Some(1_200)),
            ("1250", yen, ",", Some(1_250)),
            ("0", Currency::EUR, ",", Some(0)),
            ("1,2,3", Currency::EUR, ",", None),
            ("1.25.00", Currency::EUR, ",", None),
            ("12,345", Currency::EUR, ",", None),
            ("1250,5", yen, ",", None),
            ("-5", Currency::EUR, ",", None),
            ("1e5", Currency::EUR, ",", None),
            ("all", Currency::EUR, ",", None),
            ("", Currency::EUR, ",", None),
            (",5", Currency::EUR, ",", None),
            ("9999999999999999", Currency::EUR, ",", None),
            ("١٢", Currency::EUR, ",", None),
        ] {
            assert_eq!(amount(text, currency, decimal), expected, "{text:?} {decimal}");
        }
    }
}
