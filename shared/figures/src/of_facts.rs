//! What the table knows of a customer, as entries of its ledger.
//!
//! Facts say how things stand now; a ledger says when they came to stand so. Most facts have their day: invoices when they were issued, payments
//! when they were received, agreements when they were made and ended. Of the rest, history knows since when: [`Since`] asks for it.
//!
//! What counts here as elsewhere: a payment that was taken here and its entry in the books are one; money that is pending has come; what a
//! document says was paid and no payment explains has come too. Charges, and parts of plans, are no invoices and are left out: an invoice under a
//! plan has the age of its own due date.

use std::collections::BTreeMap;

use compact_str::{CompactString, format_compact};
use domain::{
    Agreement, AgreementId, BalanceKey, Currency, DisputeStatus, Facts, Invoice, InvoiceId, InvoiceStatus, Payment, PaymentFact,
    PaymentId, PaymentKind, PromiseStatus, Reversal, Stood, Terms, balance::legal_entity,
};
use jiff::{Timestamp, civil::Date, tz::TimeZone};

use crate::entry::{AppliedMoney, DisputeEnd, InvoiceStands, IssuedInvoice, LedgerEntry, LedgerFact, PromiseEnd};

/// A fact of which only history knows since when it is so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Since<'a> {
    /// That an invoice is void or written off.
    Standing(&'a InvoiceId),
    /// That an invoice's document says so much was paid or credited.
    Stated(&'a InvoiceId),
    /// That a payment's own document says that it was taken back.
    TakenBack(&'a PaymentId),
    /// That a refund or chargeback is in force.
    Reversed(&'a Reversal),
}

/// How facts are read.
pub struct FactsReading<'a> {
    /// The tenant's zone.
    pub zone: &'a TimeZone,
    /// Whether legal entities are told apart: where the settings list any.
    pub by_legal_entity: bool,
    /// Since which day something is so, where history knows it. Where it does not, it is so since the day of what it is of: an invoice's issue, a
    /// payment's receipt.
    pub since: &'a dyn Fn(Since<'_>) -> Option<Date>,
}

/// The entries of what a customer was billed, paid, promised and contested. To whom it belongs, and what was done to reach its people, is not
/// among facts: whoever asks adds it. `facts` have all invoices and payments of the time that is reported on, those that are set aside too.
pub fn entries_of(facts: &Facts, reading: &FactsReading<'_>) -> Vec<LedgerEntry> {
    let mut out = Out { facts, reading, invoices: BTreeMap::new(), come: BTreeMap::new(), all: Vec::new() };
    for fact in &facts.invoices {
        if fact.invoice.status != InvoiceStatus::Draft {
            out.invoices.insert(&fact.invoice.id, &fact.invoice);
        }
    }
    for payment in &facts.payments {
        out.payment(payment, &facts.reversals, true);
    }
    for payment in &facts.shared {
        out.payment(payment, &facts.shared_reversals, false);
    }
    for invoice in out.invoices.clone().into_values() {
        out.invoice(invoice);
    }
    for agreement in &facts.agreements {
        out.agreement(agreement);
    }
    out.all
}

/// What payments and credit notes came to for an invoice.
#[derive(Clone, Copy, Default)]
struct Come {
    paid: i64,
    credited: i64,
    taken_back: i64,
}

struct Out<'a> {
    facts: &'a Facts,
    reading: &'a FactsReading<'a>,
    invoices: BTreeMap<&'a InvoiceId, &'a Invoice>,
    come: BTreeMap<&'a InvoiceId, Come>,
    all: Vec<LedgerEntry>,
}

impl<'a> Out<'a> {
    fn put(&mut self, on: Date, id: CompactString, what: LedgerFact) {
        self.all.push(LedgerEntry::on(on, &id, what));
    }

    fn put_at(&mut self, at: Timestamp, id: CompactString, what: LedgerFact) {
        let at = at.to_zoned(self.reading.zone.clone());
        let minute = u16::try_from(i64::from(at.hour()) * 60 + i64::from(at.minute())).unwrap_or_default();
        self.all.push(LedgerEntry::on(at.date(), &id, what).at(minute));
    }

