//! A document that a link opens: whether there is such a one, who makes it, and where it is fetched.
//!
//! Documents are in the customer's own language, which the pages are in too where the portal has it.

use std::collections::BTreeSet;

use domain::{InvoiceId, PaymentId, calendar::tenant_zone};
use files::{DocumentAsked, WantedDocument};
use jiff::{Timestamp, civil::Date};
use minijinja::{Value, context, value::Serde};
use store::{AddressId, Result, Store};

use crate::{
    document_desk::{DocumentDesk, DocumentFetched},
    document_labels::DocumentLabels,
    document_wanted::DocumentWanted,
    held::HeldPage,
    invoice_page::has_copy,
    page::{Look, PortalPage},
    paid_page::has_receipt,
    reading::{InvoiceRead, OpenedPages, read_beside, read_invoice},
    visit::Visit,
};

/// Longest name of a file, but for what it ends with.
const NAME_CHARS_MAX: usize = 60;

/// A request for a document, by a link that is good.
pub(crate) struct DocumentVisit<'a> {
    pub(crate) store: &'a Store,
    pub(crate) desk: &'a DocumentDesk,
    pub(crate) opened: &'a OpenedPages<'a>,
    /// Whether a program asks.
    pub(crate) by_a_program: bool,
    pub(crate) now: Timestamp,
}

/// What is known before a document is asked for.
struct Prepared {
    visit: Visit,
    addresses: BTreeSet<AddressId>,
    /// The document and its file's name; `None` where there is nothing of the kind.
    document: Option<(WantedDocument, String)>,
}

impl DocumentVisit<'_> {
    /// The page that leads to the document, and whose links open it; `None` where the customer has no such invoice. Nothing is made for a link
    /// whose address is none of the customer's any more.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub(crate) async fn page(&self, wanted: &DocumentWanted) -> Result<Option<HeldPage>> {
        let prepared = match wanted {
            DocumentWanted::Statement => Some(self.statement().await?),
            DocumentWanted::InvoiceCopy(id) => self.invoice_copy(id).await?,
            DocumentWanted::Receipt(id) => Some(self.receipt(id).await?),
        };
        let Some(Prepared { visit, addresses, document }) = prepared else { return Ok(None) };
        let is_theirs = addresses.contains(self.opened.address);
        let page = match document.filter(|_| is_theirs) {
            Some((document, file_name)) => self.fetched(&visit, document, &file_name).await,
            None => PortalPage::Plain(404, visit.words),
        };
        Ok(Some(HeldPage { page, addresses }))
    }

    async fn statement(&self) -> Result<Prepared> {
        let (visit, addresses) = read_beside(self.store, self.opened).await?;
        let file_name = format!("statement-{}.pdf", self.today());
        Ok(Prepared { visit, addresses, document: Some((WantedDocument::Statement, file_name)) })
    }

    async fn invoice_copy(&self, id: &InvoiceId) -> Result<Option<Prepared>> {
        let Some(InvoiceRead { facts, visit, addresses }) = read_invoice(self.store, self.opened, id).await? else {
            return Ok(None);
        };
        let invoice = facts.invoices.first().map(|fact| &fact.invoice).filter(|invoice| has_copy(invoice, self.today()));
        let document = invoice.map(|invoice| {
            let file_name = format!("invoice-{}.pdf", plain_name(&invoice.number, invoice.id.as_str()));
            (WantedDocument::InvoiceCopy { invoice: invoice.id.clone() }, file_name)
        });
        Ok(Some(Prepared { visit, addresses, document }))
    }

    async fn receipt(&self, id: &PaymentId) -> Result<Prepared> {
        let (tenant, customer) = (self.opened.tenant, &self.opened.head.customer);
        let (read, basket) = tokio::try_join!(read_beside(self.store, self.opened), self.store.basket(tenant, customer, id))?;
        let (visit, addresses) = read;
        // The payment that comes of a basket has its id.
        let paid = basket.filter(|basket| has_receipt(basket, self.now)).map(|basket| basket.id);
        let document = paid.map(|payment| {
            let file_name = format!("receipt-{payment}.pdf");
            (WantedDocument::Receipt { payment }, file_name)
        });
        Ok(Prepared { visit, addresses, document })
    }

    async fn fetched(&self, visit: &Visit, document: WantedDocument, file_name: &str) -> PortalPage {
        let (tenant, customer) = (self.opened.tenant.clone(), self.opened.head.customer.clone());
        let asked = DocumentAsked { tenant, customer, document, language: None };
        match self.desk.fetch(asked, file_name, self.now).await {
            DocumentFetched::At(address) => PortalPage::See(address),
            DocumentFetched::Nothing => PortalPage::Plain(404, visit.words),
            DocumentFetched::Later if self.by_a_program => PortalPage::Plain(503, visit.words),
            DocumentFetched::Later => later(visit),
        }
    }

    /// Today in the tenant's zone, which documents are of.
    fn today(&self) -> Date {
        self.now.to_zoned(tenant_zone(self.opened.settings)).date()
    }
}

/// That a document cannot be had now.
fn later(visit: &Visit) -> PortalPage {
    let (words, tenant) = (visit.words, visit.settings.name.as_str());
    let lines = [DocumentLabels::of(words.language).later];
    let values = context! {
        title => format!("{} – {tenant}", words.busy),
        heading => words.busy,
        tenant,
        sent_by => words.sent_by.replace("{}", tenant),
        customer => visit.customer.as_str(),
        back => visit.path.as_str(),
        lines => Value::from(Serde(&lines)),
    };
    PortalPage::Filled { status: 503, template: "said", words, look: Look::of(&visit.settings.brand), values }
}

/// A text as far as every system and header takes it in the name of a file; another one where nothing of it is left.
pub(crate) fn plain_name(text: &str, otherwise: &str) -> String {
    let plain: String = text
        .chars()
        .take(NAME_CHARS_MAX)
        .map(|character| if character.is_ascii_alphanumeric() || matches!(character, '-' | '_') { character } else { '-' })
        .collect();
    let plain = plain.trim_matches('-');
    if plain.is_empty() { otherwise.to_owned() } else { plain.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files_are_plain() {
        for (number, expected) in [
            ("RE-2026/017", "RE-2026-017"),
            ("1001", "1001"),
            ("../../etc/passwd", "etc-passwd"),
            ("a\"; filename=\"b.exe\r\nX: y", "a---filename--b-exe--X--y"),
            ("№ 7", "7"),
            ("請求書", "inv_1"),
            ("", "inv_1"),
        ] {
            assert_eq!(plain_name(number, "inv_1"), expected, "{number:?}");
        }
        assert_eq!(plain_name(&"9".repeat(500), "inv_1").len(), NAME_CHARS_MAX);
    }
}
