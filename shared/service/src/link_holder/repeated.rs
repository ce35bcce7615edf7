//! Requests of a customer's own system that have a key: carried out once, however often they are sent.
//!
//! The key and a digest of what is asked for are written in the transaction of the effect, and the agreement's id is derived from both. So
//! a repetition finds the agreement as it stands, also when it is over, and the same key with something else is known.

use domain::Agreement;
use jiff::Timestamp;
use store::{Store, Vault};

use super::{LinkHolder, request::LinkRequest};
use crate::{Done, NotDone};

/// The pointer of the flaw that the key came with another request before.
pub const KEY_USED_BEFORE: &str = "/idempotency_key";

impl LinkHolder {
    /// The same, for one request: its key, and everything that tells it from another one.
    ///
    /// # Errors
    ///
    /// [`NotDone::Fields`] for a key that is none, [`NotDone::Changed`] where there is no randomness.
    pub fn for_request(self, key: &str, request: &[&[u8]], now: Timestamp) -> Done<Self> {
        let request = LinkRequest::of(&self.tenant, &self.link, key, request, now)?;
        Ok(Self { request: Some(request), ..self })
    }

    /// What came of the request before, as it stands now; `None` where it was not carried out, or has no key.
    ///
    /// # Errors
    ///
    /// [`NotDone::Fields`] with [`KEY_USED_BEFORE`] where something else was asked for under the key, [`NotDone::Changed`] where what came of
    /// it is not the customer's any more; those of the table.
    pub async fn done_before(&self, store: &Store, vault: &Vault, now: Timestamp) -> Done<Option<Agreement>> {
        let Some(request) = &self.request else { return Ok(None) };
        let mark = request.mark();
        let Some(known) = vault.repeated(&self.tenant, &mark.id, now).await? else { return Ok(None) };
        if known.request != mark.request {
            let detail = "this Idempotency-Key came with another request; send each request with a key of its own";
            return Err(NotDone::field(KEY_USED_BEFORE, detail));
        }
        let made = store.agreement(&self.tenant, &self.customer, &request.agreement()).await?;
        let gone = || NotDone::Changed("it was done, and what came of it is another customer's now; write to us".to_owned());
        made.map(Some).ok_or_else(gone)
    }

    /// Whether another attempt of the same request was first.
    pub fn has_lost(&self) -> bool {
        self.request.as_ref().is_some_and(|request| request.mark().has_lost())
    }
}
