//! What Stripe may send and nobody can use: kept and named to a person, or refused; never half-applied, and nobody is held up.

use serde_json::{Value, json};
use tests::{
    documents::sign_stripe,
    test_tenant::{TestTenant, at},
};

/// An invoice in euros, due on 4 February 2026, with changes.
fn invoice(id: &str, changes: &Value) -> Value {
    let mut object = json!({
        "id": format!("in_{id}"), "object": "invoice", "customer": format!("cus_{id}"), "customer_name": format!("Firma {id}"),
        "customer_email": format!("{}@buyer.example", id.to_lowercase()), "customer_address": {"country": "DE", "state": "BE"},
        "number": format!("F-{id}"), "status": "open", "collection_method": "send_invoice", "currency": "eur",
        "total": 125_000, "amount_due": 125_000, "amount_paid": 0, "amount_remaining": 125_000,
        "pre_payment_credit_notes_amount": 0, "created": at("2026-01-05T12:00:00Z").as_second(),
        "due_date": at("2026-02-04T12:00:00Z").as_second(), "effective_at": at("2026-01-05T12:00:00Z").as_second(),
    });
    for (name, value) in changes.as_object().into_iter().flatten() {
        object[name] = value.clone();
    }
    object
}

fn event(desk: &TestTenant, kind: &str, object: &Value) -> Value {
    json!({"id": desk.fresh_id(), "object": "event", "api_version": "2024-10-28.acacia", "created": desk.second(), "type": kind,
        "data": {"object": object}})
}

