//! What a function gives its sender beside a provider.

use crate::{
    Sender,
    attached::{AttachedFiles, FetchFile, MakeDocument, MakeReceipt, MakeTransferCode},
};

impl Sender {
    /// The same, which fetches the files that go along with messages.
    #[must_use]
    pub fn with_files(self, fetch: FetchFile) -> Self {
        Self { files: AttachedFiles::From(fetch), ..self }
    }

    /// The same, which has receipts made that go along with notices of payments.
    #[must_use]
    pub fn with_receipts(self, make: MakeReceipt) -> Self {
        Self { receipts: Some(make), ..self }
    }

    /// The same, which has documents made that mails carry.
    #[must_use]
    pub fn with_documents(self, make: MakeDocument) -> Self {
        Self { documents: Some(make), ..self }
    }

    /// The same, whose mails show codes of transfers.
    #[must_use]
    pub fn with_transfer_codes(self, make: MakeTransferCode) -> Self {
        Self { codes: Some(make), ..self }
    }
}
