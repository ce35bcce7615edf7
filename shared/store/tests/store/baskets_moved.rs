//! Baskets whose invoices come to be another customer's while they are paid.

use domain::*;
use store::AppliedOutcome;

use crate::{baskets::hear, baskets::*, common::*};

/// Long after everything that is on its way could have come.
const LONG_AFTER: i64 = 60 * 24 * 60;

fn moved(name: &str, to: &str, version: u64) -> Document {
    Document::Invoice { customer: other(to), invoice: invoice(name, version) }
}

fn pending(minor: i64) -> ProviderOutcome {
    ProviderOutcome::Pending { money: Money::from_minor(minor, Currency::EUR), way: WayOfPaying::SepaDebit }
}

/// An entry of 50.00 in the books of a customer, under the reference of a transfer.
fn entry_of(to: &str, version: u64, allocations: Vec<Allocation>) -> Document {
    let received_on = "2026-01-05".parse().unwrap();
    let known = payment("P-1", version, "INV-1");
    let payment = Payment { received_on, reference: Some(REFERENCE.to_owned()), allocations, ..known };
    Document::Payment { customer: other(to), payment }
}

fn for_the_first() -> Vec<Allocation> {
    vec![Allocation { invoice: invoice_id("INV-1"), amount_minor: 5_000 }]
}

#[tokio::test]
async fn what_a_provider_says_reaches_what_moved_away_with_an_invoice() {
    for lines in [&[("INV-1", 5_000)][..], &[("INV-1", 5_000), ("INV-2", 2_000)]] {
        let table = with_invoices().await;
        let (basket, _) = begin(&table, beginning("b", lines), 1).await;
        table.say("e2", &[moved("INV-1", "C-2", 2)], 2).await;
        let rest = basket.asked_minor() - 5_000;
        let (there, here) = (due_at(&table, "C-2", LONG_AFTER).await, due_now(&table, LONG_AFTER).await);
        assert_eq!((due_at(&table, "C-2", 3).await, due_now(&table, 3).await), (there - 5_000, here - rest), "{lines:?}");
        assert_eq!(due_at(&table, "C-2", 40).await, there, "{lines:?}: nobody said more");

        let version = table.head_of("C-2").await.version;
        hear(&table, &said(&basket, "p1", 4, pending(basket.asked_minor())), 5).await;
        assert_eq!((due_at(&table, "C-2", 60).await, due_now(&table, 60).await), (there - 5_000, here - rest), "{lines:?}");
        assert_eq!(table.head_of("C-2").await.version, version + 1, "{lines:?}: it is decided again");
        assert_eq!(hear(&table, &said(&basket, "p1", 4, pending(basket.asked_minor())), 6).await.1, AppliedOutcome::Duplicate);

        let failed = ProviderOutcome::Failed { reason: "insufficient_funds".to_owned(), retries: false };
        hear(&table, &said(&basket, "f1", 7, failed), 7).await;
        assert_eq!((due_at(&table, "C-2", 60).await, due_now(&table, 60).await), (there, here), "{lines:?}");
        hear(&table, &said(&basket, "r1", 8, received(basket.asked_minor())), 8).await;
        for minute in [60, LONG_AFTER] {
            let due = (due_at(&table, "C-2", minute).await, due_now(&table, minute).await);
            assert_eq!(due, (there - 5_000, here - rest), "{lines:?} {minute}");
        }
    }
}

#[tokio::test]
async fn what_a_provider_says_while_an_invoice_moves_is_not_lost() {
    let mut table = table().await;
    for call in 0.. {
        table.tenant = TenantId::parse(&format!("acme-{call}")).unwrap();
        table.say("e1", &[invoice_doc("INV-1", 1)], 0).await;
        let (basket, _) = begin(&table, beginning(&format!("b{call}"), &[("INV-1", 5_000)]), 1).await;
        let said = said(&basket, "p1", 4, pending(5_000));
        let (came, go) = table.aws.world.hold_after(call);
        let hears = async {
            let reached = came.await.is_ok();
            if reached {
                hear_by(&table.store, &table, &said, 4).await.unwrap();
            }
            drop(go);
            reached
        };
        let moves = async {
            table.say("e2", &[moved("INV-1", "C-2", 2)], 5).await;
            table.aws.world.hold_none();
        };
        let ((), reached) = tokio::join!(moves, hears);
        if !reached {
            assert!(call > 5, "the move has calls to come between: {call}");
            break;
        }
        let there = due_at(&table, "C-2", LONG_AFTER).await;
        assert_eq!(due_at(&table, "C-2", 60).await, there - 5_000, "call {call}");
    }
}

#[tokio::test]
async fn an_entry_at_the_new_customer_pays_the_transfer_of_the_old_one() {
    for at_once in [false, true] {
        let table = with_invoices().await;
        let basket = announced(&table).await;
        let (moves, comes) = (moved("INV-1", "C-2", 2), entry_of("C-2", 1, for_the_first()));
        if at_once {
            table.say("e2", &[moves, comes], 3).await;
        } else {
            table.say("e2", &[moves], 2).await;
            table.say("e3", &[comes], 3).await;
        }
        assert_eq!(stands(&table, &basket).await, (BasketStatus::Paid, 5_000, 1), "at once: {at_once}");
        let at_new = table.facts_of("C-2").await;
        assert_eq!(at_new.agreements.iter().map(Agreement::status).collect::<Vec<_>>(), ["arrived"], "at once: {at_once}");
        assert_eq!(at_new.payments.len(), 1, "at once: {at_once}");
        assert_eq!(due_at(&table, "C-2", 4).await, due_at(&table, "C-2", LONG_AFTER).await, "at once: {at_once}");
    }
}

#[tokio::test]
async fn an_entry_that_is_somebody_elses_by_now_is_no_payment_of_a_transfer() {
    let table = with_invoices().await;
    let basket = announced(&table).await;
    table.say("e2", &[entry_of("C-1", 1, for_the_first())], 3).await;
    assert_eq!(stands(&table, &basket).await, (BasketStatus::Paid, 5_000, 1));
    table.say("e3", &[entry_of("C-2", 2, vec![])], 4).await;
    assert_eq!(stands(&table, &basket).await, (BasketStatus::Begun, 0, 0));
}
