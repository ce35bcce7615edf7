//! What a basket becomes by what its provider says, and by what people say here.

use jiff::Timestamp;

use super::{
    Basket, BasketPending, BasketReceipt, BasketReversal, BasketSaying, BasketStatus, BasketWord, ProviderOutcome, ProviderSaid,
    keeps::{kept_while_begun, kept_while_pending},
};
use crate::{Document, Money, NewTask, PaymentId, ReversalKind, Settings, TaskKind, WayOfPaying};

/// What becomes of a basket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BasketChange {
    /// The basket as it is then.
    pub basket: Basket,
    /// Whether it became another.
    pub changed: bool,
    /// All that is known of its money, whether it became another or not.
    pub documents: Vec<Document>,
    /// What a person has to look at.
    pub tasks: Vec<NewTask>,
}

impl Basket {
    /// The basket after its provider said something. What it said before, or says of another basket, changes nothing.
    pub fn hear(&self, said: &ProviderSaid, settings: &Settings, now: Timestamp) -> BasketChange {
        let mut after = self.clone();
        let mut tasks = Vec::new();
        if said.basket == self.id {
            after.provider_id = after.provider_id.or_else(|| said.provider_id.clone());
            tasks.extend(after.take(said, settings, now));
        }
        self.became(after, tasks, settings, now)
    }

    /// The basket after it was given up here, by the payer or a person.
    pub fn cancelled(&self, settings: &Settings, now: Timestamp) -> BasketChange {
        self.ended(BasketSaying::Cancelled, settings, now)
    }

    /// The basket after its time passed and its provider, where it has one, was told so.
    pub fn expired(&self, settings: &Settings, now: Timestamp) -> BasketChange {
        self.ended(BasketSaying::Expired, settings, now)
    }

    /// The basket after a person said whether an entry in the books is its payment.
    pub fn judged(&self, entry: &PaymentId, is_same: bool, settings: &Settings, now: Timestamp) -> BasketChange {
        let mut after = self.clone();
        after.same.retain(|known| known != entry);
        after.apart.retain(|known| known != entry);
        let list = if is_same { &mut after.same } else { &mut after.apart };
        list.push(entry.clone());
        list.sort();
        self.became(after, Vec::new(), settings, now)
    }

    /// The basket once its provider took it on.
    #[must_use]
    pub fn sent_on(self, provider_id: &str, pay_url: Option<&str>) -> Self {
        let revision = self.revision + 1;
        Self { provider_id: Some(provider_id.to_owned()), pay_url: pay_url.map(str::to_owned), revision, ..self }
    }

    fn ended(&self, said: BasketSaying, settings: &Settings, now: Timestamp) -> BasketChange {
        let mut after = self.clone();
        if !self.status.is_over() {
            after.note(BasketWord { said, at: now, event: String::new(), reason: String::new() });
        }
        self.became(after, Vec::new(), settings, now)
    }

    pub(super) fn became(&self, mut after: Self, tasks: Vec<NewTask>, settings: &Settings, now: Timestamp) -> BasketChange {
        after.reckon();
        if after.status != self.status {
            after.status_at = now;
        }
        let changed = after != *self;
        if changed {
            after.revision = self.revision + 1;
        }
        BasketChange { documents: after.documents(settings), basket: after, changed, tasks }
    }

