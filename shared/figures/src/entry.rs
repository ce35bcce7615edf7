//! Entries of a customer's ledger: what happened, on which day of the tenant's zone.
//!
//! An entry has an id that says which fact of the table it is. The same entry again is the same; one of a higher version takes the place of
//! an older one. So the order in which entries come, and how often, says nothing.

use compact_str::CompactString;
use domain::{AgreementId, BalanceKey, Channel, Currency, InvoiceId};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::exact::Sum;

/// One dated fact of a customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerEntry {
    /// What names the fact within the customer: an invoice's id, or a payment's with the place of its allocation.
    pub id: CompactString,
    /// Which of several words about the fact counts: the highest.
    pub version: u64,
    /// When it happened, in the tenant's zone: the day of its document, not that on which it was heard of.
    pub on: Date,
    /// The minute of that day, from 0; `None` where only the day is known, as of a payment.
    pub minute: Option<u16>,
    /// What happened.
    pub what: LedgerFact,
}

impl LedgerEntry {
    /// An entry of which only the day is known, in its first version.
    pub fn on(on: Date, id: &str, what: LedgerFact) -> Self {
        Self { id: id.into(), version: 1, on, minute: None, what }
    }

    /// The same at a minute of its day.
    #[must_use]
    pub fn at(self, minute: u16) -> Self {
        Self { minute: Some(minute), ..self }
    }

    /// Where it stands among the entries of a customer: by day and minute, what has no minute first.
    pub(crate) fn place(&self) -> (Date, Option<u16>, &str) {
        (self.on, self.minute, self.id.as_str())
    }
}

/// What happened. Amounts are minor units of the balance's currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LedgerFact {
    /// An invoice was issued. No draft is one.
    Issued(IssuedInvoice),
    /// Money came, for an invoice or for none. What is pending counts as come, as it does for whoever is chased.
    Paid(AppliedMoney),
    /// Money that had come was taken back: a refund, a chargeback, a bounce.
    TakenBack(AppliedMoney),
    /// A credit note was issued, for an invoice or for none; a negative amount where it was taken back.
    Credited(AppliedMoney),
    /// From now on an invoice stands so.
    Stands {
        /// The invoice.
        invoice: InvoiceId,
        /// How.
        standing: InvoiceStands,
    },
    /// A promise was made.
    Promised {
        /// The promise.
        promise: AgreementId,
        /// Of which money.
        balance: BalanceKey,
        /// What was promised, or what was open then where the promise names no amount.
        amount_minor: i64,
        /// The day promised.
        pays_on: Date,
    },
    /// A promise ended.
    PromiseEnded {
        /// The promise.
        promise: AgreementId,
        /// How.
        end: PromiseEnd,
        /// What of it came in time.
        paid_minor: i64,
    },
    /// An invoice was contested.
    Disputed {
        /// The dispute.
        dispute: AgreementId,
        /// Of which money.
        balance: BalanceKey,
        /// The invoices that it names; none where it is about all that is owed.
        invoices: Vec<InvoiceId>,
        /// What it contests.
        amount_minor: i64,
        /// Why, as agreements are stored with it.
        reason: CompactString,
    },
    /// A dispute was decided or taken back.
    DisputeEnded {
        /// The dispute.
        dispute: AgreementId,
        /// How.
        end: DisputeEnd,
    },
    /// Somebody at the customer was contacted: a message that its provider took, a call, a letter.
    Touched(Touch),
    /// A touch proved to have reached nobody.
    Lost {
        /// The touch, by the id of its entry.
        touch: CompactString,
    },
    /// Somebody at the customer answered, by any channel.
    Answered,
    /// Somebody at the customer said how easy it was to settle something.
    Rated {
        /// From 1, hard, to 5, easy.
        score: u8,
    },
    /// From now on the customer is of a segment and of an owner.
    Belongs(Belongs),
}

/// An invoice as it was issued.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuedInvoice {
    /// The invoice.
    pub invoice: InvoiceId,
    /// Its currency and legal entity.
    pub balance: BalanceKey,
    /// What it comes to.
    pub total_minor: i64,
    /// Its instalments, each with the day on which it falls due; one where it is due as a whole. They sum to the total.
    pub parts: Vec<(Date, i64)>,
}

/// Money or credit that is for an invoice, or for none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppliedMoney {
    /// The invoice; `None` where it is unapplied.
    pub invoice: Option<InvoiceId>,
    /// Its currency, and the legal entity that it was for.
    pub balance: BalanceKey,
    /// How much.
    pub amount_minor: i64,
}

/// How an invoice stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum InvoiceStands {
    /// It is owed.
    Open,
    /// It was cancelled: it was no sale.
    Void,
    /// It was given up.
    WrittenOff,
}

/// How a promise ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PromiseEnd {
    /// All of it came in time.
    Kept,
    /// A part came in time.
    PartlyKept,
    /// Nothing came in time.
    Broken,
    /// It was withdrawn, or another took its place: no part of any rate.
    Cancelled,
}

/// How a dispute ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DisputeEnd {
    /// The customer is right.
    Upheld,
    /// The customer is right about a part.
    PartlyUpheld,
    /// The customer is wrong.
    Rejected,
    /// The customer took it back.
    Withdrawn,
}

/// A contact with somebody at the customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Touch {
    /// By which channel.
    pub channel: Channel,
    /// In which language.
    pub language: CompactString,
    /// The step that asked for it; `None` for what a person wrote.
    pub step: Option<TouchStep>,
    /// What it cost; `None` where nobody knows.
    pub cost: Option<TouchCost>,
}

/// A step of a version of a workflow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TouchStep {
    /// The workflow.
    pub workflow: CompactString,
    /// Its version.
    pub version: u64,
    /// The step.
    pub step: CompactString,
}

/// What a touch cost: messages cost less than a minor unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TouchCost {
    /// The currency.
    pub currency: Currency,
    /// Millionths of its major unit: 7,900 is $0.0079.
    pub millionths: Sum,
}

/// To whom of the tenant a customer belongs.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(default)]
pub struct Belongs {
    /// Its segment, as its source names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub segment: Option<CompactString>,
    /// Who looks after it: the subject of a member's sign-in, or what a team is called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<CompactString>,
}
