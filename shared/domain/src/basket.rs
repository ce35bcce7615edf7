//! What payers set out to pay, and what providers say became of it.

use compact_str::CompactString;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Currency, CustomerId, InvoiceId, LinkId, Money, PaymentId, ReversalKind, WayOfPaying, word::stored_words};

/// One invoice of a basket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BasketLine {
    /// The invoice.
    pub invoice: InvoiceId,
    /// Its number, as the payer knows it.
    pub number: String,
    /// How much of it is paid, in minor units of the basket's currency.
    pub amount_minor: i64,
}

stored_words!(
    /// How far a basket is.
    BasketStatus {
        /// The payer was sent on.
        Begun = "begun",
        /// The payer did their part, and money is on its way.
        Pending = "pending",
        /// Money came.
        Paid = "paid",
        /// The provider says that no money will come.
        Failed = "failed",
        /// The payer did not finish in time.
        Expired = "expired",
        /// The payer or a person took it back.
        Cancelled = "cancelled",
        /// What came was given back.
        Refunded = "refunded",
        /// What came was taken back by the payer's bank.
        ChargedBack = "charged_back",
    }
);

/// What a payer set out to pay: one currency, one legal entity, one way of paying. It leads to one payment at most, under its own id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Basket {
    /// Its id, and the payment's that comes of it.
    pub id: PaymentId,
    /// Whose invoices are paid.
    pub customer: CustomerId,
    /// The currency of every line.
    pub currency: Currency,
    /// The legal entity that is owed; empty for the default.
    pub legal_entity: CompactString,
    /// What is paid.
    pub lines: Vec<BasketLine>,
    /// The provider's name.
    pub provider: String,
    /// How it is paid.
    pub way: WayOfPaying,
    /// How far it is.
    pub status: BasketStatus,
    /// When the payer was sent on.
    pub begun_at: Timestamp,
    /// Since when it has its status.
    pub status_at: Timestamp,
    /// Until when it keeps its amounts back while nobody says more.
    pub expires_at: Timestamp,
    /// By which link it was begun.
    pub link: LinkId,
    /// The provider's id of it.
    pub provider_id: Option<String>,
    /// Where the payer pays.
    pub pay_url: Option<String>,
    /// What came, in minor units.
    pub received_minor: i64,
    /// What was taken back of it, in minor units.
    pub taken_back_minor: i64,
}

/// What a provider said of a basket, over a signed event or a read-back. Never from a return page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderSaid {
    /// The basket.
    pub basket: PaymentId,
    /// The provider's id of the event: the same id is the same event, delivered again.
    pub event: String,
    /// When it happened, as the provider says.
    pub at: Timestamp,
    /// The provider's id of the basket, where it was named.
    pub provider_id: Option<String>,
    /// What happened.
    pub what: ProviderOutcome,
}

/// What happened to a basket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProviderOutcome {
    /// Money came: it can no longer fail quietly (card paid, debit confirmed).
    Received {
        /// How much.
        money: Money,
        /// How.
        way: WayOfPaying,
        /// What refunds name later: `pi_…`, the capture's id, `PM…`.
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
    /// No money comes. Of a basket whose money came before, it is a late failure: nothing of it is left.
    Failed {
        /// The provider's word, without personal data.
        reason: String,
        /// Whether the provider tries again by itself.
        retries: bool,
    },
    /// The payer did not finish in time.
    Expired,
    /// Money that came was taken back.
    TakenBack {
        /// The refund's or dispute's own id.
        external_id: String,
        /// By whom.
        kind: ReversalKind,
        /// How much.
        money: Money,
        /// Whether it stands.
        in_force: bool,
    },
}
