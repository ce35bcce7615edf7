//! The table: keys, items, transactions.
mod api_draft;
mod error;
pub use api_draft::*;
pub use error::{Error, Result};
