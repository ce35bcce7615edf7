//! What happened within days: sold, collected, credited, written off, settled, promised, contested. Flows of days add up, and so do those of
//! customers.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    entry::{DisputeEnd, PromiseEnd},
    exact::Sum,
    tally::{Tally, add_by_key},
};

/// How long invoices took that were settled.
///
/// An invoice counts on the day on which nothing of it is open any more, where a payment was among what settled it. What a bounce opens
/// again is counted back on its day, and counts once more when it is settled for good.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SettledFlow {
    /// The invoices, with their totals.
    pub invoices: Tally,
    /// Their days from issue to settlement, summed.
    pub days_to_pay: i64,
    /// The same, each times its total: minor units times days.
    pub days_to_pay_weighted: Sum,
    /// Their days from due date to settlement, summed; early ones are negative.
    pub days_late: i64,
    /// The same, each times its total.
    pub days_late_weighted: Sum,
}

impl SettledFlow {
    /// One invoice.
    pub fn one(total: i128, days_to_pay: i64, days_late: i64) -> Self {
        let weighted = |days: i64| Sum::of(total.saturating_mul(i128::from(days)));
        Self {
            invoices: Tally::one(total),
            days_to_pay,
            days_to_pay_weighted: weighted(days_to_pay),
            days_late,
            days_late_weighted: weighted(days_late),
        }
    }

    /// Adds another.
    pub fn add(&mut self, other: Self) {
        self.invoices.add(other.invoices);
        self.days_to_pay = self.days_to_pay.saturating_add(other.days_to_pay);
        self.days_to_pay_weighted += other.days_to_pay_weighted;
        self.days_late = self.days_late.saturating_add(other.days_late);
        self.days_late_weighted += other.days_late_weighted;
    }

    /// The same, counted back.
    #[must_use]
    pub fn back(self) -> Self {
        Self {
            invoices: self.invoices.back(),
            days_to_pay: self.days_to_pay.saturating_neg(),
            days_to_pay_weighted: -self.days_to_pay_weighted,
            days_late: self.days_late.saturating_neg(),
            days_late_weighted: -self.days_late_weighted,
        }
    }
}

/// Promises that ended one way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PromisesEnded {
    /// How many, with what was promised.
    pub promised: Tally,
    /// What of it came in time, minor units.
    pub paid: Sum,
}

/// What happened to one balance, or to many in one currency, within days.
///
/// In JSON an object with the fields' names; amounts in minor units as texts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Flow {
    /// Invoices that were issued, less those that became void, each on its day: sales on credit. Credit notes are apart.
    pub sold: Tally,
    /// Payments that came. One that is allocated to several invoices counts once for each.
    pub collected: Tally,
    /// Payments that refunds, chargebacks and bounces took back.
    pub taken_back: Tally,
    /// Credit notes.
    pub credited: Tally,
    /// What was open of invoices when they were given up, less what was taken up again.
    pub written_off: Tally,
    /// How long settled invoices took.
    pub settled: SettledFlow,
    /// Promises that were made.
    pub promised: Tally,
    /// Promises that ended, each on the later of the day promised and the day on which its end was known.
    pub promises: BTreeMap<PromiseEnd, PromisesEnded>,
    /// Disputes that were opened, by reason.
    pub contested: BTreeMap<String, Tally>,
    /// Disputes that were decided or taken back, with what they contested.
    pub decided: BTreeMap<DisputeEnd, Tally>,
}

impl Flow {
    /// Adds another day's, customer's or balance's.
    pub fn add(&mut self, other: &Self) {
        self.sold.add(other.sold);
        self.collected.add(other.collected);
        self.taken_back.add(other.taken_back);
        self.credited.add(other.credited);
        self.written_off.add(other.written_off);
        self.settled.add(other.settled);
        self.promised.add(other.promised);
        for (end, more) in &other.promises {
            self.add_promise(*end, *more);
        }
        add_by_key(&mut self.contested, &other.contested);
        add_by_key(&mut self.decided, &other.decided);
    }

    /// Adds promises that ended.
    pub fn add_promise(&mut self, end: PromiseEnd, more: PromisesEnded) {
        let own = self.promises.entry(end).or_default();
        own.promised.add(more.promised);
        own.paid += more.paid;
    }

    /// Promises that ended one way.
    pub fn promises_ended(&self, end: PromiseEnd) -> PromisesEnded {
        self.promises.get(&end).copied().unwrap_or_default()
    }

    /// What came less what was taken back, minor units.
    pub fn collected_net(&self) -> Sum {
        self.collected.minor - self.taken_back.minor
    }

    /// Whether nothing happened.
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// The same with each amount as `convert` has it; `None` where it has one of them not.
    pub fn converted(&self, convert: &dyn Fn(Sum) -> Option<Sum>) -> Option<Self> {
        let of = |tally: Tally| convert(tally.minor).map(|minor| Tally { minor, ..tally });
        let settled = SettledFlow {
            invoices: of(self.settled.invoices)?,
            days_to_pay_weighted: convert(self.settled.days_to_pay_weighted)?,
            days_late_weighted: convert(self.settled.days_late_weighted)?,
            ..self.settled
        };
        let promises = self
            .promises
            .iter()
            .map(|(end, ended)| Some((*end, PromisesEnded { promised: of(ended.promised)?, paid: convert(ended.paid)? })));
        let contested = self.contested.iter().map(|(reason, tally)| Some((reason.clone(), of(*tally)?)));
        let decided = self.decided.iter().map(|(end, tally)| Some((*end, of(*tally)?)));
        Some(Self {
            sold: of(self.sold)?,
            collected: of(self.collected)?,
            taken_back: of(self.taken_back)?,
            credited: of(self.credited)?,
            written_off: of(self.written_off)?,
            settled,
            promised: of(self.promised)?,
            promises: promises.collect::<Option<_>>()?,
            contested: contested.collect::<Option<_>>()?,
            decided: decided.collect::<Option<_>>()?,
        })
    }
}
