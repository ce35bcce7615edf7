//! What goes along when an invoice comes to another customer: agreements that concern it, and orders about its due items.

use crate::{Agreement, Coverage, DueItemKey, Facts, InvoiceId, ItemOf, LastContact, Order, Outcome, Pending, PendingStatus};

/// Most agreements that go along with one invoice: those that are not over first, then the newest.
pub const AGREEMENTS_ALONG_MAX: usize = 20;
/// Most orders that do, the first given first; the next decision about the old customer says of others that they come too late.
pub const ORDERS_ALONG_MAX: usize = 12;

/// What goes along with an invoice that leaves a customer.
#[derive(Clone, Debug)]
pub struct Along {
    /// What the invoice's items have been through.
    pub folded: Vec<Coverage>,
    /// The agreements that concern the invoice, as they are before.
    pub agreements: Vec<Agreement>,
    /// The orders of which something goes along, as they are before.
    pub orders: Vec<Order>,
    /// When the customer was last contacted.
    pub last_contact: LastContact,
}

/// What goes along with an invoice that leaves the customer of `facts`: the results of its steps, so that nobody is written to again
/// because it moved, and the agreements and orders that concern it. A message that is being sent, or of which nobody knows whether it was,
/// counts as sent for its items; one that only waits is checked against the old customer's facts before it is claimed, and the item is not
/// there.
pub fn along(facts: &Facts, invoice: &InvoiceId) -> Along {
    let mut concern: Vec<&Agreement> = facts.agreements.iter().filter(|agreement| agreement.concerns(invoice)).collect();
    concern.sort_by(|a, b| (a.is_over(), b.made_at, &a.id).cmp(&(b.is_over(), a.made_at, &b.id)));
    let agreements: Vec<Agreement> = concern.into_iter().take(AGREEMENTS_ALONG_MAX).cloned().collect();
    let mut named: Vec<&Order> = facts.orders.iter().filter(|order| order_split(order, &agreements, invoice).is_some()).collect();
    named.sort_by(|a, b| (a.given_at, &a.id).cmp(&(b.given_at, &b.id)));
    let orders = named.into_iter().take(ORDERS_ALONG_MAX).cloned().collect();
    Along { folded: results(facts, invoice), agreements, orders, last_contact: facts.last_contact }
}

fn results(facts: &Facts, invoice: &InvoiceId) -> Vec<Coverage> {
    let folded = facts.invoices.iter().filter(|fact| fact.invoice.id == *invoice).flat_map(|fact| fact.folded.iter().cloned());
    let under_way = facts.pending.iter().filter(|pending| match pending.status {
        PendingStatus::Calling | PendingStatus::Unknown | PendingStatus::Later(_) => true,
        PendingStatus::Queued | PendingStatus::Retrying => false,
    });
    let mut of_it: Vec<Coverage> = Vec::new();
    for coverage in folded.chain(facts.coverage.iter().cloned()).chain(under_way.map(in_doubt)) {
        let rows: Vec<_> = coverage.rows.iter().filter(|row| row.item.invoice() == Some(invoice)).cloned().collect();
        // Word of a message comes to the customer that it was about: nobody waits for it elsewhere.
        let coverage = Coverage { rows, receipt_by: None, ..coverage };
        if !coverage.rows.is_empty() && !of_it.contains(&coverage) {
            of_it.push(coverage);
        }
    }
    of_it
}

fn in_doubt(pending: &Pending) -> Coverage {
    Coverage {
        number: pending.number,
        at: pending.decided_at,
        mode: pending.mode,
        outcome: Outcome::Unknown,
        message: Some(pending.id.clone()),
        way: Some((pending.channel, pending.contact.clone())),
        person: pending.person.clone(),
        pay_by: pending.pay_by,
        workflow: pending.case.workflow.clone(),
        rows: pending.rows.clone(),
        copy: pending.copy_of.is_some(),
        receipt_by: None,
    }
}

/// What stays and what goes of an order: the steps of the invoice's items, and those of the parts of a plan that goes whole.
pub fn order_split(order: &Order, agreements: &[Agreement], invoice: &InvoiceId) -> Option<(Option<Order>, Order)> {
    let goes_whole = |id: &crate::AgreementId| {
        agreements
            .iter()
            .any(|agreement| agreement.id == *id && agreement.concerns(invoice) && agreement.split(invoice).0.is_none())
    };
    order.split(invoice, |item: &DueItemKey| match &item.of {
        ItemOf::Invoice(of) => of == invoice,
        ItemOf::Plan(plan) => goes_whole(plan),
        ItemOf::Charge(_) => false,
    })
}

#[cfg(test)]
mod tests;
