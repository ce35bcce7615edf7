//! The whole template on one machine, in one process.
//!
//! [`Stack::start`] reads `template.yaml`, opens the embedded tables, builds every function's handler as Lambda would, and
//! serves the HTTP API and the control surface (`/_local`) on one address, and AWS-shaped endpoints for the functions on
//! another. Time is virtual: see [`engine`].

pub mod aws;
pub mod clock;
pub mod control;
pub mod demo;
pub mod engine;
pub mod faults;
pub mod functions;
pub mod gateway;
pub mod hold;
mod inbound;
mod inbound_mime;
mod inbound_text;
pub mod kept;
pub mod metrics;
mod notices;
pub mod outbox;
pub mod overview;
pub mod page;
pub mod pattern;
pub mod payments;
mod problem;
pub mod stack;
pub mod template;
pub mod tenants;
pub mod token;
pub mod vendors;
pub mod world;

use std::sync::{Mutex, MutexGuard, PoisonError};

pub use engine::Moved;
pub use faults::{Crashed, Fault, Mode, When};
pub use functions::{Function, Registry, from_fn, registry};
pub use hold::Hold;
pub use outbox::Sent;
pub use stack::{Options, Stack};

/// Locks; what a panicking holder left is used as it is.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
