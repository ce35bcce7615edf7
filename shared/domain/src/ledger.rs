//! What is owed and what was paid, as the source says it: invoices, payments, credit notes and reversals.

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

use crate::{BilledLine, Contact, Currency, InvoiceId, PaymentId, SourceVersion, word::stored_words};

/// Most instalments that an invoice may have.
pub const INSTALMENTS_MAX: usize = 120;
/// Most open invoices that a customer may have; beyond it the invoice becomes an exception.
pub const OPEN_INVOICES_MAX: usize = 10_000;

/// An invoice as its source last described it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invoice {
    /// Derived from tenant, source and external id.
    pub id: InvoiceId,
    /// The source's own id.
    pub external_id: String,
    /// Newer replaces older.
    pub source_version: SourceVersion,
    /// What people call it.
    pub number: String,
    /// The one currency of every amount here.
    pub currency: Currency,
    /// Minor units, zero or more.
    pub total_minor: i64,
    /// When it was issued, in the tenant's zone.
    pub issued_on: Date,
    /// When it falls due, in the tenant's zone; with instalments, the last of theirs.
    pub due_on: Date,
    /// Where it stands.
    pub status: InvoiceStatus,
    /// What the document itself says was paid, minor units.
    #[serde(default)]
    pub paid_minor: i64,
    /// What the document itself says was credited, minor units.
    #[serde(default)]
    pub credited_minor: i64,
    /// Whether `paid_minor` stays as it was when a payment is reversed or refunded later, as Stripe's does: then the
    /// reversed part of its payments is taken off it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub paid_is_gross: bool,
    /// In order of due date; none when the whole falls due on `due_on`. They sum to the total.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub instalments: Vec<Instalment>,
    /// Where the customer can see it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The customer's own order number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purchase_order: Option<String>,
    /// Whom the source names for this invoice: written to before the customer's own people. Its id is [`INVOICE_CONTACT`] where the source
    /// gives none; messages name it by [`People::own`](crate::People::own).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<Contact>,
    /// Whether its source says that the customer was sent it; `None` where the source does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent_to_customer: Option<bool>,
    /// The tenant's legal entity that issued it; the customer's where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub legal_entity: Option<String>,
    /// The tenant's own words for it, in order, each once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// The source's id of the customer that it is for, where that is not the customer who owes it. It need not be known here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub for_external_id: Option<String>,
    /// The name of the customer that it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub for_name: Option<String>,
    /// Its lines, where a document says them: none of them where it says that there are none, `None` where it does not speak of them, which
    /// leaves what is known. They are stored apart: an invoice among facts has none.
    #[serde(skip)]
    pub lines: Option<Vec<BilledLine>>,
}

impl Invoice {
    /// An open invoice in its first version, of which its source says no more than it must; people call it by the source's id.
    pub fn open(
        id: InvoiceId,
        external_id: &str,
        (currency, total_minor): (Currency, i64),
        (issued_on, due_on): (Date, Date),
    ) -> Self {
        Self {
            id,
            external_id: external_id.to_owned(),
            source_version: SourceVersion::Number(1),
            number: external_id.to_owned(),
            currency,
            total_minor,
            issued_on,
            due_on,
            status: InvoiceStatus::Open,
            paid_minor: 0,
            credited_minor: 0,
            paid_is_gross: false,
            instalments: Vec::new(),
            url: None,
            purchase_order: None,
            contact: None,
            sent_to_customer: None,
            legal_entity: None,
            tags: Vec::new(),
            for_external_id: None,
            for_name: None,
            lines: None,
        }
    }
}

/// The id of an invoice's own contact where the source gives none.
pub const INVOICE_CONTACT: &str = "#invoice";

stored_words!(
    /// Where an invoice stands in its source. Paid is derived, never stated.
    InvoiceStatus {
        /// Not issued yet: never chased.
        Draft = "draft",
        /// Issued.
        Open = "open",
        /// Cancelled: nothing is owed.
        Void = "void",
        /// Given up: nothing is chased.
        WrittenOff = "written_off",
    }
);

/// A part of an invoice that falls due by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instalment {
    /// The source's id; where it gives none, the position tells instalments apart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// When it falls due, in the tenant's zone.
    pub due_on: Date,
    /// Minor units of the invoice's currency, above zero.
    pub amount_minor: i64,
}

/// Money received or credited.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payment {
    /// Derived from tenant, source, kind and external id.
    pub id: PaymentId,
    /// Payment or credit note.
    pub kind: PaymentKind,
    /// The source's own id.
    pub external_id: String,
    /// Newer replaces older.
    pub source_version: SourceVersion,
    /// Where it stands.
    pub status: PaymentStatus,
    /// Minor units, zero or more.
    pub amount_minor: i64,
    /// The currency of the amount and its allocations.
    pub currency: Currency,
    /// When it was received, in the tenant's zone.
    pub received_on: Date,
    /// The tenant's legal entity that it was paid to, where the source says so: its rest is credit with that one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub legal_entity: Option<String>,
    /// Which invoices it is for; the rest is unapplied credit.
    #[serde(default)]
    pub allocations: Vec<Allocation>,
    /// What its source's people wrote to know it by: a check's number, the id of a payment that was taken here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// Where Dunlin itself took it: what tells it from its entry in the books.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken_here: Option<Box<TakenHere>>,
}

