//! Payments, credit notes and customers that are wrong by themselves: refused by field, and nothing of them counts.

use serde_json::{Value, json};
use tests::{
    documents::{customer, invoice, payment},
    test_tenant::TestTenant,
};

/// A good document with one value replaced, under `/payment` or `/credit_note`.
fn with(kind: &str, field: &str, value: &Value) -> Value {
    let mut good = payment("C-1", "P-1", 1, "received", "F-1", 50_000);
    let mut object = good["payment"].take();
    match field.split_once('/') {
        None => object[field] = value.clone(),
        Some((list, name)) => object[list][0][name] = value.clone(),
    }
    json!({"type": format!("{kind}.upserted"), "customer": {"external_id": "C-1"}, kind: object})
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_that_is_wrong_by_itself_is_refused_by_field_and_takes_nothing_off() {
    let allocation = |amount: i64| json!({"invoice_external_id": "F-1", "amount_minor": amount});
    let cases = [
        ("amount_minor", json!(-1), "/amount_minor"),
        ("amount_minor", json!(500.5), "/amount_minor"),
        ("amount_minor", json!(i64::MAX), "/amount_minor"),
        ("amount_minor", json!(u64::MAX), "/amount_minor"),
        ("amount_minor", json!(49_999), "/allocations"),
        ("currency", json!("XXQ"), "/currency"),
        ("currency", json!("eur"), "/currency"),
        ("received_on", json!("2026-02-30"), "/received_on"),
        ("status", json!("lost"), "/status"),
        ("external_id", json!("x".repeat(10_240)), "/external_id"),
        ("source_version", json!(-1.5), "/source_version"),
        ("allocations", json!({"F-1": 50_000}), "/allocations"),
        ("allocations", Value::Array(vec![allocation(1); 1_001]), "/allocations"),
        ("allocations/amount_minor", json!(-5), "/allocations/0/amount_minor"),
        ("allocations/amount_minor", json!(0), "/allocations/0/amount_minor"),
        ("allocations/invoice_external_id", json!("x".repeat(10_240)), "/allocations/0/invoice_external_id"),
        ("allocations/invoice_external_id", json!(null), "/allocations/0/invoice_external_id"),
    ];
    let desk = TestTenant::at("2026-01-20T08:00:00Z").await;
    desk.put(&invoice(&customer("C-1"), "F-1", 125_000, "2026-02-04")).await;
    for kind in ["payment", "credit_note"] {
        for (field, value, pointer) in &cases {
            let short: String = value.to_string().chars().take(60).collect();
            let reply = desk.send(&with(kind, field, value)).await;
            assert_eq!(reply.status, 422, "{kind} {field} {short}: {}", reply.text);
            let expected = format!("/{kind}{pointer}");
            assert!(reply.pointers().iter().any(|at| at.starts_with(&expected)), "{expected} {short}: {:?}", reply.pointers());
        }
    }
    let mut strange = with("payment", "status", &json!("received"));
    strange["customer"] = json!({"external_id": "x".repeat(10_240)});
    assert_eq!(desk.send(&strange).await.is(422).pointers(), ["/customer/external_id"]);
    assert_eq!(desk.matter("C-1").await["due_items"][0]["open_minor"], 125_000, "none of them counts");
    assert!(desk.exceptions().await.is_empty());
    // Corrected, under the same id of its own, it does.
    desk.put(&with("payment", "status", &json!("received"))).await;
    assert_eq!(desk.matter("C-1").await["due_items"][0]["open_minor"], 75_000);
    desk.end_of("2026-02-06").await;
    assert_eq!(desk.log(), ["2026-01-30 email heads-up", "2026-02-05 email reminder"]);
    assert!(desk.sent().iter().all(|mail| mail.text.as_deref().unwrap().contains("750,00")));
}

#[tokio::test(flavor = "multi_thread")]
async fn more_credit_than_the_invoice_has_never_asks_for_less_than_nothing() {
    let desk = TestTenant::at("2026-01-20T08:00:00Z").await;
    desk.put(&invoice(&customer("C-1"), "F-1", 125_000, "2026-02-04")).await;
    desk.put(&invoice(&customer("C-1"), "F-2", 50_000, "2026-02-04")).await;
    let mut note = with("credit_note", "amount_minor", &json!(200_000));
    note["credit_note"]["allocations"][0]["amount_minor"] = json!(200_000);
    desk.put(&note).await;
    let matter = desk.matter("C-1").await;
    let open: Vec<(&Value, &Value)> =
        matter["due_items"].as_array().unwrap().iter().map(|item| (&item["number"], &item["open_minor"])).collect();
    assert_eq!(open, [(&json!("F-2"), &json!(50_000))], "the rest of the note is not a debt of ours in disguise");
    desk.end_of("2026-02-06").await;
    let cases = desk.matter("C-1").await["cases"].as_array().unwrap().clone();
    assert!(!cases.is_empty() && cases.iter().all(|case| case["due_now_minor"].as_i64().unwrap() >= 0), "{cases:?}");
    for mail in desk.sent() {
        let text = mail.text.unwrap();
        assert!(!text.contains("F-1"), "{text}");
    }
    // The invoice's own document never says so: a person is told by how much, and what to do.
    let exceptions = desk.exceptions().await;
    let own = exceptions.iter().find(|task| task["kind"] == "money_in_flight").expect("a visible exception");
    assert!(own["detail"].as_str().unwrap().contains("200000 minor units"), "{own}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_that_is_wrong_by_itself_changes_nothing() {
    let desk = TestTenant::at("2026-01-20T08:00:00Z").await;
    desk.put(&invoice(&customer("C-1"), "F-1", 125_000, "2026-02-04")).await;
    let before = desk.matter("C-1").await["customer"].clone();
    for (pointer, value) in [
        ("/customer/name", json!("")),
        ("/customer/name", json!("x".repeat(10_240))),
        ("/customer/kind", json!("castle")),
        ("/customer/language", json!("German")),
        ("/customer/region", json!("BE BE BE")),
        ("/customer/contacts", json!("ap@buyer.example")),
        ("/customer/contacts/0/email", json!("a@b.example\r\nBcc: x@evil.example")),
        ("/customer/contacts/0/email", json!("a@b.example, c@d.example")),
        ("/customer/contacts/0/phone", json!("030 12345")),
        ("/customer/contacts/0/roles", json!(["emperor"])),
        ("/customer/contacts/0/consents", json!(["telegraph"])),
        ("/customer/contacts", Value::Array(vec![json!({"name": "A"}); 101])),
    ] {
        let mut changed = customer("C-1");
        changed["source_version"] = json!(2);
        let own = pointer.strip_prefix("/customer").unwrap();
        let (parent, name) = own.rsplit_once('/').unwrap();
        changed.pointer_mut(parent).unwrap()[name] = value.clone();
        let reply = desk.send(&json!({"type": "customer.upserted", "customer": changed})).await;
        let short: String = value.to_string().chars().take(60).collect();
        assert_eq!(reply.status, 422, "{pointer} {short}: {}", reply.text);
        assert!(reply.pointers().iter().any(|at| at.starts_with(pointer)), "{pointer} {short}: {:?}", reply.pointers());
    }
    assert_eq!(desk.matter("C-1").await["customer"], before);
}
