//! What holds of figures whatever the book.

use std::collections::BTreeMap;

use compact_str::{CompactString, format_compact};
use domain::{AgreementId, BalanceKey, Channel, Currency, CustomerId, InvoiceId, dates::add_days};
use figures::{
    Book, CustomerFigures, DayFigures, Flow, GroupBy, Groups, Ledger, LedgerEntry, LedgerFact, Period, Sum, Totals,
    entry::{AppliedMoney, Belongs, DisputeEnd, InvoiceStands, IssuedInvoice, PromiseEnd, Touch, TouchCost, TouchStep},
};
use jiff::civil::{Date, date};
use proptest::{prelude::*, sample::Index};

const FIRST: Date = date(2026, 1, 1);
/// The days of a generated book.
const DAYS: i64 = 150;

/// A customer's entries.
type Entries = Vec<LedgerEntry>;

fn on(day: i64) -> Date {
    add_days(FIRST, day)
}

fn balance(of: u8) -> BalanceKey {
    match of % 4 {
        0 => BalanceKey::of(Currency::EUR),
        1 => BalanceKey::with(Currency::EUR, "berlin"),
        2 => BalanceKey::of(Currency::USD),
        _ => BalanceKey::with(Currency::JPY, "tokyo"),
    }
}

/// One invoice with what becomes of it. What is taken back came before; nothing comes for it after it was given up.
fn invoice(at: usize) -> impl Strategy<Value = Entries> {
    let payments = prop::collection::vec((0..40_i64, 1..600_i64, prop::option::of(0..40_i64)), 0..4);
    let end = prop::option::of((prop::bool::ANY, 90..100_i64));
    let parts = prop::collection::vec(-5..60_i64, 1..4);
    (any::<u8>(), 0..60_i64, 1..1_000_i64, parts, payments, prop::option::of(1..300_i64), end).prop_map(
        move |(of, issued, total_minor, due, payments, credit, end)| {
            let (invoice, balance) = (InvoiceId::derive(&[&at.to_string()]), balance(of));
            let count = i64::try_from(due.len()).expect("few");
            let mut parts: Vec<(Date, i64)> = due.iter().map(|days| (on(issued + days), total_minor / count)).collect();
            parts[0].1 += total_minor % count;
            let what = IssuedInvoice { invoice: invoice.clone(), balance: balance.clone(), total_minor, parts };
            let mut all = vec![LedgerEntry::on(on(issued), invoice.as_str(), LedgerFact::Issued(what))];
            let applied = |amount_minor| AppliedMoney { invoice: Some(invoice.clone()), balance: balance.clone(), amount_minor };
            for (place, (after, minor, back)) in payments.into_iter().enumerate() {
                // Some come before the invoice does.
                let came = (issued + after - 5).max(0);
                let id = |what: &str| format_compact!("{at}/{what}/{place}");
                all.push(LedgerEntry::on(on(came), &id("paid"), LedgerFact::Paid(applied(minor))));
                if let Some(later) = back.filter(|later| came + later < 90) {
                    all.push(LedgerEntry::on(on(came + later), &id("back"), LedgerFact::TakenBack(applied(minor))));
                }
            }
            let is_void = matches!(end, Some((true, _)));
            if let Some(minor) = credit.filter(|_| !is_void) {
                let id = format_compact!("{at}/credit");
                all.push(LedgerEntry::on(on(issued + 3), &id, LedgerFact::Credited(applied(minor))));
            }
            if let Some((is_void, day)) = end {
                let standing = if is_void { InvoiceStands::Void } else { InvoiceStands::WrittenOff };
                // Given up after all that came for it.
                let day = if is_void { day } else { day + 10 };
                let id = format_compact!("{at}/end");
                all.push(LedgerEntry::on(on(day), &id, LedgerFact::Stands { invoice: invoice.clone(), standing }));
            }
            all
        },
    )
}

fn invoices() -> impl Strategy<Value = Entries> {
    let each: Vec<_> = (0..5).map(invoice).collect();
    (each, 0..=5_usize).prop_map(|(all, kept)| all.into_iter().take(kept).flatten().collect())
}

