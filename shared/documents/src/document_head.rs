//! What every document has, whatever it says: who writes to whom, on what paper, of which day.

use jiff::civil::Date;

use crate::{
    letterhead::{Addressee, Letterhead, Paper, WaysToPay, Writing},
    sheet::{DocumentSheet, SheetPart},
    words::DocumentWords,
};

/// Who writes to whom, on what paper, of which day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentHead {
    /// Who is owed, or was paid.
    pub letterhead: Letterhead,
    /// Who owes, or paid.
    pub customer: Addressee,
    /// The size of the pages.
    pub paper: Paper,
    /// The day in the sender's zone that the document is of.
    pub as_of: Date,
}

impl DocumentHead {
    /// A document under a heading. The day that it is of is the last of its particulars.
    pub(crate) fn sheet(
        &self,
        (words, writing): (&DocumentWords, &dyn Writing),
        heading: String,
        particulars: Vec<(String, String)>,
        parts: Vec<SheetPart>,
    ) -> DocumentSheet {
        let as_of = (words.as_of.to_owned(), writing.date(self.as_of));
        DocumentSheet {
            language: words.tag(writing.language()),
            paper: self.paper,
            as_of: self.as_of,
            letterhead: self.letterhead.clone(),
            addressee: self.customer.written(),
            heading,
            particulars: particulars.into_iter().chain([as_of]).collect(),
            parts,
            page_of: words.page_of.to_owned(),
        }
    }
}

impl WaysToPay {
    /// The part of a document that says how to pay.
    pub(crate) fn part(&self, words: &DocumentWords) -> SheetPart {
        let title = if self.to.is_empty() { words.how_to_pay.to_owned() } else { words.how_to_pay_to.replace("{}", &self.to) };
        SheetPart::Lines(title, self.lines.clone())
    }
}
