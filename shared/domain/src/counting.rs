//! What is counted and switched for a tenant as a whole: the messages of a day and its hours, and the circuit breaker. Pure; the store
//! reserves by [`room`] and is held against [`counted`] and [`switched`].

use std::{collections::BTreeMap, ops::RangeInclusive};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::settings::Caps;

/// Entries of the due index on a sweep's first page of a shard: as many as one half read unit holds, so that an idle shard costs no more than
/// an empty one. Where a cap binds, who is looked at together decides who comes first, so that a simulation needs these too.
pub const FIRST_PAGE: u32 = 25;
/// Entries of the pages after it.
pub const PAGE: u32 = 200;
/// Customers that a sweep advances at once.
pub const PARALLEL: usize = 16;
/// For how long a customer counts as fallen due just now, in seconds: two sweeps. While a cap is full a sweep looks at those also, so that who
/// needs no room is not held up by those who wait for it.
pub const JUST_DUE_S: i64 = 120;
/// Days whose median the breaker compares with.
pub const MEDIAN_DAYS: usize = 28;

/// The median of what was decided on each of the [`MEDIAN_DAYS`] days before one; days without any count as 0.
pub fn median(counts: impl IntoIterator<Item = u32>) -> u32 {
    let mut days = [0; MEDIAN_DAYS];
    for (count, slot) in counts.into_iter().zip(&mut days) {
        *slot = count;
    }
    days.sort_unstable();
    days[MEDIAN_DAYS / 2 - 1].midpoint(days[MEDIAN_DAYS / 2])
}

/// What a tenant decided on one day, in its zone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CountedDay {
    /// Messages of the day.
    pub decided: u32,
    /// Messages of each hour, 0 to 23, that had any.
    pub hours: BTreeMap<u8, u32>,
    /// Whether a person looked at the day: it trips the breaker no more.
    pub seen: bool,
}

/// All that can happen to a day's counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    /// Room was reserved for messages.
    Reserved {
        /// In which hour.
        hour: u8,
        /// How many.
        count: u32,
    },
    /// What was reserved and not used was given back.
    GivenBack {
        /// In which hour.
        hour: u8,
        /// How many.
        count: u32,
    },
    /// A person looked at the day.
    Approved,
}

/// Whether there is room for messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Room {
    /// For so many; they are counted.
    Granted(u32),
    /// The hour's cap is used up.
    HourFull,
    /// The day's cap is used up.
    DayFull,
    /// The caps leave room, and more than the breaker allows would leave on one day.
    BreakerFull,
}

/// The circuit breaker.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BreakerState {
    /// Whether it is open: nothing is decided then.
    pub open: bool,
    /// Why it last opened.
    pub reason: Option<String>,
    /// When it last opened.
    pub tripped_at: Option<Timestamp>,
    /// When a person last closed it.
    pub reset_at: Option<Timestamp>,
}

/// All that can happen to the breaker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Switched {
    /// An unusual day opened it; the first reason stands.
    Tripped {
        /// Why.
        reason: String,
        /// When.
        at: Timestamp,
    },
    /// A person closed it.
    Reset(Timestamp),
}

/// Room in an hour of a day for as many messages as `wanted` says at most, and none when there is not room for as many as it says at
/// least. `breaker` is how many may leave on one day that nobody looked at.
pub fn room(day: &CountedDay, hour: u8, wanted: RangeInclusive<u32>, caps: &Caps, breaker: u32) -> Room {
    let (need, want) = wanted.into_inner();
    let left = |cap: Option<u32>, used: u32| cap.map_or(want, |cap| cap.saturating_sub(used));
    let of_day = left(caps.per_day, day.decided);
    let of_hour = left(caps.per_hour, day.hours.get(&hour).copied().unwrap_or(0));
    let of_breaker = left((!day.seen).then_some(breaker), day.decided);
    if of_day < need {
        Room::DayFull
    } else if of_hour < need {
        Room::HourFull
    } else if of_breaker < need {
        Room::BreakerFull
    } else {
        Room::Granted(want.min(of_day).min(of_hour).min(of_breaker))
    }
}

/// Most messages to one customer that the caps ever let leave at once; `None` where there is no cap.
pub fn most_at_once(caps: &Caps) -> Option<u32> {
    [caps.per_hour, caps.per_day].into_iter().flatten().min()
}

/// A day's counts after an event. More than was reserved is never given back.
pub fn counted(day: &CountedDay, event: Counted) -> CountedDay {
    let mut day = day.clone();
    match event {
        Counted::Reserved { hour, count } => {
            day.decided = day.decided.saturating_add(count);
            let of_hour = day.hours.entry(hour).or_default();
            *of_hour = of_hour.saturating_add(count);
        }
        Counted::GivenBack { hour, count } => {
            let of_hour = day.hours.get(&hour).copied().unwrap_or(0);
            if count <= day.decided && count <= of_hour && count > 0 {
                day.decided -= count;
                day.hours.insert(hour, of_hour - count);
            }
        }
        Counted::Approved => day.seen = true,
    }
    day
}

/// The breaker after an event.
pub fn switched(breaker: &BreakerState, event: &Switched) -> BreakerState {
    let breaker = breaker.clone();
    match event {
        Switched::Tripped { .. } if breaker.open => breaker,
        Switched::Tripped { reason, at } => {
            BreakerState { open: true, reason: Some(reason.clone()), tripped_at: Some(*at), ..breaker }
        }
        Switched::Reset(at) => BreakerState { open: false, reset_at: Some(*at), ..breaker },
    }
}
