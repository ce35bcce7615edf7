//! Every object that Stripe publishes, posted as recorded and signed as Stripe signs, and what it comes to over the admin API.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tests::{
    documents::sign_stripe,
    test_tenant::{TestTenant, at},
};

fn folder() -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/connectors/fixtures/stripe")
}

/// The recorded object with changes.
fn recorded(name: &str, changes: &Value) -> Value {
    let path = folder().join(format!("{name}.json"));
    let mut object: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    for (name, value) in changes.as_object().into_iter().flatten() {
        object[name] = value.clone();
    }
    object
}

fn event(desk: &TestTenant, kind: &str, object: &Value) -> Value {
    json!({
        "id": desk.fresh_id(), "object": "event", "api_version": "2025-03-31.basil", "created": desk.second(), "livemode": false,
        "pending_webhooks": 1, "request": {"id": null, "idempotency_key": null}, "type": kind, "data": {"object": object},
    })
}

/// Of every recorded file: the event that carries it, and what is answered to it as it is.
const RECORDED: [(&str, &str, u16, &str); 12] = [
    ("charge", "charge.refunded", 200, "ignored"),
    ("checkout.session", "checkout.session.completed", 200, "ignored"),
    ("credit_note", "credit_note.created", 202, "applied"),
    ("customer", "customer.created", 202, "applied"),
    ("dispute", "charge.dispute.created", 202, "applied"),
    ("invoice", "invoice.created", 202, "applied"),
    // Its currency is the word "currency".
    ("invoice_payment", "invoice_payment.paid", 202, "parked"),
    ("mandate", "mandate.updated", 200, "ignored"),
    // It names no invoice.
    ("payment_intent", "payment_intent.succeeded", 200, "ignored"),
    ("payment_link", "payment_link.created", 200, "ignored"),
    ("refund", "refund.created", 202, "applied"),
    ("webhook_endpoint", "webhook_endpoint.created", 200, "ignored"),
];

#[test]
fn every_recorded_file_is_posted_and_has_its_source() {
    let source = std::fs::read_to_string(folder().join("SOURCE.txt")).unwrap();
    let mut names: Vec<String> = std::fs::read_dir(folder())
        .unwrap()
        .map(|file| file.unwrap().path())
        .filter_map(|path| (path.extension()? == "json").then(|| path.file_stem().unwrap().to_string_lossy().into_owned()))
        .collect();
    names.sort();
    let mut posted: Vec<&str> = RECORDED.iter().map(|(name, ..)| *name).chain(["event"]).collect();
    posted.sort_unstable();
    assert_eq!(names, posted);
    for name in names {
        assert!(source.lines().any(|line| line == format!("{name}.json")), "{name} has no source");
    }
}

