//! Amounts: decimal text in, minor units inside, JSON numbers out.

use serde_json::Value;

/// Amounts are below this, so that a JSON number, read as a double, prints as the decimal that it was made from.
const MINOR_MAX: i64 = 1_000_000_000_000_000;

/// Digits after the point.
pub fn digits(currency: &str) -> usize {
    match currency {
        "BIF" | "CLP" | "DJF" | "GNF" | "ISK" | "JPY" | "KMF" | "KRW" | "PYG" | "RWF" | "UGX" | "VND" | "VUV" | "XAF" | "XOF"
        | "XPF" => 0,
        "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 3,
        _ => 2,
    }
}

/// Minor units of a decimal; `None` where it is none, or finer or larger than books take.
pub fn minor(text: &str, currency: &str) -> Option<i64> {
    let digits = digits(currency);
    let (sign, plain) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let (whole, fraction) = plain.split_once('.').unwrap_or((plain, ""));
    let fraction = fraction.trim_end_matches('0');
    let numeric = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !numeric(whole) || !numeric(fraction) || fraction.len() > digits {
        return None;
    }
    let minor: i64 = format!("{whole}{fraction:0<digits$}").parse().ok()?;
    (minor < MINOR_MAX).then_some(sign * minor)
}

/// Minor units of an amount in a test's story.
///
/// # Panics
///
/// When it is no amount of that currency.
pub fn booked(text: &str, currency: &str) -> i64 {
    minor(text, currency).unwrap_or_else(|| panic!("{text} is no amount in {currency}"))
}

/// The decimal text of an amount.
pub fn text(minor: i64, currency: &str) -> String {
    let digits = digits(currency);
    let sign = if minor < 0 { "-" } else { "" };
    let padded = format!("{:0>width$}", minor.unsigned_abs(), width = digits + 1);
    let (whole, fraction) = padded.split_at(padded.len() - digits);
    if digits == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
}

/// The amount as a number of JSON: `362.07`, `275.0`, and `1250` for yen.
pub fn number(minor: i64, currency: &str) -> Value {
    serde_json::from_str(&text(minor, currency)).expect("decimal digits are JSON")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_come_out_as_they_went_in() {
        for (text, currency, expected) in [
            ("362.07", "USD", "362.07"),
            ("275", "USD", "275.0"),
            ("0.1", "USD", "0.1"),
            ("0.05", "USD", "0.05"),
            ("-261.00", "USD", "-261.0"),
            ("1250", "JPY", "1250"),
            ("1.234", "KWD", "1.234"),
            ("9999999999999.99", "USD", "9999999999999.99"),
        ] {
            assert_eq!(number(booked(text, currency), currency).to_string(), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_amount() {
        for (text, currency) in [
            ("", "USD"),
            ("1.005", "USD"),
            ("1.5", "JPY"),
            ("1,5", "USD"),
            ("x", "USD"),
            ("10000000000000", "USD"),
            ("+1", "USD"),
        ] {
            assert_eq!(minor(text, currency), None, "{text}");
        }
    }
}
