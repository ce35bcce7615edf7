//! Makes what customers get as a file: statement, copy of an invoice, receipt.
//!
//! Other functions invoke it and wait. A file lies in the bucket under the hash of what it says (`documents/{tenant}/{hash}.pdf`), so the
//! same question has the same answer, and a file that is there is not made again. It goes after a week, because it can be made again.
//!
//! ```json
//! {"schema_version": 1, "tenant": "acme", "customer": "cus_1", "document": {"kind": "statement"}}
//! {"schema_version": 1, "tenant": "acme", "customer": "cus_1", "document": {"kind": "invoice_copy", "invoice": "inv_1"}, "language": "de"}
//! {"schema_version": 1, "tenant": "acme", "customer": "cus_1", "document": {"kind": "receipt", "payment": "pay_1"}}
//! ```
//!
//! The answer is `{"status": "made", "key": …, "size": …}`; `kept` where the file was there; `{"status": "nothing", "why": …}` where there is
//! nothing to make it of. A document says what is known as of the day in the tenant's zone.

#![recursion_limit = "256"]

mod copied;
mod owed;
mod received;
mod subject;

use anyhow::Context;
use documents::DocumentSheet;
use domain::TenantId;
use files::{Bucket, DocumentAnswer, DocumentAsked, WantedDocument};
use kit::{Clients, Clock, Env, Queued};
use lambda_runtime::{Error, LambdaEvent};
use serde_json::Value;
use store::Store;

use subject::Subject;

/// Several times what a statement of the most open invoices has that a customer may have.
const BYTES_MAX: u64 = 64 * 1024 * 1024;

/// The function.
pub struct Handler {
    store: Store,
    bucket: Bucket,
    clock: Clock,
}

impl Handler {
    /// Reads `TABLE_NAME` and `BUCKET_NAME`.
    ///
    /// # Errors
    ///
    /// When one is missing.
    pub fn new(env: &Env, clients: &Clients, clock: Clock) -> anyhow::Result<Self> {
        let table = env.require("TABLE_NAME").context("documents are made from the table")?;
        let bucket = env.require("BUCKET_NAME").context("documents are kept in the bucket")?;
        let store = Store::new(aws_sdk_dynamodb::Client::new(&clients.sdk), table);
        Ok(Self { store, bucket: Bucket::new(clients, bucket)?, clock })
    }

    /// Makes one document, or finds it.
    ///
    /// # Errors
    ///
    /// When the payload asks for no document, when the table or the bucket does not answer, or when the file cannot be written.
    pub async fn handle(&self, event: LambdaEvent<Value>) -> Result<Value, Error> {
        let asked: Queued<DocumentAsked> = serde_json::from_value(event.payload).context("the payload asks for no document")?;
        let answer = self.make(&asked.content).await?;
        Ok(serde_json::to_value(answer)?)
    }

    async fn make(&self, asked: &DocumentAsked) -> anyhow::Result<DocumentAnswer> {
        let nothing = |why: &str| Ok(DocumentAnswer::Nothing { why: why.to_owned() });
        let Some(subject) = Subject::read(&self.store, asked, self.clock.now()).await? else {
            return nothing("the tenant has no such customer");
        };
        let sheet = match &asked.document {
            WantedDocument::Statement => Some(owed::statement(&subject)),
            WantedDocument::InvoiceCopy { invoice } => copied::invoice_copy(&self.store, &subject, invoice).await?,
            WantedDocument::Receipt { payment } => received::receipt(&self.store, &subject, payment).await?,
        };
        match sheet {
            Some(sheet) => self.keep(&asked.tenant, sheet).await,
            None => nothing("the customer has no such invoice that is issued and in force, or no such payment that was received"),
        }
    }

    async fn keep(&self, tenant: &TenantId, sheet: DocumentSheet) -> anyhow::Result<DocumentAnswer> {
        let key = format!("documents/{tenant}/{}.pdf", sheet.fingerprint());
        if let Some(kept) = self.bucket.get(&key, BYTES_MAX).await? {
            return Ok(DocumentAnswer::Kept { key, size: kept.len() as u64 });
        }
        // Long statements take their time, and whoever shares the thread has other work.
        let pdf = tokio::task::spawn_blocking(move || sheet.pdf()).await.context("the document was not written to its end")??;
        let size = pdf.len() as u64;
        self.bucket.put(&key, "application/pdf", pdf).await?;
        Ok(DocumentAnswer::Made { key, size })
    }
}
