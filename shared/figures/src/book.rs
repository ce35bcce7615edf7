//! A customer's ledger, replayed: what is so at the end of any day, and what happened within any days.
//!
//! What a day says depends on no entry of a later day. So the stock of a past day is what a replay until that day says, and flows of days
//! add up whatever the day on which somebody asks.

use std::collections::BTreeMap;

use domain::{AgreementId, BalanceKey, InvoiceId, dates::days_between};
use jiff::civil::Date;

use crate::{
    contact_flow::ContactFlow,
    entry::{AppliedMoney, Belongs, IssuedInvoice, LedgerEntry, LedgerFact, PromiseEnd},
    exact::Sum,
    flow::{Flow, PromisesEnded},
    invoice_days::{InvoiceDay, InvoiceDays},
    ledger::Ledger,
    month::Period,
    stock::{AgingBucket, DisputeAge, DisputesOf, Stock},
    tally::Tally,
    touches::contact_flows,
};

/// Invoices with the days on which they were issued.
type IssuedOn<'a> = BTreeMap<&'a InvoiceId, (Date, &'a IssuedInvoice)>;
/// What happened to invoices, by day.
type DaysOf<'a> = BTreeMap<&'a InvoiceId, BTreeMap<Date, InvoiceDay>>;

/// A promise from its day on.
#[derive(Debug)]
struct PromiseLife<'a> {
    balance: &'a BalanceKey,
    minor: i64,
    made_on: Date,
    pays_on: Date,
    end: Option<(Date, PromiseEnd, i64)>,
}

/// A dispute from its day on.
#[derive(Debug)]
struct DisputeLife<'a> {
    balance: &'a BalanceKey,
    invoices: &'a [InvoiceId],
    minor: i64,
    reason: &'a str,
    made_on: Date,
    ended_on: Option<Date>,
}

/// A customer's ledger, replayed.
#[derive(Debug)]
pub struct Book<'a> {
    pub(crate) invoices: BTreeMap<&'a InvoiceId, InvoiceDays<'a>>,
    /// What came for no invoice, by balance and day.
    unapplied: BTreeMap<&'a BalanceKey, BTreeMap<Date, i128>>,
    promises: BTreeMap<&'a AgreementId, PromiseLife<'a>>,
    disputes: BTreeMap<&'a AgreementId, DisputeLife<'a>>,
    flows: BTreeMap<Date, BTreeMap<&'a BalanceKey, Flow>>,
    contacts: BTreeMap<Date, ContactFlow>,
    belongs: Vec<(Date, &'a Belongs)>,
    first_on: Option<Date>,
}

impl<'a> Book<'a> {
    /// Replays a ledger.
    pub fn of(ledger: &'a Ledger) -> Self {
        let entries = ledger.in_order();
        let mut book = Self {
            invoices: BTreeMap::new(),
            unapplied: BTreeMap::new(),
            promises: BTreeMap::new(),
            disputes: BTreeMap::new(),
            flows: BTreeMap::new(),
            contacts: contact_flows(&entries),
            belongs: Vec::new(),
            first_on: entries.first().map(|entry| entry.on),
        };
        let mut issued = IssuedOn::new();
        for entry in &entries {
            if let LedgerFact::Issued(invoice) = &entry.what {
                issued.insert(&invoice.invoice, (entry.on, invoice));
            }
        }
        let mut days = DaysOf::new();
        // What ends comes after what began, whichever of them has a minute of its day.
        let is_end =
            |entry: &&&LedgerEntry| matches!(entry.what, LedgerFact::PromiseEnded { .. } | LedgerFact::DisputeEnded { .. });
        for entry in entries.iter().filter(|entry| !is_end(entry)).chain(entries.iter().filter(is_end)) {
            book.enter(entry, &issued, &mut days);
        }
        for (id, (issued_on, invoice)) in issued {
            let of = InvoiceDays::of(invoice, issued_on, days.remove(id).unwrap_or_default());
            of.add_flows(|day, flow| {
                book.flows.entry(day).or_default().entry(&invoice.balance).or_default().add(flow);
            });
            book.invoices.insert(id, of);
        }
        book.add_promises();
        book
    }

