//! Who makes documents, and who signs the links to them. The portal itself writes no PDF, and reads no document from the bucket.

use std::time::Duration;

use anyhow::Context;
use files::{DocumentAsked, DocumentMaker, SignedLinks};
use jiff::Timestamp;
use kit::{Clients, Env};

/// How long is waited for a document. What takes longer is kept, and there for whoever asks again.
const PATIENCE: Duration = Duration::from_secs(26);

/// The function that makes documents, and the links to what it made.
#[derive(Clone, Debug)]
pub(crate) struct DocumentDesk {
    maker: DocumentMaker,
    links: SignedLinks,
}

/// What came of asking for a document.
pub(crate) enum DocumentFetched {
    /// It lies there, for a quarter of an hour by this address.
    At(String),
    /// There is nothing to make it of.
    Nothing,
    /// It cannot be had now.
    Later,
}

impl DocumentDesk {
    /// Reads `MAKE_DOCUMENTS` and `BUCKET_NAME`.
    ///
    /// # Errors
    ///
    /// When one is missing.
    pub(crate) fn new(env: &Env, clients: &Clients) -> anyhow::Result<Self> {
        let function = env.require("MAKE_DOCUMENTS").context("documents are made by a function of their own")?;
        let bucket = env.require("BUCKET_NAME").context("documents lie in the bucket")?;
        Ok(Self { maker: DocumentMaker::new(clients, function, PATIENCE)?, links: SignedLinks::new(clients, bucket)? })
    }

    /// Has a document made or found, which a browser keeps under a name.
    pub(crate) async fn fetch(&self, asked: DocumentAsked, file_name: &str, now: Timestamp) -> DocumentFetched {
        let (tenant, customer) = (asked.tenant.clone(), asked.customer.clone());
        self.ask(asked, file_name, now).await.unwrap_or_else(|error| {
            tracing::error!(tenant.id = %tenant, customer.id = %customer, error = format!("{error:#}"), "a document cannot be had");
            DocumentFetched::Later
        })
    }

    async fn ask(&self, asked: DocumentAsked, file_name: &str, now: Timestamp) -> anyhow::Result<DocumentFetched> {
        let answer = self.maker.make(asked, now).await?;
        let Some(key) = answer.key() else { return Ok(DocumentFetched::Nothing) };
        Ok(DocumentFetched::At(self.links.link(key, file_name, now).await?))
    }
}
