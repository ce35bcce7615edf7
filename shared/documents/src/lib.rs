//! Documents as PDF: the statement of a customer, the copy of an invoice, the receipt of a payment.
//!
//! | module | has |
//! |---|---|
//! | `letterhead` | who writes to whom, on what paper, and how amounts and dates are written |
//! | `document_head` | what every document has |
//! | `statement`, `invoice_copy`, `receipt` | what each document is made from |
//! | `words` | the documents' own words, by language |
//! | `sheet` | what a document says, before it has pages |
//! | `fonts` | the faces, and texts as glyphs of them |
//! | `lines` | texts cut into lines |
//! | `page` | marks on pages, and the tree that says what they are |
//! | `flow` | what is written onto pages from top to bottom |
//! | `table` | a table cut into pages |
//! | `set` | a sheet set onto pages |
//! | `canvas` | pages as PDF |
//!
//! Nothing here reads a clock, a file or the network, and nothing is drawn by chance: the same [`DocumentSheet`] gives the same bytes. Documents are
//! tagged (PDF/UA-1): whoever hears them hears headings, tables and their cells. Their faces are embedded, reduced to what is used. A
//! character that the faces lack is shown as U+FFFD.

#![warn(missing_docs)]

mod canvas;
mod document_head;
mod flow;
mod fonts;
mod invoice_copy;
mod letterhead;
mod lines;
mod page;
mod receipt;
mod set;
mod sheet;
mod statement;
mod table;
mod words;

pub use canvas::DocumentError;
pub use document_head::DocumentHead;
pub use invoice_copy::{InvoiceCopy, InvoicePart};
pub use letterhead::{Addressee, BrandColour, Letterhead, Logo, Paper, WaysToPay, Writing};
pub use receipt::{PaidInvoice, PaymentReceipt};
pub use sheet::DocumentSheet;
pub use statement::{CreditLine, PaidLine, Statement, StatementAccount, StatementLine};
pub use words::written_in;

impl DocumentSheet {
    /// The document as PDF. One whose logo cannot be drawn has the sender's name in its place.
    ///
    /// # Errors
    ///
    /// [`DocumentError`], which no content of a sheet is known to bring about.
    pub fn pdf(&self) -> Result<Vec<u8>, DocumentError> {
        let logo = self.letterhead.logo.as_ref().and_then(canvas::Picture::of);
        let made = logo.as_ref().map(|logo| canvas::pdf(self, &set::pages(self, Some(logo.size())), Some(logo)));
        match made {
            Some(Ok(pdf)) => Ok(pdf),
            // Whether an image can be drawn shows when it is.
            Some(Err(_)) | None => canvas::pdf(self, &set::pages(self, None), None),
        }
    }
}
