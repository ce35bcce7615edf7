//! Exact numbers: sums that do not overflow, quotients of whole numbers, and figures that may be undefined.
//!
//! Nothing here is a float. A quotient stays whole until somebody shows it; [`Ratio::rounded`] then rounds half away from zero.

use std::{
    fmt,
    iter::Sum as SumOf,
    ops::{Add, AddAssign, Neg, Sub},
};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Most digits behind the point that a quotient is shown with.
const DIGITS_MAX: u8 = 9;

/// A sum of amounts in minor units, or of amounts times days: 128 bits, so that no book of 64-bit amounts overflows it.
///
/// Text form, also in JSON: the decimal digits, such as `"-12500"`. A number of JSON loses digits beyond 2^53 in many readers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sum(i128);

impl Sum {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// A sum of so much.
    pub const fn of(whole: i128) -> Self {
        Self(whole)
    }

    /// The whole number.
    pub const fn whole(self) -> i128 {
        self.0
    }

    /// The sum as an amount of 64 bits; `None` where it does not fit.
    pub fn minor(self) -> Option<i64> {
        i64::try_from(self.0).ok()
    }

    /// Whether it is nothing.
    pub const fn is_zero(&self) -> bool {
        self.0 == 0
    }
}

impl From<i64> for Sum {
    fn from(minor: i64) -> Self {
        Self(i128::from(minor))
    }
}

impl Add for Sum {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl AddAssign for Sum {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Neg for Sum {
    type Output = Self;

    fn neg(self) -> Self {
        Self(self.0.saturating_neg())
    }
}

impl Sub for Sum {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        self + -other
    }
}

impl SumOf for Sum {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::ZERO, Self::add)
    }
}

impl fmt::Display for Sum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for Sum {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Sum {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map(Self).map_err(|_| de::Error::invalid_value(de::Unexpected::Str(&text), &"a whole number as a text"))
    }
}

/// A quotient of two whole numbers in lowest terms, the one below above zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ratio {
    above: i128,
    below: i128,
}

impl Ratio {
    /// The quotient of two whole numbers; `None` where the one below is zero.
    pub fn of(above: i128, below: i128) -> Option<Self> {
        let common = greatest_common_divisor(above, below)?;
        let (above, below) = (above.checked_div(common)?, below.checked_div(common)?);
        if below < 0 {
            Some(Self { above: above.checked_neg()?, below: below.checked_neg()? })
        } else {
            Some(Self { above, below })
        }
    }

    /// The number above the line.
    pub const fn above(self) -> i128 {
        self.above
    }

    /// The number below the line, above zero.
    pub const fn below(self) -> i128 {
        self.below
    }

    /// The difference of two quotients; `None` where it does not fit 128 bits.
    pub fn minus(self, other: Self) -> Option<Self> {
        let left = self.above.checked_mul(other.below)?;
        let right = other.above.checked_mul(self.below)?;
        Self::of(left.checked_sub(right)?, self.below.checked_mul(other.below)?)
    }

    /// The quotient times 10^`digits` as the nearest whole number, half away from zero; at most nine digits, and `None` where that does not
    /// fit 128 bits.
    pub fn scaled(self, digits: u8) -> Option<i128> {
        let scaled = self.above.checked_mul(10_i128.pow(u32::from(digits.min(DIGITS_MAX))))?;
        let (whole, rest) = (scaled / self.below, scaled % self.below);
        let away = rest.unsigned_abs() >= self.below.unsigned_abs() - rest.unsigned_abs();
        whole.checked_add(if away { scaled.signum() } else { 0 })
    }

