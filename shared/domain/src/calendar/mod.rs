//! Which instants are allowed, where a person is.
//!
//! ```text
//! Settings, Customer -> Locality (country, region, zones) -> Calendar (+ window, closed days) -> hours of a civil day
//! ```
//!
//! A day's hours are half-open and lawful in every zone that the person may be in. Everything is total: dates far off, zones
//! without a common hour and years beyond the tables give an answer, and [`Calendar::covers`] says whether to trust it.

mod bank_accounts;
mod locality;
mod owner_rules;
mod settings;
mod spread;
mod table;

use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

pub use locality::{Locality, has_holidays, is_country, is_zone, tenant_zone};
pub use settings::{check_settings, freshness, is_language};
pub use spread::Spread;

use crate::settings::Window;

/// Days that a search looks ahead, or back, before it takes what it has.
const SEARCH_DAYS_MAX: u32 = 366;

/// Business days counted at most.
const BUSINESS_DAYS_MAX: u32 = 10_000;

/// Hours in which no zone's law objects, for people who may be in zones too far apart for the tenant's own window.
const LAWFUL: (Time, Time) = (Time::constant(8, 0, 0, 0), Time::constant(21, 0, 0, 0));

/// Why nothing leaves on a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Closed {
    /// The window does not have this weekday, or it belongs to the weekend there.
    Weekday(Weekday),
    /// A public holiday of that country (`DE`) or region (`DE-BE`).
    Holiday(String),
    /// One of the tenant's own closed days.
    Tenant,
    /// The zones that the person may be in have no lawful hour in common.
    NoCommonHour,
}

/// A day that would be a working day of the week, and on which nothing leaves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayOff {
    /// The day.
    pub on: Date,
    /// The country (`DE`) or region (`DE-BE`) whose public holiday it is; `None` for one of the tenant's own closed days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holiday_of: Option<String>,
}

/// Days off that a reason names at most: the longest row of them in the tables is shorter.
const DAYS_OFF_MAX: usize = 10;

impl std::fmt::Display for DayOff {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.holiday_of {
            Some(place) => write!(f, "{} is a public holiday of {place}", self.on),
            None => write!(f, "{} is one of the tenant's closed days", self.on),
        }
    }
}

/// The allowed hours where a person is.
#[derive(Clone, Copy, Debug)]
pub struct Calendar<'a> {
    place: &'a Locality,
    window: &'a Window,
    closed: &'a [Date],
}

impl<'a> Calendar<'a> {
    /// The calendar of a place, under a tenant's window and closed days.
    pub fn new(place: &'a Locality, window: &'a Window, closed: &'a [Date]) -> Self {
        Self { place, window, closed }
    }

