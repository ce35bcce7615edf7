//! Webhooks of payment providers: checked by the provider's own rules, asked about where the event alone does not say enough, and applied to
//! the baskets that they name.
//!
//! Everything may run again: each thing said has a receipt of its own, so that a delivery of which a part was applied is delivered again until
//! all of it is. What cannot be asked now is not answered with success.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use bytes::Bytes;
use domain::{BasketStatus, NewTask, ProviderOutcome, ProviderSaid, Settings, TaskKind, TenantId, basket::Basket, id::digest};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response};
use jiff::Timestamp;
use payments::{
    CertificateRoots, NotBelieved, PaymentProvider, PaymentQuestion, ProviderAccess, ProviderHeard, ProviderSecret, ProviderSite,
    ProviderTrouble, WebhookDelivery, WebhookTrust,
};
use reading::Web;
use serde_json::Value;
use store::{AppliedOutcome, BasketHeard, BasketOwner, BasketSays, Connection, Receipt, Store};

use crate::answer::{Taken, WebhookOutcome};

/// Questions and captures that one delivery may lead to.
const CALLS_MAX: usize = 40;
/// Certificates that are held at most.
const CHAINS_MAX: usize = 20;
/// Parts that one exception names at most.
const PARTS_MAX: usize = 20;

/// The certificates that deliveries are signed with, by their addresses at the provider's own hosts.
#[derive(Default)]
pub struct CertificateChains(Mutex<HashMap<String, Bytes>>);

/// A delivery to a tenant's connection.
pub struct PaymentDelivery<'a> {
    /// Whose.
    pub tenant: &'a TenantId,
    /// The provider.
    pub provider: &'static dyn PaymentProvider,
    /// The connection.
    pub connection: &'a Connection,
    /// The headers.
    pub headers: &'a HeaderMap,
    /// The raw body.
    pub body: &'a [u8],
    /// When it came.
    pub now: Timestamp,
}

/// Why a delivery is not taken.
pub enum PaymentNotTaken {
    /// It is not the provider's.
    NotBelieved(NotBelieved),
    /// What it depends on cannot be had now; it is to be delivered again.
    Later(String),
    /// The table.
    Store(store::Error),
}

impl From<store::Error> for PaymentNotTaken {
    fn from(error: store::Error) -> Self {
        Self::Store(error)
    }
}

/// The request's headers as providers read them. One that no header may be is left out: then the signature does not hold.
pub fn headers<'h>(all: impl Iterator<Item = (&'h str, &'h str)>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in all {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::from_str(value)) {
            headers.append(name, value);
        }
    }
    headers
}

impl PaymentDelivery<'_> {
    fn configured(&self, name: &str) -> Option<&str> {
        self.connection.config.get(name).and_then(Value::as_str)
    }

    fn site(&self) -> ProviderSite<'_> {
        payments::site_of(&self.connection.config)
    }

    fn delivery(&self) -> WebhookDelivery<'_> {
        WebhookDelivery { headers: self.headers, body: self.body, now: self.now }
    }

    /// The connection's secrets that count now: objects by name.
    fn secrets(&self) -> Vec<Value> {
        let accepted = self.connection.secrets.accepted(self.now);
        accepted.into_iter().filter_map(|bytes| serde_json::from_slice(bytes).ok()).collect()
    }

    /// Checks that the delivery comes from the provider.
    ///
    /// # Errors
    ///
    /// [`PaymentNotTaken::NotBelieved`], or [`PaymentNotTaken::Later`] where its certificates cannot be had now.
    pub async fn verify(&self, web: &Web, chains: &CertificateChains) -> Result<(), PaymentNotTaken> {
        let url = self.provider.chain_url(&self.site(), &self.delivery()).map_err(PaymentNotTaken::NotBelieved)?;
        let chain = match url {
            Some(url) => Some(chains.get(web, &url).await?),
            None => None,
        };
        let roots = match self.configured("root_certificates") {
            Some(pem) => CertificateRoots::from_pem(pem.as_bytes()).map_err(PaymentNotTaken::Later)?,
            None => CertificateRoots::mozilla(),
        };
        let secrets: Vec<ProviderSecret> = self
            .secrets()
            .iter()
            .filter_map(|all| all.get("webhook_secret").or_else(|| all.get("webhook_id"))?.as_str().map(ProviderSecret::new))
            .collect();
        let trust = WebhookTrust { secrets: &secrets, chain: chain.as_deref(), roots: &roots, is_test: self.site().is_test };
        self.provider.verify(&self.delivery(), &trust).map_err(PaymentNotTaken::NotBelieved)
    }

    /// What goes with each request to the provider.
    async fn bearer(&self, web: &Web) -> Result<ProviderSecret, PaymentNotTaken> {
        let accepted = self.connection.secrets.accepted(self.now);
        let credentials = accepted.into_iter().find_map(payments::credentials_of).unwrap_or_else(|| ProviderSecret::new(""));
        let Some(request) = self.provider.sign_in(&self.site(), &credentials) else { return Ok(credentials) };
        let answer = send(web, request).await?;
        self.provider.signed_in(&answer).map(|token| token.token).map_err(|trouble| PaymentNotTaken::Later(trouble.to_string()))
    }

    /// Applies what a delivery says that is believed.
    ///
    /// # Errors
    ///
    /// [`PaymentNotTaken::Later`] where the provider has to be asked and does not answer; those of the table. Then nothing is lost when the same
    /// delivery comes again.
    pub async fn take(&self, store: &Store, web: &Web, settings: &Settings) -> Result<Taken, PaymentNotTaken> {
        let source = self.provider.source();
        let mut work = Work { of: self, store, web, settings, source, calls: 0, bearer: None, wrong: vec![], outcomes: vec![] };
        match self.provider.read(self.body) {
            Ok(heard) => work.hear(heard).await?,
            Err(error) => work.wrong.push(error.to_string()),
        }
        let event_id = digest(&[&String::from_utf8_lossy(self.body)]);
        if !work.wrong.is_empty() {
            store.raise(self.tenant, None, &exception(source, &event_id, &work.wrong), self.now).await?;
        }
        let any = |outcome| work.outcomes.contains(&outcome);
        let outcome = if !work.wrong.is_empty() {
            WebhookOutcome::Parked
        } else if any(AppliedOutcome::Applied) {
            WebhookOutcome::Applied
        } else if any(AppliedOutcome::Stale) {
            WebhookOutcome::Stale
        } else if any(AppliedOutcome::Duplicate) {
            WebhookOutcome::Duplicate
        } else {
            WebhookOutcome::Ignored
        };
        Ok(Taken { outcome, event_id })
    }
}

