//! How often a model is asked of answers: each call is paid for, so that a day of a tenant has a bound.

use domain::TenantId;
use jiff::{Timestamp, ToSpan, tz::TimeZone};

use crate::{
    Result, Store,
    table::{
        attributes::{answers_of_day::COUNT, every::EXPIRES_AT},
        change::{Change, absent, below},
        db::{Wrote, n},
        keys,
    },
};

impl Store {
    /// Counts a call of a model that is about to be made, of the day (UTC) of `now`. False, and nothing is counted, where the day had `most`.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn count_model_call(&self, tenant: &TenantId, most: u32, now: Timestamp) -> Result<bool> {
        let day = now.to_zoned(TimeZone::UTC).date();
        let expires_at = now.checked_add(48.hours()).unwrap_or(Timestamp::MAX).as_second();
        let count = Change::of(keys::model_calls_of_day(tenant, day))
            .add(COUNT, n(1))
            .put(EXPIRES_AT, n(expires_at))
            .when(absent(COUNT).or(below(COUNT, n(most))));
        match self.write("count a call of a model of", count, false).await? {
            Wrote::Done(_) => Ok(true),
            Wrote::Not(_) => Ok(false),
        }
    }
}
