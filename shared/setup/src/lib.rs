//! What admins set up: settings, and connections to outside systems. The API and the console both ask it.
//!
//! | module | holds |
//! |---|---|
//! | `desk` | what all of them work with |
//! | [`settings`] | reading, changing and trying settings; the kill switch and the breaker |
//! | [`settings_warnings`] | what settings allow, and should not stay so |
//! | [`merge_patch`] | JSON merge patches, and what differs between two documents |
//! | [`strangers`] | names that are given work and are nobody's here |
//! | [`first_workflows`] | the workflows and templates that a tenant starts with |
//! | [`connections`] | what is connected, webhook secrets, and the end of a connection |
//! | [`books`] | books that are read back: how they are, the sign-in that connects them, and the past |
//! | [`payment_connections`] | connections to payment providers |
//!
//! An operation here takes who acts and looks into the table of rights first, as those of `service` do. What connectors, providers and templates
//! there are is what it knows beyond `service`.

#![warn(missing_docs)]

pub mod books;
pub mod connections;
mod desk;
pub mod first_workflows;
pub mod merge_patch;
pub mod payment_connections;
pub mod settings;
pub mod settings_warnings;
pub mod strangers;

pub use desk::SetupDesk;
