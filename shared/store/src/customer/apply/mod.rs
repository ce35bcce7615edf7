//! Applies documents: receipt, effects and the customers' wake-up in one transaction.
//!
//! A document wins only if its version is newer, so any order and any number of repeats end in the same state. A document
//! whose customer is only known by another object (a reversal by its payment, a payment by its invoice) waits at that object's
//! reference and is applied together with it.
//!
//! The reference also says which customer an object is at. A newer document that names another customer moves it: it comes to
//! the new customer, a tombstone of the same version stays with the old one, and both are woken, in one transaction. So an
//! older document finds the tombstone and is stale, and whoever still held the object for the old customer's loses and reads
//! again. An invoice takes along the payments that are for it alone, the results of its steps, the agreements and orders that name it, and the
//! last contact; a payment takes along its reversals. The move stands only while nobody decided, claimed or settled at the old customer.
//!
//! | module | does |
//! |---|---|
//! | `plan` | reads what documents say, and whose they are |
//! | `moves` | what goes along when an object comes to another customer |
//! | `shared` | payments for invoices of another customer than their own |
//! | `transfers` | baskets of transfers that the books bring |
//! | `entered` | work that ends once the books have a payment that was taken here |
//! | `write` | the plan as effects on items |
//! | `batch` | effects and wake-ups as transactions |
//! | `items` | the stored forms |

mod batch;
mod entered;
mod items;
mod moves;
mod origin;
mod plan;
mod shared;
mod transfers;
mod write;

use std::collections::VecDeque;

use domain::{Document, NewTask, TenantId};
use futures::FutureExt;
use jiff::Timestamp;

use crate::{
    Replan, Result, Store,
    table::{
        attributes::{heartbeat, registry},
        change::{Change, absent, below, some_item},
        db::{Transacted, Wrote, millis, n, number, s, to_json},
        keys,
        retry::{ATTEMPTS, Tries},
    },
};

pub(crate) use origin::Origin;
pub use origin::Receipt;
pub(crate) use plan::Beside;
use plan::Plan;

/// What came of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AppliedOutcome {
    /// Something changed.
    Applied,
    /// The event was seen before.
    Duplicate,
    /// All of it was known.
    Stale,
}

/// What came of an event, and what it raised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    /// What came of it.
    pub outcome: AppliedOutcome,
    /// The exceptions raised.
    pub tasks: Vec<NewTask>,
}

/// What is done with the plan of documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Intent {
    /// It is written.
    Write,
    /// It is said what writing it would come to, and nothing is written.
    Look,
}

impl Store {
    /// Applies what a source said.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Conflict`] when other writers kept coming between; the event may be delivered again.
    pub async fn apply(&self, tenant: &TenantId, receipt: &Receipt, documents: &[Document], now: Timestamp) -> Result<Applied> {
        self.apply_from(tenant, Origin::Event(receipt), documents, now).await
    }

    pub(crate) async fn apply_from(
        &self,
        tenant: &TenantId,
        origin: Origin<'_>,
        documents: &[Document],
        now: Timestamp,
    ) -> Result<Applied> {
        let mut tries = Tries::new(ATTEMPTS, "apply an event of", origin.source());
        loop {
            tries.again()?;
            // Boxed, so that who awaits it need not hold all its parts, nor the compiler look through them.
            if let Some(applied) = self.apply_once(tenant, origin, documents, Intent::Write, now).boxed().await? {
                return Ok(applied);
            }
        }
    }

    /// Applies documents once, with writes of their customer that belong to them; `None` when something changed meanwhile: the writes must be
    /// made anew. Where one transaction cannot hold it all, the writes come with the first and the receipt with the last, so that an event
    /// that is delivered again finds the writes made and applies the documents.
    pub(crate) async fn apply_beside(
        &self,
        tenant: &TenantId,
        origin: Origin<'_>,
        documents: &[Document],
        beside: Option<Beside>,
        now: Timestamp,
    ) -> Result<Option<Applied>> {
        self.apply_plan(tenant, origin, documents, beside, Intent::Write, now).boxed().await
    }

