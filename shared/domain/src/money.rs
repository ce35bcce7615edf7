//! Money: integer minor units of one currency.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Currency;

/// An amount of one currency.
///
/// # Units
///
/// Counts the currency's minor unit: `Money::from_minor(12_50, Currency::USD)` is $12.50 and
/// `Money::from_minor(1250, Currency::JPY)` is ¥1250. Negative is a credit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Money {
    #[serde(rename = "amount_minor")]
    minor: i64,
    currency: Currency,
}

/// Why two amounts could not be taken together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// The currencies differ.
    #[error("amounts of {0} and {1} cannot be taken together")]
    MixedCurrencies(Currency, Currency),
    /// The result does not fit 64 bits.
    #[error("the amount is too large")]
    Overflow,
}

impl Money {
    /// An amount from a count of minor units.
    pub const fn from_minor(minor: i64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    /// The count of minor units.
    pub const fn minor(&self) -> i64 {
        self.minor
    }

    /// The currency.
    pub const fn currency(&self) -> Currency {
        self.currency
    }

    /// Whether nothing is owed either way.
    pub const fn is_zero(&self) -> bool {
        self.minor == 0
    }

    /// The sum of two amounts.
    ///
    /// # Errors
    ///
    /// [`MoneyError`] when the currencies differ or the sum overflows.
    pub fn checked_add(self, other: Self) -> Result<Self, MoneyError> {
        if self.currency != other.currency {
            return Err(MoneyError::MixedCurrencies(self.currency, other.currency));
        }
        let minor = self.minor.checked_add(other.minor).ok_or(MoneyError::Overflow)?;
        Ok(Self { minor, currency: self.currency })
    }

    /// `self` cut into `weights.len()` parts in proportion to `weights`, rounded down, the remainder one unit at a time
    /// to the first parts: the parts always sum to `self`. All-zero weights put everything into the first part.
    pub fn split(self, weights: &[u32]) -> Vec<Self> {
        let sum: i128 = weights.iter().map(|w| i128::from(*w)).sum();
        let mut parts: Vec<i64> =
            weights.iter().map(|w| if sum == 0 { 0 } else { (i128::from(self.minor) * i128::from(*w) / sum) as i64 }).collect();
        let mut rest = self.minor - parts.iter().sum::<i64>();
        let unit = rest.signum();
        for part in parts.iter_mut().filter(|_| sum != 0) {
            if rest == 0 {
                break;
            }
            *part += unit;
            rest -= unit;
        }
        if let Some(first) = parts.first_mut() {
            *first += rest;
        }
        parts.into_iter().map(|minor| Self { minor, currency: self.currency }).collect()
    }
}

impl fmt::Display for Money {
    /// Plain and unlocalised, for logs and traces: `1250.00 EUR`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = usize::from(self.currency.minor_digits());
        let scale = 10_u64.pow(digits as u32);
        let (abs, sign) = (self.minor.unsigned_abs(), if self.minor < 0 { "-" } else { "" });
        if digits == 0 {
            return write!(f, "{sign}{abs} {}", self.currency);
        }
        write!(f, "{sign}{}.{:0digits$} {}", abs / scale, abs % scale, self.currency)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn shown_with_its_digits() {
        let kwd = Currency::parse("KWD").expect("known");
        let clf = Currency::parse("CLF").expect("known");
        for (minor, currency, text) in [
            (1_234_567, clf, "123.4567 CLF"),
            (1250, Currency::USD, "12.50 USD"),
            (1250, Currency::JPY, "1250 JPY"),
            (-5, Currency::EUR, "-0.05 EUR"),
            (1234, kwd, "1.234 KWD"),
        ] {
            assert_eq!(Money::from_minor(minor, currency).to_string(), text);
        }
    }

    #[test]
    fn sums_are_checked() {
        let one = Money::from_minor(1, Currency::EUR);
        assert_eq!(
            one.checked_add(Money::from_minor(1, Currency::USD)),
            Err(MoneyError::MixedCurrencies(Currency::EUR, Currency::USD))
        );
        assert_eq!(one.checked_add(Money::from_minor(i64::MAX, Currency::EUR)), Err(MoneyError::Overflow));
    }

    proptest! {
        #[test]
        fn splits_conserve_the_total(minor in -1_000_000_000_i64..1_000_000_000, weights in prop::collection::vec(0_u32..1000, 1..20)) {
            let parts = Money::from_minor(minor, Currency::EUR).split(&weights);
            prop_assert_eq!(parts.iter().map(Money::minor).sum::<i64>(), minor);
        }
    }
}
