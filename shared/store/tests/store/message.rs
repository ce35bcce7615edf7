//! A message's way through the table, its races, and what it costs.

use crate::common::*;
use domain::*;
use store::{Claim, Error, Release};

#[tokio::test]
async fn a_step_costs_at_most_six_units_and_links_its_record() {
    let table = table().await;
    table.say("e1", &[invoice_doc("INV-1", 1)], 0).await;
    let head = table.head().await;
    assert_eq!((head.version, head.due), (1, Next::At(at(0))));
    let facts = table.facts().await;
    let first = table.store.commit(&table.tenant, &head, &facts, &decision(vec![], Next::At(at(10))), at(1)).await.unwrap();
    assert_eq!(first.number, 1);
    let (head, facts) = (table.head().await, table.facts().await);
    assert_eq!(head.due, Next::At(at(10)));
    table.meter.take();

    let rows = vec![row("INV-1")];
    let committed = table
        .store
        .commit(&table.tenant, &head, &facts, &decision(vec![planned(rows.clone())], Next::Parked), at(11))
        .await
        .unwrap();
    let decided = table.meter.take();
    let message = &committed.messages[0];
    let version = table.head().await.version;
    let own = attempt("a1", 12);
    let claimed = held(&table, version, message, &own).await;
    let claim = table.meter.take();
    assert!(
        table.store.settle(&table.tenant, &claimed, message, &own, &sent(11, rows.clone()), Next::At(at(5_000))).await.unwrap()
    );
    let settled = table.meter.take();
    println!("write units: decision {decided}, claim {claim}, record and result {settled}");
    assert_eq!((decided, claim), (1.0, 1.0));
    assert!(decided + claim + settled <= 6.0, "{decided} + {claim} + {settled}");

    let head = table.head().await;
    assert!(head.pending.is_empty());
    assert_eq!((head.due, head.last_contact.live), (Next::At(at(5_000)), Some(at(11))));
    let coverage = table.facts().await.coverage;
    assert_eq!(coverage.len(), 1);
    assert_eq!((coverage[0].rows.clone(), coverage[0].outcome), (rows, Outcome::Sent));
    assert_eq!(table.store.verify_chain(&table.tenant, &customer_id(), 50).await.unwrap(), 2);
}

#[tokio::test]
async fn a_head_with_three_cases_and_one_message_of_three_rows_fits_a_kilobyte() {
    let table = table().await;
    // One case of the message, one of another legal entity, one that was closed.
    let with_three = |mut plan: Decision| {
        let own = plan.cases[&case_key()].clone();
        for (balance, id, state) in [("EUR/berlin", "two", CaseState::Open), ("USD", "three", CaseState::Closed)] {
            let key = CaseKey::new(BalanceKey::try_from(balance.to_owned()).unwrap(), "standard");
            plan.cases.insert(key, Case { id: CaseId::derive(&["acme", id]), state, ..own.clone() });
        }
        plan
    };
    let documents: Vec<Document> = (0..3).map(|n| invoice_doc(&format!("INV-{n}"), 1)).collect();
    for (at, document) in documents.iter().enumerate() {
        table.say(&format!("e{at}"), std::slice::from_ref(document), 0).await;
    }
    for n in 0..6 {
        table.say(&format!("f{n}"), &[invoice_doc("INV-0", 2 + n)], 0).await;
    }
    let rows = (0..3).map(|n| row(&format!("INV-{n}"))).collect();
    let (head, facts) = (table.head().await, table.facts().await);
    let first = with_three(decision(vec![], Next::At(at(1))));
    table.store.commit(&table.tenant, &head, &facts, &first, at(1)).await.unwrap();
    let (head, facts) = (table.head().await, table.facts().await);
    assert_eq!(head.cases.len(), 3);
    let plan = with_three(traced(decision(vec![planned(rows)], Next::Parked), 1));
    let committed = table.store.commit(&table.tenant, &head, &facts, &plan, at(2)).await.unwrap();
    table.meter.take();
    held(&table, head.version, &committed.messages[0], &attempt(&"a".repeat(26), 9)).await;
    assert_eq!(table.meter.take(), 1.0, "the head is larger than 1 KB");
}

