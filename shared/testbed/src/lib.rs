//! For tests only: AWS on loopback. One address answers for an embedded table, KMS, S3 and EventBridge, so that handlers run
//! with the clients that they have in Lambda.
//!
//! | module | does |
//! |---|---|
//! | `door` | the address |
//! | `world` | what the stand-ins saw and how they behave |
//! | `table` | the table as the template describes it |
//! | `kms`, `bus` | two stand-ins |
//! | `aws` | the stand-ins with a clock and the tenant `acme`, for tests of handlers |
//! | `api` | a table with customers, and requests as API Gateway sends them |
//! | `issuer` | signs the tokens of people |
//! | `baskets` | what customers set out to pay |
//! | `documents` | facts and decisions as tests begin with them |
//! | `meter` | counts capacity units |
//! | `death` | ends a process after any of its calls |

#![allow(clippy::unwrap_used, reason = "a test says by panicking that it failed")]

pub mod api;
pub mod aws;
pub mod baskets;
mod bus;
mod death;
pub mod documents;
mod door;
pub mod issuer;
mod kms;
mod meter;
mod table;
mod world;

pub use death::Death;
pub use door::Loopback;
pub use meter::Meter;
pub use world::World;

/// The name of the table.
pub const TABLE: &str = "dunlin";

/// How many sequences a long property plays: what the variable `DUNLIN_SEQUENCES` of the process says, else `few`.
pub fn sequences(few: u32) -> u32 {
    kit::Env::from_process().get("DUNLIN_SEQUENCES").map_or(few, |count| count.parse().unwrap())
}
