//! What becomes of what waits in a lane.

use aws_lc_rs::rand;
use domain::{
    DeliveryStatus, SubscriptionEnd,
    delivery::{DELIVERED_WITHIN, FAILING_AFTER, next_try, rest_until},
};
use jiff::{SignedDuration, Timestamp};
use kit::{Budget, Clock};
use store::{DeliveryHealth, DeliveryLane, EventDelivery, Store, Subscription, SubscriptionStanding, TriedDelivery, Vault};

use crate::{
    exceptions,
    payload::{Payload, secret_bytes},
    post::{Answered, Post},
};

/// How long a lease lasts: longer than an invocation may take, so that nobody loses it at work, and only a little longer, because what waits in
/// the lane of an invocation that died waits for it.
const LEASE: SignedDuration = SignedDuration::from_secs(150);
/// After how long a lane is looked at again whose subscription is being replayed.
const REPLAYED: SignedDuration = SignedDuration::from_secs(30);

/// What the function is built from.
pub struct Tools {
    pub store: Store,
    pub vault: Vault,
    pub post: Post,
    pub clock: Clock,
}

/// What came of lanes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Events that were taken.
    pub delivered: u64,
    /// Tries that failed.
    pub failed: u64,
    /// Events that are tried no more.
    pub given_up: u64,
    /// Lanes that were left as they were: somebody else has them, or there was no time.
    pub left: u64,
    /// When the first of them is due again.
    pub next: Option<Timestamp>,
}

impl Counts {
    /// Counts what came of another lane.
    pub fn add(&mut self, other: &Self) {
        self.delivered += other.delivered;
        self.failed += other.failed;
        self.given_up += other.given_up;
        self.left += other.left;
        self.next = [self.next, other.next].into_iter().flatten().min();
    }
}

/// What is done after a try, or instead of one.
enum Then {
    /// The next event of the lane.
    GoOn,
    /// The lane rests until then.
    RestUntil(Timestamp),
    /// The lane is nobody's any more: its subscription is deleted.
    Leave,
}

impl Tools {
    /// Delivers what waits in a lane, one after the other, until a try fails or nothing waits.
    ///
    /// # Errors
    ///
    /// Those of the table and of KMS; the lane's lease then runs out.
    pub async fn work(&self, lane: &DeliveryLane, budget: &Budget) -> anyhow::Result<Counts> {
        let mut counts = Counts::default();
        let now = self.clock.now();
        let holder = drawn()?;
        let until = now.saturating_add(LEASE).unwrap_or(Timestamp::MAX);
        if !self.store.take_lane(lane, &holder, now, until).await? {
            counts.left = 1;
            return Ok(counts);
        }
        loop {
            let (touched, first) = self.store.first_in_lane(lane).await?;
            let then = match first {
                None => Then::Leave,
                Some(_) if budget.is_over() => Then::RestUntil(self.clock.now()),
                Some(delivery) => self.step(lane, &delivery, &mut counts).await?,
            };
            match then {
                Then::GoOn => {}
                Then::RestUntil(at) => {
                    self.store.rest_lane(lane, &holder, at).await?;
                    counts.next = Some(at);
                    return Ok(counts);
                }
                Then::Leave => {
                    if self.store.leave_lane(lane, &holder, touched).await? {
                        return Ok(counts);
                    }
                }
            }
        }
    }

    /// Tries the first event of a lane, where its subscription is to be tried now.
    async fn step(&self, lane: &DeliveryLane, delivery: &EventDelivery, counts: &mut Counts) -> anyhow::Result<Then> {
        let now = self.clock.now();
        let SubscriptionStanding { subscription, health, is_replayed } =
            self.store.subscription_standing(&lane.tenant, &lane.subscription).await?;
        let Some(subscription) = subscription else { return Ok(Then::Leave) };
        if !subscription.enabled && !delivery.is_sample() {
            let why = "the subscription was not in use when its turn came".to_owned();
            self.give_up(lane, delivery, (delivery.tries, None, why), counts).await?;
            return Ok(Then::GoOn);
        }
        if !delivery.is_sample() {
            let again = is_replayed.then(|| now.saturating_add(REPLAYED).unwrap_or(Timestamp::MAX));
            let rests = [again, health.rest_until.filter(|until| *until > now)].into_iter().flatten().max();
            if let Some(until) = rests {
                return Ok(Then::RestUntil(until));
            }
        }
        let payload = Payload::new(delivery, &self.secrets(lane, &subscription, now).await?, now);
        let tries = delivery.tries + 1;
        match self.post.send(&subscription.url, &payload).await {
            Answered::Taken(status) => {
                let taken =
                    TriedDelivery { status: DeliveryStatus::Delivered, tries, answer: Some(status), why: None, next_at: None };
                self.store.delivery_tried(lane, delivery, &taken, self.clock.now()).await?;
                counts.delivered += 1;
                if !delivery.is_sample() {
                    self.is_well(lane, &health).await?;
                }
                Ok(Then::GoOn)
            }
            Answered::Gone => {
                let why = "it answered 410: it wants no more events".to_owned();
                counts.failed += 1;
                self.give_up(lane, delivery, (tries, Some(410), why), counts).await?;
                if !delivery.is_sample() {
                    self.end(lane, SubscriptionEnd::Gone).await?;
                }
                Ok(Then::GoOn)
            }
            Answered::Failed { status, why, wait } => {
                counts.failed += 1;
                if delivery.is_sample() {
                    self.give_up(lane, delivery, (tries, status, why), counts).await?;
                    return Ok(Then::GoOn);
                }
                self.failed(lane, delivery, (status, why, wait), counts).await
            }
        }
    }

