//! Receipts of payments as bytes, for a crate that knows of no bucket and of no function.

use std::{pin::Pin, sync::Arc};

use domain::{CustomerId, PaymentId, TenantId};
use kit::Clock;

use crate::{Bucket, DocumentAsked, DocumentMaker, WantedDocument};

/// Largest receipt that is fetched: one page has some 40 KB.
const RECEIPT_BYTES_MAX: u64 = 2 * 1024 * 1024;

/// A receipt on its way: nothing where there is none, or none can be had in time.
pub type ReceiptOnItsWay = Pin<Box<dyn Future<Output = Option<Vec<u8>>> + Send>>;
/// Has the receipt of a payment of a customer made, in the customer's language.
pub type FetchReceipt = Arc<dyn Fn(TenantId, CustomerId, PaymentId) -> ReceiptOnItsWay + Send + Sync>;

impl DocumentMaker {
    /// Has receipts made, and fetches them from the bucket.
    pub fn receipts(self, bucket: Bucket, clock: Clock) -> FetchReceipt {
        Arc::new(move |tenant: TenantId, customer: CustomerId, payment: PaymentId| -> ReceiptOnItsWay {
            let (maker, bucket, now) = (self.clone(), bucket.clone(), clock.now());
            Box::pin(async move {
                let document = WantedDocument::Receipt { payment: payment.clone() };
                let asked = DocumentAsked { tenant, customer, document, language: None };
                let why = match maker.make(asked, now).await {
                    Ok(answer) => match answer.key() {
                        Some(key) => match bucket.get(key, RECEIPT_BYTES_MAX).await {
                            Ok(Some(bytes)) => return Some(bytes),
                            Ok(None) => "it is gone".to_owned(),
                            Err(error) => error.to_string(),
                        },
                        None => "there is nothing to make it of".to_owned(),
                    },
                    Err(error) => error.to_string(),
                };
                tracing::warn!(payment.id = %payment, why, "a receipt could not be had");
                None
            })
        })
    }
}
