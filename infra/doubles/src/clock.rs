//! What the stand-ins ask the time.

use std::sync::Arc;

use jiff::Timestamp;

/// What says the time.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;
