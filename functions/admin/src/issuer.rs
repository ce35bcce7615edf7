//! The issuer of people's tokens: its public keys, kept in memory and fetched when they are needed.
//!
//! Keys are fetched when there are none yet, when they are an hour old, and for a key that nobody knows, at most once a minute, so that
//! made-up tokens ask nobody anything. Keys that cannot be fetched anew are good for a day; after that nobody gets in.

use axum::http::Request;
use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use reading::Web;
use serde_json::Value;
use service::{
    entering::Person,
    token::{KeySet, TokenRejected, TokenRules, Unchecked},
};
use tokio::sync::Mutex;

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
            None => self.discover(web).await?,
        };
        let body = get(web, &url).await?;
        KeySet::read(&body).ok_or_else(|| "it is no key set, or has no key for RS256 or ES256".to_owned())
    }

    async fn discover(&self, web: &Web) -> Result<String, String> {
        let issuer = &self.rules.issuer;
        let url = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
        let found: Value = serde_json::from_slice(&get(web, &url).await?).map_err(|_| "its discovery is no JSON".to_owned())?;
        let text = |name: &str| found.get(name).and_then(Value::as_str);
        if text("issuer") != Some(issuer.as_str()) {
            return Err("its discovery names another issuer".to_owned());
        }
        let keys = text("jwks_uri").ok_or_else(|| "its discovery names no jwks_uri".to_owned())?;
        // What is fetched over TLS leads to nothing that is not.
        if issuer.starts_with("https://") && !keys.starts_with("https://") {
            return Err("its discovery names keys that are not fetched over TLS".to_owned());
        }
        Ok(keys.to_owned())
    }
}

async fn get(web: &Web, url: &str) -> Result<Bytes, String> {
    let request = Request::get(url).header("accept", "application/json").body(Bytes::new());
    let request = request.map_err(|_| format!("{url} is no address"))?;
    let answer = web.send(request).await.map_err(|error| error.to_string())?;
    if !answer.status().is_success() {
        return Err(format!("{url} answered {}", answer.status()));
    }
    Ok(answer.into_body())
}
