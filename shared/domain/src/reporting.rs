//! Amounts of several currencies in the one that a tenant reports in.
//!
//! Rates are the tenant's own, decimal numbers that are kept whole: no float touches an amount.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::Currency;

/// Most digits of a rate behind the point.
const FRACTION_DIGITS: usize = 9;
/// Most digits of a rate before the point.
const WHOLE_DIGITS: usize = 9;
/// What a rate counts: so many make one.
const ONE: u64 = 1_000_000_000;

/// In which currency amounts are ranked, and at which rates.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reporting {
    /// The currency.
    pub currency: Currency,
    /// What one unit of another currency is worth in it.
    #[serde(default)]
    pub rates: BTreeMap<Currency, ExchangeRate>,
}

impl Reporting {
    /// An amount in the reporting currency, minor units, rounded half away from zero; `None` where its currency has no rate.
    pub fn convert(&self, amount_minor: i64, currency: Currency) -> Option<i64> {
        if currency == self.currency {
            return Some(amount_minor);
        }
        let rate = self.rates.get(&currency)?;
        let power = |digits: u8| 10_i128.pow(u32::from(digits));
        // What does not fit is the most that there is: only amounts that no book holds come there.
        let scaled = i128::from(amount_minor).checked_mul(i128::from(rate.0));
        let scaled = scaled.and_then(|scaled| scaled.checked_mul(power(self.currency.minor_digits())));
        let Some(scaled) = scaled else { return Some(if amount_minor < 0 { i64::MIN } else { i64::MAX }) };
        let unit = i128::from(ONE) * power(currency.minor_digits());
        let half = if scaled < 0 { -(unit / 2) } else { unit / 2 };
        let minor = (scaled + half) / unit;
        Some(i64::try_from(minor).unwrap_or(if minor < 0 { i64::MIN } else { i64::MAX }))
    }
}

/// What one unit of a currency is worth in another: a decimal number above zero, at most nine digits on either side of the point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ExchangeRate(u64);

impl ExchangeRate {
    /// Reads a decimal number, such as `0.92`; `None` for anything else, and for zero.
    pub fn parse(text: &str) -> Option<Self> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
        let is_digits =
            |part: &str, most: usize| (1..=most).contains(&part.len()) && part.bytes().all(|digit| digit.is_ascii_digit());
        if !is_digits(whole, WHOLE_DIGITS) || !is_digits(fraction, FRACTION_DIGITS) {
            return None;
        }
        let whole: u64 = whole.parse().ok()?;
        let fraction: u64 = format!("{fraction:0<FRACTION_DIGITS$}").parse().ok()?;
        Some(Self(whole * ONE + fraction)).filter(|rate| rate.0 > 0)
    }
}

impl fmt::Display for ExchangeRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, fraction) = (self.0 / ONE, self.0 % ONE);
        let fraction = format!("{fraction:0>FRACTION_DIGITS$}");
        match fraction.trim_end_matches('0') {
            "" => write!(f, "{whole}"),
            fraction => write!(f, "{whole}.{fraction}"),
        }
    }
}

impl Serialize for ExchangeRate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ExchangeRate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = ExchangeRate;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a decimal number above zero as a text, such as \"0.92\", or a whole number")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<ExchangeRate, E> {
                ExchangeRate::parse(text).ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))
            }
            fn visit_u64<E: de::Error>(self, number: u64) -> Result<ExchangeRate, E> {
                ExchangeRate::parse(&number.to_string()).ok_or_else(|| E::invalid_value(de::Unexpected::Unsigned(number), &self))
            }
            fn visit_i64<E: de::Error>(self, number: i64) -> Result<ExchangeRate, E> {
                ExchangeRate::parse(&number.to_string()).ok_or_else(|| E::invalid_value(de::Unexpected::Signed(number), &self))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_decimal_numbers_above_zero() {
        for (json, read) in [
            ("\"0.92\"", Some("0.92")),
            ("\"1\"", Some("1")),
            ("1", Some("1")),
            ("\"001.50\"", Some("1.5")),
            ("\"0.000000001\"", Some("0.000000001")),
            ("\"999999999.999999999\"", Some("999999999.999999999")),
            ("\"0\"", None),
            ("0", None),
            ("-1", None),
            ("0.92", None),
            ("\"0.0000000001\"", None),
            ("\"1,5\"", None),
            ("\".5\"", None),
            ("\"1.\"", None),
            ("\"+1\"", None),
            ("\"1e3\"", None),
            ("\"\"", None),
            ("null", None),
        ] {
            let rate = serde_json::from_str::<ExchangeRate>(json).ok();
            assert_eq!(rate.map(|rate| rate.to_string()).as_deref(), read, "{json}");
        }
    }

    #[test]
    fn amounts_are_worth_what_the_rate_says_and_nothing_without_one() {
        let rates = [(Currency::USD, "0.92"), (Currency::JPY, "0.0061"), (Currency::GBP, "999999999")];
        let rates = rates.map(|(currency, rate)| (currency, ExchangeRate::parse(rate).expect("a rate")));
        let reporting = Reporting { currency: Currency::EUR, rates: rates.into() };
        let kwd = Currency::parse("KWD").expect("a currency");
        for (amount_minor, currency, expected) in [
            (12_345, Currency::EUR, Some(12_345)),
            (100, Currency::USD, Some(92)),
            (1, Currency::USD, Some(1)),
            (-50, Currency::USD, Some(-46)),
            // Half a cent is a cent: 0.5 × 0.92 is below it, 125 × 0.0061 × 100 is 76.25.
            (125, Currency::JPY, Some(76)),
            (1, Currency::JPY, Some(1)),
            (i64::MAX, Currency::GBP, Some(i64::MAX)),
            (1_000, kwd, None),
        ] {
            assert_eq!(reporting.convert(amount_minor, currency), expected, "{amount_minor} {currency:?}");
        }
        let dinars = Reporting { currency: kwd, rates: [(Currency::JPY, ExchangeRate::parse("0.002").expect("a rate"))].into() };
        assert_eq!(dinars.convert(500, Currency::JPY), Some(1_000), "three digits");
    }
}
