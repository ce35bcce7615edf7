//! The console against an embedded table.
#![recursion_limit = "256"]
#![allow(clippy::unwrap_used, reason = "a test may stop at once")]

mod browser;
mod bulk;
mod customer;
mod customers;
mod done_by_form;
mod gate;
mod going_live;
mod invoices;
mod rights;
mod templates;
mod work;
mod workflows;
