//! The store against an embedded table on loopback.
#![allow(clippy::unwrap_used, reason = "a test says by panicking that it failed")]

mod along;
mod audited;
mod baskets;
mod baskets_moved;
mod billed_lines;
mod by_hand;
mod causes;
mod common;
mod own_message;

mod cost;
mod counting;
mod crashes;
mod deliveries;
mod documents;
mod evolving;
mod later;
mod limits;
mod links;
mod message;
mod moves;
mod notices;
mod people;
mod plan_offers;
mod replies;
mod sealed;
mod secrets;
mod shape;
mod stream;
mod taken_back;
mod tenant;
mod way;
mod write_backs;
