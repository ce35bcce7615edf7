//! What was seen of a schedule, by whoever stands outside: what people did, what the provider truly holds, and what left.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::schedule::Fate;

/// Amounts by invoice number, minor units.
pub type ByInvoice = BTreeMap<String, i64>;

/// What was seen of a schedule.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// What the schedule was drawn from.
    pub seed: u64,
    /// What happened, in order.
    pub seen: Vec<Seen>,
    /// The mails that left, in order.
    pub mails: Vec<MailSeen>,
    /// How everything stands when it is long over.
    pub end: End,
}

/// Something that was seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// When.
    pub at: Timestamp,
    /// The place in the outbox of the last mail that had left by then.
    pub mails: u64,
    /// What.
    pub what: What,
}

/// What was seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// The books claim this of each invoice: its total less what was credited, nothing of what is void.
    Claimed(ByInvoice),
    /// An invoice went to another customer, or came back.
    Moved(String),
    /// A payer was led to the page of a basket.
    SentOn {
        /// The basket.
        basket: String,
        /// What it is for.
        lines: ByInvoice,
        /// Other baskets for the same invoices whose pages could be paid on at that moment.
        open_too: BTreeSet<String>,
    },
    /// A payer gave a basket up, and was told that it ended.
    GivenUp(String),
    /// Something happened to a basket at its provider.
    Happened {
        /// The basket.
        basket: String,
        /// What.
        fate: Fate,
        /// Whether it was of more than was asked for.
        is_more: bool,
    },
    /// How a basket stands at its provider.
    Stands(Standing),
    /// Money came that only the books know.
    Elsewhere {
        /// The entry.
        entry: String,
        /// The invoice.
        invoice: String,
        /// How much.
        minor: i64,
    },
    /// The books took it back.
    Reversed(String),
    /// Anything else, for whoever reads the trace.
    Note(String),
}

/// How a basket stands at its provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// The basket.
    pub basket: String,
    /// How often the provider was asked for money of it: sessions, orders or billing requests by which some came.
    pub charges: usize,
    /// What was asked for.
    pub asked_minor: i64,
    /// What came.
    pub received_minor: i64,
    /// What of it was taken back.
    pub taken_back_minor: i64,
    /// Whether money is on its way.
    pub is_pending: bool,
    /// Whether everything that the provider has to tell of it was taken.
    pub is_told: bool,
}

/// A mail that left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailSeen {
    /// Its place in the outbox, from 1.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// What it asks for in total, minor units.
    pub total_minor: i64,
    /// What it asks for of each invoice.
    pub of: ByInvoice,
}

/// How everything stands when it is long over, as the system under test has it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct End {
    /// Open of each invoice.
    pub open: ByInvoice,
    /// What is asked for now.
    pub asked_minor: i64,
    /// Credit: what payments are for no invoice, and what invoices no longer need.
    pub credit_minor: i64,
    /// Each basket with its status.
    pub baskets: BTreeMap<String, String>,
    /// Baskets that still keep something back.
    pub keeping: BTreeSet<String>,
    /// How many tasks tell a person of a payment that needs a look, or of an invoice on which too much was paid.
    pub tasks: usize,
    /// What is left undone: messages that are pending.
    pub pending: usize,
}
