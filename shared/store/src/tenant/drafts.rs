//! Drafts of workflows: one a workflow, until it is published or thrown away.

use domain::{TenantId, Workflow, workflow::Migration};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    Result, Store,
    table::{
        attributes::{
            document::{self, DOC},
            workflow_text,
        },
        change::{Change, is, no_item},
        db::{Range, Row, Transacted, Wrote, instant, json, last_of, millis, n, number, s, text, to_json},
        keys,
    },
};

/// Most drafts that are listed.
const DRAFTS_MAX: usize = 200;

/// A publishing that somebody asked for, and another person must agree to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishAsked {
    /// Who asked.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// Of a hundred cases, how many shall take it first.
    pub share: u8,
    /// What shall become of the steps of running cases; they stay without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub migration: Option<Migration>,
}

/// The draft of a workflow.
#[derive(Clone, Debug, PartialEq)]
pub struct Draft {
    /// The workflow; its version is 0.
    pub workflow: Workflow,
    /// The version that was current when it was begun; 0 where there was none.
    pub base: u32,
    /// What it was begun from: `ready/gentle`, `version/3`.
    pub from: Option<String>,
    /// When it was changed.
    pub changed_at: Timestamp,
    /// Who changed it.
    pub changed_by: String,
    /// The publishing that was asked for, since it was changed.
    pub asked: Option<PublishAsked>,
    /// Counts its writes.
    pub rev: u64,
}

impl Draft {
    fn read(row: &Row) -> Result<Self> {
        let asked = row.contains_key(workflow_text::ASKED).then(|| json(row, workflow_text::ASKED)).transpose()?;
        Ok(Self {
            workflow: json(row, DOC)?,
            base: number(row, workflow_text::BASE).unwrap_or(0),
            from: text(row, workflow_text::BEGUN_FROM).map(str::to_owned),
            changed_at: instant(number(row, workflow_text::CHANGED_AT).unwrap_or(0)),
            changed_by: text(row, workflow_text::CHANGED_BY).unwrap_or_default().to_owned(),
            asked,
            rev: number(row, document::REVISION).unwrap_or(0),
        })
    }
}

impl Store {
    /// The draft of a workflow.
    ///
    /// # Errors
    ///
    /// Those of reading, and [`crate::Error::Corrupt`].
    pub async fn draft(&self, tenant: &TenantId, id: &str) -> Result<Option<Draft>> {
        let row = self.read("read a draft of", &keys::draft(tenant, id), true).await?;
        row.as_ref().map(Draft::read).transpose()
    }

    /// Every draft, by the workflow's id, at most 200.
    ///
    /// # Errors
    ///
    /// Those of reading, and [`crate::Error::Corrupt`].
    pub async fn drafts(&self, tenant: &TenantId) -> Result<Vec<Draft>> {
        let pk = keys::tenant(tenant);
        let rows = self.range("list the drafts of", Range::new(&pk, keys::DRAFTS, &last_of(keys::DRAFTS), DRAFTS_MAX)).await?;
        rows.iter().map(Draft::read).collect()
    }

    /// Stores a draft in place of the one at `draft.rev`: 0 for none. What was asked of the one before is forgotten, unless the draft itself
    /// has it. Its new revision; `None`, and nothing is written, where it is at another.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Refused`] when there is no such tenant; those of writing.
    pub async fn put_draft(&self, tenant: &TenantId, draft: &Draft) -> Result<Option<u64>> {
        const OP: &str = "store a draft of";
        self.must_tenant(tenant).await?;
        let id = &draft.workflow.id;
        let change = Change::of(keys::draft(tenant, id))
            .put(DOC, s(to_json(&draft.workflow)))
            .put(document::REVISION, n(draft.rev + 1))
            .put(workflow_text::BASE, n(draft.base))
            .put(workflow_text::CHANGED_AT, n(millis(draft.changed_at)))
            .put(workflow_text::CHANGED_BY, s(draft.changed_by.clone()));
        let change = match &draft.from {
            Some(from) => change.put(workflow_text::BEGUN_FROM, s(from.clone())),
            None => change.drop(workflow_text::BEGUN_FROM),
        };
        let change = match &draft.asked {
            Some(asked) => change.put(workflow_text::ASKED, s(to_json(asked))),
            None => change.drop(workflow_text::ASKED),
        };
        let change = if draft.rev == 0 { change.when(no_item()) } else { change.when(is(document::REVISION, n(draft.rev))) };
        Ok(match self.write(OP, change, false).await? {
            Wrote::Done(_) => Some(draft.rev + 1),
            Wrote::Not(_) => None,
        })
    }

    /// Throws the draft at a revision away; false, and nothing happens, where it is at another.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn drop_draft(&self, tenant: &TenantId, id: &str, rev: u64) -> Result<bool> {
        let change = Change::of(keys::draft(tenant, id)).when(is(document::REVISION, n(rev)));
        let done = self.transact("throw away a draft of", id, vec![change.delete(self)]).await?;
        Ok(matches!(done, Transacted::Done))
    }
}
