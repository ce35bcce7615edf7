//! What changes when an invoice or a payment comes to another customer.

use jiff::Timestamp;

use super::{put_agreement, upsert_invoice};
use crate::{
    Agreement, Coverage, Facts, Invoice, InvoiceFact, InvoiceId, LastContact, Outcome, Payment, PaymentFact, PaymentId, Pending,
    PendingStatus, Reversal,
};

/// What goes along with an invoice that leaves a customer.
#[derive(Clone, Debug)]
pub struct Along {
    /// What the invoice's items have been through.
    pub folded: Vec<Coverage>,
    /// The agreements that concern the invoice: each with what stays of it and what goes along.
    pub agreements: Vec<(Option<Agreement>, Agreement)>,
    /// When the customer was last contacted.
    pub last_contact: LastContact,
}

/// What goes along with an invoice that leaves the customer of `facts`: the results of its steps, so that nobody is written to again
/// because it moved, and the agreements that concern it. A message that is being sent, or of which nobody knows whether it was, counts as
/// sent for its items; one that only waits is checked against the old customer's facts before it is claimed, and the item is not there.
pub fn along(facts: &Facts, invoice: &InvoiceId) -> Along {
    let folded = facts.invoices.iter().filter(|fact| fact.invoice.id == *invoice).flat_map(|fact| fact.folded.iter().cloned());
    let under_way = facts.pending.iter().filter(|pending| match pending.status {
        PendingStatus::Calling | PendingStatus::Unknown => true,
        PendingStatus::Queued | PendingStatus::Retrying => false,
    });
    let mut of_it: Vec<Coverage> = Vec::new();
    for coverage in folded.chain(facts.coverage.iter().cloned()).chain(under_way.map(in_doubt)) {
        let rows: Vec<_> = coverage.rows.iter().filter(|row| row.item.invoice() == Some(invoice)).cloned().collect();
        let coverage = Coverage { rows, ..coverage };
        if !coverage.rows.is_empty() && !of_it.contains(&coverage) {
            of_it.push(coverage);
        }
    }
    let concern_it = facts.agreements.iter().filter(|agreement| agreement.concerns(invoice));
    let agreements = concern_it.map(|agreement| agreement.split(invoice)).collect();
    Along { folded: of_it, agreements, last_contact: facts.last_contact }
}

fn in_doubt(pending: &Pending) -> Coverage {
    Coverage {
        number: pending.number,
        at: pending.decided_at,
        mode: pending.mode,
        outcome: Outcome::Unknown,
        message: Some(pending.id.clone()),
        way: Some((pending.channel, pending.contact.clone())),
        pay_by: pending.pay_by,
        rows: pending.rows.clone(),
        copy: pending.copy_of.is_some(),
    }
}

pub(super) fn invoice_away(facts: Facts, id: &InvoiceId) -> Facts {
    let mut agreements = Vec::new();
    for agreement in facts.agreements {
        if agreement.concerns(id) {
            agreements.extend(agreement.split(id).0);
        } else {
            agreements.push(agreement);
        }
    }
    let invoices = facts.invoices.into_iter().filter(|fact| fact.invoice.id != *id).collect();
    Facts { invoices, agreements, ..facts }
}

pub(super) fn invoice_here(facts: Facts, invoice: &Invoice, along: &Along) -> Facts {
    let mut facts = upsert_invoice(facts, invoice);
    for fact in facts.invoices.iter_mut().filter(|fact: &&mut InvoiceFact| fact.invoice.id == invoice.id) {
        fact.folded.clone_from(&along.folded);
    }
    for (_, goes) in &along.agreements {
        facts = put_agreement(facts, goes);
    }
    facts.last_contact = LastContact {
        live: facts.last_contact.live.max(along.last_contact.live),
        shadow: facts.last_contact.shadow.max(along.last_contact.shadow),
    };
    facts
}

pub(super) fn payment_away(mut facts: Facts, id: &PaymentId) -> Facts {
    facts.payments.retain(|fact| fact.payment.id != *id);
    facts.reversals.retain(|reversal| reversal.payment != *id);
    facts
}

pub(super) fn put_shared(facts: Facts, payment: &Payment, recorded_at: Timestamp, reversals: &[Reversal]) -> Facts {
    let mut facts = shared_gone(facts, &payment.id);
    facts.shared.push(PaymentFact { payment: payment.clone(), recorded_at, archived: false });
    facts.shared_reversals.extend_from_slice(reversals);
    facts
}

pub(super) fn shared_gone(mut facts: Facts, id: &PaymentId) -> Facts {
    facts.shared.retain(|fact| fact.payment.id != *id);
    facts.shared_reversals.retain(|reversal| reversal.payment != *id);
    facts
}
