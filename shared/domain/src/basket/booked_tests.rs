use proptest::prelude::*;

use super::{tests::*, *};
use crate::{
    Payment, PaymentFact, PaymentKind, PaymentStatus, SourceVersion,
    receivables::{Receivables, ReceivablesRules},
    settings::AfterRefund,
    testing::{Stage, at, ladder, on},
};

const EUR: Currency = Currency::EUR;
const BEGUN: &str = "2026-02-05T09:00:00Z";
const NOW: &str = "2026-02-06T09:00:00Z";
const LONG_AFTER: &str = "2026-06-06T09:00:00Z";
const REFERENCE: &str = "RF18539007547034ABCDEFGH";
const SHOWN: &str = "Invoices A and B, rf18 5390 0754 7034 abcd efgh, thanks";

/// A customer who owes 1,000 twice and announced a transfer of 300 for the first and 1,000 for the second.
fn announced() -> (Stage, Basket, [InvoiceId; 2]) {
    let mut stage = Stage::new(ladder());
    stage.policy.settings.after_refund = AfterRefund::Chase;
    let invoices = ["A", "B"].map(|name| stage.invoice(name, EUR, 1_000, "2026-02-04"));
    let begin_transfer = BasketBegin {
        provider: TRANSFER.to_owned(),
        way: WayOfPaying::Transfer,
        pays_on: Some(on("2026-02-05")),
        ..beginning("t", vec![line(&invoices[0], 300), line(&invoices[1], 1_000)])
    };
    let basket = begin(&mut stage, begin_transfer, BEGUN).sent_on(REFERENCE, None);
    (stage, basket, invoices)
}

fn entry(name: &str, version: u64, parts: &[(&InvoiceId, i64)], reference: Option<&str>) -> Payment {
    let part =
        |(invoice, amount_minor): &(&InvoiceId, i64)| Allocation { invoice: (*invoice).clone(), amount_minor: *amount_minor };
    Payment {
        id: PaymentId::derive(&["books", name]),
        kind: PaymentKind::Payment,
        external_id: name.to_owned(),
        source_version: SourceVersion::Number(version),
        status: PaymentStatus::Received,
        amount_minor: parts.iter().map(|(_, minor)| minor).sum(),
        currency: EUR,
        received_on: on("2026-02-06"),
        legal_entity: None,
        allocations: parts.iter().map(part).collect(),
        reference: reference.map(str::to_owned),
        taken_here: None,
    }
}

/// An entry comes to the books, and the basket hears of it.
fn hear(stage: &mut Stage, basket: &Basket, entry: &Payment, now: &str) -> BasketChange {
    let place = stage.facts.payments.iter().position(|fact| fact.payment.id == entry.id);
    let known = place.map(|place| stage.facts.payments.remove(place));
    stage.facts.payments.push(PaymentFact::merge(known.as_ref(), entry, at(now)).expect("a newer version"));
    let settings = stage.policy.settings.clone();
    let change = basket.heard_of_entry(entry, &settings, at(now));
    take(&mut stage.facts, &change, &settings, at(now));
    change
}

fn exposure(stage: &Stage, now: &str) -> i64 {
    let zone = jiff::tz::TimeZone::UTC;
    Receivables::at(&stage.facts, ReceivablesRules::of(&stage.policy.settings, &zone), at(now)).exposure_minor(EUR)
}

#[test]
fn a_text_names_a_reference_however_it_is_written() {
    let (_, basket, _) = announced();
    for (reference, text, names) in [
        (REFERENCE, SHOWN, true),
        (REFERENCE, "RF18-5390-0754-7034-ABCD-EFGH", true),
        (REFERENCE, "RF18539007547034ABCDEFGX", false),
        (REFERENCE, "RF18 5390 0754 7034", false),
        ("090933755493", "+++090/9337/55493+++", true),
        ("090933755493", "paid ***090/9337/55493***", true),
        ("090933755493", "090/9337/55494", false),
        ("210000000003139471430009017", "21 00000 00003 13947 14300 09017", true),
        ("12345678901234567894", "1 23456 78901 23456 7894", true),
        // The creditor reference that stands for a Finnish one.
        ("12345678901234567894", "RF07 1234 5678 9012 3456 7894", true),
        ("090933755493", "10264", false),
        ("090933755493", "", false),
        ("", "anything", false),
    ] {
        let basket = Basket { provider_id: Some(reference.to_owned()), ..basket.clone() };
        assert_eq!(basket.is_named_in(text), names, "{reference} in {text}");
        assert!(!names || may_name_a_transfer(text), "{text}");
        let of_provider = Basket { provider: "stripe".to_owned(), ..basket };
        assert!(!of_provider.is_named_in(text), "only a transfer is known by its reference");
    }
    for text in ["", "10264", "Check 10264 of 2026-02-11", "RF", "rf 1234", "12345678901"] {
        assert!(!may_name_a_transfer(text), "{text}");
    }
}

