//! Which document somebody wants.

use domain::{InvoiceId, PaymentId};

/// A document of the customer's, as PDF.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum DocumentWanted {
    /// The statement.
    Statement,
    /// The copy of an invoice.
    InvoiceCopy(InvoiceId),
    /// The receipt of a payment that was made here.
    Receipt(PaymentId),
}

impl DocumentWanted {
    /// What the path after the link names: `statement.pdf`, `invoices/{id}.pdf`, `paid/{basket}.pdf`.
    pub(crate) fn of(rest: &str) -> Option<Self> {
        let named = rest.strip_suffix(".pdf")?;
        if named == "statement" {
            return Some(Self::Statement);
        }
        let invoice = named.strip_prefix("invoices/").and_then(InvoiceId::parse).map(Self::InvoiceCopy);
        invoice.or_else(|| named.strip_prefix("paid/").and_then(PaymentId::parse).map(Self::Receipt))
    }

    /// A word that tells it from every other.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Statement => "statement.pdf".to_owned(),
            Self::InvoiceCopy(id) => format!("{id}.pdf"),
            Self::Receipt(id) => format!("{id}.pdf"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_name_documents() {
        let (invoice, basket) = (InvoiceId::derive(&["i"]), PaymentId::of_basket(&["b"]));
        for (rest, expected) in [
            ("statement.pdf".to_owned(), Some(DocumentWanted::Statement)),
            (format!("invoices/{invoice}.pdf"), Some(DocumentWanted::InvoiceCopy(invoice.clone()))),
            (format!("paid/{basket}.pdf"), Some(DocumentWanted::Receipt(basket.clone()))),
            ("statement".to_owned(), None),
            ("statement.csv".to_owned(), None),
            (".pdf".to_owned(), None),
            ("invoices/.pdf".to_owned(), None),
            (format!("invoices/{invoice}"), None),
            (format!("invoices/{basket}.pdf"), None),
            (format!("paid/{invoice}.pdf"), None),
            (format!("paid/{basket}/cancel.pdf"), None),
            (format!("invoices/{invoice}.pdf.pdf"), None),
        ] {
            assert_eq!(DocumentWanted::of(&rest), expected, "{rest}");
        }
        let names = [DocumentWanted::Statement, DocumentWanted::InvoiceCopy(invoice), DocumentWanted::Receipt(basket)];
        let names: std::collections::BTreeSet<String> = names.iter().map(DocumentWanted::name).collect();
        assert_eq!(names.len(), 3);
    }
}