/// Something else that happens to a customer.
fn other(at: usize) -> impl Strategy<Value = Entries> {
    (0..9_u8, 0..DAYS, prop::option::of(0..1_440_u16), 1..500_i64, 0..60_i64, any::<u8>()).prop_map(
        move |(kind, day, minute, minor, later, of)| {
            let agreement = AgreementId::derive(&[&at.to_string()]);
            let balance = balance(of);
            let one = |what| LedgerEntry { minute, ..LedgerEntry::on(on(day), &format_compact!("o{at}"), what) };
            let end = |what| LedgerEntry::on(on(day + later), &format_compact!("e{at}"), what);
            match kind {
                0 => vec![one(LedgerFact::Answered)],
                1 => vec![one(LedgerFact::Rated { score: of % 7 })],
                2 => {
                    let promised = LedgerFact::Promised {
                        promise: agreement.clone(),
                        balance,
                        amount_minor: minor,
                        pays_on: on(day + later / 2),
                    };
                    let ends = [PromiseEnd::Kept, PromiseEnd::PartlyKept, PromiseEnd::Broken, PromiseEnd::Cancelled];
                    let ended =
                        LedgerFact::PromiseEnded { promise: agreement, end: ends[usize::from(of % 4)], paid_minor: minor / 2 };
                    vec![one(promised), end(ended)]
                }
                3 => {
                    let invoices = (0..of % 3).map(|at| InvoiceId::derive(&[&at.to_string()])).collect();
                    let reason = CompactString::from(["price", "tax", "other"][usize::from(of % 3)]);
                    let disputed =
                        LedgerFact::Disputed { dispute: agreement.clone(), balance, invoices, amount_minor: minor, reason };
                    let ends = [DisputeEnd::Upheld, DisputeEnd::PartlyUpheld, DisputeEnd::Rejected, DisputeEnd::Withdrawn];
                    vec![one(disputed), end(LedgerFact::DisputeEnded { dispute: agreement, end: ends[usize::from(of % 4)] })]
                }
                4 => {
                    let named = |names: [&'static str; 3]| Some(names[usize::from(of % 3)]).filter(|name| !name.is_empty());
                    let belongs = Belongs {
                        segment: named(["smb", "", "enterprise"]).map(CompactString::from),
                        owner: named(["ann", "bob", ""]).map(CompactString::from),
                    };
                    vec![one(LedgerFact::Belongs(belongs))]
                }
                5 => vec![one(LedgerFact::Paid(AppliedMoney { invoice: None, balance, amount_minor: minor }))],
                _ => {
                    let touch = Touch {
                        channel: Channel::ALL[usize::from(of) % Channel::ALL.len()],
                        language: ["en", "de"][usize::from(of % 2)].into(),
                        step: (of % 3 > 0).then(|| TouchStep {
                            workflow: "w".into(),
                            version: u64::from(of % 2),
                            step: format_compact!("s{}", of % 4),
                        }),
                        cost: (of % 5 > 0).then(|| TouchCost { currency: Currency::USD, millionths: Sum::from(minor) }),
                    };
                    let mut all = vec![one(LedgerFact::Touched(touch))];
                    all.extend((of % 7 == 0).then(|| end(LedgerFact::Lost { touch: format_compact!("o{at}") })));
                    all
                }
            }
        },
    )
}

fn entries() -> impl Strategy<Value = Entries> {
    let others: Vec<_> = (0..12).map(other).collect();
    (invoices(), others).prop_map(|(invoices, others)| invoices.into_iter().chain(others.into_iter().flatten()).collect())
}

fn ledger(entries: &[LedgerEntry]) -> Ledger {
    entries.iter().cloned().collect()
}

fn id(name: &str) -> CustomerId {
    CustomerId::derive(&[name])
}

fn figures(name: &str, entries: &[LedgerEntry], day: i64) -> CustomerFigures {
    CustomerFigures::of(id(name), &Book::of(&ledger(entries)), on(day))
}

fn totals<'a>(rows: impl IntoIterator<Item = &'a CustomerFigures>, day: i64) -> Totals {
    let mut totals = Totals::none(on(day));
    rows.into_iter().for_each(|row| totals.add(row));
    totals
}

