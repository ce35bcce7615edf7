//! An open connection: asks, refreshes its tokens once, keeps to the vendor's pace.

use std::{
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use connectors::{AccountingApi, Company, Pace, Page, Site, Trouble, VendorRequest};
use domain::TenantId;
use http::{HeaderValue, Request, Response, header};
use kit::Clock;
use store::Vault;

use crate::{
    Progress, Web,
    credentials::Tokens,
    tokens::{TokenStore, TokenTrouble},
};

/// A wait that is so short that it is not worth giving up for.
const SHORT: Duration = Duration::from_secs(2);

/// What an ask came to.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// The vendor's trouble.
    #[error(transparent)]
    Vendor(#[from] Trouble),
    /// There are no tokens.
    #[error(transparent)]
    Tokens(#[from] TokenTrouble),
}

/// Where a link gets what it needs.
#[derive(Clone, Copy, Debug)]
pub struct Opened<'a> {
    /// The secrets.
    pub vault: &'a Vault,
    /// The vendor.
    pub web: &'a Web,
    /// The time.
    pub clock: &'a Clock,
}

/// An open connection of one tenant.
pub struct Link<'a> {
    opened: Opened<'a>,
    tenant: &'a TenantId,
    source: &'a str,
    books: &'static dyn AccountingApi,
    realm: String,
    base: Option<String>,
    tokens: tokio::sync::Mutex<Tokens>,
    pace: Mutex<Pace>,
    calls: AtomicU64,
    answers: AtomicU64,
}

impl<'a> Link<'a> {
    /// Opens a connection: its tokens are good for a while afterwards.
    ///
    /// # Errors
    ///
    /// [`TokenTrouble`].
    pub async fn open(
        opened: Opened<'a>,
        tenant: &'a TenantId,
        source: &'a str,
        books: &'static dyn AccountingApi,
        progress: &Progress,
    ) -> Result<Self, TokenTrouble> {
        let token_store = TokenStore { vault: opened.vault, web: opened.web };
        let (tokens, _) = token_store.good(tenant, source, &books.access(), None, opened.clock).await?;
        Ok(Self {
            opened,
            tenant,
            source,
            books,
            realm: progress.realm.clone(),
            base: progress.base.clone(),
            tokens: tokio::sync::Mutex::new(tokens),
            pace: Mutex::default(),
            calls: AtomicU64::new(0),
            answers: AtomicU64::new(0),
        })
    }

    /// When the refresh token expires, where that is known.
    pub async fn consent_ends(&self) -> Option<jiff::Timestamp> {
        self.tokens.lock().await.refresh_expires_at
    }

    /// How many requests were sent.
    pub fn calls(&self) -> u64 {
        self.calls.load(Ordering::Relaxed)
    }

    /// How many of them brought what was asked for.
    pub fn answers(&self) -> u64 {
        self.answers.load(Ordering::Relaxed)
    }

    /// Whether the vendor says that little is left for today.
    pub fn is_scarce(&self) -> bool {
        self.pace.lock().unwrap_or_else(std::sync::PoisonError::into_inner).scarce
    }

    /// Asks, and reads the answer.
    ///
    /// # Errors
    ///
    /// [`LinkError`].
    pub async fn ask(&self, company: &Company, ask: &VendorRequest) -> Result<Page, LinkError> {
        let site = Site { tenant: self.tenant, realm: &self.realm, company, base: self.base.as_deref() };
        let answer = self.send(&self.books.request(&site, ask)).await?;
        let page = match self.books.read(&site, ask, &answer) {
            Err(Trouble::Token) => {
                self.refresh().await?;
                let answer = self.send(&self.books.request(&site, ask)).await?;
                self.books.read(&site, ask, &answer)?
            }
            read => read?,
        };
        self.answers.fetch_add(1, Ordering::Relaxed);
        Ok(page)
    }

    /// Where a customer can see an invoice, where the vendor must be asked for it by itself.
    ///
    /// # Errors
    ///
    /// [`LinkError`].
    pub async fn invoice_link(&self, company: &Company, invoice: &str) -> Result<Option<String>, LinkError> {
        let site = Site { tenant: self.tenant, realm: &self.realm, company, base: self.base.as_deref() };
        let Some(request) = self.books.link(&site, invoice) else { return Ok(None) };
        Ok(self.books.read_link(&self.send(&request).await?))
    }

    /// An invoice as a PDF; `None` when the vendor has none.
    ///
    /// # Errors
    ///
    /// [`LinkError`].
    pub async fn pdf(&self, company: &Company, invoice: &str) -> Result<Option<Bytes>, LinkError> {
        let site = Site { tenant: self.tenant, realm: &self.realm, company, base: self.base.as_deref() };
        let answer = self.send(&self.books.pdf(&site, invoice)).await?;
        let is_pdf = answer.status().is_success() && answer.body().starts_with(b"%PDF");
        Ok(is_pdf.then(|| answer.into_body()))
    }

    async fn refresh(&self) -> Result<(), TokenTrouble> {
        let mut tokens = self.tokens.lock().await;
        let token_store = TokenStore { vault: self.opened.vault, web: self.opened.web };
        let access = self.books.access();
        let refused = tokens.access_token.clone();
        (*tokens, _) = token_store.good(self.tenant, self.source, &access, Some(&refused), self.opened.clock).await?;
        Ok(())
    }

    async fn send(&self, request: &Request<Bytes>) -> Result<Response<Bytes>, LinkError> {
        let wait = std::mem::take(&mut self.pace.lock().unwrap_or_else(std::sync::PoisonError::into_inner).wait);
        match wait {
            Some(wait) if wait <= SHORT => tokio::time::sleep(wait).await,
            Some(wait) => return Err(Trouble::Limited(Some(wait)).into()),
            None => {}
        }
        let mut request = request.clone();
        let bearer = format!("Bearer {}", self.tokens.lock().await.access_token);
        let mut bearer = HeaderValue::from_str(&bearer).map_err(|_| TokenTrouble::Revoked("the token is no token".to_owned()))?;
        bearer.set_sensitive(true);
        request.headers_mut().insert(header::AUTHORIZATION, bearer);
        self.calls.fetch_add(1, Ordering::Relaxed);
        let answer = self.opened.web.send(request).await.map_err(|error| Trouble::Unavailable(error.to_string()))?;
        let pace = self.books.pace(answer.headers());
        *self.pace.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = pace;
        Ok(answer)
    }
}
