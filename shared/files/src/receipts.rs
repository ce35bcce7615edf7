//! Receipts of payments and copies of invoices as bytes, for a crate that knows of no bucket and of no function.

use std::{pin::Pin, sync::Arc};

use domain::{CustomerId, InvoiceId, PaymentId, TenantId};
use kit::Clock;

use crate::{Bucket, DocumentAsked, DocumentMaker, WantedDocument};

/// Largest document that is fetched: one page has some 40 KB.
const DOCUMENT_BYTES_MAX: u64 = 2 * 1024 * 1024;

/// A document on its way: nothing where there is none, or none can be had in time.
pub type DocumentOnItsWay = Pin<Box<dyn Future<Output = Option<Vec<u8>>> + Send>>;
/// Has the receipt of a payment of a customer made, in the customer's language.
pub type FetchReceipt = Arc<dyn Fn(TenantId, CustomerId, PaymentId) -> DocumentOnItsWay + Send + Sync>;
/// Has the copy of an invoice of a customer made, in the customer's language.
pub type FetchCopy = Arc<dyn Fn(TenantId, CustomerId, InvoiceId) -> DocumentOnItsWay + Send + Sync>;

impl DocumentMaker {
    /// Has receipts made, and fetches them from the bucket.
    pub fn receipts(self, bucket: Bucket, clock: Clock) -> FetchReceipt {
        Arc::new(move |tenant: TenantId, customer: CustomerId, payment: PaymentId| {
            self.clone().fetched(&bucket, &clock, tenant, customer, WantedDocument::Receipt { payment })
        })
    }

    /// Has copies of invoices made, and fetches them from the bucket.
    pub fn copies(self, bucket: Bucket, clock: Clock) -> FetchCopy {
        Arc::new(move |tenant: TenantId, customer: CustomerId, invoice: InvoiceId| {
            self.clone().fetched(&bucket, &clock, tenant, customer, WantedDocument::InvoiceCopy { invoice })
        })
    }

    fn fetched(
        self,
        bucket: &Bucket,
        clock: &Clock,
        tenant: TenantId,
        customer: CustomerId,
        document: WantedDocument,
    ) -> DocumentOnItsWay {
        let (bucket, now) = (bucket.clone(), clock.now());
        Box::pin(async move {
            let asked = DocumentAsked { tenant, customer, document: document.clone(), language: None };
            let why = match self.make(asked, now).await {
                Ok(answer) => match answer.key() {
                    Some(key) => match bucket.get(key, DOCUMENT_BYTES_MAX).await {
                        Ok(Some(bytes)) => return Some(bytes),
                        Ok(None) => "it is gone".to_owned(),
                        Err(error) => error.to_string(),
                    },
                    None => "there is nothing to make it of".to_owned(),
                },
                Err(error) => error.to_string(),
            };
            tracing::warn!(?document, why, "a document that goes along with a notice could not be had");
            None
        })
    }
}
