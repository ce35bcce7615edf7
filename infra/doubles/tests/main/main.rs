//! The doubles, asked as the vendors are asked, also by the connectors that will ask the vendors.

mod access;
mod client;
mod faults;
mod paying;
mod quickbooks;
mod shapes;
mod stripe_pay;
mod xero;