#[test]
fn the_entry_that_names_it_is_its_payment_and_is_counted_once() {
    let (mut stage, basket, [a, b]) = announced();
    assert_eq!(exposure(&stage, NOW), 700);
    let named = entry("E", 1, &[(&a, 300), (&b, 1_000)], Some(SHOWN));
    let change = hear(&mut stage, &basket, &named, NOW);
    assert!(change.changed && change.documents.is_empty() && change.tasks.is_empty());
    let paid = change.basket;
    assert_eq!((paid.status, paid.received_minor, &paid.booked[0].entry), (BasketStatus::Paid, 1_300, &named.id));
    assert_eq!((exposure(&stage, NOW), exposure(&stage, LONG_AFTER)), (700, 700));
    assert_eq!((stage.facts.payments.len(), stage.facts.agreements[0].status()), (1, "arrived"));
    let settings = stage.policy.settings.clone();
    assert!(!paid.heard_of_entry(&named, &settings, at(NOW)).changed, "the same again");

    // A second entry brings more of it, as when a payer transfers in two parts.
    let more = hear(&mut stage, &paid, &entry("F", 1, &[(&a, 200)], Some(REFERENCE)), NOW).basket;
    assert_eq!((more.received_minor, exposure(&stage, NOW)), (1_500, 500));

    // Whoever corrects the books takes it away again, and what time is left is waited for the money.
    for gone in [
        Payment { status: PaymentStatus::Reversed, ..entry("E", 2, &[(&a, 300), (&b, 1_000)], Some(SHOWN)) },
        entry("E", 2, &[(&a, 300), (&b, 1_000)], Some("10264")),
    ] {
        let mut stage = announced().0;
        let heard = hear(&mut stage, &basket, &named, NOW).basket;
        let change = hear(&mut stage, &heard, &gone, "2026-02-06T10:00:00Z");
        assert_eq!((change.basket.status, change.basket.received_minor), (BasketStatus::Begun, 0));
        assert_eq!(exposure(&stage, "2026-02-06T10:00:00Z"), 700, "{:?}", gone.status);
        let in_the_end = if gone.counts() { 700 } else { 2_000 };
        assert_eq!(exposure(&stage, LONG_AFTER), in_the_end, "{:?}", gone.status);
    }
    // After its time nothing is waited for, and it did not come.
    let mut stage = announced().0;
    let heard = hear(&mut stage, &basket, &named, NOW).basket;
    let gone = Payment { status: PaymentStatus::Reversed, ..entry("E", 2, &[(&a, 300), (&b, 1_000)], Some(SHOWN)) };
    hear(&mut stage, &heard, &gone, LONG_AFTER);
    assert_eq!((stage.facts.agreements[0].status(), exposure(&stage, LONG_AFTER)), ("failed", 2_000));
}

#[test]
fn what_came_counts_as_it_came() {
    let (_, basket, [a, b]) = announced();
    let settings = Stage::new(ladder()).policy.settings;
    let whole = entry("E", 1, &[(&a, 300), (&b, 1_000)], Some(REFERENCE));
    for (name, entry, status, received) in [
        ("less", entry("E", 1, &[(&b, 900)], Some(REFERENCE)), BasketStatus::Paid, 900),
        ("more", entry("E", 1, &[(&a, 1_000), (&b, 1_000)], Some(REFERENCE)), BasketStatus::Paid, 2_000),
        ("on its way", Payment { status: PaymentStatus::Pending, ..whole.clone() }, BasketStatus::Paid, 1_300),
        ("given back", Payment { status: PaymentStatus::Refunded, ..whole.clone() }, BasketStatus::Begun, 0),
        ("in dollars", Payment { currency: Currency::USD, ..whole.clone() }, BasketStatus::Begun, 0),
        ("nothing", Payment { amount_minor: 0, allocations: vec![], ..whole.clone() }, BasketStatus::Begun, 0),
        ("a credit note", Payment { kind: PaymentKind::CreditNote, ..whole.clone() }, BasketStatus::Begun, 0),
        ("unnamed", Payment { reference: None, ..whole.clone() }, BasketStatus::Begun, 0),
    ] {
        let change = basket.heard_of_entry(&entry, &settings, at(NOW));
        assert_eq!(
            (change.basket.status, change.basket.received_minor, change.changed),
            (status, received, received > 0),
            "{name}"
        );
    }
    // What was given up or whose time is over is paid all the same once the money is there.
    for ended in [basket.cancelled(&settings, at(NOW)).basket, basket.expired(&settings, at(NOW)).basket] {
        assert_eq!(ended.heard_of_entry(&whole, &settings, at(NOW)).basket.status, BasketStatus::Paid);
    }
    let text = serde_json::to_string(&basket.heard_of_entry(&whole, &settings, at(NOW)).basket).expect("a text");
    assert_eq!(serde_json::from_str::<Basket>(&text).expect("a basket").booked.len(), 1);
}