/// What a decision to send says of its case.
fn traced(mut plan: Decision, rules: usize) -> Decision {
    let rule = |n: usize| RuleTrace {
        rule: "suppression".into(),
        version: 1,
        channel: Channel::Sms,
        contact: format!("p{n}"),
        said: "block: bounce".into(),
    };
    plan.trace = vec![CaseTrace {
        legal_entity: Default::default(),
        by_hand: false,
        case: Some(CaseId::derive(&["acme", "case"])),
        joined: None,
        currency: Currency::EUR,
        state: Some(CaseState::Open),
        workflow: Some("standard@1".into()),
        version: None,
        due_now_minor: 375_000,
        open_minor: 375_000,
        driver: Some(DueItemKey::whole(invoice_id("INV-1"))),
        step: Some("reminder".into()),
        because: domain::Because::Send,
        until: None,
        lapsed: vec![],
        rules: (0..rules).map(rule).collect(),
        orders: vec![],
    }];
    plan
}

#[tokio::test]
async fn a_record_says_why_its_message_was_decided() {
    for (rules, settled) in [(0, true), (2, true), (2, false), (40, true)] {
        let table = table().await;
        table.say("e1", &[invoice_doc("INV-1", 1)], 0).await;
        let (head, facts) = (table.head().await, table.facts().await);
        let rows = vec![row("INV-1")];
        let plan = traced(decision(vec![planned(rows.clone())], Next::Parked), rules);
        let message = table.store.commit(&table.tenant, &head, &facts, &plan, at(1)).await.unwrap().messages.remove(0);
        if settled {
            let own = attempt("a1", 5);
            let claimed = held(&table, head.version, &message, &own).await;
            assert!(table.store.settle(&table.tenant, &claimed, &message, &own, &sent(2, rows), Next::Parked).await.unwrap());
        } else {
            assert!(table.store.withdraw(&table.tenant, &customer_id(), &message, "paid", at(2)).await.unwrap());
        }
        let records = table.store.records(&table.tenant, &customer_id(), 10).await.unwrap();
        let of_message = records.iter().find(|record| record.message.is_some()).unwrap();
        assert_eq!(of_message.body["decided"]["head_version"], 1);
        let told = if rules > 10 {
            let own = records.iter().find(|record| record.message.is_none()).unwrap();
            own.body["trace"].clone()
        } else {
            of_message.body["decided"]["cases"].clone()
        };
        assert_eq!(serde_json::from_value::<Vec<CaseTrace>>(told).unwrap(), plan.trace, "{rules} rules");
        if !settled {
            let versions = serde_json::json!([[invoice_id("INV-1").as_str(), 1]]);
            assert_eq!(of_message.body["fact_versions"], versions);
        }
        table.store.verify_chain(&table.tenant, &customer_id(), 50).await.unwrap();
        let whole = format!("{:?}", of_message.body);
        for personal in ["Anna", "Acme", "ap@acme.example", "4930"] {
            assert!(!whole.contains(personal), "{personal} in {whole}");
        }
    }
}

