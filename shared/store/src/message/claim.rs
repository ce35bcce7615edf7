//! Claims: the one write that says that a sender is about to call its provider, and ways back from it.

use domain::{CustomerId, MessageId, Next, PendingStatus, TenantId};
use jiff::Timestamp;

use crate::{
    Attempt, Entry, Head, Result, Store,
    customer::head::{move_due, read_head},
    message::{note::Note, settle::Conclusion},
    table::{
        attributes::{every::DUE_SK, head, pending},
        change::{Change, When, absent, is, is_among},
        db::{Wrote, millis, n, s},
        keys,
    },
};

/// What came of a claim.
#[derive(Clone, Debug)]
pub enum Claim {
    /// The message is the sender's to send now; the head as claimed.
    Held(Box<Head>),
    /// A fact changed since: look at what, run the guard again, and claim at the new version.
    Changed(Box<Head>),
    /// The message is settled, withdrawn, or another sender's.
    Gone,
}

/// How a claimed or queued message goes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Release {
    /// The provider refused for now.
    Retry {
        /// When to try again.
        at: Timestamp,
    },
    /// The guard defers it.
    Deferred {
        /// Until when.
        until: Timestamp,
    },
    /// As it was, because its sender could not go on: the queue delivers it again.
    Queue,
}

impl Store {
    /// Claims a message at the head's `version`. Claiming again under the same attempt finds it held.
    ///
    /// # Errors
    ///
    /// Those of writing; after [`crate::Error::Unknown`] the same attempt may claim again.
    pub async fn claim(
        &self,
        tenant: &TenantId,
        customer: &CustomerId,
        version: u64,
        message: &MessageId,
        attempt: &Attempt,
    ) -> Result<Claim> {
        let change = Change::of(keys::head(tenant, customer))
            .when(is(head::VERSION, n(version)))
            .when(unclaimed(message))
            .put(pending::of(message, pending::STATUS), pending::status(PendingStatus::Calling))
            .put(pending::of(message, pending::ATTEMPT), s(attempt.id.clone()))
            .put(pending::of(message, pending::LEASE_UNTIL), n(millis(attempt.lease_until)));
        match self.write("claim a message of", change, true).await? {
            Wrote::Done(Some(row)) => {
                let mut head = read_head(row)?;
                if let Some(entry) = head.pending.get_mut(message) {
                    entry.message.status = PendingStatus::Calling;
                    entry.attempt = Some(attempt.clone());
                }
                Ok(Claim::Held(Box::new(head)))
            }
            Wrote::Done(None) | Wrote::Not(None) => Ok(Claim::Gone),
            Wrote::Not(Some(row)) => {
                let head = read_head(row)?;
                let Some(entry) = head.pending.get(message) else { return Ok(Claim::Gone) };
                let own = entry.attempt.as_ref().is_some_and(|held| held.id == attempt.id);
                Ok(match entry.message.status {
                    PendingStatus::Calling if own => Claim::Held(Box::new(head)),
                    PendingStatus::Calling | PendingStatus::Unknown | PendingStatus::Later(_) => Claim::Gone,
                    PendingStatus::Queued | PendingStatus::Retrying => Claim::Changed(Box::new(head)),
                })
            }
        }
    }