#[test]
fn without_a_reference_what_is_paid_of_an_invoice_is_no_longer_on_its_way() {
    type Change = fn(&mut Stage, &[InvoiceId; 2]);
    let cases: [(&str, Change, i64); 7] = [
        ("nothing", |_, _| {}, 700),
        (
            "all of it",
            |stage, [a, b]| {
                stage.pay("p", a, 300, PaymentStatus::Received, NOW);
                stage.pay("q", b, 1_000, PaymentStatus::Received, NOW);
            },
            700,
        ),
        ("a part", |stage, [_, b]| stage.pay("p", b, 400, PaymentStatus::Received, NOW), 700),
        ("more on one than was to be paid of it", |stage, [a, _]| stage.pay("p", a, 700, PaymentStatus::Received, NOW), 300),
        ("credit", |stage, [a, _]| stage.invoice_mut(a).credited_minor = 200, 500),
        (
            "credit and money",
            |stage, [a, _]| {
                stage.invoice_mut(a).credited_minor = 200;
                stage.pay("p", a, 300, PaymentStatus::Received, NOW);
            },
            500,
        ),
        ("one of them whole", |stage, [_, b]| stage.pay("p", b, 1_000, PaymentStatus::Received, NOW), 700),
    ];
    for (name, change, then) in cases {
        let (mut stage, _, invoices) = announced();
        change(&mut stage, &invoices);
        assert_eq!(exposure(&stage, NOW), then, "{name}");
        stage.step(at(NOW));
        let status = if name == "all of it" { "arrived" } else { "expected" };
        assert_eq!(stage.facts.agreements[0].status(), status, "{name}");
    }
    // What a provider tells of is kept back until it does, whatever the books say.
    let (mut stage, ..) = announced();
    stage.facts.agreements.clear();
    let [a, _] = ["A", "B"].map(|name| InvoiceId::derive(&["acme", "canonical", name]));
    begin(&mut stage, beginning("card", vec![line(&a, 300)]), BEGUN);
    stage.pay("p", &a, 700, PaymentStatus::Received, BEGUN);
    assert_eq!(exposure(&stage, "2026-02-05T09:10:00Z"), 1_000);
}

proptest! {
    #[test]
    fn nobody_is_chased_for_what_is_on_its_way_and_nothing_else_is_kept_back(
        payments in prop::collection::vec((0..2_usize, 1_i64..=300, prop::bool::weighted(0.2)), 0..4)
    ) {
        let (mut stage, mut basket, invoices) = announced();
        let mut paid = [0_i64; 2];
        let mut is_named = false;
        for (at, (invoice, minor, named)) in payments.iter().enumerate() {
            paid[*invoice] += minor;
            is_named |= named;
            let reference = named.then_some(SHOWN);
            let entry = entry(&format!("e{at}"), 1, &[(&invoices[*invoice], *minor)], reference);
            basket = hear(&mut stage, &basket, &entry, NOW).basket;
        }
        let due = |(total, line, paid): (i64, i64, i64)| {
            let open = (total - paid).max(0);
            let left = if is_named { 0 } else { (line - paid).max(0) };
            open - left.min(open)
        };
        let expected = due((1_000, 300, paid[0])) + due((1_000, 1_000, paid[1]));
        prop_assert_eq!(exposure(&stage, NOW), expected);
        prop_assert_eq!(exposure(&stage, LONG_AFTER), 2_000 - paid[0] - paid[1]);
        prop_assert_eq!(basket.status == BasketStatus::Paid, is_named);
    }
}
