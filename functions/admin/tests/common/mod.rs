//! A table on loopback with customers, and requests as API Gateway sends them.
#![allow(unused_imports, reason = "each test file uses a part of it")]

pub use testbed::api::{Api as World, at, request};
