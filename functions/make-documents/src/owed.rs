//! The statement of a customer.

use std::{cmp::Reverse, collections::BTreeSet};

use documents::{CreditLine, DocumentSheet, PaidLine, Statement, StatementAccount, StatementLine};
use domain::{
    Currency, Facts, Payment, PaymentKind,
    receivables::{DueItem, Receivables},
};

use crate::subject::Subject;

/// Payments that are listed in a currency, the newest first.
const PAYMENTS_MAX: usize = 24;

/// What is owed, had and paid lately. The balance is what is open less what is credit; what agreements keep back is open.
pub(crate) fn statement(subject: &Subject) -> DocumentSheet {
    let receivables = subject.receivables();
    // What the parts of a plan stand for is shown as those parts.
    let shown: Vec<&DueItem> = receivables.items.iter().filter(|item| item.owed_minor() > 0).collect();
    let credits = credits(&subject.facts, &receivables);
    let paid = paid(&subject.facts);
    let currencies: BTreeSet<Currency> = shown
        .iter()
        .map(|item| item.currency)
        .chain(credits.iter().map(|(currency, _)| *currency))
        .chain(paid.iter().map(|(currency, _)| *currency))
        .collect();
    let account = |currency: Currency| {
        let lines = |late: bool| -> Vec<StatementLine> {
            let of_currency = shown.iter().filter(|item| item.currency == currency);
            of_currency.filter(|item| (item.days_past_due(receivables.today) > 0) == late).map(|item| line(item)).collect()
        };
        let credits = credits.iter().filter(|(of, _)| *of == currency).map(|(_, line)| line.clone()).collect();
        let mut payments: Vec<PaidLine> = paid.iter().filter(|(of, _)| *of == currency).map(|(_, line)| line.clone()).collect();
        let payments_not_listed = payments.len().saturating_sub(PAYMENTS_MAX);
        payments.truncate(PAYMENTS_MAX);
        StatementAccount { currency, overdue: lines(true), not_yet_due: lines(false), credits, payments, payments_not_listed }
    };
    let entities: BTreeSet<&str> = shown.iter().map(|item| item.legal_entity).collect();
    let only = entities.first().filter(|_| entities.len() == 1).copied().unwrap_or_default();
    let statement = Statement {
        letterhead: subject.letterhead(only),
        customer: subject.addressee(),
        paper: subject.paper(),
        as_of: receivables.today,
        accounts: currencies.into_iter().map(account).collect(),
        ways_to_pay: subject.ways_to_pay(&entities),
    };
    statement.sheet(&subject.hand)
}

fn line(item: &DueItem<'_>) -> StatementLine {
    StatementLine {
        number: item.number.to_owned(),
        instalment: item.instalment,
        purchase_order: item.purchase_order.map(str::to_owned),
        issued_on: item.issued_on,
        due_on: item.due_on,
        amount_minor: item.amount_minor,
        paid_minor: item.paid_minor,
        open_minor: item.owed_minor(),
    }
}

/// What of a payment nobody took back.
fn good_minor(facts: &Facts, payment: &Payment) -> i64 {
    let of_it = facts.reversals.iter().filter(|reversal| reversal.payment == payment.id && reversal.currency == payment.currency);
    let in_force = of_it.filter(|reversal| reversal.in_force);
    let reversed = in_force.fold(0_i64, |sum, reversal| sum.saturating_add(reversal.amount_minor));
    if payment.counts() { payment.amount_minor.saturating_sub(reversed).max(0) } else { 0 }
}

/// What payments and credit notes left over, and what was paid beyond an invoice's total: as the receivables reckon it.
fn credits(facts: &Facts, receivables: &Receivables<'_>) -> Vec<(Currency, CreditLine)> {
    let left = facts.payments.iter().map(|fact| &fact.payment).filter_map(|payment| {
        let allocated = payment.allocations.iter().fold(0_i64, |sum, part| sum.saturating_add(part.amount_minor));
        let left_minor = good_minor(facts, payment).saturating_sub(allocated);
        (left_minor > 0).then(|| {
            let (reference, given_on) = (payment.external_id.clone(), payment.received_on);
            (payment.currency, CreditLine { reference, given_on, amount_minor: payment.amount_minor, left_minor })
        })
    });
    let overpaid = receivables.overpaid.iter().filter_map(|over| {
        let invoice = &facts.invoices.iter().find(|fact| fact.invoice.id == over.invoice)?.invoice;
        let (reference, given_on) = (invoice.number.clone(), invoice.issued_on);
        let (amount_minor, left_minor) = (over.excess_minor, over.excess_minor);
        Some((over.currency, CreditLine { reference, given_on, amount_minor, left_minor }))
    });
    let mut credits: Vec<(Currency, CreditLine)> = left.chain(overpaid).collect();
    credits.sort_by(|(_, a), (_, b)| (a.given_on, &a.reference).cmp(&(b.given_on, &b.reference)));
    credits
}

/// Payments, the newest first.
fn paid(facts: &Facts) -> Vec<(Currency, PaidLine)> {
    let payments = facts.payments.iter().map(|fact| &fact.payment).filter(|payment| payment.kind == PaymentKind::Payment);
    let mut paid: Vec<(Currency, PaidLine)> = payments
        .map(|payment| {
            let (reference, received_on) = (payment.external_id.clone(), payment.received_on);
            (payment.currency, PaidLine { reference, received_on, amount_minor: good_minor(facts, payment) })
        })
        .filter(|(_, line)| line.amount_minor > 0)
        .collect();
    paid.sort_by(|(_, a), (_, b)| (Reverse(a.received_on), &a.reference).cmp(&(Reverse(b.received_on), &b.reference)));
    paid
}
