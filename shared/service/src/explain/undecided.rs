//! What a decision has no word of: why nothing of an invoice falls due, and what there is of a case.

use domain::{CaseId, Facts, InvoiceId, InvoiceStatus, Money, explain::day};
use jiff::{Timestamp, tz::TimeZone};
use store::{InvoiceStanding, KnownInvoice};

/// What there is of a case that nothing is decided about.
pub(super) fn why_no_decision(facts: &Facts, case: &CaseId) -> String {
    match facts.cases.values().find(|known| known.id == *case) {
        Some(known) => format!("The case follows workflow {}@{}, and stands as it was left.", known.workflow, known.version),
        None => "The case was not there: it had not opened, or it was closed long before.".to_owned(),
    }
}

/// Why nothing of an invoice falls due.
pub(super) fn why_nothing_is_due(
    (facts, closed): (&Facts, Option<&KnownInvoice>),
    invoice: &InvoiceId,
    at: Timestamp,
    zone: &TimeZone,
) -> String {
    let fact = facts.invoices.iter().find(|fact| fact.invoice.id == *invoice).map(|fact| &fact.invoice);
    let Some(invoice) = fact.or(closed.map(|known| &known.invoice)) else {
        return "The invoice is not among what may be chased: it was closed, or it was not known.".to_owned();
    };
    match invoice.status {
        InvoiceStatus::Draft => "The invoice is a draft, so nothing of it is owed.".to_owned(),
        InvoiceStatus::Void => "The invoice was voided, so nothing of it is owed.".to_owned(),
        InvoiceStatus::WrittenOff => "The invoice was written off, so nothing of it is owed.".to_owned(),
        InvoiceStatus::Open | InvoiceStatus::Later(_) => {
            let standing = closed.map(|known| known.standing);
            if invoice.issued_on > at.to_zoned(zone.clone()).date() {
                format!("The invoice is issued on {}, and nothing of it is chased before.", day(invoice.issued_on))
            } else if invoice.total_minor == 0 {
                format!("The invoice comes to {}, so nothing of it is owed.", Money::from_minor(0, invoice.currency))
            } else if standing == Some(InvoiceStanding::Paid) {
                "The invoice is paid or credited in full, so nothing of it is owed.".to_owned()
            } else if fact.is_some() {
                "Nothing of the invoice is open: it was paid or credited.".to_owned()
            } else {
                "The invoice is open, and what is decided does not have it yet; ask again in some seconds.".to_owned()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::{Currency, Customer, CustomerId, Invoice, InvoiceFact, TenantId};

    use super::*;

    fn said(status: InvoiceStatus, total_minor: i64, standing: Option<InvoiceStanding>) -> String {
        let tenant = TenantId::parse("acme").expect("a tenant");
        let customer = CustomerId::derive(&["acme", "canonical", "C-1"]);
        let id = InvoiceId::derive(&["acme", "canonical", "A"]);
        let days = ("2026-01-05".parse().expect("a date"), "2026-02-04".parse().expect("a date"));
        let invoice = Invoice { status, ..Invoice::open(id.clone(), "A", (Currency::EUR, total_minor), days) };
        let mut facts = Facts::of(tenant, Customer::stub(&customer, "canonical", "C-1"));
        let closed = standing.map(|standing| KnownInvoice { customer, invoice: invoice.clone(), standing });
        if closed.is_none() {
            facts.invoices.push(InvoiceFact { invoice, folded: vec![], archived: false });
        }
        why_nothing_is_due((&facts, closed.as_ref()), &id, "2026-03-01T09:00:00Z".parse().expect("an instant"), &TimeZone::UTC)
    }

    #[test]
    fn why_nothing_of_an_invoice_falls_due_is_its_own_status() {
        for (status, total_minor, standing, expected) in [
            (InvoiceStatus::Open, 1_000, Some(InvoiceStanding::Paid), "is paid or credited in full"),
            (InvoiceStatus::Open, 0, Some(InvoiceStanding::Paid), "comes to 0.00 EUR"),
            (InvoiceStatus::Open, 0, None, "comes to 0.00 EUR"),
            (InvoiceStatus::Open, 1_000, None, "it was paid or credited"),
            (InvoiceStatus::Draft, 1_000, Some(InvoiceStanding::Draft), "is a draft"),
            (InvoiceStatus::Void, 1_000, Some(InvoiceStanding::Void), "was voided"),
            (InvoiceStatus::WrittenOff, 1_000, Some(InvoiceStanding::WrittenOff), "was written off"),
        ] {
            let said = said(status, total_minor, standing);
            assert!(said.contains(expected), "{status:?} {total_minor} {standing:?}: {said}");
        }
    }
}
