//! A tenant's daily counters.

use std::{collections::BTreeMap, ops::RangeInclusive};

pub use domain::counting::{MEDIAN_DAYS, Room};
use domain::{
    TenantId,
    counting::{self, CountedDay, room},
    settings::Caps,
};
use jiff::{ToSpan, civil::Date};

use crate::{
    Result, Store,
    table::{
        attributes::{
            counters::{self, DECIDED},
            every::SK,
        },
        change::{Change, When, absent, at_least, at_most, is},
        db::{Range, Row, Wrote, n, number, text},
        keys,
        retry::{ATTEMPTS_SHARED, Tries},
    },
};

/// The day and hour, in the tenant's zone, that messages are counted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot {
    /// The day.
    pub on: Date,
    /// The hour, 0 to 23.
    pub hour: u8,
}

impl Slot {
    fn hour_name(self) -> String {
        counters::of_hour(self.hour)
    }
}

impl Store {
    /// Reserves room for messages: as many as `wanted` says at most, and none when there is not room for as many as it says at
    /// least. `breaker` is how many may leave on one day unless a person looked at the day ([`Store::approve_day`]). All of it
    /// is one write of one item, so that however many sweeps ask at once, caps and breaker hold.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn reserve(
        &self,
        tenant: &TenantId,
        slot: Slot,
        wanted: RangeInclusive<u32>,
        caps: &Caps,
        breaker: u32,
    ) -> Result<Room> {
        const OP: &str = "reserve messages for";
        let (need, want) = wanted.into_inner();
        let hour = slot.hour_name();
        // Only the item says whether a person looked at the day.
        let mut known = if breaker < want {
            self.read(OP, &keys::counters(tenant, slot.on), true).await?.unwrap_or_default()
        } else {
            Row::new()
        };
        let mut tries = Tries::new(ATTEMPTS_SHARED, OP, tenant.as_str());
        loop {
            tries.again()?;
            let grant = match room(&day_of(&known), slot.hour, need..=want, caps, breaker) {
                Room::Granted(grant) => grant,
                full @ (Room::HourFull | Room::DayFull | Room::BreakerFull) => return Ok(full),
            };
            let mut change = Change::of(keys::counters(tenant, slot.on))
                .add(DECIDED, n(grant))
                .add(&hour, n(grant))
                .when(room_for(DECIDED, i64::from(breaker) - i64::from(grant)).or(is(counters::SEEN, n(1))));
            if let Some(cap) = caps.per_day {
                change = change.when(room_for(DECIDED, i64::from(cap - grant)));
            }
            if let Some(cap) = caps.per_hour {
                change = change.when(room_for(&hour, i64::from(cap - grant)));
            }
            match self.write(OP, change, false).await? {
                Wrote::Done(_) => return Ok(Room::Granted(grant)),
                Wrote::Not(row) => known = row.unwrap_or_default(),
            }
        }
    }

    /// Gives back what was reserved and not used.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn give_back(&self, tenant: &TenantId, slot: Slot, count: u32) -> Result<()> {
        if count == 0 {
            return Ok(());
        }
        let hour = slot.hour_name();
        let change = Change::of(keys::counters(tenant, slot.on))
            .add(DECIDED, n(-i64::from(count)))
            .add(&hour, n(-i64::from(count)))
            .when(at_least(DECIDED, n(count)))
            .when(at_least(&hour, n(count)));
        self.write("give back messages for", change, false).await.map(|_| ())
    }

    /// Says that a person looked at what became due on a day, so that it trips the breaker no more.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn approve_day(&self, tenant: &TenantId, on: Date) -> Result<()> {
        let change = Change::of(keys::counters(tenant, on)).put(counters::SEEN, n(1));
        self.write("approve a day of", change, false).await.map(|_| ())
    }

    /// What was counted on each day of `from..=to` that has anything, at most [`MEDIAN_DAYS`] and one of them.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn counted_days(&self, tenant: &TenantId, from: Date, to: Date) -> Result<BTreeMap<Date, CountedDay>> {
        let pk = keys::tenant(tenant);
        let (from, to) = (keys::counters(tenant, from).sk, keys::counters(tenant, to).sk);
        let rows = self.range("read the counts of", Range::new(&pk, &from, &to, MEDIAN_DAYS + 1)).await?;
        let day = |row: &Row| Some((keys::parse_counters(text(row, SK)?)?, day_of(row)));
        Ok(rows.iter().filter_map(day).collect())
    }

    /// The median of what was decided on each of the 28 days before `on`; days without any count as 0. Those days are over, so
    /// that this store reads them once.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn median(&self, tenant: &TenantId, on: Date) -> Result<u32> {
        if let Some(median) = self.cache.median(tenant, on) {
            return Ok(median);
        }
        let day = |back: usize| {
            let days = i64::try_from(back).expect("at most 28");
            on.checked_sub(days.days()).unwrap_or(Date::MIN)
        };
        let pk = keys::tenant(tenant);
        let (from, to) = (keys::counters(tenant, day(MEDIAN_DAYS)).sk, keys::counters(tenant, day(1)).sk);
        let rows = self.range("read the counts of", Range::new(&pk, &from, &to, MEDIAN_DAYS)).await?;
        let median = counting::median(rows.iter().map(|row| count(row, DECIDED)));
        self.cache.keep_median(tenant, on, median);
        Ok(median)
    }
}

/// So many were counted under a name, or fewer.
fn room_for(name: &str, most: i64) -> When {
    absent(name).or(at_most(name, n(most)))
}

/// A day's counts as the table has them.
fn day_of(row: &Row) -> CountedDay {
    let hours = (0..24).map(|hour| (hour, count(row, &counters::of_hour(hour)))).filter(|(_, of_hour)| *of_hour > 0);
    CountedDay { decided: count(row, DECIDED), hours: hours.collect(), seen: count(row, counters::SEEN) == 1 }
}

fn count(row: &Row, name: &str) -> u32 {
    u32::try_from(number::<i64>(row, name).unwrap_or(0).max(0)).unwrap_or(u32::MAX)
}
