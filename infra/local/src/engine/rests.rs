//! What a scheduled function's word on idling rests on: the partitions, of tables and of indexes, that its last tick read. A write elsewhere does
//! not wake it. What it remembers of earlier ticks does not count: on AWS, too, nothing but a tick's own reads tells it that this changed.

use std::collections::HashSet;

use serde_json::Value;

/// Partitions of the tables, and of their indexes.
#[derive(Debug, Default)]
pub struct Touched {
    partitions: HashSet<String>,
    /// The name of an index, and the value by which it is parted.
    of_indexes: HashSet<(String, String)>,
    /// Whether a whole table was read.
    everything: bool,
}

impl Touched {
    /// What a request reads. Of a query every text that it compares with may be the partition: more than it reads, never less.
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
                Some(index) => {
                    let texts = values(&body["ExpressionAttributeValues"]).filter_map(text);
                    touched.of_indexes.extend(texts.map(|text| (index.to_owned(), text)));
                }
                None => touched.partitions.extend(values(&body["ExpressionAttributeValues"]).filter_map(text)),
            },
            _ => touched.everything = true,
        }
        touched
    }

    /// What a request writes, and the partitions of the indexes for which it paid; `None` where it paid and they are not known.
    pub fn written_by(
        operation: &str,
        body: &Value,
        hash_key: &str,
        of_indexes: Option<impl IntoIterator<Item = (String, String)>>,
    ) -> Self {
        let everything = of_indexes.is_none();
        let of_indexes = of_indexes.into_iter().flatten().collect();
        let mut touched = Self { of_indexes, everything, ..Self::default() };
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
        self.of_indexes.extend(other.of_indexes.iter().cloned());
        self.everything |= other.everything;
    }

    /// Whether both touch the same.
    pub fn meets(&self, other: &Self) -> bool {
        self.everything
            || other.everything
            || !self.partitions.is_disjoint(&other.partitions)
            || !self.of_indexes.is_disjoint(&other.of_indexes)
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

    fn written(operation: &str, body: Value, of_indexes: &[(&str, &str)]) -> Touched {
        let of_indexes = of_indexes.iter().map(|(index, value)| ((*index).to_owned(), (*value).to_owned()));
        Touched::written_by(operation, &body, HASH, Some(of_indexes))
    }

    #[test]
    fn a_write_meets_reads_of_its_partition_or_of_one_of_an_index_that_it_changed() {
        let key = |hash: &str| json!({HASH: {"S": hash}, "other": {"S": "x"}});
        let mut read = Touched::read_by("GetItem", &json!({"Key": key("a")}), HASH);
        read.add(&Touched::read_by("Query", &json!({"ExpressionAttributeValues": {":hash": {"S": "b"}}}), HASH));
        read.add(&Touched::read_by(
            "Query",
            &json!({"IndexName": "by-day", "ExpressionAttributeValues": {":of": {"S": "i"}}}),
            HASH,
        ));
        read.add(&Touched::read_by("BatchGetItem", &json!({"RequestItems": {"t": {"Keys": [key("c"), key("d")]}}}), HASH));
        for (operation, body, of_indexes, is_met) in [
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
            ("UpdateItem", json!({"Key": key("z")}), &[("by-day", "i")], true),
            ("UpdateItem", json!({"Key": key("z")}), &[("by-day", "j")], false),
            ("UpdateItem", json!({"Key": key("z")}), &[("by-name", "i")], false),
            ("UpdateItem", json!({"Key": key("i")}), &[], false),
            ("TransactWriteItems", json!({"TransactItems": [{"ConditionCheck": {"Key": key("a")}}]}), &[], false),
            ("WhateverComes", json!({}), &[], true),
        ] {
            assert_eq!(read.meets(&written(operation, body.clone(), of_indexes)), is_met, "{operation} {body}");
        }
        let unknown: Option<[(String, String); 0]> = None;
        assert!(
            read.meets(&Touched::written_by("UpdateItem", &json!({"Key": key("z")}), HASH, unknown)),
            "who paid for an index and cannot say which of it wakes all"
        );
        let all = Touched::read_by("Scan", &json!({}), HASH);
        assert!(all.meets(&written("PutItem", json!({"Item": key("z")}), &[])));
        assert!(
            !Touched::default().meets(&written("PutItem", json!({"Item": key("z")}), &[])),
            "who read nothing waits for nothing"
        );
    }
}
