//! The copy of an invoice that its source gives no document of: made from what is known, and never a tax document.

use domain::{Currency, Money};
use jiff::civil::Date;

use crate::{
    document_head::DocumentHead,
    letterhead::{WaysToPay, Writing},
    sheet::{DocumentSheet, SheetColumn, SheetFigure, SheetPart, SheetRow, SheetTable},
    words::DocumentWords,
};

/// What the copy of an invoice is made from. Amounts are minor units of its currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvoiceCopy {
    /// Who issued it, and to whom.
    pub head: DocumentHead,
    /// What people call it.
    pub number: String,
    /// The customer's own order number.
    pub purchase_order: Option<String>,
    /// When it was issued.
    pub issued_on: Date,
    /// When it falls due; with instalments, the last of theirs.
    pub due_on: Date,
    /// The one currency of every amount here.
    pub currency: Currency,
    /// What it came to.
    pub total_minor: i64,
    /// What of it was credited; `None` where that is not known, and then it is not shown.
    pub credited_minor: Option<i64>,
    /// What of it was paid, likewise.
    pub paid_minor: Option<i64>,
    /// What of it is open.
    pub open_minor: i64,
    /// Its instalments, in order; none where the whole falls due at once.
    pub instalments: Vec<InvoicePart>,
    /// How to pay whom.
    pub ways_to_pay: Vec<WaysToPay>,
}

/// A part of an invoice that falls due by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvoicePart {
    /// When it falls due.
    pub due_on: Date,
    /// What it comes to.
    pub amount_minor: i64,
}

impl InvoiceCopy {
    /// The copy as it is shown.
    pub fn sheet(&self, writing: &dyn Writing) -> DocumentSheet {
        let words = DocumentWords::of(writing.language());
        let money = |minor| writing.money(Money::from_minor(minor, self.currency));
        let labelled = |label: &str, value: String| (label.to_owned(), value);
        let mut particulars = vec![
            labelled(words.invoice_number, self.number.clone()),
            labelled(words.issued_on, writing.date(self.issued_on)),
            labelled(words.due_on, writing.date(self.due_on)),
        ];
        particulars.extend(self.purchase_order.clone().map(|order| labelled(words.order_number, order)));
        let mut figures = vec![SheetFigure::new(words.total, money(self.total_minor))];
        figures.extend(self.credited_minor.map(|minor| SheetFigure::new(words.credited, money(minor))));
        figures.extend(self.paid_minor.map(|minor| SheetFigure::new(words.paid, money(minor))));
        figures.push(SheetFigure::result(words.open, money(self.open_minor)));
        let mut parts = vec![SheetPart::Notice(words.copy_notice.to_owned()), SheetPart::Figures(figures)];
        if !self.instalments.is_empty() {
            let rows = self.instalments.iter().enumerate().map(|(at, part)| SheetRow {
                cells: vec![
                    words.instalment.replace("{}", &format!("{}/{}", at + 1, self.instalments.len())),
                    writing.date(part.due_on),
                    money(part.amount_minor),
                ],
                note: String::new(),
            });
            let titles = [SheetColumn::left(words.reference), SheetColumn::left(words.due_on), SheetColumn::right(words.amount)];
            parts.push(SheetPart::Table(SheetTable {
                title: words.instalments.to_owned(),
                columns: titles.into(),
                rows: rows.collect(),
                total: Some((words.total.to_owned(), money(self.total_minor))),
            }));
        }
        if self.open_minor > 0 {
            parts.extend(self.ways_to_pay.iter().map(|ways| ways.part(words)));
        }
        self.head.sheet((words, writing), words.copy_of_invoice.replace("{}", &self.number), particulars, parts)
    }
}