    /// Gives a message back: a claimed one under its `attempt`, an unclaimed one under none. When it is the only one pending
    /// the customer becomes due at the moment given. False when the message is no longer the sender's; nothing changed then.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn release(
        &self,
        tenant: &TenantId,
        customer: &CustomerId,
        message: &MessageId,
        attempt: Option<&Attempt>,
        how: Release,
    ) -> Result<bool> {
        let Some(head) = self.head(tenant, customer).await? else { return Ok(false) };
        let Some(entry) = head.pending.get(message) else { return Ok(false) };
        // A try before may have released it, and its answer been lost.
        if attempt.is_some() && entry.attempt.is_none() && entry.message.status != PendingStatus::Calling {
            return Ok(true);
        }
        let (back_to, at) = match how {
            Release::Retry { at } => (PendingStatus::Retrying, Some(at)),
            Release::Deferred { until } => (PendingStatus::Queued, Some(until)),
            Release::Queue => (PendingStatus::Queued, None),
        };
        let sole = head.pending.len() == 1;
        for with_due in [true, false] {
            let mut change = Change::of(keys::head(tenant, customer))
                .put(pending::of(message, pending::STATUS), pending::status(back_to))
                .drop(pending::of(message, pending::ATTEMPT))
                .drop(pending::of(message, pending::LEASE_UNTIL));
            change = match attempt {
                Some(attempt) => change.when(is(pending::of(message, pending::ATTEMPT), s(attempt.id.clone()))),
                None => change.when(unclaimed(message)),
            };
            if let Some(at) = at {
                change = change.put(pending::of(message, pending::RETRY_AT), n(millis(at)));
                if with_due && sole {
                    change = change.when(is(head::VERSION, n(head.version)));
                    change = move_due(change, tenant, &head, Next::At(at));
                }
            }
            if let Wrote::Done(_) = self.write("release a message of", change, false).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Dispatches a message that no sender has claimed again, under the same id. False when it was claimed, settled or
    /// dispatched meanwhile.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn touch(&self, tenant: &TenantId, head: &Head, message: &MessageId, now: Timestamp) -> Result<bool> {
        let Some(known) = head.pending.get(message) else { return Ok(false) };
        let change = Change::of(keys::head(tenant, &head.customer))
            .when(unclaimed(message))
            .when(is(pending::of(message, pending::DISPATCHES), n(known.dispatches)))
            .put(pending::of(message, pending::STATUS), pending::status(PendingStatus::Queued))
            .put(pending::of(message, pending::DISPATCHES), n(known.dispatches + 1))
            .put(pending::of(message, pending::DISPATCHED_AT), n(millis(now)))
            .drop(pending::of(message, pending::RETRY_AT));
        Ok(matches!(self.write("dispatch a message again of", change, false).await?, Wrote::Done(_)))
    }

    /// Has a customer whose messages are under way looked at again at that moment. False when it changed since `head` was read.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn fall_due_at(&self, tenant: &TenantId, head: &Head, at: Timestamp) -> Result<bool> {
        let Some(due_sk) = &head.due_sk else { return Ok(false) };
        let change = Change::of(keys::head(tenant, &head.customer))
            .when(is(head::VERSION, n(head.version)))
            .when(is(DUE_SK, s(due_sk.clone())));
        let change = move_due(change, tenant, head, Next::At(at));
        Ok(matches!(self.write("look again at", change, false).await?, Wrote::Done(_)))
    }

    /// Says that it is not known whether a claimed message was sent, once its lease is over; the customer is looked at again
    /// at `recheck_at`. A message that its provider spoke of meanwhile is settled by that instead. False when there was
    /// nothing to mark.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn mark_unknown(
        &self,
        tenant: &TenantId,
        head: &Head,
        message: &MessageId,
        recheck_at: Timestamp,
        now: Timestamp,
    ) -> Result<bool> {
        let Some(entry) = head.pending.get(message) else { return Ok(false) };
        let Some(attempt) = &entry.attempt else { return Ok(false) };
        if entry.message.status != PendingStatus::Calling || attempt.lease_until > now {
            return Ok(false);
        }
        self.set_unknown(tenant, head, message, attempt, Next::At(recheck_at), now).await
    }

    pub(crate) async fn set_unknown(
        &self,
        tenant: &TenantId,
        head: &Head,
        message: &MessageId,
        attempt: &Attempt,
        next: Next,
        now: Timestamp,
    ) -> Result<bool> {
        for with_due in [true, false] {
            let mut change = Change::of(keys::head(tenant, &head.customer))
                .when(is(pending::of(message, pending::STATUS), pending::status(PendingStatus::Calling)))
                .when(is(pending::of(message, pending::ATTEMPT), s(attempt.id.clone())))
                .when(absent(pending::of(message, pending::HEARD)))
                .put(pending::of(message, pending::STATUS), pending::status(PendingStatus::Unknown));
            if with_due && head.pending.len() == 1 {
                change = change.when(is(head::VERSION, n(head.version)));
                change = move_due(change, tenant, head, next);
            }
            match self.write("mark a message unknown of", change, false).await? {
                Wrote::Done(_) => return Ok(true),
                Wrote::Not(None) => return Ok(false),
                Wrote::Not(Some(row)) => {
                    let entry = read_head(row)?.pending.remove(message);
                    if let Some(note) = entry.and_then(|entry| entry.heard).as_deref().and_then(Note::read) {
                        let mine = |entry: &Entry| {
                            entry.message.status == PendingStatus::Calling
                                && entry.attempt.as_ref().is_some_and(|held| held.id == attempt.id)
                        };
                        let how = Conclusion::of_receipt(&note, now);
                        return self.conclude(tenant, &head.customer, message, &how, mine).await;
                    }
                }
            }
        }
        Ok(false)
    }
}

/// No sender has it.
fn unclaimed(message: &MessageId) -> When {
    is_among(pending::of(message, pending::STATUS), [PendingStatus::Queued, PendingStatus::Retrying].map(pending::status))
}
