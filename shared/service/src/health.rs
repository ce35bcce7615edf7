//! The daily record of a tenant: that it was looked after, what was counted, and what the gate answered to its self-test.

use jiff::{SignedDuration, Timestamp, ToSpan, tz::TimeZone};
use store::{DailyRecord, Store};

use crate::{Actor, Done, Operation};

/// Days that are shown at most.
pub const DAYS_MAX: u32 = 90;
/// After so long without a record a tenant is silent.
const SILENT_AFTER: SignedDuration = SignedDuration::from_hours(26);

/// The daily records, newest first, and whether all is well.
#[derive(Clone, Debug, PartialEq)]
pub struct DailyHealth {
    /// `good`; `silent` where no record came for more than 26 hours; `failing` where the gate gave a wrong answer or a chain is broken in the
    /// last one.
    pub status: &'static str,
    /// The records.
    pub days: Vec<DailyRecord>,
}

/// The records of the last days.
///
/// # Errors
///
/// [`crate::NotDone::NotAllowed`], and those of reading.
pub async fn daily(store: &Store, actor: &Actor, days: u32, now: Timestamp) -> Done<DailyHealth> {
    let tenant = actor.may(Operation::ShowDailyHealth)?;
    let days = days.clamp(1, DAYS_MAX);
    let today = now.to_zoned(TimeZone::UTC).date();
    let from = today.checked_sub(i64::from(days).days()).unwrap_or(today);
    let days = store.daily(tenant, from, days as usize).await?;
    let status = match days.first() {
        None => "silent",
        Some(last) if now.duration_since(last.at) > SILENT_AFTER => "silent",
        Some(last) if last.counts.chains_broken > 0 || last.self_test.iter().any(|test| !test.passed) => "failing",
        Some(_) => "good",
    };
    Ok(DailyHealth { status, days })
}
