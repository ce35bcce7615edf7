//! The lines of invoices: an item each, beside the reference of the invoice. No decision reads one, so that what is decided costs the same however
//! long an invoice is. The invoice's own item keeps a digest of them: lines that are said again are not written again.

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::{BilledLine, InvoiceId, TenantId, id::digest};

use crate::{
    Result, Store,
    table::{
        attributes::document::DOC,
        change::{Change, put},
        db::{json, row_of, s, to_json},
        keys,
    },
};

/// What a document says of the lines of an invoice, against what the table has.
pub(crate) struct LinesSaid {
    /// The digest of the lines that there are from then on; `None` where there are none.
    pub(crate) digest: Option<String>,
    /// What is written for it.
    pub(crate) action: Option<TransactWriteItem>,
}

impl LinesSaid {
    /// `known` is the digest of the lines that the table has; a document that does not speak of lines leaves them as they are.
    pub(crate) fn of(
        store: &Store,
        tenant: &TenantId,
        invoice: &InvoiceId,
        lines: Option<&[BilledLine]>,
        known: Option<&str>,
    ) -> Self {
        let key = keys::billed_lines(tenant, invoice);
        match lines {
            None => Self { digest: known.map(str::to_owned), action: None },
            Some([]) => Self { digest: None, action: known.map(|_| Change::of(key).delete(store)) },
            Some(lines) => {
                let text = to_json(&lines);
                let digest = digest(&[&text]);
                let is_new = known != Some(digest.as_str());
                Self { action: is_new.then(|| put(store, &key, row_of([(DOC, s(text))]))), digest: Some(digest) }
            }
        }
    }
}

impl Store {
    /// The lines of an invoice, in the order of its source; none where its source says none.
    ///
    /// # Errors
    ///
    /// Those of reading, and [`crate::Error::Corrupt`].
    pub async fn billed_lines(&self, tenant: &TenantId, invoice: &InvoiceId) -> Result<Vec<BilledLine>> {
        self.lines_as(tenant, invoice, true).await
    }

    /// The same as of moments ago, for a page that only shows them.
    ///
    /// # Errors
    ///
    /// Those of [`Store::billed_lines`].
    pub async fn billed_lines_to_show(&self, tenant: &TenantId, invoice: &InvoiceId) -> Result<Vec<BilledLine>> {
        self.lines_as(tenant, invoice, false).await
    }

    async fn lines_as(&self, tenant: &TenantId, invoice: &InvoiceId, strong: bool) -> Result<Vec<BilledLine>> {
        let row = self.read("read the lines of", &keys::billed_lines(tenant, invoice), strong).await?;
        row.as_ref().map_or_else(|| Ok(Vec::new()), |row| json(row, DOC))
    }
}
