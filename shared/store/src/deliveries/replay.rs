//! Queueing again what is in the log. Each event keeps its place in its lane, so that what is replayed comes in the order in which it came
//! first, and before what was queued since: nothing of a subscription is delivered while it is replayed.

use std::collections::BTreeMap;

use domain::{DeliveryStatus, SubscriptionId, TenantId};
use futures::future::join_all;
use jiff::{Timestamp, tz::TimeZone};

use crate::{
    Result, Store,
    deliveries::{
        lanes::DeliveryLane,
        log::{LogRange, day_of},
        one_delivery::{KEPT_DAYS, SAMPLES, parse_delivery_id},
    },
    table::{
        attributes::{
            delivery_replay, event_delivery,
            every::{CHASE, DUE_PK, DUE_SK, EXPIRES_AT},
        },
        change::{Change, is, no_item},
        db::{Row, Transacted, failed, instant, json, millis, n, number, row_of, s, text, to_json},
        keys::{self, Key},
    },
};

/// Events that one step of a replay queues.
const STEP: usize = 100;
/// Of these, at once.
const AT_ONCE: usize = 8;

/// What is to be replayed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReplayOf {
    /// Everything that was queued since an instant.
    Since(Timestamp),
    /// Deliveries by their ids, those of a lane in their order.
    These(Vec<String>),
}

