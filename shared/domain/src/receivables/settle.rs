//! What payments, credit notes and reversals come to, by invoice and as credit.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{
    Twice, Unclear,
    known::{CountedPayment, Mismatch, ReceivablesRules, TakenBack, total},
    twice,
    twice::Counted,
};
use crate::{
    BalanceKey, Currency, Customer, Facts, Invoice, InvoiceId, Payment, PaymentKind, balance::legal_entity,
    paid_of_invoice::PaidHere, taken_back,
};

/// What payments and credit notes say of one invoice, in minor units.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Settled {
    pub(super) paid: i64,
    pub(super) credited: i64,
    pub(super) taken_back: i64,
    pub(super) since: Option<Timestamp>,
}

/// What payments, credit notes and reversals come to.
#[derive(Default)]
pub(super) struct Settlement<'f> {
    pub(super) by_invoice: BTreeMap<InvoiceId, Settled>,
    /// Unapplied credit.
    pub(super) credit: BTreeMap<BalanceKey, i64>,
    /// Unapplied credit of which nothing says with which legal entity it is.
    pub(super) unplaced: BTreeMap<Currency, i64>,
    /// What pays nothing because its currency is not the invoice's.
    pub(super) mismatched: Vec<Mismatch>,
    pub(super) taken_back: Vec<TakenBack>,
    pub(super) unclear: Vec<Unclear>,
    pub(super) twice: Vec<Twice>,
    /// The customer's own payments and credit notes of which something is left after what was taken back.
    pub(super) good: Vec<CountedPayment<'f>>,
    /// What payments that were taken here pay of invoices, where an agreement may have to know it.
    pub(super) paid_here: Vec<PaidHere>,
}

/// Reckons what payments, credit notes and reversals come to.
pub(super) fn settle<'f>(facts: &'f Facts, rules: ReceivablesRules<'_>) -> Settlement<'f> {
    let Settlement {
        mut by_invoice,
        mut credit,
        mut unplaced,
        mut mismatched,
        taken_back: mut all_taken,
        mut unclear,
        good: mut all_good,
        ..
    } = Settlement::default();
    if facts.payments.is_empty() && facts.shared.is_empty() {
        return Settlement::default();
    }
    let invoices: BTreeMap<&InvoiceId, &Invoice> = facts.invoices.iter().map(|fact| (&fact.invoice.id, &fact.invoice)).collect();
    let (counted, twice) = twice::counted(facts);
    for Counted { fact, payment: counted_payment, in_force, is_own } in &counted {
        let (fact, payment, is_own) = (*fact, &**counted_payment, *is_own);
        if payment.is_unclear() {
            unclear.push(Unclear::of(payment, rules.payment_entity(facts, &invoices, payment), is_own));
            continue;
        }
        let reversed = total(in_force.iter().map(|reversal| reversal.amount_minor));
        let good = if payment.status.counts() { payment.amount_minor.saturating_sub(reversed).max(0) } else { 0 };
        let (mut left, mut left_whole) = (good, payment.amount_minor);
        let mut taken_of = Vec::new();
        for allocation in &payment.allocations {
            let counted = allocation.amount_minor.min(left);
            left -= counted;
            let whole = allocation.amount_minor.min(left_whole);
            left_whole -= whole;
            let wanted = invoices.get(&allocation.invoice).map(|invoice| invoice.currency);
            if let Some(wanted) = wanted.filter(|wanted| *wanted != payment.currency) {
                mismatched.extend(payment.status.counts().then(|| Mismatch {
                    payment: payment.id.clone(),
                    currency: payment.currency,
                    invoice: allocation.invoice.clone(),
                    wanted,
                }));
                continue;
            }
            let of = by_invoice.entry(allocation.invoice.clone()).or_default();
            match payment.kind {
                PaymentKind::Payment => of.paid = of.paid.saturating_add(counted),
                PaymentKind::CreditNote => of.credited = of.credited.saturating_add(counted),
                // It is unclear, and was left out above.
                PaymentKind::Later(_) => {}
            }
            if payment.kind == PaymentKind::Payment {
                of.taken_back = of.taken_back.saturating_add(allocation.amount_minor - counted);
                taken_of.extend((whole > counted).then(|| (allocation.invoice.clone(), whole - counted)));
            }
            of.since = Some(of.since.map_or(fact.recorded_at, |since| since.max(fact.recorded_at)));
        }
        if is_own {
            all_good.extend((good > 0).then(|| CountedPayment {
                payment: counted_payment.clone(),
                good_minor: good,
                left_minor: left,
            }));
            let entity = rules.payment_entity(facts, &invoices, payment);
            let of = |entity: &str| BalanceKey::with(payment.currency, entity);
            let sum = match entity {
                Some(entity) => credit.entry(of(entity)).or_default(),
                None => unplaced.entry(payment.currency).or_default(),
            };
            *sum = sum.saturating_add(left);
        }
        all_taken.extend(if payment.status.counts() {
            (!in_force.is_empty() && !taken_of.is_empty()).then(|| taken_back::by_reversals(facts, fact, in_force, taken_of))
        } else {
            taken_back::by_document(facts, fact, in_force, &invoices)
        });
    }
    for (invoice, paid) in twice::at_least(facts, &counted, &invoices) {
        let of = by_invoice.entry(invoice).or_default();
        of.paid = of.paid.max(paid);
    }
    unclear.extend(twice.iter().map(|twice| twice.kept_back(rules.entity_of_both(facts, &invoices, twice))));
    credit.retain(|_, minor| *minor > 0);
    unplaced.retain(|_, minor| *minor > 0);
    mismatched.sort();
    all_taken.sort_by(|a, b| a.id.cmp(&b.id));
    unclear.sort_by(|a, b| a.payment.cmp(&b.payment));
    let paid_here = if facts.agreements.is_empty() { Vec::new() } else { twice::payments_here(&counted) };
    Settlement { by_invoice, credit, unplaced, mismatched, taken_back: all_taken, unclear, twice, good: all_good, paid_here }
}

