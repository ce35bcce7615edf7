//! Lambda plumbing: configuration, clients, the clock, logging, metrics and problem documents.
//!
//! Only this crate reads the environment and the wall clock. A handler takes [`Env`], [`Clients`] and [`Clock`] as arguments:
//! `main.rs` builds them from Lambda, `infra/local` from the template's variables, its endpoints and its virtual clock.

mod budget;
mod clients;
mod clock;
mod env;
pub mod http;
mod invoke;
mod log;
pub mod metrics;
mod problem;
mod queued;
mod stream;

pub use budget::Budget;
pub use clients::Clients;
pub use clock::Clock;
pub use env::Env;
pub use invoke::FunctionInvoker;
pub use log::{TELLS_ALL, causes, init as init_logging, init_to as init_logging_to};
pub use problem::{FieldError, Problem};
pub use queued::{Queued, SchemaVersion};
pub use stream::{StreamBatch, sequence_number};
