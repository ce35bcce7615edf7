//! What a decision puts aside because it no longer matters, and takes back because it does again.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{Archiving, Coverage, CustomerId, Facts, InvoiceFact, InvoiceId, PaymentFact, TenantId};

use crate::{
    Error, Result,
    table::{
        attributes::{document, every::CHASE, fact},
        change::{Change, is, some_item},
        db::{n, s, to_json},
        keys,
    },
};

/// The writes, in an order that may be broken off after any of them and done again; each is left undone where the item changed
/// since it was read.
///
/// # Errors
///
/// [`Error::Refused`] when it names what is not among the facts.
pub(crate) fn changes(tenant: &TenantId, customer: &CustomerId, facts: &Facts, archiving: &Archiving) -> Result<Vec<Change>> {
    let by_id: BTreeMap<&InvoiceId, &InvoiceFact> = facts.invoices.iter().map(|fact| (&fact.invoice.id, fact)).collect();
    let missing =
        |id: &str| Error::Refused { operation: "file facts of", id: id.to_owned(), why: "it is not among the facts".into() };
    let as_seen = |fact: &InvoiceFact| {
        Change::of(keys::invoice(tenant, customer, &fact.invoice.id))
            .when(is(document::VERSION, s(fact.invoice.source_version.sortable())))
    };
    let folded = |fact: &InvoiceFact, marks: &[Coverage]| {
        let mut all = fact.folded.clone();
        all.extend(marks.iter().filter(|mark| !fact.folded.contains(mark)).cloned());
        s(to_json(&all))
    };
    let mut changes = Vec::new();
    let mut archived = BTreeSet::new();
    for (id, marks) in &archiving.archive_invoices {
        let fact = by_id.get(id).ok_or_else(|| missing(id.as_str()))?;
        let of_it = |payment: &&PaymentFact| payment.invoices().any(|invoice| invoice == id);
        let payments = facts.payments.iter().filter(of_it).map(|fact| keys::payment(tenant, customer, &fact.payment.id).sk);
        let shared = facts.shared.iter().filter(of_it).map(|fact| keys::shared(tenant, customer, &fact.payment.id).sk);
        let change = as_seen(fact).drop(CHASE).put(fact::ARCHIVED, n(1)).put(fact::FOLDED, folded(fact, marks));
        changes.push(archived_with(change, payments.chain(shared).collect()));
        archived.insert(id);
    }
    for (id, marks) in &archiving.fold_invoices {
        let fact = by_id.get(id).ok_or_else(|| missing(id.as_str()))?;
        changes.push(as_seen(fact).put(fact::FOLDED, folded(fact, marks)));
    }
    for id in &archiving.restore_invoices {
        let fact = by_id.get(id).ok_or_else(|| missing(id.as_str()))?;
        changes.push(as_seen(fact).put(CHASE, s(format!("I#{id}"))).drop(fact::ARCHIVED));
    }
    for id in &archiving.archive_payments {
        let fact = facts.payments.iter().find(|fact| fact.payment.id == *id).ok_or_else(|| missing(id.as_str()))?;
        let key = keys::payment(tenant, customer, id);
        // Invoices that are archived already note the payment's key first: no payment is archived that its archived invoice does not name.
        for invoice in fact.invoices().filter(|invoice| !archived.contains(*invoice)) {
            let change = Change::of(keys::invoice(tenant, customer, invoice)).when(some_item());
            changes.push(archived_with(change, vec![key.sk.clone()]));
        }
        let mut reversals = Vec::new();
        let mut after = Vec::new();
        for reversal in facts.reversals.iter().filter(|reversal| reversal.payment == *id) {
            let key = keys::reversal(tenant, customer, id, &reversal.external_id);
            reversals.push(key.sk.clone());
            let version = s(reversal.source_version.sortable());
            after.push(Change::of(key).when(is(document::VERSION, version)).drop(CHASE));
        }
        let change = Change::of(key).when(is(document::VERSION, s(fact.payment.source_version.sortable())));
        changes.push(archived_with(change.drop(CHASE), reversals));
        changes.extend(after);
    }
    for id in &archiving.archive_shared {
        let fact = facts.shared.iter().find(|fact| fact.payment.id == *id).ok_or_else(|| missing(id.as_str()))?;
        let key = keys::shared(tenant, customer, id);
        let here = |invoice: &&InvoiceId| by_id.contains_key(*invoice) && !archived.contains(*invoice);
        for invoice in fact.invoices().filter(here) {
            let change = Change::of(keys::invoice(tenant, customer, invoice)).when(some_item());
            changes.push(archived_with(change, vec![key.sk.clone()]));
        }
        changes.push(Change::of(key).when(is(document::VERSION, s(fact.payment.source_version.sortable()))).drop(CHASE));
    }
    Ok(changes)
}

/// Notes what an item was filed with, so that whoever finds it again finds that too.
fn archived_with(change: Change, names: Vec<String>) -> Change {
    if names.is_empty() {
        return change;
    }
    change.add(fact::FILED_WITH, AttributeValue::Ss(names))
}
