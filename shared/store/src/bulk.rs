//! What was done with many customers at once: a line each, and what undoes it.

use domain::TenantId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    Result, Store,
    table::{
        attributes::{document::DOC, every::EXPIRES_AT},
        change::Change,
        db::{json, n, s, to_json},
        keys,
    },
};

/// How long it is kept, in seconds.
const KEPT_S: i64 = 90 * 86_400;

/// What was done with many customers at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BulkRun {
    /// Its id.
    pub id: String,
    /// What was done, in a word.
    pub action: String,
    /// Who did it: the subject of their sign-in.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// What became of each.
    pub lines: Vec<BulkLine>,
    /// When it was undone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undone_at: Option<Timestamp>,
}

/// What became of one customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BulkLine {
    /// The customer.
    pub customer: String,
    /// `done`, `left_out`, `failed`, `undone` or `not_undone`.
    pub status: String,
    /// Why, where it was not done.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub why: String,
    /// What it made: the id of an agreement, an order, a task or a note, or the owner before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub made: Option<String>,
    /// The owner that it set, where it set one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
}

impl Store {
    /// Keeps what was done, as far as it came. It is no change by itself: each line has an entry of the audit of its own.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn keep_bulk(&self, tenant: &TenantId, run: &BulkRun) -> Result<()> {
        let change =
            Change::of(keys::bulk(tenant, &run.id)).put(DOC, s(to_json(run))).put(EXPIRES_AT, n(run.at.as_second() + KEPT_S));
        self.write("keep what was done in bulk of", change, false).await?;
        Ok(())
    }

    /// What was done under an id.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn bulk(&self, tenant: &TenantId, id: &str) -> Result<Option<BulkRun>> {
        let row = self.read("read what was done in bulk of", &keys::bulk(tenant, id), true).await?;
        row.as_ref().map(|row| json(row, DOC)).transpose()
    }
}
