//! What the providers make of every way that a call can end, against an endpoint on loopback.

mod contract;
mod each;
mod loopback;
