//! Black-box scenarios and the rules of the house, in one binary so that they link once.
#![allow(clippy::unwrap_used, reason = "a test says by panicking that it failed")]

mod agreements;
mod architecture;
mod bad_input;
mod bad_payments;
mod bad_stripe;
mod books;
mod controls;
mod doors;
mod doubt;
mod faults;
mod going_live;
mod golden;
mod heard;
mod history;
mod interleavings;
mod judge;
mod ladder;
mod links;
mod lists;
mod logs;
mod long;
mod names;
mod nights;
mod people;
mod quickbooks;
mod race;
mod reading;
mod recorded;
mod releases;
mod replay;
mod sources;
mod stops;
mod stripe;
mod vendors;
mod xero;