    fn balance(&self, currency: Currency, legal_entity: Option<&str>) -> BalanceKey {
        let is_told = self.reading.by_legal_entity;
        BalanceKey::with(currency, legal_entity.filter(|_| is_told).unwrap_or_default())
    }

    fn balance_of(&self, invoice: &Invoice) -> BalanceKey {
        self.balance(invoice.currency, Some(legal_entity(invoice, &self.facts.customer)))
    }

    fn invoice(&mut self, invoice: &'a Invoice) {
        let (id, balance) = (&invoice.id, self.balance_of(invoice));
        let parts = match invoice.instalments.as_slice() {
            [] => vec![(invoice.due_on, invoice.total_minor)],
            parts => parts.iter().map(|part| (part.due_on, part.amount_minor)).collect(),
        };
        let issued = IssuedInvoice { invoice: id.clone(), balance: balance.clone(), total_minor: invoice.total_minor, parts };
        self.put(invoice.issued_on, id.as_str().into(), LedgerFact::Issued(issued));
        let since = |of| (self.reading.since)(of).unwrap_or(invoice.issued_on);
        let (stands_on, stated_on) = (since(Since::Standing(id)), since(Since::Stated(id)));
        let standing = match invoice.status {
            InvoiceStatus::Void => Some(InvoiceStands::Void),
            InvoiceStatus::WrittenOff => Some(InvoiceStands::WrittenOff),
            InvoiceStatus::Open | InvoiceStatus::Draft | InvoiceStatus::Later(_) => None,
        };
        if let Some(standing) = standing {
            self.put(stands_on, format_compact!("{id}/stands"), LedgerFact::Stands { invoice: id.clone(), standing });
        }
        // What the document says beyond what payments and credit notes explain. Of a void invoice it says nothing that counts.
        let come = self.come.get(id).copied().unwrap_or_default();
        let stated = if invoice.paid_is_gross { invoice.paid_minor.saturating_sub(come.taken_back) } else { invoice.paid_minor };
        let (paid, credited) = (stated.saturating_sub(come.paid), invoice.credited_minor.saturating_sub(come.credited));
        if standing != Some(InvoiceStands::Void) {
            let of = |amount_minor| AppliedMoney { invoice: Some(id.clone()), balance: balance.clone(), amount_minor };
            if paid > 0 {
                self.put(stated_on, format_compact!("{id}/paid"), LedgerFact::Paid(of(paid)));
            }
            if credited > 0 {
                self.put(stated_on, format_compact!("{id}/credited"), LedgerFact::Credited(of(credited)));
            }
        }
    }

    /// A payment or credit note: what it was for when it came, and what was taken back since, from its end.
    fn payment(&mut self, fact: &'a PaymentFact, reversals: &'a [Reversal], is_own: bool) {
        let payment = &fact.payment;
        let all = || self.facts.payments.iter().chain(&self.facts.shared).map(|fact| &fact.payment);
        if payment.is_unclear() || payment.is_undone() || all().any(|other| payment.is_entry_of(other)) {
            return;
        }
        let came = if payment.counts() { Some(payment) } else { fact.received_before.as_ref() };
        let Some(came) = came else { return };
        let mut good = came.amount_minor;
        self.apply(came, good, 0, (came.received_on, came.id.as_str().into()), is_own);
        let mut back: Vec<(Date, CompactString, i64)> = reversals
            .iter()
            .filter(|reversal| reversal.payment == came.id && reversal.in_force)
            .map(|reversal| {
                let on = (self.reading.since)(Since::Reversed(reversal)).unwrap_or(came.received_on);
                (on, format_compact!("{}/back/{}", came.id, reversal.external_id), reversal.amount_minor)
            })
            .collect();
        if !payment.counts() {
            let on = (self.reading.since)(Since::TakenBack(&payment.id)).unwrap_or(came.received_on);
            back.push((on, format_compact!("{}/back", came.id), came.amount_minor));
        }
        back.sort();
        for (on, id, minor) in back {
            let left = good.saturating_sub(minor).max(0);
            self.apply(came, left, good, (on, id), is_own);
            good = left;
        }
    }

