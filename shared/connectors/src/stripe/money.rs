//! Stripe's amounts: integers of a minor unit that is not everywhere the one of ISO 4217.

use domain::Currency;
use serde_json::Value;

use crate::form::{self, AMOUNT_MINOR_MAX};

/// How many decimal digits Stripe's amounts of a currency have, where ISO 4217 says otherwise
/// (<https://docs.stripe.com/currencies>, "Zero-decimal currencies" and "Special cases"): ISK and UGX have no minor unit
/// but are given in hundredths; MGA has one (a fifth, written in hundredths) but is given in whole ariary. Three-decimal
/// currencies are in thousandths and the two-decimal HUF and TWD in hundredths, as in ISO 4217.
const DIGITS_APART: [(&str, u8); 3] = [("ISK", 2), ("UGX", 2), ("MGA", 0)];

/// A currency, which Stripe writes in lower case.
pub fn currency(value: &Value) -> Result<Currency, String> {
    let text = form::string(value)?;
    Currency::parse(&text.to_ascii_uppercase())
        .map_err(|_| "is no current ISO 4217 currency; enter the object by hand".to_owned())
}

/// An amount of `currency`, zero or more, in its minor units.
pub fn amount(currency: Currency) -> impl Fn(&Value) -> Result<i64, String> {
    move |value| to_minor(form::amount(value)?, currency)
}

/// An amount of `currency` that may be negative, in its minor units.
pub fn signed(currency: Currency) -> impl Fn(&Value) -> Result<i64, String> {
    move |value| match value.as_i64() {
        Some(negative) if negative < 0 => {
            let owed = negative.checked_neg().filter(|owed| *owed <= AMOUNT_MINOR_MAX).ok_or("is too large")?;
            to_minor(owed, currency).map(|minor| -minor)
        }
        Some(_) | None => amount(currency)(value),
    }
}

fn to_minor(stripe: i64, currency: Currency) -> Result<i64, String> {
    let iso = currency.minor_digits();
    let own = DIGITS_APART.iter().find(|(code, _)| *code == currency.code()).map_or(iso, |(_, digits)| *digits);
    let minor = if own <= iso {
        stripe.checked_mul(10_i64.pow(u32::from(iso - own))).filter(|minor| *minor <= AMOUNT_MINOR_MAX)
    } else {
        let scale = 10_i64.pow(u32::from(own - iso));
        (stripe % scale == 0).then_some(stripe / scale)
    };
    minor.ok_or_else(|| format!("is no whole number of minor units of {currency}, or too large"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_of_each_kind_of_currency() {
        for (code, stripe, minor) in [
            ("usd", 1250, Some(1250)),
            ("jpy", 1250, Some(1250)),
            ("kwd", 1230, Some(1230)),
            ("huf", 125_000, Some(125_000)),
            ("bgn", 125_000, Some(125_000)),
            ("ang", 125_000, Some(125_000)),
            ("isk", 125_000, Some(1250)),
            ("isk", 125_050, None),
            ("ugx", 500, Some(5)),
            ("mga", 5, Some(500)),
            ("mga", AMOUNT_MINOR_MAX, None),
        ] {
            let currency = currency(&Value::from(code)).expect("a currency");
            assert_eq!(amount(currency)(&Value::from(stripe)).ok(), minor, "{stripe} {code}");
        }
        assert!(currency(&Value::from("currency")).is_err());
    }
}
