//! Everything that a decision about one customer is made from.

use std::collections::BTreeMap;

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

use crate::{
    Agreement, ByHand, CaseId, CaseKey, Channel, Charge, Contact, ContactLog, Coverage, Covered, Customer, Invoice, InvoiceId,
    LaterWord, MessageId, Mode, OpenWork, Order, Payment, PaymentStatus, PersonDigest, Reversal, Rollout, Settings,
    StatedPeriods, TenantId,
    by_hand::last_word,
    customer::mailbox_of,
    id::digest,
    word::stored_words,
    workflow::{CompiledWorkflow, ReceiptTime},
};

/// What is known of one customer at one version of its head. Order within lists carries no meaning.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Facts {
    /// Whose customer.
    pub tenant: TenantId,
    /// The head's version that these facts belong to.
    pub version: u64,
    /// The number of the last decision.
    pub decision: u64,
    /// The customer, contacts and all: as its source describes it, with what people entered laid over it.
    pub customer: Customer,
    /// The customer as its source describes it, where people entered something; the same as `customer` where they did not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub described: Option<Box<Customer>>,
    /// What people entered of the customer.
    #[serde(default, skip_serializing_if = "ByHand::is_empty")]
    pub by_hand: ByHand,
    /// What people entered of the customer whose people are written to, where that is another one and something is entered of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub above: Option<Box<PeopleAbove>>,
    /// Invoices that may still be chased, and those that such payments refer to.
    pub invoices: Vec<InvoiceFact>,
    /// Payments and credit notes that touch them.
    pub payments: Vec<PaymentFact>,
    /// Payments and credit notes of other customers that are for invoices of this one: what they allocate counts here, and their
    /// rest is credit of the others.
    pub shared: Vec<PaymentFact>,
    /// Refunds and chargebacks of `shared`.
    pub shared_reversals: Vec<Reversal>,
    /// Refunds and chargebacks of `payments`.
    pub reversals: Vec<Reversal>,
    /// Agreements, those that are over too.
    pub agreements: Vec<Agreement>,
    /// Charges on top of what the invoices say.
    pub charges: Vec<Charge>,
    /// The customer's cases.
    #[serde(with = "by_case")]
    pub cases: BTreeMap<CaseKey, Case>,
    /// Marks that are not folded into the invoices yet.
    pub coverage: Vec<Coverage>,
    /// Messages that are decided and not settled.
    pub pending: Vec<Pending>,
    /// The last contact by ledger: live messages, and what shadow mode would have sent (live ones included).
    pub last_contact: LastContact,
    /// What is known of the contacts' addresses, by [`address_key`].
    pub addresses: BTreeMap<String, AddressFact>,
    /// When the contacts were contacted, across customers, by [`Contact::person`](crate::Contact::person).
    pub contact_log: BTreeMap<String, ContactLog>,
    /// When each source last said that its books are complete.
    pub sources_confirmed_at: BTreeMap<String, Timestamp>,
    /// When the customer last replied.
    pub replied_at: Option<Timestamp>,
    /// Work for people that is open, or whose reason is still there.
    pub work: Vec<OpenWork>,
    /// What people told Dunlin to do that is not used up.
    pub orders: Vec<Order>,
}

impl Facts {
    /// Those of a customer of whom nothing else is known, at the first version of its head.
    pub fn of(tenant: TenantId, customer: Customer) -> Self {
        Self {
            tenant,
            version: 1,
            decision: 0,
            customer,
            described: None,
            by_hand: ByHand::default(),
            above: None,
            invoices: Vec::new(),
            payments: Vec::new(),
            shared: Vec::new(),
            shared_reversals: Vec::new(),
            reversals: Vec::new(),
            agreements: Vec::new(),
            charges: Vec::new(),
            cases: BTreeMap::new(),
            coverage: Vec::new(),
            pending: Vec::new(),
            last_contact: LastContact::default(),
            addresses: BTreeMap::new(),
            contact_log: BTreeMap::new(),
            sources_confirmed_at: BTreeMap::new(),
            replied_at: None,
            work: Vec::new(),
            orders: Vec::new(),
        }
    }

    /// The customer as its source describes it.
    pub fn described(&self) -> &Customer {
        self.described.as_deref().unwrap_or(&self.customer)
    }

    /// The facts with what people entered of the customer, in place of what they had entered before.
    #[must_use]
    pub fn with_by_hand(self, by_hand: ByHand) -> Self {
        let described = self.described().clone();
        let customer = by_hand.over(&described);
        let described = (!by_hand.is_empty()).then(|| Box::new(described));
        Self { customer, described, by_hand, ..self }
    }

