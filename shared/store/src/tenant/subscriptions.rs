//! Subscriptions of outside systems to events: where they are to go, and the secrets that sign them, sealed by the vault.

use aws_sdk_dynamodb::{
    primitives::Blob,
    types::{AttributeValue, TransactWriteItem},
};
use domain::{DeliveryStatus, SubscriptionEnd, SubscriptionId, TenantId, word::Word};
use jiff::{SignedDuration, Timestamp};

use crate::{
    Error, Result, Store,
    table::{
        attributes::{access::subscription, document::REVISION, every::SK},
        change::{Change, is, no_item},
        db::{Range, Row, Transacted, instant, json, last_of, millis, n, number, row_of, s, text, to_json},
        keys::{self, SUBSCRIPTIONS},
    },
};

/// Most subscriptions that a tenant has.
pub const SUBSCRIPTIONS_MAX: usize = 50;

/// For how long events are still kept for a subscription that ended because it failed, so that they can be replayed.
const KEPT_AFTER_END: SignedDuration = SignedDuration::from_hours(30 * 24);

/// A subscription of an outside system to events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    /// Its id.
    pub id: SubscriptionId,
    /// What people call it.
    pub name: Option<String>,
    /// Where events are to go.
    pub url: String,
    /// The words of the kinds of events.
    pub events: Vec<String>,
    /// Whether it is in use.
    pub enabled: bool,
    /// Why and when it ended without a person; it is out of use since then.
    pub ended: Option<(SubscriptionEnd, Timestamp)>,
    /// The secret, as the vault sealed it.
    pub sealed: Vec<u8>,
    /// The same of the secret before, and until when events are signed with it too.
    pub sealed_before: Option<(Vec<u8>, Timestamp)>,
    /// When it was made.
    pub made_at: Timestamp,
    /// Who made it.
    pub made_by: String,
    /// Counts the changes, from 1; 0 of one that is not stored yet.
    pub rev: u64,
}

impl Subscription {
    /// What its secrets are sealed for.
    pub fn sealed_for(id: &SubscriptionId) -> String {
        format!("subscription/{id}")
    }

    /// How an event of a kind is queued for it: to be tried, or only kept; `None` where it is nothing to it.
    pub fn takes(&self, kind: &str, now: Timestamp) -> Option<DeliveryStatus> {
        if !self.events.iter().any(|event| event == kind) {
            return None;
        }
        match self.ended {
            None if self.enabled => Some(DeliveryStatus::Waiting),
            Some((SubscriptionEnd::Failing, at)) if now.duration_since(at) < KEPT_AFTER_END => Some(DeliveryStatus::Kept),
            None | Some(_) => None,
        }
    }
}

fn blob(bytes: &[u8]) -> AttributeValue {
    AttributeValue::B(Blob::new(bytes))
}

fn bytes(row: &Row, name: &str) -> Option<Vec<u8>> {
    Some(row.get(name)?.as_b().ok()?.as_ref().to_vec())
}

pub(crate) fn read_subscription(row: &Row) -> Result<Option<Subscription>> {
    let Some(id) = text(row, SK).and_then(|sk| SubscriptionId::parse(sk.strip_prefix(SUBSCRIPTIONS)?)) else { return Ok(None) };
    let until = number(row, subscription::BEFORE_UNTIL).map(instant);
    Ok(Some(Subscription {
        id,
        name: text(row, subscription::CALLED).map(str::to_owned),
        url: text(row, subscription::URL).unwrap_or_default().to_owned(),
        events: json(row, subscription::EVENTS)?,
        enabled: number(row, subscription::ENABLED) == Some(1_u8),
        ended: text(row, subscription::ENDED_BECAUSE)
            .and_then(SubscriptionEnd::read)
            .zip(number(row, subscription::ENDED_AT).map(instant)),
        sealed: bytes(row, subscription::SECRET).unwrap_or_default(),
        sealed_before: bytes(row, subscription::SECRET_BEFORE).zip(until),
        made_at: number(row, subscription::MADE_AT).map(instant).unwrap_or_default(),
        made_by: text(row, subscription::MADE_BY).unwrap_or_default().to_owned(),
        rev: number(row, REVISION).unwrap_or(0),
    }))
}

