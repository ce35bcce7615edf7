//! Rows as the stream tells of changes.
//!
//! A record says that an item changed; what its rows are is read from the item as it is now. So it does not matter how often a record
//! comes, or in which order: the last look at an item sets its rows right, and what the images of the record had rows for goes.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{CustomerId, Reporting, TenantId};

use super::rows::{ListRow, rows_of};
use crate::{
    Error, Result, Store,
    table::{
        attributes::{
            document::DOC,
            every::{PK, SK},
            head,
            row::{AS_OF_VERSION, OF, OF_PARTITION},
        },
        change::{Change, When, absent, at_most, is},
        db::{Row, failed, s, text},
        keys::{self, Key, Sort},
    },
};

/// An item that the stream says has changed.
#[derive(Clone, Debug)]
pub struct Followed {
    /// The item before, where there was one.
    pub old: Option<serde_dynamo::Item>,
    /// The item after, where there is one.
    pub new: Option<serde_dynamo::Item>,
}

/// What is to be written of the rows of one item.
#[derive(Clone, Debug)]
pub struct Rewrite {
    /// The first record, by its position, that asks for it.
    pub record: usize,
    puts: Vec<ListRow>,
    /// Rows that go, each with the version that it is of and the item that it was made from.
    deletes: Vec<(Key, Option<String>, Key)>,
}

/// What a batch says of one item.
struct Told {
    record: usize,
    /// The item before the batch.
    before: Option<Row>,
    /// Every other image.
    images: Vec<Row>,
    /// Whether it was removed.
    removed: bool,
}

impl Store {
    /// What the changes come to, in rows to write. Each item is read once, strongly. An item that does not read has no rows; the log says
    /// so.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn rewrites(&self, changes: &[Followed]) -> Result<Vec<Rewrite>> {
        let mut told: BTreeMap<Key, Told> = BTreeMap::new();
        for (at, change) in changes.iter().enumerate() {
            let images = [&change.old, &change.new].map(|image| image.clone().map(Row::from));
            let Some(key) = images.iter().flatten().find_map(key_of) else { continue };
            if keys::is_list(&key.pk) {
                continue;
            }
            let [old, new] = images;
            let removed = new.is_none();
            match told.get_mut(&key) {
                Some(known) => {
                    known.images.extend(old.into_iter().chain(new));
                    known.removed |= removed;
                }
                None => {
                    told.insert(key, Told { record: at, before: old, images: new.into_iter().collect(), removed });
                }
            }
        }
        let reporting = self.reporting_of(told.keys()).await?;
        // What had no rows and has none need not be read.
        let by = |key: &Key| keys::parse_tenant(&key.pk).and_then(|tenant| reporting.get(&tenant)).and_then(Option::as_ref);
        let mut wanted = Vec::new();
        let mut had: HashMap<Key, (Vec<ListRow>, Vec<ListRow>)> = HashMap::new();
        for (key, told) in &told {
            let rows = |item: &Row| readable(item, by(key));
            let before = told.before.as_ref().map(rows).unwrap_or_default();
            let others: Vec<ListRow> = told.images.iter().flat_map(rows).collect();
            if (before.is_empty() && others.is_empty()) || is_unchanged(&before, told, &others) {
                continue;
            }
            wanted.push(key.clone());
            had.insert(key.clone(), (before, others));
        }
        let now = self.read_many("read what is listed of", &wanted, true).await?;
        let mut rewrites = Vec::new();
        for key in wanted {
            let Some((before, others)) = had.remove(&key) else { continue };
            let Some(told) = told.get(&key) else { continue };
            let rewrite =
                rewrite(told.record, before, others, now.get(&key).map(|item| readable(item, by(&key))).unwrap_or_default());
            if !rewrite.puts.is_empty() || !rewrite.deletes.is_empty() {
                rewrites.push(rewrite);
            }
        }
        Ok(rewrites)
    }

    /// Writes the rows of one item; doing so twice changes nothing. A row of a later version stays.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn rewrite(&self, rewrite: &Rewrite) -> Result<()> {
        for row in &rewrite.puts {
            if row.once && self.read("look for a row in", &row.key, true).await?.is_some() {
                continue;
            }
            self.put_row(row).await?;
        }
        for (key, version, of) in &rewrite.deletes {
            self.delete_row(key, version.as_deref(), Some(of)).await?;
        }
        Ok(())
    }

    /// By which rates amounts rank, of each tenant of which an item is among `keys` that has amounts.
    async fn reporting_of<'k>(&self, keys: impl Iterator<Item = &'k Key>) -> Result<BTreeMap<TenantId, Option<Reporting>>> {
        let ranks = |key: &&Key| matches!(Sort::of(&key.sk), Sort::Head | Sort::Task);
        let tenants: BTreeSet<TenantId> = keys.filter(ranks).filter_map(|key| keys::parse_tenant(&key.pk)).collect();
        let mut all = BTreeMap::new();
        for tenant in tenants {
            let reporting = match self.settings(&tenant).await {
                Ok(settings) => settings.and_then(|settings| settings.value.reporting),
                // A shard that waits for settings to read would hold up every list behind it.
                Err(Error::Corrupt { key, detail }) => {
                    tracing::error!(key, detail, "settings cannot be read; amounts rank without rates");
                    None
                }
                Err(error) => return Err(error),
            };
            all.insert(tenant, reporting);
        }
        Ok(all)
    }

    /// The customers of whom the changes say that their tasks may rank otherwise: what they owe is reckoned otherwise, or an agreement
    /// changed. Each with the first record, by its position, that says so.
    pub fn reranked(changes: &[Followed]) -> Vec<(usize, TenantId, CustomerId)> {
        let mut all: BTreeMap<(TenantId, CustomerId), usize> = BTreeMap::new();
        for (at, change) in changes.iter().enumerate() {
            let [old, new] = [&change.old, &change.new].map(|image| image.clone().map(Row::from));
            let Some(key) = new.as_ref().and_then(key_of) else { continue };
            let says =
                |name: &str| [&old, &new].map(|image| image.as_ref().and_then(|image| text(image, name)).map(str::to_owned));
            let [before, after] = match Sort::of(&key.sk) {
                Sort::Head => says(head::OWED),
                Sort::Agreement => says(DOC),
                Sort::Settings
                | Sort::TemplateBody
                | Sort::Profile
                | Sort::ByHand
                | Sort::Invoice
                | Sort::Payment
                | Sort::Owner
                | Sort::Record
                | Sort::Task
                | Sort::Address
                | Sort::Hint
                | Sort::Other => continue,
            };
            if before != after
                && let Some(whose) = keys::parse_customer(&key.pk)
            {
                all.entry(whose).or_insert(at);
            }
        }
        all.into_iter().map(|((tenant, customer), at)| (at, tenant, customer)).collect()
    }

    pub(super) async fn put_row(&self, row: &ListRow) -> Result<()> {
        let mut item = row.row();
        item.extend(row.key.attributes());
        let newer = Change::of(row.key.clone()).when(not_later(&row.version));
        let out = self
            .db
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item))
            .set_condition_expression(newer.condition())
            .set_expression_attribute_names(newer.names())
            .set_expression_attribute_values(newer.values())
            .send()
            .await;
        match out {
            Err(error) if !error.as_service_error().is_some_and(|e| e.is_conditional_check_failed_exception()) => {
                Err(failed("list in", &row.key.pk, error))
            }
            Ok(_) | Err(_) => Ok(()),
        }
    }

    /// Takes a row away, where it is of no later version, and made from `of`: an object that moved has the same row, made from its other item.
    pub(super) async fn delete_row(&self, key: &Key, version: Option<&str>, of: Option<&Key>) -> Result<()> {
        let later = version.map(not_later);
        let own = of.map(|of| is(OF_PARTITION, s(of.pk.clone())).and(is(OF, s(of.sk.clone()))));
        let conditions: Vec<When> = later.into_iter().chain(own).collect();
        let whole = |conditions: Vec<When>| conditions.into_iter().fold(Change::of(key.clone()), Change::when);
        let condition = Some(conditions).filter(|conditions| !conditions.is_empty()).map(whole);
        let out = self
            .db
            .delete_item()
            .table_name(&self.table)
            .set_key(Some(key.attributes()))
            .set_condition_expression(condition.as_ref().and_then(Change::condition))
            .set_expression_attribute_names(condition.as_ref().and_then(Change::names))
            .set_expression_attribute_values(condition.as_ref().and_then(Change::values))
            .send()
            .await;
        match out {
            Err(error) if !error.as_service_error().is_some_and(|e| e.is_conditional_check_failed_exception()) => {
                Err(failed("take off a list in", &key.pk, error))
            }
            Ok(_) | Err(_) => Ok(()),
        }
    }
}

