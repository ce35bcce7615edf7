//! Generates books, and writes what each of their days leaves as Parquet beside the reports of the last day, so that an engine that knows
//! nothing of our code can come to the same numbers: `infra/checks/snapshots.py` does.
//!
//! ```text
//! generated_books <folder> <books>
//! ```
//!
//! A book is a folder `<folder>/<number>` with `reports/…` as in the bucket, and `expected.json`. The same numbers give the same books.
#![allow(clippy::unwrap_used, reason = "whoever runs it reads why it stops")]

use std::{fs, path::Path};

use domain::{AgreementId, BalanceKey, Channel, Currency, CustomerId, InvoiceId, TenantId, dates::add_days};
use figures::{
    Book, CustomerFigures, GroupBy, Groups, Ledger, LedgerEntry, LedgerFact, Sum,
    entry::{AppliedMoney, Belongs, DisputeEnd, InvoiceStands, IssuedInvoice, PromiseEnd, Touch, TouchCost, TouchStep},
    report::{ReportAsked, ReportName, ReportTable, ReportValue},
};
use jiff::civil::{Date, date};
use serde_json::{Value, json};
use snapshots::SnapshotPart;

const FIRST: Date = date(2026, 1, 10);
const DAYS: i64 = 76;
const CUSTOMERS: u64 = 12;
/// Customers of a part: several parts make a day, as several invocations do.
const PART: usize = 5;

fn main() {
    let mut words = std::env::args().skip(1);
    let (Some(folder), Some(books)) = (words.next(), words.next().and_then(|text| text.parse::<u64>().ok())) else {
        eprintln!("generated_books <folder> <books>");
        std::process::exit(2);
    };
    for number in 0..books {
        write_book(&Path::new(&folder).join(number.to_string()), number);
    }
}

/// Numbers by SplitMix64: the same ones on each machine.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// From zero to one less than `below`.
    fn of(&mut self, below: u64) -> i64 {
        i64::try_from(self.roll() % below).unwrap()
    }

    fn pick<T: Copy>(&mut self, all: &[T]) -> T {
        all[usize::try_from(self.roll()).unwrap() % all.len()]
    }

    fn is_one_in(&mut self, of: u64) -> bool {
        self.roll().is_multiple_of(of)
    }
}

fn write_book(folder: &Path, number: u64) {
    let tenant = TenantId::parse("generated").unwrap();
    let mut dice = Dice(number);
    // Some books have one currency alone: only of those is the cost of collecting defined.
    let is_one_currency = dice.is_one_in(2);
    let ledgers: Vec<(CustomerId, Ledger)> = (0..CUSTOMERS)
        .map(|at| (CustomerId::derive(&[&number.to_string(), &at.to_string()]), ledger(&mut dice, at, is_one_currency)))
        .collect();
    let books: Vec<(&CustomerId, Book<'_>)> = ledgers.iter().map(|(customer, ledger)| (customer, Book::of(ledger))).collect();
    for day in 0..DAYS {
        let day = add_days(FIRST, day);
        for (part, customers) in (0_u32..).zip(books.chunks(PART)) {
            let mut rows = SnapshotPart::default();
            for (customer, book) in customers {
                rows.add(&CustomerFigures::of((*customer).clone(), book, day)).unwrap();
            }
            for file in rows.files().unwrap() {
                let path = folder.join(file.table.key(day, &tenant, part));
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, file.bytes).unwrap();
            }
        }
    }
    fs::write(folder.join("expected.json"), expected(&books).to_string()).unwrap();
}

