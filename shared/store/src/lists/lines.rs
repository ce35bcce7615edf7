//! What rows of lists say.

use std::collections::BTreeMap;

use domain::{
    AgreementId, CaseId, CaseState, Channel, Currency, CustomerId, InvoiceId, MessageId, MessageStatus, Mode, Owed, PaymentId,
    PaymentKind, PaymentStatus, SuppressionReason, TakenHere, TaskId,
};
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

/// What a row says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "row", rename_all = "snake_case")]
pub enum Line {
    /// A customer by name.
    Customer(CustomerLine),
    /// A customer by its next moment.
    Next(NextLine),
    /// A customer by what it owes.
    Owed(OwedLine),
    /// A case.
    Case(CaseLine),
    /// An invoice.
    Invoice(InvoiceLine),
    /// A payment or credit note.
    Payment(PaymentLine),
    /// A message.
    Message(MessageLine),
    /// Whose a message or case is, by its id.
    Place(PlaceLine),
    /// An agreement.
    Agreement(AgreementLine),
    /// An open task.
    Task(TaskLine),
    /// An address that must not be used.
    Stopped(StoppedLine),
    /// Found by a word.
    Word(WordLine),
    /// Where somebody is a contact.
    Person(PersonLine),
}

/// A customer by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomerLine {
    /// The customer.
    pub customer: CustomerId,
    /// Its name; empty in rows of what people entered.
    pub name: String,
    /// The source's id of it; empty in rows of what people entered.
    pub external_id: String,
    /// Whom a person gave it to; in the list by owner alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
}

/// A customer by its next moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NextLine {
    /// The customer.
    pub customer: CustomerId,
    /// When it is decided next, in whole seconds; `None` when only a new fact or a person wakes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
}

/// What a customer owes, as of its last decision that found other amounts, or of the night in which they changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwedLine {
    /// The customer.
    pub customer: CustomerId,
    /// What it is ranked by, in an order by amount.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ranked: Option<Ranked>,
    /// What it owes in the currencies that this row stands for.
    pub owed: BTreeMap<Currency, Owed>,
    /// When that was found: a decision or a night that finds the same does not renew it.
    #[serde(skip)]
    pub as_of: Option<Timestamp>,
}

/// An amount that a row is ranked by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ranked {
    /// The reporting currency, or one that has no rate.
    pub currency: Currency,
    /// How much, minor units; several currencies at the tenant's rates.
    pub amount_minor: i64,
}

/// A case as its customer's head has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseLine {
    /// Whose.
    pub customer: CustomerId,
    /// The case.
    pub case: CaseId,
    /// Its currency.
    pub currency: Currency,
    /// The legal entity that it is owed to; empty for the default one.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub legal_entity: String,
    /// The workflow.
    pub workflow: String,
    /// The version that it is pinned to.
    pub version: u32,
    /// Where it stands.
    pub state: CaseState,
    /// When it opened.
    pub opened_at: Timestamp,
}

/// An invoice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvoiceLine {
    /// Who owes it.
    pub customer: CustomerId,
    /// The invoice.
    pub invoice: InvoiceId,
    /// What people call it.
    pub number: String,
    /// The source's own id.
    #[serde(default)]
    pub external_id: String,
    /// Where it stands, in a word of [`InvoiceStanding`](crate::InvoiceStanding).
    #[serde(default)]
    pub status: String,
    /// The currency of its amounts.
    pub currency: Currency,
    /// Its total, minor units.
    pub total_minor: i64,
    /// What its own document says was paid; payments that came by themselves are not in it.
    pub paid_minor: i64,
    /// What its own document says was credited.
    pub credited_minor: i64,
    /// When it was issued.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issued_on: Option<Date>,
    /// When its oldest open part falls due.
    pub due_on: Date,
}