    /// Where the person is.
    pub fn place(&self) -> &'a Locality {
        self.place
    }

    /// Whether `date` is a business day here: a weekday of the window, no public holiday, not one of the tenant's closed days.
    pub fn is_open(&self, date: Date) -> bool {
        self.closed_by(date).is_none()
    }

    /// Why nothing leaves on `date`; `None` exactly when the day has [hours](Self::hours).
    pub fn why_closed(&self, date: Date) -> Option<Closed> {
        self.closed_by(date).or_else(|| self.span(date).is_none().then_some(Closed::NoCommonHour))
    }

    /// What is off from `from` up to the day before `until`, weekends left out; the first ten.
    pub fn days_off(&self, from: Date, until: Date) -> Vec<DayOff> {
        let off = |on: Date| match self.why_closed(on)? {
            Closed::Holiday(place) => Some(DayOff { on, holiday_of: Some(place) }),
            Closed::Tenant => Some(DayOff { on, holiday_of: None }),
            Closed::Weekday(_) | Closed::NoCommonHour => None,
        };
        let days = from.series(1.day()).take_while(|on| *on < until).take(SEARCH_DAYS_MAX as usize);
        days.filter_map(off).take(DAYS_OFF_MAX).collect()
    }

    /// Whether public holidays of that year are in the tables. Where not, holidays count as open days and a person should look.
    pub fn covers(&self, date: Date) -> bool {
        table::covers(date)
    }

    /// The allowed hours of a civil day, from the first instant to the one after the last; `None` when it is closed.
    ///
    /// With several zones these are the hours inside the window in all of them. Where the window has none, the hours from
    /// 08:00 to 21:00 in all of them count. A window's edge that a clock change skips or repeats is taken to the inside.
    pub fn hours(&self, date: Date) -> Option<(Timestamp, Timestamp)> {
        if self.is_open(date) { self.span(date) } else { None }
    }

    /// Whether `at` lies in the hours of its day.
    pub fn allows(&self, at: Timestamp) -> bool {
        self.hours(self.place.date_of(at)).is_some_and(|(opens, closes)| opens <= at && at < closes)
    }

    /// `at` if it is allowed, else when the window next opens.
    ///
    /// Looks a year ahead. If nothing opens in it, the answer is the last instant looked at, which is not allowed.
    pub fn next_allowed(&self, at: Timestamp) -> Timestamp {
        if self.allows(at) {
            return at;
        }
        let from = self.place.date_of(at);
        match self.find_day(from, |opens, _| opens >= at) {
            Ok((opens, _)) => opens,
            Err(last) => self.opening(last).max(at),
        }
    }

    /// The instant for a message that is due on `date`: in the hours of the first open day from then on, at the customer's place
    /// in them.
    ///
    /// Looks a year ahead. If nothing opens in it, the answer is on the last day looked at, and not allowed.
    pub fn roll(&self, date: Date, spread: Spread) -> Timestamp {
        match self.find_day(date, |_, _| true) {
            Ok((opens, closes)) => spread.within(opens, closes),
            Err(last) => self.opening(last),
        }
    }

    /// The `n`th business day after `from`, or before it for a negative `n`; `from` itself for zero, open or not.
    ///
    /// Counts 10,000 at most, and stops at the last day looked at when a year has none.
    pub fn add_business_days(&self, from: Date, n: i32) -> Date {
        let (mut date, mut left, mut idle) = (from, n.unsigned_abs().min(BUSINESS_DAYS_MAX), 0);
        while left > 0 && idle < SEARCH_DAYS_MAX {
            let Ok(next) = (if n > 0 { date.tomorrow() } else { date.yesterday() }) else { break };
            date = next;
            if self.is_open(date) {
                (left, idle) = (left - 1, 0);
            } else {
                idle += 1;
            }
        }
        date
    }

    fn closed_by(&self, date: Date) -> Option<Closed> {
        let day = date.weekday();
        let working = match &self.window.days {
            Some(days) => days.contains(&day),
            None => !self.place.is_weekend(day),
        };
        if !working {
            return Some(Closed::Weekday(day));
        }
        if self.closed.contains(&date) {
            return Some(Closed::Tenant);
        }
        self.place.holiday(date).map(Closed::Holiday)
    }

    /// The hours of a day, were it open.
    fn span(&self, date: Date) -> Option<(Timestamp, Timestamp)> {
        let zones = self.place.zones();
        common(zones, date, (self.window.from, self.window.to)).or_else(|| common(zones, date, LAWFUL))
    }

    /// The hours of the first day that suits, `from` or later; else the last day looked at.
    fn find_day(&self, from: Date, suits: impl Fn(Timestamp, Timestamp) -> bool) -> Result<(Timestamp, Timestamp), Date> {
        let mut date = from;
        for _ in 0..SEARCH_DAYS_MAX {
            if let Some((opens, closes)) = self.hours(date).filter(|(opens, closes)| suits(*opens, *closes)) {
                return Ok((opens, closes));
            }
            match date.tomorrow() {
                Ok(next) => date = next,
                Err(_) => break,
            }
        }
        Err(date)
    }

    /// When the window would open on a day that is closed: for want of a better answer.
    fn opening(&self, date: Date) -> Timestamp {
        let opens = self.place.zones()[0].to_ambiguous_timestamp(date.to_datetime(self.window.from)).later();
        opens.unwrap_or(if date.year() > 0 { Timestamp::MAX } else { Timestamp::MIN })
    }
}

/// The hours between two times of one civil day in all zones; `None` when there are none.
fn common(zones: &[TimeZone], date: Date, (from, to): (Time, Time)) -> Option<(Timestamp, Timestamp)> {
    let mut hours = (Timestamp::MIN, Timestamp::MAX);
    for zone in zones {
        // In a gap or a fold, the later reading of the opening and the earlier one of the end are inside the window.
        let opens = zone.to_ambiguous_timestamp(date.to_datetime(from)).later().ok()?;
        let closes = zone.to_ambiguous_timestamp(date.to_datetime(to)).earlier().ok()?;
        hours = (hours.0.max(opens), hours.1.min(closes));
    }
    (hours.0 < hours.1).then_some(hours)
}

#[cfg(test)]
mod tests;
