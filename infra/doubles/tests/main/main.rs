//! The doubles, asked as the vendors are asked, also by the connectors that will ask the vendors.

mod access;
mod client;
mod faults;
mod gocardless;
mod paying;
mod paypal;
mod quickbooks;
mod shapes;
mod stripe_pay;
mod writing;
mod xero;