/// A payment or credit note.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentLine {
    /// Whose.
    pub customer: CustomerId,
    /// Which.
    pub payment: PaymentId,
    /// The source's own id.
    pub external_id: String,
    /// Money or a credit note.
    pub kind: PaymentKind,
    /// Where it stands.
    pub status: PaymentStatus,
    /// The currency of its amounts.
    pub currency: Currency,
    /// How much, minor units.
    pub amount_minor: i64,
    /// How much of it is for invoices; the rest is unapplied credit.
    pub allocated_minor: i64,
    /// When it was received.
    pub received_on: Date,
    /// What its source's people wrote to know it by: an entry in the books names a payment that was taken here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// Where Dunlin itself took it: what tells it from its entry in the books.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken_here: Option<Box<TakenHere>>,
}

/// Whose a message or case is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlaceLine {
    /// The customer.
    pub customer: CustomerId,
    /// When a message was decided: that says where its row stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_at: Option<Timestamp>,
}

/// Where somebody is a contact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonLine {
    /// The customer.
    pub customer: CustomerId,
    /// The contact's id there: the source's, or that of a contact that a person entered.
    pub contact: String,
}

/// An agreement, as it was last recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgreementLine {
    /// Whose.
    pub customer: CustomerId,
    /// Which.
    pub agreement: AgreementId,
    /// Its kind in a word.
    pub kind: String,
    /// Its status in a word.
    pub status: String,
    /// How much of its scope, minor units; `None` is all of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount_minor: Option<i64>,
    /// What was open in its scope when it was made, where that was in one currency, minor units; `None` in rows of before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stood: Option<(Currency, i64)>,
    /// Why, of a dispute or pause.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The day promised, of a promise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pays_on: Option<Date>,
    /// The last day by which it is on the ledger, of a promise or of money on its way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_on: Option<Date>,
    /// The last day on which it keeps something back, where somebody said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until_on: Option<Date>,
    /// When it was made known.
    pub made_at: Timestamp,
    /// Since when it has its status.
    pub status_at: Timestamp,
    /// Who made it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub by: String,
}

/// A message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageLine {
    /// Whose.
    pub customer: CustomerId,
    /// The message.
    pub message: MessageId,
    /// The decision's number.
    pub number: u64,
    /// How it stands.
    pub status: MessageStatus,
    /// The ledger that it was decided in.
    pub mode: Mode,
    /// The case's currency, where the message's record says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
    /// The channel.
    pub channel: Channel,
    /// The contact's external id.
    pub contact: String,
    /// The template's id.
    pub template: String,
    /// The steps that it stands for, at most five; none where what it covers is too much for its own item.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<String>,
    /// When it was decided.
    pub decided_at: Timestamp,
}

/// An open task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskLine {
    /// The task.
    pub task: TaskId,
    /// Whose matter it is, where it is a customer's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer: Option<CustomerId>,
    /// What kind of work, in the word of the API.
    pub kind: String,
    /// Whether it is an exception.
    pub exception: bool,
    /// One line.
    pub title: String,
    /// Who should do it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// What it is ranked by, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ranked: Option<Ranked>,
    /// By when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_on: Option<Date>,
    /// When it was raised.
    pub raised_at: Timestamp,
}

/// An address that must not be used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoppedLine {
    /// Its id, as [`crate::AddressId`] writes it.
    pub id: String,
    /// On which channel, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<Channel>,
    /// Enough of it to know it by, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shown: Option<String>,
    /// Why.
    pub reason: SuppressionReason,
    /// Since when.
    pub at: Timestamp,
    /// The person who entered it, where one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// What they said of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said: Option<String>,
}

/// What a word leads to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WordLine {
    /// The customer, or who owes the invoice.
    pub customer: CustomerId,
    /// The invoice, where it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invoice: Option<InvoiceId>,
    /// The customer's name or the invoice's number; empty in rows of what people entered, and said by the search.
    pub text: String,
    /// All its words, without case and accents.
    pub words: Vec<String>,
}
