//! How the deliveries of a subscription fare: since when they fail, and until when its subscriber is left alone. While all is well there is
//! nothing, so that a delivery that works costs no write for it.

use std::collections::BTreeMap;

use domain::{SubscriptionId, TenantId};
use jiff::Timestamp;

use crate::{
    Result, Store,
    table::{
        attributes::{delivery_health, every::SK},
        change::{Change, some_item},
        db::{Range, Row, Wrote, failed, instant, last_of, millis, n, number, text},
        keys::{self, DELIVERY_HEALTH},
    },
    tenant::subscriptions::{SUBSCRIPTIONS_MAX, Subscription, read_subscription},
};

/// How the deliveries of a subscription fare.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DeliveryHealth {
    /// When the first try failed after the last that did not; `None` while all is well.
    pub failing_since: Option<Timestamp>,
    /// How many tries failed since then.
    pub failures: u32,
    /// Until when the subscriber is left alone.
    pub rest_until: Option<Timestamp>,
}

/// What is asked of a subscription before an event goes to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubscriptionStanding {
    /// The subscription; `None` once it is deleted.
    pub subscription: Option<Subscription>,
    /// How its deliveries fare.
    pub health: DeliveryHealth,
    /// Whether it is being replayed: until that is queued, nothing goes to it, so that its order stays.
    pub is_replayed: bool,
}

fn read_health(row: &Row) -> DeliveryHealth {
    DeliveryHealth {
        failing_since: number(row, delivery_health::FAILING_SINCE).map(instant),
        failures: number(row, delivery_health::FAILURES).unwrap_or(0),
        rest_until: number(row, delivery_health::REST_UNTIL).map(instant),
    }
}

impl Store {
    /// How the deliveries of a subscription fare.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn delivery_health(&self, tenant: &TenantId, id: &SubscriptionId) -> Result<DeliveryHealth> {
        let row = self.read("read how deliveries fare of", &keys::delivery_health(tenant, id), true).await?;
        Ok(row.as_ref().map(read_health).unwrap_or_default())
    }

    /// A subscription as it is now, and how its deliveries fare: one call.
    ///
    /// # Errors
    ///
    /// Those of reading, and [`crate::Error::Corrupt`].
    pub async fn subscription_standing(&self, tenant: &TenantId, id: &SubscriptionId) -> Result<SubscriptionStanding> {
        let [own, health, replay] =
            [keys::subscription(tenant, id), keys::delivery_health(tenant, id), keys::delivery_replay(tenant, id)];
        let wanted = [own.clone(), health.clone(), replay.clone()];
        let rows = self.read_many("read a subscription of", &wanted, true).await?;
        Ok(SubscriptionStanding {
            subscription: rows.get(&own).map_or(Ok(None), read_subscription)?,
            health: rows.get(&health).map(read_health).unwrap_or_default(),
            is_replayed: rows.contains_key(&replay),
        })
    }

    /// How those of a tenant's subscriptions fare that do not fare well.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn failing_subscriptions(&self, tenant: &TenantId) -> Result<BTreeMap<SubscriptionId, DeliveryHealth>> {
        let (pk, last) = (keys::subscriptions_of(tenant), last_of(DELIVERY_HEALTH));
        let range = Range::new(&pk, DELIVERY_HEALTH, &last, SUBSCRIPTIONS_MAX);
        let rows = self.range("read how deliveries fare of", range).await?;
        let read = |row: &Row| {
            let id = SubscriptionId::parse(text(row, SK)?.strip_prefix(DELIVERY_HEALTH)?)?;
            Some((id, read_health(row)))
        };
        Ok(rows.iter().filter_map(read).collect())
    }

    /// Notes that a try failed now; how deliveries fare then.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn delivery_failed(&self, tenant: &TenantId, id: &SubscriptionId, now: Timestamp) -> Result<DeliveryHealth> {
        let change = Change::of(keys::delivery_health(tenant, id))
            .put_once(delivery_health::FAILING_SINCE, n(millis(now)))
            .add(delivery_health::FAILURES, n(1));
        let before = match self.write("note a failure of", change, true).await? {
            Wrote::Done(row) | Wrote::Not(row) => row.as_ref().map(read_health).unwrap_or_default(),
        };
        Ok(DeliveryHealth { failing_since: before.failing_since.or(Some(now)), failures: before.failures + 1, ..before })
    }

    /// Leaves a subscriber alone until an instant.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn rest_subscriber(&self, tenant: &TenantId, id: &SubscriptionId, until: Timestamp) -> Result<()> {
        let change =
            Change::of(keys::delivery_health(tenant, id)).put(delivery_health::REST_UNTIL, n(millis(until))).when(some_item());
        self.write("leave a subscriber alone of", change, false).await.map(|_| ())
    }

    /// Notes that all is well.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn deliveries_recovered(&self, tenant: &TenantId, id: &SubscriptionId) -> Result<()> {
        let key = keys::delivery_health(tenant, id);
        let call = self.db.delete_item().table_name(&self.table).set_key(Some(key.attributes())).send();
        Box::pin(call).await.map(|_| ()).map_err(|error| failed("note that all is well of", &key.sk, error))
    }
}
