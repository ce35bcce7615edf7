//! Cohorts: what became of the same money later. They need two looks at each invoice, so that they are reckoned from the ledger.

use std::collections::BTreeMap;

use domain::{
    BalanceKey,
    dates::{add_days, days_between},
};
use jiff::civil::Date;

use crate::{book::Book, exact::Sum, month::Period, stock::AgingBucket};

/// What became of what was open in one bucket, minor units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rolled {
    /// What was open in it.
    pub before: Sum,
    /// What of that is open in the next bucket later.
    pub in_next: Sum,
    /// What of that nobody paid or credited later, be it open or given up.
    pub unpaid: Sum,
}

/// What was billed and what of it was not paid in time, minor units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Billed {
    /// What was billed.
    pub billed: Sum,
    /// What of it was unpaid.
    pub unpaid: Sum,
}

/// What became of what was open in each bucket ([`AgingBucket::place`]) at the end of `then`, at the end of `now`, by balance. What came in
/// between, was credited or given up is open in none; what was billed in between counts nothing.
pub fn rolled(book: &Book<'_>, then: Date, now: Date) -> BTreeMap<BalanceKey, [Rolled; 5]> {
    let mut all: BTreeMap<BalanceKey, [Rolled; 5]> = BTreeMap::new();
    for of in book.invoices.values() {
        let (open, unpaid) = (of.open_by_due_date(now), of.unpaid_by_due_date(now));
        for (due_on, before) in of.open_by_due_date(then) {
            let bucket = |day| AgingBucket::of(days_between(due_on, day)).place();
            let of_both = |later: &BTreeMap<Date, i128>| Sum::of(later.get(&due_on).copied().unwrap_or(0).min(before));
            let buckets = all.entry(of.invoice.balance.clone()).or_default();
            let Some(rolled) = buckets.get_mut(bucket(then)) else { continue };
            rolled.before += Sum::of(before);
            rolled.unpaid += of_both(&unpaid);
            if bucket(now) == bucket(then) + 1 {
                rolled.in_next += of_both(&open);
            }
        }
    }
    all
}

/// Of what invoices billed that were issued within days and are no void ones at the end of `as_of`: what was unpaid so many days after it fell
/// due, by balance. Instalments of which those days are not over at the end of `as_of` are in neither number.
pub fn unpaid_after(book: &Book<'_>, issued: Period, days_past_due: i64, as_of: Date) -> BTreeMap<BalanceKey, Billed> {
    let mut all: BTreeMap<BalanceKey, Billed> = BTreeMap::new();
    for of in book.invoices.values() {
        if !issued.has(of.issued_on) || !of.at(as_of).is_some_and(|state| state.is_sold()) {
            continue;
        }
        let mut due: BTreeMap<Date, i128> = BTreeMap::new();
        for (due_on, minor) in &of.invoice.parts {
            *due.entry(*due_on).or_default() += i128::from(*minor);
        }
        for (due_on, minor) in due {
            let look_on = add_days(due_on, days_past_due);
            if look_on <= as_of {
                let billed = all.entry(of.invoice.balance.clone()).or_default();
                billed.billed += Sum::of(minor);
                billed.unpaid += Sum::of(of.open_by_due_date(look_on).get(&due_on).copied().unwrap_or(0));
            }
        }
    }
    all
}
