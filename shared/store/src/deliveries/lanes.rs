//! Lanes: events are queued, and delivered one after the other by whoever holds the lane.

use domain::{DeliveryStatus, SubscriptionId, TenantId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    Result, Store,
    deliveries::one_delivery::{EventDelivery, KEPT_DAYS, read_delivery},
    table::{
        attributes::{
            document::DOC,
            event_delivery,
            every::{CHASE, DUE_PK, DUE_SK, EXPIRES_AT, PK, SK},
            lane,
        },
        change::{Change, absent, at_most, below, is, put_new},
        db::{Range, Row, Transacted, Wrote, failed, last_of, millis, n, number, row_of, s, text, to_json},
        keys::{self, Key},
        retry::{ATTEMPTS_DEAR, Tries},
    },
};

/// How long a lane is kept after its last event, in days: longer than any of its events, because it says which place comes next.
pub(crate) const LANE_DAYS: i64 = 60;
/// Longest reason that is kept, in characters.
const WHY_MAX: usize = 300;

/// What is delivered to one subscription in its order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct DeliveryLane {
    /// Whose subscription.
    pub tenant: TenantId,
    /// Which.
    pub subscription: SubscriptionId,
    /// The customer's id, or what else the events are of.
    pub lane: String,
}

/// An event to be queued.
#[derive(Clone, Copy, Debug)]
pub struct NewDelivery<'a> {
    /// The event's id.
    pub event: &'a str,
    /// Its kind.
    pub kind: &'a str,
    /// What is said of it.
    pub detail: &'a Value,
    /// Whether it is to be tried, or only kept.
    pub status: DeliveryStatus,
}

/// What came of a try, or why there was none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TriedDelivery {
    /// Where it stands now.
    pub status: DeliveryStatus,
    /// How often it was tried by now.
    pub tries: u32,
    /// The HTTP status.
    pub answer: Option<u16>,
    /// Why it failed.
    pub why: Option<String>,
    /// When it is tried again.
    pub next_at: Option<Timestamp>,
}

/// What is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DueDelivery {
    /// A lane in which something waits.
    Lane(DeliveryLane),
    /// What is replayed of a subscription.
    Replay(TenantId, SubscriptionId),
}

impl DeliveryLane {
    pub(crate) fn key(&self) -> Key {
        keys::lane(&self.tenant, &self.subscription, &self.lane)
    }

    pub(crate) fn delivery(&self, event: &str) -> Key {
        keys::delivery(&self.tenant, &self.subscription, &self.lane, event)
    }

    pub(crate) fn due_sk(&self, at: Timestamp) -> String {
        keys::delivery_due_sk(at, &self.subscription, &self.lane)
    }

    /// A change of the lane by which whoever holds it knows that something was queued; due at once, unless it is due already.
    pub(crate) fn touched(&self, now: Timestamp) -> Change {
        Change::of(self.key())
            .put(EXPIRES_AT, n(now.as_second() + LANE_DAYS * 86_400))
            .put_once(DUE_PK, s(keys::DUE_DELIVERIES))
            .put_once(DUE_SK, s(self.due_sk(now)))
            .add(lane::TOUCHED, n(1))
    }
}

impl Store {
    /// Queues an event behind those that the lane has. False where it has the event already.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Conflict`] when others kept coming between; those of reading and writing.
    pub async fn queue_delivery(&self, of: &DeliveryLane, new: &NewDelivery<'_>, now: Timestamp) -> Result<bool> {
        const OP: &str = "queue an event for";
        let key = of.delivery(new.event);
        let mut tries = Tries::new(ATTEMPTS_DEAR, OP, new.event);
        loop {
            tries.again()?;
            let known = self.read(OP, &of.key(), true).await?;
            let next = known.as_ref().and_then(|row| number::<u64>(row, lane::NEXT));
            let position = next.unwrap_or(0);
            let day = now.to_zoned(jiff::tz::TimeZone::UTC).date();
            let mut row = row_of([
                (DOC, s(to_json(new.detail))),
                (EXPIRES_AT, n(now.as_second() + KEPT_DAYS * 86_400)),
                (DUE_PK, s(keys::queued_on(&of.tenant, &of.subscription, day))),
                (DUE_SK, s(keys::queued_at(now, &of.lane, new.event))),
                (event_delivery::KIND_OF, s(new.kind)),
                (event_delivery::POSITION, n(position)),
                (event_delivery::STATUS, s(new.status.as_str())),
                (event_delivery::MADE_AT, n(millis(now))),
                (event_delivery::QUEUED_AT, n(millis(now))),
            ]);
            let change = if new.status == DeliveryStatus::Waiting {
                row.insert(CHASE.to_owned(), s(keys::waiting_at(position)));
                of.touched(now)
            } else {
                row.insert(event_delivery::ENDED_AT.to_owned(), n(millis(now)));
                Change::of(of.key()).put(EXPIRES_AT, n(now.as_second() + LANE_DAYS * 86_400))
            };
            let change = change.put(lane::NEXT, n(position + 1));
            let change = match next {
                Some(next) => change.when(is(lane::NEXT, n(next))),
                None => change.when(absent(lane::NEXT)),
            };
            match self.transact(OP, of.tenant.as_str(), vec![put_new(self, &key, row), change.update(self)]).await? {
                Transacted::Done => return Ok(true),
                Transacted::Not(positions) if positions.contains(&0) => return Ok(false),
                Transacted::Not(_) => {}
            }
        }
    }

