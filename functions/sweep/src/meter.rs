//! Counts messages against the tenant's caps and its circuit breaker. The customers of a sweep that need room while a write is
//! under way share the next one, and each write reserves what they need and no more: a message costs a write at most, many at
//! once cost next to none, and concurrent sweeps never exceed a cap together.

use std::sync::atomic::{AtomicU32, Ordering};

use domain::{Settings, TenantId, calendar::tenant_zone, counting::most_at_once};
use jiff::{RoundMode, Timestamp, ToSpan, Unit, Zoned, ZonedRound};
use store::{Error, Slot, Store};
use tokio::sync::Mutex;

/// Whether a message may be decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Room {
    /// It may.
    Yes,
    /// The hour's or the day's cap is used up, until then.
    CapReached(Timestamp),
    /// More became due than the breaker allows.
    Tripped,
}

/// The room of one tenant in one sweep.
pub(crate) struct Meter<'a> {
    store: &'a Store,
    tenant: &'a TenantId,
    settings: &'a Settings,
    here: Zoned,
    /// Messages of customers that wait for their turn to take room.
    waiting: AtomicU32,
    held: Mutex<Held>,
}

/// What is reserved and not taken, and why no more is to be had.
#[derive(Default)]
struct Held {
    left: u32,
    refused: Option<Room>,
    /// Whether nobody takes room any more, until then.
    shut: Option<Timestamp>,
}

impl<'a> Meter<'a> {
    pub(crate) fn new(store: &'a Store, tenant: &'a TenantId, settings: &'a Settings, now: Timestamp) -> Self {
        let here = now.to_zoned(tenant_zone(settings));
        Self { store, tenant, settings, here, waiting: AtomicU32::new(0), held: Mutex::default() }
    }

    /// Takes room for `count` messages of one customer, all or none.
    pub(crate) async fn take(&self, count: u32) -> Result<Room, Error> {
        self.waiting.fetch_add(count, Ordering::Relaxed);
        let mut held = self.held.lock().await;
        let others = self.waiting.fetch_sub(count, Ordering::Relaxed).saturating_sub(count);
        if let Some(until) = held.shut {
            return Ok(Room::CapReached(until));
        }
        if let Some(left) = held.left.checked_sub(count) {
            held.left = left;
            return Ok(Room::Yes);
        }
        if let Some(refused) = held.refused {
            return Ok(refused);
        }
        let need = count - held.left;
        let (caps, breaker) = (&self.settings.caps, self.settings.breaker);
        let median = self.store.median(self.tenant, self.here.date()).await?;
        let most = breaker.minimum.max(breaker.factor.saturating_mul(median));
        let wanted = need..=need.saturating_add(others);
        let refused = match self.store.reserve(self.tenant, self.slot(), wanted, caps, most).await? {
            store::Room::Granted(granted) => {
                held.left = held.left + granted - count;
                return Ok(Room::Yes);
            }
            store::Room::HourFull => Room::CapReached(next_hour(&self.here)),
            store::Room::DayFull => Room::CapReached(next_day(&self.here)),
            store::Room::BreakerFull => Room::Tripped,
        };
        held.refused = Some(refused);
        Ok(refused)
    }

    /// Lets nobody take room any more, because others wait for it until then.
    pub(crate) async fn shut(&self, until: Timestamp) {
        self.held.lock().await.shut = Some(until);
    }

    /// Whether nobody takes room any more.
    pub(crate) async fn is_shut(&self) -> bool {
        self.held.lock().await.shut.is_some()
    }

    /// Most messages to one customer that the caps ever let leave at once; `None` where there is no cap.
    pub(crate) fn most(&self) -> Option<u32> {
        most_at_once(&self.settings.caps)
    }

    /// Puts back room that was taken and not used.
    pub(crate) async fn put_back(&self, count: u32) {
        self.held.lock().await.left += count;
    }

    /// Gives back what was reserved and not used: where a customer changed between its decision and its write.
    pub(crate) async fn close(self) -> Result<(), Error> {
        let (left, slot) = (self.held.lock().await.left, self.slot());
        self.store.give_back(self.tenant, slot, left).await
    }

    fn slot(&self) -> Slot {
        Slot { on: self.here.date(), hour: u8::try_from(self.here.hour()).unwrap_or(0) }
    }
}

/// When the hour's cap begins anew.
fn next_hour(here: &Zoned) -> Timestamp {
    let this = here.round(ZonedRound::new().smallest(Unit::Hour).mode(RoundMode::Trunc));
    this.and_then(|at| at.checked_add(1.hour())).map_or(Timestamp::MAX, |at| at.timestamp())
}

/// When the day's cap begins anew.
fn next_day(here: &Zoned) -> Timestamp {
    here.tomorrow().and_then(|at| at.start_of_day()).map_or(Timestamp::MAX, |at| at.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cap_ends_with_its_hour_or_its_day() {
        // Berlin's day of 23 hours, and India's zone of half an hour.
        for (here, hour, day) in [
            ("2026-03-28T16:20:30+01:00[Europe/Berlin]", "2026-03-28T16:00:00Z", "2026-03-28T23:00:00Z"),
            ("2026-03-29T01:59:59+01:00[Europe/Berlin]", "2026-03-29T01:00:00Z", "2026-03-29T22:00:00Z"),
            ("2026-02-02T09:00:00+05:30[Asia/Kolkata]", "2026-02-02T04:30:00Z", "2026-02-02T18:30:00Z"),
        ] {
            let here: Zoned = here.parse().expect("a moment");
            assert_eq!((next_hour(&here).to_string(), next_day(&here).to_string()), (hour.to_owned(), day.to_owned()), "{here}");
        }
    }
}