/// What is known of a payment that was taken here, so that its entry in the books is not counted a second time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TakenHere {
    /// The basket that it came of: the id that its entry in the books names.
    pub basket: PaymentId,
    /// When that was begun. What the books had before it is another payment.
    pub begun_at: Timestamp,
    /// What the documents of its invoices said then was paid and no payment that was known explained, where there was such.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stated: Vec<Allocation>,
    /// Entries in the books of which a person said that they are this payment.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub same: Vec<PaymentId>,
    /// Entries in the books of which a person said that they are another payment.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub apart: Vec<PaymentId>,
    /// Whether a collector took back that it was taken: there never was such a payment, and nothing was taken back from anybody.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub undone: bool,
}

impl TakenHere {
    /// Whether an entry in the books, of the same currency, is this payment: it names its basket, or a person said so.
    pub fn has_entry(&self, entry: &PaymentId, reference: Option<&str>) -> bool {
        let names = |reference: &str| reference.to_ascii_lowercase().contains(self.basket.as_str());
        !self.apart.contains(entry) && (self.same.contains(entry) || reference.is_some_and(names))
    }
}

impl Payment {
    /// Whether it is the entry in the books of another payment, which was taken here: the two are one.
    pub fn is_entry_of(&self, other: &Self) -> bool {
        let is_like = self.kind == other.kind && self.currency == other.currency && !other.is_undone();
        let here = other.taken_here.as_deref().filter(|_| is_like && self.taken_here.is_none());
        here.is_some_and(|here| here.has_entry(&self.id, self.reference.as_deref()))
    }

    /// Whether only a later release knows what became of it, or what it is. It pays nothing and is no credit, and what it may have
    /// paid is kept back: nobody is chased for it.
    pub fn is_unclear(&self) -> bool {
        self.status.is_later() || self.kind.is_later()
    }

    /// Whether a collector took back that it was taken here.
    pub fn is_undone(&self) -> bool {
        self.taken_here.as_ref().is_some_and(|here| here.undone)
    }

    /// Whether it counts as paid.
    pub fn counts(&self) -> bool {
        self.status.counts() && !self.is_unclear()
    }

    /// Whether it is money that counts and of which only the books tell: nobody took it here.
    pub(crate) fn is_booked_money(&self) -> bool {
        self.kind == PaymentKind::Payment && self.counts() && self.taken_here.is_none()
    }
}

stored_words!(
    /// What kind of receipt reduces what is owed.
    PaymentKind {
        /// Money.
        Payment = "payment",
        /// A credit note.
        CreditNote = "credit_note",
    }
);

impl PaymentKind {
    /// In words, for people.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Payment | Self::Later(_) => "payment",
            Self::CreditNote => "credit note",
        }
    }
}

stored_words!(
    /// Where a payment stands.
    PaymentStatus {
        /// It arrived.
        Received = "received",
        /// It is on its way; counted as paid, so that nobody is chased for money in flight.
        Pending = "pending",
        /// It was taken back: a bounced debit, a chargeback.
        Reversed = "reversed",
        /// It was given back.
        Refunded = "refunded",
    }
);

impl PaymentStatus {
    /// Whether the payment counts as paid: neither reversed nor refunded. One that a later release says something else of does not:
    /// see [`Payment::is_unclear`].
    pub fn counts(self) -> bool {
        match self {
            Self::Received | Self::Pending => true,
            Self::Reversed | Self::Refunded | Self::Later(_) => false,
        }
    }
}

/// The part of a payment that is for one invoice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Allocation {
    /// The invoice, of the payment's source.
    pub invoice: InvoiceId,
    /// Minor units, above zero.
    pub amount_minor: i64,
}

/// A refund or chargeback that a source reports as an object of its own, naming only the payment that it takes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reversal {
    /// The source's own id.
    pub external_id: String,
    /// Newer replaces older.
    pub source_version: SourceVersion,
    /// The payment that it takes from.
    pub payment: PaymentId,
    /// Minor units, zero or more.
    pub amount_minor: i64,
    /// The currency of the payment.
    pub currency: Currency,
    /// Whether it stands: a failed refund or a won dispute does not.
    pub in_force: bool,
    /// What took the money back.
    pub kind: ReversalKind,
}

stored_words!(
    /// What takes a payment back.
    ReversalKind {
        /// The creditor gave it back.
        Refund = "refund",
        /// The payer's bank took it back, or holds it while it is contested.
        Chargeback = "chargeback",
    }
);