    fn enter(&mut self, entry: &'a LedgerEntry, issued: &IssuedOn<'a>, days: &mut DaysOf<'a>) {
        let on = entry.on;
        match &entry.what {
            LedgerFact::Paid(of) => {
                let minor = i128::from(of.amount_minor);
                self.apply(on, of, (minor, 0), issued, days);
                self.flow(on, &of.balance, |flow| flow.collected.add(Tally::one(minor)));
            }
            LedgerFact::TakenBack(of) => {
                let minor = i128::from(of.amount_minor);
                self.apply(on, of, (-minor, 0), issued, days);
                self.flow(on, &of.balance, |flow| flow.taken_back.add(Tally::one(minor)));
            }
            LedgerFact::Credited(of) => {
                let minor = i128::from(of.amount_minor);
                self.apply(on, of, (0, minor), issued, days);
                self.flow(on, &of.balance, |flow| {
                    flow.credited.add(if minor < 0 { Tally::one(-minor).back() } else { Tally::one(minor) })
                });
            }
            LedgerFact::Stands { invoice, standing } => {
                days.entry(invoice).or_default().entry(on).or_default().standing = Some(*standing);
            }
            LedgerFact::Promised { promise, balance, amount_minor, pays_on } => {
                let life = PromiseLife { balance, minor: *amount_minor, made_on: on, pays_on: *pays_on, end: None };
                self.promises.insert(promise, life);
                self.flow(on, balance, |flow| flow.promised.add(Tally::one(i128::from(*amount_minor))));
            }
            LedgerFact::PromiseEnded { promise, end, paid_minor } => {
                if let Some(life) = self.promises.get_mut(promise) {
                    life.end = Some((on, *end, *paid_minor));
                }
            }
            LedgerFact::Disputed { dispute, balance, invoices, amount_minor, reason } => {
                let minor = *amount_minor;
                self.disputes.insert(dispute, DisputeLife { balance, invoices, minor, reason, made_on: on, ended_on: None });
                self.flow(on, balance, |flow| {
                    flow.contested.entry(reason.to_string()).or_default().add(Tally::one(i128::from(minor)));
                });
            }
            LedgerFact::DisputeEnded { dispute, end } => {
                let Some(life) = self.disputes.get_mut(dispute).filter(|life| life.ended_on.is_none()) else { return };
                life.ended_on = Some(on);
                let (balance, minor) = (life.balance, i128::from(life.minor));
                self.flow(on, balance, |flow| flow.decided.entry(*end).or_default().add(Tally::one(minor)));
            }
            LedgerFact::Belongs(belongs) => self.belongs.push((on, belongs)),
            LedgerFact::Issued(_)
            | LedgerFact::Touched(_)
            | LedgerFact::Lost { .. }
            | LedgerFact::Answered
            | LedgerFact::Rated { .. } => {}
        }
    }

    /// Adds what was paid and credited to its invoice. An allocation in another currency than its invoice's pays nothing of it, and neither
    /// does one of an invoice that is not known: it is unapplied.
    fn apply(
        &mut self,
        on: Date,
        of: &'a AppliedMoney,
        (paid, credited): (i128, i128),
        issued: &IssuedOn<'a>,
        days: &mut DaysOf<'a>,
    ) {
        let is_of =
            |invoice: &&InvoiceId| issued.get(*invoice).is_some_and(|(_, known)| known.balance.currency == of.balance.currency);
        if let Some(invoice) = of.invoice.as_ref().filter(is_of) {
            let day = days.entry(invoice).or_default().entry(on).or_default();
            day.paid = day.paid.saturating_add(paid);
            day.credited = day.credited.saturating_add(credited);
        } else {
            let sum = self.unapplied.entry(&of.balance).or_default().entry(on).or_default();
            *sum = sum.saturating_add(paid).saturating_add(credited);
        }
    }

    fn flow(&mut self, on: Date, balance: &'a BalanceKey, change: impl FnOnce(&mut Flow)) {
        change(self.flows.entry(on).or_default().entry(balance).or_default());
    }

