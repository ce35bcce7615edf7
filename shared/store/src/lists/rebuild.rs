//! Every row of a tenant anew, from all its items: for the tool that reads the whole table.

use std::collections::BTreeMap;

use domain::TenantId;

use super::{
    follow::source_of,
    rows::{ListRow, rows_ever_of},
};
use crate::{
    Result, Store,
    inspect::Item,
    table::{
        db::Row,
        keys::{self, Key},
    },
};

/// What was not as it should be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rebuilt {
    /// Rows that are right.
    pub right: usize,
    /// Rows that were missing or said something else.
    pub written: usize,
    /// Rows that stood for nothing.
    pub deleted: usize,
}

impl Store {
    /// Sets the rows of a tenant right, given every item of it as it was a moment ago. What changed since is read again before
    /// anything is written, so that it may run beside everything else.
    ///
    /// # Errors
    ///
    /// Those of reading and writing, and [`crate::Error::Corrupt`] for an item that does not read.
    pub async fn rebuild_lists(&self, tenant: &TenantId, items: &[Item]) -> Result<Rebuilt> {
        let reporting = self.settings(tenant).await?.and_then(|settings| settings.value.reporting);
        let rows_of = |row: &Row| rows_ever_of(row, reporting.as_ref());
        let own = |item: &&Item| item.tenant().as_ref() == Some(tenant);
        let mut known: BTreeMap<Key, &Row> = BTreeMap::new();
        let mut wanted: BTreeMap<Key, ListRow> = BTreeMap::new();
        for item in items.iter().filter(own) {
            let row = item.attributes();
            if keys::is_list(item.pk()) {
                known.insert(Key { pk: item.pk().to_owned(), sk: item.sk().to_owned() }, row);
                continue;
            }
            for row in rows_of(row)? {
                take(&mut wanted, row);
            }
        }
        let mut done = Rebuilt::default();
        for (key, row) in &wanted {
            if known.get(key).is_some_and(|known| row.is(known)) {
                done.right += 1;
                continue;
            }
            let now = self.read("read what is listed of", &row.of, true).await?;
            for row in now.as_ref().map(rows_of).transpose()?.unwrap_or_default() {
                if row.key == *key {
                    self.put_row(&row).await?;
                    done.written += 1;
                }
            }
        }
        for (key, row) in known.into_iter().filter(|(key, _)| !wanted.contains_key(key)) {
            let now = match source_of(row) {
                Some(source) => self.read("read what is listed of", &source, true).await?,
                None => None,
            };
            let rows = now.as_ref().map(rows_of).transpose()?.unwrap_or_default();
            if !rows.iter().any(|row| row.key == key) {
                self.delete_row(&key, None, None).await?;
                done.deleted += 1;
            }
        }
        Ok(done)
    }
}

/// Of two items that stand for one row, the later version counts.
fn take(wanted: &mut BTreeMap<Key, ListRow>, row: ListRow) {
    match wanted.get(&row.key) {
        Some(known) if known.version > row.version => {}
        Some(_) | None => {
            wanted.insert(row.key.clone(), row);
        }
    }
}
