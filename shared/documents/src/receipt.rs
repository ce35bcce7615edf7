//! The receipt of a payment.

use domain::{Currency, Money};
use jiff::civil::Date;

use crate::{
    document_head::DocumentHead,
    letterhead::Writing,
    sheet::{DocumentSheet, SheetColumn, SheetFigure, SheetPart, SheetRow, SheetTable},
    words::DocumentWords,
};

/// What a receipt is made from. Amounts are minor units of the payment's currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentReceipt {
    /// Who was paid, and who paid.
    pub head: DocumentHead,
    /// What people call the payment.
    pub reference: String,
    /// When it came.
    pub received_on: Date,
    /// The currency of every amount here.
    pub currency: Currency,
    /// How much came.
    pub amount_minor: i64,
    /// What it was for.
    pub paid: Vec<PaidInvoice>,
}

/// An invoice that a payment was for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaidInvoice {
    /// What people call it.
    pub number: String,
    /// What of the payment was for it.
    pub amount_minor: i64,
    /// What of the invoice is open as of the receipt; `None` where that is not known any more.
    pub open_minor: Option<i64>,
}

impl PaymentReceipt {
    /// The receipt as it is shown. What the payment was for and what is left of it sum to its amount.
    pub fn sheet(&self, writing: &dyn Writing) -> DocumentSheet {
        let words = DocumentWords::of(writing.language());
        let money = |minor| writing.money(Money::from_minor(minor, self.currency));
        let labelled = |label: &str, value: String| (label.to_owned(), value);
        let particulars =
            vec![labelled(words.received_on, writing.date(self.received_on)), labelled(words.reference, self.reference.clone())];
        let mut rows: Vec<SheetRow> = self.paid.iter().map(|paid| paid.row(&money)).collect();
        let placed = self.paid.iter().fold(0_i64, |sum, paid| sum.saturating_add(paid.amount_minor));
        let left = self.amount_minor.saturating_sub(placed);
        if left > 0 {
            rows.push(SheetRow {
                cells: vec![words.not_allocated.to_owned(), "–".to_owned(), money(left)], note: String::new()
            });
        }
        let columns =
            vec![SheetColumn::left(words.invoice), SheetColumn::right(words.still_open), SheetColumn::right(words.paid)];
        let parts = vec![
            SheetPart::Text(words.receipt_thanks.to_owned()),
            SheetPart::Figures(vec![SheetFigure::result(words.received, money(self.amount_minor))]),
            SheetPart::Table(SheetTable {
                title: words.for_invoices.to_owned(),
                columns,
                rows,
                total: Some((words.sum.to_owned(), money(self.amount_minor))),
            }),
        ];
        self.head.sheet((words, writing), words.receipt.to_owned(), particulars, parts)
    }
}

impl PaidInvoice {
    fn row(&self, money: &dyn Fn(i64) -> String) -> SheetRow {
        let open = self.open_minor.map_or_else(|| "–".to_owned(), money);
        SheetRow { cells: vec![self.number.clone(), open, money(self.amount_minor)], note: String::new() }
    }
}
