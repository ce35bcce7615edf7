//! Amounts as people type them into forms of the console, whose pages write them in English: `1,250.00`, `1250`, `1250.5`.

use domain::Currency;

/// An amount in minor units. `None` for what is none, or has more decimals than the currency.
pub(crate) fn typed_minor(text: &str, currency: Currency) -> Option<i64> {
    let digits = usize::from(currency.minor_digits());
    let text: String = text.chars().filter(|each| !each.is_whitespace()).collect();
    let (whole, fraction) = text.split_once('.').unwrap_or((text.as_str(), ""));
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let mut groups = whole.split(',');
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

/// The same amount as a field of a form has it, without a currency.
pub(crate) fn minor_typed(minor: i64, currency: Currency) -> String {
    let digits = usize::from(currency.minor_digits());
    let text = format!("{:0>width$}", minor.unsigned_abs(), width = digits + 1);
    let (whole, fraction) = text.split_at(text.len() - digits);
    let sign = if minor < 0 { "-" } else { "" };
    if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_read_as_pages_write_them() {
        let yen = Currency::parse("JPY").unwrap();
        for (text, currency, expected) in [
            ("1,250.00", Currency::EUR, Some(125_000)),
            ("1250", Currency::EUR, Some(125_000)),
            (" 1250.5 ", Currency::EUR, Some(125_050)),
            ("0", Currency::EUR, Some(0)),
            ("1250", yen, Some(1_250)),
            ("1250.5", yen, None),
            ("1.250,00", Currency::EUR, None),
            ("12,50", Currency::EUR, None),
            ("1.250", Currency::EUR, None),
            ("-5", Currency::EUR, None),
            ("", Currency::EUR, None),
            ("a", Currency::EUR, None),
        ] {
            assert_eq!(typed_minor(text, currency), expected, "{text}");
        }
    }

    #[test]
    fn what_is_shown_reads_back() {
        let yen = Currency::parse("JPY").unwrap();
        for (minor, currency, text) in
            [(125_000, Currency::EUR, "1250.00"), (5, Currency::EUR, "0.05"), (0, Currency::EUR, "0.00"), (7, yen, "7")]
        {
            assert_eq!(minor_typed(minor, currency), text);
            assert_eq!(typed_minor(text, currency), Some(minor));
        }
    }
}
