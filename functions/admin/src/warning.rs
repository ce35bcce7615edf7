//! Something to be put right, where it is.

use serde::Serialize;
use utoipa::ToSchema;

/// Something to be put right, where it is.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Warning {
    /// JSON pointer.
    pub pointer: String,
    /// What to do.
    pub detail: String,
}

impl From<(String, String)> for Warning {
    fn from((pointer, detail): (String, String)) -> Self {
        Self { pointer, detail }
    }
}
