//! What a read costs, whatever the customer has been through.

use crate::common::*;
use domain::*;

/// Read units of one look at the customer.
async fn look(table: &Table) -> (f64, Facts) {
    let head = table.head().await;
    table.meter.take_reads();
    let facts = table.store.facts(&table.tenant, &head).await.unwrap();
    (table.meter.take_reads(), facts)
}

async fn archive(table: &Table, invoices: &[String], covered_from: u64) {
    let (head, facts) = (table.head().await, table.facts().await);
    let mut plan = decision(vec![], Next::Parked);
    plan.filing = Filing {
        archive_invoices: invoices.iter().map(|name| (invoice_id(name), vec![])).collect(),
        archive_payments: facts.payments.iter().map(|fact| fact.payment.id.clone()).collect(),
        covered_from,
        ..Filing::default()
    };
    table.store.commit(&table.tenant, &head, &facts, &plan, at(9)).await.unwrap();
}

#[tokio::test]
async fn a_long_history_makes_a_read_no_dearer() {
    let table = table().await;
    // So that the tenant's demands are known, as they are in a sweep.
    table.store.policy(&table.tenant, &Default::default(), store::Read::Fresh).await.unwrap();
    table.say("e1", &[invoice_doc("INV-1", 1)], 0).await;
    let (before, _) = look(&table).await;
    for page in 0..25 {
        let names: Vec<String> = (0..40).map(|n| format!("OLD-{page}-{n}")).collect();
        let invoices = names.iter().map(|name| invoice_doc(name, 1));
        let pays = names
            .iter()
            .map(|name| Document::Payment { customer: CustomerRef::Named(customer_id()), payment: payment(name, 1, name) });
        table.say(&format!("old-{page}"), &invoices.chain(pays).collect::<Vec<_>>(), 1).await;
        archive(&table, &names, 0).await;
    }
    for n in 0..100 {
        let (head, facts) = (table.head().await, table.facts().await);
        let mark = Coverage {
            number: head.decision + 1,
            at: at(10 + n),
            mode: Mode::Live,
            outcome: Outcome::Skipped,
            message: None,
            way: None,
            pay_by: None,
            rows: vec![row("OLD-0-0")],
        };
        let mut plan = decision(vec![], Next::Parked);
        (plan.marks, plan.filing.covered_from) = (vec![mark], head.decision + 2);
        table.store.commit(&table.tenant, &head, &facts, &plan, at(10 + n)).await.unwrap();
    }
    let (after, facts) = look(&table).await;
    println!("read units of the facts: {before} fresh, {after} after 1,000 archived invoices, 1,000 payments and 100 records");
    assert_eq!((facts.invoices.len(), facts.payments.len(), facts.coverage.len()), (1, 0, 0));
    assert_eq!(before, after);
}

#[tokio::test]
async fn a_heartbeat_is_read_where_it_is_demanded() {
    let table = table().await;
    table.say("e1", &[invoice_doc("INV-1", 1), Document::Heartbeat(at(3))], 0).await;
    // Nothing is known of the tenant's demands yet.
    assert_eq!(table.facts().await.heard, [("stripe".to_owned(), at(3))].into());
    table.store.policy(&table.tenant, &Default::default(), store::Read::Fresh).await.unwrap();
    assert_eq!(table.facts().await.heard, Default::default());
    let known = table.store.settings(&table.tenant).await.unwrap().unwrap();
    let settings = Settings { freshness: [("stripe".to_owned(), "PT26H".to_owned())].into(), ..known.value };
    table.store.put_settings(&table.tenant, &settings, Some(known.rev), at(4)).await.unwrap();
    table.store.policy(&table.tenant, &Default::default(), store::Read::Fresh).await.unwrap();
    assert_eq!(table.facts().await.heard, [("stripe".to_owned(), at(3))].into());
}

#[tokio::test]
async fn holds_come_with_the_profile() {
    let table = table().await;
    table.say("e1", &[invoice_doc("INV-1", 1)], 0).await;
    let hold = |n: u32, until: &str| Hold {
        id: HoldId::derive(&["acme", &n.to_string()]),
        reason: HoldReason::Manual,
        clock: HoldClock::Freeze,
        scope: HoldScope::Customer,
        amount_minor: None,
        from_at: at(0),
        until_on: until.parse().unwrap(),
        ended_at: None,
        promised_on: None,
    };
    for n in 0..3 {
        for _ in 0..2 {
            table.store.put_hold(&table.tenant, &customer_id(), &hold(n, "2026-03-01"), at(1)).await.unwrap();
        }
    }
    assert_eq!(table.facts().await.holds.len(), 3);
    let first = hold(0, "2026-03-01");
    for minute in [5, 6] {
        assert!(table.store.end_hold(&table.tenant, &customer_id(), &first.id, at(minute)).await.unwrap());
    }
    let ended = table.store.hold(&table.tenant, &customer_id(), &first.id).await.unwrap().unwrap();
    assert_eq!(ended.ended_at, Some(at(5)));
    assert_eq!(table.facts().await.holds.len(), 3);
    assert!(!table.store.end_hold(&table.tenant, &customer_id(), &hold(9, "2026-03-01").id, at(7)).await.unwrap());
}