impl<'a> ReceivablesRules<'a> {
    /// The legal entity that an invoice is owed to; empty for the default one, and where they are not told apart.
    pub(super) fn entity_of<'f>(&self, invoice: &'f Invoice, customer: &'f Customer) -> &'f str {
        if self.by_legal_entity { legal_entity(invoice, customer) } else { "" }
    }

    /// The legal entity whose balance is kept back of what may be one payment: the one that both are of, where nothing else says it.
    fn entity_of_both<'f>(
        &self,
        facts: &'f Facts,
        invoices: &BTreeMap<&InvoiceId, &'f Invoice>,
        twice: &Twice,
    ) -> Option<&'f str> {
        let payments = || facts.payments.iter().chain(&facts.shared).map(|fact| &fact.payment);
        let ours = payments().find(|payment| payment.id == twice.payment);
        ours.and_then(|payment| self.payment_entity(facts, invoices, payment))
    }

    /// The legal entity whose balance the unapplied rest of a payment is credit of: the payment's own, else that of the invoices that it
    /// is for, else the customer's; `None` where nothing says it, or the invoices differ.
    pub(super) fn payment_entity<'f>(
        &self,
        facts: &'f Facts,
        invoices: &BTreeMap<&InvoiceId, &'f Invoice>,
        payment: &'f Payment,
    ) -> Option<&'f str> {
        if !self.by_legal_entity {
            return Some("");
        }
        let known = payment.allocations.iter().filter_map(|part| invoices.get(&part.invoice));
        let of_invoices: BTreeSet<&str> = known.map(|invoice| legal_entity(invoice, &facts.customer)).collect();
        let mut of_invoices = of_invoices.into_iter();
        let of_invoices = match (of_invoices.next(), of_invoices.next()) {
            (Some(_), Some(_)) => return payment.legal_entity.as_deref(),
            (only, _) => only,
        };
        payment.legal_entity.as_deref().or(of_invoices).or(facts.customer.legal_entity.as_deref())
    }
}
