//! What is done with many customers at once: how it stands as a whole, and its lines, a chunk of customers an item.

use std::collections::BTreeMap;

use domain::{BulkId, BulkStage, Currency, JobId, Owed, TenantId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    Result, Store,
    table::{
        attributes::{document::DOC, every::EXPIRES_AT},
        change::{Change, is},
        db::{Range, Wrote, json, n, s, to_json},
        keys,
    },
};

/// How long it is kept, in seconds.
const KEPT_S: i64 = 90 * 86_400;

/// What is done with many customers at once. Its lines lie beside it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BulkRun {
    /// Its id.
    pub id: BulkId,
    /// What is done, in a word.
    pub action: String,
    /// Who asked: the subject of their sign-in, or the id of their key.
    pub by: String,
    /// As what.
    pub role: String,
    /// When.
    pub at: Timestamp,
    /// With whom, and what in full, as the service reads it.
    pub asked: Value,
    /// Whether it is only said what would be done.
    pub dry_run: bool,
    /// How many customers are meant, where somebody said it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirm_count: Option<u64>,
    /// Where it stands.
    pub stage: BulkStage,
    /// The job that works on it, or did last.
    pub job: JobId,
    /// Whether everybody whom the filter looked at is taken.
    pub everybody: bool,
    /// With how many customers it is done, or would be. Nothing before that is known.
    pub count: u64,
    /// What they owed as of their last decisions when that was looked at.
    pub money: BTreeMap<Currency, Owed>,
    /// How many lines there are of each status, as of the end of its last stage.
    pub counts: BTreeMap<String, u64>,
    /// In how many chunks its lines lie.
    pub chunks: u32,
    /// Who undoes it, or did last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undo: Option<BulkUndo>,
    /// When that came to its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undone_at: Option<Timestamp>,
}

/// Who undoes an action in bulk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BulkUndo {
    /// Who asked: the subject of their sign-in, or the id of their key.
    pub by: String,
    /// As what.
    pub role: String,
    /// When.
    pub at: Timestamp,
}

/// What becomes of one customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BulkLine {
    /// The customer.
    pub customer: String,
    /// `planned`, `done`, `left_out`, `failed`, `undone` or `not_undone`.
    pub status: String,
    /// Why, where it was not done.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub why: String,
    /// What it makes: the id of an agreement, an order, a task or a note, or the owner before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub made: Option<String>,
    /// The owner that it sets, where it sets one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
}

impl Store {
    /// Keeps an action that begins. It is no change by itself: each line has an entry of the audit of its own.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn keep_bulk(&self, tenant: &TenantId, run: &BulkRun) -> Result<()> {
        let change =
            Change::of(keys::bulk(tenant, &run.id)).put(DOC, s(to_json(run))).put(EXPIRES_AT, n(run.at.as_second() + KEPT_S));
        self.write("keep what is done in bulk of", change, false).await?;
        Ok(())
    }

    /// Keeps how an action stands, in place of how it stood `before`. False where it stands otherwise: another works on it.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn change_bulk(&self, tenant: &TenantId, before: &BulkRun, after: &BulkRun) -> Result<bool> {
        let change = Change::of(keys::bulk(tenant, &after.id)).put(DOC, s(to_json(after))).when(is(DOC, s(to_json(before))));
        Ok(matches!(self.write("keep how an action in bulk stands of", change, false).await?, Wrote::Done(_)))
    }

    /// What is done under an id.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn bulk(&self, tenant: &TenantId, id: &BulkId) -> Result<Option<BulkRun>> {
        let row = self.read("read what is done in bulk of", &keys::bulk(tenant, id), true).await?;
        row.as_ref().map(|row| json(row, DOC)).transpose()
    }

    /// Keeps the lines of a chunk, in place of what it held.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn keep_bulk_lines(&self, tenant: &TenantId, run: &BulkRun, chunk: u32, lines: &[BulkLine]) -> Result<()> {
        let change = Change::of(keys::bulk_lines(tenant, &run.id, chunk))
            .put(DOC, s(to_json(&lines)))
            .put(EXPIRES_AT, n(run.at.as_second() + KEPT_S));
        self.write("keep lines of an action in bulk of", change, false).await?;
        Ok(())
    }

    /// The lines of a chunk; none where there is no such chunk.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn bulk_lines(&self, tenant: &TenantId, id: &BulkId, chunk: u32) -> Result<Vec<BulkLine>> {
        let row = self.read("read lines of an action in bulk of", &keys::bulk_lines(tenant, id, chunk), true).await?;
        Ok(row.as_ref().map(|row| json(row, DOC)).transpose()?.unwrap_or_default())
    }

    /// The lines of every chunk.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn all_bulk_lines(&self, tenant: &TenantId, run: &BulkRun) -> Result<Vec<BulkLine>> {
        let Some(last) = run.chunks.checked_sub(1) else { return Ok(Vec::new()) };
        let (first, last) = (keys::bulk_lines(tenant, &run.id, 0), keys::bulk_lines(tenant, &run.id, last));
        let most = usize::try_from(run.chunks).unwrap_or(usize::MAX);
        let rows = self.range("read the lines of an action in bulk of", Range::new(&first.pk, &first.sk, &last.sk, most)).await?;
        let mut lines = Vec::new();
        for row in &rows {
            lines.extend(json::<Vec<BulkLine>>(row, DOC)?);
        }
        Ok(lines)
    }
}
