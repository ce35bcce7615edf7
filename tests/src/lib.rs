//! Black-box scenarios and benches.
