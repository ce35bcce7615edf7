//! The lines of an invoice, where somebody contests one.

use domain::{BilledLine, Facts, Invoice, InvoiceId, TenantId, proposal::Proposal};
use store::Store;

use crate::Done;

/// A proposal with the lines of the invoice of which it names one. Of an invoice that the customer does not have none are read.
///
/// # Errors
///
/// Those of the table.
pub async fn with_lines(store: &Store, tenant: &TenantId, facts: &Facts, proposal: Proposal) -> Done<Proposal> {
    let Some(text) = proposal.invoice_of_line() else { return Ok(proposal) };
    let is_named = |invoice: &&Invoice| InvoiceId::parse(text).as_ref() == Some(&invoice.id) || invoice.external_id == text;
    let known = facts.invoices.iter().map(|fact| &fact.invoice).find(is_named);
    let lines: Vec<BilledLine> = match known {
        Some(invoice) => store.billed_lines(tenant, &invoice.id).await?,
        None => Vec::new(),
    };
    Ok(Proposal { lines, ..proposal })
}