impl Store {
    /// A subscription.
    ///
    /// # Errors
    ///
    /// Those of reading, and [`Error::Corrupt`].
    pub async fn subscription(&self, tenant: &TenantId, id: &SubscriptionId) -> Result<Option<Subscription>> {
        let row = self.read("read a subscription of", &keys::subscription(tenant, id), true).await?;
        row.as_ref().map_or(Ok(None), read_subscription)
    }

    /// A tenant's subscriptions.
    ///
    /// # Errors
    ///
    /// Those of reading, and [`Error::Corrupt`].
    pub async fn subscriptions(&self, tenant: &TenantId) -> Result<Vec<Subscription>> {
        let (pk, last) = (keys::subscriptions_of(tenant), last_of(SUBSCRIPTIONS));
        let rows = self.range("read the subscriptions of", Range::new(&pk, SUBSCRIPTIONS, &last, SUBSCRIPTIONS_MAX)).await?;
        rows.iter().filter_map(|row| read_subscription(row).transpose()).collect()
    }

    /// Stores a subscription over the revision that it names.
    ///
    /// # Errors
    ///
    /// [`Error::Conflict`] when it changed meanwhile; those of writing.
    pub async fn put_subscription(&self, tenant: &TenantId, given: &Subscription) -> Result<Subscription> {
        self.store_subscription(tenant, given, vec![]).await
    }

    /// The same of one that begins anew: what failed before counts for nothing any more.
    ///
    /// # Errors
    ///
    /// [`Error::Conflict`] when it changed meanwhile; those of writing.
    pub async fn resume_subscription(&self, tenant: &TenantId, given: &Subscription) -> Result<Subscription> {
        let forgotten = Change::of(keys::delivery_health(tenant, &given.id)).delete(self);
        self.store_subscription(tenant, given, vec![forgotten]).await
    }

    async fn store_subscription(
        &self,
        tenant: &TenantId,
        given: &Subscription,
        beside: Vec<TransactWriteItem>,
    ) -> Result<Subscription> {
        const OP: &str = "store a subscription of";
        let stored = Subscription { rev: given.rev + 1, ..given.clone() };
        let mut row = row_of([
            (subscription::URL, s(given.url.clone())),
            (subscription::EVENTS, s(to_json(&given.events))),
            (subscription::ENABLED, n(u8::from(given.enabled))),
            (subscription::SECRET, blob(&given.sealed)),
            (subscription::MADE_AT, n(millis(given.made_at))),
            (subscription::MADE_BY, s(given.made_by.clone())),
            (REVISION, n(stored.rev)),
        ]);
        if let Some((before, until)) = &given.sealed_before {
            row.insert(subscription::SECRET_BEFORE.to_owned(), blob(before));
            row.insert(subscription::BEFORE_UNTIL.to_owned(), n(millis(*until)));
        }
        if let Some((because, at)) = &given.ended {
            row.insert(subscription::ENDED_BECAUSE.to_owned(), s(because.as_str()));
            row.insert(subscription::ENDED_AT.to_owned(), n(millis(*at)));
        }
        row.extend(given.name.iter().map(|name| (subscription::CALLED.to_owned(), s(name.clone()))));
        let change = Change::of(keys::subscription(tenant, &given.id));
        let change = if given.rev == 0 { change.when(no_item()) } else { change.when(is(REVISION, n(given.rev))) };
        let actions = std::iter::once(change.replace(self, row)).chain(beside).collect();
        match self.transact(OP, tenant.as_str(), actions).await? {
            Transacted::Done => Ok(stored),
            Transacted::Not(_) => Err(Error::Conflict { operation: OP, id: tenant.to_string() }),
        }
    }

    /// Deletes a subscription as it was read.
    ///
    /// # Errors
    ///
    /// [`Error::Conflict`] when it changed meanwhile; those of writing.
    pub async fn delete_subscription(&self, tenant: &TenantId, known: &Subscription) -> Result<()> {
        const OP: &str = "delete a subscription of";
        let gone = Change::of(keys::subscription(tenant, &known.id)).when(is(REVISION, n(known.rev)));
        match self.transact(OP, tenant.as_str(), vec![gone.delete(self)]).await? {
            Transacted::Done => Ok(()),
            Transacted::Not(_) => Err(Error::Conflict { operation: OP, id: tenant.to_string() }),
        }
    }
}
