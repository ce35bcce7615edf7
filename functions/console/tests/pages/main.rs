//! The console against an embedded table.
#![recursion_limit = "256"]
#![allow(clippy::unwrap_used, reason = "a test may stop at once")]

mod access;
mod browser;
mod customers;
mod gate;
mod outside;
mod rights;
mod settings;
