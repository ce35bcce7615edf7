//! One tenant as lines of text: taken out of a table, put into another, compared, deleted.
//!
//! A line is one item in DynamoDB's own JSON. Nothing of it is read but its key, so that what this tool does not know is kept as well.
//! Secrets stay sealed: they open only with the key that wrapped them. Long bodies in the bucket are not part of it.

use std::{
    collections::BTreeMap,
    io::{BufRead, Write},
    time::Duration,
};

use anyhow::{Context, Result, bail, ensure};
use aws_sdk_dynamodb::{
    Client,
    types::{DeleteRequest, PutRequest, WriteRequest},
};
use domain::TenantId;
use store::{
    Rebuilt, Store,
    inspect::{Item, TenantPart},
};

/// Items that one call may write.
const WRITES_MAX: usize = 25;
/// How often what the table did not take is put again.
const TRIES_MAX: u32 = 12;

/// Items as text, by key.
type Lines = BTreeMap<String, String>;

/// One tenant in one table.
pub struct Place {
    /// A client of the table.
    pub db: Client,
    /// The table.
    pub table: String,
    /// The tenant.
    pub tenant: TenantId,
}

/// How a tenant arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// With its kill switch on: nothing is decided or sent until its settings say otherwise.
    Paused,
    /// As it was taken out.
    AsItWas,
}

/// What is not the same, by key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Differences {
    /// Items that are in the table only.
    pub table_only: Vec<String>,
    /// Items that are in the file only.
    pub file_only: Vec<String>,
    /// Items that are in both and differ.
    pub changed: Vec<String>,
}

impl Differences {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl Place {
    /// Writes every item of the tenant, by key; how many. It reads the whole table.
    ///
    /// # Errors
    ///
    /// Those of reading and writing.
    pub async fn export(&self, mut out: impl Write) -> Result<usize> {
        let lines = self.lines().await?;
        ensure!(!lines.is_empty(), "the table {} has no tenant {}", self.table, self.tenant);
        for line in lines.values() {
            writeln!(out, "{line}")?;
        }
        Ok(lines.len())
    }

    /// Puts every item of a file into a table that does not have the tenant; how many. The tenant shows only when all else is there, so
    /// that a run that was broken off is simply done again.
    ///
    /// # Errors
    ///
    /// A line that is no item or another tenant's, a tenant that is there, a company that another tenant is connected to: all before
    /// anything is written. Those of the table.
    pub async fn import(&self, file: impl BufRead, arrival: Arrival) -> Result<usize> {
        let mut items = Vec::new();
        for (number, line) in (1..).zip(file.lines()) {
            let item = parse(&line?).with_context(|| format!("line {number} is no item"))?;
            ensure!(item.part_of(&self.tenant).is_some(), "line {number} is not of tenant {}", self.tenant);
            items.push(item);
        }
        let registry = items.iter().find(|item| self.is(item, TenantPart::Registry));
        let registry = registry.context("the file has no entry of the tenant itself: it is not whole")?;
        let known = self.known(registry).await?;
        ensure!(known.is_none(), "the table {} has tenant {} already; it would be mixed with the file", self.table, self.tenant);
        for company in items.iter().filter(|item| self.is(item, TenantPart::Company)) {
            let is_free = self.known(company).await?.is_none_or(|known| known.part_of(&self.tenant).is_some());
            ensure!(is_free, "{} is connected by another tenant of the table {}; disconnect it there", name(company), self.table);
        }
        if arrival == Arrival::Paused {
            items = items.into_iter().map(Item::paused).collect::<store::Result<_>>()?;
        }
        // What wakes functions comes last.
        items.sort_by_key(|item| !self.is(item, TenantPart::Own));
        let put = |item: &Item| -> Result<WriteRequest> {
            Ok(WriteRequest::builder()
                .put_request(PutRequest::builder().set_item(Some(item.attributes().clone())).build()?)
                .build())
        };
        for some in items.chunks(WRITES_MAX) {
            self.write(some.iter().map(put).collect::<Result<_>>()?).await?;
        }
        Ok(items.len())
    }