    /// The quotient as a decimal number with so many digits behind the point, rounded half away from zero: `55.35`. What does not fit 128
    /// bits is shown as the two numbers.
    pub fn rounded(self, digits: u8) -> String {
        let digits = digits.min(DIGITS_MAX);
        let Some(scaled) = self.scaled(digits) else { return format!("{}/{}", self.above, self.below) };
        let (unit, sign) = (10_u128.pow(u32::from(digits)), if scaled < 0 { "-" } else { "" });
        let size = scaled.unsigned_abs();
        if digits == 0 {
            return format!("{sign}{size}");
        }
        format!("{sign}{}.{:0width$}", size / unit, size % unit, width = usize::from(digits))
    }
}

/// The greatest common divisor of two whole numbers, above zero; `None` where `below` is zero or it does not fit.
fn greatest_common_divisor(above: i128, below: i128) -> Option<i128> {
    if below == 0 {
        return None;
    }
    let (mut one, mut other) = (below.unsigned_abs(), above.unsigned_abs());
    while other != 0 {
        (one, other) = (other, one % other);
    }
    i128::try_from(one).ok()
}

/// A figure of a report: exact, or not defined and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Figure {
    /// What it comes to.
    Exact(Ratio),
    /// It is not defined. It is never shown as zero.
    Undefined(Undefined),
}

impl Figure {
    /// `above` by `below`; not defined for `why` where there is nothing below.
    pub fn quotient(above: i128, below: i128, why: Undefined) -> Self {
        if below == 0 {
            Self::Undefined(why)
        } else {
            Ratio::of(above, below).map_or(Self::Undefined(Undefined::TooLarge), Self::Exact)
        }
    }

    /// `above` times `factor` by `below`; not defined for `why` where there is nothing below.
    pub fn product(above: i128, factor: i128, below: i128, why: Undefined) -> Self {
        let product = above.checked_mul(factor);
        product.map_or(Self::Undefined(Undefined::TooLarge), |product| Self::quotient(product, below, why))
    }

    /// The difference of two figures: not defined where one of them is not.
    pub fn minus(self, other: Self) -> Self {
        match (self, other) {
            (Self::Exact(one), Self::Exact(other)) => one.minus(other).map_or(Self::Undefined(Undefined::TooLarge), Self::Exact),
            (Self::Undefined(why), _) | (_, Self::Undefined(why)) => Self::Undefined(why),
        }
    }

    /// The quotient, where it is defined.
    pub const fn exact(self) -> Option<Ratio> {
        match self {
            Self::Exact(ratio) => Some(ratio),
            Self::Undefined(_) => None,
        }
    }

    /// As text for people and files: a decimal number rounded half away from zero, or why it is not defined.
    pub fn shown(self, digits: u8) -> String {
        match self {
            Self::Exact(ratio) => ratio.rounded(digits),
            Self::Undefined(why) => format!("not defined: {}", why.in_words()),
        }
    }
}

/// Why a figure is not defined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Undefined {
    /// Nothing was sold in the period.
    NoSales,
    /// Nothing is open.
    NothingOpen,
    /// Nothing is past due.
    NothingPastDue,
    /// Nothing was there to be collected.
    NothingToCollect,
    /// No invoice was settled in the period.
    NothingSettled,
    /// Nothing was collected in the period.
    NothingCollected,
    /// No promise ended in the period.
    NoPromise,
    /// No touch is old enough to say what came of it.
    NoTouch,
    /// Nothing was open in the bucket before.
    NothingBefore,
    /// Nobody rated anything in the period.
    NoRating,
    /// Nothing says what some of the touches cost.
    CostUnknown,
    /// Touches are of customers, whatever the currency: in one of several their cost is not whole.
    SeveralCurrencies,
    /// Nothing is known of the day that the period begins with.
    NoData,
    /// The numbers do not fit 128 bits.
    TooLarge,
}

