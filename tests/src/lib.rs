//! Black-box scenarios and benches.

pub mod faults;
