//! Items and what their attributes hold, in the making and read back.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;

/// An item: its attributes by name.
pub(crate) type Row = HashMap<String, AttributeValue>;

pub(crate) fn s(text: impl Into<String>) -> AttributeValue {
    AttributeValue::S(text.into())
}

pub(crate) fn n(number: impl ToString) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

/// An item in the making, or what there is of it beside its key.
pub(crate) fn row_of<const N: usize>(attributes: [(&str, AttributeValue); N]) -> Row {
    attributes.map(|(name, value)| (name.to_owned(), value)).into()
}

pub(crate) fn text<'a>(row: &'a Row, name: &str) -> Option<&'a str> {
    row.get(name).and_then(|value| value.as_s().ok()).map(String::as_str)
}

pub(crate) fn number<T: std::str::FromStr>(row: &Row, name: &str) -> Option<T> {
    row.get(name).and_then(|value| value.as_n().ok()).and_then(|text| text.parse().ok())
}

pub(crate) fn to_json<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("keys are texts and values plain, so that it always serializes")
}

/// The word by which an enum without fields is stored.
pub(crate) fn word_of<T: serde::Serialize>(value: T) -> String {
    serde_json::to_value(value).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

/// An instant as it is stored.
pub(crate) fn millis(at: Timestamp) -> i64 {
    at.as_millisecond()
}

/// A stored instant.
pub(crate) fn instant(millis: i64) -> Timestamp {
    Timestamp::from_millisecond(millis).unwrap_or(Timestamp::UNIX_EPOCH)
}
