//! What is left when a process ends between two of its calls.

use domain::*;
use store::{MessageResult, Settlement};

use crate::common::*;

const BOUNCED: DeliveryEvent = DeliveryEvent::Bounced;

/// A message that its sender is calling about.
async fn calling(table: &Table) -> (MessageId, store::Head, store::Attempt) {
    table.say("e1", &[invoice_doc("INV-1", 1)], 0).await;
    let (head, facts) = (table.head().await, table.facts().await);
    let plan = decision(vec![planned(vec![row("INV-1")])], Next::Parked);
    let message = table.store.commit(&table.tenant, &head, &facts, &plan, at(1)).await.unwrap().messages.remove(0);
    let own = attempt("a1", 5);
    let claimed = held(table, head.version, &message, &own).await;
    (message, claimed, own)
}

async fn hear(table: &Table, message: &MessageId, heard: DeliveryEvent, minute: i64) {
    let (store, customer) = (&table.store, customer_id());
    let known = store.receipt(&table.tenant, &customer, 1, message, heard, at(minute), Some("ses-1"), at(minute));
    assert!(known.await.unwrap());
}

/// A sweep finds the message in doubt once its sender's lease is over.
async fn sweep(table: &Table, message: &MessageId) {
    let head = table.head().await;
    if head.pending.contains_key(message) {
        assert!(table.store.mark_unknown(&table.tenant, &head, message, at(60), at(30)).await.unwrap());
    }
}

#[tokio::test]
async fn a_bounce_that_is_heard_during_the_call_survives_its_sender() {
    for status in [MessageResult::Sent, MessageResult::Unknown] {
        for calls in 0.. {
            let table = table().await;
            let (message, claimed, own) = calling(&table).await;
            hear(&table, &message, BOUNCED, 2).await;
            let settlement = Settlement { status, ..sent(3, vec![row("INV-1")]) };
            let far = Next::At(at(50_000));
            let settled = table.dying(calls).settle(&table.tenant, &claimed, &message, &own, &settlement, far).await;
            sweep(&table, &message).await;
            let (head, facts) = (table.head().await, table.facts().await);
            let place = format!("{status:?}, dead after {calls} calls");
            assert!(head.pending.is_empty(), "{place}");
            assert_eq!(facts.coverage.len(), 1, "{place}");
            assert_eq!(facts.coverage[0].outcome, Outcome::Undelivered, "{place}");
            assert_eq!(facts.last_contact.live, None, "{place}");
            assert!(matches!(head.due, Next::At(due) if due <= at(30)), "{place}: another way is tried at once: {:?}", head.due);
            let records = table.store.records(&table.tenant, &customer_id(), 9).await.unwrap();
            assert_eq!(
                (records[0].status.as_str(), records[0].heard.contains_key(&DeliveryEvent::Bounced)),
                ("bounced", true),
                "{place}"
            );
            assert_eq!(table.store.verify_chain(&table.tenant, &customer_id(), 50).await.unwrap(), 1, "{place}");
            if settled.is_ok() {
                assert!(calls > 1, "the loop saw the calls");
                break;
            }
        }
    }
}

#[tokio::test]
async fn words_that_are_heard_during_the_call_end_as_they_do_after_it() {
    let words = [DeliveryEvent::Sent, DeliveryEvent::Delivered, DeliveryEvent::Complained, DeliveryEvent::BouncedForNow, BOUNCED];
    for heard in words {
        let mut ends = Vec::new();
        for during in [true, false] {
            let table = table().await;
            let (message, claimed, own) = calling(&table).await;
            if during {
                hear(&table, &message, heard, 2).await;
            }
            let settlement = sent(3, vec![row("INV-1")]);
            let far = Next::At(at(50_000));
            assert!(table.store.settle(&table.tenant, &claimed, &message, &own, &settlement, far).await.unwrap());
            if !during {
                hear(&table, &message, heard, 2).await;
            }
            let record = table.store.records(&table.tenant, &customer_id(), 9).await.unwrap().remove(0);
            let (head, facts) = (table.head().await, table.facts().await);
            let soon = matches!(head.due, Next::At(due) if due < at(100));
            ends.push((record.status, facts.coverage[0].outcome, facts.last_contact.live, soon));
        }
        assert_eq!(ends[0], ends[1], "{heard:?}");
    }
}

#[tokio::test]
async fn an_event_that_is_broken_off_is_applied_whole_when_it_comes_again() {
    for calls in 0.. {
        let table = table().await;
        let documents: Vec<Document> = (0..120).map(|n| invoice_doc(&format!("INV-{n}"), 1)).collect();
        let receipt = store::Receipt { source: "stripe".into(), event_id: "e1".into() };
        let first = table.dying(calls).apply(&table.tenant, &receipt, &documents, at(1)).await;
        if let Some(head) = table.store.head(&table.tenant, &customer_id()).await.unwrap() {
            // Somebody decided on the part that was there.
            let facts = table.facts().await;
            let later = decision(vec![], Next::At(at(50_000)));
            table.store.commit(&table.tenant, &head, &facts, &later, at(2)).await.unwrap();
        }
        let again = table.say("e1", &documents, 3).await;
        let head = table.head().await;
        assert_eq!(table.facts().await.invoices.len(), 120, "dead after {calls} calls");
        assert_eq!(head.open_invoices, 120, "dead after {calls} calls");
        if first.is_ok() {
            assert_eq!(again.outcome, store::AppliedOutcome::Duplicate);
            assert!(calls > 3, "it takes more than one transaction");
            break;
        }
        assert_eq!(again.outcome, store::AppliedOutcome::Applied);
        let last = head.due == Next::At(at(3));
        assert!(last, "dead after {calls} calls: the customer is due for what came: {:?}", head.due);
    }
}
