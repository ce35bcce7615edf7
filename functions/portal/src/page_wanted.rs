//! Which of a customer's pages somebody wants.

use domain::InvoiceId;

use crate::{document_wanted::DocumentWanted, statement::PageNumber};

/// A page of the customer's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PageWanted {
    /// A page of the statement, for a person or for a program.
    Statement { page: PageNumber, data: bool },
    /// One invoice.
    Invoice(InvoiceId),
    /// All that is open, as a table.
    Table,
    /// A document, for a person or for a program.
    Document { document: DocumentWanted, data: bool },
}

impl PageWanted {
    /// A word that tells it from every other.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Statement { page, data } => {
                format!("statement {} {} {data}", page.number, page.after.as_deref().unwrap_or_default())
            }
            Self::Invoice(id) => id.to_string(),
            Self::Table => "table".to_owned(),
            Self::Document { document, .. } => document.name(),
        }
    }
}
