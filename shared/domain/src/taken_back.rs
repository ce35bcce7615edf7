//! What became of payments that were taken back: by refunds and chargebacks that are objects of their own, and by what the payment's own
//! document says.

use std::collections::BTreeMap;

use crate::{
    AgreementId, Facts, Invoice, InvoiceId, Payment, PaymentFact, PaymentKind, PaymentStatus, Reversal, ReversalKind,
    agreement::{of_document, of_reversals},
    receivables::TakenBack,
};

/// What refunds and chargebacks, reported as objects of their own, took back of a payment that still counts.
pub(crate) fn by_reversals(facts: &Facts, fact: &PaymentFact, in_force: &[&Reversal], of: Vec<(InvoiceId, i64)>) -> TakenBack {
    let id = of_reversals(&fact.payment.id, &external_ids(in_force));
    TakenBack {
        released: is_released(facts, &id),
        id,
        payment: fact.payment.id.clone(),
        kind: gravest(in_force),
        currency: fact.payment.currency,
        of,
    }
}

/// What a payment had paid that its own document says was taken back. One that was never known to be received took nothing back that
/// anybody relied on, and one that a collector wrote down by mistake never was. Refunds and chargebacks that come to all of it speak of the same money, in whatever order they came.
pub(crate) fn by_document(
    facts: &Facts,
    fact: &PaymentFact,
    in_force: &[&Reversal],
    invoices: &BTreeMap<&InvoiceId, &Invoice>,
) -> Option<TakenBack> {
    let received = fact.received_before.as_ref().filter(|received| received.kind == PaymentKind::Payment)?;
    if fact.payment.is_undone() {
        return None;
    }
    let mut left = received.amount_minor;
    let mut of = Vec::new();
    for part in &received.allocations {
        let paid = part.amount_minor.min(left);
        left -= paid;
        let counted = invoices.get(&part.invoice).is_none_or(|invoice| invoice.currency == received.currency);
        let paid = paid - paid_since(facts, fact, &part.invoice).clamp(0, paid);
        of.extend((counted && paid > 0).then(|| (part.invoice.clone(), paid)));
    }
    let by_objects = of_reversals(&fact.payment.id, &external_ids(in_force));
    let by_document = of_document(received);
    let same = is_whole(received, in_force);
    let said = match fact.payment.status {
        PaymentStatus::Received | PaymentStatus::Pending | PaymentStatus::Refunded | PaymentStatus::Later(_) => {
            ReversalKind::Refund
        }
        PaymentStatus::Reversed => ReversalKind::Chargeback,
    };
    (!of.is_empty()).then(|| TakenBack {
        released: is_released(facts, &by_document) || same && is_released(facts, &by_objects),
        id: if same { by_objects } else { by_document },
        payment: fact.payment.id.clone(),
        kind: if same { said.max(gravest(in_force)) } else { said },
        currency: received.currency,
        of,
    })
}

/// What other payments and credit notes, heard of since, bring to an invoice: it was paid anew, and no more of it is missing.
fn paid_since(facts: &Facts, taken: &PaymentFact, invoice: &InvoiceId) -> i64 {
    let since = |fact: &&PaymentFact| {
        fact.recorded_at > taken.recorded_at && fact.payment.id != taken.payment.id && fact.payment.counts()
    };
    let of_others = facts.payments.iter().chain(&facts.shared).filter(since).flat_map(|fact| &fact.payment.allocations);
    total(of_others.filter(|part| part.invoice == *invoice).map(|part| part.amount_minor))
}

/// The kind of what took a payment back: the gravest counts.
fn gravest(reversals: &[&Reversal]) -> ReversalKind {
    reversals.iter().map(|reversal| reversal.kind).max().unwrap_or(ReversalKind::Refund)
}

fn external_ids<'r>(reversals: &[&'r Reversal]) -> Vec<&'r str> {
    reversals.iter().map(|reversal| reversal.external_id.as_str()).collect()
}

/// Whether refunds and chargebacks come to all of a payment.
fn is_whole(payment: &Payment, in_force: &[&Reversal]) -> bool {
    !in_force.is_empty() && total(in_force.iter().map(|reversal| reversal.amount_minor)) >= payment.amount_minor
}

/// Whether a person let go what was kept back under an id.
fn is_released(facts: &Facts, id: &AgreementId) -> bool {
    facts.agreements.iter().any(|agreement| agreement.id == *id && agreement.ended_at.is_some())
}

fn total(amounts: impl Iterator<Item = i64>) -> i64 {
    amounts.fold(0, i64::saturating_add)
}

#[cfg(test)]
mod tests;