    /// Compares the table with a file.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn compare(&self, file: impl BufRead) -> Result<Differences> {
        let here = self.lines().await?;
        let mut there = Lines::new();
        for (number, line) in (1..).zip(file.lines()) {
            let item = parse(&line?).with_context(|| format!("line {number} is no item"))?;
            there.insert(name(&item), item.to_json().to_string());
        }
        let only = |one: &Lines, other: &Lines| one.keys().filter(|key| !other.contains_key(*key)).cloned().collect();
        let changed = here.iter().filter(|(key, line)| there.get(*key).is_some_and(|other| other != *line));
        Ok(Differences {
            table_only: only(&here, &there),
            file_only: only(&there, &here),
            changed: changed.map(|(key, _)| key.clone()).collect(),
        })
    }

    /// Deletes the tenant, where the file has all of it as it is; how many items. What comes in while it runs is not saved: nothing should.
    /// What was broken off is done again with a new export beside the first, which alone is whole.
    ///
    /// # Errors
    ///
    /// A file that is not what the table has: nothing is deleted then. Those of the table.
    pub async fn delete(&self, file: impl BufRead) -> Result<usize> {
        let saved = self.compare(file).await?;
        ensure!(
            saved.is_empty(),
            "table {} and file differ, and only what was saved is deleted: export the tenant anew",
            self.table
        );
        let mut items = self.lines().await?.values().map(|line| parse(line)).collect::<Result<Vec<_>>>()?;
        // The entry in the list of tenants first: nothing is decided from then on.
        items.sort_by_key(|item| self.is(item, TenantPart::Own));
        let gone = |item: &Item| -> Result<WriteRequest> {
            Ok(WriteRequest::builder().delete_request(DeleteRequest::builder().set_key(Some(item.key())).build()?).build())
        };
        for some in items.chunks(WRITES_MAX) {
            self.write(some.iter().map(gone).collect::<Result<_>>()?).await?;
        }
        Ok(items.len())
    }

    /// Sets the tenant's rows of lists right, which are made from its other items, and may run beside everything else. It reads the
    /// whole table.
    ///
    /// # Errors
    ///
    /// Those of reading and writing, and an item that does not read.
    pub async fn rebuild(&self) -> Result<Rebuilt> {
        let items = self.lines().await?.values().map(|line| parse(line)).collect::<Result<Vec<_>>>()?;
        ensure!(!items.is_empty(), "the table {} has no tenant {}", self.table, self.tenant);
        Ok(Store::new(self.db.clone(), &self.table).rebuild_lists(&self.tenant, &items).await?)
    }

    /// What the table has under an item's key.
    async fn known(&self, item: &Item) -> Result<Option<Item>> {
        let ask = self.db.get_item().table_name(&self.table).set_key(Some(item.key())).consistent_read(true);
        Ok(ask.send().await?.item.map(Item::from))
    }

    fn is(&self, item: &Item, part: TenantPart) -> bool {
        item.part_of(&self.tenant) == Some(part)
    }

    #[expect(clippy::disallowed_methods, reason = "an export reads the whole table; nothing that is deployed does")]
    async fn lines(&self) -> Result<Lines> {
        let mut lines = Lines::new();
        let mut pages = self.db.scan().table_name(&self.table).consistent_read(true).into_paginator().send();
        while let Some(page) = pages.next().await {
            let items = page?.items.unwrap_or_default().into_iter().map(Item::from);
            for item in items.filter(|item| item.part_of(&self.tenant).is_some()) {
                lines.insert(name(&item), item.to_json().to_string());
            }
        }
        Ok(lines)
    }

    /// By hand instead of `backon`: each round writes what the one before left over.
    async fn write(&self, mut left: Vec<WriteRequest>) -> Result<()> {
        for round in 0..TRIES_MAX {
            let answer = self.db.batch_write_item().request_items(&self.table, left).send().await?;
            left = answer.unprocessed_items.and_then(|mut tables| tables.remove(&self.table)).unwrap_or_default();
            if left.is_empty() {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(50 << round.min(6))).await;
        }
        bail!("the table {} did not take {} items; do it again", self.table, left.len())
    }
}

/// The key as people read it.
fn name(item: &Item) -> String {
    format!("{} | {}", item.pk(), item.sk())
}

fn parse(line: &str) -> Result<Item> {
    let item = Item::from_json(&serde_json::from_str(line)?).context("it is not in DynamoDB's form")?;
    ensure!(!item.pk().is_empty() && !item.sk().is_empty(), "it has no key");
    Ok(item)
}