/// What is open of invoices on a day less what is unapplied, by currency, from the entries alone: each amount with its sign.
fn net(entries: &[LedgerEntry], day: Date) -> BTreeMap<Currency, i128> {
    let mut sums: BTreeMap<Currency, i128> = BTreeMap::new();
    let mut ended: BTreeMap<&InvoiceId, InvoiceStands> = BTreeMap::new();
    for entry in entries.iter().filter(|entry| entry.on <= day) {
        if let LedgerFact::Stands { invoice, standing } = &entry.what {
            ended.insert(invoice, *standing);
        }
    }
    // Of an invoice that was given up nothing is open, and what came for it above its total is unapplied.
    let mut given_up: BTreeMap<&InvoiceId, (Currency, i128)> = BTreeMap::new();
    for entry in entries.iter().filter(|entry| entry.on <= day) {
        let (invoice, balance, minor) = match &entry.what {
            LedgerFact::Issued(of) => (Some(&of.invoice), &of.balance, i128::from(of.total_minor)),
            LedgerFact::Paid(of) | LedgerFact::Credited(of) => (of.invoice.as_ref(), &of.balance, -i128::from(of.amount_minor)),
            LedgerFact::TakenBack(of) => (of.invoice.as_ref(), &of.balance, i128::from(of.amount_minor)),
            _ => continue,
        };
        match invoice.and_then(|invoice| ended.get_key_value(invoice)) {
            Some((_, InvoiceStands::Void)) if matches!(entry.what, LedgerFact::Issued(_)) => {}
            Some((invoice, InvoiceStands::WrittenOff)) => {
                given_up.entry(invoice).or_insert((balance.currency, 0)).1 += minor;
            }
            _ => *sums.entry(balance.currency).or_default() += minor,
        }
    }
    for (currency, left) in given_up.into_values() {
        *sums.entry(currency).or_default() += left.min(0);
    }
    sums.retain(|_, sum| *sum != 0);
    sums
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn duplicates_and_reorderings_change_nothing(
        entries in entries(),
        day in 0..DAYS,
        again in prop::collection::vec(any::<Index>(), 0..8),
        order in any::<u64>(),
    ) {
        let mut told = entries.clone();
        if !entries.is_empty() {
            told.extend(again.iter().map(|at| at.get(&entries).clone()));
        }
        // A permutation by a multiplicative hash of the place.
        let mut keyed: Vec<(u64, LedgerEntry)> =
            told.into_iter().zip(0_u64..).map(|(entry, at)| ((at + 1).wrapping_mul(order | 1), entry)).collect();
        keyed.sort_by_key(|(key, _)| *key);
        let told: Entries = keyed.into_iter().map(|(_, entry)| entry).collect();
        prop_assert_eq!(figures("a", &told, day), figures("a", &entries, day));
    }

    #[test]
    fn a_day_says_what_a_replay_until_it_says(entries in entries(), day in 0..DAYS) {
        let until: Entries = entries.iter().filter(|entry| entry.on <= on(day)).cloned().collect();
        prop_assert_eq!(figures("a", &entries, day), figures("a", &until, day));
        prop_assert_eq!(ledger(&entries).until(on(day)), ledger(&until));
    }

    #[test]
    fn flows_of_days_add_up(entries in entries(), cut in 0..DAYS) {
        let ledger = ledger(&entries);
        let book = Book::of(&ledger);
        let flow = |from, to| book.flow_within(Period { from: on(from), to: on(to) });
        let mut parts: BTreeMap<BalanceKey, Flow> = flow(0, cut);
        for (balance, more) in flow(cut + 1, DAYS) {
            parts.entry(balance).or_default().add(&more);
        }
        prop_assert_eq!(parts, flow(0, DAYS));
        let mut reached = book.contacts_within(Period { from: on(0), to: on(cut) });
        reached.add(&book.contacts_within(Period { from: on(cut + 1), to: on(DAYS) }));
        prop_assert_eq!(reached, book.contacts_within(Period { from: on(0), to: on(DAYS) }));
    }

    #[test]
    fn money_is_conserved_each_day(entries in invoices(), day in 0..DAYS) {
        let row = figures("a", &entries, day);
        let of = totals([&row], day);
        let found: BTreeMap<Currency, i128> = of
            .currencies
            .iter()
            .map(|(currency, of)| (*currency, (of.stock.open() - of.stock.unapplied).whole()))
            .filter(|(_, net)| *net != 0)
            .collect();
        prop_assert_eq!(found, net(&entries, on(day)));
    }

    #[test]
    fn groups_come_to_the_tenant(all in prop::collection::vec(entries(), 1..5), day in 0..DAYS) {
        let rows: Vec<CustomerFigures> =
            all.iter().enumerate().map(|(at, entries)| figures(&at.to_string(), entries, day)).collect();
        let tenant = totals(&rows, day);
        // Of the rows themselves.
        for (currency, of) in &tenant.currencies {
            let balances = |row: &CustomerFigures| -> Vec<figures::customer_figures::BalanceFigures> {
                row.balances.iter().filter(|(key, _)| key.currency == *currency).map(|(_, of)| of.clone()).collect()
            };
            let open: Vec<Sum> = rows.iter().map(|row| balances(row).iter().map(|of| of.stock.open()).sum()).collect();
            let sold: Sum = rows.iter().flat_map(balances).flat_map(|of| of.months.into_values()).map(|month| month.flow.sold.minor).sum();
            let found: Sum = of.months.values().map(|month| month.flow.sold.minor).sum();
            prop_assert_eq!(of.stock.open(), open.iter().copied().sum::<Sum>());
            prop_assert_eq!(usize::try_from(of.owing), Ok(open.iter().filter(|open| **open > Sum::ZERO).count()));
            prop_assert_eq!(of.largest.iter().map(|(_, open)| open).max(), open.iter().copied().filter(|open| *open > Sum::ZERO).max());
            prop_assert_eq!(found, sold);
        }
        let touches: i64 = rows.iter().flat_map(|row| row.contacts.values()).map(|contacts| contacts.touches).sum();
        prop_assert_eq!(tenant.contacts.values().map(|contacts| contacts.touches).sum::<i64>(), touches);
        prop_assert_eq!(usize::try_from(tenant.customers), Ok(rows.len()));
        for by in GroupBy::ALL {
            let mut groups = Groups::none(by, on(day));
            rows.iter().for_each(|row| groups.add(row));
            let mut sum = Totals::none(on(day));
            groups.all.values().for_each(|totals| sum.merge(totals));
            if by == GroupBy::LegalEntity {
                for (currency, of) in &tenant.currencies {
                    let found = &sum.currencies[currency];
                    prop_assert_eq!(&found.stock, &of.stock);
                    prop_assert_eq!(&found.months, &of.months);
                    prop_assert_eq!(&found.day, &of.day);
                }
                prop_assert_eq!(sum.currencies.len(), tenant.currencies.len());
            } else {
                prop_assert_eq!(&sum, &tenant, "{}", by.as_str());
            }
        }
    }

    #[test]
    fn totals_are_put_together_in_any_order(
        all in prop::collection::vec(entries(), 1..5),
        shards in prop::collection::vec(0..3_usize, 5),
        day in 0..DAYS,
    ) {
        let rows: Vec<CustomerFigures> =
            all.iter().enumerate().map(|(at, entries)| figures(&at.to_string(), entries, day)).collect();
        let of_shard = |shard: usize| totals(rows.iter().zip(&shards).filter(|(_, of)| **of == shard).map(|(row, _)| row), day);
        let [a, b, c] = [0, 1, 2].map(of_shard);
        let put = |first: &Totals, second: &Totals| {
            let mut sum = first.clone();
            sum.merge(second);
            sum
        };
        let whole = totals(&rows, day);
        prop_assert_eq!(&put(&put(&a, &b), &c), &whole);
        prop_assert_eq!(&put(&a, &put(&b, &c)), &whole);
        prop_assert_eq!(&put(&put(&c, &a), &b), &whole);
    }

    #[test]
    fn rows_come_back_from_json(entries in entries(), day in 0..DAYS) {
        let row = figures("a", &entries, day);
        let json = serde_json::to_string(&row).expect("json");
        prop_assert_eq!(&serde_json::from_str::<CustomerFigures>(&json).expect("a row"), &row);
        let of = totals([&row], day);
        let json = serde_json::to_string(&of).expect("json");
        prop_assert_eq!(serde_json::from_str::<Totals>(&json).expect("totals"), of);
        if let Some(kept) = DayFigures::of(&row) {
            let json = serde_json::to_string(&kept).expect("json");
            prop_assert_eq!(serde_json::from_str::<DayFigures>(&json).expect("a day"), kept);
        }
    }
}
