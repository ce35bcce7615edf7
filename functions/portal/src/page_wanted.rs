//! Which of a customer's pages somebody wants.

use domain::InvoiceId;

use crate::{document_wanted::DocumentWanted, statement::PageNumber};

/// How the statement is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StatementForm {
    /// As a page, for a person.
    Page,
    /// As JSON, for a program.
    Data,
    /// As JSON that is signed, for a program that shows it to others.
    Signed,
}

/// A page of the customer's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PageWanted {
    /// A page of the statement.
    Statement { page: PageNumber, form: StatementForm },
    /// One invoice.
    Invoice(InvoiceId),
    /// All that is open, as a table.
    Table,
    /// A document, for a person or for a program.
    Document { document: DocumentWanted, data: bool },
}

impl PageWanted {
    /// Whether it is to be signed as it is given out.
    pub(crate) fn is_signed(&self) -> bool {
        matches!(self, Self::Statement { form: StatementForm::Signed, .. })
    }

    /// A word that tells it from every other. What is signed is made as what is not.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Statement { page, form } => {
                let is_data = *form != StatementForm::Page;
                format!("statement {} {} {is_data}", page.number, page.after.as_deref().unwrap_or_default())
            }
            Self::Invoice(id) => id.to_string(),
            Self::Table => "table".to_owned(),
            Self::Document { document, .. } => document.name(),
        }
    }
}