    /// Enters the difference that a payment makes when so much of it is good in place of so much before: its allocations are filled in order,
    /// then its rest.
    fn apply(&mut self, payment: &'a Payment, good: i64, before: i64, (on, id): (Date, CompactString), is_own: bool) {
        let (mut left, mut left_before) = (good, before);
        let mut take = |minor: i64| {
            let (now, then) = (minor.min(left), minor.min(left_before));
            (left, left_before) = (left - now, left_before - then);
            now - then
        };
        let of_allocations: Vec<(usize, &'a InvoiceId, i64)> = payment
            .allocations
            .iter()
            .enumerate()
            .map(|(at, allocation)| (at, &allocation.invoice, take(allocation.amount_minor)))
            .collect();
        let rest = left - left_before;
        for (at, invoice, minor) in of_allocations {
            let known = self.invoices.get(invoice).copied();
            // Another customer's invoice is an entry of that customer's.
            let is_theirs = known.is_none() && (!is_own || self.is_elsewhere(invoice));
            if minor == 0 || is_theirs {
                continue;
            }
            let balance = match known {
                Some(known) if known.currency == payment.currency => self.balance_of(known),
                Some(_) | None => self.payment_balance(payment),
            };
            if known.is_some_and(|known| known.currency == payment.currency) {
                let come = self.come.entry(invoice).or_default();
                match payment.kind {
                    PaymentKind::CreditNote => come.credited = come.credited.saturating_add(minor),
                    PaymentKind::Payment | PaymentKind::Later(_) => {
                        come.paid = come.paid.saturating_add(minor);
                        come.taken_back = come.taken_back.saturating_add(minor.min(0).saturating_neg());
                    }
                }
            }
            self.put_money(
                on,
                format_compact!("{id}/{at}"),
                payment,
                AppliedMoney { invoice: Some(invoice.clone()), balance, amount_minor: minor },
            );
        }
        if is_own && rest != 0 {
            let balance = self.payment_balance(payment);
            self.put_money(
                on,
                format_compact!("{id}/rest"),
                payment,
                AppliedMoney { invoice: None, balance, amount_minor: rest },
            );
        }
    }

    /// Whether an invoice is not this customer's: then what a payment of this one brings to it is told there, as a shared payment.
    fn is_elsewhere(&self, invoice: &InvoiceId) -> bool {
        !self.facts.invoices.iter().any(|fact| fact.invoice.id == *invoice)
    }

    fn payment_balance(&self, payment: &Payment) -> BalanceKey {
        let entity = payment.legal_entity.as_deref().or(self.facts.customer.legal_entity.as_deref());
        self.balance(payment.currency, entity)
    }

    fn put_money(&mut self, on: Date, id: CompactString, payment: &Payment, of: AppliedMoney) {
        let is_back = of.amount_minor < 0;
        let of = AppliedMoney { amount_minor: of.amount_minor.saturating_abs(), ..of };
        let what = match (payment.kind, is_back) {
            (PaymentKind::Payment | PaymentKind::Later(_), false) => LedgerFact::Paid(of),
            (PaymentKind::Payment | PaymentKind::Later(_), true) => LedgerFact::TakenBack(of),
            (PaymentKind::CreditNote, false) => LedgerFact::Credited(of),
            (PaymentKind::CreditNote, true) => {
                LedgerFact::Credited(AppliedMoney { amount_minor: of.amount_minor.saturating_neg(), ..of })
            }
        };
        self.put(on, id, what);
    }

    fn agreement(&mut self, agreement: &'a Agreement) {
        match &agreement.terms {
            Terms::Promise(promise) => {
                let end = match &promise.status {
                    PromiseStatus::Kept => Some(PromiseEnd::Kept),
                    PromiseStatus::PartlyKept => Some(PromiseEnd::PartlyKept),
                    PromiseStatus::Broken => Some(PromiseEnd::Broken),
                    PromiseStatus::Cancelled => Some(PromiseEnd::Cancelled),
                    PromiseStatus::Open | PromiseStatus::Later(_) => None,
                };
                for (id, balance, amount_minor, of) in self.parts_of(agreement, &promise.of) {
                    let promised = LedgerFact::Promised { promise: id.clone(), balance, amount_minor, pays_on: promise.pays_on };
                    self.put_at(agreement.made_at, id.as_str().into(), promised);
                    let Some(end) = end else { continue };
                    let paid_minor = match end {
                        PromiseEnd::Kept => amount_minor,
                        PromiseEnd::PartlyKept => self.paid_within(&of, agreement.made_at, promise.expected_on).min(amount_minor),
                        PromiseEnd::Broken | PromiseEnd::Cancelled => 0,
                    };
                    let ended = LedgerFact::PromiseEnded { promise: id.clone(), end, paid_minor };
                    self.put_at(agreement.status_at, format_compact!("{id}/end"), ended);
                }
            }
            Terms::Dispute(dispute) => {
                let end = match &dispute.status {
                    DisputeStatus::Upheld => Some(DisputeEnd::Upheld),
                    DisputeStatus::PartlyUpheld => Some(DisputeEnd::PartlyUpheld),
                    DisputeStatus::Rejected => Some(DisputeEnd::Rejected),
                    DisputeStatus::Withdrawn => Some(DisputeEnd::Withdrawn),
                    DisputeStatus::Open | DisputeStatus::Later(_) => None,
                };
                for (id, balance, amount_minor, invoices) in self.parts_of(agreement, &dispute.of) {
                    let disputed = LedgerFact::Disputed {
                        dispute: id.clone(),
                        balance,
                        invoices,
                        amount_minor,
                        reason: dispute.reason.as_str().into(),
                    };
                    self.put_at(agreement.made_at, id.as_str().into(), disputed);
                    if let Some(end) = end {
                        let ended = LedgerFact::DisputeEnded { dispute: id.clone(), end };
                        self.put_at(agreement.status_at, format_compact!("{id}/end"), ended);
                    }
                }
            }
            // What they keep back is no figure of a report yet; what is paid under them is paid.
            Terms::Plan(_) | Terms::Pause(_) | Terms::Money(_) | Terms::Later(_) => {}
        }
    }

    /// An agreement by balance: its id there, the amount and the invoices. One that names an amount names it of one balance; one over all that is
    /// owed in several currencies or to several legal entities is one for each.
    fn parts_of(&self, agreement: &Agreement, of: &[Stood]) -> Vec<(AgreementId, BalanceKey, i64, Vec<InvoiceId>)> {
        let mut parts: BTreeMap<BalanceKey, (i64, Vec<InvoiceId>)> = BTreeMap::new();
        for stood in of {
            let known = self.invoices.get(&stood.invoice).copied();
            let Some(currency) = stood.currency.or(known.map(|known| known.currency)) else { continue };
            let balance = known.map_or_else(|| self.balance(currency, None), |known| self.balance_of(known));
            if agreement.scope.covers(Some(&stood.invoice), currency, &balance.legal_entity) {
                let part = parts.entry(balance).or_default();
                part.0 = part.0.saturating_add(stood.open_minor);
                part.1.push(stood.invoice.clone());
            }
        }
        let is_one = parts.len() == 1;
        let part = |(balance, (open, invoices)): (BalanceKey, (i64, Vec<InvoiceId>))| {
            let id =
                if is_one { agreement.id.clone() } else { AgreementId::derive(&[agreement.id.as_str(), &balance.to_string()]) };
            let amount = agreement.amount_minor.filter(|_| is_one).unwrap_or(open);
            (id, balance, amount, invoices)
        };
        parts.into_iter().map(part).collect()
    }

    /// What came for invoices from an instant until the end of a day.
    fn paid_within(&self, invoices: &[InvoiceId], made_at: Timestamp, until: Date) -> i64 {
        let from = made_at.to_zoned(self.reading.zone.clone()).date();
        let is_of = |of: &AppliedMoney| of.invoice.as_ref().is_some_and(|invoice| invoices.contains(invoice));
        let within = self.all.iter().filter(|entry| from <= entry.on && entry.on <= until);
        within.fold(0, |sum: i64, entry| match &entry.what {
            LedgerFact::Paid(of) if is_of(of) => sum.saturating_add(of.amount_minor),
            LedgerFact::TakenBack(of) if is_of(of) => sum.saturating_sub(of.amount_minor),
            _ => sum,
        })
    }
}
