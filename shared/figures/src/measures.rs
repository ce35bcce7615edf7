//! The definitions of figures as formulas of sums, each with its source.
//!
//! Amounts are minor units of one currency; a quotient has no rounding in it. Where what stands below is nothing the figure is not defined,
//! and never zero.
//!
//! | Source | Where |
//! |---|---|
//! | CreditGuru | *Average days delinquent*, of DSO and best possible DSO |
//! | JD Edwards | *Current balance divided by sales*, manual of EnterpriseOne accounts receivable 9.2 |
//! | Upflow | *DSO*, help centre: the countback method and its rules of what counts |
//! | Ako | V. Srinivasan with the Credit Research Foundation: the collection effectiveness index |
//! | OCC | Comptroller's Handbook, *Retail lending*: roll rates |
//! | Oracle | Banking Collections Cloud 14.8: figures of promises |

use crate::{
    cohort::{Billed, Rolled},
    contact_flow::{ContactFlow, ResponseTally},
    entry::PromiseEnd,
    exact::{Figure, Sum, Undefined},
    flow::{Flow, SettledFlow},
    stock::Stock,
};

/// Days sales outstanding, the simple way: `receivables ÷ sales on credit × days`.
///
/// `receivables` is what is open at the end of the period, `sales` what was sold in it, `days` its calendar days. JD Edwards and CreditGuru.
/// Unapplied credit is not taken off. With what is current for `receivables` it is the best possible DSO.
pub fn dso(receivables: Sum, sales: Sum, days: i64) -> Figure {
    if sales <= Sum::ZERO {
        return Figure::Undefined(Undefined::NoSales);
    }
    Figure::product(receivables.whole(), i128::from(days), sales.whole(), Undefined::NoSales)
}

/// Days sales outstanding by the mean of what was open at both ends of a period: `(begin + end) ÷ 2 ÷ sales × days`. Some call this the DSO;
/// it is shown by this name alone.
pub fn dso_of_average(begin: Sum, end: Sum, sales: Sum, days: i64) -> Figure {
    dso(begin + end, sales + sales, days)
}

/// A month as countback sees it: what was sold in it, and its days; of the running one, those that are over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SalesMonth {
    /// What was sold, minor units.
    pub sales: Sum,
    /// Its days.
    pub days: i64,
}

/// What countback came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Countback {
    /// The days.
    pub figure: Figure,
    /// Whether the known months ended before the receivables did: the figure is then the days of all of them, and too small.
    pub is_cut_short: bool,
}

/// Days sales outstanding by countback: the newest months of sales are taken off the receivables, one after the other. A month that is
/// taken off whole counts all its days; the last counts `rest ÷ its sales` of its days.
///
/// Upflow's method. A month without sales, or with more voided than sold, takes nothing off and counts its days. `months` begin with the
/// newest. With nothing open it is 0. It is not defined where no month is known.
pub fn dso_countback(receivables: Sum, months: impl IntoIterator<Item = SalesMonth>) -> Countback {
    let (mut rest, mut days, mut is_any) = (receivables.whole(), 0_i128, false);
    if rest <= 0 {
        return Countback { figure: Figure::quotient(0, 1, Undefined::NoSales), is_cut_short: false };
    }
    for month in months {
        is_any |= month.sales > Sum::ZERO;
        let (sales, of_month) = (month.sales.whole().max(0), i128::from(month.days));
        if rest < sales {
            // days + rest ÷ sales × days of the month
            let above = days.checked_mul(sales).zip(rest.checked_mul(of_month)).and_then(|(whole, part)| whole.checked_add(part));
            let too_large = Figure::Undefined(Undefined::TooLarge);
            let figure = above.map_or(too_large, |above| Figure::quotient(above, sales, Undefined::NoSales));
            return Countback { figure, is_cut_short: false };
        }
        rest -= sales;
        days += of_month;
        if rest == 0 {
            return Countback { figure: Figure::quotient(days, 1, Undefined::NoSales), is_cut_short: false };
        }
    }
    let figure = if is_any { Figure::quotient(days, 1, Undefined::NoSales) } else { Figure::Undefined(Undefined::NoSales) };
    Countback { figure, is_cut_short: true }
}

/// Average days delinquent: `DSO − best possible DSO`, both by one method over one period. CreditGuru. It is not the average of days late.
pub fn average_days_delinquent(dso: Figure, best_possible: Figure) -> Figure {
    dso.minus(best_possible)
}

/// What the collection effectiveness index is made of, minor units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Effectiveness {
    /// What was open when the period began.
    pub begin: Sum,
    /// What was sold in it.
    pub sales: Sum,
    /// How many calendar months it has.
    pub months: i64,
    /// What is open at its end.
    pub end: Sum,
    /// What of that is not past due.
    pub end_current: Sum,
}

