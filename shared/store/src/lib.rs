//! The table: keys, items, transactions.
//!
//! [`keys`] lists every key and access pattern. Every call takes the tenant first, may run twice, and says by its error what
//! the caller does about it.
//!
//! | module | does |
//! |---|---|
//! | `apply` | documents in: receipt, effects and wake-up in one transaction |
//! | `books`, `reading` | books that are read back: who reads, what was hinted, what is known |
//! | `head`, `facts` | what a decision is made from |
//! | `commit` | a decision, conditional on the head |
//! | `claim`, `settle`, `record`, `why` | a message's way, and the chain of records |
//! | `heard`, `addresses` | what providers and people say afterwards |
//! | `tenants`, `workflows`, `counters` | what a tenant decides by |
//! | `work`, `customers` | what people see and do |
//! | `vault`, `connections`, `tokens` | secrets |
//! | `events`, `schema` | bus events from the table's stream; the form of what is queued |

#![warn(missing_docs)]

mod addresses;
mod apply;
mod books;
mod cache;
mod change;
mod claim;
mod commit;
mod connections;
mod counters;
mod customers;
mod db;
mod error;
mod events;
mod facts;
mod head;
mod heard;
pub mod keys;
mod listed;
mod reading;
mod record;
mod schema;
mod settle;
mod tenants;
mod tokens;
mod vault;
mod why;
mod work;
mod workflows;

use std::sync::Arc;

pub use apply::{Applied, AppliedOutcome, Receipt};
pub use books::{Lease, Leased, SignIn, Waiting};
pub use claim::{Claim, Release};
pub use commit::Committed;
pub use connections::{Connection, Secrets};
pub use counters::{MEDIAN_DAYS, Room, Slot};
pub use customers::Explained;
pub use error::{Error, Result};
pub use events::{BusEvent, events};
pub use facts::fact_versions;
pub use head::{Attempt, Entry, Head};
pub use heard::{Found, Heard};
pub use record::Record;
pub use schema::{Queued, SchemaVersion};
pub use settle::{Settled, Settlement};
pub use tenants::{DueEntry, DuePage, Replan, TenantRow, Versioned};
pub use vault::Vault;
pub use work::{Task, TaskPage, is_task_cursor, task_id};
pub use workflows::{Read, Template};

/// The table.
#[derive(Clone, Debug)]
pub struct Store {
    pub(crate) db: aws_sdk_dynamodb::Client,
    pub(crate) table: String,
    pub(crate) cache: Arc<cache::Cache>,
}

impl Store {
    /// The table of that name.
    pub fn new(db: aws_sdk_dynamodb::Client, table: &str) -> Self {
        Self { db, table: table.to_owned(), cache: Arc::default() }
    }
}
