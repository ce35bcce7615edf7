//! The console against an embedded table.
#![recursion_limit = "256"]
#![allow(clippy::unwrap_used, reason = "a test may stop at once")]

mod access;
mod browser;
mod bulk;
mod customer;
mod customers;
mod done_by_form;
mod gate;
mod going_live;
mod invoices;
mod outside;
mod reports;
mod rights;
mod settings;
mod templates;
mod work;
mod workflows;