/// The reports of the last day, by all groups and over several periods.
fn expected(books: &[(&CustomerId, Book<'_>)]) -> Value {
    let last = add_days(FIRST, DAYS - 1);
    let all: Vec<CustomerFigures> =
        books.iter().map(|(customer, book)| CustomerFigures::of((*customer).clone(), book, last)).collect();
    let mut reports = Vec::new();
    for by in [GroupBy::Tenant, GroupBy::Segment, GroupBy::Owner, GroupBy::LegalEntity] {
        let mut groups = Groups::none(by, last);
        all.iter().for_each(|figures| groups.add(figures));
        for name in ReportName::ALL.into_iter().filter(|name| name.may_be_by(by)) {
            for months in [1, 2, 3] {
                let table = ReportTable::of(ReportAsked { name, months, currency: None, data_from: None }, &groups);
                let rows: Vec<Value> = table
                    .rows
                    .iter()
                    .map(|row| {
                        let cells = row.cells.iter().map(|cell| {
                            let shown = match cell.value {
                                ReportValue::Whole(sum) => sum.to_string(),
                                ReportValue::Figure(figure) => figure.shown(cell.unit.digits()),
                            };
                            (cell.name.to_owned(), json!(shown))
                        });
                        let currency = row.currency.map(|currency| currency.code().to_owned());
                        let cells: serde_json::Map<String, Value> = cells.collect();
                        json!({"group": row.group.as_str(), "currency": currency, "part": row.part, "cells": cells})
                    })
                    .collect();
                let from = table.period.map(|period| period.from.to_string());
                reports.push(json!({
                    "name": name.as_str(), "by": by.as_str(), "months": months, "from": from, "rows": rows,
                }));
            }
        }
    }
    json!({"as_of": last.to_string(), "first": FIRST.to_string(), "reports": reports})
}

/// What happened to a customer, in any order that books may have.
fn ledger(dice: &mut Dice, at: u64, is_one_currency: bool) -> Ledger {
    let mut ledger = Ledger::default();
    ledger.put(LedgerEntry::on(FIRST, "belongs", belongs(dice)));
    if dice.is_one_in(3) {
        ledger.put(LedgerEntry::on(on(30 + dice.of(40)), "moved", belongs(dice)));
    }
    for number in 0..=dice.of(6) {
        invoice(dice, &mut ledger, (at, number), is_one_currency);
    }
    for number in 0..dice.of(5) {
        contact(dice, &mut ledger, number);
    }
    ledger
}

/// Whom a customer belongs to.
fn belongs(dice: &mut Dice) -> LedgerFact {
    let segment = dice.pick(&["", "large", "small \"&\" ünïque"]);
    let owner = dice.pick(&["", "ann", "bob"]);
    let some = |text: &str| if text.is_empty() { None } else { Some(text.into()) };
    LedgerFact::Belongs(Belongs { segment: some(segment), owner: some(owner) })
}

fn on(day: i64) -> Date {
    add_days(FIRST, day.clamp(0, DAYS - 1))
}

fn balance(dice: &mut Dice, is_one_currency: bool) -> BalanceKey {
    let entity = dice.pick(&["", "berlin"]);
    let currency = if is_one_currency { Currency::EUR } else { dice.pick(&[Currency::EUR, Currency::USD, Currency::JPY]) };
    BalanceKey::with(currency, entity)
}

/// An invoice, and what becomes of it.
fn invoice(dice: &mut Dice, ledger: &mut Ledger, (at, number): (u64, i64), is_one_currency: bool) {
    let name = format!("{at}-{number}");
    let (invoice, balance) = (InvoiceId::derive(&[&name]), balance(dice, is_one_currency));
    let (issued, total_minor) = (if number == 0 { 0 } else { dice.of(60) }, 100 + dice.of(5_000_000));
    let second = if dice.is_one_in(4) { total_minor / 3 } else { 0 };
    let mut parts = vec![(add_days(FIRST, issued + dice.of(40) - 5), total_minor - second)];
    if second > 0 {
        parts.push((add_days(FIRST, issued + 20 + dice.of(30)), second));
    }
    let what = IssuedInvoice { invoice: invoice.clone(), balance: balance.clone(), total_minor, parts };
    ledger.put(LedgerEntry::on(on(issued), invoice.as_str(), LedgerFact::Issued(what)));
    let applied = |amount_minor| AppliedMoney { invoice: Some(invoice.clone()), balance: balance.clone(), amount_minor };
    let mut put = |day: i64, id: &str, what| ledger.put(LedgerEntry::on(on(day), &format!("{name}/{id}"), what));
    let came = issued + dice.of(45);
    match dice.of(8) {
        0 | 1 => put(came, "paid", LedgerFact::Paid(applied(total_minor))),
        2 => {
            put(came, "paid", LedgerFact::Paid(applied(total_minor)));
            put(came + 1 + dice.of(10), "back", LedgerFact::TakenBack(applied(total_minor)));
        }
        3 => put(came, "paid", LedgerFact::Paid(applied(total_minor / 2 + 1))),
        4 => put(came, "credited", LedgerFact::Credited(applied(total_minor / 4 + 1))),
        5 => put(came, "void", LedgerFact::Stands { invoice: invoice.clone(), standing: InvoiceStands::Void }),
        6 => put(came, "given_up", LedgerFact::Stands { invoice: invoice.clone(), standing: InvoiceStands::WrittenOff }),
        _ => {}
    }
    let agreement = |kind: &str| AgreementId::derive(&[kind, &name]);
    if dice.is_one_in(3) {
        let (made, minor) = (issued + dice.of(20), 1 + dice.of(100_000));
        let promise = agreement("promise");
        let promised = LedgerFact::Promised {
            promise: promise.clone(),
            balance: balance.clone(),
            amount_minor: minor,
            pays_on: on(made + 7),
        };
        put(made, "promised", promised);
        let end = dice.pick(&[PromiseEnd::Kept, PromiseEnd::PartlyKept, PromiseEnd::Broken, PromiseEnd::Cancelled]);
        let paid_minor = if end == PromiseEnd::PartlyKept { minor / 2 } else { 0 };
        put(made + 3 + dice.of(9), "promise_ended", LedgerFact::PromiseEnded { promise, end, paid_minor });
    }
    if dice.is_one_in(4) {
        let (made, amount_minor) = (issued + dice.of(20), 1 + dice.of(200_000));
        let dispute = agreement("dispute");
        let reason = dice.pick(&["price", "goods_missing"]).into();
        let invoices = vec![invoice.clone()];
        put(
            made,
            "disputed",
            LedgerFact::Disputed { dispute: dispute.clone(), balance: balance.clone(), invoices, amount_minor, reason },
        );
        if dice.is_one_in(2) {
            let end = dice.pick(&[DisputeEnd::Upheld, DisputeEnd::PartlyUpheld, DisputeEnd::Rejected, DisputeEnd::Withdrawn]);
            put(made + dice.of(40), "dispute_ended", LedgerFact::DisputeEnded { dispute, end });
        }
    }
}

/// Something that was done to reach people, and perhaps what came of it.
fn contact(dice: &mut Dice, ledger: &mut Ledger, number: i64) {
    let (day, id) = (dice.of(60), format!("touch-{number}"));
    let step = TouchStep { workflow: "net-30".into(), version: 1 + dice.roll() % 2, step: dice.pick(&["nudge", "firm"]).into() };
    let cost = TouchCost { currency: Currency::EUR, millionths: Sum::from(100 + dice.of(90_000)) };
    let touch = Touch {
        channel: dice.pick(&[Channel::Email, Channel::Sms]),
        language: dice.pick(&["en", "de"]).into(),
        step: dice.is_one_in(2).then_some(step),
        cost: (!dice.is_one_in(9)).then_some(cost),
    };
    ledger.put(LedgerEntry::on(on(day), &id, LedgerFact::Touched(touch)).at(600));
    match dice.of(4) {
        0 => ledger.put(LedgerEntry::on(on(day + dice.of(9)), &format!("{id}/answer"), LedgerFact::Answered).at(700)),
        1 => ledger.put(LedgerEntry::on(on(day + 1), &format!("{id}/lost"), LedgerFact::Lost { touch: id.as_str().into() })),
        2 => {
            let score = u8::try_from(1 + dice.of(5)).unwrap();
            ledger.put(LedgerEntry::on(on(day + 2), &format!("{id}/rated"), LedgerFact::Rated { score }));
        }
        _ => {}
    }
}