    /// Every mark: those that are folded into what they are about, then the others.
    pub fn marks(&self) -> impl Iterator<Item = &Coverage> {
        let of_plans = self.agreements.iter().flat_map(|agreement| &agreement.folded);
        let of_charges = self.charges.iter().flat_map(|charge| &charge.folded);
        let folded = self.invoices.iter().flat_map(|fact| &fact.folded).chain(of_plans).chain(of_charges);
        folded.chain(&self.coverage)
    }

    /// Whether a person agreed to a channel. What was taken back here for the address holds for whoever has it, be it somebody whom only an
    /// invoice names and whose consent its source states.
    pub fn agreed(&self, contact: &Contact, channel: Channel) -> bool {
        let is_taken_back = |address: &str| {
            let all = self
                .by_hand
                .said_of(channel, address)
                .chain(self.above.iter().flat_map(|above| above.by_hand.said_of(channel, address)));
            last_word(all).is_some_and(|said| said.withdrawn)
        };
        contact.consented(channel) && !contact.address(channel).is_some_and(is_taken_back)
    }

    /// What stands against a person at every address: what does so at one of those that they are reached by, or at the contact that they
    /// are, whatever addresses that has by now.
    pub fn ceased(&self, contact: &Contact) -> Option<Suppression> {
        let stands = |(channel, address): (Channel, String)| {
            let known = self.addresses.get(&address_key(channel, &address))?.suppressed.as_ref()?;
            known.reason.is_of_the_person().then(|| known.clone())
        };
        let above = self.above.iter().map(|above| &above.by_hand);
        let entered = || std::iter::once(&self.by_hand).chain(above).find_map(|by_hand| by_hand.ceased(contact));
        let of_contact = || entered().map(|at| Suppression { reason: SuppressionReason::Cease, at });
        reached_by(contact).into_iter().find_map(stands).or_else(of_contact)
    }
}

/// A customer whose people are written to in the place of another one's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeopleAbove {
    /// As its source describes it.
    pub described: Customer,
    /// What people entered of it.
    pub by_hand: ByHand,
}

/// Cases by key as a list of pairs: a key of two parts is no name in JSON.
mod by_case {
    use std::collections::BTreeMap;

    use serde::{Deserialize, Deserializer, Serializer};

    use super::{Case, CaseKey};

    pub(super) fn serialize<S: Serializer>(cases: &BTreeMap<CaseKey, Case>, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(cases)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<CaseKey, Case>, D::Error> {
        Ok(Vec::<(CaseKey, Case)>::deserialize(deserializer)?.into_iter().collect())
    }
}

/// An invoice with what the table keeps beside it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvoiceFact {
    /// The invoice.
    pub invoice: Invoice,
    /// Marks folded into the invoice's own item.
    pub folded: Vec<Coverage>,
    /// Whether the invoice is set aside as closed, and here only because a payment refers to it.
    pub archived: bool,
}

/// A payment with when Dunlin first saw this version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentFact {
    /// The payment.
    pub payment: Payment,
    /// When this version was recorded.
    pub recorded_at: Timestamp,
    /// Where this version does not say that the payment was received, the newest of those before it that said so.
    pub received_before: Option<Payment>,
    /// Whether the payment is set aside as spent, and here only because an invoice refers to it.
    pub archived: bool,
}

impl PaymentFact {
    /// What is known of a payment once a version of it is heard of, in whatever order they come; `None` when that changes nothing. An older
    /// version may still say that the payment was received once.
    pub fn merge(known: Option<&Self>, payment: &Payment, recorded_at: Timestamp) -> Option<Self> {
        let is_received = |payment: &Payment| payment.status == PaymentStatus::Received;
        let Some(known) = known else {
            return Some(Self { payment: payment.clone(), recorded_at, received_before: None, archived: false });
        };
        let is_newer = payment.source_version > known.payment.source_version;
        let received = if is_received(&known.payment) { Some(&known.payment) } else { known.received_before.as_ref() };
        if is_newer {
            let received_before = received.filter(|_| !is_received(payment)).cloned();
            return Some(Self { payment: payment.clone(), recorded_at, received_before, archived: false });
        }
        let adds = is_received(payment)
            && payment.source_version < known.payment.source_version
            && received.is_none_or(|received| received.source_version < payment.source_version);
        adds.then(|| Self { received_before: Some(payment.clone()), recorded_at, ..known.clone() })
    }

    /// The invoices that it is for, or was when it was received.
    pub fn invoices(&self) -> impl Iterator<Item = &InvoiceId> {
        let before = self.received_before.iter().flat_map(|payment| &payment.allocations);
        self.payment.allocations.iter().chain(before).map(|part| &part.invoice)
    }
}

/// The text that names an address across customers: channel family and the address in lower case. Email and phone
/// addresses of one text are told apart; SMS, voice and WhatsApp share a number but not a suppression.
pub fn address_key(channel: Channel, address: &str) -> String {
    format!("{}:{}", channel.as_str(), address.trim().to_lowercase())
}

