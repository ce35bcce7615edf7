//! The figures of one customer: the row that is set when something changes of it, and the row of a day that is kept.
//!
//! Both are set whole from the customer's ledger and never added to, so that a change that is told of twice, late or in another order
//! changes nothing.

use std::collections::BTreeMap;

use domain::{BalanceKey, CustomerId};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::{
    book::Book,
    contact_flow::ContactFlow,
    entry::Belongs,
    exact::Sum,
    flow::Flow,
    month::{Month, Period},
    stock::Stock,
};

/// How many calendar months the figures of a customer tell of, the running one among them: a year, and the month before it, with whose end
/// the year begins.
pub const MONTHS_KEPT: i32 = 13;

/// What happened to a balance in a calendar month, and what was open at its end; of the running one, at the end of the day.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct MonthFigures {
    /// What happened.
    #[serde(skip_serializing_if = "Flow::is_none")]
    pub flow: Flow,
    /// What was open, minor units.
    pub open: Sum,
    /// What of that was not past due.
    pub current: Sum,
}

impl MonthFigures {
    /// Adds another customer's or balance's.
    pub fn add(&mut self, other: &Self) {
        self.flow.add(&other.flow);
        self.open += other.open;
        self.current += other.current;
    }

    fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

/// The figures of one balance: a currency with a legal entity.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct BalanceFigures {
    /// What is so at the end of the day.
    pub stock: Stock,
    /// What happened on the day.
    #[serde(skip_serializing_if = "Flow::is_none")]
    pub day: Flow,
    /// What happened in the last [`MONTHS_KEPT`] months; those without anything are left out.
    pub months: BTreeMap<Month, MonthFigures>,
}

/// The row of one customer, as of the end of a day so far as it is known.
///
/// In JSON: `{"customer", "as_of", "belongs": {"segment", "owner"}, "balances": {"EUR/berlin": {"stock", "day", "months": {"2026-02": {…}}}},
/// "contacts": {"2026-02": {…}}, "contacts_of_day"}`. Its size grows with its balances and months, and with neither its invoices nor its
/// messages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomerFigures {
    /// The customer.
    pub customer: CustomerId,
    /// The day, in the tenant's zone.
    pub as_of: Date,
    /// To whom it belongs at the end of that day. With all its months it counts there, also with those in which it belonged to others.
    #[serde(default)]
    pub belongs: Belongs,
    /// By balance; those of which nothing is to be said are left out.
    #[serde(default)]
    pub balances: BTreeMap<BalanceKey, BalanceFigures>,
    /// What was done to reach its people, by month, and what came of it.
    #[serde(default)]
    pub contacts: BTreeMap<Month, ContactFlow>,
    /// The same of the day alone.
    #[serde(default, skip_serializing_if = "ContactFlow::is_none")]
    pub contacts_of_day: ContactFlow,
}

impl CustomerFigures {
    /// The figures of a customer at the end of a day.
    pub fn of(customer: CustomerId, book: &Book<'_>, as_of: Date) -> Self {
        let mut balances: BTreeMap<BalanceKey, BalanceFigures> = BTreeMap::new();
        for (balance, stock) in book.stock(as_of) {
            balances.entry(balance).or_default().stock = stock;
        }
        let day = Period { from: as_of, to: as_of };
        for (balance, flow) in book.flow_within(day) {
            balances.entry(balance).or_default().day = flow;
        }
        let mut contacts = BTreeMap::new();
        for back in 0..MONTHS_KEPT {
            let month = Month::of(as_of).plus(-back);
            let period = Period { from: month.first(), to: month.last().min(as_of) };
            for (balance, flow) in book.flow_within(period) {
                balances.entry(balance).or_default().months.entry(month).or_default().flow = flow;
            }
            for (balance, stock) in book.stock(period.to) {
                let of = balances.entry(balance).or_default().months.entry(month).or_default();
                (of.open, of.current) = (stock.open(), stock.current());
            }
            let reached = book.contacts_within(period);
            if !reached.is_none() {
                contacts.insert(month, reached);
            }
        }
        for figures in balances.values_mut() {
            figures.months.retain(|_, month| !month.is_none());
        }
        balances.retain(|_, figures| *figures != BalanceFigures::default());
        Self { customer, as_of, belongs: book.belongs(as_of), balances, contacts, contacts_of_day: book.contacts_within(day) }
    }
}

/// What one balance came to on one day.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct BalanceDay {
    /// What was so at its end.
    pub stock: Stock,
    /// What happened on it.
    #[serde(skip_serializing_if = "Flow::is_none")]
    pub flow: Flow,
}

/// The row of one customer that a day leaves behind: what a figure of that day is made of.
///
/// In JSON: `{"customer", "day", "belongs", "balances": {"EUR": {"stock", "flow"}}, "contacts"}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayFigures {
    /// The customer.
    pub customer: CustomerId,
    /// The day, in the tenant's zone.
    pub day: Date,
    /// To whom it belonged at its end.
    #[serde(default)]
    pub belongs: Belongs,
    /// By balance.
    #[serde(default)]
    pub balances: BTreeMap<BalanceKey, BalanceDay>,
    /// What was done that day to reach its people, and what came of it.
    #[serde(default, skip_serializing_if = "ContactFlow::is_none")]
    pub contacts: ContactFlow,
}

impl DayFigures {
    /// What a day leaves of the figures at its end; `None` where nothing is to be said, so that a quiet customer costs no row.
    pub fn of(figures: &CustomerFigures) -> Option<Self> {
        let days = figures
            .balances
            .iter()
            .map(|(balance, of)| (balance.clone(), BalanceDay { stock: of.stock.clone(), flow: of.day.clone() }));
        let day = Self {
            customer: figures.customer.clone(),
            day: figures.as_of,
            belongs: figures.belongs.clone(),
            balances: days.filter(|(_, day)| *day != BalanceDay::default()).collect(),
            contacts: figures.contacts_of_day.clone(),
        };
        (!day.balances.is_empty() || !day.contacts.is_none()).then_some(day)
    }
}
