//! Baskets: what a payer set out to pay, and what became of it by what its provider says.
//!
//! A basket is what all that was heard of it comes to: each receipt by its reference, each refund and chargeback by its own id, and the
//! newest of the words that are no money. So any order and any number of repeats of a provider's events end in the same basket, and its
//! documents, which are made of all of it each time, in the same money: what was received is what its lines are paid with and what is
//! credit of the customer, less what was taken back.
//!
//! | module | answers |
//! |---|---|
//! | `begin` | how a basket begins, and what it keeps back |
//! | `booked` | which entries in the books bring the money of a transfer |
//! | `lines` | whether its lines can be paid |
//! | `keeps` | how long each way of paying keeps its amounts back |
//! | `hear` | what it becomes by what its provider says |
//! | `papers` | its payment and reversals as documents |
//! | `taken` | a payment that a collector wrote down, and taking it back |

use compact_str::CompactString;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    Allocation, Currency, CustomerId, InvoiceId, LinkId, Money, PaymentId, ReversalKind, WayOfPaying, word::stored_words,
};

mod begin;
mod booked;
mod hear;
mod keeps;
mod lines;
mod papers;
mod taken;

pub use begin::BasketBegin;
pub use booked::{TRANSFER, may_name_a_transfer};
pub use hear::BasketChange;
pub use keeps::{BEGUN_MINUTES, kept_while_begun, kept_while_pending};
pub(crate) use lines::of_others;
pub use lines::{BasketFlaw, BasketFlawKind, LINES_MAX, being_paid_by, check_lines, payable};
pub use taken::{COLLECTOR, TakenPayment};

/// The source of the payments that come of baskets.
pub const SOURCE: &str = "dunlin";

/// What is to be paid of one invoice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BasketLine {
    /// The invoice.
    pub invoice: InvoiceId,
    /// What people call it.
    pub number: String,
    /// Minor units of the basket's currency, above zero.
    pub amount_minor: i64,
}

stored_words!(
    /// Where a basket stands.
    BasketStatus {
        /// The payer was sent on to pay.
        Begun = "begun",
        /// The payer did their part, and money is on its way.
        Pending = "pending",
        /// Money came.
        Paid = "paid",
        /// None came, and none will.
        Failed = "failed",
        /// Its time passed without the payer.
        Expired = "expired",
        /// The payer or a person gave it up.
        Cancelled = "cancelled",
        /// What came was given back, all of it.
        Refunded = "refunded",
        /// The payer's bank took what came back, all of it.
        ChargedBack = "charged_back",
    }
);

impl BasketStatus {
    /// Whether its provider is not expected to bring money any more, or has brought it.
    pub fn is_over(self) -> bool {
        match self {
            Self::Begun | Self::Pending | Self::Later(_) => false,
            Self::Paid | Self::Failed | Self::Expired | Self::Cancelled | Self::Refunded | Self::ChargedBack => true,
        }
    }

    /// Whether its provider says that nothing came of it, or that nothing of what came stayed.
    pub fn is_gone(self) -> bool {
        match self {
            Self::Failed | Self::Refunded | Self::ChargedBack => true,
            Self::Begun | Self::Pending | Self::Paid | Self::Expired | Self::Cancelled | Self::Later(_) => false,
        }
    }
}

/// What a payer set out to pay: lines of one currency and legal entity, by one provider and one way. One basket leads to one payment of its
/// own id at most.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Basket {
    /// Its id, by [`PaymentId::of_basket`]: also that of its payment, and the provider's idempotency key.
    pub id: PaymentId,
    /// Whose invoices.
    pub customer: CustomerId,
    /// The currency of every amount here but of what came in another.
    pub currency: Currency,
    /// The legal entity that its invoices are owed to; empty for the default one.
    #[serde(default, skip_serializing_if = "CompactString::is_empty")]
    pub legal_entity: CompactString,
    /// What is to be paid, each invoice once.
    pub lines: Vec<BasketLine>,
    /// `stripe`, `paypal`, `gocardless`, `transfer`, or [`COLLECTOR`].
    pub provider: String,
    /// How it is paid, as was last said.
    pub way: WayOfPaying,
    /// Where it stands.
    pub status: BasketStatus,
    /// When it was begun.
    pub begun_at: Timestamp,
    /// Since when it has its status.
    pub status_at: Timestamp,
    /// Until when it keeps its amounts back while nobody says more.
    pub expires_at: Timestamp,
    /// The link by which it was begun; `None` where a collector wrote it down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<LinkId>,
    /// The provider's own id of it; what a collector wrote to know it by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider_id: Option<String>,
    /// Where the payer pays it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pay_url: Option<String>,
    /// What came of its currency, minor units.
    #[serde(default)]
    pub received_minor: i64,
    /// What was taken back of its currency, minor units.
    #[serde(default)]
    pub taken_back_minor: i64,
    /// Counts its changes: the version of its documents.
    pub revision: u64,
    /// What came, each receipt once, in the order of their references and currencies.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub receipts: Vec<BasketReceipt>,
    /// What was taken back, each refund and chargeback once, in the order of their ids and currencies.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reversals: Vec<BasketReversal>,
    /// Of a transfer: the entries in the books that name it, each once, in the order of their ids. They are its payment, and no document is made
    /// of them here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub booked: Vec<BookedEntry>,
    /// The newest word of the provider, or of a person here, that is no money.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub word: Option<BasketWord>,
    /// The newest word of the provider that money is on its way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pending: Option<BasketPending>,
    /// When the provider last said that it failed: what came before that did not stay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed_at: Option<Timestamp>,
    /// See [`TakenHere::stated`](crate::TakenHere::stated).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stated: Vec<Allocation>,
    /// Entries in the books of which a person said that they are its payment.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub same: Vec<PaymentId>,
    /// Entries in the books of which a person said that they are another payment.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub apart: Vec<PaymentId>,
}

