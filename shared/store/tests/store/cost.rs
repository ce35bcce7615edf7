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
    plan.archiving = Archiving {
        archive_invoices: invoices.iter().map(|name| (invoice_id(name), vec![])).collect(),
        archive_payments: facts.payments.iter().map(|fact| fact.payment.id.clone()).collect(),
        covered_from,
        ..Archiving::default()
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
            person: None,
            pay_by: None,
            workflow: "standard".into(),
            rows: vec![row("OLD-0-0")],
            copy: false,
            receipt_by: None,
        };
        let mut plan = decision(vec![], Next::Parked);
        (plan.marks, plan.archiving.covered_from) = (vec![mark], head.decision + 2);
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
    assert_eq!(table.facts().await.sources_confirmed_at, [("stripe".to_owned(), at(3))].into());
    table.store.policy(&table.tenant, &Default::default(), store::Read::Fresh).await.unwrap();
    assert_eq!(table.facts().await.sources_confirmed_at, Default::default());
    let known = table.store.settings(&table.tenant).await.unwrap().unwrap();
    let settings = Settings { freshness: [("stripe".to_owned(), "PT26H".to_owned())].into(), ..known.value };
    table.store.put_settings(&table.tenant, &settings, Some(known.rev), at(4)).await.unwrap();
    table.store.policy(&table.tenant, &Default::default(), store::Read::Fresh).await.unwrap();
    assert_eq!(table.facts().await.sources_confirmed_at, [("stripe".to_owned(), at(3))].into());
}

#[tokio::test]
async fn agreements_come_with_the_profile() {
    let table = table().await;
    table.say("e1", &[invoice_doc("INV-1", 1)], 0).await;
    let pause = |n: u32, until: &str| Agreement {
        id: AgreementId::derive(&["acme", &n.to_string()]),
        terms: Terms::Pause(Pause { reason: HoldReason::Manual, ends_with: None, of: vec![], status: PauseStatus::Running }),
        scope: AgreementScope::Customer,
        amount_minor: None,
        clock: HoldClock::Freeze,
        made_at: at(0),
        from_at: at(0),
        until_on: Some(until.parse().unwrap()),
        ended_at: None,
        status_at: at(0),
        by: String::new(),
        folded: vec![],
    };
    let (tenant, customer) = (&table.tenant, customer_id());
    for n in 0..3 {
        let made = pause(n, "2026-03-01");
        for before in [None, Some(&made)] {
            table.store.put_agreement(tenant, &customer, before, &made, at(1)).await.unwrap();
        }
        assert_eq!(table.store.whose(tenant, made.id.as_str()).await.unwrap(), Some(customer.clone()));
        // Two people cannot change it at once.
        for before in [None, Some(&pause(n, "2026-03-02"))] {
            let other = table.store.put_agreement(tenant, &customer, before, &made, at(1)).await;
            assert!(matches!(other, Err(store::Error::Conflict { .. })), "{other:?}");
        }
    }
    assert_eq!(table.facts().await.agreements.len(), 3);
    let first = pause(0, "2026-03-01");
    let lifted = first.clone().lifted(at(5));
    table.store.put_agreement(tenant, &customer, Some(&first), &lifted, at(5)).await.unwrap();
    let ended = table.store.agreement(tenant, &customer, &first.id).await.unwrap().unwrap();
    assert_eq!((ended.ended_at, ended.status()), (Some(at(5)), "ended"));
    assert_eq!(table.facts().await.agreements.len(), 3);
    assert_eq!(table.store.agreement(tenant, &customer, &pause(9, "2026-03-01").id).await.unwrap(), None);
}

/// Read units of hearing that a message bounced, about a customer with so many more invoices, and what is left in the person's log.
async fn bounced(more: u64, own: bool) -> (f64, usize) {
    let table = table().await;
    table.store.policy(&table.tenant, &Default::default(), store::Read::Fresh).await.unwrap();
    let (store, tenant, customer) = (&table.store, &table.tenant, customer_id());
    let contact = customer_contact(own);
    let named = Invoice { contact: own.then(|| contact.clone()), ..invoice("INV-1", 1) };
    let full = super::common::customer(Some(1), "Acme GmbH");
    table.say("e1", &[Document::Invoice { customer: CustomerRef::Full(Box::new(full)), invoice: named }], 0).await;
    for page in 0..more.div_ceil(40) {
        let names = (0..40).map(|n| invoice_doc(&format!("MORE-{page}-{n}"), 1));
        table.say(&format!("more-{page}"), &names.collect::<Vec<_>>(), 0).await;
    }
    let (head, facts) = (table.head().await, table.facts().await);
    let people = People::of(&facts);
    let id = if own {
        people.own(&facts.invoices.iter().find(|fact| fact.invoice.number == "INV-1").unwrap().invoice)
    } else {
        Some("p1")
    };
    let message = Planned { contact: id.unwrap().to_owned(), person: contact.person_digest(), ..planned(vec![row("INV-1")]) };
    let plan = decision(vec![message], Next::Parked);
    let message = store.commit(tenant, &head, &facts, &plan, at(1)).await.unwrap().messages.remove(0);
    let claim = attempt("a1", 5);
    let claimed = held(&table, head.version, &message, &claim).await;
    let person = contact.person().unwrap();
    let logged = ContactAttempt { message: message.clone(), ..contacted("C-1", 1, 2) };
    store.log_contact(tenant, &person, &logged, &ContactLog::default()).await.unwrap();
    store.settle(tenant, &claimed, &message, &claim, &sent(3, vec![row("INV-1")]), Next::Parked).await.unwrap();
    table.meter.take_reads();
    let bounced = DeliveryEvent::Bounced;
    assert!(store.receipt(tenant, &customer, 1, &message, bounced, at(4), Some("ses-1"), at(4)).await.unwrap());
    let units = table.meter.take_reads();
    let left = table.facts().await.contact_log.get(&person).map_or(0, |log| log.attempts.len());
    (units, left)
}

fn customer_contact(own: bool) -> Contact {
    let known = super::common::customer(None, "").contacts.remove(0);
    if !own {
        return known;
    }
    Contact { external_id: INVOICE_CONTACT.into(), email: Some("bills@acme.example".into()), phone: None, ..known }
}

#[tokio::test]
async fn a_contact_that_was_lost_is_taken_back() {
    // What a bounce leaves of the last contacts depends on what came along with invoices, so what is owed is read too.
    let (few, many) = (bounced(0, false).await, bounced(200, false).await);
    println!("read units of a bounce: {} with one invoice, {} with 201", few.0, many.0);
    assert_eq!((few.1, many.1), (0, 0));
    assert_eq!(bounced(1, true).await.1, 0, "whom only an invoice names");
}

#[tokio::test]
async fn trying_documents_writes_nothing() {
    let table = table().await;
    table.say("e1", &[invoice_doc("INV-1", 1)], 0).await;
    table.meter.take();
    let receipt = |event: &str| store::Receipt { source: "stripe".into(), event_id: event.into() };
    let fresh = [invoice_doc("INV-2", 1), Document::Heartbeat(at(5))];
    for (event, documents, outcome) in [
        ("e1", &fresh[..], store::AppliedOutcome::Duplicate),
        ("e2", &fresh[..], store::AppliedOutcome::Applied),
        ("e3", &[invoice_doc("INV-1", 1)][..], store::AppliedOutcome::Stale),
    ] {
        let would = table.store.would_apply(&table.tenant, &receipt(event), documents, at(1)).await.unwrap();
        assert_eq!(would.outcome, outcome, "{event}");
    }
    assert_eq!(table.meter.take(), 0.0);
}
