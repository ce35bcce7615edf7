//! The table itself: keys, calls with their outcomes told apart, writes in the making.

pub mod attributes;
pub(crate) mod change;
pub(crate) mod db;
pub(crate) mod error;
pub mod keys;
pub(crate) mod retry;
pub(crate) mod value;
