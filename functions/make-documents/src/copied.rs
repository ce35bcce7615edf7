//! The copy of an invoice.

use std::collections::BTreeSet;

use documents::{DocumentSheet, InvoiceCopy, InvoicePart};
use domain::{Invoice, InvoiceId, InvoiceStatus};
use store::Store;

use crate::subject::Subject;

/// The copy of an invoice of the customer's; `None` where there is none that is issued and in force.
pub(crate) async fn invoice_copy(store: &Store, subject: &Subject, id: &InvoiceId) -> store::Result<Option<DocumentSheet>> {
    let known = subject.facts.invoices.iter().map(|fact| &fact.invoice).find(|invoice| invoice.id == *id);
    let invoice = match known {
        Some(invoice) => invoice.clone(),
        None => {
            let asked = [(subject.facts.customer.id.clone(), id.clone())];
            match store.invoices_by_id(subject.tenant(), &asked).await?.pop() {
                Some(found) => found.invoice,
                None => return Ok(None),
            }
        }
    };
    let in_force = invoice.status == InvoiceStatus::Open && invoice.issued_on <= subject.today();
    Ok(in_force.then(|| copy(subject, &invoice)))
}

fn copy(subject: &Subject, invoice: &Invoice) -> DocumentSheet {
    let receivables = subject.receivables();
    let is_of = |found: &Invoice| found.id == invoice.id;
    let items: Vec<_> = receivables.items.iter().filter(|item| item.invoice.is_some_and(is_of)).collect();
    let open_minor = items.iter().fold(0_i64, |sum, item| sum.saturating_add(item.open_minor));
    // Of an invoice that is closed, what closed it may be filed away.
    let credited_minor = items.first().map(|item| item.total_minor.saturating_sub(item.claim_minor));
    let paid_minor =
        credited_minor.map(|credited_minor| invoice.total_minor.saturating_sub(credited_minor).saturating_sub(open_minor).max(0));
    let own = invoice.legal_entity.as_deref().or(subject.facts.customer.legal_entity.as_deref()).unwrap_or_default();
    let copy = InvoiceCopy {
        head: subject.head(own),
        number: invoice.number.clone(),
        purchase_order: invoice.purchase_order.clone(),
        issued_on: invoice.issued_on,
        due_on: invoice.due_on,
        currency: invoice.currency,
        total_minor: invoice.total_minor,
        credited_minor,
        paid_minor,
        open_minor,
        instalments: invoice
            .instalments
            .iter()
            .map(|part| InvoicePart { due_on: part.due_on, amount_minor: part.amount_minor })
            .collect(),
        ways_to_pay: subject.ways_to_pay(&BTreeSet::from([own])),
    };
    copy.sheet(&subject.hand)
}