/// The work on one delivery.
struct Work<'w> {
    of: &'w PaymentDelivery<'w>,
    store: &'w Store,
    web: &'w Web,
    settings: &'w Settings,
    source: &'static str,
    calls: usize,
    bearer: Option<ProviderSecret>,
    /// What a person has to look at.
    wrong: Vec<String>,
    outcomes: Vec<AppliedOutcome>,
}

impl Work<'_> {
    async fn hear(&mut self, heard: ProviderHeard) -> Result<(), PaymentNotTaken> {
        let mut open = vec![heard];
        while let Some(heard) = open.pop() {
            self.wrong.extend(heard.unread.iter().map(|part| format!("{} {}", part.pointer, part.detail)));
            for said in &heard.said {
                if let Some(basket) = self.apply(said).await?
                    && said.what == ProviderOutcome::Approved
                    && basket.status == BasketStatus::Pending
                {
                    open.extend(self.capture(&basket).await?);
                }
            }
            for question in heard.questions {
                let request = self.request(|of, access| of.provider.ask(access, &question)).await?;
                match request {
                    Some(answer) => open.extend(self.read(&question, &answer)?),
                    None => self.wrong.push(format!("event {} cannot be asked about", question.event)),
                }
            }
        }
        Ok(())
    }

    /// Takes the money of what the payer approved.
    async fn capture(&mut self, basket: &Basket) -> Result<Option<ProviderHeard>, PaymentNotTaken> {
        let Some(provider_id) = basket.provider_id.clone() else { return Ok(None) };
        let Some(question) = self.of.provider.look_up(&basket.id, &provider_id, self.of.now) else { return Ok(None) };
        let answer = self.request(|of, access| of.provider.capture(access, &basket.id, &provider_id)).await?;
        match answer {
            Some(answer) => self.read(&question, &answer),
            None => Ok(None),
        }
    }

    /// Makes a request with what opens the provider, and sends it; `None` where there is none.
    async fn request(
        &mut self,
        make: impl FnOnce(&PaymentDelivery<'_>, &ProviderAccess<'_>) -> Option<Request<Bytes>>,
    ) -> Result<Option<Response<Bytes>>, PaymentNotTaken> {
        self.calls += 1;
        if self.calls > CALLS_MAX {
            return Err(PaymentNotTaken::Later("the delivery leads to more questions than are asked at once".to_owned()));
        }
        let bearer = match self.bearer.take() {
            Some(bearer) => bearer,
            None => self.of.bearer(self.web).await?,
        };
        let request = make(self.of, &ProviderAccess { site: self.of.site(), bearer: &bearer });
        self.bearer = Some(bearer);
        match request {
            Some(request) => send(self.web, request).await.map(Some),
            None => Ok(None),
        }
    }

    /// What an answer says. What the provider cannot say now is asked again with the next delivery; what it never will is for a person.
    fn read(&mut self, question: &PaymentQuestion, answer: &Response<Bytes>) -> Result<Option<ProviderHeard>, PaymentNotTaken> {
        match self.of.provider.answered(question, answer) {
            Ok(heard) => Ok(Some(heard)),
            Err(
                trouble @ (ProviderTrouble::SignIn { .. }
                | ProviderTrouble::Throttled { .. }
                | ProviderTrouble::Unavailable { .. }),
            ) => Err(PaymentNotTaken::Later(trouble.to_string())),
            Err(trouble @ (ProviderTrouble::Refused { .. } | ProviderTrouble::Unknown | ProviderTrouble::Unreadable(_))) => {
                self.wrong.push(format!("what event {} is about was asked for, and {trouble}", question.event));
                Ok(None)
            }
        }
    }

    /// Applies one thing said; the basket as it is then, where it is one of the tenant's.
    async fn apply(&mut self, said: &ProviderSaid) -> Result<Option<Basket>, PaymentNotTaken> {
        let owner = self.store.basket_owner(&said.basket).await?.filter(|owner| owner.tenant == *self.of.tenant);
        let Some(owner) = owner else {
            self.unknown(said);
            return Ok(None);
        };
        self.apply_at(&owner, said).await
    }

    async fn apply_at(&mut self, owner: &BasketOwner, said: &ProviderSaid) -> Result<Option<Basket>, PaymentNotTaken> {
        if said.what == ProviderOutcome::Approved {
            // After its time another basket may be for the same invoices: what nobody takes is no money, and the provider lets it go.
            let known = self.store.basket(&owner.tenant, &owner.customer, &said.basket).await?;
            if known.is_some_and(|basket| basket.standing(self.of.now).is_over()) {
                tracing::info!(tenant.id = %self.of.tenant, source = self.source, basket.id = %said.basket, "a basket that is over was approved, and is not taken");
                return Ok(None);
            }
        }
        let receipt = Receipt { source: self.source.to_owned(), event_id: said.event.clone() };
        let says = BasketSays::Provider(said, Some(&receipt));
        match self.store.change_basket(owner, &said.basket, says, self.settings, self.of.now).await? {
            BasketHeard::Heard(basket, outcome) => {
                if outcome == AppliedOutcome::Duplicate
                    && let Err(error) = self.store.came_again(self.of.tenant, &receipt).await
                {
                    tracing::warn!(tenant.id = %self.of.tenant, source = self.source, error = %error, "a webhook that came again was not counted");
                }
                tracing::info!(tenant.id = %self.of.tenant, source = self.source, basket.id = %basket.id, status = %basket.status, "a basket was heard of");
                self.outcomes.push(outcome);
                Ok(Some(*basket))
            }
            BasketHeard::Unknown => {
                self.unknown(said);
                Ok(None)
            }
        }
    }

    /// A basket that nobody began here: of another deployment at the same account, or forged. Money is never passed over.
    fn unknown(&mut self, said: &ProviderSaid) {
        match &said.what {
            ProviderOutcome::Received { money, .. } => {
                self.wrong
                    .push(format!("{money} came for basket {}, which nobody began here; nothing of it was counted", said.basket));
            }
            ProviderOutcome::Pending { .. }
            | ProviderOutcome::Approved
            | ProviderOutcome::Failed { .. }
            | ProviderOutcome::Expired
            | ProviderOutcome::TakenBack { .. } => {
                tracing::info!(tenant.id = %self.of.tenant, source = self.source, basket.id = %said.basket, "no such basket");
            }
        }
    }
}

