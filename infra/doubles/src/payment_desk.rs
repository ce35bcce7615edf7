//! What a payment provider's double keeps of accounts, repeated requests and events.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use http::Response;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

use crate::{Clock, Desk, PaymentEvent, ids, lock::lock};

const DIGITS_AND_LETTERS: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const CAPITALS: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

/// What is kept of accounts, calls and events.
pub struct PaymentDesk {
    pub(crate) desk: Desk,
    provider: &'static str,
    /// What an account has, with what a made-up one begins with.
    credentials: &'static [(&'static str, &'static str)],
    /// How long a key of a request is known again.
    keys_last: SignedDuration,
    /// Ids of two doubles differ, also where one takes the other's place.
    seed: String,
    base_url: Mutex<String>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    serial: u64,
    accounts: Vec<Account>,
    answered: HashMap<(String, String), Answered>,
    waiting: Vec<PaymentEvent>,
    told: Option<Arc<dyn Fn() + Send + Sync>>,
}

/// A seller's account.
#[derive(Clone)]
pub struct Account {
    /// Whose.
    pub name: String,
    credentials: Map<String, Value>,
}

impl Account {
    /// One of its credentials.
    pub fn credential(&self, name: &str) -> &str {
        self.credentials.get(name).and_then(Value::as_str).unwrap_or_default()
    }
}

#[derive(Clone)]
struct Answered {
    at: Timestamp,
    endpoint: String,
    body: String,
    answer: Response<Bytes>,
}

/// What a provider knows of a key of a request.
pub enum Known {
    /// Nothing.
    Nothing,
    /// The very request was answered with this.
    Answered(Response<Bytes>),
    /// It was another request to the same endpoint, which was answered with this.
    AnotherBody(Response<Bytes>),
    /// It was a request to this other endpoint.
    AnotherEndpoint(String),
}

impl PaymentDesk {
    pub(crate) fn new(
        clock: Clock,
        provider: &'static str,
        credentials: &'static [(&'static str, &'static str)],
        keys_last: SignedDuration,
    ) -> Self {
        let desk = Desk::of_keys(clock, provider);
        let seed = desk.now().to_string();
        Self { desk, provider, credentials, keys_last, seed, base_url: Mutex::default(), state: Mutex::default() }
    }

    /// Says where the double listens, once it is known.
    pub(crate) fn listens(&self, base_url: &str) {
        base_url.clone_into(&mut lock(&self.base_url));
    }

    /// Where the double listens, for links to its pages.
    pub(crate) fn base(&self) -> String {
        lock(&self.base_url).clone()
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.desk.now()
    }

    pub(crate) fn open_account(&self, name: &str, given: &Value) -> Result<Value, String> {
        let none = Map::new();
        let given = match given {
            Value::Null => &none,
            Value::Object(given) => given,
            Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
                return Err("the credentials must be an object".to_owned());
            }
        };
        let names: Vec<&str> = self.credentials.iter().map(|(name, _)| *name).collect();
        if let Some(unknown) = given.keys().find(|name| !names.contains(&name.as_str())) {
            return Err(format!("{unknown} is no credential of {}: give {}", self.provider, names.join(", ")));
        }
        let mut credentials = Map::new();
        for (credential, start) in self.credentials {
            let value = match given.get(*credential) {
                None => format!("{start}{}", self.text(&[name, credential], DIGITS_AND_LETTERS, 32)),
                Some(Value::String(text)) if !text.is_empty() => text.clone(),
                Some(_) => return Err(format!("{credential} must be a text that is not empty")),
            };
            credentials.insert((*credential).to_owned(), Value::String(value));
        }
        let mut state = lock(&self.state);
        state.accounts.retain(|account| account.name != name);
        state.accounts.push(Account { name: name.to_owned(), credentials: credentials.clone() });
        Ok(Value::Object(credentials))
    }

    /// The account that has a credential of that value.
    pub(crate) fn account_by(&self, credential: &str, value: &str) -> Option<Account> {
        let state = lock(&self.state);
        state.accounts.iter().find(|account| !value.is_empty() && account.credential(credential) == value).cloned()
    }

    /// The account of a name.
    pub(crate) fn account(&self, name: &str) -> Option<Account> {
        lock(&self.state).accounts.iter().find(|account| account.name == name).cloned()
    }

    fn text(&self, parts: &[&str], alphabet: &[u8], length: usize) -> String {
        let parts: Vec<&str> = [self.provider, self.seed.as_str()].into_iter().chain(parts.iter().copied()).collect();
        ids::letters(&parts, alphabet, length)
    }

    /// A new id of digits and letters.
    pub(crate) fn id(&self, start: &str, length: usize) -> String {
        let serial = self.serial().to_string();
        format!("{start}{}", self.text(&[start, &serial], DIGITS_AND_LETTERS, length))
    }

    /// A new id of digits and capitals.
    pub(crate) fn capital_id(&self, start: &str, length: usize) -> String {
        let serial = self.serial().to_string();
        format!("{start}{}", self.text(&[start, &serial], CAPITALS, length))
    }

    /// A new UUID.
    pub(crate) fn uuid(&self) -> String {
        ids::uuid(&[self.provider, &self.seed, &self.serial().to_string()])
    }

    fn serial(&self) -> u64 {
        let mut state = lock(&self.state);
        state.serial += 1;
        state.serial
    }

    /// What is known of a request's key. `body` is the request in a form that is the same for the same request.
    pub(crate) fn known(&self, account: &str, key: &str, endpoint: &str, body: &str) -> Known {
        let now = self.now();
        let mut state = lock(&self.state);
        state.answered.retain(|_, answered| now.duration_since(answered.at) < self.keys_last);
        match state.answered.get(&(account.to_owned(), key.to_owned())) {
            None => Known::Nothing,
            Some(answered) if answered.endpoint != endpoint => Known::AnotherEndpoint(answered.endpoint.clone()),
            Some(answered) if answered.body != body => Known::AnotherBody(answered.answer.clone()),
            Some(answered) => Known::Answered(answered.answer.clone()),
        }
    }

    /// Keeps what a request was answered with under its key.
    pub(crate) fn answered(&self, account: &str, key: &str, endpoint: &str, body: &str, answer: &Response<Bytes>) {
        let (endpoint, body) = (endpoint.to_owned(), body.to_owned());
        let answered = Answered { at: self.now(), endpoint, body, answer: answer.clone() };
        lock(&self.state).answered.insert((account.to_owned(), key.to_owned()), answered);
    }

    /// Has events told.
    pub(crate) fn tell(&self, events: Vec<PaymentEvent>) {
        if events.is_empty() {
            return;
        }
        let told = {
            let mut state = lock(&self.state);
            state.waiting.extend(events);
            state.told.clone()
        };
        if let Some(told) = told {
            told();
        }
    }

    pub(crate) fn drain(&self) -> Vec<PaymentEvent> {
        std::mem::take(&mut lock(&self.state).waiting)
    }

    pub(crate) fn when_told(&self, told: Arc<dyn Fn() + Send + Sync>) {
        lock(&self.state).told = Some(told);
    }
}
