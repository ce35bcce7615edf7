//! One record of the table's stream.

use anyhow::{Context, bail};
use aws_lambda_events::dynamodb::EventRecord;
use jiff::Timestamp;
use serde_dynamo::Item;
use serde_json::Value;
use store::{Followed, Seen};

/// Who DynamoDB says that it is when an item has expired.
const EXPIRY: &str = "dynamodb.amazonaws.com";

/// Reads one record by itself, so that one that is malformed spoils no other. `None` when the item has expired: then nothing was said of
/// what it stands for.
///
/// # Errors
///
/// When the record has another form, or lacks an image that it must have.
pub fn read(record: Value) -> anyhow::Result<Option<(Followed, Seen)>> {
    let seen = seen(&record);
    let record: EventRecord = serde_json::from_value(record).context("the record has another form")?;
    let some = |image: Item| Some(image).filter(|image| !image.is_empty());
    let followed = Followed { old: some(record.change.old_image), new: some(record.change.new_image) };
    match record.event_name.as_str() {
        "REMOVE" if record.user_identity.is_some_and(|who| who.principal_id == EXPIRY) => Ok(None),
        "REMOVE" if followed.old.is_some() => Ok(Some((Followed { new: None, ..followed }, seen?))),
        "INSERT" | "MODIFY" if followed.new.is_some() => Ok(Some((followed, seen?))),
        "INSERT" | "MODIFY" | "REMOVE" => bail!("the record lacks an image; the stream must carry new and old images"),
        other => bail!("the record says '{other}' of its item"),
    }
}

/// Where in the stream the record stands, and when it came there: in whole seconds, as the stream says it.
fn seen(record: &Value) -> anyhow::Result<Seen> {
    let at = match record.pointer("/dynamodb/ApproximateCreationDateTime") {
        // It comes with a fraction, `1.7E9`, that says nothing.
        Some(Value::Number(at)) => at.to_string(),
        _ => bail!("the record says not when"),
    };
    let whole = at.split('.').next().unwrap_or_default().parse().ok();
    let at = whole.and_then(|at| Timestamp::from_second(at).ok()).context("the record says not when")?;
    let sequence = kit::sequence_number(record).context("the record has no place in the stream")?;
    Ok(Seen { at, sequence })
}
