//! For tests only: AWS on loopback. One address answers for an embedded table, KMS, S3 and EventBridge, so that handlers run
//! with the clients that they have in Lambda.
//!
//! | module | does |
//! |---|---|
//! | `door` | the address, what the stand-ins saw and how they behave |
//! | `table` | the table as the template describes it |
//! | `kms`, `bus` | two stand-ins |
//! | `meter` | counts capacity units |
//! | `death` | ends a process after any of its calls |

#![allow(clippy::unwrap_used, reason = "a test says by panicking that it failed")]

mod bus;
mod death;
mod door;
mod kms;
mod meter;
mod table;

pub use death::Death;
pub use door::{Loopback, World};
pub use meter::Meter;

/// The name of the table.
pub const TABLE: &str = "dunlin";

/// How many sequences a long property plays: what the variable `DUNLIN_SEQUENCES` of the process says, else `few`.
pub fn sequences(few: u32) -> u32 {
    kit::Env::from_process().get("DUNLIN_SEQUENCES").map_or(few, |count| count.parse().unwrap())
}
