//! Amounts as providers write them: integers and decimal texts with digits of their own. Without floats.

use domain::{Currency, Money};

use crate::CannotBegin;

/// Most that is taken, in minor units, as for invoices: sums stay far inside 64 bits.
const AMOUNT_MINOR_MAX: i64 = 1_000_000_000_000_000;

/// How many minor units one step of an amount with `digits` decimal digits has: 1 where they are as fine as the currency or finer.
fn step_minor(currency: Currency, digits: u8) -> i64 {
    10_i64.pow(u32::from(currency.minor_digits().saturating_sub(digits)))
}

/// An amount as an integer with `digits` decimal digits, a multiple of `multiple_of`.
///
/// # Errors
///
/// [`CannotBegin::TooFine`] or [`CannotBegin::TooLarge`].
pub(crate) fn to_integer(provider: &'static str, money: Money, digits: u8, multiple_of: i64) -> Result<i64, CannotBegin> {
    let (minor, currency) = (money.minor(), money.currency());
    let step_minor = step_minor(currency, digits) * multiple_of;
    if minor % step_minor != 0 {
        return Err(CannotBegin::TooFine { provider, currency, amount_minor: minor, step_minor });
    }
    let finer = 10_i64.pow(u32::from(digits.saturating_sub(currency.minor_digits())));
    let scaled = (minor / (step_minor / multiple_of)).checked_mul(finer);
    scaled.filter(|_| minor <= AMOUNT_MINOR_MAX).ok_or(CannotBegin::TooLarge)
}

/// The amount that an integer with `digits` decimal digits stands for.
///
/// # Errors
///
/// What is wrong with it.
pub(crate) fn from_integer(value: i64, currency: Currency, digits: u8) -> Result<Money, String> {
    if !(0..=AMOUNT_MINOR_MAX).contains(&value) {
        return Err(format!("must be from 0 to {AMOUNT_MINOR_MAX}"));
    }
    let finer = 10_i64.pow(u32::from(digits.saturating_sub(currency.minor_digits())));
    let minor = value.checked_mul(step_minor(currency, digits)).filter(|minor| minor % finer == 0).map(|minor| minor / finer);
    let minor = minor.filter(|minor| *minor <= AMOUNT_MINOR_MAX);
    minor
        .map(|minor| Money::from_minor(minor, currency))
        .ok_or_else(|| format!("is no whole number of minor units of {currency}"))
}

/// An amount of major units as a text with `digits` decimal digits: `12.50`, `1250`.
///
/// # Errors
///
/// [`CannotBegin::TooFine`] or [`CannotBegin::TooLarge`].
pub(crate) fn to_major(provider: &'static str, money: Money, digits: u8) -> Result<String, CannotBegin> {
    let value = to_integer(provider, money, digits, 1)?;
    let scale = 10_i64.pow(u32::from(digits));
    let (whole, part) = (value / scale, value % scale);
    Ok(if digits == 0 { whole.to_string() } else { format!("{whole}.{part:0width$}", width = usize::from(digits)) })
}

/// The amount that a text of major units stands for: plain digits, at most one point.
///
/// # Errors
///
/// What is wrong with it.
pub(crate) fn from_major(text: &str, currency: Currency) -> Result<Money, String> {
    let wrong = || format!("is no amount of {currency} in major units, such as 12.50");
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let digits = usize::from(currency.minor_digits());
    let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let is_plain =
        (1..=16).contains(&whole.len()) && part.len() <= 6 && all_digits(whole) && all_digits(part) && !text.ends_with('.');
    // Beyond the currency's digits there may be zeros only: HUF comes as 100.00 or as 100.
    let (counted, beyond) = part.split_at(part.len().min(digits));
    if !is_plain || beyond.bytes().any(|byte| byte != b'0') {
        return Err(wrong());
    }
    let minor: i64 = format!("{whole}{counted:0<digits$}").parse().map_err(|_| wrong())?;
    if minor > AMOUNT_MINOR_MAX { Err(wrong()) } else { Ok(Money::from_minor(minor, currency)) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(code: &str) -> Currency {
        Currency::parse(code).expect(code)
    }

    #[test]
    fn texts_have_the_digits_asked_for() {
        for (minor, code, digits, text) in [
            (1250, "USD", 2, Some("12.50")),
            (5, "EUR", 2, Some("0.05")),
            (1250, "JPY", 0, Some("1250")),
            (125_000, "HUF", 0, Some("1250")),
            (125_050, "HUF", 0, None),
            (1_234, "KWD", 3, Some("1.234")),
        ] {
            assert_eq!(to_major("x", Money::from_minor(minor, of(code)), digits).ok().as_deref(), text, "{minor} {code}");
        }
    }

    #[test]
    fn only_plain_texts_are_amounts() {
        for (text, code, minor) in [
            ("12.50", "USD", Some(1250)),
            ("12.5", "USD", Some(1250)),
            ("12", "USD", Some(1200)),
            ("12.500", "USD", Some(1250)),
            ("12.505", "USD", None),
            ("1250", "JPY", Some(1250)),
            ("1250.00", "JPY", Some(1250)),
            ("1250", "HUF", Some(125_000)),
            ("12.", "USD", None),
            (".5", "USD", None),
            ("-1", "USD", None),
            ("1e3", "USD", None),
            ("1,000", "USD", None),
            ("", "USD", None),
            ("99999999999999999", "USD", None),
        ] {
            assert_eq!(from_major(text, of(code)).ok().map(|money| money.minor()), minor, "{text} {code}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(minor in 0..=AMOUNT_MINOR_MAX, at in 0_usize..4) {
            let (code, digits) = [("USD", 2), ("JPY", 0), ("KWD", 3), ("CLF", 4)][at];
            let money = Money::from_minor(minor, of(code));
            prop_assert_eq!(from_major(&to_major("x", money, digits).expect("fine"), of(code)), Ok(money));
            prop_assert_eq!(from_integer(to_integer("x", money, digits, 1).expect("fine"), of(code), digits), Ok(money));
        }
    }
}
