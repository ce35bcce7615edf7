//! The words that agreements are stored with.

use serde::{Deserialize, Serialize};

/// Makes an enum of words that are stored, with one for words of later releases.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$each:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        pub enum $name {
            $($(#[$each])* #[serde(rename = $word)] $variant,)+
            /// A word of a later release: kept as it is, treated as the most careful case.
            #[serde(untagged)]
            Later(String),
        }

        impl $name {
            /// The words of this release.
            pub const WORDS: &'static [&'static str] = &[$($word),+];

            /// The text form.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $word,)+
                    Self::Later(word) => word,
                }
            }

            /// Whether it is a word of a later release.
            pub fn is_later(&self) -> bool {
                match self {
                    $(Self::$variant => false,)+
                    Self::Later(_) => true,
                }
            }
        }
    };
}

words!(
    /// Where a promise stands.
    PromiseStatus {
        /// It may still be kept.
        Open = "open",
        /// What was promised came.
        Kept = "kept",
        /// A part of it came in time.
        PartlyKept = "partly_kept",
        /// It was to be on the ledger and is not.
        Broken = "broken",
        /// A person withdrew it.
        Cancelled = "cancelled",
    }
);
words!(
    /// Where a dispute stands.
    DisputeStatus {
        /// Nobody has decided.
        Open = "open",
        /// The customer is right: what is contested stays kept back until the books say so.
        Upheld = "upheld",
        /// The customer is right about a part.
        PartlyUpheld = "partly_upheld",
        /// The customer is wrong.
        Rejected = "rejected",
        /// The customer took it back.
        Withdrawn = "withdrawn",
    }
);
words!(
    /// Where a plan stands.
    PlanStatus {
        /// Its parts fall due.
        Running = "running",
        /// All of it was paid.
        Completed = "completed",
        /// A part was missed.
        Broken = "broken",
        /// A person ended it.
        Cancelled = "cancelled",
    }
);
words!(
    /// Where a pause stands.
    PauseStatus {
        /// It goes on.
        Running = "running",
        /// Its time or its reason is over.
        Ended = "ended",
    }
);
words!(
    /// Where money on its way stands.
    MoneyStatus {
        /// It may still come.
        Expected = "expected",
        /// It came.
        Arrived = "arrived",
        /// It did not come in time, or was taken back.
        Failed = "failed",
    }
);
words!(
    /// Why an invoice is contested.
    DisputeReason {
        /// It was not delivered, or late.
        Delivery = "delivery",
        /// It was less or more than ordered.
        Quantity = "quantity",
        /// It was bad.
        Quality = "quality",
        /// The price is not the one agreed.
        Price = "price",
        /// Tax is wrong.
        Tax = "tax",
        /// It is asked for twice.
        Duplicate = "duplicate",
        /// It was paid.
        AlreadyPaid = "already_paid",
        /// The order number is missing or wrong.
        PoMissing = "po_missing",
        /// Nobody ordered it.
        NotOrdered = "not_ordered",
        /// Somebody else owes it.
        WrongParty = "wrong_party",
        /// The contract says otherwise.
        Contract = "contract",
        /// Something else.
        Other = "other",
    }
);
words!(
    /// How money is paid.
    WayOfPaying {
        /// A card.
        Card = "card",
        /// A debit in the United States.
        Ach = "ach",
        /// A debit in the euro area.
        SepaDebit = "sepa_debit",
        /// A debit in the United Kingdom.
        Bacs = "bacs",
        /// A bank transfer.
        Transfer = "transfer",
        /// A check by mail.
        Check = "check",
        /// Cash.
        Cash = "cash",
        /// PayPal.
        Paypal = "paypal",
        /// Another way.
        Other = "other",
    }
);

impl WayOfPaying {
    /// How many business days pass from paying until the money is on the ledger, at most.
    ///
    /// Of debits it is the time until one knows that they did not bounce: ACH and SEPA as payment providers state it, Bacs its
    /// cycle of three days. A check is mailed, deposited and cleared.
    pub fn clearing_business_days(&self) -> i32 {
        match self {
            Self::Cash | Self::Paypal => 1,
            Self::Card | Self::Transfer | Self::Other => 2,
            Self::Bacs => 3,
            Self::Ach => 4,
            Self::SepaDebit => 5,
            Self::Check | Self::Later(_) => 7,
        }
    }
}

words!(
    /// Why something is kept back.
    HoldReason {
        /// The invoice is contested.
        Dispute = "dispute",
        /// The customer promised to pay.
        Promise = "promise",
        /// A payment plan runs.
        Plan = "plan",
        /// A person said so.
        Manual = "manual",
        /// The matter is with lawyers.
        Legal = "legal",
        /// The customer asked not to be contacted.
        Cease = "cease",
        /// Money is on its way.
        MoneyOnItsWay = "money_on_its_way",
        /// The creditor gave a payment back.
        Refund = "refund",
        /// The payer's bank took a payment back.
        Chargeback = "chargeback",
        /// The invoice was not sent to the customer.
        NotSent = "not_sent",
    }
);
words!(
    /// Whether the days of what keeps something back count.
    HoldClock {
        /// They do not count: anchors move by them. The default of disputes and promises.
        StopClock = "stop_clock",
        /// They count.
        Freeze = "freeze",
    }
);
