//! What only a new day, or other rates, change of the orders by amount: a walk over their rows, a page at a time.
//!
//! The walk reads rows, and of customers only those of whom a row says that more is past due by now. Where the reporting currency or a rate
//! is another than at the walk before, each row is held against what its item stands for now.

use std::collections::BTreeMap;

use domain::{BookShares, Currency, CustomerId, KeyAccounts, Owed, Reporting, TaskId, TenantId};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{
    follow::source_of,
    lines::Line,
    rows::{ListRow, rows_of},
};
use crate::{
    Result, Store,
    table::{
        attributes::{
            document::DOC,
            every::{PK, SK},
        },
        change::Change,
        db::{Row, failed, json, s, text, to_json},
        keys::{self, Key},
    },
};

/// Rows that are looked at together.
const ROWS: i32 = 100;

/// A list that a walk goes over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WalkedList {
    /// Customers by their oldest: whoever owes stands in it.
    Oldest,
    /// Tasks by money at stake.
    Tasks,
    /// Customers by what is past due.
    Overdue,
    /// Customers by net exposure.
    Stake,
}

impl WalkedList {
    fn partition(self, tenant: &TenantId, shard: u8) -> String {
        let (kind, order) = match self {
            Self::Oldest => ("customers", "oldest"),
            Self::Tasks => ("tasks", "stake"),
            Self::Overdue => ("customers", "overdue"),
            Self::Stake => ("customers", "stake"),
        };
        keys::list(tenant, kind, order, &super::shard_name(None, shard))
    }
}

/// How far a tenant's walk has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AmountsWalk {
    /// The tenant's day that it is for.
    pub on: Date,
    /// The rates by which rows rank after it.
    #[serde(default)]
    pub reporting: Option<Reporting>,
    /// Whether they are others than before, or it is the first walk: then every row is looked at.
    pub reranks: bool,
    /// The list that is under way; `None` when the walk is over.
    pub list: Option<WalkedList>,
    /// The shard of it.
    pub shard: u8,
    /// The last row of that which was looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// What is open of the book as far as the walk came, until the key accounts of the day are settled by it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub book: Option<BookShares>,
    /// By which settings the book is counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<KeyAccounts>,
}

impl AmountsWalk {
    /// The walk of a day: what is known of the last one, unless the day or the rates are others.
    pub fn of_day(known: Option<Self>, on: Date, reporting: Option<&Reporting>, by: Option<&KeyAccounts>) -> Self {
        let reranks = known.as_ref().is_none_or(|known| known.reporting.as_ref() != reporting);
        match known {
            Some(known) if known.on == on && !reranks => known,
            // One that was to look at every row and did not come to its end is not over because a day is.
            known => {
                let unfinished = known.is_some_and(|known| known.reranks && known.list.is_some());
                let (list, reporting) = (Some(WalkedList::Oldest), reporting.cloned());
                Self {
                    on,
                    reporting,
                    reranks: reranks || unfinished,
                    list,
                    shard: 0,
                    after: None,
                    book: Some(BookShares::default()),
                    by: by.cloned(),
                }
            }
        }
    }

    /// With what the customers of a page owe, where the tenant's settings say from which share on a customer is a key account.
    #[must_use]
    pub fn counting(self, page: &AmountsPage, by: Option<&KeyAccounts>) -> Self {
        let mut walk = self.settling_by(by);
        if let (Some(book), Some(by)) = (&mut walk.book, by) {
            for (customer, owed) in &page.owed {
                book.add(customer, owed, by);
            }
        }
        walk
    }

    /// Without the book where the settings are others than when the walk began: what was counted by those is not the whole of it. The next
    /// day's walk counts it anew.
    #[must_use]
    pub fn settling_by(mut self, by: Option<&KeyAccounts>) -> Self {
        if self.by.as_ref() != by {
            self.book = None;
        }
        self
    }

