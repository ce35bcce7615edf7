//! Which partitions of indexes a write touched: those that the stream's records name, before the write and after it.

use dynoxide::{
    actions::{get_records::GetRecordsRequest, get_shard_iterator::encode_shard_iterator},
    types::{AttributeValue, Item},
};

use crate::{lock, template::model::Table, world::World};

impl World {
    /// The partitions of indexes, each with the name of its index, in which items are or were that were written since the last look. Records of
    /// another write of the same moment may be among them, so that this one finds more than its own, or none: `None` says that nothing is known.
    pub(crate) fn partitions_of(&self, indexes: &[String]) -> Option<Vec<(String, String)>> {
        let mut found = Vec::new();
        let mut looked_at = lock(&self.engine.looked_at);
        let tables = self.template.tables.iter().filter(|table| table.has_stream);
        for (table, position) in tables.zip(looked_at.iter_mut()) {
            let hash_keys: Vec<(&String, &str)> =
                indexes.iter().filter_map(|index| Some((index, hash_key(table, index)?))).collect();
            loop {
                let mut iterator = position.clone();
                if iterator.is_empty() {
                    iterator = encode_shard_iterator(&table.name, &dynoxide::streams::shard_id(&table.name), 0);
                }
                let answer = self.database.get_records(GetRecordsRequest { shard_iterator: iterator, limit: Some(1000) }).ok()?;
                if answer.records.is_empty() {
                    break;
                }
                *position = answer.next_shard_iterator.unwrap_or_default();
                for record in &answer.records {
                    let images = [&record.dynamodb.old_image, &record.dynamodb.new_image];
                    for image in images.into_iter().flatten() {
                        found.extend(
                            hash_keys.iter().filter_map(|(index, key)| Some(((*index).clone(), text(image, key)?.to_owned()))),
                        );
                    }
                }
            }
        }
        (!found.is_empty()).then_some(found)
    }
}

/// The attribute by which an index of a table is parted.
fn hash_key<'a>(table: &'a Table, index: &str) -> Option<&'a str> {
    let request = &table.request;
    let lists = ["GlobalSecondaryIndexes", "LocalSecondaryIndexes"].into_iter().filter_map(move |list| request[list].as_array());
    let own = lists.flatten().find(|own| own["IndexName"] == index)?;
    let keys = own["KeySchema"].as_array()?;
    keys.iter().find(|key| key["KeyType"] == "HASH").and_then(|key| key["AttributeName"].as_str())
}

fn text<'a>(image: &'a Item, key: &str) -> Option<&'a str> {
    match image.get(key)? {
        AttributeValue::S(text) => Some(text.as_str()),
        _ => None,
    }
}
