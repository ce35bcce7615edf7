//! What changes when an invoice or a payment comes to another customer.

use super::put::{put_agreement, upsert_invoice};
use crate::{
    Facts, Invoice, InvoiceFact, InvoiceId, LastContact, PaymentFact, PaymentId, Reversal,
    along::{Along, along, order_split},
};

pub(super) fn invoice_away(mut facts: Facts, id: &InvoiceId) -> Facts {
    let along = along(&facts, id);
    facts.invoices.retain(|fact| fact.invoice.id != *id);
    for order in &along.orders {
        let Some((stays, _)) = order_split(order, &along.agreements, id) else { continue };
        facts.orders.retain(|known| known.id != order.id);
        facts.orders.extend(stays);
    }
    for agreement in &along.agreements {
        facts.agreements.retain(|known| known.id != agreement.id);
        facts.agreements.extend(agreement.split(id).0);
    }
    facts
}

pub(super) fn invoice_here(facts: Facts, invoice: &Invoice, along: &Along) -> Facts {
    let mut facts = upsert_invoice(facts, invoice);
    for fact in facts.invoices.iter_mut().filter(|fact: &&mut InvoiceFact| fact.invoice.id == invoice.id) {
        fact.folded.clone_from(&along.folded);
    }
    for order in &along.orders {
        let goes = order_split(order, &along.agreements, &invoice.id).map(|(_, goes)| goes);
        facts.orders.retain(|known| goes.as_ref().is_none_or(|goes| known.id != goes.id));
        facts.orders.extend(goes);
    }
    for agreement in &along.agreements {
        facts = put_agreement(facts, &agreement.split(&invoice.id).1);
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

pub(super) fn put_shared(facts: Facts, payment: &PaymentFact, reversals: &[Reversal]) -> Facts {
    let mut facts = shared_gone(facts, &payment.payment.id);
    facts.shared.push(PaymentFact { archived: false, ..payment.clone() });
    facts.shared_reversals.extend_from_slice(reversals);
    facts
}

pub(super) fn shared_gone(mut facts: Facts, id: &PaymentId) -> Facts {
    facts.shared.retain(|fact| fact.payment.id != *id);
    facts.shared_reversals.retain(|reversal| reversal.payment != *id);
    facts
}
