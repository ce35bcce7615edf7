//! Documents that mails carry as bytes, for a crate that knows of no bucket and of no function.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use domain::{CustomerId, InvoiceId, TenantId, attachment::ATTACHED_BYTES_MAX};
use jiff::Timestamp;
use kit::Clock;

use crate::{Bucket, BucketError, DocumentAsked, DocumentMaker, WantedDocument};

/// For how long nothing is asked for after a document could not be had, in seconds: mails leave one after the other, and would each wait.
const RESTS_S: i64 = 60;

/// A document on its way: nothing where there is none, or none can be had in time.
pub type CarriedOnItsWay = Pin<Box<dyn Future<Output = Option<Vec<u8>>> + Send>>;
/// Has a document of a customer made in a language: the copy of an invoice, or the statement where none is named.
pub type FetchCarried = Arc<dyn Fn(TenantId, CustomerId, Option<InvoiceId>, String) -> CarriedOnItsWay + Send + Sync>;

/// When a document could last not be had.
#[derive(Clone, Debug)]
struct LastFailure(Arc<AtomicI64>);

impl LastFailure {
    fn never() -> Self {
        Self(Arc::new(AtomicI64::new(i64::MIN)))
    }

    fn note(&self, now: Timestamp) {
        self.0.store(now.as_second(), Ordering::Relaxed);
    }

    /// Whether that was a moment ago.
    fn is_fresh(&self, now: Timestamp) -> bool {
        now.as_second().saturating_sub(self.0.load(Ordering::Relaxed)) < RESTS_S
    }
}

impl DocumentMaker {
    /// Has documents made, and fetches them from the bucket. Where one cannot be had, nothing is asked for during the next minute.
    pub fn carried(self, bucket: Bucket, clock: Clock) -> FetchCarried {
        let failure = LastFailure::never();
        Arc::new(move |tenant: TenantId, customer: CustomerId, invoice: Option<InvoiceId>, language: String| -> CarriedOnItsWay {
            let (maker, bucket, failure, now) = (self.clone(), bucket.clone(), failure.clone(), clock.now());
            Box::pin(async move {
                if failure.is_fresh(now) {
                    return None;
                }
                let named = customer.clone();
                let document = invoice.map_or(WantedDocument::Statement, |invoice| WantedDocument::InvoiceCopy { invoice });
                let asked = DocumentAsked { tenant, customer, document, language: Some(language) };
                let why = match maker.make(asked, now).await {
                    Ok(answer) => match answer.key() {
                        Some(key) => match bucket.get(key, ATTACHED_BYTES_MAX).await {
                            Ok(Some(bytes)) => return Some(bytes),
                            Ok(None) => "it is gone".to_owned(),
                            // No mail has room for it.
                            Err(BucketError::TooLarge { .. }) => return None,
                            Err(error @ BucketError::Unavailable { .. }) => error.to_string(),
                        },
                        // That there is nothing to make it of is no failure of who makes it.
                        None => return None,
                    },
                    Err(error) => error.to_string(),
                };
                failure.note(now);
                tracing::warn!(customer.id = %named, why, "a document that a mail was to carry could not be had");
                None
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_a_failure_nothing_is_asked_for_during_a_minute() {
        let at = |second: i64| Timestamp::from_second(second).unwrap();
        let failure = LastFailure::never();
        assert!(!failure.is_fresh(at(0)));
        failure.note(at(100));
        for (second, is_fresh) in [(100, true), (159, true), (160, false), (1_000, false)] {
            assert_eq!(failure.is_fresh(at(second)), is_fresh, "{second}");
        }
    }
}