impl Store {
    /// Asks for a replay. False where one of the subscription is under way.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn ask_replay(
        &self,
        tenant: &TenantId,
        subscription: &SubscriptionId,
        of: &ReplayOf,
        now: Timestamp,
    ) -> Result<bool> {
        let mut row = row_of([
            (DUE_PK, s(keys::DUE_DELIVERIES)),
            (DUE_SK, s(keys::delivery_due_sk(now, subscription, ""))),
            (delivery_replay::UNTIL, n(millis(now))),
        ]);
        let (name, value) = match of {
            ReplayOf::Since(since) => (delivery_replay::FROM, keys::queued_from(*since)),
            ReplayOf::These(ids) => (delivery_replay::THESE, to_json(ids)),
        };
        row.insert(name.to_owned(), s(value));
        let change = Change::of(keys::delivery_replay(tenant, subscription)).when(no_item());
        let done = self.transact("ask for a replay of", tenant.as_str(), vec![change.replace(self, row)]).await?;
        Ok(matches!(done, Transacted::Done))
    }

    /// Queues some hundred events of a replay. Whether there is more to do.
    ///
    /// # Errors
    ///
    /// Those of reading and writing.
    pub async fn replay_some(&self, tenant: &TenantId, subscription: &SubscriptionId, now: Timestamp) -> Result<bool> {
        const OP: &str = "replay the deliveries of";
        let key = keys::delivery_replay(tenant, subscription);
        let Some(row) = self.read(OP, &key, true).await? else { return Ok(false) };
        if row.contains_key(delivery_replay::THESE) {
            for id in json::<Vec<String>>(&row, delivery_replay::THESE)? {
                self.replay_one(tenant, subscription, &id, now).await?;
            }
            return self.end_replay(&key).await;
        }
        let until = number(&row, delivery_replay::UNTIL).map(instant).unwrap_or(now);
        let from = text(&row, delivery_replay::FROM).and_then(keys::queued_cursor);
        // What does not read is over: nobody can go on with it.
        let Some((at, from)) = from.filter(|(at, _)| *at <= until) else { return self.end_replay(&key).await };
        let (day, last) = (day_of(at), format!("{}~", keys::queued_from(until)));
        let range = LogRange { day, from: &from, until: &last, newest_first: false, most: STEP };
        let found = self.logged(tenant, subscription, range).await?;
        let wanted: Vec<Key> = found.iter().map(|(_, key)| key.clone()).collect();
        let rows = self.read_many(OP, &wanted, true).await?;
        let mut lanes: BTreeMap<&str, Vec<(&Key, &Row)>> = BTreeMap::new();
        for key in &wanted {
            if let Some(row) = rows.get(key) {
                lanes.entry(key.pk.as_str()).or_default().push((key, row));
            }
        }
        let lanes: Vec<Vec<(&Key, &Row)>> = lanes.into_values().collect();
        for some in lanes.chunks(AT_ONCE) {
            let mut each = Vec::with_capacity(some.len());
            for lane in some {
                each.push(self.replay_lane((tenant, subscription), lane, now));
            }
            for done in join_all(each).await {
                done?;
            }
        }
        let next = match (found.last(), found.len() < STEP) {
            (Some((place, _)), false) => Some(place.clone()),
            (Some(_) | None, _) => day
                .tomorrow()
                .ok()
                .filter(|tomorrow| *tomorrow <= day_of(until))
                .and_then(|tomorrow| tomorrow.to_zoned(TimeZone::UTC).ok())
                .map(|midnight| keys::queued_from(midnight.timestamp())),
        };
        let Some(next) = next else { return self.end_replay(&key).await };
        let change = Change::of(key).put(delivery_replay::FROM, s(next)).when(is(delivery_replay::FROM, s(from)));
        self.write(OP, change, false).await.map(|_| true)
    }

    /// Ends a replay.
    async fn end_replay(&self, key: &Key) -> Result<bool> {
        let call = self.db.delete_item().table_name(&self.table).set_key(Some(key.attributes())).send();
        Box::pin(call).await.map(|_| false).map_err(|error| failed("end a replay of", &key.sk, error))
    }

    /// Queues one event of the log again. False where there is none of that id, or it waits.
    async fn replay_one(&self, tenant: &TenantId, subscription: &SubscriptionId, id: &str, now: Timestamp) -> Result<bool> {
        let Some((event, lane)) = parse_delivery_id(id) else { return Ok(false) };
        let key = keys::delivery(tenant, subscription, lane, event);
        let Some(row) = self.read("read a delivery of", &key, true).await? else { return Ok(false) };
        self.replay_row((tenant, subscription), &key, &row, now).await
    }

    /// What lies in one lane, in its order.
    async fn replay_lane(
        &self,
        (tenant, subscription): (&TenantId, &SubscriptionId),
        lane: &[(&Key, &Row)],
        now: Timestamp,
    ) -> Result<()> {
        for (key, row) in lane {
            self.replay_row((tenant, subscription), key, row, now).await?;
        }
        Ok(())
    }

    async fn replay_row(
        &self,
        (tenant, subscription): (&TenantId, &SubscriptionId),
        key: &Key,
        row: &Row,
        now: Timestamp,
    ) -> Result<bool> {
        let waiting = DeliveryStatus::Waiting.as_str();
        let lane = keys::parse_lane(&key.pk).map(|(_, _, lane)| lane).filter(|lane| lane != SAMPLES);
        let (position, status) = (number::<u64>(row, event_delivery::POSITION), text(row, event_delivery::STATUS));
        let (Some(lane), Some(position), Some(status)) = (lane, position, status.filter(|status| *status != waiting)) else {
            return Ok(false);
        };
        let of = DeliveryLane { tenant: tenant.clone(), subscription: subscription.clone(), lane };
        let again = Change::of(key.clone())
            .put(event_delivery::STATUS, s(waiting))
            .put(CHASE, s(keys::waiting_at(position)))
            .put(event_delivery::QUEUED_AT, n(millis(now)))
            .put(event_delivery::TRIES, n(0))
            .put(EXPIRES_AT, n(now.as_second() + KEPT_DAYS * 86_400))
            .add(event_delivery::REPLAYS, n(1))
            .drop(event_delivery::NEXT_AT)
            .drop(event_delivery::ENDED_AT)
            .when(is(event_delivery::STATUS, s(status)));
        let actions = vec![again.update(self), of.touched(now).update(self)];
        let done = self.transact("queue a delivery again of", tenant.as_str(), actions).await?;
        Ok(matches!(done, Transacted::Done))
    }
}
