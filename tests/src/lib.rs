//! Black-box scenarios and benches.

pub mod desk;
pub mod documents;