    /// Notes what a provider said.
    fn take(&mut self, said: &ProviderSaid, settings: &Settings, now: Timestamp) -> Option<NewTask> {
        let (at, event) = (said.at, said.event.clone());
        let word = |said, reason: &str| BasketWord { said, at, event: event.clone(), reason: reason.to_owned() };
        match &said.what {
            ProviderOutcome::Received { money, way, reference } => {
                if money.minor() <= 0 {
                    return Some(self.task(reference, format!("{money} is said to have come of it, which is no money; {LOOK}")));
                }
                let receipt =
                    BasketReceipt { reference: reference.clone(), money: *money, way: way.clone(), at, event: event.clone() };
                return self.receive(receipt);
            }
            ProviderOutcome::TakenBack { external_id, kind, money, in_force } => {
                if money.minor() < 0 {
                    return Some(self.task(external_id, format!("{money} is said to be taken back of it; {LOOK}")));
                }
                self.take_back(BasketReversal {
                    external_id: external_id.clone(),
                    kind: *kind,
                    money: *money,
                    in_force: *in_force,
                    at,
                    event: event.clone(),
                });
            }
            ProviderOutcome::Pending { money, way } => {
                self.keep_until(kept_while_pending(settings, way, at.min(now)));
                self.note(word(BasketSaying::Pending, ""));
                let pending = BasketPending { way: way.clone(), at, event: event.clone() };
                let is_newer = |known: &BasketPending| (known.at, &known.event) < (at, &event);
                if self.pending.as_ref().is_none_or(is_newer) {
                    self.pending = Some(pending);
                }
                // What is on its way is not what was asked for: it is kept back as it was asked, and counted as it comes.
                return (*money != self.asked()).then(|| self.task(&format!("pending/{money}"), self.differs(*money)));
            }
            ProviderOutcome::Approved => {
                self.keep_until(kept_while_begun(settings, "", None, at.min(now)));
                self.note(word(BasketSaying::Approved, ""));
            }
            ProviderOutcome::Failed { reason, retries } => {
                self.failed_at = self.failed_at.max(Some(at));
                if *retries {
                    // Nobody says how soon the provider tries again.
                    self.keep_until(kept_while_pending(settings, &WayOfPaying::Other, at.min(now)));
                }
                self.note(word(if *retries { BasketSaying::Retrying } else { BasketSaying::Failed }, reason));
            }
            ProviderOutcome::Expired => {
                self.note(word(BasketSaying::Expired, ""));
            }
        }
        None
    }

    /// Notes a word if it is the newest. Whatever the provider says counts more than what was only said here: money may be on its way by
    /// an event that comes late. An approval is no money, and of a basket that ended here none is taken: another may be for the same invoices.
    fn note(&mut self, word: BasketWord) {
        let order = |word: &BasketWord| (!word.event.is_empty(), word.at, word.said, word.event.clone(), word.reason.clone());
        let ends_approved = |one: &BasketWord, other: &BasketWord| one.event.is_empty() && other.said == BasketSaying::Approved;
        let is_newer =
            |known: &BasketWord| !ends_approved(known, &word) && (ends_approved(&word, known) || order(known) < order(&word));
        if self.word.as_ref().is_none_or(is_newer) {
            self.word = Some(word);
        }
    }

    fn receive(&mut self, receipt: BasketReceipt) -> Option<NewTask> {
        let key = |one: &BasketReceipt| (one.reference.clone(), one.money.currency());
        let known = self.receipts.binary_search_by_key(&key(&receipt), key);
        match known {
            Ok(at) => {
                let known = self.receipts.get_mut(at)?;
                if (receipt.at, &receipt.event, receipt.money.minor()) <= (known.at, &known.event, known.money.minor()) {
                    return None;
                }
                known.clone_from(&receipt);
            }
            Err(at) => self.receipts.insert(at, receipt.clone()),
        }
        if receipt.money != self.asked() {
            return Some(self.task(&receipt.reference, self.differs(receipt.money)));
        }
        let was_over = match self.status {
            BasketStatus::Failed | BasketStatus::Expired | BasketStatus::Cancelled => true,
            BasketStatus::Begun
            | BasketStatus::Pending
            | BasketStatus::Paid
            | BasketStatus::Refunded
            | BasketStatus::ChargedBack
            | BasketStatus::Later(_) => false,
        };
        // What did not stay pays nothing, and whoever has it in the books is told there.
        (was_over && self.stayed()).then(|| {
            let detail = format!(
                "{} came of it when it was {} already; it pays its invoices, and what they no longer need is credit of the customer; see \
                 whether the customer paid twice, and refund what is too much at {}",
                receipt.money, self.status, self.provider
            );
            self.task(&receipt.reference, detail)
        })
    }

