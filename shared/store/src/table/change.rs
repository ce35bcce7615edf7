//! Writes of items, in the making.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{
    AttributeValue, ConditionCheck, Delete, Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update,
};

use crate::{
    Store,
    table::{db::Row, keys::Key},
};

/// A write of one item, as an update or within a transaction.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    pub(crate) key: Key,
    set: Vec<String>,
    add: Vec<String>,
    remove: Vec<String>,
    conditions: Vec<String>,
    names: HashMap<String, String>,
    values: HashMap<String, AttributeValue>,
}

impl Change {
    pub(crate) fn of(key: Key) -> Self {
        Self { key, set: vec![], add: vec![], remove: vec![], conditions: vec![], names: HashMap::new(), values: HashMap::new() }
    }
    pub(crate) fn set(mut self, expression: impl Into<String>) -> Self {
        self.set.push(expression.into());
        self
    }
    /// Sets the attribute `name`, whatever the name.
    pub(crate) fn put(mut self, name: &str, value: AttributeValue) -> Self {
        let at = self.values.len();
        self.names.insert(format!("#a{at}"), name.to_owned());
        self.values.insert(format!(":a{at}"), value);
        self.set.push(format!("#a{at} = :a{at}"));
        self
    }
    pub(crate) fn drop(mut self, name: &str) -> Self {
        let alias = format!("#r{}", self.remove.len());
        self.names.insert(alias.clone(), name.to_owned());
        self.remove.push(alias);
        self
    }
    pub(crate) fn remove(mut self, expression: impl Into<String>) -> Self {
        self.remove.push(expression.into());
        self
    }
    pub(crate) fn add(mut self, expression: impl Into<String>) -> Self {
        self.add.push(expression.into());
        self
    }
    pub(crate) fn when(mut self, condition: impl Into<String>) -> Self {
        self.conditions.push(condition.into());
        self
    }
    pub(crate) fn name(mut self, alias: &str, name: &str) -> Self {
        self.names.insert(alias.to_owned(), name.to_owned());
        self
    }
    pub(crate) fn value(mut self, alias: &str, value: AttributeValue) -> Self {
        self.values.insert(alias.to_owned(), value);
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
        (!self.names.is_empty()).then(|| self.names.clone())
    }
    pub(crate) fn values(&self) -> Option<HashMap<String, AttributeValue>> {
        (!self.values.is_empty()).then(|| self.values.clone())
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
            .build()
            .expect("key and table are set");
        TransactWriteItem::builder().delete(delete).build()
    }
}

/// A put within a transaction; `condition` without values.
pub(crate) fn put(store: &Store, key: &Key, mut row: Row, condition: Option<&str>) -> TransactWriteItem {
    row.extend(key.attributes());
    let put = Put::builder()
        .table_name(&store.table)
        .set_item(Some(row))
        .set_condition_expression(condition.map(str::to_owned))
        .build()
        .expect("item and table are set");
    TransactWriteItem::builder().put(put).build()
}
