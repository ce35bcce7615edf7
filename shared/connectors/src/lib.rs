//! One folder per outside system, behind one trait and one registry.
//!
//! A connector verifies what arrives over its raw bytes and maps it to [`domain::Document`]s; it does no I/O, reads no
//! clock and keeps nothing. Adding one is a folder that implements [`Connector`] and a line in [`registry`]; the contract
//! suite in `tests/contract.rs` then covers it.
//!
//! | module | system | carries |
//! |---|---|---|
//! | [`canonical`] | any system without a connector of its own | full objects |
//! | [`stripe`] | Stripe | full objects, as snapshot events |

pub mod canonical;
mod connector;
mod form;
mod incoming;
mod json;
mod places;
mod signature;
pub mod stripe;

pub use connector::{Bodies, Capabilities, Connector, FieldFlaw, Parked, Reading, Refused, Rejected, Scope};
pub use incoming::{Headers, Incoming, Secret};

/// Every connector. One line each.
pub fn registry() -> &'static [&'static dyn Connector] {
    &[&canonical::Canonical, &stripe::Stripe]
}

/// The connector of a source, as the last part of a webhook's path names it.
pub fn by_source(source: &str) -> Option<&'static dyn Connector> {
    registry().iter().copied().find(|connector| connector.source() == source)
}
