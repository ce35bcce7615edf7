//! How far the reports of a tenant have come: which days are closed, and where the walk over all customers stands.

use std::collections::BTreeSet;

use domain::TenantId;
use jiff::{Timestamp, ToSpan, civil::Date};
use serde::{Deserialize, Serialize};

use crate::{
    CustomerWalk, Result, Store,
    table::{
        attributes::document::DOC,
        change::Change,
        db::{json, s, to_json},
        keys,
    },
};

/// Days that are closed one after another where none was for a while; those before them stay without totals.
const CAUGHT_UP_DAYS: i32 = 31;

/// What a walk does next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReportsStep {
    /// It sets the figures of every customer that it comes to: the first time, and after settings that count changed.
    Customers(CustomerWalk),
    /// It sets those of the customers to whom a message was decided on this day (UTC), behind this place in the list of the day's messages.
    Written {
        /// The day.
        of: Date,
        /// The place.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<String>,
    },
    /// It sets those of this shard's customers that do not follow from what is kept, and sums the shard.
    Shard(u8),
    /// It is over.
    Done,
}

/// How far the reports of a tenant have come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportsPlace {
    /// Since which day anything is known of the tenant.
    pub data_from: Date,
    /// The first day that was closed; `None` until one was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_closed: Option<Date>,
    /// The last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed: Option<Date>,
    /// The tenant's day, of which today's figures are.
    pub on: Date,
    /// The day that the walk closes.
    pub closing: Date,
    /// By which settings it counts, as a text.
    #[serde(default)]
    pub by: String,
    /// What the walk does next.
    pub step: ReportsStep,
    /// Shards of today that are to be summed anew, because a customer in them changed.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub dirty: BTreeSet<u8>,
    /// When today's totals were last set.
    pub summed_at: Timestamp,
}

impl ReportsPlace {
    /// The first walk of a tenant: it closes the day before.
    pub fn first(on: Date, data_from: Date, by: String, now: Timestamp) -> Self {
        Self {
            data_from,
            first_closed: None,
            closed: None,
            on,
            closing: eve(on),
            by,
            step: ReportsStep::Customers(CustomerWalk::default()),
            dirty: BTreeSet::new(),
            summed_at: now,
        }
    }

    /// Goes on with what is known, on a day: a walk under way, the next day that is to be closed, or nothing. A walk that a midnight overtakes begins
    /// again, so that today's figures are of today. A clock that was put back waits. A walk by other settings than the one before sets every customer.
    #[must_use]
    pub fn of_day(self, today: Date, by: &str) -> Self {
        let is_under_way = !self.is_done() && self.on == today;
        let earliest = today.saturating_sub(CAUGHT_UP_DAYS.days());
        let closing = self.closed.map_or(self.closing, next_day).max(earliest);
        if today < self.on || is_under_way || closing >= today {
            return self;
        }
        // One that was to set every customer, and did not come to its end, is not over because a day is.
        let is_unfinished = matches!(self.step, ReportsStep::Customers(_));
        let sets_all = is_unfinished || self.by != by;
        let written = ReportsStep::Written { of: eve(closing), after: None };
        let step = if sets_all { ReportsStep::Customers(CustomerWalk::default()) } else { written };
        Self { on: today, closing, by: by.to_owned(), step, dirty: BTreeSet::new(), ..self }
    }

    /// After the sum of the last shard: the day is closed.
    #[must_use]
    pub fn closed(self, now: Timestamp) -> Self {
        let (first_closed, closed) = (self.first_closed.or(Some(self.closing)), Some(self.closing));
        Self { first_closed, closed, step: ReportsStep::Done, dirty: BTreeSet::new(), summed_at: now, ..self }
    }

    /// Whether the walk is over, so that today's totals are of all customers.
    pub fn is_done(&self) -> bool {
        self.step == ReportsStep::Done
    }

