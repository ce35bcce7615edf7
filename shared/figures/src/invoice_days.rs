//! One invoice from its issue on: what is open of it at the end of each day, and what that means for the flows of the day.

use std::collections::BTreeMap;

use domain::dates::days_between;
use jiff::civil::Date;

use crate::{
    entry::{InvoiceStands, IssuedInvoice},
    flow::{Flow, SettledFlow},
    tally::Tally,
};

/// What happened to an invoice on one day, minor units.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct InvoiceDay {
    /// What came for it, less what was taken back.
    pub(crate) paid: i128,
    /// What was credited.
    pub(crate) credited: i128,
    /// How it stands from then on, where that was said.
    pub(crate) standing: Option<InvoiceStands>,
}

/// What is so of an invoice at the end of a day.
#[derive(Clone, Copy, Debug)]
pub(crate) struct InvoiceState {
    is_issued: bool,
    standing: InvoiceStands,
    paid: i128,
    credited: i128,
}

impl InvoiceState {
    const BEFORE: Self = Self { is_issued: false, standing: InvoiceStands::Open, paid: 0, credited: 0 };

    /// What payments and credit notes have filled of it.
    fn filled(&self) -> i128 {
        self.paid.max(0).saturating_add(self.credited.max(0))
    }

    /// Whether it is a sale: issued, and not void.
    pub(crate) fn is_sold(&self) -> bool {
        self.is_issued && self.standing != InvoiceStands::Void
    }

    /// What nobody paid or credited of it, whether or not it was given up.
    fn unfilled(&self, total: i128) -> i128 {
        if self.is_sold() { (total - self.filled()).max(0) } else { 0 }
    }

    /// What of payments and credits it has no use for: all of them before it is issued, the payments of one that is void.
    pub(crate) fn excess(&self, total: i128) -> i128 {
        match (self.is_issued, self.standing) {
            (false, _) => self.filled(),
            (true, InvoiceStands::Void) => self.paid.max(0),
            (true, InvoiceStands::Open | InvoiceStands::WrittenOff) => (self.filled() - total).max(0),
        }
    }

    fn is_settled(&self, total: i128) -> bool {
        self.is_sold() && self.standing == InvoiceStands::Open && total > 0 && self.paid > 0 && self.filled() >= total
    }

    fn is_written_off(&self) -> bool {
        self.is_issued && self.standing == InvoiceStands::WrittenOff
    }

    /// What is open of each instalment that has something open, with its due date: what came fills the oldest first.
    pub(crate) fn open_parts(&self, invoice: &IssuedInvoice) -> impl Iterator<Item = (Date, i128)> + use<> {
        self.parts(invoice, self.is_sold() && self.standing == InvoiceStands::Open)
    }

    /// The same of what nobody paid or credited, whether or not it was given up.
    fn unpaid_parts(&self, invoice: &IssuedInvoice) -> impl Iterator<Item = (Date, i128)> + use<> {
        self.parts(invoice, self.is_sold())
    }

    fn parts(&self, invoice: &IssuedInvoice, is_owed: bool) -> impl Iterator<Item = (Date, i128)> + use<> {
        let mut rest = if is_owed { self.filled() } else { i128::MAX };
        let mut parts = invoice.parts.clone();
        parts.sort_unstable();
        parts.into_iter().filter_map(move |(due_on, minor)| {
            let minor = i128::from(minor);
            let filled = rest.min(minor).max(0);
            rest -= filled;
            (minor > filled).then_some((due_on, minor - filled))
        })
    }
}

/// An invoice with its states, each from its day on.
#[derive(Debug)]
pub(crate) struct InvoiceDays<'a> {
    pub(crate) invoice: &'a IssuedInvoice,
    pub(crate) issued_on: Date,
    states: Vec<(Date, InvoiceState)>,
}

impl<'a> InvoiceDays<'a> {
    /// Follows an invoice through its days.
    pub(crate) fn of(invoice: &'a IssuedInvoice, issued_on: Date, mut days: BTreeMap<Date, InvoiceDay>) -> Self {
        days.entry(issued_on).or_default();
        let mut state = InvoiceState::BEFORE;
        let states = days.into_iter().map(|(day, what)| {
            state.is_issued = day >= issued_on;
            state.standing = what.standing.unwrap_or(state.standing);
            state.paid = state.paid.saturating_add(what.paid);
            state.credited = state.credited.saturating_add(what.credited);
            (day, state)
        });
        Self { invoice, issued_on, states: states.collect() }
    }

    /// How it stands at the end of a day; `None` before anything is known of it.
    pub(crate) fn at(&self, day: Date) -> Option<&InvoiceState> {
        let after = self.states.partition_point(|(from, _)| *from <= day);
        self.states.get(after.checked_sub(1)?).map(|(_, state)| state)
    }

    /// What is open of it at the end of a day, by due date.
    pub(crate) fn open_by_due_date(&self, day: Date) -> BTreeMap<Date, i128> {
        by_due_date(self.at(day).into_iter().flat_map(|state| state.open_parts(self.invoice)))
    }

    /// What nobody paid or credited of it by the end of a day, whether or not it was given up, by due date.
    pub(crate) fn unpaid_by_due_date(&self, day: Date) -> BTreeMap<Date, i128> {
        by_due_date(self.at(day).into_iter().flat_map(|state| state.unpaid_parts(self.invoice)))
    }

    /// What its days mean for the flows of its balance.
    pub(crate) fn add_flows(&self, mut put: impl FnMut(Date, &Flow)) {
        let total = i128::from(self.invoice.total_minor);
        let due_on = self.invoice.parts.iter().map(|(due_on, _)| *due_on).max().unwrap_or(self.issued_on);
        let mut before = InvoiceState::BEFORE;
        let (mut written_off, mut settled) = (Tally::default(), SettledFlow::default());
        for (day, state) in &self.states {
            let mut flow = Flow::default();
            match (before.is_sold(), state.is_sold()) {
                (false, true) => flow.sold = Tally::one(total),
                (true, false) => flow.sold = Tally::one(total).back(),
                (true, true) | (false, false) => {}
            }
            match (before.is_written_off(), state.is_written_off()) {
                (false, true) => {
                    written_off = Tally::one(state.unfilled(total));
                    flow.written_off = written_off;
                }
                (true, false) => flow.written_off = written_off.back(),
                (true, true) | (false, false) => {}
            }
            match (before.is_settled(total), state.is_settled(total)) {
                (false, true) => {
                    settled = SettledFlow::one(total, days_between(self.issued_on, *day), days_between(due_on, *day));
                    flow.settled = settled;
                }
                (true, false) => flow.settled = settled.back(),
                (true, true) | (false, false) => {}
            }
            if !flow.is_none() {
                put(*day, &flow);
            }
            before = *state;
        }
    }
}

fn by_due_date(parts: impl Iterator<Item = (Date, i128)>) -> BTreeMap<Date, i128> {
    let mut sums: BTreeMap<Date, i128> = BTreeMap::new();
    for (due_on, minor) in parts {
        *sums.entry(due_on).or_default() += minor;
    }
    sums
}
