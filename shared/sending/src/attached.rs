//! The files that go along with a person's message: fetched before the message is claimed, and sent only as they were when it was written.

use std::sync::Arc;

use channels::Attachment;
use domain::{BankAccount, CustomerId, InvoiceId, Money, PaymentId, TenantId, attachment::sha256_of};
use futures::future::BoxFuture;
use store::{Error, OwnAttachment};

/// Fetches the object of a key, of at most so many bytes: nothing where there is none, or a larger one. Where it cannot be known, why.
pub type FetchFile = Arc<dyn Fn(String, u64) -> BoxFuture<'static, Result<Option<Vec<u8>>, String>> + Send + Sync>;

/// Has the receipt of a payment made as a PDF: nothing where none can be had in time, so that its notice leaves without it.
pub type MakeReceipt = Arc<dyn Fn(TenantId, CustomerId, PaymentId) -> BoxFuture<'static, Option<Vec<u8>>> + Send + Sync>;

/// Has a document of a customer made as a PDF in a language: the copy of an invoice, or the statement where none is named. Nothing where none can be had in
/// time, so that its mail leaves without it.
pub type MakeDocument =
    Arc<dyn Fn(TenantId, CustomerId, Option<InvoiceId>, String) -> BoxFuture<'static, Option<Vec<u8>>> + Send + Sync>;

/// Makes the code of a transfer to an account as an image (PNG), by which a banking app fills in the amount and what the transfer names: nothing where the
/// account takes none, or it cannot say this.
pub type MakeTransferCode = Arc<dyn Fn(&BankAccount, Money, &str) -> Option<Vec<u8>> + Send + Sync>;

/// What a sender does with files.
pub(crate) enum AttachedFiles {
    /// It sends none.
    None,
    /// It names them to whoever sends the message, who fetches them.
    Named,
    /// It fetches and sends them.
    From(FetchFile),
}

impl AttachedFiles {
    /// The files of a message; the inner error says why the message cannot leave with them.
    ///
    /// # Errors
    ///
    /// [`Error::Unknown`] where a file may be there and cannot be fetched now.
    pub(crate) async fn fetch(&self, listed: &[OwnAttachment]) -> Result<Result<Vec<Attachment>, String>, Error> {
        let fetch = match self {
            Self::None if !listed.is_empty() => return Ok(Err("this sender takes no files".to_owned())),
            Self::None | Self::Named => return Ok(Ok(Vec::new())),
            Self::From(fetch) => fetch,
        };
        let mut files = Vec::new();
        for (n, file) in listed.iter().enumerate() {
            let found = fetch(file.key.clone(), file.bytes).await.map_err(|why| Error::Unknown {
                operation: "fetch a file of a message",
                id: file.key.clone(),
                source: why.into(),
            })?;
            // Whoever had the form could put another file there for 15 minutes.
            let Some(bytes) = found.filter(|bytes| sha256_of(bytes) == file.sha256) else {
                return Ok(Err(format!("file {} is gone, or was replaced after the message was written", n + 1)));
            };
            files.push(Attachment { name: file.name.clone(), content_type: file.content_type.clone(), bytes, shown_as: None });
        }
        Ok(Ok(files))
    }
}
