//! Stripe's events over the whole path, and documents of either source in any order.
#![allow(clippy::unwrap_used, reason = "helpers of tests panic as tests do")]

mod sender;
mod subject;

use domain::{CustomerId, TaskKind};
use sender::{fixture, stripe_event, stripe_object};
use serde_json::{Value, json};
use subject::Subject;
use testbed::aws::NOW_S;

fn recorded(name: &str) -> Value {
    serde_json::from_slice(&fixture(&format!("stripe/{name}.json"))).unwrap()
}

/// The recorded invoice, issued, with changes.
fn invoice(changes: &Value) -> Value {
    let mut object = recorded("invoice");
    for (name, value) in [("status", json!("open")), ("number", json!("F-1")), ("customer_name", json!("Acme GmbH"))] {
        object[name] = value;
    }
    for (name, value) in changes.as_object().into_iter().flatten() {
        object[name] = value.clone();
    }
    object
}

#[tokio::test]
async fn every_recorded_object_is_taken_in_once() {
    let cases = [
        ("invoice", "invoice.finalized"),
        ("invoice", "invoice.voided"),
        ("invoice_payment", "invoice_payment.paid"),
        ("payment_intent", "payment_intent.succeeded"),
        ("credit_note", "credit_note.created"),
        ("charge", "charge.refunded"),
        ("refund", "refund.created"),
        ("dispute", "charge.dispute.created"),
        ("customer", "customer.updated"),
        ("checkout.session", "checkout.session.completed"),
    ];
    for (object, kind) in cases {
        let subject = Subject::start().await;
        let event = stripe_event("evt_1", kind, object);
        let first = subject.stripe(&event).await;
        assert!((200..300).contains(&first.status), "{kind}: {:?}", first.body);
        assert_eq!(first.body["event_id"], "evt_1", "{kind}");
        let again = subject.stripe(&event).await;
        let expected = if first.result() == "ignored" { "ignored" } else { "duplicate" };
        assert_eq!((again.status, again.result()), (200, expected), "{kind}");
    }
}

#[tokio::test]
async fn what_is_none_of_our_business_is_ignored() {
    let subject = Subject::start().await;
    let answer = subject.stripe(&serde_json::from_slice(&fixture("stripe/event.json")).unwrap()).await;
    assert_eq!((answer.status, answer.result()), (200, "ignored"));
    assert!(subject.is_untouched().await);
}

#[tokio::test]
async fn what_cannot_be_taken_is_kept_and_named_to_a_person() {
    let huge = "x".repeat(300_000);
    let cases = [
        ("unknown currency", invoice(&json!({ "currency": "xyz" })), "/data/object/currency"),
        ("negative", invoice(&json!({ "amount_due": -5 })), "/data/object/"),
        ("fractional", invoice(&json!({ "amount_due": 10.5 })), "/data/object/amount_due"),
        ("large", invoice(&json!({ "currency": "xyz", "description": huge })), "/data/object/currency"),
    ];
    for (name, object, pointer) in cases {
        let subject = Subject::start().await;
        let event = stripe_object("evt_1", "invoice.finalized", NOW_S, &object);
        for (status, result) in [(202, "parked"), (200, "duplicate")] {
            let answer = subject.stripe(&event).await;
            assert_eq!((answer.status, answer.result()), (status, result), "{name}");
        }
        let tasks = subject.aws.tasks().await;
        assert_eq!(tasks.len(), 1, "{name}");
        let task = &tasks[0];
        assert_eq!(task.task.kind, TaskKind::Document);
        assert!(task.task.detail.contains(pointer) && task.task.detail.contains("evt_1"), "{name}: {}", task.task.detail);
        assert!(!task.task.title.contains('@'));
        let key = task.body_key.as_deref().expect("the body is kept");
        let objects = subject.aws.world.objects.lock().unwrap();
        assert_eq!(objects.get(&format!("/bodies/{key}")), Some(&serde_json::to_vec(&event).unwrap()), "{name}");
    }
}

#[tokio::test]
async fn the_good_part_of_an_event_is_applied_beside_its_exception() {
    let subject = Subject::start().await;
    let object = invoice(&json!({ "customer_email": "ap@acme.example", "customer_phone": "no number" }));
    let event = stripe_object("evt_1", "invoice.finalized", NOW_S, &object);
    assert_eq!(subject.stripe(&event).await.result(), "applied");
    assert_eq!(subject.stripe(&event).await.result(), "duplicate");
    let tasks = subject.aws.tasks().await;
    assert_eq!(tasks.len(), 1, "the phone number is named once");
    assert!(tasks[0].task.detail.contains("/data/object/customer_phone"), "{}", tasks[0].task.detail);
    let customer = CustomerId::derive(&["acme", "stripe", object["customer"].as_str().unwrap()]);
    assert!(subject.aws.store.head(&subject.aws.tenant, &customer).await.unwrap().is_some());
}

#[tokio::test]
async fn dates_are_those_of_the_tenants_zone() {
    // 23:30 UTC is the next day in Berlin.
    let due = 1_767_655_800 + 86_400 * 30;
    for (zone, expected) in [("Europe/Berlin", "2026-02-05"), ("UTC", "2026-02-04")] {
        let subject = Subject::start().await;
        subject.aws.settings(|settings| settings.time_zone = Some(zone.to_owned())).await;
        let object = invoice(&json!({ "due_date": due }));
        let answer = subject.stripe(&stripe_object("evt_1", "invoice.finalized", NOW_S, &object)).await;
        assert_eq!(answer.result(), "applied");
        let customer = CustomerId::derive(&["acme", "stripe", object["customer"].as_str().unwrap()]);
        let head = subject.aws.store.head(&subject.aws.tenant, &customer).await.unwrap().unwrap();
        let facts = subject.aws.store.facts(&subject.aws.tenant, &head).await.unwrap();
        assert_eq!(facts.invoices[0].invoice.due_on.to_string(), expected, "{zone}");
    }
}