#[tokio::test]
async fn claims_are_won_once_and_lost_when_facts_change() {
    let table = table().await;
    table.say("e1", &[invoice_doc("INV-1", 1)], 0).await;
    let (head, facts) = (table.head().await, table.facts().await);
    let committed = table
        .store
        .commit(&table.tenant, &head, &facts, &decision(vec![planned(vec![row("INV-1")])], Next::Parked), at(1))
        .await
        .unwrap();
    let message = &committed.messages[0];
    // The same decision again, from the same head, is a conflict: its number commits once.
    let again =
        table.store.commit(&table.tenant, &head, &facts, &decision(vec![planned(vec![row("INV-1")])], Next::Parked), at(2)).await;
    assert!(matches!(again, Err(Error::Conflict { .. })), "{again:?}");

    table.say("e2", &[invoice_doc("INV-1", 2)], 2).await;
    let changed = match table.store.claim(&table.tenant, &customer_id(), head.version, message, &attempt("a1", 5)).await.unwrap()
    {
        Claim::Changed(head) => *head,
        other => panic!("{other:?}"),
    };
    let version = changed.version;
    assert_eq!(version, head.version + 1);
    held(&table, version, message, &attempt("a1", 5)).await;
    held(&table, version, message, &attempt("a1", 5)).await;
    let other = table.store.claim(&table.tenant, &customer_id(), version, message, &attempt("a2", 5)).await.unwrap();
    assert!(matches!(other, Claim::Gone));

    let own = attempt("a1", 5);
    let how = Release::Retry { at: at(30) };
    assert!(table.store.release(&table.tenant, &customer_id(), message, Some(&own), how).await.unwrap());
    assert_eq!(table.head().await.due, Next::At(at(30)));
    assert!(table.store.withdraw(&table.tenant, &customer_id(), message, "paid", at(3)).await.unwrap());
    let head = table.head().await;
    assert!(head.pending.is_empty() && head.last_contact.live.is_none());
    assert!(table.facts().await.coverage.is_empty());
    assert_eq!(table.store.verify_chain(&table.tenant, &customer_id(), 50).await.unwrap(), 1);
}

#[tokio::test]
async fn an_unknown_message_is_settled_by_its_provider_in_any_order() {
    for words in [[DeliveryEvent::Delivered, DeliveryEvent::Bounced], [DeliveryEvent::Bounced, DeliveryEvent::Delivered]] {
        let table = table().await;
        table.say("e1", &[invoice_doc("INV-1", 1)], 0).await;
        let (head, facts) = (table.head().await, table.facts().await);
        let plan = decision(vec![planned(vec![row("INV-1")])], Next::Parked);
        let message = table.store.commit(&table.tenant, &head, &facts, &plan, at(1)).await.unwrap().messages.remove(0);
        held(&table, head.version, &message, &attempt("a1", 2)).await;
        let head = table.head().await;
        assert!(!table.store.mark_unknown(&table.tenant, &head, &message, at(60), at(1)).await.unwrap(), "the lease still runs");
        assert!(table.store.mark_unknown(&table.tenant, &head, &message, at(60), at(3)).await.unwrap());
        for heard in words {
            for _ in 0..2 {
                let (tenant, provider_id) = (&table.tenant, Some("ses-1"));
                let known = table.store.receipt(tenant, &customer_id(), 1, &message, heard, at(4), provider_id, at(4)).await;
                assert!(known.unwrap());
            }
        }
        let facts = table.facts().await;
        assert_eq!(facts.coverage[0].outcome, Outcome::Undelivered, "{words:?}");
        assert!(facts.pending.is_empty() && facts.last_contact.live.is_none());
        assert_eq!(table.head().await.due, Next::At(at(4)));
        table.store.verify_chain(&table.tenant, &customer_id(), 50).await.unwrap();
    }
}

#[tokio::test]
async fn a_message_of_two_thousand_rows_keeps_the_head_small() {
    let table = table().await;
    table.say("e1", &[invoice_doc("INV-1", 1)], 0).await;
    let mut rows: Vec<Covered> = (0..2_000).map(|n| row(&format!("INV-{n}"))).collect();
    rows.sort();
    let (head, facts) = (table.head().await, table.facts().await);
    let plan = decision(vec![planned(rows.clone())], Next::Parked);
    let message = table.store.commit(&table.tenant, &head, &facts, &plan, at(1)).await.unwrap().messages.remove(0);
    assert_eq!(table.facts().await.pending[0].rows, rows);
    table.meter.take();
    let claimed = held(&table, head.version, &message, &attempt("a1", 5)).await;
    assert_eq!(table.meter.take(), 1.0);
    table.store.settle(&table.tenant, &claimed, &message, &attempt("a1", 5), &sent(2, rows.clone()), Next::Parked).await.unwrap();
    assert_eq!(table.facts().await.coverage[0].rows, rows);
}
