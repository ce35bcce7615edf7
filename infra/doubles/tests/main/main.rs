//! The doubles, asked as the vendors are asked, also by the connectors that will ask the vendors.

mod access;
mod client;
mod faults;
mod quickbooks;
mod shapes;
mod xero;
