//! Payments that do not say for which invoice they are, as Stripe's bank debits since API version Basil.
//!
//! While one is on its way for exactly what an open invoice of its customer comes to, that invoice is not chased: the payment is taken as
//! being for it, until the source says for which it was, or that it failed. One that no invoice comes to is none of our business: it may be
//! for anything.

use connectors::Unnamed;
use domain::{Allocation, CustomerRef, Document, Invoice, InvoiceStatus, Payment, PaymentStatus, TenantId};
use store::Store;

/// The document that a payment comes to, if any.
///
/// # Errors
///
/// Those of the table.
pub async fn document(store: &Store, tenant: &TenantId, source: &str, unnamed: Unnamed) -> store::Result<Option<Document>> {
    let Unnamed { customer, payment } = unnamed;
    let known = store.payment(tenant, &customer, &payment.id).await?;
    let allocations = match (known, payment.status) {
        (Some(known), _) => known.allocations,
        (None, PaymentStatus::Pending) => {
            let open = store.open_invoices(tenant, &customer, source).await?;
            let Some(allocation) = for_one_of(&open, &payment) else { return Ok(None) };
            vec![allocation]
        }
        // What became of a payment that nothing was taken of says nothing.
        (None, PaymentStatus::Received | PaymentStatus::Reversed | PaymentStatus::Refunded | PaymentStatus::Later(_)) => {
            return Ok(None);
        }
    };
    Ok(Some(Document::Payment { customer: CustomerRef::Named(customer), payment: Payment { allocations, ..payment } }))
}

/// The oldest open invoice that comes to exactly the payment.
fn for_one_of(open: &[Invoice], payment: &Payment) -> Option<Allocation> {
    let left = |invoice: &Invoice| invoice.total_minor.saturating_sub(invoice.paid_minor).saturating_sub(invoice.credited_minor);
    let same = open.iter().filter(|invoice| {
        invoice.status == InvoiceStatus::Open
            && invoice.currency == payment.currency
            && left(invoice) == payment.amount_minor
            && payment.amount_minor > 0
    });
    let invoice = same.min_by_key(|invoice| (invoice.due_on, invoice.issued_on, invoice.number.clone()))?;
    Some(Allocation { invoice: invoice.id.clone(), amount_minor: payment.amount_minor })
}
