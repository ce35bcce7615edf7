//! How far the reading of a connection is: what the books item of the table holds.

use connectors::Company;
use domain::CustomerId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// How far the reading of a connection is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// The company, as the vendor names it.
    pub realm: String,
    /// What stands for the vendor's hosts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<String>,
    /// What is known of the company; nothing before it was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company: Option<Company>,
    /// The first reading of everything that is open.
    pub backfill: Backfill,
    /// Everything that changed before this is applied.
    pub changed_until: Timestamp,
    /// The poll under way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub poll: Option<Poll>,
    /// When changes are asked for next.
    pub poll_at: Timestamp,
    /// When the books are compared next.
    pub compare_at: Timestamp,
    /// The comparison under way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comparison: Option<Comparison>,
    /// When the poll began whose changes are applied and whose comparison is still to come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub polled: Option<Timestamp>,
    /// Before which the vendor is left alone, whatever webhooks say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<Timestamp>,
    /// When a poll last came to its end: the books are known as they were then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub good_at: Option<Timestamp>,
    /// What keeps them from being read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<ReadingTrouble>,
    /// Since when the vendor says nothing but that it was asked too often.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limited: Option<Limited>,
    /// The reading of closed invoices and payments, where a person asked for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub past: Option<PastReading>,
    /// When a payment is tried again whose writing into the books was not answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub write_at: Option<Timestamp>,
}

/// The reading of closed invoices and payments of the past.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PastReading {
    /// How many months were asked for.
    pub months: u32,
    /// Since when objects changed that are read.
    pub since: Timestamp,
    /// When it was asked for.
    pub began_at: Timestamp,
    /// The next page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<String>,
    /// Objects that were read.
    #[serde(default)]
    pub objects: u64,
    /// When it came to its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Timestamp>,
}

/// The first reading of everything that is open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backfill {
    /// When it began.
    pub began_at: Timestamp,
    /// The next page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<String>,
    /// Objects that were read.
    #[serde(default)]
    pub objects: u64,
    /// When it came to its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Timestamp>,
}

/// A poll under way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Poll {
    /// When it began: by then everything is known once it is through.
    pub began_at: Timestamp,
    /// Since when it asks.
    pub since: Timestamp,
    /// The next page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<String>,
}

/// A comparison under way. What it listed lies beside it, page by page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comparison {
    /// When it began.
    pub began_at: Timestamp,
    /// Pages that were listed and kept.
    pub pages: u32,
    /// What comes next.
    pub next: ComparisonStep,
    /// Customers whose balance differed.
    pub differing: u32,
    /// Those of them that differ still, after what differs was read again.
    pub still: u32,
    /// What is said of the first of them.
    pub said: Vec<String>,
}

/// What comes next in a comparison.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ComparisonStep {
    /// The page of the books that is listed next; none is the first.
    List(Option<String>),
    /// All is listed; the customers after this one are compared.
    Compare(Option<CustomerId>),
}

/// A vendor that says nothing but that it was asked too often.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limited {
    /// Since when.
    pub since: Timestamp,
    /// How often in a row.
    pub times: u32,
    /// Whether a person has heard of it.
    pub told: bool,
}

/// What keeps the books from being read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadingTrouble {
    /// What was wrong, in words for people.
    pub why: String,
    /// Whether only a person can mend it, by connecting again.
    pub reconnect: bool,
    /// How often in a row.
    pub times: u32,
    /// Since when.
    pub since: Timestamp,
}

impl Progress {
    /// The beginning: everything is to be read.
    pub fn begin(realm: &str, base: Option<&str>, now: Timestamp) -> Self {
        Self {
            realm: realm.to_owned(),
            base: base.map(str::to_owned),
            company: None,
            backfill: Backfill { began_at: now, page: None, objects: 0, finished_at: None },
            changed_until: now,
            poll: None,
            poll_at: now,
            compare_at: now,
            comparison: None,
            polled: None,
            not_before: None,
            good_at: None,
            trouble: None,
            limited: None,
            past: None,
            write_at: None,
        }
    }

    /// The beginning again, of a company that was read before: what is open is read anew, and then everything that changed since
    /// all was applied, because what disappeared meanwhile is said there only.
    #[must_use]
    pub fn again(&self, base: Option<&str>, now: Timestamp) -> Self {
        let (changed_until, past) = (self.changed_until.min(now), self.past.clone());
        Self { changed_until, past, ..Self::begin(&self.realm, base, now) }
    }
}
