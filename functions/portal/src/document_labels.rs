//! What pages say of documents: which words there are, beside [`crate::labels`].

use serde::Serialize;

/// What is said in one language.
#[derive(Debug, Serialize)]
pub(crate) struct DocumentLabels {
    pub(crate) language: &'static str,
    /// Leads to the statement.
    pub(crate) statement: &'static str,
    /// Leads to the copy of an invoice.
    pub(crate) invoice_copy: &'static str,
    /// Leads to the receipt of a payment.
    pub(crate) receipt: &'static str,
    /// Said where a document cannot be had now.
    pub(crate) later: &'static str,
}
