//! What is asked for, and what is answered.

use domain::{CustomerId, InvoiceId, PaymentId, TenantId};
use serde::{Deserialize, Serialize};

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentAsked {
    /// Whose customer.
    pub tenant: TenantId,
    /// Whom it is about.
    pub customer: CustomerId,
    /// Which document.
    pub document: WantedDocument,
    /// BCP 47; the customer's own, else the tenant's, where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
}

/// A document of a customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum WantedDocument {
    /// What is owed, by currency.
    Statement,
    /// A copy of an invoice, from what is known of it.
    InvoiceCopy {
        /// The invoice.
        invoice: InvoiceId,
    },
    /// That a payment was received.
    Receipt {
        /// The payment.
        payment: PaymentId,
    },
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum DocumentAnswer {
    /// It was made, and lies in the bucket.
    Made {
        /// Under which key.
        key: String,
        /// Of how many bytes.
        size: u64,
    },
    /// It lay in the bucket already.
    Kept {
        /// Under which key.
        key: String,
        /// Of how many bytes.
        size: u64,
    },
    /// There is nothing to make it of.
    Nothing {
        /// Why, in words for whoever asked.
        why: String,
    },
}
