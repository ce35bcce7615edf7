//! The console against an embedded table.
#![recursion_limit = "256"]
#![allow(clippy::unwrap_used, reason = "a test may stop at once")]

mod browser;
mod customers;
mod gate;
mod going_live;
mod rights;
mod templates;
mod workflows;
