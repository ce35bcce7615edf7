//! The daily record: that a tenant's day was looked after, what was counted, and what the gate answered to its self-test.

use std::collections::BTreeMap;

use domain::TenantId;
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

use crate::{
    Line, List, Result, Store,
    table::{
        attributes::{counters::DECIDED, document::DOC, every::EXPIRES_AT},
        change::Change,
        db::{Range, json, last_of, n, number, s, to_json},
        keys,
    },
};

/// Days for which a record is kept.
const KEPT_DAYS: i64 = 400;
/// Pages of a day's messages that are counted at most.
const PAGES_MAX: usize = 100;

/// A question of the self-test, and what it came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SelfTested {
    /// What must be so.
    pub name: String,
    /// Whether it was.
    pub passed: bool,
    /// What was found, where that was wrong.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub found: String,
}

/// What was counted of a day.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DailyCounts {
    /// Messages that the sweep decided on the day before, in the tenant's zone.
    pub decided: u32,
    /// The messages that were decided on the day before (UTC), by how they stand.
    pub messages: BTreeMap<String, u64>,
    /// Whether all of them were counted.
    pub is_whole: bool,
    /// Chains of records and of the audit that were followed.
    pub chains_checked: u64,
    /// Those that are not as they were written.
    pub chains_broken: u64,
    /// Documents whose time to be kept was over.
    pub retired: u64,
    /// Erased people whose keys were deleted again.
    pub forgotten: u64,
}

/// A tenant's daily record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DailyRecord {
    /// The day (UTC) on which it was written.
    pub on: Date,
    /// When it was written.
    pub at: Timestamp,
    /// What was counted.
    pub counts: DailyCounts,
    /// What the gate answered.
    pub self_test: Vec<SelfTested>,
}

impl Store {
    /// What is to be counted of the messages of a day.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn count_day(&self, tenant: &TenantId, on: Date) -> Result<DailyCounts> {
        let row = self.read("count the day of", &keys::counters(tenant, on), false).await?;
        let decided = row.as_ref().and_then(|row| number::<i64>(row, DECIDED)).unwrap_or(0);
        let mut counts = DailyCounts { decided: u32::try_from(decided.max(0)).unwrap_or(u32::MAX), ..DailyCounts::default() };
        let mut after: Option<String> = None;
        let mut pages = 0;
        while pages < PAGES_MAX && !counts.is_whole {
            let page = self.list(tenant, &List::MessagesOn(on), 200, after.as_deref()).await?;
            for line in page.lines {
                if let Line::Message(message) = line {
                    *counts.messages.entry(message.status.as_str().to_owned()).or_default() += 1;
                }
            }
            after = page.after;
            (pages, counts.is_whole) = (pages + 1, after.is_none());
        }
        Ok(counts)
    }

    /// Keeps a day's record; a later one of the same day takes its place.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn put_daily(&self, tenant: &TenantId, record: &DailyRecord) -> Result<()> {
        let expires_at = record.at.as_second().saturating_add(KEPT_DAYS * 86_400);
        let change = Change::of(keys::daily(tenant, record.on)).put(DOC, s(to_json(record))).put(EXPIRES_AT, n(expires_at));
        self.write("keep the day of", change, false).await.map(|_| ())
    }

    /// The daily records from a day on, newest first, at most `most`.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn daily(&self, tenant: &TenantId, from: Date, most: usize) -> Result<Vec<DailyRecord>> {
        let pk = keys::tenant(tenant);
        let (first, last) = (keys::daily(tenant, from).sk, last_of(keys::DAYS));
        let range = Range { newest_first: true, ..Range::new(&pk, &first, &last, most) };
        self.range("read the days of", range).await?.iter().map(|row| json(row, DOC)).collect()
    }
}
