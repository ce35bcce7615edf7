//! What somebody proposes to be carried out.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// An operation of the API that somebody proposed: it is kept with its task, and goes with it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProposedOperation {
    /// The operation, by its name in the API document.
    pub operation: String,
    /// Its arguments: parameters by their names, and the body under `body`.
    pub arguments: Value,
    /// Why, in the words of whoever proposed it.
    pub reason: String,
    /// Who: the subject of their sign-in, or the id of their key.
    pub by: String,
    /// What it acts on as it was then, as one text; `None` where it acts on nothing that was there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub facts_version: Option<String>,
    /// Until when it may be accepted.
    pub expires_at: Timestamp,
}
