//! Who makes documents, and who signs the links to them. The console itself writes no PDF, and reads no document from the bucket.

use std::time::Duration;

use anyhow::Context;
use files::{DocumentAsked, DocumentMaker, SignedLinks};
use jiff::Timestamp;
use service::NotDone;

/// How long is waited for a document. What takes longer is kept, and there for whoever asks again.
const PATIENCE: Duration = Duration::from_secs(26);

/// The function that makes documents, and the links to what it made.
#[derive(Clone, Debug)]
pub struct DocumentLinks {
    maker: DocumentMaker,
    links: SignedLinks,
}

impl DocumentLinks {
    /// Reads `MAKE_DOCUMENTS` and `BUCKET_NAME`.
    ///
    /// # Errors
    ///
    /// When one is missing.
    pub(crate) fn new(env: &kit::Env, clients: &kit::Clients) -> anyhow::Result<Self> {
        let function = env.require("MAKE_DOCUMENTS").context("documents are made by a function of their own")?;
        let bucket = env.require("BUCKET_NAME").context("documents lie in the bucket")?;
        Ok(Self { maker: DocumentMaker::new(clients, function, PATIENCE)?, links: SignedLinks::new(clients, bucket)? })
    }

    /// Where a document lies that is made or found now, for a quarter of an hour, under a name that a browser keeps it by; `None` where there is nothing
    /// to make it of.
    ///
    /// # Errors
    ///
    /// [`NotDone::Changed`] where it cannot be had now.
    pub(crate) async fn link(&self, asked: DocumentAsked, file_name: &str, now: Timestamp) -> Result<Option<String>, NotDone> {
        let (tenant, customer) = (asked.tenant.clone(), asked.customer.clone());
        self.ask(asked, file_name, now).await.map_err(|error| {
            tracing::error!(tenant.id = %tenant, customer.id = %customer, error = format!("{error:#}"), "a document cannot be had");
            NotDone::Changed("the document cannot be made now; try again in some seconds".to_owned())
        })
    }

    async fn ask(&self, asked: DocumentAsked, file_name: &str, now: Timestamp) -> anyhow::Result<Option<String>> {
        let answer = self.maker.make(asked, now).await?;
        let Some(key) = answer.key() else { return Ok(None) };
        Ok(Some(self.links.link(key, file_name, now).await?))
    }
}
