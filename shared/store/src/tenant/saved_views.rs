//! How somebody looks at lists: filters and orders under names, a row for each member.

use std::collections::BTreeMap;

use domain::TenantId;
use serde::{Deserialize, Serialize};

use crate::{
    Result, Store,
    table::{
        attributes::document::{DOC, REVISION},
        change::{Change, is, no_item},
        db::{Transacted, json, n, number, row_of, s, to_json},
        keys,
    },
};

/// A filter and an order of a list, under a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedView {
    /// What it is called.
    pub name: String,
    /// Of which list: `tasks` or `customers`.
    pub of: String,
    /// What the list is asked for by: `kind`, `whose`, `sort` and others, each with its value.
    pub asked: BTreeMap<String, String>,
}

/// What a member keeps of how they look at lists.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SavedViews {
    /// In the order in which they are shown.
    pub views: Vec<SavedView>,
    /// Counts the writes; 0 before the first.
    pub rev: u64,
}

impl Store {
    /// What a member keeps.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn saved_views(&self, tenant: &TenantId, subject: &str) -> Result<SavedViews> {
        let row = self.read("read the saved views of", &keys::views(tenant, subject), true).await?;
        let Some(row) = row else { return Ok(SavedViews::default()) };
        Ok(SavedViews { views: json(&row, DOC)?, rev: number(&row, REVISION).unwrap_or(0) })
    }

    /// Keeps views in place of those at `after.rev`: 0 for none. False, and nothing is written, where they are at another.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn save_views(&self, tenant: &TenantId, subject: &str, after: &SavedViews) -> Result<bool> {
        let change = Change::of(keys::views(tenant, subject));
        let change = if after.rev == 0 { change.when(no_item()) } else { change.when(is(REVISION, n(after.rev))) };
        let row = row_of([(DOC, s(to_json(&after.views))), (REVISION, n(after.rev + 1))]);
        let done = self.transact("save the views of", tenant.as_str(), vec![change.replace(self, row)]).await?;
        Ok(matches!(done, Transacted::Done))
    }
}
