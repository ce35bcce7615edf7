//! What a document says, before it has pages: every text as it is shown.

use jiff::civil::Date;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::letterhead::{Letterhead, Paper};

/// Raised whenever the same sheet is to be drawn another way: what was kept under the fingerprint of another edition is not found any more.
const EDITION: u32 = 2;

/// A document, ready to be drawn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DocumentSheet {
    /// BCP 47 language of its words.
    pub(crate) language: String,
    pub(crate) paper: Paper,
    /// The day that it is of.
    pub(crate) as_of: Date,
    pub(crate) letterhead: Letterhead,
    /// Lines; the first is a name.
    pub(crate) addressee: Vec<String>,
    pub(crate) heading: String,
    /// Labels and what they label.
    pub(crate) particulars: Vec<(String, String)>,
    pub(crate) parts: Vec<SheetPart>,
    /// `Page {page} of {pages}`.
    pub(crate) page_of: String,
}

/// A part of a document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) enum SheetPart {
    Heading(String),
    Text(String),
    /// A text that has to be seen.
    Notice(String),
    Figures(Vec<SheetFigure>),
    Table(SheetTable),
    /// A title, and lines below it.
    Lines(String, Vec<String>),
}

/// An amount that stands by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct SheetFigure {
    pub(crate) label: String,
    pub(crate) value: String,
    /// Whether it is what the others lead to.
    pub(crate) is_result: bool,
}

impl SheetFigure {
    pub(crate) fn new(label: &str, value: String) -> Self {
        Self { label: label.to_owned(), value, is_result: false }
    }

    pub(crate) fn result(label: &str, value: String) -> Self {
        Self { label: label.to_owned(), value, is_result: true }
    }
}

/// Rows under titles.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct SheetTable {
    pub(crate) title: String,
    pub(crate) columns: Vec<SheetColumn>,
    pub(crate) rows: Vec<SheetRow>,
    /// A last row: what it is, and what stands below the last column.
    pub(crate) total: Option<(String, String)>,
}

/// A column: its title, and where its cells stand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct SheetColumn {
    pub(crate) title: String,
    pub(crate) is_right: bool,
}

impl SheetColumn {
    pub(crate) fn left(title: &str) -> Self {
        Self { title: title.to_owned(), is_right: false }
    }

    pub(crate) fn right(title: &str) -> Self {
        Self { title: title.to_owned(), is_right: true }
    }
}

/// A row: a cell for each column, and a note below the first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct SheetRow {
    pub(crate) cells: Vec<String>,
    pub(crate) note: String,
}

impl DocumentSheet {
    /// SHA-256 of all that the document is made of, as 64 hexadecimal digits. Two sheets with one fingerprint give the same PDF.
    pub fn fingerprint(&self) -> String {
        let mut hash = Sha256::new();
        hash.update(EDITION.to_be_bytes());
        hash.update(serde_json::to_vec(self).expect("a sheet has texts and numbers only"));
        hash.update(self.letterhead.logo.as_ref().map_or(&[][..], |logo| logo.bytes()));
        hex::encode(hash.finalize())
    }
}
