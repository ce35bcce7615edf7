//! What each due item has been through: the marks that rungs are derived from.

use std::fmt;

use compact_str::{CompactString, format_compact};
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

use crate::{AgreementId, Channel, ChargeId, InvoiceId, MessageId, Mode, PersonDigest, word::stored_words};

/// What falls due at once: an invoice, an instalment of one, a part of a plan, or a charge.
///
/// Text form: the id of the invoice, plan or charge, and for a part of it `/` with its own key: for an instalment `/x:` and its external
/// id, or `/p` and its position from 0; for a part of a plan `/` and its number from 1.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DueItemKey {
    /// What it is of.
    pub of: ItemOf,
    /// The key within that, empty for a whole.
    pub part: String,
}

/// What due items are of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ItemOf {
    /// An invoice.
    Invoice(InvoiceId),
    /// A plan, whose parts fall due.
    Plan(AgreementId),
    /// A charge.
    Charge(ChargeId),
}

impl fmt::Display for ItemOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invoice(id) => id.fmt(f),
            Self::Plan(id) => id.fmt(f),
            Self::Charge(id) => id.fmt(f),
        }
    }
}

impl DueItemKey {
    /// The key of a whole invoice.
    pub fn whole(invoice: InvoiceId) -> Self {
        Self { of: ItemOf::Invoice(invoice), part: String::new() }
    }

    /// The key of an instalment: by its external id, else by its position from 0.
    pub fn instalment(invoice: InvoiceId, external_id: Option<&str>, position: usize) -> Self {
        let part = external_id.map_or_else(|| format!("p{position}"), |id| format!("x:{id}"));
        Self { of: ItemOf::Invoice(invoice), part }
    }

    /// The key of a part of a plan, by its position from 0.
    pub fn part_of_plan(plan: AgreementId, position: usize) -> Self {
        Self { of: ItemOf::Plan(plan), part: (position + 1).to_string() }
    }

    /// The key of a charge.
    pub fn charge(charge: ChargeId) -> Self {
        Self { of: ItemOf::Charge(charge), part: String::new() }
    }

    /// The invoice that it is of, if it is of one.
    pub fn invoice(&self) -> Option<&InvoiceId> {
        match &self.of {
            ItemOf::Invoice(invoice) => Some(invoice),
            ItemOf::Plan(_) | ItemOf::Charge(_) => None,
        }
    }
}

impl fmt::Display for DueItemKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.part.is_empty() { self.of.fmt(f) } else { write!(f, "{}/{}", self.of, self.part) }
    }
}

/// Why a text is no due item key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a due item is the id of an invoice, plan or charge, and for a part of it '/' and its key")]
pub struct DueItemKeyError;

impl TryFrom<String> for DueItemKey {
    type Error = DueItemKeyError;
    fn try_from(text: String) -> Result<Self, DueItemKeyError> {
        let (of, part) = text.split_once('/').unwrap_or((&text, ""));
        let invoice = || InvoiceId::parse(of).map(ItemOf::Invoice);
        let plan = || AgreementId::parse(of).map(ItemOf::Plan);
        let charge = || ChargeId::parse(of).map(ItemOf::Charge);
        let of = invoice().or_else(plan).or_else(charge).ok_or(DueItemKeyError)?;
        Ok(Self { of, part: part.to_owned() })
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
    pub fn of(promise: &AgreementId) -> Self {
        Self(CompactString::from(promise.as_str()))
    }

    /// The one of a statement's period: `2026-12`.
    pub fn of_period(period: &str) -> Self {
        Self(CompactString::from(period))
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

stored_words!(
    /// How a step ended for a due item.
    Outcome {
        /// A message was sent (in shadow mode: would have been).
        Sent = "sent",
        /// A message may have been sent; it counts as sent until it is settled.
        Unknown = "unknown",
        /// An action other than a message was done.
        Done = "done",
        /// The step's condition was false, its `catch_up` passed it over, or a person dropped its message, which never left.
        Skipped = "skipped",
        /// Nobody could be reached.
        Missed = "missed",
        /// A message proved not to have been delivered: the step is open again, by another way.
        Undelivered = "undelivered",
        /// A person found out that a message never left: the step is open again, by the same way too.
        NotSent = "not_sent",
        /// A person allowed the step, which asks for approval; it is still to come.
        Approved = "approved",
        /// A person brought the step forward to that day; it is still to come.
        BroughtForward = "brought_forward",
        /// A person wants the step as soon as the guard allows it; it is still to come.
        SendNow = "send_now",
        /// The message of that decision may go beyond the cap of contacts a person.
        CapLifted = "cap_lifted",
        /// No receipt came for a message in the time that its step gives, and the step has no other way: it counts as sent.
        Unconfirmed = "unconfirmed",
    }
);

impl Outcome {
    /// Whether the step is over for the item.
    pub fn satisfies(self) -> bool {
        match self {
            // An end that only a later release knows is one: nobody is written to again.
            Self::Sent | Self::Unknown | Self::Done | Self::Skipped | Self::Missed | Self::Unconfirmed | Self::Later(_) => true,
            Self::Undelivered | Self::NotSent | Self::Approved | Self::BroughtForward | Self::SendNow | Self::CapLifted => false,
        }
    }

    /// Whether a message that ended so counts as a contact: it left, or may have.
    pub fn is_contact(self) -> bool {
        match self {
            Self::Sent | Self::Unknown | Self::Later(_) => true,
            Self::Done
            | Self::Skipped
            | Self::Missed
            | Self::Undelivered
            | Self::NotSent
            | Self::Approved
            | Self::BroughtForward
            | Self::SendNow
            | Self::CapLifted
            | Self::Unconfirmed => false,
        }
    }

    /// Whether it says what a person ordered of a step, and not what came of it.
    pub fn is_order(self) -> bool {
        match self {
            Self::Approved | Self::BroughtForward | Self::SendNow | Self::CapLifted => true,
            Self::Sent
            | Self::Unknown
            | Self::Done
            | Self::Skipped
            | Self::Missed
            | Self::Undelivered
            | Self::NotSent
            | Self::Unconfirmed
            | Self::Later(_) => false,
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
    /// The person whom the message was for; `None` in what an earlier release left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<PersonDigest>,
    /// By when the message asked to be paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pay_by: Option<Date>,
    /// The workflow by which the case of the due items is known: they stay in it from then on.
    #[serde(default, skip_serializing_if = "CompactString::is_empty")]
    pub workflow: CompactString,
    /// The due items and their steps.
    pub rows: Vec<Covered>,
    /// Whether the message was a copy to one more person. It satisfies its steps like any other: whoever had it does not get it again.
    #[serde(default, skip_serializing_if = "is_false")]
    pub copy: bool,
    /// Until when word of the message's arrival is awaited; `None` where none is, or it came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipt_by: Option<Timestamp>,
}

impl Coverage {
    /// Whether its message left and word of its arrival did not come in time.
    pub fn is_overdue(&self, now: Timestamp) -> bool {
        self.outcome == Outcome::Sent && self.receipt_by.is_some_and(|by| by <= now)
    }
}

fn is_false(flag: &bool) -> bool {
    !flag
}
