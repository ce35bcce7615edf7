//! A value of a report as the digits that it has.

use domain::Currency;
use figures::{
    Undefined,
    report::{ReportCell, ReportUnit, ReportValue},
};

/// A value, as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ShownValue {
    /// A decimal number, such as `-1250.00`: amounts in major units.
    Number(String),
    /// It is not defined, and why.
    Undefined(Undefined),
}

/// A value in the digits of its unit: an amount in major units of the row's currency, a quotient rounded half away from zero.
pub fn shown(cell: &ReportCell, currency: Option<Currency>) -> ShownValue {
    let digits = digits(cell.unit, currency);
    match cell.value {
        ReportValue::Whole(sum) => ShownValue::Number(decimal(sum.whole(), digits)),
        ReportValue::Figure(figure) => match figure {
            figures::Figure::Exact(ratio) => ShownValue::Number(ratio.rounded(digits)),
            figures::Figure::Undefined(why) => ShownValue::Undefined(why),
        },
    }
}

/// How many digits stand behind the point.
pub fn digits(unit: ReportUnit, currency: Option<Currency>) -> u8 {
    match unit {
        ReportUnit::Minor => currency.map_or(0, |currency| currency.minor_digits()),
        ReportUnit::Count | ReportUnit::Days | ReportUnit::Percent | ReportUnit::PerUnit | ReportUnit::Each => unit.digits(),
    }
}

/// A value as a whole number of 10^-digits: what charts take. `None` where it is not defined.
pub fn scaled(cell: &ReportCell, currency: Option<Currency>) -> Option<i128> {
    match cell.value {
        ReportValue::Whole(sum) => Some(sum.whole()),
        ReportValue::Figure(figure) => figure.exact()?.scaled(digits(cell.unit, currency)),
    }
}

/// A whole number with so many of its digits behind the point.
fn decimal(whole: i128, digits: u8) -> String {
    let places = usize::from(digits);
    let text = format!("{:0width$}", whole.unsigned_abs(), width = places + 1);
    let (before, behind) = text.split_at(text.len() - places);
    let sign = if whole < 0 { "-" } else { "" };
    if places == 0 { format!("{sign}{before}") } else { format!("{sign}{before}.{behind}") }
}

#[cfg(test)]
mod tests {
    use figures::{Figure, Sum};

    use super::*;

    #[test]
    fn amounts_are_of_their_currency_and_quotients_of_their_unit() {
        let jpy = Currency::JPY;
        let number = |text: &str| ShownValue::Number(text.to_owned());
        let cell = |unit, value| ReportCell { name: "x", unit, value, is_cut_short: false };
        let whole = |minor: i64| ReportValue::Whole(Sum::from(minor));
        for (cell, currency, expected) in [
            (cell(ReportUnit::Minor, whole(-125_000)), Some(Currency::EUR), number("-1250.00")),
            (cell(ReportUnit::Minor, whole(5)), Some(Currency::EUR), number("0.05")),
            (cell(ReportUnit::Minor, whole(12_500)), Some(jpy), number("12500")),
            (cell(ReportUnit::Count, whole(7)), Some(Currency::EUR), number("7")),
            (
                cell(ReportUnit::Days, ReportValue::Figure(Figure::quotient(978_210, 17_674, Undefined::NoSales))),
                None,
                number("55.35"),
            ),
            (
                cell(ReportUnit::Days, ReportValue::Figure(Figure::quotient(1, 0, Undefined::NoSales))),
                None,
                ShownValue::Undefined(Undefined::NoSales),
            ),
        ] {
            assert_eq!(shown(&cell, currency), expected);
        }
    }
}
