//! Documents of customers: what `make-documents` is asked for, what it answers, and who asks it.
//!
//! A function that hands documents out has no fonts and writes no PDF. It invokes `make-documents`, waits, and gets the key of an object below
//! `documents/{tenant}/`. An object's key is the hash of what the document says, so that asking twice makes one object.

use std::time::Duration;

use anyhow::Context;
use domain::{CustomerId, InvoiceId, PaymentId, TenantId};
use jiff::Timestamp;
use kit::{Clients, FunctionInvoker, Queued};
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

impl DocumentAnswer {
    /// The key of the object; `None` where there is nothing to make one of.
    pub fn key(&self) -> Option<&str> {
        match self {
            Self::Made { key, .. } | Self::Kept { key, .. } => Some(key),
            Self::Nothing { .. } => None,
        }
    }
}

/// `make-documents` did not answer in time, or failed. Whether it made the document is unknown; to ask again does no harm, and finds what was
/// made meanwhile.
#[derive(Debug, thiserror::Error)]
#[error("make-documents gave no document: {why}")]
pub struct DocumentUnavailable {
    /// What the client saw, with what lies below it.
    pub why: String,
}

/// Who makes documents: `make-documents`, which is invoked and waited for.
#[derive(Clone, Debug)]
pub struct DocumentMaker {
    function: FunctionInvoker,
}

impl DocumentMaker {
    /// The function of a name, which functions have as `MAKE_DOCUMENTS`. An answer is waited for no longer than `patience`; the function takes up
    /// to a minute for the longest statements, and keeps what it made for whoever asks again.
    ///
    /// # Errors
    ///
    /// When region or credentials are not set.
    pub fn new(clients: &Clients, function: &str, patience: Duration) -> anyhow::Result<Self> {
        Ok(Self { function: FunctionInvoker::new(clients, function, patience)? })
    }

    /// Has a document made, or found.
    ///
    /// # Errors
    ///
    /// [`DocumentUnavailable`].
    pub async fn make(&self, asked: DocumentAsked, now: Timestamp) -> Result<DocumentAnswer, DocumentUnavailable> {
        self.ask(asked, now).await.map_err(|error| DocumentUnavailable { why: format!("{error:#}") })
    }

    async fn ask(&self, asked: DocumentAsked, now: Timestamp) -> anyhow::Result<DocumentAnswer> {
        let payload = serde_json::to_value(Queued::new(asked))?;
        let answer = self.function.invoke(&payload, now).await?;
        serde_json::from_value(answer).context("its answer does not read")
    }
}