/// The customer of what was bad is not there, and a good one is chased beside it.
async fn others_go_on(desk: &TestTenant) {
    desk.send_stripe(&event(desk, "invoice.finalized", &invoice("GOOD", &json!({})))).await.is(202);
    desk.end_of("2026-02-06").await;
    let to: Vec<String> = desk.sent().into_iter().map(|mail| mail.to).collect();
    assert_eq!(to, ["good@buyer.example", "good@buyer.example"]);
    desk.admin("GET", "/v1/customers/stripe/cus_BAD", &Value::Null).await.is(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_becomes_an_exception_that_names_field_and_remedy() {
    let cases = [
        (json!({"amount_due": -1}), "amount_due"),
        (json!({"amount_due": 1250.5}), "amount_due"),
        (json!({"amount_due": "1250"}), "amount_due"),
        (json!({"amount_due": i64::MAX}), "amount_due"),
        (json!({"amount_due": u64::MAX}), "amount_due"),
        (json!({"amount_remaining": -5}), "amount_remaining"),
        (json!({"amount_paid": 0.5}), "amount_paid"),
        (json!({"pre_payment_credit_notes_amount": -5}), "pre_payment_credit_notes_amount"),
        (json!({"currency": "xyz"}), "currency"),
        (json!({"currency": null}), "currency"),
        (json!({"due_date": "2026-02-30"}), "due_date"),
        (json!({"due_date": i64::MAX}), "due_date"),
        (json!({"due_date": -1}), "due_date"),
        // A payment plan has its dates in `amounts_due` and none of its own, whether or not its parts add up.
        (json!({"due_date": null, "amounts_due": [{"amount": 5, "due_date": 1_770_000_000}]}), "due_date"),
        (json!({"status": "exploded"}), "status"),
        (json!({"id": "x".repeat(10_240)}), "id"),
        (json!({"customer": "x".repeat(10_240)}), "customer"),
        (json!({"customer": null}), "customer"),
        (json!({"created": "yesterday"}), "created"),
    ];
    let desk = TestTenant::at("2026-01-20T08:00:00Z").await;
    for (count, (changes, field)) in cases.iter().enumerate() {
        let sent = event(&desk, "invoice.finalized", &invoice("BAD", changes));
        let short: String = changes.to_string().chars().take(80).collect();
        let reply = desk.send_stripe(&sent).await;
        assert_eq!((reply.status, &reply.body["result"]), (202, &json!("parked")), "{short}: {}", reply.text);
        assert_eq!(desk.send_stripe(&sent).await.is(200).body["result"], "duplicate", "{short}");
        let exceptions = desk.exceptions().await;
        assert_eq!(exceptions.len(), count + 1, "{short}: one exception an event");
        let id = sent["id"].as_str().unwrap();
        let own = exceptions.iter().find(|task| task["detail"].as_str().unwrap().contains(id)).unwrap();
        let detail = own["detail"].as_str().unwrap();
        assert!(detail.contains(&format!("/data/object/{field} ")), "{short}: {detail}");
        assert!(detail.contains("Nothing of it was applied") && detail.contains("kept in the bucket"), "{short}: {detail}");
        assert!(detail.len() < 2_000, "{short}: {detail}");
    }
    others_go_on(&desk).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn amounts_that_do_not_add_up_ask_for_what_stripe_collects() {
    let desk = TestTenant::at("2026-01-20T08:00:00Z").await;
    // A due date before the issue, parts that do not add up, and more credit than there is to pay: what remains counts.
    let cases = [
        (json!({"amount_due": 9_000, "amount_paid": 4_000, "amount_remaining": 3_000}), 3_000),
        (json!({"amount_due": 9_000, "amount_remaining": 9_000, "pre_payment_credit_notes_amount": 500_000}), 9_000),
        (json!({"effective_at": at("2026-03-05T12:00:00Z").as_second()}), 125_000),
    ];
    for (n, (changes, open)) in cases.iter().enumerate() {
        let id = format!("{n}");
        desk.send_stripe(&event(&desk, "invoice.finalized", &invoice(&id, changes))).await.is(202);
        let matter = desk.admin("GET", &format!("/v1/customers/stripe/cus_{id}"), &Value::Null).await.is(200).body;
        let item = &matter["due_items"][0];
        assert_eq!(item["open_minor"], *open, "{changes}");
        assert!(item["issued_on"].as_str() <= item["due_on"].as_str(), "{item}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_that_are_no_event_are_refused() {
    let desk = TestTenant::at("2026-01-20T08:00:00Z").await;
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let nested = format!("{{\"id\":\"evt_x\",\"data\":{}1{}}}", "{\"a\":".repeat(100_000), "}".repeat(100_000));
    let large = event(&desk, "invoice.finalized", &invoice("BAD", &json!({"description": "x".repeat(1 << 20)})));
    let cases: [(&str, Vec<u8>, u16); 9] = [
        ("invalid UTF-8", b"{\"id\":\"evt_\xff\"}".to_vec(), 422),
        ("invalid JSON", b"{\"id\":".to_vec(), 422),
        ("nothing", Vec::new(), 422),
        ("an array", b"[]".to_vec(), 422),
        ("an event without an id", b"{\"type\":\"invoice.paid\"}".to_vec(), 422),
        ("an id of 10 KB", format!("{{\"id\":\"{}\"}}", "x".repeat(10_240)).into_bytes(), 422),
        ("100,000 brackets deep", deep.into_bytes(), 422),
        ("100,000 objects deep", nested.into_bytes(), 422),
        ("over 1 MiB", large.to_string().into_bytes(), 413),
    ];
    for (name, body, status) in cases {
        let headers = sign_stripe(&desk.stripe.secret, desk.second(), &body);
        let reply = desk.call("POST", &desk.stripe.path, &headers, &body).await;
        assert_eq!(reply.status, status, "{name}: {}", reply.text);
        assert!(reply.body["type"].as_str().is_some(), "{name}: a problem document");
    }
    assert!(desk.exceptions().await.is_empty());
    others_go_on(&desk).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn valid_json_of_a_wrong_shape_is_kept_for_a_person() {
    let desk = TestTenant::at("2026-01-20T08:00:00Z").await;
    let now = desk.second();
    let cases = [
        (json!({"id": "evt_a", "type": "invoice.paid", "created": now}), "/data"),
        (json!({"id": "evt_b", "type": "invoice.paid", "created": now, "data": []}), "/data"),
        (json!({"id": "evt_c", "type": "invoice.paid", "created": now, "data": {"object": "in_1"}}), "/data/object"),
        (json!({"id": "evt_d", "type": 7, "created": now, "data": {"object": {}}}), "/type"),
        (json!({"id": "evt_e", "type": "invoice.paid", "created": "now", "data": {"object": {}}}), "/created"),
        (json!({"id": "evt_f", "type": "invoice.paid", "created": now, "data": {"object": {}}}), "/data/object/id"),
        (json!({"id": "evt_g", "object": "v2.core.event", "type": "v1.invoice.paid"}), "/object"),
    ];
    for (sent, pointer) in &cases {
        assert_eq!(desk.send_stripe(sent).await.is(202).body["result"], "parked", "{sent}");
        let exceptions = desk.exceptions().await;
        let own = exceptions.iter().find(|task| task["detail"].as_str().unwrap().contains(sent["id"].as_str().unwrap())).unwrap();
        assert!(own["detail"].as_str().unwrap().contains(pointer), "{sent}: {own}");
    }
    others_go_on(&desk).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_not_stripe_is_refused() {
    let desk = TestTenant::at("2026-01-20T08:00:00Z").await;
    let body = event(&desk, "invoice.finalized", &invoice("BAD", &json!({}))).to_string().into_bytes();
    let (now, path) = (desk.second(), desk.stripe.path.clone());
    let signed = |at_s: i64| sign_stripe(&desk.stripe.secret, at_s, &body);
    let mut under_v0 = signed(now);
    under_v0[0].1 = under_v0[0].1.replace("v1=", "v0=");
    let cases = [
        ("another secret", path.clone(), sign_stripe("whsec_other", now, &body), 400),
        ("the canonical secret", path.clone(), sign_stripe(&desk.canonical.secret, now, &body), 400),
        ("no signature", path.clone(), Vec::new(), 400),
        ("only an old scheme", path.clone(), under_v0, 400),
        ("too old", path.clone(), signed(now - 301), 400),
        ("from the future", path.clone(), signed(now + 301), 400),
        ("unknown tenant", "/webhooks/nobody/stripe".to_owned(), signed(now), 404),
        ("unknown source", "/webhooks/acme/stripes".to_owned(), signed(now), 404),
    ];
    for (name, path, headers, status) in cases {
        let reply = desk.call("POST", &path, &headers, &body).await;
        assert_eq!(reply.status, status, "{name}: {}", reply.text);
    }
    others_go_on(&desk).await;
    // Five minutes off is still fresh, and a second signature beside the right one does no harm.
    let body = event(&desk, "invoice.finalized", &invoice("LATE", &json!({}))).to_string().into_bytes();
    let mut headers = sign_stripe(&desk.stripe.secret, desk.second() - 300, &body);
    headers[0].1 = format!("{},v1={},v0=00", headers[0].1, "0".repeat(64));
    desk.call("POST", &path, &headers, &body).await.is(202);
}

#[tokio::test(flavor = "multi_thread")]
async fn names_with_line_breaks_markup_and_template_syntax_are_only_names() {
    let desk = TestTenant::at("2026-01-20T08:00:00Z").await;
    let hostile = json!({
        "customer_name": "<b>{{ 7 * 7 }}</b>\r\nBcc: x@evil.example {% for x in invoices %}",
        "number": "F-1\r\nX: {{ tenant.name }} <img src=x>",
    });
    desk.send_stripe(&event(&desk, "invoice.finalized", &invoice("ODD", &hostile))).await.is(202);
    desk.end_of("2026-02-06").await;
    let sent = desk.sent();
    assert_eq!(sent.len(), 2);
    for mail in sent {
        assert_eq!(mail.to, "odd@buyer.example");
        let (subject, html) = (mail.subject.unwrap(), mail.html.unwrap());
        assert!(!subject.contains(['\r', '\n']) && subject.contains("{{ tenant.name }}"), "{subject}");
        assert!(!html.contains("<b>{{") && !html.contains("<img src=x"), "{html}");
        assert!(!mail.raw.to_string().contains("\\r\\nBcc"), "no header of the buyer's making");
    }
}
