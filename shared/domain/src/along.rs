//! What goes along when an invoice comes to another customer: agreements that concern it, and orders about its due items.

use crate::{Agreement, DueItemKey, InvoiceId, ItemOf, Order};

/// Most agreements that go along with one invoice: those that are not over first, then the newest.
pub const AGREEMENTS_ALONG_MAX: usize = 20;
/// Most orders that do, the first given first; the next decision about the old customer says of others that they come too late.
pub const ORDERS_ALONG_MAX: usize = 12;

/// The agreements and orders of a customer of which something goes along with an invoice.
#[derive(Clone, Debug, Default)]
pub struct Along {
    /// The agreements as they are before.
    pub agreements: Vec<Agreement>,
    /// The orders as they are before.
    pub orders: Vec<Order>,
}

/// What of these goes along with an invoice.
pub fn along(agreements: &[Agreement], orders: &[Order], invoice: &InvoiceId) -> Along {
    let mut concern: Vec<&Agreement> = agreements.iter().filter(|agreement| agreement.concerns(invoice)).collect();
    concern.sort_by(|a, b| (a.is_over(), b.made_at, &a.id).cmp(&(b.is_over(), a.made_at, &b.id)));
    let agreements: Vec<Agreement> = concern.into_iter().take(AGREEMENTS_ALONG_MAX).cloned().collect();
    let mut named: Vec<&Order> = orders.iter().filter(|order| order_split(order, &agreements, invoice).is_some()).collect();
    named.sort_by(|a, b| (a.given_at, &a.id).cmp(&(b.given_at, &b.id)));
    Along { orders: named.into_iter().take(ORDERS_ALONG_MAX).cloned().collect(), agreements }
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