    /// Counts each promise that ended on the later of the day promised and the day on which its end was known.
    fn add_promises(&mut self) {
        for life in self.promises.values() {
            let Some((known_on, end, paid)) = life.end else { continue };
            let promised = Tally::one(i128::from(life.minor));
            let ended = PromisesEnded { promised, paid: Sum::from(paid.clamp(0, life.minor.max(0))) };
            let flow = self.flows.entry(known_on.max(life.pays_on)).or_default().entry(life.balance).or_default();
            flow.add_promise(end, ended);
        }
    }

    /// What is so at the end of a day, by balance; balances of which nothing is to be said are left out.
    pub fn stock(&self, day: Date) -> BTreeMap<BalanceKey, Stock> {
        let mut stocks: BTreeMap<BalanceKey, Stock> = BTreeMap::new();
        let mut open: BTreeMap<&InvoiceId, i128> = BTreeMap::new();
        for (id, of) in &self.invoices {
            let Some(state) = of.at(day) else { continue };
            let stock = stocks.entry(of.invoice.balance.clone()).or_default();
            for (due_on, minor) in state.open_parts(of.invoice) {
                let days_past_due = days_between(due_on, day);
                if let Some(tally) = stock.aging.get_mut(AgingBucket::of(days_past_due).place()) {
                    tally.add(Tally::one(minor));
                }
                stock.overdue_days += Sum::of(minor.saturating_mul(i128::from(days_past_due.max(0))));
                *open.entry(id).or_default() += minor;
            }
            stock.unapplied += Sum::of(state.excess(i128::from(of.invoice.total_minor)));
        }
        for (balance, days) in &self.unapplied {
            let sum = days.range(..=day).fold(0, |sum: i128, (_, minor)| sum.saturating_add(*minor));
            stocks.entry((*balance).clone()).or_default().unapplied += Sum::of(sum.max(0));
        }
        for life in self.disputes.values() {
            if life.made_on > day || life.ended_on.is_some_and(|on| on <= day) {
                continue;
            }
            let known = life.invoices.iter().filter_map(|invoice| open.get(invoice));
            let left = if life.invoices.is_empty() { i128::MAX } else { known.sum() };
            let of = DisputesOf { reason: life.reason.into(), age: DisputeAge::of(days_between(life.made_on, day)) };
            let stock = stocks.entry(life.balance.clone()).or_default();
            stock.disputes.entry(of).or_default().add(Tally::one(i128::from(life.minor).min(left)));
        }
        for life in self.promises.values() {
            let is_over = life.end.is_some_and(|(known_on, ..)| known_on <= day);
            if life.made_on <= day && !is_over {
                stocks.entry(life.balance.clone()).or_default().promised.add(Tally::one(i128::from(life.minor)));
            }
        }
        stocks.retain(|_, stock| !stock.is_none());
        stocks
    }

    /// What happened within days, by balance.
    pub fn flow_within(&self, period: Period) -> BTreeMap<BalanceKey, Flow> {
        let mut sums: BTreeMap<BalanceKey, Flow> = BTreeMap::new();
        if period.days() > 0 {
            for (balance, flow) in self.flows.range(period.from..=period.to).flat_map(|(_, flows)| flows) {
                sums.entry((*balance).clone()).or_default().add(flow);
            }
        }
        sums
    }

    /// What was done to reach people within days, and what came of it.
    pub fn contacts_within(&self, period: Period) -> ContactFlow {
        let mut sum = ContactFlow::default();
        if period.days() > 0 {
            self.contacts.range(period.from..=period.to).for_each(|(_, flow)| sum.add(flow));
        }
        sum
    }

    /// To whom the customer belongs at the end of a day.
    pub fn belongs(&self, day: Date) -> Belongs {
        let known = self.belongs.iter().rev().find(|(from, _)| *from <= day);
        known.map(|(_, belongs)| (*belongs).clone()).unwrap_or_default()
    }

    /// The first day of which anything is known.
    pub fn first_on(&self) -> Option<Date> {
        self.first_on
    }
}