    /// What applying a source's documents would come to now; nothing is written.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn would_apply(
        &self,
        tenant: &TenantId,
        receipt: &Receipt,
        documents: &[Document],
        now: Timestamp,
    ) -> Result<Applied> {
        let origin = Origin::Event(receipt);
        let looked = self.apply_once(tenant, origin, documents, Intent::Look, now).boxed().await?;
        Ok(looked.unwrap_or(Applied { outcome: AppliedOutcome::Stale, tasks: vec![] }))
    }

    async fn apply_once(
        &self,
        tenant: &TenantId,
        origin: Origin<'_>,
        documents: &[Document],
        intent: Intent,
        now: Timestamp,
    ) -> Result<Option<Applied>> {
        self.apply_plan(tenant, origin, documents, None, intent, now).await
    }

    async fn apply_plan(
        &self,
        tenant: &TenantId,
        origin: Origin<'_>,
        documents: &[Document],
        beside: Option<Beside>,
        intent: Intent,
        now: Timestamp,
    ) -> Result<Option<Applied>> {
        let mut plan = Plan::new(self, tenant, origin, now);
        if plan.look_up(documents).await? {
            return Ok(Some(Applied { outcome: AppliedOutcome::Duplicate, tasks: vec![] }));
        }
        plan.beside = beside;
        let mut queue: VecDeque<_> = documents.iter().cloned().map(|document| (document, None)).collect();
        while let Some((document, from)) = queue.pop_front() {
            plan.take(document, from, &mut queue).await?;
        }
        plan.write(intent).await
    }

    /// Whether a word of a source that its books were complete at `at` is later than what is known.
    pub(crate) async fn heard_before(&self, tenant: &TenantId, source: &str, at: Timestamp) -> Result<bool> {
        let before = self.heard_at(tenant, source).await?;
        Ok(before.is_none_or(|before| millis(before) < millis(at)))
    }

    /// As of when a source last said that its books were complete; `None` where it never did.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn heard_at(&self, tenant: &TenantId, source: &str) -> Result<Option<Timestamp>> {
        let row = self.read("look when there was a heartbeat of", &keys::heard(tenant, source), true).await?;
        let heard = row.and_then(|row| number::<i64>(&row, heartbeat::HEARD_AT));
        Ok(heard.and_then(|heard| Timestamp::from_millisecond(heard).ok()))
    }

    /// Notes that a source says its books were complete at `at`; only a later word changes it. True when it did. A word that
    /// ends too long a silence wakes every customer in the same transaction: they were not to be chased meanwhile.
    ///
    /// # Errors
    ///
    /// Those of reading and writing.
    pub async fn heartbeat(&self, tenant: &TenantId, source: &str, at: Timestamp) -> Result<bool> {
        const OP: &str = "note a heartbeat of";
        let key = keys::heard(tenant, source);
        let change = Change::of(key.clone())
            .put(heartbeat::HEARD_AT, n(millis(at)))
            .when(absent(heartbeat::HEARD_AT).or(below(heartbeat::HEARD_AT, n(millis(at)))));
        let demand = self.settings(tenant).await?.and_then(|settings| settings.value.freshness.get(source).cloned());
        let Some(age_max) = demand.as_deref().and_then(domain::calendar::freshness) else {
            return Ok(matches!(self.write(OP, change, false).await?, Wrote::Done(_)));
        };
        let before = self.read(OP, &key, true).await?.and_then(|row| number::<i64>(&row, heartbeat::HEARD_AT));
        let silent_for =
            before.and_then(|before| Timestamp::from_millisecond(before).ok()).map(|before| at.duration_since(before));
        if silent_for.is_some_and(|silence| silence <= age_max) {
            return Ok(matches!(self.write(OP, change, false).await?, Wrote::Done(_)));
        }
        let wake = Replan { since: at, shard: 0, after: None };
        let wake = Change::of(keys::registry(tenant)).put(registry::REPLAN, s(to_json(&wake))).when(some_item());
        let actions = vec![change.update(self), wake.update(self)];
        Ok(matches!(self.transact(OP, source, actions).await?, Transacted::Done))
    }
}