    fn take_back(&mut self, reversal: BasketReversal) {
        let key = |one: &BasketReversal| (one.external_id.clone(), one.money.currency());
        let known = self.reversals.binary_search_by_key(&key(&reversal), key);
        match known {
            Ok(at) => {
                let order = |one: &BasketReversal| (one.at, one.event.clone(), one.money.minor(), one.in_force);
                if let Some(known) = self.reversals.get_mut(at).filter(|known| order(known) < order(&reversal)) {
                    *known = reversal;
                }
            }
            Err(at) => self.reversals.insert(at, reversal),
        }
    }

    /// Keeps its amounts back for longer. What was said of longer before stays so.
    fn keep_until(&mut self, at: Timestamp) {
        self.expires_at = self.expires_at.max(at);
    }

    /// Its sums and where it stands, by all that is known.
    pub(super) fn reckon(&mut self) {
        let newest = self.receipts.iter().max_by_key(|receipt| (receipt.at, &receipt.event)).map(|receipt| &receipt.way);
        if let Some(way) = newest.or_else(|| self.pending.as_ref().map(|pending| &pending.way)).cloned() {
            self.way = way;
        }
        let own = |money: &Money| if money.currency() == self.currency { money.minor() } else { 0 };
        let received = self.receipts.iter().map(|receipt| own(&receipt.money)).fold(0, i64::saturating_add);
        let in_force = || self.reversals.iter().filter(|reversal| reversal.in_force);
        let taken_back = in_force().map(|reversal| own(&reversal.money)).fold(0, i64::saturating_add);
        let is_contested = in_force().any(|reversal| reversal.kind >= ReversalKind::Chargeback);
        let stayed = self.stayed();
        let booked = self.booked.iter().map(|entry| entry.amount_minor).fold(0, i64::saturating_add);
        let received_here = if stayed { received } else { 0 };
        self.received_minor = received_here.saturating_add(booked);
        self.taken_back_minor = taken_back.min(self.received_minor);
        self.status = if booked > 0 {
            BasketStatus::Paid
        } else if stayed && received > 0 && taken_back >= received {
            if is_contested { BasketStatus::ChargedBack } else { BasketStatus::Refunded }
        } else if stayed {
            BasketStatus::Paid
        } else {
            match self.word.as_ref().map(|word| word.said) {
                None => BasketStatus::Begun,
                Some(BasketSaying::Approved | BasketSaying::Pending | BasketSaying::Retrying) => BasketStatus::Pending,
                Some(BasketSaying::Failed) => BasketStatus::Failed,
                Some(BasketSaying::Expired) => BasketStatus::Expired,
                Some(BasketSaying::Cancelled) => BasketStatus::Cancelled,
                Some(BasketSaying::Later(word)) => BasketStatus::Later(word),
            }
        };
    }

    fn differs(&self, money: Money) -> String {
        format!(
            "{money} came of it or is on its way, and {} was asked for; what comes counts as credit of the customer and pays no invoice by \
             itself; allocate it in the accounting system, or refund it at {}",
            self.asked(),
            self.provider
        )
    }

    /// A task about it; `what` tells it from its others.
    fn task(&self, what: &str, detail: String) -> NewTask {
        NewTask {
            kind: TaskKind::Document,
            key: format!("basket:{}:{what}", self.id),
            title: "A payment that was begun here needs a look".to_owned(),
            detail: format!("Basket {} of {} over {}: {detail}.", self.id, self.provider, self.asked()),
            to: None,
            due_on: None,
            step: None,
            currency: Some(self.currency),
            case: None,
        }
    }
}

/// What a person does about what cannot be.
const LOOK: &str = "nothing of it was counted; look at the payment in the provider's own pages";
