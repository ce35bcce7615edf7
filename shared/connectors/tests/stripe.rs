//! Stripe's events: what each comes to, and that their order does not matter.

mod common;

use common::NOW_S;
use connectors::Reading;
use domain::document::CustomerRef;
use domain::{
    CustomerId, Document, Invoice, InvoiceId, InvoiceStatus, Payment, PaymentId, PaymentKind, PaymentStatus, Reversal, Role,
};
use jiff::civil::date;
use proptest::prelude::*;
use serde_json::{Value, json};

fn recorded(name: &str) -> Value {
    let path = format!("{}/fixtures/stripe/{name}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).expect("readable")).expect("JSON")
}

/// `object` with the fields of `changes` put in their place.
fn with(mut object: Value, changes: Value) -> Value {
    for (name, value) in changes.as_object().expect("an object") {
        object[name] = value.clone();
    }
    object
}

fn invoice(changes: Value) -> Value {
    let open = json!({"status": "open", "number": "F-1", "customer_name": "Acme GmbH", "customer_email": "ap@acme.example"});
    with(with(recorded("invoice"), open), changes)
}

fn event_at(created: i64, kind: &str, object: &Value) -> Value {
    json!({"id": "evt_9", "object": "event", "created": created, "type": kind, "data": {"object": object}})
}

fn read_event(event: &Value) -> Reading {
    common::read("stripe", &serde_json::to_vec(event).expect("JSON")).expect("signed by the vendor")
}

fn read(kind: &str, object: &Value) -> Reading {
    read_event(&event_at(NOW_S, kind, object))
}

fn taken(kind: &str, object: &Value) -> Vec<Document> {
    let reading = read(kind, object);
    assert_eq!((reading.event_id.as_str(), &reading.ignored), ("evt_9", &None), "{kind}");
    assert_eq!(reading.parked, [], "{kind}");
    reading.documents
}

fn as_invoice(documents: &[Document]) -> &Invoice {
    let Some(Document::Invoice { invoice, .. }) = documents.first() else { panic!("no invoice in {documents:?}") };
    invoice
}

fn as_payment(documents: &[Document]) -> (&CustomerRef, &Payment) {
    let [Document::Payment { customer, payment }] = documents else { panic!("no payment in {documents:?}") };
    (customer, payment)
}

fn as_reversal(documents: &[Document]) -> &Reversal {
    let [Document::Reversal(reversal)] = documents else { panic!("no reversal in {documents:?}") };
    reversal
}

fn parked(kind: &str, object: &Value) -> Vec<String> {
    let reading = read(kind, object);
    assert_eq!((reading.documents, reading.ignored), (Vec::new(), None), "{kind}");
    reading.parked.into_iter().map(|parked| parked.pointer).collect()
}

#[test]
fn an_invoice_brings_its_customer() {
    let object = invoice(json!({
        "customer_phone": "+1 (415) 555-0100",
        "customer_address": {"country": "US", "state": "CA", "city": "Town", "line1": "1 Road", "line2": null, "postal_code": "9"},
        "hosted_invoice_url": "https://invoice.stripe.com/i/1"
    }));
    let documents = taken("invoice.finalized", &object);
    let [Document::Invoice { customer: CustomerRef::Full(customer), invoice }] = documents.as_slice() else { panic!("one") };
    assert_eq!(customer.id, CustomerId::derive(&["acme", "stripe", "cus_QXg1o8vcGmoR32"]));
    assert_eq!((customer.name.as_str(), customer.source_version), ("Acme GmbH", None));
    assert_eq!((customer.country.as_deref(), customer.region.as_deref()), (Some("US"), Some("CA")));
    let contact = &customer.contacts[0];
    assert_eq!((contact.external_id.as_str(), contact.roles.as_slice()), ("billing", [Role::Billing].as_slice()));
    assert_eq!((contact.email.as_deref(), contact.phone.as_deref()), (Some("ap@acme.example"), Some("+14155550100")));
    assert_eq!(customer.postal_address.as_ref().map(|address| address.city.as_str()), Some("Town"));
    assert_eq!(invoice.id, InvoiceId::derive(&["acme", "stripe", "in_1Pgc6tB7WZ01zgkWu9fdqL6I"]));
    assert_eq!((invoice.number.as_str(), invoice.currency.code(), invoice.paid_is_gross), ("F-1", "USD", true));
    assert_eq!(invoice.due_on, date(2009, 2, 14), "the day in the tenant's zone, not in UTC");
    assert_eq!(invoice.url.as_deref(), Some("https://invoice.stripe.com/i/1"));
}

#[test]
fn what_remains_is_what_stripe_says() {
    use InvoiceStatus::{Draft, Open, Void, WrittenOff};
    // (status, total, due, paid, remaining, credited before payment, after) -> (status, total, paid, credited)
    for (stripe, expected) in [
        (("draft", 1000, 1000, 0, 1000, 0, 0), (Draft, 1000, 0, 0)),
        (("open", 1000, 1000, 0, 1000, 0, 0), (Open, 1000, 0, 0)),
        (("open", 1000, 1000, 400, 600, 0, 0), (Open, 1000, 400, 0)),
        (("open", 1000, 900, 400, 500, 100, 0), (Open, 1000, 400, 100)),
        // The customer's balance took 300 off, or put 300 on.
        (("open", 1000, 700, 0, 700, 0, 0), (Open, 700, 0, 0)),
        (("open", 1000, 1300, 0, 1300, 0, 0), (Open, 1300, 0, 0)),
        (("open", 1000, 600, 100, 500, 100, 0), (Open, 700, 100, 100)),
        (("paid", 1000, 1000, 1000, 0, 0, 0), (Open, 1000, 1000, 0)),
        // Paid outside Stripe, by balance, by credit note, credited after payment.
        (("paid", 1000, 1000, 0, 0, 0, 0), (Open, 1000, 1000, 0)),
        (("paid", 1000, 0, 0, 0, 0, 0), (Open, 0, 0, 0)),
        (("paid", 1000, 0, 0, 0, 1000, 0), (Open, 1000, 0, 1000)),
        (("paid", 1000, 1000, 1000, 0, 0, 1000), (Open, 1000, 1000, 0)),
        (("uncollectible", 1000, 1000, 0, 1000, 0, 0), (WrittenOff, 1000, 0, 0)),
        (("void", 1000, 1000, 0, 1000, 0, 0), (Void, 1000, 0, 0)),
    ] {
        let (status, total, due, paid, remaining, pre, post) = stripe;
        let object = invoice(json!({
            "status": status, "total": total, "amount_due": due, "amount_paid": paid, "amount_remaining": remaining,
            "pre_payment_credit_notes_amount": pre, "post_payment_credit_notes_amount": post
        }));
        let documents = taken("invoice.updated", &object);
        let read = as_invoice(&documents);
        assert_eq!((read.status, read.total_minor, read.paid_minor, read.credited_minor), expected, "{stripe:?}");
        assert_eq!(read.total_minor - read.paid_minor - read.credited_minor, remaining, "{stripe:?}");
    }
    let deleted = taken("invoice.deleted", &invoice(json!({"status": "draft"})));
    assert_eq!(as_invoice(&deleted).status, Void);
}

#[test]
fn lines_are_those_that_the_event_carries() {
    let lines = |changes: Value| -> Option<Vec<(String, Option<String>, i64)>> {
        let documents = taken("invoice.updated", &invoice(changes));
        let lines = as_invoice(&documents).lines.clone()?.into_iter();
        Some(lines.map(|line| (line.description, line.quantity, line.amount_minor)).collect())
    };
    let recorded = lines(json!({})).expect("the recorded one has a line");
    assert_eq!(recorded, [("My First Invoice Item (created for API docs)".to_owned(), Some("1".to_owned()), 1_000)]);
    let line = |changes: Value| with(json!({"id": "il_1", "description": "Seats", "quantity": 3, "amount": 3_000}), changes);
    let all = json!({"data": [
        line(json!({})),
        line(json!({"taxes": [{"amount": 570, "tax_behavior": "exclusive"}, {"amount": 9, "tax_behavior": "inclusive"}]})),
        line(json!({"tax_amounts": [{"amount": 570, "inclusive": false}, {"amount": 9, "inclusive": true}]})),
        line(json!({"discount_amounts": [{"amount": 300}], "quantity": null})),
        line(json!({"amount": -1_000, "description": "Unused time"})),
        line(json!({"description": null})),
        line(json!({"amount": "many"})),
        "rubbish",
    ]});
    let read = lines(json!({"lines": all})).expect("lines");
    let sums: Vec<i64> = read.iter().map(|(_, _, minor)| *minor).collect();
    assert_eq!(sums, [3_000, 3_570, 3_570, 2_700, -1_000], "what does not read is left out");
    assert_eq!(read[3].1, None);
    for none in [json!(null), json!({"data": []}), json!([]), json!({"data": 3})] {
        assert_eq!(lines(json!({"lines": none})), None);
    }
}

#[test]
fn an_invoice_charged_by_itself_is_due_when_issued() {
    let due = |changes: Value| as_invoice(&taken("invoice.updated", &invoice(changes))).due_on;
    let transitions = json!({"finalized_at": 1_767_225_600, "paid_at": null});
    assert_eq!(due(json!({"due_date": null, "effective_at": 1_767_312_000})), date(2026, 1, 2));
    assert_eq!(due(json!({"due_date": null, "effective_at": null, "status_transitions": transitions})), date(2026, 1, 1));
    assert_eq!(due(json!({"due_date": null, "effective_at": null, "status_transitions": null})), date(2009, 2, 14));
    let backdated = taken("invoice.updated", &invoice(json!({"due_date": 1_200_000_000})));
    assert!(as_invoice(&backdated).issued_on <= as_invoice(&backdated).due_on);
    let sent = invoice(json!({"due_date": null, "collection_method": "send_invoice"}));
    assert_eq!(parked("invoice.finalized", &sent), ["/data/object/due_date"]);
}

#[test]
fn what_cannot_be_read_is_parked_whole() {
    for (changes, pointer) in [
        (json!({"currency": "zzz"}), "/data/object/currency"),
        (json!({"currency": null}), "/data/object/currency"),
        (json!({"amount_due": null}), "/data/object/amount_due"),
        (json!({"amount_due": "1000"}), "/data/object/amount_due"),
        (json!({"amount_paid": 10.5}), "/data/object/amount_paid"),
        (json!({"customer": null}), "/data/object/customer"),
        (json!({"customer": ""}), "/data/object/customer"),
        (json!({"status": "new"}), "/data/object/status"),
        (json!({"id": "x".repeat(129)}), "/data/object/id"),
        (json!({"due_date": "tomorrow"}), "/data/object/due_date"),
        (json!({"due_date": i64::MAX}), "/data/object/due_date"),
    ] {
        assert_eq!(parked("invoice.finalized", &invoice(changes.clone())), [pointer], "{changes}");
    }
    let mut bare = event_at(NOW_S, "invoice.paid", &json!({}));
    bare.as_object_mut().expect("an object").remove("data");
    let reading = read_event(&bare);
    assert_eq!((reading.parked.len(), reading.parked[0].pointer.as_str()), (1, "/data"));
    let thin = json!({"id": "evt_1", "object": "v2.core.event", "type": "v1.invoice.paid", "created": "2026-01-01T00:00:00Z"});
    assert_eq!(read_event(&thin).parked[0].pointer, "/object");
    let plain = read("plan.created", &json!({"id": "plan_1"}));
    assert!(plain.ignored.is_some() && plain.documents.is_empty() && plain.parked.is_empty());
}

#[test]
fn an_unusable_phone_is_left_out_and_said_once() {
    let object = invoice(json!({"customer_phone": "415 555 0100", "customer_email": "nobody"}));
    let reading = read("invoice.finalized", &object);
    let pointers: Vec<&str> = reading.parked.iter().map(|parked| parked.pointer.as_str()).collect();
    assert_eq!(pointers, ["/data/object/customer_email", "/data/object/customer_phone"]);
    assert!(reading.parked.iter().all(|parked| !parked.detail.contains("555")), "no personal data in what people are told");
    let [Document::Invoice { customer: CustomerRef::Full(customer), .. }] = reading.documents.as_slice() else { panic!("one") };
    let [contact] = customer.contacts.as_slice() else { panic!("what stands there is kept") };
    let said: Vec<&str> = contact.unusable.iter().map(|what| what.said.as_str()).collect();
    assert_eq!((contact.email.as_deref(), contact.phone.as_deref(), said), (None, None, vec!["nobody", "415 555 0100"]));
    assert_eq!(read("invoice.updated", &object).parked, []);
}

#[test]
fn address_fields_are_used_as_far_as_they_can_be() {
    for (email, phone, expected) in [
        ("Ann <ap@acme.example>; b@acme.example", "+44 (0)20 7946 0958", vec!["ap@acme.example", "b@acme.example"]),
        ("mailto:ap@bücher.example", "+4402079460958", vec!["ap@xn--bcher-kva.example"]),
    ] {
        let object = with(recorded("customer"), json!({"name": "Acme", "email": email, "phone": phone}));
        let [Document::Customer(customer)] = &taken("customer.updated", &object)[..] else { panic!("a customer") };
        let emails: Vec<&str> = customer.contacts.iter().filter_map(|contact| contact.email.as_deref()).collect();
        assert_eq!(emails, expected, "{email}");
        assert_eq!(customer.contacts[0].phone.as_deref(), Some("+442079460958"), "{phone}");
    }
}

#[test]
fn a_customer_is_versioned_by_its_event() {
    let object = with(recorded("customer"), json!({"name": "Acme", "email": "ap@acme.example", "preferred_locales": ["pt-BR"]}));
    let [Document::Customer(customer)] = &taken("customer.updated", &object)[..] else { panic!("a customer") };
    assert_eq!((customer.language.as_deref(), customer.name.as_str()), (Some("pt-br"), "Acme"));
    assert!(customer.source_version.is_some());
}

#[test]
fn payments_find_their_invoice() {
    let paid = with(
        recorded("invoice_payment"),
        json!({"invoice": "in_1", "currency": "eur", "amount_paid": 700, "status": "paid",
               "payment": {"type": "payment_intent", "payment_intent": "pi_1"}, "status_transitions": {"paid_at": 1_767_225_600}}),
    );
    let documents = taken("invoice_payment.paid", &paid);
    let (customer, payment) = as_payment(&documents);
    let invoice_id = InvoiceId::derive(&["acme", "stripe", "in_1"]);
    assert_eq!((customer, customer.id()), (&CustomerRef::OfInvoice(invoice_id.clone()), None));
    assert_eq!(payment.id, PaymentId::derive(&["acme", "stripe", "payment", "pi_1"]));
    assert_eq!((payment.amount_minor, payment.received_on), (700, date(2026, 1, 1)));
    assert_eq!((&payment.allocations[0].invoice, payment.allocations[0].amount_minor), (&invoice_id, 700));

    // Before Basil the payment intent names the invoice, and the invoice the payment intent.
    let intent =
        with(recorded("payment_intent"), json!({"id": "pi_1", "invoice": "in_1", "amount": 700, "amount_received": 700}));
    for (kind, status) in [
        ("payment_intent.processing", PaymentStatus::Pending),
        ("payment_intent.succeeded", PaymentStatus::Received),
        ("payment_intent.payment_failed", PaymentStatus::Reversed),
    ] {
        let documents = taken(kind, &intent);
        let (_, read) = as_payment(&documents);
        assert_eq!((read.status, &read.id, &read.allocations), (status, &payment.id, &payment.allocations), "{kind}");
    }
    let object = invoice(
        json!({"status": "paid", "amount_paid": 1000, "amount_remaining": 0, "payment_intent": "pi_1", "charge": "ch_1"}),
    );
    let documents = taken("invoice.paid", &object);
    let (_, named) = as_payment(&documents[1..]);
    assert_eq!((&named.id, named.amount_minor), (&payment.id, 1000));
    assert!(read("payment_intent.succeeded", &recorded("payment_intent")).ignored.is_some());
}

#[test]
fn a_credit_note_counts_what_it_takes_off_its_invoice() {
    let refunds = json!([{"amount_refunded": 300, "refund": "re_1"}]);
    for (changes, amount) in [
        (json!({"pre_payment_amount": 1690, "post_payment_amount": 0, "refunds": []}), 1690),
        (json!({"pre_payment_amount": 1000, "post_payment_amount": 690, "refunds": refunds}), 1300),
        (json!({"pre_payment_amount": 0, "post_payment_amount": 1690, "refunds": []}), 0),
        (json!({"pre_payment_amount": null, "post_payment_amount": null, "type": "pre_payment"}), 1690),
        (
            json!({"pre_payment_amount": null, "type": "post_payment", "refunds": null, "refund": "re_1", "out_of_band_amount": 90}),
            1600,
        ),
        (json!({"pre_payment_amount": null, "type": "post_payment", "refunds": null}), 0),
    ] {
        let documents = taken("credit_note.created", &with(recorded("credit_note"), changes.clone()));
        let (customer, note) = as_payment(&documents);
        assert_eq!(
            (note.kind, note.amount_minor, note.status),
            (PaymentKind::CreditNote, amount, PaymentStatus::Received),
            "{changes}"
        );
        assert_eq!(note.allocations.iter().map(|allocation| allocation.amount_minor).sum::<i64>(), amount, "{changes}");
        assert!(matches!(customer, CustomerRef::OfInvoice(_)));
    }
    let documents = taken("credit_note.voided", &with(recorded("credit_note"), json!({"status": "void"})));
    assert_eq!(as_payment(&documents).1.status, PaymentStatus::Reversed);
}

#[test]
fn refunds_count_once_under_their_own_id() {
    let refund = with(recorded("refund"), json!({"id": "re_1", "payment_intent": "pi_1", "amount": 100}));
    let documents = taken("refund.created", &refund);
    let alone = as_reversal(&documents);
    assert_eq!((alone.payment.clone(), alone.in_force), (PaymentId::derive(&["acme", "stripe", "payment", "pi_1"]), true));
    for (status, in_force) in [("pending", true), ("requires_action", true), ("failed", false), ("canceled", false)] {
        let documents = taken("refund.updated", &with(refund.clone(), json!({"status": status})));
        assert_eq!((as_reversal(&documents).in_force, &as_reversal(&documents).external_id), (in_force, &alone.external_id));
    }
    let charge = with(recorded("charge"), json!({"amount_refunded": 100, "refunds": {"data": [refund]}}));
    assert_eq!(as_reversal(&taken("charge.refunded", &charge)), alone, "embedded, it is the same document");
    let modern = with(charge, json!({"refunds": null}));
    assert!(read("charge.refunded", &modern).ignored.is_some());
    for (version, lost) in [("2022-08-01", true), ("2024-06-20", true), ("2024-10-28.acacia", false), ("2025-03-31.basil", false)]
    {
        let mut event = event_at(NOW_S, "charge.refunded", &modern);
        event["api_version"] = json!(version);
        let pointers: Vec<String> = read_event(&event).parked.into_iter().map(|parked| parked.pointer).collect();
        assert_eq!(pointers, if lost { vec!["/data/object/refunds"] } else { vec![] }, "{version}");
    }
    let by_charge = taken("refund.created", &with(recorded("refund"), json!({"charge": "ch_1"})));
    assert_eq!(as_reversal(&by_charge).payment, PaymentId::derive(&["acme", "stripe", "payment", "ch_1"]));
    assert_eq!(parked("refund.created", &with(recorded("refund"), json!({"charge": null}))), ["/data/object/charge"]);
}

#[test]
fn a_dispute_takes_the_money_until_it_is_won() {
    for (kind, status, in_force) in [
        ("created", "warning_needs_response", false),
        ("created", "needs_response", true),
        ("updated", "under_review", true),
        ("funds_withdrawn", "needs_response", true),
        ("funds_reinstated", "won", false),
        ("funds_reinstated", "under_review", false),
        ("closed", "won", false),
        ("closed", "lost", true),
        ("closed", "warning_closed", false),
    ] {
        let documents = taken(&format!("charge.dispute.{kind}"), &with(recorded("dispute"), json!({"status": status})));
        assert_eq!(as_reversal(&documents).in_force, in_force, "{kind} {status}");
    }
    assert_eq!(parked("charge.dispute.created", &with(recorded("dispute"), json!({"status": "odd"}))), ["/data/object/status"]);
}

/// The events of one invoice's life, each with the state that it shows: later ones never show less.
fn life() -> impl Strategy<Value = Vec<(i64, &'static str, Value)>> {
    let steps = prop::collection::vec((0_i64..3, 1_i64..40), 1..8);
    (steps, 0_usize..4).prop_map(|(steps, end)| {
        let mut at = NOW_S;
        let mut paid = 0;
        let shows = |status: &str, paid: i64| {
            let remaining = if status == "paid" { 0 } else { 10_000 - paid };
            invoice(json!({
                "status": status, "total": 10_000, "amount_due": 10_000, "amount_paid": paid, "amount_remaining": remaining
            }))
        };
        let mut events = vec![(at, "invoice.created", shows("draft", 0)), (at, "invoice.finalized", shows("open", 0))];
        for (later_s, percent) in steps {
            at += later_s;
            paid = (paid + percent * 100).min(9_900);
            events.push((at, "invoice.updated", shows("open", paid)));
        }
        match end {
            0 => {}
            1 => {
                events.push((at, "invoice.paid", shows("paid", 10_000)));
                events.push((at, "invoice.payment_succeeded", shows("paid", 10_000)));
            }
            2 => events.push((at, "invoice.marked_uncollectible", shows("uncollectible", paid))),
            _ => events.push((at, "invoice.voided", shows("void", paid))),
        }
        events
    })
}

/// What remains after documents were applied, each only where it is newer.
fn newest(events: &[(i64, &'static str, Value)]) -> Invoice {
    let mut newest: Option<Invoice> = None;
    for (at, kind, object) in events {
        let documents = read_event(&event_at(*at, kind, object)).documents;
        let invoice = as_invoice(&documents);
        if newest.as_ref().is_none_or(|known| invoice.source_version > known.source_version) {
            newest = Some(invoice.clone());
        }
    }
    newest.expect("events")
}

proptest! {
    #[test]
    fn any_order_with_repeats_gives_the_last_state(
        (events, shuffled) in life().prop_flat_map(|events| {
            let repeated: Vec<_> = events.iter().chain(&events).cloned().collect();
            (Just(events), Just(repeated).prop_shuffle())
        })
    ) {
        let (_, _, last) = events.last().expect("events");
        let state = newest(&shuffled);
        prop_assert_eq!(&state, &newest(&events));
        prop_assert_eq!(state.paid_minor, last["amount_paid"].as_i64().expect("an amount"));
        let expected = match last["status"].as_str().expect("a status") {
            "void" => InvoiceStatus::Void,
            "uncollectible" => InvoiceStatus::WrittenOff,
            _ => InvoiceStatus::Open,
        };
        prop_assert_eq!(state.status, expected);
    }

    /// Twins of one second that show the same progress but say different things do not depend on which came first.
    #[test]
    fn twins_do_not_depend_on_arrival(one in "[A-Z]{1,4}", other in "[A-Z]{1,4}") {
        let twin = |number: &str| (NOW_S, "invoice.updated", invoice(json!({"number": number})));
        let (a, b) = (twin(&one), twin(&other));
        let versions = [&a, &b].map(|event| newest(std::slice::from_ref(event)).source_version);
        prop_assume!(one == other || versions[0] != versions[1]);
        prop_assert_eq!(newest(&[a.clone(), b.clone()]), newest(&[b, a]));
    }
}

#[test]
fn twins_of_one_second_order_by_progress() {
    let version = |kind: &str, object: Value| match &taken(kind, &object)[..] {
        [Document::Reversal(reversal)] => reversal.source_version,
        [Document::Payment { payment, .. }] => payment.source_version,
        other => panic!("{other:?}"),
    };
    let refund = |status: &str| version("refund.updated", with(recorded("refund"), json!({"status": status})));
    let dispute = |kind: &str, status: &str| {
        version(&format!("charge.dispute.{kind}"), with(recorded("dispute"), json!({"status": status})))
    };
    let intent =
        |kind: &str| version(&format!("payment_intent.{kind}"), with(recorded("payment_intent"), json!({"invoice": "in_1"})));
    let note = |kind: &str, status: &str| {
        version(&format!("credit_note.{kind}"), with(recorded("credit_note"), json!({"status": status})))
    };
    for versions in [
        vec![refund("pending"), refund("succeeded"), refund("canceled"), refund("failed")],
        vec![
            dispute("created", "warning_needs_response"),
            dispute("created", "needs_response"),
            dispute("updated", "under_review"),
            dispute("funds_withdrawn", "under_review"),
            dispute("funds_reinstated", "under_review"),
            dispute("closed", "won"),
        ],
        vec![intent("processing"), intent("payment_failed"), intent("succeeded")],
        vec![note("created", "issued"), note("updated", "issued"), note("voided", "void")],
    ] {
        assert!(versions.windows(2).all(|pair| pair[0] < pair[1]), "{versions:?}");
    }
}

fn updated(customer: &Value, previous: &Value) -> Vec<Document> {
    let mut event = event_at(NOW_S, "customer.updated", customer);
    event["data"]["previous_attributes"] = previous.clone();
    let reading = read_event(&event);
    assert_eq!(reading.parked, []);
    reading.documents
}

/// What a customer's balance comes to: currency and credit of each.
fn credits(documents: &[Document]) -> Vec<(String, i64)> {
    let payments = documents.iter().filter_map(|document| match document {
        Document::Payment { payment, .. } => Some(payment),
        _ => None,
    });
    payments
        .map(|payment| {
            assert_eq!((payment.kind, payment.status), (PaymentKind::CreditNote, PaymentStatus::Received));
            assert_eq!(payment.allocations, [], "it is applied to no invoice");
            (payment.currency.to_string(), payment.amount_minor)
        })
        .collect()
}

#[test]
fn a_balance_in_the_customers_favour_is_credit() {
    let customer = |changes: Value| with(with(recorded("customer"), json!({"name": "Acme", "currency": "eur"})), changes);
    let of = |currency: &str, minor: i64| vec![(currency.to_owned(), minor)];
    for (changes, previous, expected) in [
        (json!({"balance": -15_000}), json!({}), of("EUR", 15_000)),
        (json!({"balance": -15_000, "currency": "jpy"}), json!({}), of("JPY", 15_000)),
        (json!({"balance": 0}), json!({}), vec![]),
        (json!({"balance": 0}), json!({"balance": -15_000}), of("EUR", 0)),
        (json!({"balance": 700}), json!({"balance": -15_000}), of("EUR", 0)),
        (json!({"balance": 700}), json!({"name": "Old"}), vec![]),
        (json!({"balance": -15_000, "currency": null}), json!({}), vec![]),
        (json!({"balance": -5, "invoice_credit_balance": {"usd": -700, "eur": 0}}), json!({}), of("USD", 700)),
    ] {
        let documents = updated(&customer(changes.clone()), &previous);
        assert!(matches!(documents[0], Document::Customer(_)), "{changes}");
        assert_eq!(credits(&documents), expected, "{changes} {previous}");
    }
}

#[test]
fn a_negative_invoice_is_the_same_credit_as_the_balance() {
    let negative = |changes: Value| {
        let object = json!({"status": "paid", "total": -15_000, "amount_due": 0, "currency": "eur", "customer": "cus_1",
            "status_transitions": {"finalized_at": NOW_S - 60}});
        invoice(with(object, changes))
    };
    for (changes, expected) in [
        (json!({}), vec![("EUR".to_owned(), 15_000)]),
        (json!({"ending_balance": -20_000}), vec![("EUR".to_owned(), 20_000)]),
        (json!({"status": "draft"}), vec![]),
        (json!({"status": "void"}), vec![]),
    ] {
        assert_eq!(credits(&taken("invoice.finalized", &negative(changes.clone()))), expected, "{changes}");
    }
    let payment = |documents: Vec<Document>| {
        documents.into_iter().find_map(|document| match document {
            Document::Payment { payment, .. } => Some(payment),
            _ => None,
        })
    };
    let added = payment(taken("invoice.finalized", &negative(json!({"ending_balance": -15_000})))).expect("credit");
    let again = payment(taken("invoice.updated", &negative(json!({"ending_balance": -15_000})))).expect("credit");
    assert_eq!(added, again, "whichever event shows it");
    let customer = with(recorded("customer"), json!({"id": "cus_1", "name": "Acme", "currency": "eur", "balance": -5_000}));
    let used = payment(updated(&customer, &json!({"balance": -15_000}))).expect("credit");
    assert_eq!((&used.id, used.amount_minor), (&added.id, 5_000));
    assert!(used.source_version > added.source_version, "what the customer says later counts");
}

#[test]
fn an_intent_without_an_invoice_is_its_customers() {
    let intent = |changes: Value| {
        with(
            with(recorded("payment_intent"), json!({"invoice": null, "customer": "cus_1", "currency": "eur", "amount": 5_000})),
            changes,
        )
    };
    for (kind, status) in [
        ("payment_intent.processing", PaymentStatus::Pending),
        ("payment_intent.succeeded", PaymentStatus::Received),
        ("payment_intent.payment_failed", PaymentStatus::Reversed),
        ("payment_intent.canceled", PaymentStatus::Reversed),
    ] {
        let reading = read(kind, &intent(json!({})));
        assert_eq!((reading.documents.len(), reading.parked.len(), &reading.ignored), (0, 0, &None), "{kind}");
        let [unnamed] = reading.unnamed.as_slice() else { panic!("{kind}") };
        assert_eq!(unnamed.customer, CustomerId::derive(&["acme", "stripe", "cus_1"]));
        assert_eq!((unnamed.payment.status, unnamed.payment.amount_minor), (status, 5_000), "{kind}");
        assert_eq!(unnamed.payment.allocations, []);
    }
    let nobodys = read("payment_intent.processing", &intent(json!({"customer": null})));
    assert!(nobodys.ignored.is_some() && nobodys.unnamed.is_empty());
}
