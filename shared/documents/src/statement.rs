//! The statement: what a customer owes and has, by currency.

use domain::{Currency, Money};
use jiff::civil::Date;

use crate::{
    document_head::DocumentHead,
    letterhead::{WaysToPay, Writing},
    sheet::{DocumentSheet, SheetColumn, SheetFigure, SheetPart, SheetRow, SheetTable},
    words::DocumentWords,
};

/// What a statement is made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// Who is owed, and who owes.
    pub head: DocumentHead,
    /// What there is in each currency, in the order in which it is shown. None where nothing is open and nothing was paid.
    pub accounts: Vec<StatementAccount>,
    /// How to pay whom.
    pub ways_to_pay: Vec<WaysToPay>,
}

/// What a customer owes and has in one currency. Amounts are minor units of it; sums are over all lines that are given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatementAccount {
    /// The currency of every amount here.
    pub currency: Currency,
    /// What is past due.
    pub overdue: Vec<StatementLine>,
    /// What falls due today or later.
    pub not_yet_due: Vec<StatementLine>,
    /// What the customer has and nothing used up yet.
    pub credits: Vec<CreditLine>,
    /// What the customer paid lately.
    pub payments: Vec<PaidLine>,
    /// How many payments are known and not listed.
    pub payments_not_listed: usize,
}

/// An invoice, or the part of one that falls due by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatementLine {
    /// What people call the invoice.
    pub number: String,
    /// The place of the instalment and how many there are.
    pub instalment: Option<(usize, usize)>,
    /// The customer's own order number.
    pub purchase_order: Option<String>,
    /// When it was issued.
    pub issued_on: Date,
    /// When it falls due.
    pub due_on: Date,
    /// What it came to.
    pub amount_minor: i64,
    /// What of that was paid.
    pub paid_minor: i64,
    /// What of that was credited.
    pub credited_minor: i64,
    /// What of it is open.
    pub open_minor: i64,
}

/// A payment, credit note or the like that is not used up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreditLine {
    /// What people call it.
    pub reference: String,
    /// When it was given.
    pub given_on: Date,
    /// What it came to.
    pub amount_minor: i64,
    /// What of it is left.
    pub left_minor: i64,
}

/// Money that came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaidLine {
    /// What people call it.
    pub reference: String,
    /// When it came.
    pub received_on: Date,
    /// How much.
    pub amount_minor: i64,
}

impl Statement {
    /// The statement as it is shown.
    pub fn sheet(&self, writing: &dyn Writing) -> DocumentSheet {
        let words = DocumentWords::of(writing.language());
        let mut parts = Vec::new();
        let several = self.accounts.len() > 1;
        for account in &self.accounts {
            parts.extend(several.then(|| SheetPart::Heading(words.in_currency.replace("{}", account.currency.code()))));
            account.parts(words, writing, &mut parts);
        }
        if self.accounts.iter().all(|account| account.overdue.is_empty() && account.not_yet_due.is_empty()) {
            parts.insert(0, SheetPart::Text(words.nothing_open.to_owned()));
        } else {
            parts.extend(self.ways_to_pay.iter().map(|ways| ways.part(words)));
        }
        self.head.sheet((words, writing), words.statement.to_owned(), Vec::new(), parts)
    }
}

impl StatementAccount {
    fn parts(&self, words: &DocumentWords, writing: &dyn Writing, parts: &mut Vec<SheetPart>) {
        let money = |minor| writing.money(Money::from_minor(minor, self.currency));
        let open = |lines: &[StatementLine]| lines.iter().fold(0_i64, |sum, line| sum.saturating_add(line.open_minor));
        let (overdue, not_yet_due) = (open(&self.overdue), open(&self.not_yet_due));
        let credit = self.credits.iter().fold(0_i64, |sum, line| sum.saturating_add(line.left_minor));
        let balance = overdue.saturating_add(not_yet_due).saturating_sub(credit);
        parts.push(SheetPart::Figures(vec![
            SheetFigure::new(words.overdue, money(overdue)),
            SheetFigure::new(words.not_yet_due, money(not_yet_due)),
            SheetFigure::new(words.credits, money(credit.saturating_neg())),
            SheetFigure::result(words.balance, money(balance)),
        ]));
        for (title, lines, sum) in [(words.overdue, &self.overdue, overdue), (words.not_yet_due, &self.not_yet_due, not_yet_due)]
        {
            let columns = vec![
                SheetColumn::left(words.invoice),
                SheetColumn::left(words.issued_on),
                SheetColumn::left(words.due_on),
                SheetColumn::right(words.amount),
                SheetColumn::right(words.paid),
                SheetColumn::right(words.open),
            ];
            let row = |line: &StatementLine| SheetRow {
                cells: vec![
                    line.number.clone(),
                    writing.date(line.issued_on),
                    writing.date(line.due_on),
                    money(line.amount_minor),
                    if line.paid_minor == 0 { "–".to_owned() } else { money(line.paid_minor) },
                    money(line.open_minor),
                ],
                note: line.note(words, &money),
            };
            let rows: Vec<SheetRow> = lines.iter().map(row).collect();
            parts.extend(table(title, columns, rows, Some((words.sum.to_owned(), money(sum)))));
        }
        let credits = self.credits.iter().map(|line| SheetRow {
            cells: vec![line.reference.clone(), writing.date(line.given_on), money(line.amount_minor), money(line.left_minor)],
            note: String::new(),
        });
        let columns = vec![
            SheetColumn::left(words.reference),
            SheetColumn::left(words.date),
            SheetColumn::right(words.amount),
            SheetColumn::right(words.available),
        ];
        parts.extend(table(words.credits, columns, credits.collect(), Some((words.sum.to_owned(), money(credit)))));
        let payments = self.payments.iter().map(|line| SheetRow {
            cells: vec![line.reference.clone(), writing.date(line.received_on), money(line.amount_minor)],
            note: String::new(),
        });
        let columns = vec![SheetColumn::left(words.reference), SheetColumn::left(words.date), SheetColumn::right(words.amount)];
        parts.extend(table(words.payments, columns, payments.collect(), None));
        let not_listed = self.payments_not_listed;
        parts.extend((not_listed > 0).then(|| SheetPart::Text(words.not_listed.replace("{}", &not_listed.to_string()))));
    }
}

/// A table; none where it would be empty.
fn table(title: &str, columns: Vec<SheetColumn>, rows: Vec<SheetRow>, total: Option<(String, String)>) -> Option<SheetPart> {
    (!rows.is_empty()).then(|| SheetPart::Table(SheetTable { title: title.to_owned(), columns, rows, total }))
}

impl StatementLine {
    /// What stands below its number: the instalment, the order, and what was credited, without which the amounts of the row do not add up.
    fn note(&self, words: &DocumentWords, money: &impl Fn(i64) -> String) -> String {
        let instalment = self.instalment.map(|(at, of)| words.instalment.replace("{}", &format!("{at}/{of}")));
        let order = self.purchase_order.as_ref().map(|order| format!("{}: {order}", words.order_number));
        let credited = (self.credited_minor > 0).then(|| format!("{}: {}", words.credited, money(self.credited_minor)));
        instalment.into_iter().chain(order).chain(credited).collect::<Vec<_>>().join(" · ")
    }
}
