//! How far the reading of a connection is: what the books item of the table holds.

use connectors::Company;
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
    pub trouble: Option<Held>,
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

/// What keeps the books from being read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
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
            polled: None,
            not_before: None,
            good_at: None,
            trouble: None,
        }
    }
}
