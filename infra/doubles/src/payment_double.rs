//! What doubles of payment providers have in common: baskets, what payers do with them, and webhooks.

use std::{collections::BTreeMap, sync::Arc};

use jiff::Timestamp;
use serde_json::Value;

use crate::{Delivery, Fault, PaymentDesk, PaymentEvent, Witness};

/// What a payer, a bank or the provider does with a basket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The payer pays, and the money is there at once.
    Paid,
    /// The payer does their part, and the money is on its way.
    Pending,
    /// The money that was on its way arrives.
    Succeeded,
    /// The payment fails, late if it had succeeded.
    Failed,
    /// The seller gives money back.
    Refunded,
    /// The payer's bank takes money back.
    ChargedBack,
    /// Nobody pays in time.
    Expired,
}

impl Outcome {
    /// The words, as `/_local/baskets` takes them.
    pub const WORDS: [(&'static str, Self); 7] = [
        ("paid", Self::Paid),
        ("pending", Self::Pending),
        ("succeeded", Self::Succeeded),
        ("failed", Self::Failed),
        ("refunded", Self::Refunded),
        ("charged_back", Self::ChargedBack),
        ("expired", Self::Expired),
    ];

    /// The outcome of a word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::WORDS.iter().find(|(known, _)| *known == word).map(|(_, outcome)| *outcome)
    }

    /// Its word.
    pub fn word(self) -> &'static str {
        Self::WORDS.iter().find(|(_, known)| *known == self).map_or("", |(word, _)| *word)
    }
}

/// What a provider truly holds of a basket, past all protocol: for judges.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BasketTruth {
    /// Whose account.
    pub account: String,
    /// The basket's id, as the seller gave it; empty where none was given.
    pub basket: String,
    /// The provider's id: a checkout session, an order, a billing request.
    pub provider_id: String,
    /// Where the payer pays; none once nobody can pay there any more.
    pub pay_url: Option<String>,
    /// Where it stands, in the provider's words.
    pub status: String,
    /// ISO 4217.
    pub currency: String,
    /// What was asked, in minor units.
    pub amount_minor: i64,
    /// What came, in minor units; nothing while it is on its way.
    pub received_minor: i64,
    /// What of it was refunded or charged back, in minor units.
    pub taken_back_minor: i64,
    /// When it was begun.
    pub begun_at: Timestamp,
}

/// A double of a payment provider. One double has the accounts of many sellers.
pub trait PaymentDouble: Send + Sync {
    /// The provider: `stripe`, `paypal`, `gocardless`.
    fn provider(&self) -> &'static str;

    /// What is kept of accounts, calls and events.
    fn desk(&self) -> &PaymentDesk;

    /// What stands for every host of the provider: `http://127.0.0.1:9000`.
    fn base_url(&self) -> &str;

    /// The certificates, as PEM, that those of its webhooks lead back to; `None` where webhooks are signed with a secret.
    fn root_certificates(&self) -> Option<String> {
        None
    }

    /// Opens a seller's account, or gives it other credentials. Those that are not given are made up. Answers all of them.
    ///
    /// # Errors
    ///
    /// Says what of the credentials cannot be used.
    fn open_account(&self, account: &str, given: &Value) -> Result<Value, String> {
        self.desk().open_account(account, given)
    }

    /// Lets something happen to the newest payment of a basket: `amount_minor` says how much, the basket's own amount (or what is left
    /// of it) by default. Answers the events that the provider has to tell, in order; nobody else is told of them.
    ///
    /// # Errors
    ///
    /// Says why the provider could not do this now.
    fn happen(&self, basket: &str, outcome: Outcome, amount_minor: Option<i64>) -> Result<Vec<PaymentEvent>, String>;

    /// Everything that anybody began to pay, in order.
    fn baskets(&self) -> Vec<BasketTruth>;

    /// Lets happen what is due by the clock: what nobody paid in time expires.
    fn pass_time(&self);

    /// An event as the provider sends it now.
    fn delivery(&self, event: &PaymentEvent) -> Delivery;

    /// What there is to tell since this was last asked: what payers did on the pages, sellers over the API, and time.
    fn events(&self) -> Vec<PaymentEvent> {
        self.pass_time();
        self.desk().drain()
    }

    /// Calls `told` whenever there is something to tell.
    fn when_told(&self, told: Arc<dyn Fn() + Send + Sync>) {
        self.desk().when_told(told);
    }

    /// Spoils the next `times` answers.
    fn fail_next(&self, times: u32, fault: Fault) {
        self.desk().desk.faults.add(times, fault, None);
    }

    /// Spoils the next `times` answers to paths that contain `path`.
    fn fail_next_at(&self, path: &str, times: u32, fault: Fault) {
        self.desk().desk.faults.add(times, fault, Some(path.to_owned()));
    }

    /// Forgets the faults that are still to come.
    fn clear_faults(&self) {
        self.desk().desk.faults.clear();
    }

    /// Requests so far by kind (`POST checkout/sessions`), spoiled ones included.
    fn calls(&self) -> BTreeMap<String, u64> {
        self.desk().desk.calls()
    }

    /// Lets somebody watch every call from now on, in place of whoever did.
    fn watch(&self, witness: Arc<dyn Witness>) {
        self.desk().desk.watch(witness);
    }
}
