//! Payments that their own documents say were taken back.

use domain::*;

use crate::common::*;

fn said(version: u64, status: PaymentStatus) -> Payment {
    Payment { status, ..payment("P-1", version, "INV-1") }
}

fn by(customer: &str, payment: Payment) -> Document {
    Document::Payment { customer: other(customer), payment }
}

fn owed_by(customer: &str) -> Document {
    Document::Invoice { customer: other(customer), invoice: invoice("INV-1", 1) }
}

/// The version by which a payment was last received, of the payments here.
fn received(facts: &[PaymentFact]) -> Vec<Option<SourceVersion>> {
    facts.iter().map(|fact| fact.received_before.as_ref().map(|before| before.source_version)).collect()
}

#[tokio::test]
async fn a_payment_that_was_received_once_says_so_in_any_order_and_wherever_it_moves() {
    use PaymentStatus::{Received, Reversed};
    for order in [[0, 1, 2], [1, 0, 2], [1, 2, 0], [2, 1, 0], [2, 0, 1], [0, 2, 1]] {
        let table = table().await;
        table.say("e0", &[owed_by("A")], 0).await;
        let all = [by("A", said(1, Received)), by("A", said(2, Reversed)), by("B", said(3, Reversed))];
        for (minute, at) in order.into_iter().enumerate() {
            table.say(&format!("e{}", minute + 1), &[all[at].clone()], i64::try_from(minute).unwrap()).await;
        }
        let (a, b) = (table.facts_of("A").await, table.facts_of("B").await);
        assert_eq!(received(&b.payments), [Some(SourceVersion::Number(1))], "{order:?}");
        assert_eq!((a.payments.len(), received(&a.shared)), (0, vec![Some(SourceVersion::Number(1))]), "{order:?}");
        table.say("e9", &[by("B", said(4, Received))], 9).await;
        assert_eq!(received(&table.facts_of("B").await.payments), [None], "{order:?}");
    }
}

#[tokio::test]
async fn what_it_was_for_is_read_with_it_though_it_names_nothing_any_more() {
    let table = table().await;
    let whole = |version, status, allocations| Payment { amount_minor: 125_000, allocations, ..said(version, status) };
    let of_it = vec![Allocation { invoice: invoice_id("INV-1"), amount_minor: 125_000 }];
    table.say("e1", &[owed_by("A"), by("A", whole(1, PaymentStatus::Received, of_it))], 0).await;
    let (head, facts) = (table.head_of("A").await, table.facts_of("A").await);
    let mut plan = decision(vec![], Next::Nothing);
    plan.archiving = Archiving {
        archive_invoices: vec![(invoice_id("INV-1"), vec![])],
        archive_payments: vec![payment_id("P-1")],
        covered_from: 1,
        ..Archiving::default()
    };
    table.store.commit(&table.tenant, &head, &facts, &plan, at(1)).await.unwrap();
    assert!(table.facts_of("A").await.invoices.is_empty());
    table.say("e2", &[by("A", whole(2, PaymentStatus::Reversed, vec![]))], 2).await;
    let facts = table.facts_of("A").await;
    let book = receivables::Receivables::in_zone(&facts, &jiff::tz::TimeZone::UTC, at(100));
    assert_eq!(
        (book.open_minor(Currency::EUR), book.open_minor(Currency::EUR) - book.exposure_minor(Currency::EUR)),
        (125_000, 125_000)
    );
}

/// What is open of a customer's invoices, and what of that is kept back, in euro cents.
async fn open_and_kept(table: &Table, customer: &str) -> (i64, i64) {
    let facts = table.facts_of(customer).await;
    let book = receivables::Receivables::in_zone(&facts, &jiff::tz::TimeZone::UTC, at(100));
    (book.open_minor(Currency::EUR), book.open_minor(Currency::EUR) - book.exposure_minor(Currency::EUR))
}

#[tokio::test]
async fn what_it_paid_is_kept_back_wherever_the_invoice_goes() {
    let of = |parts: &[(&str, i64)]| -> Vec<Allocation> {
        parts.iter().map(|(name, minor)| Allocation { invoice: invoice_id(name), amount_minor: *minor }).collect()
    };
    let alone = of(&[("INV-1", 125_000)]);
    let both = of(&[("INV-1", 100_000), ("INV-2", 25_000)]);
    // Whose the payment is, what it was for, and whether it goes along.
    for (payer, allocations, goes) in [("A", alone.clone(), true), ("A", both, false), ("P", alone, false)] {
        let table = table().await;
        let kept = allocations[0].amount_minor;
        let whole = |version, status, allocations| Payment { amount_minor: 125_000, allocations, ..said(version, status) };
        let stays = Document::Invoice { customer: other("A"), invoice: invoice("INV-2", 1) };
        let paid = by(payer, whole(1, PaymentStatus::Received, allocations));
        table.say("e1", &[owed_by("A"), stays, paid], 0).await;
        table.say("e2", &[by(payer, whole(2, PaymentStatus::Reversed, vec![]))], 1).await;
        assert_eq!(open_and_kept(&table, "A").await, (250_000, 125_000), "{payer} {goes}");
        let moved = Document::Invoice { customer: other("B"), invoice: invoice("INV-1", 2) };
        table.say("e3", &[moved], 2).await;
        assert_eq!(open_and_kept(&table, "B").await, (125_000, kept), "{payer} {goes}");
        assert_eq!(open_and_kept(&table, "A").await, (125_000, 125_000 - kept), "{payer} {goes}");
        let (a, b) = (table.facts_of("A").await, table.facts_of("B").await);
        assert_eq!((b.payments.len(), b.shared.len()), if goes { (1, 0) } else { (0, 1) }, "{payer} {goes}");
        assert!(a.shared.is_empty(), "{payer} {goes}");
    }
}