/// The collection effectiveness index, in percent:
/// `(begin + sales ÷ months − end) ÷ (begin + sales ÷ months − end that is current) × 100`.
///
/// Srinivasan with the Credit Research Foundation, by Ako. 100 only where nothing is past due at the end. Not defined where there was nothing
/// to collect. Other prints divide sales by days, which is an evident slip.
pub fn collection_effectiveness(of: Effectiveness) -> Figure {
    let months = i128::from(of.months.max(1));
    // Times the months, above and below: whole numbers alone.
    let times = |sum: Sum| sum.whole().checked_mul(months);
    let less = |end: Sum| times(of.begin)?.checked_add(of.sales.whole())?.checked_sub(times(end)?);
    match (less(of.end), less(of.end_current)) {
        (Some(above), Some(below)) if below > 0 => Figure::product(above, 100, below, Undefined::NothingToCollect),
        (Some(_), Some(_)) => Figure::Undefined(Undefined::NothingToCollect),
        (None, _) | (_, None) => Figure::Undefined(Undefined::TooLarge),
    }
}

/// The mean over settled invoices of a number of days.
fn mean(days: i64, of: SettledFlow) -> Figure {
    by_settled(i128::from(days), i128::from(of.invoices.count))
}

fn by_settled(above: i128, below: i128) -> Figure {
    if below <= 0 {
        Figure::Undefined(Undefined::NothingSettled)
    } else {
        Figure::quotient(above, below, Undefined::NothingSettled)
    }
}

/// Average days to pay: the mean of `settled on − issued on` over the invoices that were settled in the period, each once.
pub fn average_days_to_pay(of: SettledFlow) -> Figure {
    mean(of.days_to_pay, of)
}

/// Average days to pay, each invoice with the weight of its total: `Σ total × (settled on − issued on) ÷ Σ total`.
pub fn average_days_to_pay_weighted(of: SettledFlow) -> Figure {
    by_settled(of.days_to_pay_weighted.whole(), of.invoices.minor.whole())
}

/// Average days late: the mean of `settled on − due on` over the invoices that were settled in the period; what came early is negative.
/// Kolleno calls this its average days to pay.
pub fn average_days_late(of: SettledFlow) -> Figure {
    mean(of.days_late, of)
}

/// Average days late, each invoice with the weight of its total.
pub fn average_days_late_weighted(of: SettledFlow) -> Figure {
    by_settled(of.days_late_weighted.whole(), of.invoices.minor.whole())
}

/// Average days overdue of what is open: `Σ open × days past due ÷ Σ open` over what is past due, weighted by amount.
pub fn average_days_overdue(stock: &Stock) -> Figure {
    Figure::quotient(stock.overdue_days.whole(), stock.past_due().whole(), Undefined::NothingPastDue)
}

/// The part of what is open that is past due, in percent.
pub fn past_due_share(stock: &Stock) -> Figure {
    Figure::product(stock.past_due().whole(), 100, stock.open().whole(), Undefined::NothingOpen)
}

/// How many promises that ended in the period were kept, in percent: `kept ÷ (kept + partly kept + broken)`. Oracle; a promise that was
/// withdrawn or superseded is no part of it.
pub fn promises_kept_by_count(flow: &Flow) -> Figure {
    let count = |end| i128::from(flow.promises_ended(end).promised.count);
    let all = count(PromiseEnd::Kept) + count(PromiseEnd::PartlyKept) + count(PromiseEnd::Broken);
    Figure::product(count(PromiseEnd::Kept), 100, all, Undefined::NoPromise)
}

/// How much of what was promised and due in the period came in time, in percent: `paid in time ÷ promised`, a promise kept in part with the
/// part that came.
pub fn promises_kept_by_amount(flow: &Flow) -> Figure {
    let ends = [PromiseEnd::Kept, PromiseEnd::PartlyKept, PromiseEnd::Broken].map(|end| flow.promises_ended(end));
    let paid: Sum = ends.iter().map(|ended| ended.paid).sum();
    let promised: Sum = ends.iter().map(|ended| ended.promised.minor).sum();
    Figure::product(paid.whole(), 100, promised.whole(), Undefined::NoPromise)
}

/// How many touches had a response within [`RESPONSE_DAYS`](crate::contact_flow::RESPONSE_DAYS) days, in percent, over the touches whose days
/// are over. A response counts for the last touch before it alone.
pub fn response_rate(of: ResponseTally) -> Figure {
    Figure::product(i128::from(of.responded), 100, i128::from(of.touches), Undefined::NoTouch)
}

/// Touches for each invoice that was settled in the period.
pub fn touches_per_invoice(contacts: &ContactFlow, settled: SettledFlow) -> Figure {
    by_settled(i128::from(contacts.touches), i128::from(settled.invoices.count))
}

