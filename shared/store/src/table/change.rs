//! Writes of items, in the making: composed from the names in [`attributes`](super::attributes), never from text.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{
    AttributeValue, ConditionCheck, Delete, Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update,
};

use crate::{
    Store,
    table::{attributes::every::PK, keys::Key, value::Row},
};

/// Where a value stands in an item: an attribute, or an entry of a map in it, and so on.
#[derive(Clone, Debug)]
pub(crate) struct Path(Vec<String>);

impl From<&str> for Path {
    fn from(name: &str) -> Self {
        Self(vec![name.to_owned()])
    }
}

impl From<&String> for Path {
    fn from(name: &String) -> Self {
        Self(vec![name.clone()])
    }
}

impl<const N: usize> From<[&str; N]> for Path {
    fn from(names: [&str; N]) -> Self {
        Self(names.map(str::to_owned).into())
    }
}

/// What must hold of an item for a write to happen.
#[derive(Clone, Debug)]
pub(crate) enum When {
    Absent(Path),
    Present(Path),
    Compared(Path, &'static str, AttributeValue),
    Among(Path, Vec<AttributeValue>),
    All(Vec<When>),
    Any(Vec<When>),
}

/// The item has nothing there.
pub(crate) fn absent(path: impl Into<Path>) -> When {
    When::Absent(path.into())
}
/// The item has something there.
pub(crate) fn present(path: impl Into<Path>) -> When {
    When::Present(path.into())
}
/// There is no such item.
pub(crate) fn no_item() -> When {
    absent(PK)
}
/// There is such an item.
pub(crate) fn some_item() -> When {
    present(PK)
}
/// The item has this value there.
pub(crate) fn is(path: impl Into<Path>, value: AttributeValue) -> When {
    When::Compared(path.into(), "=", value)
}
/// The item has one of these values there.
pub(crate) fn is_among(path: impl Into<Path>, values: impl IntoIterator<Item = AttributeValue>) -> When {
    When::Among(path.into(), values.into_iter().collect())
}
/// The item has something less there.
pub(crate) fn below(path: impl Into<Path>, value: AttributeValue) -> When {
    When::Compared(path.into(), "<", value)
}
/// The item has no more than that there.
pub(crate) fn at_most(path: impl Into<Path>, value: AttributeValue) -> When {
    When::Compared(path.into(), "<=", value)
}
/// The item has no less than that there.
pub(crate) fn at_least(path: impl Into<Path>, value: AttributeValue) -> When {
    When::Compared(path.into(), ">=", value)
}

impl When {
    /// Either holds.
    pub(crate) fn or(self, other: Self) -> Self {
        match self {
            Self::Any(mut all) => {
                all.push(other);
                Self::Any(all)
            }
            first => Self::Any(vec![first, other]),
        }
    }
    /// Both hold.
    pub(crate) fn and(self, other: Self) -> Self {
        match self {
            Self::All(mut all) => {
                all.push(other);
                Self::All(all)
            }
            first => Self::All(vec![first, other]),
        }
    }
}

/// Names and values of an expression, each under an alias, so that no name is a word of the table's own.
#[derive(Clone, Debug, Default)]
struct Aliases {
    names: Vec<String>,
    values: Vec<AttributeValue>,
}

impl Aliases {
    fn path(&mut self, path: &Path) -> String {
        let parts: Vec<String> = path
            .0
            .iter()
            .map(|name| {
                let at = self.names.iter().position(|known| known == name).unwrap_or_else(|| {
                    self.names.push(name.clone());
                    self.names.len() - 1
                });
                format!("#{at}")
            })
            .collect();
        parts.join(".")
    }

    fn value(&mut self, value: AttributeValue) -> String {
        self.values.push(value);
        format!(":{}", self.values.len() - 1)
    }

    fn condition(&mut self, when: When) -> String {
        match when {
            When::Absent(path) => format!("attribute_not_exists({})", self.path(&path)),
            When::Present(path) => format!("attribute_exists({})", self.path(&path)),
            When::Compared(path, operator, value) => {
                let path = self.path(&path);
                format!("{path} {operator} {}", self.value(value))
            }
            When::Among(path, values) => {
                let path = self.path(&path);
                let values: Vec<String> = values.into_iter().map(|value| self.value(value)).collect();
                format!("{path} IN ({})", values.join(", "))
            }
            When::All(all) => self.joined(all, " AND "),
            When::Any(any) => self.joined(any, " OR "),
        }
    }

    fn joined(&mut self, conditions: Vec<When>, word: &str) -> String {
        let parts: Vec<String> = conditions.into_iter().map(|each| format!("({})", self.condition(each))).collect();
        parts.join(word)
    }
}

/// A write of one item, as an update or within a transaction.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    pub(crate) key: Key,
    set: Vec<String>,
    add: Vec<String>,
    remove: Vec<String>,
    conditions: Vec<String>,
    aliases: Aliases,
}