/// Money that came of a basket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BasketReceipt {
    /// The provider's reference of it, which refunds name later.
    pub reference: String,
    /// What came.
    pub money: Money,
    /// How.
    pub way: WayOfPaying,
    /// When the provider said so.
    pub at: Timestamp,
    /// Its id of that event.
    pub event: String,
}

/// An entry in the books that brought money of a transfer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct BookedEntry {
    /// The entry.
    pub entry: PaymentId,
    /// What it comes to, minor units of the basket's currency.
    pub amount_minor: i64,
}

/// That money of a basket is on its way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BasketPending {
    /// How.
    pub way: WayOfPaying,
    /// When the provider said so.
    pub at: Timestamp,
    /// Its id of that event.
    pub event: String,
}

/// A refund or chargeback of a basket's money.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BasketReversal {
    /// The provider's own id of it.
    pub external_id: String,
    /// What took the money back.
    pub kind: ReversalKind,
    /// How much.
    pub money: Money,
    /// Whether it stands.
    pub in_force: bool,
    /// When the provider said so.
    pub at: Timestamp,
    /// Its id of that event.
    pub event: String,
}

/// A word about a basket that is no money.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BasketWord {
    /// What was said.
    pub said: BasketSaying,
    /// When.
    pub at: Timestamp,
    /// The provider's id of the event; empty where it was said here.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub event: String,
    /// The provider's reason, where it failed.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
}

stored_words!(
    /// What is said of a basket that is no money. Of two at the same instant the later one here counts.
    BasketSaying {
        /// The payer approved, and money moves once it is captured.
        Approved = "approved",
        /// Money is on its way.
        Pending = "pending",
        /// It failed, and the provider tries again by itself.
        Retrying = "retrying",
        /// Its time passed.
        Expired = "expired",
        /// The payer or a person gave it up.
        Cancelled = "cancelled",
        /// It failed.
        Failed = "failed",
    }
);

/// What a provider said of a basket, by a signed event or a read-back. Never by a return page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderSaid {
    /// The basket.
    pub basket: PaymentId,
    /// The provider's id of the event: the same event is heard once.
    pub event: String,
    /// When it happened, by the provider's clock.
    pub at: Timestamp,
    /// The provider's own id of the basket, where it names it.
    pub provider_id: Option<String>,
    /// What happened.
    pub what: ProviderOutcome,
}

/// What happened to a basket at its provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProviderOutcome {
    /// Money came: it can no longer fail quietly (card paid, debit confirmed).
    Received {
        /// How much.
        money: Money,
        /// How.
        way: WayOfPaying,
        /// What refunds name later: `pi_…`, a capture's id, `PM…`.
        reference: String,
    },
    /// The payer did their part and money is on its way (debit submitted, PayPal pending).
    Pending {
        /// How much.
        money: Money,
        /// How.
        way: WayOfPaying,
    },
    /// The payer approved; money moves once it is captured (PayPal).
    Approved,
    /// It failed.
    Failed {
        /// The provider's word for why; no personal data.
        reason: String,
        /// Whether the provider tries again by itself.
        retries: bool,
    },
    /// Its time passed.
    Expired,
    /// What came was taken back, or is back again.
    TakenBack {
        /// The refund's or dispute's own id.
        external_id: String,
        /// What took it back.
        kind: ReversalKind,
        /// How much.
        money: Money,
        /// Whether that stands.
        in_force: bool,
    },
}

impl Basket {
    /// What is to be paid, minor units.
    pub fn asked_minor(&self) -> i64 {
        self.lines.iter().map(|line| line.amount_minor).fold(0, i64::saturating_add)
    }

    /// What is to be paid.
    pub fn asked(&self) -> Money {
        Money::from_minor(self.asked_minor(), self.currency)
    }

    /// Where it stands at an instant. One that was begun and that nobody has said anything of is expired once its time passed: it keeps nothing
    /// back from then on, whether or not anybody writes so.
    pub fn standing(&self, now: Timestamp) -> BasketStatus {
        match self.status {
            BasketStatus::Begun if now >= self.expires_at => BasketStatus::Expired,
            BasketStatus::Begun
            | BasketStatus::Pending
            | BasketStatus::Paid
            | BasketStatus::Failed
            | BasketStatus::Expired
            | BasketStatus::Cancelled
            | BasketStatus::Refunded
            | BasketStatus::ChargedBack
            | BasketStatus::Later(_) => self.status,
        }
    }
}

#[cfg(test)]
mod booked_tests;
#[cfg(test)]
mod properties;
#[cfg(test)]
pub(crate) mod tests;
