//! JSON merge patches (RFC 7396) as the API takes them, and what differs between two documents as it shows it.

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

pub use setup::merge_patch::merge;

/// One field that is another after a write.
#[derive(Debug, PartialEq, Serialize, ToSchema)]
pub struct FieldChange {
    /// JSON pointer.
    pointer: String,
    /// What was there; absent where nothing was.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Value>)]
    before: Option<Value>,
    /// What is there now; absent where nothing is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Value>)]
    after: Option<Value>,
}

impl From<setup::merge_patch::ChangedField> for FieldChange {
    fn from(change: setup::merge_patch::ChangedField) -> Self {
        let setup::merge_patch::ChangedField { pointer, before, after } = change;
        Self { pointer, before, after }
    }
}
