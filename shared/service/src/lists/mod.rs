//! Looking through what there is: lists by an order, with filters, a page at a time, and a search.
//!
//! A page is one query a shard of the list's rows, merged, and one batch for the names of the customers on it. What is filtered by more than
//! the list is ordered by is left out of the page that was read: such a page may be short, or empty, though there is a next one. A cursor is
//! sealed for its tenant, list, order and filters.

pub mod agreements;
pub mod baskets;
pub mod cases;
pub mod customers;
pub mod invoices;
pub mod messages;
pub mod payments;
pub mod search;
pub mod tasks;

use std::collections::{BTreeMap, BTreeSet};

use domain::{CustomerId, TenantId};
use store::{CustomerName, DayRange, List, ListPage, Store, Vault};

use crate::{Done, NotDone, cursors};

/// Rows of a page where nothing else is asked.
const LIMIT: u32 = 50;
/// Most rows of a page.
const LIMIT_MAX: u32 = 100;

/// What lists are read with.
#[derive(Clone, Copy, Debug)]
pub struct ListReading<'a> {
    /// The table.
    pub store: &'a Store,
    /// What seals cursors.
    pub vault: &'a Vault,
}

/// Which page.
#[derive(Clone, Debug, Default)]
pub struct PageAsked {
    /// How many rows at most, 1 to 100; 50 where it is left out.
    pub limit: Option<u32>,
    /// `next` of the page before.
    pub cursor: Option<String>,
}

/// A page of a list.
#[derive(Clone, Debug, PartialEq)]
pub struct ListedPage<T> {
    /// Its rows.
    pub rows: Vec<T>,
    /// The cursor of the next page; `None` at the end.
    pub next: Option<String>,
}

impl<T> ListedPage<T> {
    /// What is all there is.
    pub(crate) fn whole(rows: Vec<T>) -> Self {
        Self { rows, next: None }
    }
}

/// An order as somebody asks for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SortOrder<S> {
    pub(crate) by: S,
    pub(crate) backwards: bool,
}

impl<S: Copy> SortOrder<S> {
    /// Reads `due_on`, or from its end `-due_on`, as one of those that there are; the first where nothing is asked.
    pub(crate) fn read(text: Option<&str>, known: &[(&str, S)]) -> Done<Self> {
        let names = || known.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
        let wrong =
            || NotDone::field("/sort", format!("a list is sorted by one of: {}; with '-' before it from its end", names()));
        let Some(text) = text else {
            return known.first().map(|(_, by)| Self { by: *by, backwards: false }).ok_or_else(wrong);
        };
        let (backwards, name) = text.strip_prefix('-').map_or((false, text), |name| (true, name));
        let by = known.iter().find(|(known, _)| *known == name).map(|(_, by)| *by);
        Ok(Self { by: by.ok_or_else(wrong)?, backwards })
    }
}

/// A list in the making: whose, and by which name its cursors are told from those of others.
#[derive(Debug)]
pub(crate) struct Listing<'a> {
    reading: ListReading<'a>,
    tenant: &'a TenantId,
    /// The list with everything that it was asked for by.
    name: String,
    limit: u32,
    after: Option<String>,
}

impl<'a> Listing<'a> {
    /// Opens the cursor, if there is one.
    pub(crate) async fn open(
        reading: ListReading<'a>,
        tenant: &'a TenantId,
        list: &str,
        asked_by: &impl std::fmt::Debug,
        page: &PageAsked,
    ) -> Done<Self> {
        let limit = page.limit.unwrap_or(LIMIT);
        if !(1..=LIMIT_MAX).contains(&limit) {
            return Err(NotDone::field("/limit", format!("a page has 1 to {LIMIT_MAX} rows; 'next' leads to the one after it")));
        }
        let name = format!("{list}:{asked_by:?}");
        let after = cursors::opened(reading.vault, tenant, &name, page.cursor.as_deref()).await?;
        Ok(Self { reading, tenant, name, limit, after })
    }

    pub(crate) fn limit(&self) -> u32 {
        self.limit
    }

    pub(crate) fn after(&self) -> Option<&str> {
        self.after.as_deref()
    }