    /// Takes a lane that is due until `until`, if nobody has it. `holder` is fresh for every attempt. False where it is not due, or another
    /// has it: whoever has it looks whether something came meanwhile before it leaves.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn take_lane(&self, of: &DeliveryLane, holder: &str, now: Timestamp, until: Timestamp) -> Result<bool> {
        let take = Change::of(of.key())
            .put(lane::HOLDER, s(holder))
            .put(lane::HELD_UNTIL, n(millis(until)))
            .when(at_most(DUE_SK, s(keys::deliveries_due_until(now))))
            .when(absent(lane::HOLDER).or(is(lane::HOLDER, s(holder))).or(below(lane::HELD_UNTIL, n(millis(now)))));
        Ok(matches!(self.write("take a lane of", take, false).await?, Wrote::Done(_)))
    }

    /// What is first in a lane, and how often the lane was touched before that was looked for.
    ///
    /// # Errors
    ///
    /// Those of reading, and [`crate::Error::Corrupt`].
    pub async fn first_in_lane(&self, of: &DeliveryLane) -> Result<(u64, Option<EventDelivery>)> {
        const OP: &str = "read what waits for";
        let key = of.key();
        let row = self.read(OP, &key, true).await?;
        let touched = row.as_ref().and_then(|row| number(row, lane::TOUCHED)).unwrap_or(0);
        let last = last_of(keys::WAITING_DELIVERIES);
        let range = Range { chase: true, ..Range::new(&key.pk, keys::WAITING_DELIVERIES, &last, 1) };
        let rows = self.range(OP, range).await?;
        Ok((touched, rows.first().map(read_delivery).transpose()?))
    }

    /// Notes what came of a try. Of what does not wait any more, nothing is noted.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn delivery_tried(
        &self,
        of: &DeliveryLane,
        delivery: &EventDelivery,
        tried: &TriedDelivery,
        now: Timestamp,
    ) -> Result<()> {
        let waiting = DeliveryStatus::Waiting.as_str();
        let mut change = Change::of(of.delivery(&delivery.event))
            .put(event_delivery::STATUS, s(tried.status.as_str()))
            .put(event_delivery::TRIES, n(tried.tries))
            .when(is(event_delivery::STATUS, s(waiting)));
        if tried.tries > delivery.tries {
            change = change.put(event_delivery::TRIED_AT, n(millis(now)));
        }
        let why = tried.why.as_ref().map(|why| s(why.chars().take(WHY_MAX).collect::<String>()));
        for (name, value) in [
            (event_delivery::ANSWER, tried.answer.map(n)),
            (event_delivery::WHY, why),
            (event_delivery::NEXT_AT, tried.next_at.map(|at| n(millis(at)))),
        ] {
            change = match value {
                Some(value) => change.put(name, value),
                None => change.drop(name),
            };
        }
        if tried.status != DeliveryStatus::Waiting {
            change = change.put(event_delivery::ENDED_AT, n(millis(now))).drop(CHASE);
        }
        self.write("note a try of", change, false).await.map(|_| ())
    }

    /// Leaves a lane in which nothing is to be done. False where something was queued since it was looked at: then the caller has it still.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn leave_lane(&self, of: &DeliveryLane, holder: &str, touched: u64) -> Result<bool> {
        let leave = Change::of(of.key())
            .drop(lane::HOLDER)
            .drop(lane::HELD_UNTIL)
            .drop(DUE_PK)
            .drop(DUE_SK)
            .when(is(lane::HOLDER, s(holder)))
            .when(is(lane::TOUCHED, n(touched)));
        Ok(match self.write("leave a lane of", leave, false).await? {
            Wrote::Done(_) => true,
            // Whoever lost it has nothing to leave.
            Wrote::Not(row) => row.as_ref().is_none_or(|row| text(row, lane::HOLDER) != Some(holder)),
        })
    }

    /// Leaves a lane that is due again at `due_at`.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn rest_lane(&self, of: &DeliveryLane, holder: &str, due_at: Timestamp) -> Result<()> {
        let rest = Change::of(of.key())
            .drop(lane::HOLDER)
            .drop(lane::HELD_UNTIL)
            .put(DUE_PK, s(keys::DUE_DELIVERIES))
            .put(DUE_SK, s(of.due_sk(due_at)))
            .when(is(lane::HOLDER, s(holder)));
        self.write("rest a lane of", rest, false).await.map(|_| ())
    }

    /// The lanes and replays that are due at `now`, the longest due first, and when the next one will be.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn deliveries_due(&self, now: Timestamp, most: i32) -> Result<(Vec<DueDelivery>, Option<Timestamp>)> {
        let call = self
            .db
            .query()
            .table_name(&self.table)
            .index_name(keys::DUE)
            .key_condition_expression(format!("{DUE_PK} = :pk"))
            .expression_attribute_values(":pk", s(keys::DUE_DELIVERIES))
            .limit(most)
            .send();
        let out =
            Box::pin(call).await.map_err(|error| failed("find the deliveries that are due", keys::DUE_DELIVERIES, error))?;
        let rows = out.items.unwrap_or_default();
        let at = |row: &Row| text(row, DUE_SK)?.split_once('#')?.0.parse::<Timestamp>().ok();
        let is_due = |row: &&Row| at(row).is_none_or(|at| at <= now);
        let due = rows.iter().take_while(is_due).filter_map(due_of);
        Ok((due.collect(), rows.iter().find(|row| !is_due(row)).and_then(at)))
    }
}

fn due_of(row: &Row) -> Option<DueDelivery> {
    let (pk, sk) = (text(row, PK)?, text(row, SK)?);
    if keys::is_lane(sk) {
        let (tenant, subscription, lane) = keys::parse_lane(pk)?;
        return Some(DueDelivery::Lane(DeliveryLane { tenant, subscription, lane }));
    }
    keys::parse_replay(pk, sk).map(|(tenant, subscription)| DueDelivery::Replay(tenant, subscription))
}