/// What somebody is reached by, each with its channel: their addresses, and the mailbox that the email address leads to, which is the same
/// unless it is written otherwise there.
pub fn reached_by(contact: &Contact) -> Vec<(Channel, String)> {
    let own = Channel::ALL.into_iter().filter_map(|channel| Some((channel, contact.address(channel)?.to_owned())));
    let mut all: Vec<(Channel, String)> = own.collect();
    let mailbox = contact.email.as_deref().map(|email| (email, mailbox_of(email)));
    let mailbox = mailbox.filter(|(email, mailbox)| address_key(Channel::Email, email) != address_key(Channel::Email, mailbox));
    all.extend(mailbox.map(|(_, mailbox)| (Channel::Email, mailbox)));
    all
}

/// What a tenant knows of one address, whoever's it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddressFact {
    /// Why it must not be used, if so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suppressed: Option<Suppression>,
}

/// That an address must not be used on a channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suppression {
    /// Why.
    pub reason: SuppressionReason,
    /// Since when.
    pub at: Timestamp,
}

impl Suppression {
    /// What tells it from what stood against the address before and will stand after: whoever lifts one names the one that they looked at.
    pub fn entry(&self) -> String {
        digest(&[self.reason.as_str(), &self.at.to_string()])
    }
}

stored_words!(
    /// Why an address must not be used.
    SuppressionReason {
        /// It bounced for good.
        Bounce = "bounce",
        /// Its owner complained.
        Complaint = "complaint",
        /// Its owner opted out.
        OptOut = "opt_out",
        /// Its owner asked for all contact to cease.
        Cease = "cease",
    }
);

impl SuppressionReason {
    /// Whether it stands against the person at every address, not at the one alone for which it was entered.
    pub fn is_of_the_person(self) -> bool {
        match self {
            Self::Bounce | Self::Complaint | Self::OptOut => false,
            Self::Cease | Self::Later(_) => true,
        }
    }

    /// Whether it takes the place of another reason.
    pub fn is_stricter_than(self, other: Self) -> bool {
        let strictness = |reason| match reason {
            Self::Bounce => 0,
            Self::Complaint => 1,
            Self::OptOut => 2,
            Self::Cease => 3,
            Self::Later(_) => 4,
        };
        strictness(self) > strictness(other)
    }
}

/// When a customer was last contacted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastContact {
    /// By a message that left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub live: Option<Timestamp>,
    /// By one that shadow mode would have sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shadow: Option<Timestamp>,
}

impl LastContact {
    /// The last contact that counts in `mode`: shadow mode sees both ledgers, live only its own.
    pub fn in_mode(&self, mode: Mode) -> Option<Timestamp> {
        match mode {
            Mode::Off | Mode::Live => self.live,
            Mode::Shadow | Mode::Later(_) => self.live.max(self.shadow),
        }
    }
}

/// One customer's collection of one balance by one workflow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Case {
    /// Its id.
    pub id: CaseId,
    /// The workflow and version that it is pinned to: that of its key, or another that a person moved it to.
    pub workflow: String,
    /// See `workflow`.
    pub version: u32,
    /// When it opened.
    pub opened_at: Timestamp,
    /// Where it stands.
    pub state: CaseState,
    /// Whether a person chose its workflow: what no published workflow applies to joins it then.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub by_hand: bool,
    /// Of which periods its balance was stated last.
    #[serde(default, skip_serializing_if = "StatedPeriods::is_empty")]
    pub stated: StatedPeriods,
}

/// Where a case stands.
///
/// A state that a later release adds is a word alone, or a reason of [`CaseState::Waiting`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CaseState {
    /// It is chased.
    Open,
    /// Something is owed but nothing may be chased.
    Waiting(WaitingReason),
    /// No due item has a step left, though money is owed.
    Ended,
    /// Nothing is open.
    Closed,
    /// A state of a later release: kept as it is, and the case waits.
    #[serde(untagged)]
    Later(LaterWord),
}

impl CaseState {
    /// The word of a later release that it has: the state, or why it waits. While it has one nothing of the case is chased.
    pub fn later(&self) -> Option<LaterWord> {
        match self {
            Self::Later(word) | Self::Waiting(WaitingReason::Later(word)) => Some(*word),
            Self::Waiting(
                WaitingReason::Held
                | WaitingReason::Covered
                | WaitingReason::BelowMinimum
                | WaitingReason::Exited
                | WaitingReason::Approval,
            )
            | Self::Open
            | Self::Ended
            | Self::Closed => None,
        }
    }
}