/// What it cost to collect one unit of a currency: `cost ÷ what was collected`, both in that currency. Not defined where nothing was collected,
/// or where nobody knows what a touch of the period cost. `millionths` counts millionths of a major unit, `digits` are those of the minor unit.
pub fn cost_per_collected(millionths: Sum, unpriced: i64, collected: Sum, digits: u8) -> Figure {
    const MILLION: i128 = 1_000_000;
    if unpriced > 0 {
        return Figure::Undefined(Undefined::CostUnknown);
    }
    if collected <= Sum::ZERO {
        return Figure::Undefined(Undefined::NothingCollected);
    }
    let below = collected.whole().checked_mul(MILLION);
    let too_large = Figure::Undefined(Undefined::TooLarge);
    let scale = 10_i128.pow(u32::from(digits.min(9)));
    below.map_or(too_large, |below| Figure::product(millionths.whole(), scale, below, Undefined::NothingCollected))
}

/// The mean of ratings, from 1 to 5.
pub fn average_rating(contacts: &ContactFlow) -> Figure {
    let scores = contacts.ratings.iter().zip(1_i128..);
    let sum = scores.map(|(count, score)| i128::from(*count) * score).sum();
    Figure::quotient(sum, contacts.ratings.iter().map(|count| i128::from(*count)).sum(), Undefined::NoRating)
}

/// The roll rate of a bucket, in percent: `what of it is in the next bucket later ÷ what was in it`. OCC's method of dollars by cohort, so that
/// it is never above 100. The period is the width of a bucket, 30 days.
pub fn roll_rate(of: Rolled) -> Figure {
    Figure::product(of.in_next.whole(), 100, of.before.whole(), Undefined::NothingBefore)
}

/// The cure rate of a bucket, in percent: `what of it was paid or credited later ÷ what was in it`. What was given up is not cured.
pub fn cure_rate(of: Rolled) -> Figure {
    Figure::product((of.before - of.unpaid).whole(), 100, of.before.whole(), Undefined::NothingBefore)
}

