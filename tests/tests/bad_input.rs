//! Bad input over HTTP: the documented answer, the field named, nothing lost, nobody held up.

use crate::lists::items;
use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Value, json};
use store::inspect::Item;
use tests::{
    documents::{changed, customer, invoice, payment, sign_canonical},
    test_tenant::{Reply, TestTenant},
};

fn good(id: &str) -> Value {
    invoice(&customer(id), &format!("F-{id}"), 125_000, "2026-02-04")
}

/// A good document with one value replaced.
fn with(pointer: &str, value: Value) -> Value {
    let mut document = good("C-BAD");
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    let parent = document.pointer_mut(parent).unwrap();
    match name.parse::<usize>() {
        Ok(index) => parent[index] = value,
        Err(_) => parent[name] = value,
    }
    document
}

/// Nothing of what was refused is there, and a good customer is chased beside it.
async fn others_go_on(desk: &TestTenant) {
    desk.put(&good("C-GOOD")).await;
    desk.end_of("2026-02-06").await;
    let to: Vec<String> = desk.sent().into_iter().map(|mail| mail.to).collect();
    assert_eq!(to, ["c-good@buyer.example", "c-good@buyer.example"]);
    desk.admin("GET", "/v1/customers/canonical/C-BAD", &Value::Null).await.is(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_that_is_wrong_by_itself_is_refused_by_field() {
    let instalments =
        |count: usize, amount: i64| Value::Array(vec![json!({"due_on": "2026-02-04", "amount_minor": amount}); count]);
    let cases = [
        ("/invoice/total_minor", json!(-1)),
        ("/invoice/total_minor", json!(1250.5)),
        ("/invoice/total_minor", json!(i64::MAX)),
        ("/invoice/total_minor", json!(u64::MAX)),
        ("/invoice/total_minor", json!("1250")),
        ("/invoice/total_minor", json!(1250.0)),
        ("/invoice/total_minor", json!(1_000_000_000_000_001_i64)),
        ("/invoice/total_minor", json!(null)),
        ("/invoice/paid_minor", json!(-1)),
        ("/invoice/credited_minor", json!(125_001)),
        ("/invoice/currency", json!("XXQ")),
        ("/invoice/issued_on", json!("2026-02-30")),
        ("/invoice/issued_on", json!("1969-12-31")),
        ("/invoice/due_on", json!("2025-02-29")),
        ("/invoice/due_on", json!("2200-01-01")),
        ("/invoice/due_on", json!("2026-02-04T00:00:00Z")),
        ("/invoice/due_on", json!("2026-13-01")),
        ("/invoice/due_on", json!("2025-01-01")),
        ("/invoice/external_id", json!("x".repeat(10_240))),
        ("/invoice/external_id", json!("")),
        ("/invoice/status", json!("paid")),
        ("/invoice/instalments", instalments(10_000, 1)),
        ("/invoice/instalments", instalments(2, 50_000)),
        ("/invoice/instalments", instalments(121, 1)),
        (
            "/invoice/instalments",
            json!([{"due_on": "2026-02-04", "amount_minor": -5}, {"due_on": "2026-02-05", "amount_minor": 125_005}]),
        ),
        ("/invoice/instalments", json!([{"due_on": "2026-01-04", "amount_minor": 125_000}])),
        ("/invoice/instalments", json!([{"due_on": "2026-02-31", "amount_minor": 125_000}])),
        ("/invoice/instalments", json!([{"due_on": "2026-02-04"}])),
        ("/customer/external_id", json!("x".repeat(10_240))),
        ("/customer/country", json!("XX")),
        ("/customer/time_zone", json!("Mars/Olympus")),
        ("/customer/contacts/0/email", json!("no address")),
        ("/type", json!("invoice.exploded")),
        ("/customer", json!("C-BAD")),
        ("/invoice", json!([])),
    ];
    let desk = TestTenant::at("2026-01-20T08:00:00Z").await;
    for (pointer, value) in cases {
        let reply = desk.send(&with(pointer, value.clone())).await;
        let short: String = value.to_string().chars().take(60).collect();
        assert_eq!(reply.status, 422, "{pointer} {short}: {}", reply.text);
        let named = reply.pointers();
        assert!(named.iter().any(|at| at.starts_with(pointer)), "{pointer} {short}: {named:?}");
        assert!(reply.body["errors"][0]["detail"].as_str().is_some_and(|detail| !detail.is_empty()));
    }
    let mut several = with("/invoice/total_minor", json!(-1));
    several["customer"]["country"] = json!("XX");
    several["invoice"]["due_on"] = json!("2026-02-31");
    let named = desk.send(&several).await.is(422).pointers();
    for pointer in ["/customer/country", "/invoice/total_minor", "/invoice/due_on"] {
        assert!(named.iter().any(|at| at == pointer), "all at once: {named:?}");
    }
    others_go_on(&desk).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_that_are_no_document_are_refused() {
    let desk = TestTenant::at("2026-01-20T08:00:00Z").await;
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let nested =
        format!("{{\"type\":\"invoice.upserted\",\"x\":{}{}}}", "{\"a\":".repeat(100_000), "1".to_owned() + &"}".repeat(100_000));
    let twice = good("C-BAD").to_string().replacen("\"type\":", "\"type\":\"source.heartbeat\",\"type\":", 1);
    let mut large = good("C-BAD");
    large["padding"] = json!("x".repeat(1 << 20));
    let cases: [(&str, Vec<u8>, u16); 9] = [
        ("invalid UTF-8", b"{\"type\":\"\xff\xfe\"}".to_vec(), 422),
        ("invalid JSON", b"{\"type\":".to_vec(), 422),
        ("nothing", Vec::new(), 422),
        ("an array", b"[]".to_vec(), 422),
        ("a number", b"7".to_vec(), 422),
        ("100,000 brackets deep", deep.into_bytes(), 422),
        ("100,000 objects deep", nested.into_bytes(), 422),
        ("a key twice", twice.into_bytes(), 422),
        ("over 1 MiB", large.to_string().into_bytes(), 413),
    ];
    for (name, body, status) in cases {
        let reply = desk.send_bytes(&body).await;
        assert_eq!(reply.status, status, "{name}: {}", reply.text);
        assert!(reply.body["type"].as_str().is_some(), "{name}: a problem document");
    }
    others_go_on(&desk).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_not_the_source_is_refused() {
    let desk = TestTenant::at("2026-01-20T08:00:00Z").await;
    let body = good("C-BAD").to_string().into_bytes();
    let now = desk.second();
    let signed = |at_s: i64| sign_canonical(&desk.canonical.secret, "evt_x", at_s, &body);
    let under = |id: String| sign_canonical(&desk.canonical.secret, &id, now, &body);
    let without = |name: &str| signed(now).into_iter().filter(|header| header.0 != name).collect::<Vec<_>>();
    let other = sign_canonical("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD", "evt_x", now, &body);
    let path = desk.canonical.path.clone();
    let cases = [
        ("another secret", path.clone(), other, 401),
        ("no signature", path.clone(), without("webhook-signature"), 401),
        ("no timestamp", path.clone(), without("webhook-timestamp"), 401),
        ("no id", path.clone(), without("webhook-id"), 401),
        ("nothing at all", path.clone(), Vec::new(), 401),
        ("an id of 129 bytes", path.clone(), under("x".repeat(129)), 422),
        ("an id of 9 KB", path.clone(), under("x".repeat(9_000)), 422),
        ("too old", path.clone(), signed(now - 301), 401),
        ("from the future", path.clone(), signed(now + 301), 401),
        ("unknown tenant", "/webhooks/nobody/canonical".to_owned(), signed(now), 404),
        ("unknown source", "/webhooks/acme/sap".to_owned(), signed(now), 404),
        ("a tenant of 10 KB", format!("/webhooks/{}/canonical", "x".repeat(8_000)), signed(now), 404),
    ];
    for (name, path, headers, status) in cases {
        let reply = desk.call("POST", &path, &headers, &body).await;
        assert_eq!(reply.status, status, "{name}: {}", reply.text);
    }
    for at_s in [now - 299, now + 299] {
        let reply = desk
            .call(
                "POST",
                &path,
                &sign_canonical(&desk.canonical.secret, &desk.fresh_id(), at_s, b"{\"type\":\"source.heartbeat\"}"),
                b"{\"type\":\"source.heartbeat\"}",
            )
            .await;
        assert!((200..300).contains(&reply.status), "{}", reply.text);
    }
    others_go_on(&desk).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_needs_other_facts_is_kept_for_a_person() {
    let desk = TestTenant::at("2026-01-20T08:00:00Z").await;
    let nobody = json!({"external_id": "C-NOBODY"});
    desk.send(&payment("C-NOBODY", "P-1", 1, "received", "F-1", 100)).await.is(202);
    desk.send(&invoice(&nobody, "F-1", 100, "2026-02-04")).await.is(202);
    others_go_on(&desk).await;
    let kinds: Vec<Value> = desk.exceptions().await.iter().map(|task| task["kind"].clone()).collect();
    assert!(kinds.contains(&json!("money_in_flight")), "money that no document of its invoice shows: {kinds:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn names_with_line_breaks_markup_and_template_syntax_are_only_names() {
    let desk = TestTenant::at("2026-01-20T08:00:00Z").await;
    let mut document = good("C-1");
    document["customer"]["name"] = json!("<b>{{ 7 * 7 }}</b>\r\nBcc: x@evil.example");
    document["customer"]["contacts"][0]["name"] =
        json!("{% for x in invoices %}\r\nBcc: y@evil.example <script>alert(1)</script>");
    document["invoice"]["number"] = json!("F-1\r\nX: {{ tenant.name }} <img src=x>");
    desk.put(&document).await;
    desk.end_of("2026-02-06").await;
    assert_eq!(desk.log().len(), 2);
    for mail in desk.sent() {
        assert_eq!(mail.to, "c-1@buyer.example");
        let (subject, html) = (mail.subject.unwrap(), mail.html.unwrap());
        assert!(!subject.contains(['\r', '\n']) && subject.contains("{{ tenant.name }}"), "{subject}");
        assert!(!html.contains("<script") && !html.contains("<img src=x") && html.contains("{% for x in invoices %}"), "{html}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn templates_and_conditions_that_cannot_be_right_are_refused_with_pointers() {
    let desk = TestTenant::at("2026-01-20T08:00:00Z").await;
    let many = "{% for a in invoices %}{% for b in invoices %}{% for c in invoices %}x{% endfor %}{% endfor %}{% endfor %}";
    for (field, body) in [
        ("/body", "{% for x in range(1000000000) %}x{% endfor %}"),
        ("/body", many),
        ("/body", "Hello {{ nobody.name }}"),
        ("/body", "Hello {{ contact.shoe_size }}"),
        ("/body", "{{ invoices[1].number }}"),
        ("/body", "{% include 'reminder' %}"),
        ("/body", "{{ unfinished"),
    ] {
        let reply = desk.admin("PUT", "/v1/templates/reminder/de/email", &json!({"subject": "S", "body": body})).await.is(422);
        assert!(reply.pointers().iter().any(|at| at == field), "{body}: {}", reply.text);
    }
    let workflow = |pointer: &str, condition: &str| {
        let mut workflow = json!({
            "id": "zz-own", "name": "Own", "scope": "customer",
            "steps": [
                {"id": "reminder", "at": {"anchor": "due_date", "offset": "P1D"},
                 "action": {"send": {"channels": ["email"], "template": "reminder", "to": ["billing"]}}},
                {"id": "review", "at": {"anchor": "due_date", "offset": "P9D"}, "action": {"task": {"title": "Call"}}},
            ],
        });
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        workflow.pointer_mut(parent).unwrap()[name] = json!(condition);
        workflow
    };
    let deep = format!("{}true{}", "(".repeat(10_000), ")".repeat(10_000));
    let long = "true && ".repeat(100_000) + "true";
    for (pointer, condition) in [
        ("/applies_when", "customer.shoe_size > 4"),
        ("/applies_when", "exposure.open_minor > 'much'"),
        ("/applies_when", "1"),
        ("/applies_when", "["),
        ("/applies_when", "[1,2,3].all(x, [1,2,3].all(y, x > y))"),
        ("/applies_when", deep.as_str()),
        ("/applies_when", long.as_str()),
        ("/exit_when", "history.replied_since('nowhere')"),
        ("/steps/0/when", "invoice.total_minor / 0 > 1"),
    ] {
        let reply: Reply = desk.admin("PUT", "/v1/workflows/zz-own", &workflow(pointer, condition)).await;
        let short: String = condition.chars().take(60).collect();
        assert_eq!(reply.status, 422, "{short}: {}", reply.text);
        assert!(reply.pointers().iter().any(|at| at == pointer), "{short}: {}", reply.text);
    }
    desk.admin("PUT", "/v1/workflows/zz-own", &workflow("/applies_when", "exposure.open_minor > 5000")).await.is(200);
    others_go_on(&desk).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_version_changes_nothing() {
    let desk = TestTenant::at("2026-01-20T08:00:00Z").await;
    let document = good("C-1");
    desk.put(&changed(&document, 5, &json!({"paid_minor": 125_000}))).await;
    assert_eq!(desk.send(&document).await.is(200).body["result"], "stale");
    desk.end_of("2026-02-06").await;
    assert_eq!(desk.log(), Vec::<String>::new());
}

/// The items of a customer whose sort keys begin so.
async fn items_of(desk: &TestTenant, customer: &str, kind: &str) -> Vec<Item> {
    let id = desk.matter(customer).await["customer"]["id"].as_str().unwrap().to_owned();
    items(&desk.stack).into_iter().filter(|item| item.pk().contains(&id) && item.sk().starts_with(kind)).collect()
}

/// Whether one of these items says a text.
fn say(items: &[Item], text: &str) -> bool {
    let says = |value: &AttributeValue| value.as_s().is_ok_and(|own| own.contains(text));
    items.iter().any(|item| item.attributes().values().any(says))
}

/// Replaces a text within the items of a customer whose sort keys begin so, as a later release might have written it.
async fn rewrite(desk: &TestTenant, customer: &str, kind: &str, (from, to): (&str, &str)) {
    let db = aws_sdk_dynamodb::Client::new(&desk.stack.clients().sdk);
    let table = desk.stack.world().template.tables.iter().find(|table| table.has_stream).unwrap().name.clone();
    let mut written = 0;
    for item in items_of(desk, customer, kind).await {
        let mut attributes = item.attributes().clone();
        for value in attributes.values_mut() {
            let AttributeValue::S(text) = value else { continue };
            written += usize::from(text.contains(from));
            *text = text.replace(from, to);
        }
        db.put_item().table_name(&table).set_item(Some(attributes)).send().await.unwrap();
    }
    assert!(written > 0, "nothing of {customer} at {kind} says {from}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_read_holds_up_its_own_customer_and_a_person_is_told() {
    // A text where an amount is, and a case of two parts.
    let forms = [("INV#", ("\"total_minor\":125000", "\"total_minor\":\"much\"")), ("HEAD", ("[[", "[[\"case_of_2031\",1],["))];
    for (kind, words) in forms {
        let desk = TestTenant::at("2026-01-20T08:00:00Z").await;
        desk.put(&good("C-LATER")).await;
        desk.advance("PT5M").await;
        rewrite(&desk, "C-LATER", kind, words).await;
        desk.put(&good("C-GOOD")).await;
        desk.end_of("2026-01-31").await;
        let to: Vec<String> = desk.sent().into_iter().map(|mail| mail.to).collect();
        assert_eq!(to, ["c-good@buyer.example"], "{kind}");
        let told: Vec<Value> = desk.exceptions().await.into_iter().filter(|task| task["kind"] == "failing").collect();
        assert!(!told.is_empty() && told[0]["detail"].as_str().unwrap().contains("does not read"), "{kind}: {told:?}");
    }
}

/// Where each word of a later release stands, as it is stored.
const LATER_WORDS: [(&str, &str, &str); 2] =
    [("INV#", "\"status\":\"open\"", "\"status\":\"on_loan\""), ("HEAD", "\"open\"", "\"resting\"")];

#[tokio::test(flavor = "multi_thread")]
async fn a_word_of_a_later_release_keeps_its_customer_back_and_nothing_is_lost() {
    for (kind, known, later) in LATER_WORDS {
        let desk = TestTenant::at("2026-01-20T08:00:00Z").await;
        desk.put(&good("C-LATER")).await;
        desk.advance("PT5M").await;
        rewrite(&desk, "C-LATER", kind, (known, later)).await;
        desk.put(&good("C-GOOD")).await;
        desk.end_of("2026-01-31").await;
        let to: Vec<String> = desk.sent().into_iter().map(|mail| mail.to).collect();
        assert_eq!(to, ["c-good@buyer.example"], "{kind}");
        let failing = desk.tasks("failing").await;
        assert!(failing.is_empty(), "{kind}: it does read: {failing:?}");
        assert!(say(&items_of(&desk, "C-LATER", kind).await, later), "{kind}: the word stays as it was");
        let matter = desk.matter("C-LATER").await;
        assert_eq!((&matter["due_items_count"], &matter["due_items"][0]["open_minor"]), (&json!(1), &json!(125_000)), "{kind}");
        // The next document says a word that is known.
        desk.put(&changed(&good("C-LATER"), 2, &json!({}))).await;
        desk.end_of("2026-02-06").await;
        let chased = desk.sent().iter().any(|mail| mail.to == "c-later@buyer.example");
        let (of_head, matter) = (items_of(&desk, "C-LATER", "HEAD").await, desk.matter("C-LATER").await);
        if kind == "HEAD" {
            // Of a case only the release that knows its state can tell when it goes on.
            assert!(!chased && say(&of_head, later), "{of_head:?}");
            assert_eq!((&matter["cases"][0]["state"], &matter["cases"][0]["waiting"]), (&json!("waiting"), &json!("resting")));
        } else {
            assert!(chased && !say(&items_of(&desk, "C-LATER", kind).await, later), "{matter}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whom_an_invoice_is_for_need_not_be_known() {
    let desk = TestTenant::at("2026-01-20T08:00:00Z").await;
    let mut document = good("C-1");
    document["invoice"]["for_external_id"] = json!("NOBODY");
    document["invoice"]["for_name"] = json!("Nobody Ltd");
    desk.put(&document).await;
    desk.end_of("2026-02-06").await;
    assert_eq!(desk.log().len(), 2, "it is owed by whom it is billed to: {:?}", desk.log());
    desk.admin("GET", "/v1/customers/canonical/NOBODY", &Value::Null).await.is(404);
    // Owed by somebody nobody described, it is kept, and nobody is written to.
    desk.put(&invoice(&json!({"external_id": "C-2"}), "F-2", 100, "2026-02-04")).await;
    desk.end_of("2026-02-28").await;
    let matter = desk.matter("C-2").await;
    assert_eq!((&matter["due_items_count"], &matter["customer"]["name"]), (&json!(1), &json!("C-2")), "{matter}");
    assert!(desk.sent().iter().all(|mail| mail.to == "c-1@buyer.example"));
    assert!(desk.exceptions().await.iter().any(|task| task["kind"] == "unreachable"), "a person is told");
}
