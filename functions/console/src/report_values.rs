//! Values of reports as people read them: amounts in their currency, quotients with their unit, and why something is not defined.

use domain::Currency;
use figures::report::{ReportCell, ReportUnit, ReportValue};
use serde::Serialize;
use sheets::cells::{ShownValue, shown};

use crate::formats::Formats;

/// A value on a page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct ValueOnPage {
    /// What it says.
    pub(crate) text: String,
    /// Why it is not defined, where it is not.
    pub(crate) why: Option<&'static str>,
    /// Whether it would be larger if more of the past were known.
    pub(crate) is_cut_short: bool,
}

/// A value.
pub(crate) fn value_on_page(cell: &ReportCell, currency: Option<Currency>, formats: &Formats) -> ValueOnPage {
    let (text, why) = match shown(cell, currency) {
        ShownValue::Undefined(why) => ("not defined".to_owned(), Some(why.in_words())),
        ShownValue::Number(digits) => (with_unit(cell, currency, &digits, formats), None),
    };
    ValueOnPage { text, why, is_cut_short: cell.is_cut_short }
}

fn with_unit(cell: &ReportCell, currency: Option<Currency>, digits: &str, formats: &Formats) -> String {
    match (cell.unit, currency, cell.value) {
        (ReportUnit::Minor, Some(currency), ReportValue::Whole(sum)) => match sum.minor() {
            Some(minor) => formats.amount(minor, currency),
            None => format!("{currency} {digits}"),
        },
        (ReportUnit::Percent, _, _) => format!("{digits} %"),
        (ReportUnit::Days, _, _) => format!("{digits} days"),
        (ReportUnit::PerUnit, Some(currency), _) => format!("{currency} {digits}"),
        (ReportUnit::Minor | ReportUnit::Count | ReportUnit::PerUnit | ReportUnit::Each, _, _) => digits.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use figures::{Figure, Sum, Undefined};

    use super::*;

    #[test]
    fn each_value_says_its_unit_or_why_there_is_none() {
        let formats = Formats::of(None, "2026-02-10T10:00:00Z".parse().unwrap());
        let of = |unit, value| ReportCell { name: "x", unit, value, is_cut_short: false };
        let quotient = |above, below| ReportValue::Figure(Figure::quotient(above, below, Undefined::NothingOpen));
        for (cell, expected) in [
            (of(ReportUnit::Percent, quotient(1, 3)), "0.33 %"),
            (of(ReportUnit::Days, quotient(91, 2)), "45.50 days"),
            (of(ReportUnit::Count, ReportValue::Whole(Sum::from(12))), "12"),
            (of(ReportUnit::Percent, quotient(1, 0)), "not defined"),
            (of(ReportUnit::Minor, ReportValue::Whole(Sum::of(i128::from(i64::MAX) * 10))), "EUR 922337203685477580.70"),
        ] {
            assert_eq!(value_on_page(&cell, Some(Currency::EUR), &formats).text, expected);
        }
        let none = value_on_page(&of(ReportUnit::Days, quotient(1, 0)), None, &formats);
        assert_eq!(none.why, Some("nothing is open"));
    }
}