    /// The newest day of which there are whole totals.
    pub fn newest(&self) -> Option<Date> {
        if self.is_done() { Some(self.on) } else { self.closed }
    }

    /// Whether there are whole totals of a day.
    pub fn has(&self, day: Date) -> bool {
        let is_closed = self.first_closed.zip(self.closed).is_some_and(|(first, last)| first <= day && day <= last);
        is_closed || (self.is_done() && day == self.on)
    }
}

fn eve(day: Date) -> Date {
    day.saturating_sub(1.day())
}

fn next_day(day: Date) -> Date {
    day.saturating_add(1.day())
}

impl Store {
    /// How far the reports of a tenant have come; `None` before the first walk.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn reports_place(&self, tenant: &TenantId) -> Result<Option<ReportsPlace>> {
        let row = self.read("read how far the reports came of", &keys::reports_place(tenant), true).await?;
        row.as_ref().map(|row| json(row, DOC)).transpose()
    }

    /// Notes how far they have come.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn put_reports_place(&self, tenant: &TenantId, place: &ReportsPlace) -> Result<()> {
        let change = Change::of(keys::reports_place(tenant)).put(DOC, s(to_json(place)));
        self.write("note how far the reports came of", change, false).await.map(|_| ())
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn each_day_is_closed_once_and_in_its_order() {
        let now = Timestamp::UNIX_EPOCH;
        let of_day = |place: &ReportsPlace, day: Date| place.clone().of_day(day, "a");
        let first = ReportsPlace::first(date(2026, 3, 28), date(2026, 1, 1), "a".to_owned(), now);
        assert_eq!((first.closing, first.newest(), first.has(date(2026, 3, 27))), (date(2026, 3, 27), None, false));
        assert_eq!(of_day(&first, date(2026, 3, 28)), first, "it goes on where it is");
        let closed = first.closed(now);
        assert_eq!(closed.newest(), Some(date(2026, 3, 28)));
        assert!(closed.has(date(2026, 3, 27)) && closed.has(date(2026, 3, 28)) && !closed.has(date(2026, 3, 26)));
        assert_eq!(of_day(&closed, date(2026, 3, 28)), closed, "a day is closed once");
        assert_eq!(of_day(&closed, date(2026, 3, 27)), closed, "a clock that was put back waits");
        // Two days later the one between is closed first.
        let next = of_day(&closed, date(2026, 3, 30));
        let written = |of: Date| ReportsStep::Written { of, after: None };
        assert_eq!((next.closing, next.on), (date(2026, 3, 28), date(2026, 3, 30)));
        assert_eq!(next.step, written(date(2026, 3, 27)), "whom somebody wrote to meanwhile is looked at");
        assert_eq!(next.newest(), Some(date(2026, 3, 27)), "today is told of once all are counted");
        let last = of_day(&next.closed(now), date(2026, 3, 30));
        assert_eq!((last.closing, last.is_done()), (date(2026, 3, 29), false));
        let done = of_day(&last.closed(now), date(2026, 3, 30));
        assert!(done.is_done());
        // A walk that midnight overtakes begins again with the same day.
        let under_way = ReportsPlace { step: ReportsStep::Shard(2), ..of_day(&done, date(2026, 3, 31)) };
        let overtaken = of_day(&under_way, date(2026, 4, 1));
        assert_eq!((overtaken.closing, overtaken.on), (date(2026, 3, 30), date(2026, 4, 1)));
        assert_eq!(overtaken.step, written(date(2026, 3, 29)));
        // By other settings every customer is set, be it that a midnight comes between.
        let other = done.of_day(date(2026, 3, 31), "b").of_day(date(2026, 4, 1), "b");
        assert_eq!(other.step, ReportsStep::Customers(CustomerWalk::default()));
        // After half a year not all of it is made up for.
        assert_eq!(of_day(&overtaken.closed(now), date(2026, 10, 1)).closing, date(2026, 8, 31));
    }
}
