//! Reading vendors' books: what `sync` and the admin API share.
//!
//! | module | does |
//! |---|---|
//! | [`web`] | one HTTPS request, bounded in time and size, no redirect followed |
//! | [`signin`] | OAuth2: where people are sent, and what their coming back is worth |
//! | `credentials` | tokens, the app's secrets, and why there are none |
//! | [`tokens`] | tokens at rest, refreshed by one at a time |
//! | [`link`] | an open connection: asks, refreshes once, keeps to the vendor's pace |
//! | [`again`] | an event that was put aside for a person, applied again |
//! | [`unnamed`] | payments that do not say for which invoice they are |
//! | [`connect`] | what connecting a company takes |
//! | [`progress`] | how far the reading of a connection is |
//!
//! It knows no vendor: what to ask and what answers say is `connectors`' business.

#![warn(missing_docs)]

pub mod again;
pub mod connect;
mod credentials;
pub mod link;
pub mod progress;
pub mod signin;
pub mod tokens;
pub mod unnamed;
pub mod web;

pub use connect::{NotConnected, Wanted};
pub use credentials::{AppSecrets, Tokens};
pub use link::{Link, Opened};
pub use progress::Progress;
pub use web::Web;
