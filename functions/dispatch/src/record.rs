//! One record of the table's stream.

use anyhow::{Context, bail};
use aws_lambda_events::dynamodb::EventRecord;
use serde_dynamo::Item;
use serde_json::Value;

/// What a record says of its item.
#[derive(Debug)]
pub enum Image {
    /// The item was written.
    Changed {
        /// As it was; none when it is new.
        old: Option<Item>,
        /// As it is.
        new: Item,
    },
    /// The item is gone, deleted or expired.
    Removed,
}

/// Reads one record by itself, so that one that is malformed spoils no other.
///
/// # Errors
///
/// When the record has another form, or no new image where it must have one.
pub fn read(record: Value) -> anyhow::Result<Image> {
    let record: EventRecord = serde_json::from_value(record).context("the record has another form")?;
    match record.event_name.as_str() {
        "REMOVE" => Ok(Image::Removed),
        "INSERT" | "MODIFY" => {
            let new: Item = record.change.new_image;
            if new.is_empty() {
                bail!("the record has no new image; the stream must carry new and old images");
            }
            let old = Some(record.change.old_image).filter(|old| !old.is_empty());
            Ok(Image::Changed { old, new })
        }
        other => bail!("the record says '{other}' of its item"),
    }
}