/// There is no row of a later version.
fn not_later(version: &str) -> When {
    absent(AS_OF_VERSION).or(at_most(AS_OF_VERSION, AttributeValue::S(version.to_owned())))
}

fn key_of(row: &Row) -> Option<Key> {
    Some(Key { pk: text(row, PK)?.to_owned(), sk: text(row, SK)?.to_owned() })
}

/// The rows of an item; none where it does not read, as one that a later release wrote may not.
fn readable(item: &Row, reporting: Option<&Reporting>) -> Vec<ListRow> {
    rows_of(item, reporting).unwrap_or_else(|error| {
        let error = error.to_string();
        tracing::error!(error, "an item cannot be read and is not listed");
        vec![]
    })
}

/// Whether no image of the batch says anything else than what was listed before it.
fn is_unchanged(before: &[ListRow], told: &Told, others: &[ListRow]) -> bool {
    let says = |row: &ListRow| before.iter().any(|known| known.key == row.key && known.doc == row.doc);
    told.before.is_some() && !told.removed && others.len() == before.len() * told.images.len() && others.iter().all(says)
}

fn rewrite(record: usize, before: Vec<ListRow>, others: Vec<ListRow>, now: Vec<ListRow>) -> Rewrite {
    let version = now.first().map(|row| row.version.clone());
    let says = |row: &ListRow| before.iter().any(|known| known.key == row.key && known.doc == row.doc);
    let places: BTreeSet<Key> = now.iter().map(|row| row.key.clone()).collect();
    let gone = before.iter().chain(&others).filter(|row| !row.stays && !places.contains(&row.key));
    let gone: BTreeMap<Key, Key> = gone.map(|row| (row.key.clone(), row.of.clone())).collect();
    let puts = now.iter().filter(|row| !says(row)).cloned().collect();
    Rewrite { record, puts, deletes: gone.into_iter().map(|(key, of)| (key, version.clone(), of)).collect() }
}

/// The sort key of an item that a row was made from, and whether the row is still right.
pub(super) fn source_of(row: &Row) -> Option<Key> {
    Some(Key { pk: text(row, OF_PARTITION)?.to_owned(), sk: text(row, OF)?.to_owned() })
}
