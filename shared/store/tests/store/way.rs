//! Ways of a message besides the straight one.

use domain::*;
use store::{Claim, MessageResult, Release, Settlement};

use crate::common::*;

/// A message that is queued.
async fn queued(table: &Table) -> (MessageId, u64) {
    table.say("e1", &[invoice_doc("INV-1", 1)], 0).await;
    let (head, facts) = (table.head().await, table.facts().await);
    let plan = decision(vec![planned(vec![row("INV-1")])], Next::Parked);
    let committed = table.store.commit(&table.tenant, &head, &facts, &plan, at(1)).await.unwrap();
    (committed.messages[0].clone(), head.version)
}

#[tokio::test]
async fn a_message_is_touched_once_for_what_was_seen() {
    let table = table().await;
    let (message, version) = queued(&table).await;
    let head = table.head().await;
    assert!(table.store.touch(&table.tenant, &head, &message, at(20)).await.unwrap());
    assert!(!table.store.touch(&table.tenant, &head, &message, at(21)).await.unwrap(), "another sweep was first");
    let entry = table.head().await.pending[&message].clone();
    assert_eq!((entry.dispatches, entry.dispatched_at), (2, at(20)));
    held(&table, version, &message, &attempt("a1", 30)).await;
    let head = table.head().await;
    assert!(!table.store.touch(&table.tenant, &head, &message, at(22)).await.unwrap(), "its sender has it");
}

#[tokio::test]
async fn a_message_is_taken_back_until_it_is_claimed() {
    let table = table().await;
    let (message, version) = queued(&table).await;
    held(&table, version, &message, &attempt("a1", 30)).await;
    let withdraw = async || table.store.withdraw(&table.tenant, &customer_id(), &message, "paid", at(3)).await;
    assert!(!withdraw().await.unwrap(), "its sender may have called");
    let own = attempt("a1", 30);
    table.store.release(&table.tenant, &customer_id(), &message, Some(&own), Release::Queue).await.unwrap();
    assert!(withdraw().await.unwrap());
    assert!(!withdraw().await.unwrap());
    let claim = table.store.claim(&table.tenant, &customer_id(), version, &message, &attempt("a2", 40)).await.unwrap();
    assert!(matches!(claim, Claim::Gone));
    let record = &table.store.records(&table.tenant, &customer_id(), 5).await.unwrap()[0];
    assert_eq!((record.status.as_str(), record.body["message"]["reason"].as_str()), ("superseded", Some("paid")));
    assert_eq!(table.head().await.due, Next::At(at(3)), "the customer is decided again");
}

#[tokio::test]
async fn what_nobody_answers_for_counts_as_sent_and_becomes_a_persons() {
    let table = table().await;
    let (message, version) = queued(&table).await;
    let own = attempt("a1", 30);
    let claimed = held(&table, version, &message, &own).await;
    let unknown = Settlement { status: MessageResult::Unknown, ..sent(2, vec![row("INV-1")]) };
    let settled = table.store.settle(&table.tenant, &claimed, &message, &own, &unknown, Next::At(at(90))).await;
    assert!(settled.unwrap());
    assert_eq!(table.head().await.due, Next::At(at(90)));
    for given_up in [true, false] {
        assert_eq!(table.store.give_up(&table.tenant, &customer_id(), &message, at(100)).await.unwrap(), given_up);
    }
    let (head, facts) = (table.head().await, table.facts().await);
    assert!(head.pending.is_empty());
    assert_eq!(facts.coverage[0].outcome, Outcome::Unknown);
    assert_eq!(facts.last_contact.live, Some(at(1)), "it may have been sent when it was last dispatched");
    let tasks = table.store.tasks(&table.tenant, 10, None).await.unwrap().tasks;
    assert_eq!(tasks.iter().map(|task| task.task.kind).collect::<Vec<_>>(), [TaskKind::InDoubt]);
    // Its provider speaks after all.
    let late =
        table.store.receipt(&table.tenant, &customer_id(), 1, &message, DeliveryEvent::Delivered, at(120), None, at(121)).await;
    assert!(late.unwrap());
    assert_eq!(table.facts().await.coverage[0].outcome, Outcome::Sent);
    assert_eq!(table.head().await.due, Next::At(at(100)), "it was due already");
    table.store.verify_chain(&table.tenant, &customer_id(), 9).await.unwrap();
}

#[tokio::test]
async fn backing_off_delays_what_wakes_and_a_decision_ends_it() {
    let table = table().await;
    table.say("e1", &[invoice_doc("INV-1", 1)], 0).await;
    table.store.back_off(&table.tenant, &customer_id(), at(60), 2).await.unwrap();
    table.say("e2", &[invoice_doc("INV-1", 2)], 5).await;
    let head = table.head().await;
    assert_eq!((head.due, head.failures), (Next::At(at(60)), 2), "a feed does not break a back-off");
    let plan = decision(vec![], Next::At(at(70)));
    table.store.commit(&table.tenant, &head, &table.facts().await, &plan, at(61)).await.unwrap();
    let head = table.head().await;
    assert_eq!((head.due, head.failures, head.backoff_until), (Next::At(at(70)), 0, None));
}