impl Change {
    pub(crate) fn of(key: Key) -> Self {
        Self { key, set: vec![], add: vec![], remove: vec![], conditions: vec![], aliases: Aliases::default() }
    }
    /// Puts a value there, whatever is there.
    pub(crate) fn put(mut self, path: impl Into<Path>, value: AttributeValue) -> Self {
        let (path, value) = (self.aliases.path(&path.into()), self.aliases.value(value));
        self.set.push(format!("{path} = {value}"));
        self
    }
    /// Puts a value there if nothing is there.
    pub(crate) fn put_once(mut self, path: impl Into<Path>, value: AttributeValue) -> Self {
        let (path, value) = (self.aliases.path(&path.into()), self.aliases.value(value));
        self.set.push(format!("{path} = if_not_exists({path}, {value})"));
        self
    }
    /// Adds a number to what is there, or members to a set.
    pub(crate) fn add(mut self, path: impl Into<Path>, value: AttributeValue) -> Self {
        let (path, value) = (self.aliases.path(&path.into()), self.aliases.value(value));
        self.add.push(format!("{path} {value}"));
        self
    }
    /// Removes what is there, if anything is.
    pub(crate) fn drop(mut self, path: impl Into<Path>) -> Self {
        let path = self.aliases.path(&path.into());
        self.remove.push(path);
        self
    }
    /// Writes only where this holds too.
    pub(crate) fn when(mut self, condition: When) -> Self {
        let condition = self.aliases.condition(condition);
        self.conditions.push(condition);
        self
    }
    pub(crate) fn expression(&self) -> Option<String> {
        let part = |word: &str, list: &[String]| (!list.is_empty()).then(|| format!("{word} {}", list.join(", ")));
        let parts: Vec<String> =
            [part("SET", &self.set), part("ADD", &self.add), part("REMOVE", &self.remove)].into_iter().flatten().collect();
        (!parts.is_empty()).then(|| parts.join(" "))
    }
    pub(crate) fn condition(&self) -> Option<String> {
        (!self.conditions.is_empty())
            .then(|| self.conditions.iter().map(|each| format!("({each})")).collect::<Vec<_>>().join(" AND "))
    }
    pub(crate) fn names(&self) -> Option<HashMap<String, String>> {
        let names = self.aliases.names.iter().enumerate().map(|(at, name)| (format!("#{at}"), name.clone()));
        (!self.aliases.names.is_empty()).then(|| names.collect())
    }
    pub(crate) fn values(&self) -> Option<HashMap<String, AttributeValue>> {
        let values = self.aliases.values.iter().enumerate().map(|(at, value)| (format!(":{at}"), value.clone()));
        (!self.aliases.values.is_empty()).then(|| values.collect())
    }
    pub(crate) fn update(self, store: &Store) -> TransactWriteItem {
        let update = Update::builder()
            .table_name(&store.table)
            .set_key(Some(self.key.attributes()))
            .set_update_expression(self.expression())
            .set_condition_expression(self.condition())
            .set_expression_attribute_names(self.names())
            .set_expression_attribute_values(self.values())
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .build()
            .expect("key, table and expression are set");
        TransactWriteItem::builder().update(update).build()
    }
    /// The conditions alone.
    pub(crate) fn check(self, store: &Store) -> TransactWriteItem {
        let check = ConditionCheck::builder()
            .table_name(&store.table)
            .set_key(Some(self.key.attributes()))
            .set_condition_expression(self.condition())
            .set_expression_attribute_names(self.names())
            .set_expression_attribute_values(self.values())
            .build()
            .expect("key, table and condition are set");
        TransactWriteItem::builder().condition_check(check).build()
    }
    pub(crate) fn delete(self, store: &Store) -> TransactWriteItem {
        let delete = Delete::builder()
            .table_name(&store.table)
            .set_key(Some(self.key.attributes()))
            .set_condition_expression(self.condition())
            .set_expression_attribute_names(self.names())
            .set_expression_attribute_values(self.values())
            .build()
            .expect("key and table are set");
        TransactWriteItem::builder().delete(delete).build()
    }
    /// Puts `row` in the item's place, where the conditions hold, within a transaction.
    pub(crate) fn replace(self, store: &Store, mut row: Row) -> TransactWriteItem {
        row.extend(self.key.attributes());
        let put = Put::builder()
            .table_name(&store.table)
            .set_item(Some(row))
            .set_condition_expression(self.condition())
            .set_expression_attribute_names(self.names())
            .set_expression_attribute_values(self.values())
            .build()
            .expect("item and table are set");
        TransactWriteItem::builder().put(put).build()
    }
}

/// Puts an item within a transaction, whatever is there.
pub(crate) fn put(store: &Store, key: &Key, row: Row) -> TransactWriteItem {
    Change::of(key.clone()).replace(store, row)
}

/// Puts an item within a transaction, if none is there.
pub(crate) fn put_new(store: &Store, key: &Key, row: Row) -> TransactWriteItem {
    Change::of(key.clone()).when(no_item()).replace(store, row)
}
