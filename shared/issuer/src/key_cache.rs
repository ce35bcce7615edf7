//! The issuer of people's tokens: its public keys, kept in memory and fetched when they are needed.
//!
//! Keys are fetched when there are none yet, when they are an hour old, and for a key that nobody knows, at most once a minute, so that
//! made-up tokens ask nobody anything. Keys that cannot be fetched anew are good for a day; after that nobody gets in.

use jiff::{SignedDuration, Timestamp};
use reading::Web;
use service::{
    entering::Person,
    token::{KeySet, TokenRejected, TokenRules, Unchecked},
};
use tokio::sync::Mutex;

use crate::discovery::{discover, get};

/// How long keys are used before they are fetched anew.
const FRESH_FOR: SignedDuration = SignedDuration::from_hours(1);
/// How long keys are used at most when they cannot be fetched.
const GOOD_FOR: SignedDuration = SignedDuration::from_hours(24);
/// How long nobody asks again after an attempt.
const ASKED_EVERY: SignedDuration = SignedDuration::from_secs(60);

/// Why a token did not open anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotOpened {
    /// It is not accepted.
    Rejected(TokenRejected),
    /// The issuer's keys are not known, so nothing can be said of it.
    NoKeys,
}

#[derive(Debug, Default)]
struct Fetched {
    keys: Option<(KeySet, Timestamp)>,
    tried_at: Option<Timestamp>,
}

/// The issuer.
#[derive(Debug)]
pub struct Issuer {
    rules: TokenRules,
    /// Where the keys are; where it is not said, the issuer's discovery document says so.
    keys_url: Option<String>,
    fetched: Mutex<Fetched>,
}

impl Issuer {
    /// An issuer of which nothing was fetched yet.
    pub fn new(rules: TokenRules, keys_url: Option<String>) -> Self {
        Self { rules, keys_url, fetched: Mutex::default() }
    }

    /// Who a token is for, where it is accepted.
    ///
    /// # Errors
    ///
    /// Why it is not.
    pub async fn person(&self, web: &Web, token: &str, now: Timestamp) -> Result<Person, NotOpened> {
        let token = Unchecked::read(token).map_err(NotOpened::Rejected)?;
        // What is wrong without a look at the signature asks nobody for keys.
        token.look(&self.rules, now).map_err(NotOpened::Rejected)?;
        let keys = self.keys(web, token.kid(), now).await.ok_or(NotOpened::NoKeys)?;
        token.check(&keys, &self.rules, now).map_err(NotOpened::Rejected)
    }

    /// Who an id token is for, where it is accepted and was made for the sign-in that has this nonce.
    ///
    /// # Errors
    ///
    /// Why it is not.
    pub async fn signed_in(&self, web: &Web, token: &str, nonce: &str, now: Timestamp) -> Result<Person, NotOpened> {
        let read = Unchecked::read(token).map_err(NotOpened::Rejected)?;
        read.look_at_sign_in(&self.rules, nonce).map_err(NotOpened::Rejected)?;
        self.person(web, token, now).await
    }

    /// The keys, as far as they are known: one call fetches, and others wait for it.
    async fn keys(&self, web: &Web, kid: &str, now: Timestamp) -> Option<KeySet> {
        let mut fetched = self.fetched.lock().await;
        let age = |at: Timestamp| now.duration_since(at);
        let is_wanted = match &fetched.keys {
            None => true,
            Some((keys, at)) => !keys.has(kid) || age(*at) >= FRESH_FOR,
        };
        let may_ask = fetched.tried_at.is_none_or(|at| age(at) >= ASKED_EVERY || age(at).is_negative());
        if is_wanted && may_ask {
            fetched.tried_at = Some(now);
            match self.fetch(web).await {
                Ok(keys) => fetched.keys = Some((keys, now)),
                Err(why) => tracing::error!(issuer = self.rules.issuer, why, "the keys of the issuer could not be fetched"),
            }
        }
        let (keys, at) = fetched.keys.as_ref()?;
        (age(*at) < GOOD_FOR).then(|| keys.clone())
    }

    async fn fetch(&self, web: &Web) -> Result<KeySet, String> {
        let url = match &self.keys_url {
            Some(url) => url.clone(),
            None => {
                let found = discover(web, &self.rules.issuer).await?;
                found.keys_url.ok_or_else(|| "its discovery names no jwks_uri".to_owned())?
            }
        };
        let body = get(web, &url).await?;
        KeySet::read(&body).ok_or_else(|| "it is no key set, or has no key for RS256 or ES256".to_owned())
    }
}
