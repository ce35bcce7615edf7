//! What is remembered of calls: how many there were in a minute, and what was answered to requests that are carried out once.

use aws_sdk_dynamodb::{primitives::Blob, types::AttributeValue};
use domain::TenantId;
use jiff::Timestamp;

use crate::{
    Once, Result, Store, Vault,
    table::{
        attributes::{
            access::{once, rate},
            every::EXPIRES_AT,
        },
        change::{Change, at_most, is, no_item},
        db::{Wrote, instant, millis, n, number, s, text},
        keys,
    },
};

/// How long a minute's calls are kept, in seconds.
const KEPT_S: i64 = 3_600;

/// A request that was carried out, or is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repeated {
    /// The digest of what was asked for.
    pub request: String,
    /// When it began.
    pub began_at: Timestamp,
    /// Whether it was carried out whole.
    pub over: bool,
    /// What was answered, where it was kept.
    pub answer: Option<Vec<u8>>,
}

impl Store {
    /// Adds calls of somebody to those of the minute that `now` is in. How many there are now.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn count_calls(&self, tenant: &TenantId, who: &str, calls: u64, now: Timestamp) -> Result<u64> {
        let minute = now.as_second().div_euclid(60);
        let change = Change::of(keys::rate(tenant, minute, who))
            .add(rate::CALLS, n(calls))
            .put_once(EXPIRES_AT, n(now.as_second() + KEPT_S));
        let before = match self.write("count the calls of", change, true).await? {
            Wrote::Done(before) | Wrote::Not(before) => before,
        };
        Ok(before.and_then(|row| number::<u64>(&row, rate::CALLS)).unwrap_or(0) + calls)
    }
}

impl Vault {
    /// What there is of a request by its key; nothing once the key is forgotten.
    ///
    /// # Errors
    ///
    /// Those of reading, and of KMS.
    pub async fn repeated(&self, tenant: &TenantId, id: &str, now: Timestamp) -> Result<Option<Repeated>> {
        let row = self.store.read("look for a request of", &keys::once(tenant, id), true).await?;
        let Some(row) = row.filter(|row| number::<i64>(row, EXPIRES_AT).is_some_and(|until| until > now.as_second())) else {
            return Ok(None);
        };
        let sealed = row.get(once::ANSWER).and_then(|value| value.as_b().ok());
        let answer = match sealed {
            Some(sealed) => Some(self.open(tenant, &sealed_as(id), sealed.as_ref()).await?),
            None => None,
        };
        Ok(Some(Repeated {
            request: text(&row, once::REQUEST).unwrap_or_default().to_owned(),
            began_at: number(&row, once::BEGAN_AT).map(instant).unwrap_or_default(),
            over: number::<u8>(&row, once::OVER) == Some(1),
            answer,
        }))
    }

    /// Keeps that a request was carried out whole, and what was answered, sealed.
    ///
    /// # Errors
    ///
    /// Those of writing, and of KMS.
    pub async fn keep_answer(&self, mark: &Once, answer: Option<&[u8]>) -> Result<()> {
        let change = Change::of(keys::once(&mark.tenant, &mark.id))
            .put(once::REQUEST, s(mark.request.clone()))
            .put(once::ATTEMPT, s(mark.attempt.clone()))
            .put(once::BEGAN_AT, n(millis(mark.at)))
            .put(once::OVER, n(1))
            .put(EXPIRES_AT, n(mark.until.as_second()));
        let change = match answer {
            Some(answer) => {
                let sealed = self.seal(&mark.tenant, &sealed_as(&mark.id), answer).await?;
                change.put(once::ANSWER, AttributeValue::B(Blob::new(sealed)))
            }
            None => change.drop(once::ANSWER),
        };
        let own = no_item().or(is(once::ATTEMPT, s(mark.attempt.clone()))).or(at_most(EXPIRES_AT, n(mark.at.as_second())));
        self.store.write("keep an answer of", change.when(own), false).await.map(|_| ())
    }

    /// Forgets a request of which something failed after something was written, so that it can be sent again and comes to its end.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn forget_request(&self, mark: &Once) -> Result<()> {
        let own = Change::of(keys::once(&mark.tenant, &mark.id)).when(is(once::ATTEMPT, s(mark.attempt.clone())));
        self.store.transact("forget a request of", mark.tenant.as_str(), vec![own.delete(&self.store)]).await.map(|_| ())
    }
}

/// What an answer is sealed as.
fn sealed_as(id: &str) -> String {
    format!("answer:{id}")
}