/// The share of what a month billed that was unpaid 90 days after it fell due, in percent. Upflow's at-risk rate, by due date.
pub fn at_risk_rate(of: Billed) -> Figure {
    Figure::product(of.unpaid.whole(), 100, of.billed.whole(), Undefined::NoSales)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tally::Tally;

    fn sum(minor: i64) -> Sum {
        Sum::from(minor)
    }

    #[test]
    fn the_published_examples_come_out() {
        // JD Edwards: 10,869 × 90 ÷ (5,538 + 4,566 + 7,570).
        assert_eq!(dso(sum(10_869), sum(5_538 + 4_566 + 7_570), 90).shown(2), "55.35");
        // Quadient: 25,000 ÷ 15,000 × 30, by the mean of both ends.
        assert_eq!(dso_of_average(sum(20_000), sum(30_000), sum(15_000), 30).shown(2), "50.00");
        // CreditGuru: best possible 4,000 ÷ 10,000 × 30, and 45 − 12.
        let best = dso(sum(4_000), sum(10_000), 30);
        assert_eq!(best.shown(2), "12.00");
        assert_eq!(average_days_delinquent(dso(sum(15_000), sum(10_000), 30), best).shown(2), "33.00");
        // Quadient: 50 − 12.
        assert_eq!(average_days_delinquent(dso(sum(25_000), sum(15_000), 30), best).shown(2), "38.00");
        // Of the reference: 100, 60, 90, 60 in one month.
        let of = Effectiveness { begin: sum(100), sales: sum(60), months: 1, end: sum(90), end_current: sum(60) };
        assert_eq!(collection_effectiveness(of).shown(1), "70.0");
        // Kolleno: 0, 5 and 10 days after the due date.
        let late = [0, 5, 10].map(|days| SettledFlow::one(100, 30 + days, days));
        let mut settled = SettledFlow::default();
        late.iter().for_each(|one| settled.add(*one));
        assert_eq!(average_days_late(settled).shown(2), "5.00");
        assert_eq!(average_days_to_pay(settled).shown(2), "35.00");
        // Of the calculator of roll rates: 200k of 1,000k.
        let rolled = Rolled { before: sum(1_000_000), in_next: sum(200_000), unpaid: sum(350_000) };
        assert_eq!((roll_rate(rolled).shown(1), cure_rate(rolled).shown(1)), ("20.0".to_owned(), "65.0".to_owned()));
    }

    #[test]
    fn countback_takes_months_off_until_nothing_is_left() {
        let month = |sales, days| SalesMonth { sales: sum(sales), days };
        for (open, months, days, is_cut) in [
            // 31 days for 100, then 50 of 200 in 28 days.
            (150, vec![month(100, 31), month(200, 28)], "38.00", false),
            (100, vec![month(100, 31), month(200, 28)], "31.00", false),
            (99, vec![month(100, 31)], "30.69", false),
            // A month without sales counts its days, and so does one with more voided than sold.
            (150, vec![month(100, 31), month(0, 28), month(100, 31)], "74.50", false),
            (150, vec![month(100, 31), month(-70, 28), month(100, 31)], "74.50", false),
            (50, vec![month(0, 10), month(100, 30)], "25.00", false),
            (0, vec![month(100, 31)], "0.00", false),
            (0, vec![], "0.00", false),
            (301, vec![month(100, 31), month(200, 28)], "59.00", true),
            (5, vec![month(0, 31)], "not defined: nothing was sold in the period", true),
            (5, vec![], "not defined: nothing was sold in the period", true),
        ] {
            let found = dso_countback(sum(open), months.clone());
            assert_eq!((found.figure.shown(2).as_str(), found.is_cut_short), (days, is_cut), "{open} of {months:?}");
        }
    }

    #[test]
    fn effectiveness_is_whole_only_where_nothing_is_past_due() {
        let of = |begin, sales, months, end, end_current| {
            let of = Effectiveness { begin: sum(begin), sales: sum(sales), months, end: sum(end), end_current: sum(end_current) };
            collection_effectiveness(of).shown(1)
        };
        assert_eq!(of(100, 60, 1, 60, 60), "100.0");
        // A quarter: 180 ÷ 3 are 60 again.
        assert_eq!(of(100, 180, 3, 90, 60), "70.0");
        assert_eq!(of(100, 61, 3, 90, 60), "50.3", "(300 + 61 − 270) ÷ (300 + 61 − 180)");
        assert_eq!(of(0, 0, 1, 0, 0), "not defined: nothing was there to be collected");
        assert_eq!(of(0, 60, 1, 60, 60), "not defined: nothing was there to be collected");
    }

    #[test]
    fn nothing_below_is_not_zero() {
        let (flow, contacts, stock) = (Flow::default(), ContactFlow::default(), Stock::default());
        for (figure, why) in [
            (dso(sum(5), sum(0), 30), Undefined::NoSales),
            (dso(sum(5), sum(-5), 30), Undefined::NoSales),
            (average_days_to_pay(flow.settled), Undefined::NothingSettled),
            (average_days_to_pay_weighted(flow.settled), Undefined::NothingSettled),
            (average_days_late(flow.settled), Undefined::NothingSettled),
            (average_days_late_weighted(flow.settled), Undefined::NothingSettled),
            (average_days_overdue(&stock), Undefined::NothingPastDue),
            (past_due_share(&stock), Undefined::NothingOpen),
            (promises_kept_by_count(&flow), Undefined::NoPromise),
            (promises_kept_by_amount(&flow), Undefined::NoPromise),
            (response_rate(contacts.responses), Undefined::NoTouch),
            (touches_per_invoice(&contacts, flow.settled), Undefined::NothingSettled),
            (cost_per_collected(sum(5), 0, sum(0), 2), Undefined::NothingCollected),
            (cost_per_collected(sum(5), 1, sum(100), 2), Undefined::CostUnknown),
            (average_rating(&contacts), Undefined::NoRating),
            (roll_rate(Rolled::default()), Undefined::NothingBefore),
            (cure_rate(Rolled::default()), Undefined::NothingBefore),
            (at_risk_rate(Billed::default()), Undefined::NoSales),
        ] {
            assert_eq!(figure, Figure::Undefined(why));
        }
    }

    #[test]
    fn costs_are_of_major_units() {
        // $0.0079 for each of 100 messages brought $395.00: 0.002 each.
        assert_eq!(cost_per_collected(sum(790_000), 0, sum(39_500), 2).shown(4), "0.0020");
        // ¥12 a letter, ¥4,000 collected.
        assert_eq!(cost_per_collected(sum(12_000_000), 0, sum(4_000), 0).shown(4), "0.0030");
    }

    #[test]
    fn partly_kept_promises_count_with_their_part() {
        let mut flow = Flow::default();
        let ended = |promised, paid| crate::flow::PromisesEnded { promised: Tally::one(promised), paid: sum(paid) };
        flow.add_promise(PromiseEnd::Kept, ended(100, 100));
        flow.add_promise(PromiseEnd::PartlyKept, ended(200, 50));
        flow.add_promise(PromiseEnd::Broken, ended(100, 0));
        flow.add_promise(PromiseEnd::Cancelled, ended(1_000, 0));
        assert_eq!(promises_kept_by_count(&flow).shown(2), "33.33");
        assert_eq!(promises_kept_by_amount(&flow).shown(2), "37.50");
    }
}
