//! Facts with one of them put in the place of what was known of it.

use crate::{Agreement, Facts, Invoice, InvoiceFact};

/// With an agreement as it is now.
pub(super) fn put_agreement(facts: Facts, agreement: &Agreement) -> Facts {
    let others = facts.agreements.into_iter().filter(|known| known.id != agreement.id);
    Facts { agreements: others.chain([agreement.clone()]).collect(), ..facts }
}

/// With an invoice, unless what is known of it is newer.
pub(super) fn upsert_invoice(facts: Facts, invoice: &Invoice) -> Facts {
    let known = facts.invoices.iter().find(|fact| fact.invoice.id == invoice.id);
    if known.is_some_and(|known| invoice.source_version <= known.invoice.source_version) {
        return facts;
    }
    let folded = known.map(|known| known.folded.clone()).unwrap_or_default();
    // No decision reads lines: they are stored apart.
    let bare = Invoice { lines: None, ..invoice.clone() };
    let fresh = InvoiceFact { invoice: bare, folded, archived: false };
    let others = facts.invoices.into_iter().filter(|fact| fact.invoice.id != invoice.id);
    Facts { invoices: others.chain([fresh]).collect(), ..facts }
}
