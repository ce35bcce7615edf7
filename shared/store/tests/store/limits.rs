//! Limits, and what a document and a step cost.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::*;
use store::{
    AppliedOutcome, Logged,
    inspect::{attributes::head::OPEN_INVOICES, key},
};

use crate::common::*;

/// Says that a customer has so many open invoices.
async fn with_open(table: &Table, open: usize) {
    table
        .db
        .update_item()
        .table_name(testbed::TABLE)
        .set_key(Some(key(&format!("T#{}#C#{}", table.tenant, customer_id()), "HEAD")))
        .update_expression(format!("SET {OPEN_INVOICES} = :open"))
        .expression_attribute_values(":open", AttributeValue::N(open.to_string()))
        .send()
        .await
        .unwrap();
}

#[tokio::test]
async fn the_ten_thousandth_open_invoice_is_the_last() {
    let table = table().await;
    table.say("e1", &[invoice_doc("INV-1", 1)], 0).await;
    with_open(&table, OPEN_INVOICES_MAX - 1).await;
    let both = table.say("e2", &[invoice_doc("INV-2", 1), invoice_doc("INV-3", 1)], 1).await;
    assert_eq!(both.tasks.len(), 1, "one of the two is too many");
    assert_eq!(table.facts().await.invoices.len(), 2);
    assert_eq!(table.head().await.open_invoices, u64::try_from(OPEN_INVOICES_MAX).unwrap());
    let refused = table.say("e3", &[invoice_doc("INV-4", 1)], 2).await;
    assert_eq!((refused.outcome, refused.tasks.len()), (AppliedOutcome::Applied, 1));
    let task = &table.store.tasks(&table.tenant, 10, None).await.unwrap().tasks[0];
    assert!(task.task.detail.contains("10000"), "{}", task.task.detail);
    // What is known goes on.
    let newer = table.say("e4", &[invoice_doc("INV-1", 2)], 3).await;
    assert_eq!((newer.outcome, newer.tasks.len()), (AppliedOutcome::Applied, 0));
    // One that was refused is taken once there is room.
    with_open(&table, 5).await;
    table.say("e5", &[invoice_doc("INV-4", 1)], 4).await;
    assert!(table.facts().await.invoices.iter().any(|fact| fact.invoice.external_id == "INV-4"));
}

#[tokio::test]
async fn an_invoice_costs_what_the_docs_say() {
    let table = table().await;
    // So that the tenant's shards are known, as they are to a function that has run before.
    table.say("e0", &[Document::Invoice { customer: other("C-0"), invoice: invoice("INV-0", 1) }], 0).await;
    let mut spent = Vec::new();
    for (event, document) in [
        ("e1", invoice_doc("INV-1", 1)),
        ("e2", invoice_doc("INV-2", 1)),
        ("e3", invoice_doc("INV-1", 2)),
        ("e4", invoice_doc("INV-1", 2)),
        ("e4", invoice_doc("INV-1", 2)),
    ] {
        table.meter.take();
        table.meter.take_reads();
        table.say(event, &[document], 0).await;
        spent.push((event, table.meter.take(), table.meter.take_reads()));
    }
    println!("units, written and read: {spent:?}");
    // The profile of a new customer is in the index `chase` too, and the receipt of each new event in the index `due`: 1 of 14, 10, 8 and 3. That
    // one cannot be spared while what came is listed by day (`store::webhooks` says why).
    let most = [14.0, 10.0, 8.0, 3.0, 0.0];
    for ((event, written, read), most) in spent.iter().zip(most) {
        assert!(*written <= most, "{event}: {written}");
        assert!(*read <= 6.0, "{event}: {read}");
    }
}

#[tokio::test]
async fn a_step_with_a_persons_contact_log_costs_at_most_seven_units() {
    let table = table().await;
    table.say("e1", &[invoice_doc("INV-1", 1)], 0).await;
    let first = decision(vec![], Next::At(at(10)));
    table.store.commit(&table.tenant, &table.head().await, &table.facts().await, &first, at(1)).await.unwrap();
    let (head, facts) = (table.head().await, table.facts().await);
    table.meter.take();
    let plan = decision(vec![planned(vec![row("INV-1")])], Next::Parked);
    let message = table.store.commit(&table.tenant, &head, &facts, &plan, at(11)).await.unwrap().messages.remove(0);
    let contact = ContactAttempt { message: message.clone(), ..contacted("C-100", 1, 11) };
    // Seven contacts before it cost no more than none.
    let before = ContactLog { revision: 0, attempts: (0..7).map(|n| contacted("C-100", n, -1_440 * (n + 1))).collect() };
    assert_eq!(table.store.log_contact(&table.tenant, "ap@acme.example", &contact, &before).await.unwrap(), Logged::Written);
    let own = attempt("a1", 12);
    let claimed = held(&table, head.version, &message, &own).await;
    let far = Next::At(at(5_000));
    assert!(table.store.settle(&table.tenant, &claimed, &message, &own, &sent(11, vec![row("INV-1")]), far).await.unwrap());
    let spent = table.meter.take();
    println!("write units of a step with a person's contact log: {spent}");
    assert!(spent <= 7.0, "{spent}");
}

#[tokio::test]
async fn receipts_of_what_the_record_says_already_cost_nothing() {
    let table = table().await;
    table.say("e1", &[invoice_doc("INV-1", 1)], 0).await;
    let (head, facts) = (table.head().await, table.facts().await);
    let plan = decision(vec![planned(vec![row("INV-1")])], Next::Parked);
    let message = table.store.commit(&table.tenant, &head, &facts, &plan, at(1)).await.unwrap().messages.remove(0);
    let own = attempt("a1", 12);
    let claimed = held(&table, head.version, &message, &own).await;
    table.store.settle(&table.tenant, &claimed, &message, &own, &sent(2, vec![row("INV-1")]), Next::Parked).await.unwrap();
    for (heard, units) in
        [(domain::DeliveryEvent::Sent, 0.0), (domain::DeliveryEvent::Delivered, 1.0), (domain::DeliveryEvent::Delivered, 0.0)]
    {
        table.meter.take();
        table.meter.take_reads();
        let known = table.store.receipt(&table.tenant, &customer_id(), 1, &message, heard, at(3), Some("ses-1"), at(3)).await;
        assert!(known.unwrap());
        assert_eq!((table.meter.take(), table.meter.take_reads()), (units, 2.0), "{heard:?}");
    }
}
