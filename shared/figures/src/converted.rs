//! All currencies together, at the stated rates of a stated day.

use std::collections::{BTreeMap, BTreeSet};

use domain::{Currency, ExchangeRate, Reporting};
use jiff::civil::Date;

use crate::{
    customer_figures::MonthFigures,
    exact::{Ratio, Sum},
    totals::{CurrencyFigures, Largest, Totals},
};

/// Totals in one currency.
///
/// Sums are converted, not what they are made of: each sum of each currency once, rounded half away from zero to the minor unit. So the sum
/// over groups may differ from the converted total by a minor unit for each group and currency; sums of one currency never do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Converted {
    /// The currency.
    pub currency: Currency,
    /// The day of which the rates are.
    pub rated_on: Date,
    /// The rates that were used: what one unit of a currency is worth.
    pub rates: BTreeMap<Currency, ExchangeRate>,
    /// Currencies that are in no number here: without a rate, or with amounts beyond 64 bits.
    pub left_out: BTreeSet<Currency>,
    /// The figures. Who owes most is told by currency alone, and `owing` counts a customer once for each currency.
    pub figures: CurrencyFigures,
}

impl Converted {
    /// All currencies of totals together, at rates of a day.
    pub fn of(totals: &Totals, reporting: &Reporting, rated_on: Date) -> Self {
        let mut converted = Self {
            currency: reporting.currency,
            rated_on,
            rates: BTreeMap::new(),
            left_out: BTreeSet::new(),
            figures: CurrencyFigures::default(),
        };
        for (currency, figures) in &totals.currencies {
            let convert = |sum: Sum| sum.minor().and_then(|minor| reporting.convert(minor, *currency)).map(Sum::from);
            match figures_in(figures, &convert) {
                Some(figures) => {
                    converted.figures.merge(&figures);
                    converted.rates.extend(reporting.rates.get(currency).map(|rate| (*currency, *rate)));
                }
                None => {
                    converted.left_out.insert(*currency);
                }
            }
        }
        converted
    }
}

/// What touches cost, in the currency that is reported in: millionths of its major unit, each currency's rounded once; `None` where the cost of
/// one of them has no rate, or does not fit.
pub fn cost_in(costs: &BTreeMap<Currency, Sum>, reporting: &Reporting) -> Option<Sum> {
    let to = u32::from(reporting.currency.minor_digits());
    let each = costs.iter().map(|(currency, cost)| {
        // A rate is of major units, and is asked for minor ones: what digits add is taken off.
        let from = u32::from(currency.minor_digits());
        let asked = cost.whole().checked_mul(10_i128.pow(from.saturating_sub(to)))?;
        let found = reporting.convert(Sum::of(asked).minor()?, *currency)?;
        Ratio::of(i128::from(found), 10_i128.pow(to.saturating_sub(from)))?.scaled(0).map(Sum::of)
    });
    each.sum()
}

fn figures_in(figures: &CurrencyFigures, convert: &dyn Fn(Sum) -> Option<Sum>) -> Option<CurrencyFigures> {
    let months = figures.months.iter().map(|(month, of)| {
        let of = MonthFigures { flow: of.flow.converted(convert)?, open: convert(of.open)?, current: convert(of.current)? };
        Some((*month, of))
    });
    Some(CurrencyFigures {
        owing: figures.owing,
        stock: figures.stock.converted(convert)?,
        day: figures.day.converted(convert)?,
        months: months.collect::<Option<_>>()?,
        largest: Largest::default(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn costs_keep_their_millionths_whatever_the_digits() {
        let kwd = Currency::parse("KWD").expect("a currency");
        let rates = [(Currency::USD, "0.92"), (Currency::JPY, "0.006"), (kwd, "3")];
        let rates = rates.map(|(currency, rate)| (currency, ExchangeRate::parse(rate).expect("a rate")));
        let reporting = Reporting { currency: Currency::EUR, rates: rates.into() };
        for (currency, millionths, expected) in [
            (Currency::EUR, 28_300, Some(28_300)),
            (Currency::USD, 28_300, Some(26_036)),
            (Currency::JPY, 12_000_000, Some(72_000)),
            (kwd, 1_000, Some(3_000)),
            (Currency::GBP, 5, None),
        ] {
            let costs = [(currency, Sum::from(millionths))].into();
            assert_eq!(cost_in(&costs, &reporting).map(Sum::whole), expected, "{currency}");
        }
        assert_eq!(cost_in(&BTreeMap::new(), &reporting), Some(Sum::ZERO));
    }
}