    /// Goes on behind a page: with its last row, with the next shard, the next list, or not at all.
    #[must_use]
    pub fn behind(self, after: Option<String>) -> Self {
        let next = match self.list {
            Some(WalkedList::Oldest) => Some(WalkedList::Tasks),
            Some(WalkedList::Tasks) if self.reranks => Some(WalkedList::Overdue),
            Some(WalkedList::Overdue) => Some(WalkedList::Stake),
            Some(WalkedList::Tasks | WalkedList::Stake) | None => None,
        };
        match after {
            Some(after) => Self { after: Some(after), ..self },
            None if self.shard + 1 < keys::LIST_SHARDS => Self { shard: self.shard + 1, after: None, ..self },
            None => Self { list: next, shard: 0, after: None, ..self },
        }
    }
}

/// A page of what is ranked by amounts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AmountsPage {
    /// Customers of whom more is past due than their heads say, on the day that was asked for; or whose heads do not say a day.
    pub grown: Vec<CustomerId>,
    /// Customers with open tasks, and these.
    pub tasks: BTreeMap<CustomerId, Vec<TaskId>>,
    /// What customers owe, of the list in which each stands once.
    pub owed: Vec<(CustomerId, BTreeMap<Currency, Owed>)>,
    /// The last row; `None` at the end.
    pub after: Option<String>,
    keys: Vec<(Key, Option<Key>)>,
}

impl Store {
    /// How far the last walk of a tenant has come.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn amounts_walk(&self, tenant: &TenantId) -> Result<Option<AmountsWalk>> {
        let row = self.read("read the walk over amounts of", &keys::amounts_walk(tenant), true).await?;
        row.as_ref().map(|row| json(row, DOC)).transpose()
    }

    /// Notes how far it has come.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn put_amounts_walk(&self, tenant: &TenantId, walk: &AmountsWalk) -> Result<()> {
        let change = Change::of(keys::amounts_walk(tenant)).put(DOC, s(to_json(walk)));
        self.write("note the walk over amounts of", change, false).await.map(|_| ())
    }

    /// The page of rows that a walk comes to next; none where it is over.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn amounts_page(&self, tenant: &TenantId, walk: &AmountsWalk) -> Result<AmountsPage> {
        let Some(list) = walk.list else { return Ok(AmountsPage::default()) };
        let pk = list.partition(tenant, walk.shard);
        let start = walk.after.as_ref().map(|sk| Key { pk: pk.clone(), sk: sk.clone() }.attributes());
        let out = self
            .db
            .query()
            .table_name(&self.table)
            .key_condition_expression(format!("{PK} = :pk AND begins_with({SK}, :prefix)"))
            .expression_attribute_values(":pk", s(pk.clone()))
            .expression_attribute_values(":prefix", s(keys::ROW))
            .limit(ROWS)
            .set_exclusive_start_key(start)
            .send()
            .await
            .map_err(|error| failed("walk over the amounts in", &pk, error))?;
        let mut page = AmountsPage {
            after: out.last_evaluated_key.as_ref().and_then(|key| text(key, SK)).map(str::to_owned),
            ..AmountsPage::default()
        };
        for row in out.items.unwrap_or_default() {
            let key = Key { pk: pk.clone(), sk: text(&row, SK).unwrap_or_default().to_owned() };
            page.keys.push((key, source_of(&row)));
            // What a later release wrote is looked at by that.
            let Ok(line) = json::<Line>(&row, DOC) else { continue };
            match line {
                Line::Owed(line) if list == WalkedList::Oldest => {
                    let grew = line.owed.values().any(|owed| owed.grows_on.is_some_and(|on| on <= walk.on));
                    if grew || line.owed.values().any(|owed| owed.oldest_due_on.is_none()) {
                        page.grown.push(line.customer.clone());
                    }
                    page.owed.push((line.customer, line.owed));
                }
                Line::Task(line) => {
                    if let Some(customer) = line.customer {
                        page.tasks.entry(customer).or_default().push(line.task);
                    }
                }
                Line::Owed(_)
                | Line::Customer(_)
                | Line::Next(_)
                | Line::Case(_)
                | Line::Invoice(_)
                | Line::Payment(_)
                | Line::Message(_)
                | Line::Place(_)
                | Line::Agreement(_)
                | Line::Stopped(_)
                | Line::Word(_)
                | Line::Person(_) => {}
            }
        }
        Ok(page)
    }

    /// Holds the rows of a page against what their items stand for now: what is missing is written, and what is nowhere said goes.
    ///
    /// # Errors
    ///
    /// Those of reading and writing.
    pub async fn rerank(&self, page: &AmountsPage, reporting: Option<&Reporting>) -> Result<()> {
        let sources: Vec<Key> = page.keys.iter().filter_map(|(_, source)| source.clone()).collect();
        let found = self.read_many("rank anew", &sources, true).await?;
        let mut stands: BTreeMap<&Key, Vec<ListRow>> = BTreeMap::new();
        for (key, item) in &found {
            // What does not read is told of by the stream, and its rows stay.
            if let Ok(rows) = ranked(item, reporting) {
                stands.insert(key, rows);
            }
        }
        for row in stands.values().flatten() {
            self.put_row(row).await?;
        }
        for (key, source) in &page.keys {
            let is_gone = match source {
                Some(source) if found.contains_key(source) => {
                    stands.get(source).is_some_and(|rows| rows.iter().all(|row| row.key != *key))
                }
                Some(_) | None => true,
            };
            if is_gone {
                self.delete_row(key, None, None).await?;
            }
        }
        Ok(())
    }
}