    /// After a try that failed: it is tried again later or given up, and a subscription that has failed for long becomes an exception, and ends.
    async fn failed(
        &self,
        lane: &DeliveryLane,
        delivery: &EventDelivery,
        (status, why, wait): (Option<u16>, String, Option<SignedDuration>),
        counts: &mut Counts,
    ) -> anyhow::Result<Then> {
        let now = self.clock.now();
        let (tenant, id) = (&lane.tenant, &lane.subscription);
        let health = self.store.delivery_failed(tenant, id, now).await?;
        let since = health.failing_since.unwrap_or(now);
        let tries = delivery.tries + 1;
        let failing_for = now.duration_since(since);
        if failing_for >= DELIVERED_WITHIN {
            self.give_up(lane, delivery, (tries, status, why), counts).await?;
            self.end(lane, SubscriptionEnd::Failing).await?;
            exceptions::end_failing(&self.store, (tenant, id), since, now).await?;
            return Ok(Then::GoOn);
        }
        if failing_for >= FAILING_AFTER {
            exceptions::raise_failing(&self.store, (tenant, id), since, &why, now).await?;
        }
        if let Some(until) = rest_until(health.failures, now) {
            self.store.rest_subscriber(tenant, id, until).await?;
        }
        let Some(next_at) = next_try(tries, delivery.queued_at, now, wait) else {
            self.give_up(lane, delivery, (tries, status, why), counts).await?;
            return Ok(Then::GoOn);
        };
        let waits =
            TriedDelivery { status: DeliveryStatus::Waiting, tries, answer: status, why: Some(why), next_at: Some(next_at) };
        self.store.delivery_tried(lane, delivery, &waits, now).await?;
        Ok(Then::RestUntil(next_at))
    }

    async fn give_up(
        &self,
        lane: &DeliveryLane,
        delivery: &EventDelivery,
        (tries, answer, why): (u32, Option<u16>, String),
        counts: &mut Counts,
    ) -> anyhow::Result<()> {
        let given_up = TriedDelivery { status: DeliveryStatus::GivenUp, tries, answer, why: Some(why), next_at: None };
        self.store.delivery_tried(lane, delivery, &given_up, self.clock.now()).await?;
        counts.given_up += 1;
        Ok(())
    }

    /// What failed before counts for nothing any more.
    async fn is_well(&self, lane: &DeliveryLane, health: &DeliveryHealth) -> anyhow::Result<()> {
        let Some(since) = health.failing_since else { return Ok(()) };
        let (tenant, id, now) = (&lane.tenant, &lane.subscription, self.clock.now());
        self.store.deliveries_recovered(tenant, id).await?;
        if now.duration_since(since) >= FAILING_AFTER {
            exceptions::end_failing(&self.store, (tenant, id), since, now).await?;
        }
        Ok(())
    }

    /// Puts the subscription out of use, unless somebody changed it meanwhile, and tells people.
    async fn end(&self, lane: &DeliveryLane, end: SubscriptionEnd) -> anyhow::Result<()> {
        let (tenant, id, now) = (&lane.tenant, &lane.subscription, self.clock.now());
        let Some(known) = self.store.subscription(tenant, id).await? else { return Ok(()) };
        if !known.enabled {
            return Ok(());
        }
        let ended = Subscription { enabled: false, ended: Some((end, now)), ..known };
        match self.store.put_subscription(tenant, &ended).await {
            Ok(_) => {
                tracing::warn!(tenant.id = %tenant, subscription.id = %id, because = %end, "a subscription to events ended");
                exceptions::raise_ended(&self.store, (tenant, id), end, now).await
            }
            // Another lane ended it, or a person changed it: the next event is tried by what it says then.
            Err(store::Error::Conflict { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// The secrets that sign now, the newest first.
    async fn secrets(&self, lane: &DeliveryLane, known: &Subscription, now: Timestamp) -> anyhow::Result<Vec<Vec<u8>>> {
        let before = known.sealed_before.as_ref().filter(|(_, until)| *until > now).map(|(sealed, _)| sealed);
        let sealed_for = Subscription::sealed_for(&known.id);
        let mut secrets = Vec::new();
        for sealed in std::iter::once(&known.sealed).chain(before) {
            let opened = self.vault.open(&lane.tenant, &sealed_for, sealed).await?;
            secrets.extend(secret_bytes(&opened));
        }
        anyhow::ensure!(!secrets.is_empty(), "the secret of {} has another form", known.id);
        Ok(secrets)
    }
}

/// A fresh text for an attempt.
fn drawn() -> anyhow::Result<String> {
    let mut random = [0_u8; 12];
    rand::fill(&mut random).map_err(|_| anyhow::anyhow!("there is no randomness now"))?;
    Ok(hex::encode(random))
}
