//! The statement of a customer.

use std::{cmp::Reverse, collections::BTreeSet};

use documents::{CreditLine, DocumentSheet, PaidLine, Statement, StatementAccount, StatementLine};
use domain::{
    Currency, Facts, PaymentKind,
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
    let paid = paid(&receivables);
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
        head: subject.head(only),
        accounts: currencies.into_iter().map(account).collect(),
        ways_to_pay: subject.ways_to_pay(&entities),
    };
    statement.sheet(&subject.hand)
}

fn line(item: &DueItem<'_>) -> StatementLine {
    // What is neither paid nor open. Of an instalment that credit notes share in it is not known what was paid, so nothing is said of it.
    let settled_minor = item.amount_minor.saturating_sub(item.paid_minor).saturating_sub(item.open_minor).max(0);
    StatementLine {
        number: item.number.to_owned(),
        instalment: item.instalment,
        purchase_order: item.purchase_order.map(str::to_owned),
        issued_on: item.issued_on,
        due_on: item.due_on,
        amount_minor: item.amount_minor,
        paid_minor: item.paid_minor,
        credited_minor: if item.instalment.is_none() { settled_minor } else { 0 },
        open_minor: item.owed_minor(),
    }
}

/// What payments and credit notes left over, and what was paid beyond an invoice's total.
fn credits(facts: &Facts, receivables: &Receivables<'_>) -> Vec<(Currency, CreditLine)> {
    let left = receivables.counted.iter().filter(|counted| counted.left_minor > 0).map(|counted| {
        let payment = &counted.payment;
        let (reference, given_on) = (payment.external_id.clone(), payment.received_on);
        (payment.currency, CreditLine { reference, given_on, amount_minor: payment.amount_minor, left_minor: counted.left_minor })
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
fn paid(receivables: &Receivables<'_>) -> Vec<(Currency, PaidLine)> {
    let payments = receivables.counted.iter().filter(|counted| counted.payment.kind == PaymentKind::Payment);
    let mut paid: Vec<(Currency, PaidLine)> = payments
        .map(|counted| {
            let payment = &counted.payment;
            let (reference, received_on) = (payment.external_id.clone(), payment.received_on);
            (payment.currency, PaidLine { reference, received_on, amount_minor: counted.good_minor })
        })
        .collect();
    paid.sort_by(|(_, a), (_, b)| (Reverse(a.received_on), &a.reference).cmp(&(Reverse(b.received_on), &b.reference)));
    paid
}
