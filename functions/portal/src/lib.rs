//! HTTP: what a customer sees, behind the link in each message.
//!
//! | request | does |
//! |---|---|
//! | `GET /p/{code}` | shows what is open to whoever has a portal link |
//! | `GET /p/{stop}`, `GET /p/{stop}/opt-out` | asks whether messages to the address that the stop link names should stop |
//! | `POST /p/{stop}/opt-out` | stops them; also the one-click form of RFC 8058 |
//!
//! A stop link opens nothing else, and no other link stops anything. A GET never changes anything, so that whatever follows links for safety or preview does no harm.

mod held;
mod labels;
mod opt_out;
mod page;
mod request;
mod statement;
mod visit;

use std::sync::Arc;

use anyhow::Context;
use domain::TenantId;
use jiff::Timestamp;
use lambda_runtime::LambdaEvent;
use serde_json::Value;
use store::{FoundLink, Head, LinkCode, LinkStanding, Store, Vault};

use held::{HeldPage, HeldPages, MadeFrom};
use labels::PageLabels;
use opt_out::Stopping;
use page::{Pages, PortalPage};
use request::PortalRequest;
use visit::Visit;

/// The function: built once, asked for each request.
#[derive(Clone, Debug)]
pub struct Handler {
    store: Store,
    vault: Vault,
    clock: kit::Clock,
    pages: Pages,
    held: Arc<HeldPages>,
}

impl Handler {
    /// Reads `TABLE_NAME`.
    ///
    /// # Errors
    ///
    /// When it is missing.
    pub fn new(env: &kit::Env, clients: &kit::Clients, clock: kit::Clock) -> anyhow::Result<Self> {
        let table = env.require("TABLE_NAME").context("the portal needs its table")?;
        let store = Store::new(aws_sdk_dynamodb::Client::new(&clients.sdk), table);
        // The portal only opens keys that exist; KMS reads from a wrapped key under which key it was wrapped.
        let vault = Vault::new(aws_sdk_kms::Client::new(&clients.sdk), store.clone(), None);
        Ok(Self {
            store,
            vault,
            clock,
            pages: Pages::new().context("a page of the portal does not compile")?,
            held: Arc::default(),
        })
    }

    /// Answers one request in API Gateway's payload version 2.
    ///
    /// # Errors
    ///
    /// When the event is no such request; never for what the visitor did.
    pub async fn handle(&self, event: LambdaEvent<Value>) -> Result<Value, lambda_runtime::Error> {
        let request = match PortalRequest::read(&event.payload)? {
            Ok(request) => request,
            Err(status) => return Ok(self.pages.plain(status, PageLabels::of_request(&event.payload))),
        };
        let page = match self.answer(&request).await {
            Ok(page) => page,
            Err(error) => {
                tracing::error!(error = kit::causes(&error), "a page could not be made from the table");
                PortalPage::Plain(503, request.words())
            }
        };
        Ok(self.pages.answer(page))
    }

    async fn answer(&self, request: &PortalRequest) -> store::Result<PortalPage> {
        let Some((link, rest)) = request.place() else { return Ok(PortalPage::Plain(404, request.words())) };
        let (get, post) = (matches!(request.method.as_str(), "GET" | "HEAD"), request.method == "POST");
        let now = self.clock.now();
        match rest {
            "" if get => match LinkCode::parse(link) {
                Some(code) => self.statement(&code, request, now).await,
                // A stop link alone asks too.
                None => self.opt_out(link, request, now).await,
            },
            "opt-out" if get || post => self.opt_out(link, request, now).await,
            "" | "opt-out" => Ok(PortalPage::Plain(405, request.words())),
            _ => Ok(PortalPage::Plain(404, request.words())),
        }
    }

    /// Asks whoever comes by a stop link, or stops.
    async fn opt_out(&self, link: &str, request: &PortalRequest, now: Timestamp) -> store::Result<PortalPage> {
        match self.stopping(link).await? {
            None => Ok(PortalPage::Plain(404, request.words())),
            Some(stopping) if request.method == "POST" => opt_out::stop(&self.store, &stopping, request, now).await,
            Some(stopping) => Ok(opt_out::ask(&stopping, request)),
        }
    }

    /// What a stop link states; `None` for any other.
    async fn stopping(&self, link: &str) -> store::Result<Option<Stopping>> {
        let Some(stop) = self.vault.verify_stop(link).await? else { return Ok(None) };
        let Some(row) = self.store.tenant(&stop.tenant).await? else { return Ok(None) };
        let tenant_name = match row.name {
            Some(name) => name,
            // Settings that were stored by a release before have no name in the row.
            None => self.store.settings(&stop.tenant).await?.map(|settings| settings.value.name).unwrap_or_default(),
        };
        Ok(Some(Stopping { stop, tenant_name, link: link.to_owned() }))
    }

    /// The statement that a portal link opens: 404 for a code that nobody was given, 410 for one that is good no more.
    async fn statement(&self, code: &LinkCode, request: &PortalRequest, now: Timestamp) -> store::Result<PortalPage> {
        let unknown = Ok(PortalPage::Plain(404, request.words()));
        let gone = Ok(PortalPage::Plain(410, request.words()));
        let id = code.id();
        let Some(FoundLink { tenant, customer, link }) = self.store.link(&id).await? else { return unknown };
        // The link of the address may have another code by now.
        if link.id != id || link.standing(now) != LinkStanding::Good {
            return gone;
        }
        let Some(row) = self.store.tenant(&tenant).await? else { return unknown };
        let Some(head) = self.store.head(&tenant, &customer).await? else { return unknown };
        let from = MadeFrom { head: head.version, tenant: row.rev };
        let whose = (tenant, customer);
        let made = match self.held.page(&whose, &from, now) {
            Some(held) => held,
            None => {
                let Some(visit) = self.visit(&whose.0, &head).await? else { return unknown };
                let made = HeldPage { page: statement::page(&visit, now), addresses: visit.addresses() };
                self.held.hold(whose, from, now, &made);
                made
            }
        };
        // Whoever left the customer, or has another address there, has another link.
        if made.addresses.contains(&link.address) { Ok(made.page) } else { gone }
    }

    async fn visit(&self, tenant: &TenantId, head: &Head) -> store::Result<Option<Visit>> {
        let Some(settings) = self.store.settings(tenant).await? else { return Ok(None) };
        let facts = self.store.facts(tenant, head).await?;
        let settings = settings.value;
        let wanted = facts.customer.language.as_deref().or(settings.language.as_deref()).unwrap_or("en");
        let words = PageLabels::of(wanted);
        let country = facts.customer.country.as_deref();
        let locale = channels::locale::Locale::of(words.tag(wanted), country);
        Ok(Some(Visit { settings, facts, words, locale }))
    }
}
