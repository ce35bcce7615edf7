//! Figures of a customer of whom nothing new is known: until when only the calendar moves them, and what they come to then.
//!
//! A book of customers to whom nothing happened is told of on the next day without reading a fact.

use domain::dates::{add_days, days_between};
use jiff::civil::Date;

use crate::{
    contact_flow::{ContactFlow, RESPONSE_DAYS},
    customer_figures::{BalanceFigures, CustomerFigures, MONTHS_KEPT, MonthFigures},
    entry::LedgerFact,
    exact::Sum,
    flow::Flow,
    ledger::Ledger,
    month::Month,
};

/// How many days past due begin a bucket, and how many days of a dispute begin an age.
const BUCKETS_BEGIN: [i64; 4] = [1, 31, 61, 91];
const AGES_BEGIN: [i64; 3] = [8, 31, 61];
/// After so many days somebody looks again, whatever there is.
const DAYS_MAX: i64 = 91;

/// Until the end of which day [`carried`] comes to the same as the ledger replayed, where nothing new becomes known: the day before an item
/// comes into another bucket, a dispute into another age, the days of response of a touch end, or something happens that is dated ahead.
pub fn steady_until(ledger: &Ledger, day: Date) -> Date {
    let mut moved: Vec<Date> = vec![add_days(day, DAYS_MAX + 1)];
    for entry in ledger.in_order() {
        moved.push(entry.on);
        let since = |days: &[i64], on: Date| days.iter().map(|days| add_days(on, *days)).collect::<Vec<_>>();
        match &entry.what {
            LedgerFact::Issued(invoice) => {
                moved.extend(invoice.parts.iter().flat_map(|(due_on, _)| since(&BUCKETS_BEGIN, *due_on)));
            }
            LedgerFact::Promised { pays_on, .. } => moved.extend(since(&[0, 1], *pays_on)),
            LedgerFact::Disputed { .. } => moved.extend(since(&AGES_BEGIN, entry.on)),
            LedgerFact::Touched(_) => moved.extend(since(&[RESPONSE_DAYS, RESPONSE_DAYS + 1], entry.on)),
            LedgerFact::Paid(_)
            | LedgerFact::TakenBack(_)
            | LedgerFact::Credited(_)
            | LedgerFact::Stands { .. }
            | LedgerFact::PromiseEnded { .. }
            | LedgerFact::DisputeEnded { .. }
            | LedgerFact::Lost { .. }
            | LedgerFact::Answered
            | LedgerFact::Rated { .. }
            | LedgerFact::Belongs(_) => {}
        }
    }
    let next = moved.into_iter().filter(|on| *on > day).min().unwrap_or(day);
    add_days(next, -1).max(day)
}

/// The figures at the end of a later day, until which they are steady ([`steady_until`]): what is past due is so for more days, and months
/// begin and go.
#[must_use]
pub fn carried(figures: &CustomerFigures, to: Date) -> CustomerFigures {
    let days = days_between(figures.as_of, to);
    let mut later = figures.clone();
    if days <= 0 {
        return later;
    }
    let (before, newest) = (Month::of(figures.as_of), Month::of(to));
    let oldest = newest.plus(1 - MONTHS_KEPT);
    later.as_of = to;
    later.contacts_of_day = ContactFlow::default();
    later.contacts.retain(|month, _| *month >= oldest);
    for of in later.balances.values_mut() {
        let (open, current) = (of.stock.open(), of.stock.current());
        let more = Sum::of(of.stock.past_due().whole().saturating_mul(i128::from(days)));
        of.stock.overdue_days += more;
        of.day = Flow::default();
        let months = (1..).map(|ahead| before.plus(ahead)).take_while(|month| *month <= newest);
        for month in months {
            of.months.insert(month, MonthFigures { open, current, ..MonthFigures::default() });
        }
        of.months.retain(|month, figures| *month >= oldest && *figures != MonthFigures::default());
    }
    later.balances.retain(|_, of| *of != BalanceFigures::default());
    later
}
