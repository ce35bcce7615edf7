//! What every sender does with a queued message, whatever its channel.
//!
//! ```text
//! queued (ids) ─ head: pending and mine to try? ── fresh facts and policy ── recheck ── render ── contact log ── claim ── look once more
//!                                                     │ superseded, blocked, deferred               │ changed: begin again
//!                                                                                                   └─ provider ── settle
//! ```
//!
//! A function adds the provider of its channel and nothing else.

mod batch;
mod flow;
mod outcome;
mod queued;
mod render;

pub use flow::{SendOutcome, Sender};
pub use queued::QueuedMessage;