/// The rows of an item that rank by amounts.
fn ranked(item: &Row, reporting: Option<&Reporting>) -> Result<Vec<ListRow>> {
    let is_ranked = |row: &ListRow| ["#overdue#", "#stake#", "#oldest#"].iter().any(|order| row.key.pk.contains(order));
    Ok(rows_of(item, reporting)?.into_iter().filter(is_ranked).collect())
}

#[cfg(test)]
mod tests {
    use domain::Currency;

    use super::*;

    fn walked(mut walk: AmountsWalk) -> Vec<WalkedList> {
        let mut lists = Vec::new();
        while let Some(list) = walk.list {
            lists.push(list);
            walk = walk.behind(Some("L#a".to_owned()));
            assert_eq!(walk.after.as_deref(), Some("L#a"));
            for _ in 0..keys::LIST_SHARDS {
                walk = walk.behind(None);
                assert_eq!(walk.after, None);
            }
            assert_eq!(walk.shard, 0);
        }
        lists
    }

    #[test]
    fn a_walk_begins_with_a_day_and_with_other_rates() {
        let on = |text: &str| text.parse::<Date>().expect("a date");
        let euros = Reporting { currency: Currency::EUR, rates: BTreeMap::new() };
        let all = [WalkedList::Oldest, WalkedList::Tasks, WalkedList::Overdue, WalkedList::Stake];
        let first = AmountsWalk::of_day(None, on("2026-02-05"), None, None);
        assert_eq!(walked(first.clone()), all);
        let over = AmountsWalk { list: None, ..first.clone() };
        assert_eq!(AmountsWalk::of_day(Some(over.clone()), on("2026-02-05"), None, None), over);
        let next = AmountsWalk::of_day(Some(over.clone()), on("2026-02-06"), None, None);
        assert_eq!((walked(next.clone()), next.reranks), (vec![WalkedList::Oldest, WalkedList::Tasks], false));
        let other = AmountsWalk::of_day(Some(over), on("2026-02-05"), Some(&euros), None);
        assert_eq!(walked(other.clone()), all);
        // What was not finished goes on the next day.
        assert!(AmountsWalk::of_day(Some(other.clone()), on("2026-02-06"), Some(&euros), None).reranks);
        let over = AmountsWalk { list: None, ..other };
        assert!(!AmountsWalk::of_day(Some(over), on("2026-02-06"), Some(&euros), None).reranks);
    }

    #[test]
    fn a_book_that_two_settings_counted_is_none() {
        let by = |share_percent| KeyAccounts { share_percent, owner: "robin".to_owned() };
        let on: Date = "2026-02-05".parse().expect("a date");
        let page = AmountsPage::default();
        let walk = AmountsWalk::of_day(None, on, None, Some(&by(50))).counting(&page, Some(&by(50)));
        assert!(walk.clone().settling_by(Some(&by(50))).book.is_some());
        for other in [Some(by(10)), None] {
            assert_eq!(walk.clone().settling_by(other.as_ref()).book, None);
            // It is not whole either once the settings are those of before again.
            let counted = walk.clone().counting(&page, other.as_ref()).counting(&page, Some(&by(50)));
            assert_eq!(counted.book, None);
        }
    }
}
