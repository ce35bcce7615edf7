//! What was heard of a provider, and what must be asked before it can be used.

use domain::{PaymentId, ProviderOutcome, ProviderSaid, ReversalKind};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What an event or an answer says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProviderHeard {
    /// What is known, each by itself.
    pub said: Vec<ProviderSaid>,
    /// What must be asked first.
    pub questions: Vec<PaymentQuestion>,
    /// How many parts are about something that is no basket of ours, or that says nothing of money.
    pub foreign: usize,
    /// Parts that do not read. Each becomes an exception that a person sees.
    pub unread: Vec<UnreadEvent>,
}

/// A part that does not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnreadEvent {
    /// JSON pointer into the body.
    pub pointer: String,
    /// What is wrong and how to mend it. Holds no personal data.
    pub detail: String,
}

/// Something to ask the provider. It can be kept and asked later.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentQuestion {
    /// The event that raised it; of a read-back `read/` and the id of what is read.
    pub event: String,
    /// When the event happened, or the read-back was asked for.
    pub at: Timestamp,
    /// What is asked about.
    pub object: ProviderObject,
    /// The provider's id of it.
    pub id: String,
    /// The basket, where it is known.
    pub basket: Option<PaymentId>,
    /// What is known already and waits for the answer.
    pub known: KnownPart,
}

/// What can be asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProviderObject {
    /// What [`crate::BegunPayment::provider_id`] names.
    Begun,
    /// A payment: Stripe's intent, PayPal's capture, GoCardless's payment.
    Payment,
    /// A charge of Stripe's.
    Charge,
    /// The refunds of a charge of Stripe's.
    RefundsOfCharge,
    /// A refund of GoCardless's.
    Refund,
}

/// What an event said that waits for an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KnownPart {
    /// Nothing: the answer says it all.
    Nothing,
    /// That money came once, whatever became of it since.
    Came,
    /// That a payment failed, and why.
    Failed {
        /// The provider's word.
        reason: String,
        /// Whether the provider tries again by itself.
        retries: bool,
    },
    /// That a chargeback was taken back.
    ChargebackOver,
    /// What was taken back; the answer says of which basket.
    TakenBack {
        /// The refund's or dispute's own id.
        external_id: String,
        /// By whom.
        kind: ReversalKind,
        /// How much, with its currency.
        money: domain::Money,
        /// Whether it stands.
        in_force: bool,
    },
}

/// The event that is read: what everything that it says carries.
pub(crate) struct Origin<'a> {
    /// Its id.
    pub(crate) event: &'a str,
    /// When it happened.
    pub(crate) at: Timestamp,
}

impl<'a> Origin<'a> {
    /// The event whose question is answered.
    pub(crate) fn of(question: &'a PaymentQuestion) -> Self {
        Self { event: &question.event, at: question.at }
    }

    /// One thing that it says of a basket.
    pub(crate) fn said(&self, basket: PaymentId, provider_id: Option<String>, what: ProviderOutcome) -> ProviderHeard {
        ProviderHeard::said(ProviderSaid { basket, event: self.event.to_owned(), at: self.at, provider_id, what })
    }
}

impl KnownPart {
    /// What was taken back, once its basket is known; `None` where something else waits.
    pub(crate) fn taken_back(&self) -> Option<ProviderOutcome> {
        match self {
            Self::TakenBack { external_id, kind, money, in_force } => {
                let (external_id, kind, money, in_force) = (external_id.clone(), *kind, *money, *in_force);
                Some(ProviderOutcome::TakenBack { external_id, kind, money, in_force })
            }
            Self::Nothing | Self::Came | Self::Failed { .. } | Self::ChargebackOver => None,
        }
    }
}

impl PaymentQuestion {
    /// How a payment stands, asked at an instant.
    pub(crate) fn read_back(basket: &PaymentId, provider_id: &str, at: Timestamp) -> Self {
        Self {
            event: format!("{READ}{provider_id}"),
            at,
            object: ProviderObject::Begun,
            id: provider_id.to_owned(),
            basket: Some(basket.clone()),
            known: KnownPart::Nothing,
        }
    }
}

/// What the events of read-backs begin with.
const READ: &str = "read/";

impl ProviderHeard {
    /// The same with an event's id of its own for each thing said: where one event or answer says several, and where it was read back,
    /// which is no event and may say another thing the next time.
    pub(crate) fn told_apart(mut self) -> Self {
        let are_several = self.said.len() > 1;
        for said in self.said.iter_mut().filter(|said| are_several || said.event.starts_with(READ)) {
            let what = match &said.what {
                ProviderOutcome::Received { reference, .. } => format!("received/{reference}"),
                ProviderOutcome::Pending { .. } => "pending".to_owned(),
                ProviderOutcome::Approved => "approved".to_owned(),
                ProviderOutcome::Failed { retries: true, .. } => "failed_once".to_owned(),
                ProviderOutcome::Failed { retries: false, .. } => "failed".to_owned(),
                ProviderOutcome::Expired => "expired".to_owned(),
                ProviderOutcome::TakenBack { external_id, in_force: true, .. } => format!("taken_back/{external_id}"),
                ProviderOutcome::TakenBack { external_id, in_force: false, .. } => format!("not_taken_back/{external_id}"),
            };
            said.event = format!("{}/{what}", said.event);
        }
        self
    }

    /// One thing said.
    pub(crate) fn said(said: ProviderSaid) -> Self {
        Self { said: vec![said], ..Self::default() }
    }

    /// One question.
    pub(crate) fn question(question: PaymentQuestion) -> Self {
        Self { questions: vec![question], ..Self::default() }
    }

    /// Something that is none of our business.
    pub(crate) fn foreign() -> Self {
        Self { foreign: 1, ..Self::default() }
    }

    /// A part that does not read.
    pub(crate) fn unread(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { unread: vec![UnreadEvent { pointer: pointer.into(), detail: detail.into() }], ..Self::default() }
    }

    /// Takes in what another part says.
    pub(crate) fn add(&mut self, other: Self) {
        let Self { said, questions, foreign, unread } = other;
        self.said.extend(said);
        self.questions.extend(questions);
        self.foreign += foreign;
        self.unread.extend(unread);
    }
}
