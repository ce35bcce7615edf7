//! What a scheduled function's word on idling rests on: the partitions and indexes that it ever read. A write elsewhere does not wake it.

use std::collections::HashSet;

use serde_json::Value;

/// Partitions of the tables, and indexes.
#[derive(Debug, Default)]
pub struct Touched {
    partitions: HashSet<String>,
    indexes: HashSet<String>,
    /// Whether a whole table was read.
    everything: bool,
}

impl Touched {
    /// What a request reads. Of a query of a table every text that it compares with may be the partition: more than it reads, never less.
    pub fn read_by(operation: &str, body: &Value, hash_key: &str) -> Self {
        let mut touched = Self::default();
        let mut partition = |key: &Value| touched.partitions.extend(text(&key[hash_key]));
        match operation {
            "GetItem" => partition(&body["Key"]),
            "BatchGetItem" => {
                values(&body["RequestItems"]).flat_map(|table| items(&table["Keys"])).for_each(partition);
            }
            "TransactGetItems" => items(&body["TransactItems"]).for_each(|item| partition(&item["Get"]["Key"])),
            "Query" => match body["IndexName"].as_str() {
                Some(index) => _ = touched.indexes.insert(index.to_owned()),
                None => touched.partitions.extend(values(&body["ExpressionAttributeValues"]).filter_map(text)),
            },
            _ => touched.everything = true,
        }
        touched
    }

    /// What a request writes, and the indexes for which it paid.
    pub fn written_by(operation: &str, body: &Value, hash_key: &str, indexes: impl IntoIterator<Item = String>) -> Self {
        let mut touched = Self { indexes: indexes.into_iter().collect(), ..Self::default() };
        let mut partition = |key: &Value| touched.partitions.extend(text(&key[hash_key]));
        match operation {
            "PutItem" => partition(&body["Item"]),
            "UpdateItem" | "DeleteItem" => partition(&body["Key"]),
            "TransactWriteItems" => items(&body["TransactItems"]).for_each(|item| {
                partition(&item["Put"]["Item"]);
                partition(&item["Update"]["Key"]);
                partition(&item["Delete"]["Key"]);
            }),
            "BatchWriteItem" => values(&body["RequestItems"]).flat_map(items).for_each(|request| {
                partition(&request["PutRequest"]["Item"]);
                partition(&request["DeleteRequest"]["Key"]);
            }),
            _ => touched.everything = true,
        }
        touched
    }

    /// Adds what was touched later.
    pub fn add(&mut self, other: &Self) {
        self.partitions.extend(other.partitions.iter().cloned());
        self.indexes.extend(other.indexes.iter().cloned());
        self.everything |= other.everything;
    }

    /// Whether both touch the same.
    pub fn meets(&self, other: &Self) -> bool {
        self.everything
            || other.everything
            || !self.partitions.is_disjoint(&other.partitions)
            || !self.indexes.is_disjoint(&other.indexes)
    }
}

fn text(value: &Value) -> Option<String> {
    value["S"].as_str().map(str::to_owned)
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn values(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_object().into_iter().flat_map(serde_json::Map::values)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const HASH: &str = "hash";

    fn written(operation: &str, body: Value, indexes: &[&str]) -> Touched {
        Touched::written_by(operation, &body, HASH, indexes.iter().map(|index| (*index).to_owned()))
    }

    #[test]
    fn a_write_meets_reads_of_its_partition_or_of_an_index_that_it_changed() {
        let key = |hash: &str| json!({HASH: {"S": hash}, "other": {"S": "x"}});
        let mut read = Touched::read_by("GetItem", &json!({"Key": key("a")}), HASH);
        read.add(&Touched::read_by("Query", &json!({"ExpressionAttributeValues": {":hash": {"S": "b"}}}), HASH));
        read.add(&Touched::read_by(
            "Query",
            &json!({"IndexName": "by-day", "ExpressionAttributeValues": {":of": {"S": "i"}}}),
            HASH,
        ));
        read.add(&Touched::read_by("BatchGetItem", &json!({"RequestItems": {"t": {"Keys": [key("c"), key("d")]}}}), HASH));
        for (operation, body, indexes, is_met) in [
            ("PutItem", json!({"Item": key("a")}), &[][..], true),
            ("UpdateItem", json!({"Key": key("b")}), &[], true),
            ("DeleteItem", json!({"Key": key("d")}), &[], true),
            (
                "TransactWriteItems",
                json!({"TransactItems": [{"Put": {"Item": key("z")}}, {"Update": {"Key": key("c")}}]}),
                &[],
                true,
            ),
            ("BatchWriteItem", json!({"RequestItems": {"t": [{"PutRequest": {"Item": key("a")}}]}}), &[], true),
            ("UpdateItem", json!({"Key": key("z")}), &["by-day"], true),
            ("UpdateItem", json!({"Key": key("z")}), &["by-name"], false),
            ("UpdateItem", json!({"Key": key("i")}), &[], false),
            ("TransactWriteItems", json!({"TransactItems": [{"ConditionCheck": {"Key": key("a")}}]}), &[], false),
            ("WhateverComes", json!({}), &[], true),
        ] {
            assert_eq!(read.meets(&written(operation, body.clone(), indexes)), is_met, "{operation} {body}");
        }
        let all = Touched::read_by("Scan", &json!({}), HASH);
        assert!(all.meets(&written("PutItem", json!({"Item": key("z")}), &[])));
        assert!(
            !Touched::default().meets(&written("PutItem", json!({"Item": key("z")}), &[])),
            "who read nothing waits for nothing"
        );
    }
}
