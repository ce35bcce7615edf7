//! The receipt of a payment.

use std::collections::BTreeMap;

use documents::{DocumentSheet, PaidInvoice, PaymentReceipt};
use domain::{CustomerId, InvoiceId, Payment, PaymentId, PaymentKind, PaymentStatus};
use store::Store;

use crate::subject::Subject;

/// The receipt of a payment of the customer's; `None` where there is none that was received. What is on its way is not received yet.
pub(crate) async fn receipt(store: &Store, subject: &Subject, id: &PaymentId) -> store::Result<Option<DocumentSheet>> {
    let known = subject.facts.payments.iter().map(|fact| &fact.payment).find(|payment| payment.id == *id);
    let payment = match known {
        Some(payment) => payment.clone(),
        None => match store.known_payment(subject.tenant(), id).await? {
            Some((customer, payment)) if customer == subject.facts.customer.id => payment,
            Some(_) | None => return Ok(None),
        },
    };
    if payment.kind != PaymentKind::Payment || payment.status != PaymentStatus::Received {
        return Ok(None);
    }
    let numbers = numbers(store, subject, &payment).await?;
    Ok(Some(of_payment(subject, &payment, &numbers)))
}

/// What people call the customer's invoices that a payment is for; those of others are left out.
async fn numbers(store: &Store, subject: &Subject, payment: &Payment) -> store::Result<BTreeMap<InvoiceId, String>> {
    let own = &subject.facts.customer.id;
    let wanted: Vec<(CustomerId, InvoiceId)> =
        payment.allocations.iter().map(|part| (own.clone(), part.invoice.clone())).collect();
    let found = store.invoices_by_id(subject.tenant(), &wanted).await?;
    Ok(found.into_iter().map(|known| (known.invoice.id, known.invoice.number)).collect())
}

fn of_payment(subject: &Subject, payment: &Payment, numbers: &BTreeMap<InvoiceId, String>) -> DocumentSheet {
    let receivables = subject.receivables();
    let open_minor = |id: &InvoiceId| {
        let items = receivables.items.iter().filter(|item| item.invoice.is_some_and(|invoice| invoice.id == *id));
        let open: Vec<i64> = items.map(|item| item.open_minor).collect();
        let is_closed = receivables.closed.contains(id);
        (is_closed || !open.is_empty()).then(|| open.into_iter().fold(0_i64, i64::saturating_add))
    };
    let paid = payment.allocations.iter().map(|part| PaidInvoice {
        number: numbers.get(&part.invoice).cloned().unwrap_or_else(|| "–".to_owned()),
        amount_minor: part.amount_minor,
        open_minor: open_minor(&part.invoice),
    });
    let own = payment.legal_entity.as_deref().or(subject.facts.customer.legal_entity.as_deref()).unwrap_or_default();
    let receipt = PaymentReceipt {
        head: subject.head(own),
        reference: payment.external_id.clone(),
        received_on: payment.received_on,
        currency: payment.currency,
        amount_minor: payment.amount_minor,
        paid: paid.collect(),
    };
    receipt.sheet(&subject.hand)
}