impl Undefined {
    /// As a word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoSales => "no_sales",
            Self::NothingOpen => "nothing_open",
            Self::NothingPastDue => "nothing_past_due",
            Self::NothingToCollect => "nothing_to_collect",
            Self::NothingSettled => "nothing_settled",
            Self::NothingCollected => "nothing_collected",
            Self::NoPromise => "no_promise",
            Self::NoTouch => "no_touch",
            Self::NothingBefore => "nothing_before",
            Self::NoRating => "no_rating",
            Self::CostUnknown => "cost_unknown",
            Self::SeveralCurrencies => "several_currencies",
            Self::NoData => "no_data",
            Self::TooLarge => "too_large",
        }
    }

    /// In words, for people.
    pub const fn in_words(self) -> &'static str {
        match self {
            Self::NoSales => "nothing was sold in the period",
            Self::NothingOpen => "nothing is open",
            Self::NothingPastDue => "nothing is past due",
            Self::NothingToCollect => "nothing was there to be collected",
            Self::NothingSettled => "no invoice was settled in the period",
            Self::NothingCollected => "nothing was collected in the period",
            Self::NoPromise => "no promise ended in the period",
            Self::NoTouch => "no touch is old enough to say what came of it",
            Self::NothingBefore => "nothing was open in the bucket before",
            Self::NoRating => "nobody rated anything in the period",
            Self::CostUnknown => "nothing says what some of the touches cost",
            Self::SeveralCurrencies => "costs and what was collected are in several currencies: ask for them in one",
            Self::NoData => "nothing is known of the day before the period",
            Self::TooLarge => "the amounts are too large",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotients_are_rounded_half_away_from_zero() {
        for (above, below, digits, shown) in [
            (978_210, 17_674, 2, "55.35"),
            (1, 2, 0, "1"),
            (-1, 2, 0, "-1"),
            (1, -2, 0, "-1"),
            (49, 100, 0, "0"),
            (-49, 100, 0, "0"),
            (5, 1_000, 2, "0.01"),
            (-5, 1_000, 2, "-0.01"),
            (4, 1_000, 2, "0.00"),
            (1, 3, 9, "0.333333333"),
            (2, 3, 4, "0.6667"),
            (0, -7, 1, "0.0"),
            (70, 1, 1, "70.0"),
            (i128::MAX, 1, 2, "170141183460469231731687303715884105727/1"),
        ] {
            assert_eq!(Ratio::of(above, below).expect("defined").rounded(digits), shown, "{above}/{below}");
        }
        assert_eq!(Ratio::of(1, 0), None);
        assert_eq!(Ratio::of(6, -4), Ratio::of(-3, 2));
        assert_eq!(Ratio::of(i128::MIN, i128::MIN), None, "what does not fit is not defined");
    }

    #[test]
    fn what_has_nothing_below_is_not_zero() {
        assert_eq!(Figure::quotient(5, 0, Undefined::NoSales), Figure::Undefined(Undefined::NoSales));
        assert_eq!(Figure::quotient(0, 0, Undefined::NoSales).shown(2), "not defined: nothing was sold in the period");
        assert_eq!(Figure::quotient(0, 5, Undefined::NoSales).shown(2), "0.00");
        let (dso, none) = (Figure::quotient(45, 1, Undefined::NoSales), Figure::Undefined(Undefined::NoSales));
        assert_eq!(dso.minus(none), none);
        assert_eq!(none.minus(dso), none);
        assert_eq!(dso.minus(Figure::quotient(25, 2, Undefined::NoSales)).shown(1), "32.5");
        assert_eq!(Figure::product(i128::MAX, 2, 1, Undefined::NoSales), Figure::Undefined(Undefined::TooLarge));
    }

    #[test]
    fn sums_keep_their_digits_as_text() {
        let large = Sum::from(i64::MAX) + Sum::from(i64::MAX);
        let json = serde_json::to_string(&large).expect("json");
        assert_eq!(json, "\"18446744073709551614\"");
        assert_eq!(serde_json::from_str::<Sum>(&json).expect("a sum"), large);
        assert_eq!(large.minor(), None);
        assert!(serde_json::from_str::<Sum>("12").is_err() && serde_json::from_str::<Sum>("\"1.5\"").is_err());
    }
}
