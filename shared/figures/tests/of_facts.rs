//! What the table knows of a customer, as a ledger: what is open of it is what `domain` says that is open.

use domain::{
    Agreement, AgreementId, AgreementScope, Allocation, Currency, Customer, CustomerId, Dispute, DisputeReason, DisputeStatus,
    Facts, HoldClock, Instalment, Invoice, InvoiceFact, InvoiceId, InvoiceStatus, Payment, PaymentFact, PaymentId, PaymentKind,
    PaymentStatus, Promise, PromiseStatus, Reversal, ReversalKind, SourceVersion, Stood, TenantId, Terms, WayOfPaying,
    receivables::Receivables,
};
use figures::{
    Book, Ledger, LedgerFact, Period,
    entry::{InvoiceStands, LedgerEntry, PromiseEnd},
    of_facts::{FactsReading, Since, entries_of},
};
use jiff::{
    Timestamp,
    civil::{Date, date},
    tz::TimeZone,
};

const TODAY: Date = date(2026, 3, 31);

fn at(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

fn facts() -> Facts {
    let customer = CustomerId::derive(&["c"]);
    Facts::of(TenantId::parse("acme").expect("a tenant"), Customer::stub(&customer, "erp", "C"))
}

fn inv(name: &str) -> InvoiceId {
    InvoiceId::derive(&[name])
}

fn invoice(facts: &mut Facts, name: &str, total_minor: i64, change: impl FnOnce(&mut Invoice)) {
    let mut invoice = Invoice::open(inv(name), name, (Currency::EUR, total_minor), (date(2026, 1, 5), date(2026, 2, 4)));
    change(&mut invoice);
    facts.invoices.push(InvoiceFact { invoice, folded: vec![], archived: false });
}

fn payment(name: &str, amount_minor: i64, of: &[(&str, i64)]) -> Payment {
    Payment {
        id: PaymentId::derive(&[name]),
        kind: PaymentKind::Payment,
        external_id: name.to_owned(),
        source_version: SourceVersion::Number(1),
        status: PaymentStatus::Received,
        amount_minor,
        currency: Currency::EUR,
        received_on: date(2026, 2, 10),
        legal_entity: None,
        allocations: of.iter().map(|(name, minor)| Allocation { invoice: inv(name), amount_minor: *minor }).collect(),
        reference: None,
        taken_here: None,
    }
}

fn fact(payment: Payment) -> PaymentFact {
    PaymentFact { payment, recorded_at: at("2026-02-10T09:00:00Z"), received_before: None, archived: false }
}

fn since(of: Since<'_>) -> Option<Date> {
    match of {
        Since::Standing(_) => Some(date(2026, 3, 25)),
        Since::Stated(_) => Some(date(2026, 2, 20)),
        Since::TakenBack(_) | Since::Reversed(_) => Some(date(2026, 3, 9)),
    }
}

fn entries(facts: &Facts) -> Vec<LedgerEntry> {
    entries_of(facts, &FactsReading { zone: &TimeZone::UTC, by_legal_entity: false, since: &since })
}

/// What is open and unapplied today by the ledger; what is open by the domain.
fn open(facts: &Facts) -> ((i128, i128), i64) {
    let ledger: Ledger = entries(facts).into_iter().collect();
    let stock = Book::of(&ledger).stock(TODAY).into_values().next().unwrap_or_default();
    let receivables = Receivables::in_zone(facts, &TimeZone::UTC, at("2026-03-31T12:00:00Z"));
    ((stock.open().whole(), stock.unapplied.whole()), receivables.open_minor(Currency::EUR))
}

type Change = Box<dyn FnOnce(&mut Facts)>;

#[test]
fn what_is_open_is_what_the_domain_says() {
    let reversed = |amount_minor, in_force| Reversal {
        external_id: "R".to_owned(),
        source_version: SourceVersion::Number(1),
        payment: PaymentId::derive(&["P"]),
        amount_minor,
        currency: Currency::EUR,
        in_force,
        kind: ReversalKind::Refund,
    };
    let pay = |amount_minor, of: &[(&str, i64)]| {
        let fact = fact(payment("P", amount_minor, of));
        Box::new(move |facts: &mut Facts| facts.payments.push(fact)) as Change
    };
    let cases: Vec<(&str, Vec<Change>, (i128, i128))> = vec![
        ("nothing came", vec![], (1_500, 0)),
        ("a part came", vec![pay(400, &[("A", 400)])], (1_100, 0)),
        ("for both, and something is left", vec![pay(1_700, &[("A", 1_000), ("B", 500)])], (0, 200)),
        ("too much for one", vec![pay(1_300, &[("A", 1_300)])], (500, 300)),
        ("for an invoice of another customer", vec![pay(400, &[("Z", 400)])], (1_500, 0)),
        (
            "the rest is given back first",
            vec![pay(1_700, &[("A", 1_000), ("B", 500)]), Box::new(move |f| f.reversals.push(reversed(300, true)))],
            (100, 0),
        ),
        (
            "a dispute that was won takes nothing back",
            vec![pay(400, &[("A", 400)]), Box::new(move |f| f.reversals.push(reversed(300, false)))],
            (1_100, 0),
        ),
        (
            "a bounce of a payment that had come",
            vec![Box::new(|f| {
                let mut came = fact(payment("P", 400, &[("A", 400)]));
                came.received_before = Some(came.payment.clone());
                came.payment.status = PaymentStatus::Reversed;
                f.payments.push(came);
            })],
            (1_500, 0),
        ),
        (
            "a credit note",
            vec![Box::new(|f| {
                f.payments.push(fact(Payment { kind: PaymentKind::CreditNote, ..payment("P", 250, &[("A", 200)]) }));
            })],
            (1_300, 50),
        ),
        (
            "the document says more than payments do",
            vec![
                pay(400, &[("A", 400)]),
                Box::new(|f| {
                    f.invoices[0].invoice.paid_minor = 600;
                    f.invoices[0].invoice.credited_minor = 100;
                }),
            ],
            (800, 0),
        ),
        (
            "the document still says what was taken back",
            vec![
                pay(400, &[("A", 400)]),
                Box::new(move |f| f.reversals.push(reversed(400, true))),
                Box::new(|f| {
                    f.invoices[0].invoice.paid_minor = 400;
                    f.invoices[0].invoice.paid_is_gross = true;
                }),
            ],
            (1_500, 0),
        ),
        (
            "given up, void and not issued",
            vec![
                pay(100, &[("B", 100)]),
                Box::new(|f| f.invoices[0].invoice.status = InvoiceStatus::WrittenOff),
                Box::new(|f| f.invoices[1].invoice.status = InvoiceStatus::Void),
                Box::new(|f| invoice(f, "D", 900, |of| of.status = InvoiceStatus::Draft)),
            ],
            (0, 100),
        ),
        (
            "instalments",
            vec![
                Box::new(|f| {
                    let part = |month, amount_minor| Instalment { external_id: None, due_on: date(2026, month, 1), amount_minor };
                    f.invoices[0].invoice.instalments = vec![part(2, 600), part(5, 400)];
                }),
                pay(700, &[("A", 700)]),
            ],
            (800, 0),
        ),
        (
            "a payment of another customer",
            vec![Box::new(|f| f.shared.push(fact(payment("S", 900, &[("Z", 500), ("A", 400)]))))],
            (1_100, 0),
        ),
        (
            "another currency than its invoice's",
            vec![Box::new(|f| f.payments.push(fact(Payment { currency: Currency::USD, ..payment("P", 400, &[("A", 400)]) })))],
            (1_500, 0),
        ),
    ];
    for (name, changes, expected) in cases {
        let mut facts = facts();
        invoice(&mut facts, "A", 1_000, |_| {});
        invoice(&mut facts, "B", 500, |_| {});
        changes.into_iter().for_each(|change| change(&mut facts));
        let (found, by_domain) = open(&facts);
        assert_eq!(found, expected, "{name}");
        assert_eq!(i128::from(by_domain), expected.0, "{name}");
    }
}

#[test]
fn what_changed_has_the_day_that_history_knows() {
    let mut facts = facts();
    invoice(&mut facts, "A", 1_000, |of| of.status = InvoiceStatus::WrittenOff);
    let mut came = fact(payment("P", 400, &[("A", 400)]));
    came.received_before = Some(came.payment.clone());
    came.payment.status = PaymentStatus::Refunded;
    facts.payments.push(came);
    let ledger: Ledger = entries(&facts).into_iter().collect();
    let book = Book::of(&ledger);
    let open = |day| book.stock(day).into_values().next().unwrap_or_default().open().whole();
    for (day, expected) in [
        (date(2026, 1, 4), 0),
        (date(2026, 1, 5), 1_000),
        (date(2026, 2, 10), 600),
        (date(2026, 3, 9), 1_000),
        (date(2026, 3, 25), 0),
    ] {
        assert_eq!(open(day), expected, "{day}");
    }
    let flow = book.flow_within(Period { from: date(2026, 3, 1), to: TODAY }).into_values().next().expect("a flow");
    assert_eq!((flow.written_off.minor.whole(), flow.taken_back.minor.whole()), (1_000, 400));
    let stands = entries(&facts)
        .into_iter()
        .filter(|entry| matches!(entry.what, LedgerFact::Stands { standing: InvoiceStands::WrittenOff, .. }));
    assert_eq!(stands.count(), 1);
}

#[test]
fn agreements_have_their_amounts_and_ends() {
    let mut facts = facts();
    invoice(&mut facts, "A", 1_000, |_| {});
    facts.payments.push(fact(payment("P", 250, &[("A", 250)])));
    let stood =
        Stood { invoice: inv("A"), open_minor: 1_000, claim_minor: 1_000, currency: Some(Currency::EUR), sent_minor: None };
    let agreement = |name: &str, terms| Agreement {
        id: AgreementId::derive(&[name]),
        terms,
        scope: AgreementScope::Customer,
        amount_minor: None,
        clock: HoldClock::StopClock,
        made_at: at("2026-02-05T10:30:00Z"),
        from_at: at("2026-02-05T10:30:00Z"),
        until_on: None,
        ended_at: None,
        status_at: at("2026-02-15T08:00:00Z"),
        by: String::new(),
        folded: vec![],
    };
    let promise = |status| {
        Terms::Promise(Promise {
            pays_on: date(2026, 2, 12),
            way: WayOfPaying::Transfer,
            expected_on: date(2026, 2, 14),
            of: vec![stood.clone()],
            status,
        })
    };
    facts.agreements.push(agreement("partly", promise(PromiseStatus::PartlyKept)));
    facts.agreements.push(Agreement { amount_minor: Some(300), ..agreement("open", promise(PromiseStatus::Open)) });
    let dispute =
        Dispute { reason: DisputeReason::Price, of: vec![stood], upheld_minor: None, line: None, status: DisputeStatus::Open };
    facts.agreements.push(Agreement { amount_minor: Some(900), ..agreement("dispute", Terms::Dispute(dispute)) });
    let ledger: Ledger = entries(&facts).into_iter().collect();
    let book = Book::of(&ledger);
    let stock = book.stock(TODAY).into_values().next().expect("a stock");
    assert_eq!((stock.promised.count, stock.promised.minor.whole()), (1, 300));
    let contested: Vec<(String, i128)> = stock.disputes.iter().map(|(of, tally)| (of.to_string(), tally.minor.whole())).collect();
    assert_eq!(contested, [("price/31-60".to_owned(), 750)], "no more than is open");
    let flow = book.flow_within(Period { from: date(2026, 2, 1), to: TODAY }).into_values().next().expect("a flow");
    let ended = flow.promises_ended(PromiseEnd::PartlyKept);
    assert_eq!((ended.promised.minor.whole(), ended.paid.whole()), (1_000, 250));
}
