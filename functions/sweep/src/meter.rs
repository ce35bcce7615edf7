//! Counts messages against the tenant's caps and its circuit breaker, a block at a time, so that counting costs next to
//! nothing per message and concurrent sweeps never exceed a cap together.

use domain::{Settings, TenantId, calendar::tenant_zone};
use jiff::{Timestamp, ToSpan, Zoned};
use store::{Error, Store};

/// How many messages are reserved at once.
const BLOCK: u32 = 25;

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

/// What became due on a day, beside what the breaker allows.
#[derive(Clone, Copy, Debug)]
struct Due {
    so_far: u32,
    most: u32,
}

impl Due {
    /// A day's count; one that a person has approved has no limit.
    fn of(so_far: Option<u32>, most: u32) -> Self {
        so_far.map_or(Self { so_far: 0, most: u32::MAX }, |so_far| Self { so_far, most })
    }
}

/// The room of one tenant in one sweep.
pub(crate) struct Meter<'a> {
    store: &'a Store,
    tenant: &'a TenantId,
    settings: &'a Settings,
    here: Zoned,
    left: u32,
    /// What became due today, and how much may; known once the first message needs it.
    due: Option<Due>,
}

impl<'a> Meter<'a> {
    pub(crate) fn new(store: &'a Store, tenant: &'a TenantId, settings: &'a Settings, now: Timestamp) -> Self {
        Self { store, tenant, settings, here: now.to_zoned(tenant_zone(settings)), left: 0, due: None }
    }

    /// Takes room for `count` messages of one customer, all or none.
    pub(crate) async fn take(&mut self, count: u32) -> Result<Room, Error> {
        if self.left >= count {
            self.left -= count;
            return Ok(Room::Yes);
        }
        let (today, hour) = (self.here.date(), self.hour());
        let Due { so_far, most } = match self.due {
            Some(known) => known,
            None => {
                let mut days = self.store.due_counts(self.tenant, today).await?;
                days.sort_unstable();
                let median = (days[13] + days[14]) / 2;
                let breaker = self.settings.breaker;
                let most = breaker.minimum.max(breaker.factor.saturating_mul(median));
                Due::of(self.store.count_due(self.tenant, today, 0).await?, most)
            }
        };
        let needed = count - self.left;
        if so_far.saturating_add(needed) > most {
            self.due = Some(Due { so_far, most });
            return Ok(Room::Tripped);
        }
        let want = needed.max(BLOCK.min(most - so_far));
        let granted = self.store.reserve(self.tenant, today, hour, want, &self.settings.caps).await?;
        if granted < needed {
            self.left += granted;
            self.due = Some(Due::of(self.store.count_due(self.tenant, today, i64::from(granted)).await?, most));
            return Ok(Room::CapReached(self.cap_ends().await?));
        }
        let total = self.store.count_due(self.tenant, today, i64::from(granted)).await?;
        self.due = Some(Due::of(total, most));
        self.left = self.left + granted - count;
        Ok(Room::Yes)
    }

    /// Puts back room that was taken and not used.
    pub(crate) fn put_back(&mut self, count: u32) {
        self.left += count;
    }

    /// Gives back what was reserved and not used.
    pub(crate) async fn close(&mut self) -> Result<(), Error> {
        if self.left > 0 {
            let (today, hour) = (self.here.date(), self.hour());
            self.store.give_back(self.tenant, today, hour, self.left).await?;
            self.store.count_due(self.tenant, today, -i64::from(self.left)).await?;
            self.left = 0;
        }
        Ok(())
    }

    fn hour(&self) -> u8 {
        u8::try_from(self.here.hour()).unwrap_or(0)
    }

    /// When the cap that is used up begins anew: the next hour, or the next day where the day's is.
    async fn cap_ends(&self) -> Result<Timestamp, Error> {
        let next_hour = self.here.round(jiff::ZonedRound::new().smallest(jiff::Unit::Hour).mode(jiff::RoundMode::Trunc));
        let next_hour = next_hour.ok().and_then(|at| at.checked_add(1.hour()).ok());
        Ok(next_hour.map_or(Timestamp::MAX, |at| at.timestamp()))
    }
}
