//! A race over one company's books, whichever the vendor: webhooks, polls, comparisons and people's changes, with readers that
//! die around each of their calls of AWS and of the vendor, and a vendor that limits, fails and goes away.

mod company;
pub mod judge;
mod report;
mod scenario;
mod witness;

use local::When;

pub use report::Report;
pub use scenario::{evidence_of, run};

/// The function that reads books.
pub const READER: &str = "sync";
/// The function that takes webhooks.
pub const LISTENER: &str = "ingest";

/// What a race is run with.
#[derive(Clone, Debug)]
pub struct Plan {
    /// For everything random.
    pub seed: u64,
    /// Who owes.
    pub customers: usize,
    /// What they owe.
    pub invoices: usize,
    /// How long the story is.
    pub days: i64,
    /// The calls of an ordinary invocation around which it crashes, at most.
    pub calls_max: u32,
    /// The only crash of the reader, from the beginning on, as often as it comes; otherwise each place in turn.
    pub only: Option<(When, u32)>,
}

/// What an invocation does that is to die.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Doing {
    /// Reads what webhooks pointed at, or polls.
    Reading,
    /// The same with tokens that must be refreshed first.
    Refreshing,
    /// Takes a webhook.
    Listening,
}

/// Where to crash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// In what.
    pub doing: Doing,
    /// Around which call of the invocation, from 1.
    pub call: u32,
    /// Before or after.
    pub when: When,
}

impl Place {
    /// The function that crashes.
    pub fn function(&self) -> &'static str {
        match self.doing {
            Doing::Reading | Doing::Refreshing => READER,
            Doing::Listening => LISTENER,
        }
    }
}