stored_words!(
    /// Why a case waits.
    WaitingReason {
        /// Holds keep everything back.
        Held = "held",
        /// Unapplied credit or money in flight covers it.
        Covered = "covered",
        /// Less is owed than the tenant chases.
        BelowMinimum = "below_minimum",
        /// The workflow's `exit_when` holds.
        Exited = "exited",
        /// A person has to approve a step.
        Approval = "approval",
    }
);

/// A message that is decided and not settled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pending {
    /// Its id.
    pub id: MessageId,
    /// The decision's number.
    pub number: u64,
    /// Position within the decision.
    pub position: u32,
    /// Where it stands.
    pub status: PendingStatus,
    /// When it was decided.
    pub decided_at: Timestamp,
    /// The ledger that it was decided in.
    pub mode: Mode,
    /// The case.
    pub case: CaseKey,
    /// The channel.
    pub channel: Channel,
    /// The contact's external id.
    pub contact: String,
    /// The person whom the contact was when it was decided; `None` in what an earlier release left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<PersonDigest>,
    /// The template's id and version.
    pub template: String,
    /// See `template`.
    pub template_version: u32,
    /// By when it asks to be paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pay_by: Option<Date>,
    /// The due items and steps that it stands for.
    pub rows: Vec<Covered>,
    /// The position, within the decision, of the message of which it is a copy to one more person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub copy_of: Option<u32>,
    /// How long its arrival is awaited once it left, before its step tries another channel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipt_within: Option<ReceiptTime>,
}

impl Pending {
    /// Until when word of its arrival is awaited, where it leaves at an instant. What shadow mode would have sent arrived.
    pub fn receipt_by(&self, sent_at: Timestamp) -> Option<Timestamp> {
        self.receipt_within.filter(|_| self.mode == Mode::Live).map(|time| time.after(sent_at))
    }
}

stored_words!(
    /// Where an unsettled message stands.
    PendingStatus {
        /// Waiting for its sender.
        Queued = "queued",
        /// Refused for now: to be tried again.
        Retrying = "retrying",
        /// Claimed by a sender.
        Calling = "calling",
        /// A sender died after its claim, or got no answer.
        Unknown = "unknown",
    }
);

impl PendingStatus {
    /// Whether nobody knows whether it was sent. What a later release says of it is as good as that: it is never sent by guess.
    pub fn is_unknown(self) -> bool {
        match self {
            Self::Unknown | Self::Later(_) => true,
            Self::Queued | Self::Retrying | Self::Calling => false,
        }
    }
}

/// What the tenant decides by.
#[derive(Clone, Debug)]
pub struct Policy {
    /// The tenant's settings.
    pub settings: Settings,
    /// Whether the circuit breaker is open.
    pub breaker_open: bool,
    /// The current version of each published workflow, and every version that a case of this customer is pinned to.
    pub workflows: Vec<std::sync::Arc<CompiledWorkflow>>,
    /// Which of them are published now, by id and version: what due items join cases by. While a share of cases takes a newer version
    /// first, it is the version before.
    pub published: std::collections::BTreeSet<(String, u32)>,
    /// How newer versions of them are given out, by workflow; nothing for one that all new cases open at and no running one moves to.
    pub rollouts: BTreeMap<String, Rollout>,
    /// Workflows that were withdrawn with their open cases, each up to which version.
    pub withdrawn: BTreeMap<String, u32>,
    /// Channels that this deployment has a sender for.
    pub senders: std::collections::BTreeSet<Channel>,
    /// The senders that the operator listed for the tenant; `None` where nothing was listed yet.
    pub identities: Option<crate::Identities>,
    /// Template ids with, for each channel, the current version; what a step may use.
    pub templates: BTreeMap<(String, Channel), u32>,
}

impl Policy {
    /// Whether a workflow's version was withdrawn with its open cases.
    pub fn is_withdrawn(&self, id: &str, version: u32) -> bool {
        self.withdrawn.get(id).is_some_and(|withdrawn| version <= *withdrawn)
    }

    /// The workflow at a version.
    pub fn workflow(&self, id: &str, version: u32) -> Option<&std::sync::Arc<CompiledWorkflow>> {
        self.workflows.iter().find(|workflow| workflow.id == id && workflow.version == version)
    }

    /// The workflow that drives a running case from now on: at its own version, or at the one that a publishing moves it to. A case that was
    /// ended with its workflow stays ended.
    pub fn driving(&self, case: &Case) -> Option<&std::sync::Arc<CompiledWorkflow>> {
        let rollout = self.rollouts.get(&case.workflow).filter(|_| !self.is_withdrawn(&case.workflow, case.version));
        let moved = rollout.and_then(|rollout| self.workflow(&case.workflow, rollout.target(&case.id, case.version)));
        moved.or_else(|| self.workflow(&case.workflow, case.version))
    }
}
