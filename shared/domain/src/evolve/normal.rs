//! The form in which two ways to the same state are equal.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::{
    AddressFact, Coverage, Covered, Facts, InvoiceId, InvoiceStatus, MessageId, Outcome, PaymentFact, PaymentId, People,
    address_key, reached_by,
};

/// Facts in the form in which two ways to the same state are equal: lists in the order of their ids, drafts and closed invoices that are
/// set aside left out with what only touches them, coverage folded into one list a due item's invoice, of people who are no contacts
/// nothing, instants cut to what the table keeps of them (seconds of coverage, decisions and contacts, else milliseconds), the last
/// contact of shadow mode no earlier than the live one, and no counters of writes.
pub fn normal(facts: &Facts) -> Facts {
    let mut facts = facts.clone();
    let mut coverage: Vec<Coverage> = std::mem::take(&mut facts.coverage);
    for fact in &mut facts.invoices {
        coverage.append(&mut fact.folded);
    }
    for agreement in &mut facts.agreements {
        coverage.append(&mut agreement.folded);
    }
    for charge in &mut facts.charges {
        coverage.append(&mut charge.folded);
    }
    let mut invoices = std::mem::take(&mut facts.invoices);
    invoices.retain(|fact| !fact.archived && fact.invoice.status != InvoiceStatus::Draft);
    invoices.sort_by(|a, b| a.invoice.id.cmp(&b.invoice.id));
    let open: BTreeSet<&InvoiceId> = invoices.iter().map(|fact| &fact.invoice.id).collect();
    facts.coverage = by_row(coverage, &open);
    money(&mut facts, &open);
    facts.invoices = invoices;
    facts.agreements.sort_by(|a, b| a.id.cmp(&b.id));
    facts.charges.sort_by(|a, b| a.id.cmp(&b.id));
    facts.work.sort_by(|a, b| a.task.cmp(&b.task));
    facts.orders.sort_by(|a, b| a.id.cmp(&b.id));
    facts.pending.sort_by(|a, b| a.id.cmp(&b.id));
    for pending in &mut facts.pending {
        pending.decided_at = second(pending.decided_at);
        pending.rows.sort();
    }
    facts.last_contact.live = facts.last_contact.live.map(second);
    facts.last_contact.shadow = facts.last_contact.shadow.map(second).max(facts.last_contact.live);
    facts.replied_at = facts.replied_at.map(millisecond);
    for heard in facts.sources_confirmed_at.values_mut() {
        *heard = millisecond(*heard);
    }
    people(&mut facts);
    Facts { version: 0, ..facts }
}

fn second(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second()).unwrap_or(at)
}

fn millisecond(at: Timestamp) -> Timestamp {
    Timestamp::from_millisecond(at.as_millisecond()).unwrap_or(at)
}

/// One mark a row, of what is open and of what is no invoice's.
fn by_row(coverage: Vec<Coverage>, open: &BTreeSet<&InvoiceId>) -> Vec<Coverage> {
    let remembers = |row: &&Covered| row.item.invoice().is_none_or(|invoice| open.contains(invoice));
    let mut by_row: BTreeMap<(u64, Covered, Option<MessageId>, Outcome), Coverage> = BTreeMap::new();
    for mark in coverage {
        for row in mark.rows.iter().filter(remembers) {
            let receipt_by = mark.receipt_by.map(second);
            let one = Coverage { rows: vec![row.clone()], at: second(mark.at), receipt_by, ..mark.clone() };
            by_row.insert((mark.number, row.clone(), mark.message.clone(), mark.outcome), one);
        }
    }
    by_row.into_values().collect()
}

/// Leaves out payments that touch nothing open and leave no credit, with what is of them.
fn money(facts: &mut Facts, open: &BTreeSet<&InvoiceId>) {
    let touches = |fact: &PaymentFact| fact.invoices().any(|invoice| open.contains(invoice));
    let leaves_credit = |fact: &PaymentFact| {
        let allocated: i64 = fact.payment.allocations.iter().map(|part| part.amount_minor).fold(0, i64::saturating_add);
        fact.payment.status.counts() && allocated < fact.payment.amount_minor
    };
    facts.payments.retain(|fact| leaves_credit(fact) || touches(fact));
    facts.shared.retain(touches);
    for fact in facts.payments.iter_mut().chain(&mut facts.shared) {
        fact.recorded_at = millisecond(fact.recorded_at);
        fact.archived = false;
    }
    facts.payments.sort_by(|a, b| a.payment.id.cmp(&b.payment.id));
    facts.shared.sort_by(|a, b| a.payment.id.cmp(&b.payment.id));
    let ids = |facts: &[PaymentFact]| -> BTreeSet<PaymentId> { facts.iter().map(|fact| fact.payment.id.clone()).collect() };
    let (kept, shared) = (ids(&facts.payments), ids(&facts.shared));
    facts.reversals.retain(|reversal| kept.contains(&reversal.payment));
    facts.shared_reversals.retain(|reversal| shared.contains(&reversal.payment));
    facts.reversals.sort_by(|a, b| (&a.payment, &a.external_id).cmp(&(&b.payment, &b.external_id)));
    facts.shared_reversals.sort_by(|a, b| (&a.payment, &a.external_id).cmp(&(&b.payment, &b.external_id)));
}

/// Leaves out what is known of people who are no contacts.
fn people(facts: &mut Facts) {
    let (mut persons, mut names) = (BTreeSet::new(), BTreeSet::new());
    for (_, contact) in People::of(facts).all() {
        persons.extend(contact.person());
        names.extend(reached_by(contact).into_iter().map(|(channel, address)| address_key(channel, &address)));
    }
    facts.addresses.retain(|name, address| names.contains(name) && *address != AddressFact::default());
    for log in facts.contact_log.values_mut() {
        log.revision = 0;
        for attempt in &mut log.attempts {
            attempt.at = second(attempt.at);
        }
    }
    facts.contact_log.retain(|person, log| persons.contains(person) && !log.attempts.is_empty());
}