impl CertificateChains {
    /// The certificates at an address, which the provider's rules found good.
    async fn get(&self, web: &Web, url: &str) -> Result<Bytes, PaymentNotTaken> {
        if let Some(known) = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(url) {
            return Ok(known.clone());
        }
        let request = Request::get(url).body(Bytes::new()).map_err(|error| PaymentNotTaken::Later(error.to_string()))?;
        let answer = send(web, request).await?;
        if !answer.status().is_success() {
            return Err(PaymentNotTaken::Later(format!(
                "the provider's certificates were answered with status {}",
                answer.status()
            )));
        }
        let chain = answer.into_body();
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if held.len() >= CHAINS_MAX {
            held.clear();
        }
        held.insert(url.to_owned(), chain.clone());
        Ok(chain)
    }
}

async fn send(web: &Web, request: Request<Bytes>) -> Result<Response<Bytes>, PaymentNotTaken> {
    web.send(request).await.map_err(|error| PaymentNotTaken::Later(error.to_string()))
}

/// The exception for the parts of a delivery that could not be taken.
fn exception(source: &str, event_id: &str, wrong: &[String]) -> NewTask {
    let mut lines: Vec<&str> = wrong.iter().take(PARTS_MAX).map(|line| line.trim()).collect();
    let more = format!("and {} more", wrong.len().saturating_sub(PARTS_MAX));
    if wrong.len() > PARTS_MAX {
        lines.push(&more);
    }
    NewTask {
        kind: TaskKind::Document,
        key: format!("{source}:{event_id}"),
        title: format!("An event from {source} could not be taken as it is"),
        detail: format!(
            "{}. The other parts of the event were applied. Look at the payment in the provider's own pages; what came and is not here has to be \
             entered in the accounting system.",
            lines.join("; ")
        ),
        to: None,
        due_on: None,
        step: None,
        currency: None,
        case: None,
    }
}
