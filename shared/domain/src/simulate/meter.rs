//! Room for messages under the tenant's caps and its breaker, as one sweep takes it: see `functions/sweep/src/meter.rs`.

use std::collections::BTreeMap;

use jiff::{Timestamp, ToSpan, civil::Date};

use crate::{
    Settings,
    counting::{Counted, CountedDay, MEDIAN_DAYS, Room, counted, median, room},
};

/// Why a sweep stops for the tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Full {
    /// The hour's cap is used up.
    Hour,
    /// The day's cap is used up.
    Day,
    /// More became due than the breaker allows.
    Breaker,
}

/// The room of one sweep.
#[derive(Debug)]
pub(super) struct TickRoom {
    on: Date,
    hour: u8,
    breaker: u32,
    left: u32,
    refused: Option<Full>,
}

impl TickRoom {
    /// The room of a sweep in an hour of a day, by what the days before counted.
    pub(super) fn new(settings: &Settings, days: &BTreeMap<Date, CountedDay>, on: Date, hour: u8) -> Self {
        let back = i64::try_from(MEDIAN_DAYS).unwrap_or(0);
        let from = on.checked_sub(back.days()).unwrap_or(Date::MIN);
        let usual = median(days.range(from..on).map(|(_, day)| day.decided));
        let breaker = settings.breaker.minimum.max(settings.breaker.factor.saturating_mul(usual));
        Self { on, hour, breaker, left: 0, refused: None }
    }

    /// Takes room for `count` messages of one customer, all or none; `others` wait beside it and share what is reserved.
    pub(super) fn take(
        &mut self,
        days: &mut BTreeMap<Date, CountedDay>,
        settings: &Settings,
        count: u32,
        others: u32,
    ) -> Result<(), Full> {
        if let Some(left) = self.left.checked_sub(count) {
            self.left = left;
            return Ok(());
        }
        if let Some(refused) = self.refused {
            return Err(refused);
        }
        let need = count - self.left;
        let day = days.entry(self.on).or_default();
        let full = match room(day, self.hour, need..=need.saturating_add(others), &settings.caps, self.breaker) {
            Room::Granted(granted) => {
                *day = counted(day, Counted::Reserved { hour: self.hour, count: granted });
                self.left = self.left + granted - count;
                return Ok(());
            }
            Room::HourFull => Full::Hour,
            Room::DayFull => Full::Day,
            Room::BreakerFull => Full::Breaker,
        };
        self.refused = Some(full);
        Err(full)
    }

    /// Gives back what was reserved and not used.
    pub(super) fn close(self, days: &mut BTreeMap<Date, CountedDay>) {
        if let Some(day) = days.get_mut(&self.on).filter(|_| self.left > 0) {
            *day = counted(day, Counted::GivenBack { hour: self.hour, count: self.left });
        }
    }
}

/// When a cap begins anew, after `now` in the tenant's zone.
pub(super) fn anew(full: Full, now: &jiff::Zoned) -> Timestamp {
    let at = match full {
        Full::Hour => {
            let this = now.round(jiff::ZonedRound::new().smallest(jiff::Unit::Hour).mode(jiff::RoundMode::Trunc));
            this.and_then(|at| at.checked_add(1.hour()))
        }
        Full::Day => now.tomorrow().and_then(|at| at.start_of_day()),
        Full::Breaker => return Timestamp::MAX,
    };
    at.map_or(Timestamp::MAX, |at| at.timestamp())
}