/// Every order of `count` things.
fn orders(count: usize) -> Vec<Vec<usize>> {
    if count == 0 {
        return vec![vec![]];
    }
    let mut all = Vec::new();
    for shorter in orders(count - 1) {
        for at in 0..=shorter.len() {
            let mut longer = shorter.clone();
            longer.insert(at, count - 1);
            all.push(longer);
        }
    }
    all
}

#[tokio::test]
async fn documents_in_any_order_and_number_give_the_same_facts() {
    let sample: Value = serde_json::from_slice(&fixture("canonical/invoice.json")).unwrap();
    let mut paid = sample.clone();
    paid["invoice"]["source_version"] = json!(8);
    paid["invoice"]["paid_minor"] = json!(25_000);
    let mut renamed = sample.clone();
    renamed["type"] = json!("customer.upserted");
    renamed["customer"]["source_version"] = json!(4);
    renamed["customer"]["name"] = json!("Acme AG");
    let payment = json!({
        "type": "payment.upserted", "customer": { "external_id": "C-100" },
        "payment": {
            "external_id": "P-1", "source_version": 1, "status": "received", "amount_minor": 25_000, "currency": "EUR",
            "received_on": "2026-01-05", "allocations": [{ "invoice_external_id": "INV-1001", "amount_minor": 25_000 }]
        }
    });
    let documents: Vec<Vec<u8>> =
        [sample, paid, renamed, payment].iter().map(|document| document.to_string().into_bytes()).collect();
    let customer = CustomerId::derive(&["acme", "canonical", "C-100"]);
    let mut seen = Vec::new();
    for order in orders(documents.len()) {
        let subject = Subject::start().await;
        // Everything comes twice: at once under the same id, and at the end under another.
        for at in &order {
            let first = subject.document(&format!("e{at}"), &documents[*at]).await;
            assert!(first.status < 300, "{:?}", first.body);
            assert_eq!(subject.document(&format!("e{at}"), &documents[*at]).await.result(), "duplicate");
        }
        for at in &order {
            assert_eq!(subject.document(&format!("again{at}"), &documents[*at]).await.result(), "stale", "{order:?}");
        }
        let head = subject.aws.store.head(&subject.aws.tenant, &customer).await.unwrap().unwrap();
        let facts = subject.aws.store.facts(&subject.aws.tenant, &head).await.unwrap();
        seen.push((order, format!("{:?} {:?} {:?}", facts.customer, facts.invoices, facts.payments)));
    }
    assert!(seen[0].1.contains("Acme AG") && seen[0].1.contains("paid_minor: 25000"), "{}", seen[0].1);
    for (order, facts) in &seen {
        assert_eq!(facts, &seen[0].1, "{order:?}");
    }
}

/// An event of a given second.
fn event_at(id: &str, kind: &str, after_s: i64, object: &Value) -> Value {
    json!({"id": id, "object": "event", "created": NOW_S + after_s, "type": kind, "data": {"object": object}})
}

#[tokio::test]
async fn a_debit_on_its_way_counts_for_the_invoice_that_comes_to_it() {
    let open = |id: &str, due: i64| {
        invoice(&json!({"id": id, "customer": "cus_1", "currency": "eur", "total": due, "amount_due": due,
        "amount_remaining": due, "amount_paid": 0, "collection_method": "charge_automatically"}))
    };
    let intent = |id: &str, amount: i64| {
        let mut intent = recorded("payment_intent");
        for (name, value) in [
            ("id", json!(id)),
            ("invoice", Value::Null),
            ("customer", json!("cus_1")),
            ("currency", json!("eur")),
            ("amount", json!(amount)),
            ("amount_received", json!(amount)),
        ] {
            intent[name] = value;
        }
        intent
    };
    for (amount, kinds, counts) in [
        (7_000, vec!["payment_intent.processing"], Some(true)),
        (7_000, vec!["payment_intent.processing", "payment_intent.succeeded"], Some(true)),
        (7_000, vec!["payment_intent.processing", "payment_intent.payment_failed"], Some(false)),
        (7_000, vec!["payment_intent.succeeded"], None),
        (6_999, vec!["payment_intent.processing"], None),
    ] {
        let subject = Subject::start().await;
        subject.stripe(&event_at("evt_1", "invoice.finalized", 0, &open("in_1", 7_000))).await;
        subject.stripe(&event_at("evt_2", "invoice.finalized", 0, &open("in_2", 9_000))).await;
        for (at, kind) in kinds.iter().enumerate() {
            let at_s = i64::try_from(at).unwrap() + 1;
            let answer = subject.stripe(&event_at(&format!("evt_i{at}"), kind, at_s, &intent("pi_1", amount))).await;
            assert!((200..300).contains(&answer.status), "{kind}: {:?}", answer.body);
        }
        let customer = CustomerId::derive(&[subject.aws.tenant.as_str(), "stripe", "cus_1"]);
        let id = domain::PaymentId::derive(&[subject.aws.tenant.as_str(), "stripe", "payment", "pi_1"]);
        let payment = subject.aws.store.payment(&subject.aws.tenant, &customer, &id).await.unwrap();
        assert_eq!(payment.as_ref().map(|payment| payment.status.counts()), counts, "{amount} {kinds:?}");
        if let Some(payment) = payment {
            let invoice = domain::InvoiceId::derive(&[subject.aws.tenant.as_str(), "stripe", "in_1"]);
            assert_eq!(payment.allocations, [domain::Allocation { invoice, amount_minor: 7_000 }]);
        }
    }
}
