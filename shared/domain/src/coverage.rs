//! What each due item has been through: the marks that rungs are derived from.

use std::fmt;

use compact_str::{CompactString, format_compact};
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

use crate::{Channel, HoldId, InvoiceId, MessageId, Mode};

/// A due item: an instalment, or an invoice without instalments.
///
/// Text form: the invoice's id, and for an instalment `/` with its own key: `/x:` and its external id, or `/p` and its
/// position from 0.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DueItemKey {
    /// The invoice.
    pub invoice: InvoiceId,
    /// The instalment's key, empty for a whole invoice.
    pub instalment: String,
}

impl DueItemKey {
    /// The key of a whole invoice.
    pub fn whole(invoice: InvoiceId) -> Self {
        Self { invoice, instalment: String::new() }
    }

    /// The key of an instalment: by its external id, else by its position from 0.
    pub fn instalment(invoice: InvoiceId, external_id: Option<&str>, position: usize) -> Self {
        let instalment = external_id.map_or_else(|| format!("p{position}"), |id| format!("x:{id}"));
        Self { invoice, instalment }
    }
}

impl fmt::Display for DueItemKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.instalment.is_empty() { write!(f, "{}", self.invoice) } else { write!(f, "{}/{}", self.invoice, self.instalment) }
    }
}

/// Why a text is no due item key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a due item is an invoice id, and for an instalment '/' and its key")]
pub struct DueItemKeyError;

impl TryFrom<String> for DueItemKey {
    type Error = DueItemKeyError;
    fn try_from(text: String) -> Result<Self, DueItemKeyError> {
        let (invoice, instalment) = text.split_once('/').unwrap_or((&text, ""));
        let invoice = InvoiceId::parse(invoice).ok_or(DueItemKeyError)?;
        Ok(Self { invoice, instalment: instalment.to_owned() })
    }
}

impl From<DueItemKey> for String {
    fn from(key: DueItemKey) -> Self {
        key.to_string()
    }
}

/// What a step is repeated for. It names that and never counts what happened, so that nothing else that happens changes it.
///
/// Text form: empty for a step that comes once; the promise's id for a step on a promise; then, from the second time on that the
/// plan repeats the step, `.` and which time it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Occurrence(CompactString);

impl Occurrence {
    /// The one of a step that hangs on a promise.
    pub fn of(promise: &HoldId) -> Self {
        Self(CompactString::from(promise.as_str()))
    }

    /// The one of a repeated step's `n`th time, from 1.
    pub fn nth(&self, n: u32) -> Self {
        if n <= 1 { self.clone() } else { Self(format_compact!("{}.{n}", self.0)) }
    }

    /// Whether it is that of a step that comes once.
    pub fn is_only(&self) -> bool {
        self.0.is_empty()
    }

    /// The text form.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Occurrence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One due item, the step that a message or action credits it with, and which occurrence of the step.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Covered {
    /// The due item.
    pub item: DueItemKey,
    /// The step's id.
    pub step: String,
    /// Which occurrence of the step. A reversal does not change it.
    #[serde(default, skip_serializing_if = "Occurrence::is_only")]
    pub occurrence: Occurrence,
    /// What was due now for the item when it was decided (then sent), minor units. It is recorded, not compared by identity.
    pub due_now_minor: i64,
}

/// How a step ended for a due item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// A message was sent (in shadow mode: would have been).
    Sent,
    /// A message may have been sent; it counts as sent until it is settled.
    Unknown,
    /// An action other than a message was done.
    Done,
    /// The step's condition was false, or its `catch_up` passed it over.
    Skipped,
    /// Nobody could be reached.
    Missed,
    /// A message proved not to have been delivered: the step is open again, by another way.
    Undelivered,
}

impl Outcome {
    /// Whether the step is over for the item.
    pub fn satisfies(self) -> bool {
        match self {
            Self::Sent | Self::Unknown | Self::Done | Self::Skipped | Self::Missed => true,
            Self::Undelivered => false,
        }
    }
}

/// What one message or one decision did to a number of due items, all with the same outcome.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coverage {
    /// The decision's number within the customer.
    pub number: u64,
    /// When it took effect.
    pub at: Timestamp,
    /// The ledger that it belongs to.
    pub mode: Mode,
    /// How it ended.
    pub outcome: Outcome,
    /// The message, where there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<MessageId>,
    /// The way tried, where there was a message: channel and the contact's external id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub way: Option<(Channel, String)>,
    /// By when the message asked to be paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pay_by: Option<Date>,
    /// The due items and their steps.
    pub rows: Vec<Covered>,
}