/// Answers to the body with one bit changed in each of many places, and to the header with each of its characters changed.
async fn refuses_changes(desk: &TestTenant, body: &[u8]) {
    let good = sign_stripe(&desk.stripe.secret, desk.second(), body).remove(0);
    let step = (body.len() / 24).max(1);
    for n in (0..body.len()).step_by(step).chain([body.len() - 1]) {
        let mut bytes = body.to_vec();
        bytes[n] ^= 1 << (n % 7);
        desk.call("POST", &desk.stripe.path, std::slice::from_ref(&good), &bytes).await.is(400);
    }
    for (shorter, what) in [(&body[1..], "the first byte"), (&body[..body.len() - 1], "the last byte")] {
        assert_eq!(
            desk.call("POST", &desk.stripe.path, std::slice::from_ref(&good), shorter).await.status,
            400,
            "without {what}"
        );
    }
    for n in 0..good.1.len() {
        let mut text = good.1.clone().into_bytes();
        text[n] = if text[n] == b'0' { b'1' } else { b'0' };
        let header = (good.0.clone(), String::from_utf8(text).unwrap());
        let reply = desk.call("POST", &desk.stripe.path, &[header], body).await;
        assert_eq!(reply.status, 400, "character {n} of {}", good.1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_recorded_object_is_answered_and_refused_with_one_byte_changed() {
    let desk = TestTenant::at("2026-01-20T08:00:00Z").await;
    for (name, kind, status, result) in RECORDED {
        let body = event(&desk, kind, &recorded(name, &json!({}))).to_string().into_bytes();
        refuses_changes(&desk, &body).await;
        let header = sign_stripe(&desk.stripe.secret, desk.second(), &body);
        let reply = desk.call("POST", &desk.stripe.path, &header, &body).await;
        assert_eq!((reply.status, &reply.body["result"]), (status, &json!(result)), "{name}: {}", reply.text);
        let again = desk.call("POST", &desk.stripe.path, &header, &body).await.is(200);
        assert_eq!(again.body["result"], if result == "ignored" { "ignored" } else { "duplicate" }, "{name}");
    }
    // The recorded event is of a kind that says nothing about what is owed.
    let whole = recorded("event", &json!({}));
    assert_eq!(desk.send_stripe(&whole).await.is(200).body["result"], "ignored");
    let exceptions = desk.exceptions().await;
    let named: Vec<&str> = exceptions.iter().map(|task| task["detail"].as_str().unwrap()).collect();
    assert_eq!(named.len(), 1, "{named:?}");
    assert!(named[0].contains("/data/object/currency is no current ISO 4217 currency"), "{named:?}");
    // The draft is known and asks for nothing.
    let matter = stripe_matter(&desk).await;
    assert_eq!((&matter["customer"]["name"], &matter["due_items"]), (&json!("cus_QXg1o8vcGmoR32"), &json!([])));
    desk.advance("P60D").await;
    assert!(desk.sent().is_empty());
}

const CUSTOMER: &str = "cus_QXg1o8vcGmoR32";
const INVOICE: &str = "in_1Pgc6tB7WZ01zgkWu9fdqL6I";
const INTENT: &str = "pi_1PgafyB7WZ01zgkWSjxsAJo3";

async fn stripe_matter(desk: &TestTenant) -> Value {
    desk.admin("GET", &format!("/v1/customers/stripe/{CUSTOMER}"), &Value::Null).await.is(200).body
}

/// What is open by invoice number.
async fn open(desk: &TestTenant) -> BTreeMap<String, i64> {
    let items = stripe_matter(desk).await["due_items"].as_array().unwrap().clone();
    items.iter().map(|item| (item["number"].as_str().unwrap().to_owned(), item["open_minor"].as_i64().unwrap())).collect()
}

async fn applied(desk: &TestTenant, kind: &str, object: &Value) {
    let reply = desk.send_stripe(&event(desk, kind, object)).await;
    assert_eq!((reply.status, &reply.body["result"]), (202, &json!("applied")), "{kind}: {}", reply.text);
    // A source's next event comes at least a second later.
    desk.advance("PT1S").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_recorded_objects_tell_one_invoice_from_its_issue_to_its_end() {
    let desk = TestTenant::at("2026-01-20T08:00:00Z").await;
    applied(&desk, "customer.created", &recorded("customer", &json!({}))).await;
    let known = stripe_matter(&desk).await["customer"].clone();
    assert_eq!((&known["external_id"], &known["name"], &known["contacts"]), (&json!(CUSTOMER), &json!(CUSTOMER), &json!([])));
    let changes = json!({"name": "Acme GmbH", "email": "ap@buyer.example", "phone": "+49 30 12345678", "preferred_locales": ["de-DE"],
        "address": {"country": "DE", "state": "BE", "city": "Berlin", "line1": "Hauptstr. 1", "line2": null, "postal_code": "10115"}});
    applied(&desk, "customer.updated", &recorded("customer", &changes)).await;
    let known = stripe_matter(&desk).await["customer"].clone();
    assert_eq!((&known["name"], &known["country"], &known["region"]), (&json!("Acme GmbH"), &json!("DE"), &json!("BE")));
    assert_eq!(
        (&known["contacts"][0]["email"], &known["contacts"][0]["phone"]),
        (&json!("ap@buyer.example"), &json!("+493012345678"))
    );

    // As recorded, but issued, and due in February.
    let due = json!({"due_date": at("2026-02-04T12:00:00Z").as_second(), "effective_at": at("2026-01-05T12:00:00Z").as_second()});
    let issued = |changes: Value| {
        let mut object = recorded("invoice", &due);
        object["status"] = json!("open");
        for (name, value) in changes.as_object().unwrap() {
            object[name] = value.clone();
        }
        object
    };
    applied(&desk, "invoice.finalized", &issued(json!({}))).await;
    let item = stripe_matter(&desk).await["due_items"][0].clone();
    assert_eq!(
        json!([item["number"], item["currency"], item["total_minor"], item["open_minor"], item["issued_on"], item["due_on"]]),
        json!([INVOICE, "USD", 1000, 1000, "2026-01-05", "2026-02-04"])
    );
    assert_eq!(stripe_matter(&desk).await["customer"]["name"], "Acme GmbH", "an invoice does not rename its customer");
    let open_is = async |minor: i64, what: &str| {
        let expected: BTreeMap<String, i64> = (minor > 0).then(|| (INVOICE.to_owned(), minor)).into_iter().collect();
        assert_eq!(open(&desk).await, expected, "{what}");
    };

    let paid = json!({"invoice": INVOICE, "currency": "usd", "amount_paid": 400, "status": "paid",
        "payment": {"type": "payment_intent", "payment_intent": INTENT}});
    applied(&desk, "invoice_payment.paid", &recorded("invoice_payment", &paid)).await;
    open_is(600, "paid in part").await;
    let intent = json!({"invoice": INVOICE, "amount": 400, "amount_received": 400, "status": "succeeded"});
    applied(&desk, "payment_intent.succeeded", &recorded("payment_intent", &intent)).await;
    open_is(600, "the same money, told a second time").await;

    let refund = |status: &str| recorded("refund", &json!({"payment_intent": INTENT, "status": status}));
    applied(&desk, "refund.created", &refund("pending")).await;
    open_is(700, "100 are on their way back").await;
    applied(&desk, "refund.failed", &refund("failed")).await;
    open_is(600, "and stay").await;

    let dispute = |status: &str| recorded("dispute", &json!({"payment_intent": INTENT, "status": status, "amount": 300}));
    applied(&desk, "charge.dispute.created", &dispute("warning_needs_response")).await;
    open_is(600, "an inquiry takes nothing").await;
    applied(&desk, "charge.dispute.updated", &dispute("needs_response")).await;
    open_is(900, "a chargeback does").await;
    applied(&desk, "charge.dispute.closed", &dispute("won")).await;
    open_is(600, "won").await;

    let credit = |status: &str| {
        let parts =
            json!({"invoice": INVOICE, "amount": 150, "pre_payment_amount": 150, "post_payment_amount": 0, "status": status});
        recorded("credit_note", &parts)
    };
    applied(&desk, "credit_note.created", &credit("issued")).await;
    open_is(450, "credited").await;
    applied(&desk, "credit_note.voided", &credit("void")).await;
    open_is(600, "not credited").await;

    applied(&desk, "invoice.paid", &issued(json!({"status": "paid", "amount_paid": 1000, "amount_remaining": 0}))).await;
    open_is(0, "paid").await;
    applied(&desk, "invoice.updated", &issued(json!({"amount_paid": 400, "amount_remaining": 600}))).await;
    open_is(600, "the newest word counts").await;
    applied(&desk, "invoice.voided", &issued(json!({"status": "void"}))).await;
    open_is(0, "void").await;
    desk.advance("P90D").await;
    assert!(desk.sent().is_empty(), "{:?}", desk.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recorded_credit_note_refund_and_dispute_wait_for_what_they_are_about() {
    let desk = TestTenant::at("2026-01-20T08:00:00Z").await;
    let invoice = recorded("credit_note", &json!({}))["invoice"].clone();
    let charge = recorded("refund", &json!({}))["charge"].clone();
    applied(&desk, "credit_note.created", &recorded("credit_note", &json!({}))).await;
    applied(&desk, "refund.created", &recorded("refund", &json!({}))).await;
    applied(&desk, "charge.dispute.created", &recorded("dispute", &json!({"status": "lost"}))).await;
    desk.admin("GET", &format!("/v1/customers/stripe/{CUSTOMER}"), &Value::Null).await.is(404);
    // 5,000 are asked for, 2,000 were paid by the charge: 1,690 credited, 100 refunded, 1,000 charged back.
    let amounts = json!({"id": invoice, "status": "open", "total": 5_000, "amount_due": 5_000, "amount_paid": 2_000,
        "amount_remaining": 3_000, "charge": charge, "due_date": at("2026-02-04T12:00:00Z").as_second()});
    applied(&desk, "invoice.updated", &recorded("invoice", &amounts)).await;
    let expected = 5_000 - 2_000 + 100 + 1_000 - 1_690;
    assert_eq!(open(&desk).await.into_values().collect::<Vec<_>>(), [expected]);
}