    pub(crate) fn store(&self) -> &'a Store {
        self.reading.store
    }

    /// A page of rows.
    pub(crate) async fn read(&self, list: &List, backwards: bool) -> Done<ListPage> {
        let ListReading { store, .. } = self.reading;
        let page = if backwards {
            store.list_backwards(self.tenant, list, self.limit, self.after()).await
        } else {
            store.list(self.tenant, list, self.limit, self.after()).await
        };
        page.map_err(no_cursor)
    }

    /// The page with its cursor.
    pub(crate) async fn page<T>(&self, rows: Vec<T>, after: Option<String>) -> Done<ListedPage<T>> {
        let next = cursors::sealed(self.reading.vault, self.tenant, &self.name, after.as_deref()).await?;
        Ok(ListedPage { rows, next })
    }

    /// What the customers on a page are called.
    pub(crate) async fn names<'c>(
        &self,
        customers: impl Iterator<Item = &'c CustomerId>,
    ) -> Done<BTreeMap<CustomerId, CustomerName>> {
        let customers: BTreeSet<CustomerId> = customers.cloned().collect();
        Ok(self.reading.store.names(self.tenant, &customers).await?)
    }
}

/// A cursor that was good once and leads nowhere now, as one of a range of days that has moved on.
pub(crate) fn no_cursor(error: store::Error) -> NotDone {
    match error {
        store::Error::Refused { .. } => NotDone::Cursor,
        error => error.into(),
    }
}

/// A customer by its id, as a filter.
pub(crate) fn customer(text: Option<&str>) -> Done<Option<CustomerId>> {
    let read = |text: &str| CustomerId::parse(text).ok_or_else(|| NotDone::field("/customer", "a customer's id is 'cus_…'"));
    text.map(read).transpose()
}

/// A word among those that there are.
pub(crate) fn word<'t>(pointer: &str, text: &'t str, known: &[&str]) -> Done<&'t str> {
    if known.contains(&text) {
        return Ok(text);
    }
    Err(NotDone::field(pointer, format!("it is one of: {}", known.join(", "))))
}

/// A day.
pub(crate) fn day(pointer: &str, text: Option<&str>) -> Done<Option<jiff::civil::Date>> {
    let read = |text: &str| text.parse().map_err(|_| NotDone::field(pointer, "it is a day, such as 2026-02-04"));
    text.map(read).transpose()
}

/// Days from one to another, both inclusive, each by its name.
pub(crate) fn days((from_name, from): (&str, Option<&str>), (until_name, until): (&str, Option<&str>)) -> Done<DayRange> {
    let range = DayRange { from: day(from_name, from)?, until: day(until_name, until)? };
    if range.from.zip(range.until).is_some_and(|(from, until)| from > until) {
        let from = from_name.trim_start_matches('/');
        return Err(NotDone::field(until_name, format!("it is before '{from}': no day lies between; exchange the two")));
    }
    Ok(range)
}

/// What somebody looks for: two characters and more.
pub(crate) fn looked_for(text: &str) -> Done<&str> {
    let text = text.trim();
    if (2..=200).contains(&text.chars().count()) {
        return Ok(text);
    }
    Err(NotDone::field("/q", "a search has 2 to 200 characters; it finds beginnings of words of two letters and more"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_one_of_those_that_there_are() {
        let known = [("name", 1), ("overdue", 2)];
        for (text, expected) in [
            (None, Some((1, false))),
            (Some("overdue"), Some((2, false))),
            (Some("-overdue"), Some((2, true))),
            (Some("--overdue"), None),
            (Some(""), None),
            (Some("owner"), None),
        ] {
            let read = SortOrder::read(text, &known).ok();
            assert_eq!(read.map(|order| (order.by, order.backwards)), expected, "{text:?}");
        }
    }

    #[test]
    fn a_search_has_two_characters() {
        for (text, good) in [("ab", true), (" a ", false), ("", false), ("é", false), ("東京", true)] {
            assert_eq!(looked_for(text).is_ok(), good, "{text}");
        }
        assert!(looked_for(&"a".repeat(201)).is_err());
    }
}
