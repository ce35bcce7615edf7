//! What a mail may carry as a file beside its words.

use serde::{Deserialize, Serialize};

/// Most invoices of which a mail carries copies; of more it carries none, and its link leads to them.
pub const COPIES_ATTACHED_MAX: usize = 9;

/// A document that a mail carries as a PDF.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttachedDocument {
    /// The customer's statement: what is open, by currency.
    Statement,
    /// A copy of each invoice that the mail is about.
    Invoices,
}
