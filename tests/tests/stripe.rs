//! Stripe's recorded objects and signatures over the real HTTP path.

use serde_json::{Value, json};
use tests::{
    documents::{sign_canonical, sign_stripe},
    faults::judge::open_table,
    test_tenant::{TENANT, TestTenant, at},
};

fn file(name: &str) -> Value {
    let path = format!("{}/../shared/connectors/fixtures/{name}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_slice(&std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"))).unwrap()
}

fn event(desk: &TestTenant, kind: &str, object: &Value) -> Value {
    json!({
        "id": desk.fresh_id(), "object": "event", "api_version": "2024-10-28.acacia", "created": desk.second(), "livemode": false,
        "type": kind, "data": {"object": object},
    })
}

/// The recorded object with changes.
fn recorded(name: &str, changes: &Value) -> Value {
    let mut object = file(&format!("stripe/{name}"));
    for (name, value) in changes.as_object().into_iter().flatten() {
        object[name] = value.clone();
    }
    object
}

/// The recorded invoice as it is once it is issued to somebody, due on 4 February 2026.
fn issued(changes: &Value) -> Value {
    let mut object = recorded(
        "invoice",
        &json!({
            "status": "open", "number": "F-1", "customer_name": "Acme GmbH", "customer_email": "ap@buyer.example",
            "customer_address": {"country": "DE", "state": null}, "collection_method": "send_invoice", "currency": "eur",
            "total": 125_000, "amount_due": 125_000, "amount_paid": 0, "amount_remaining": 125_000,
            "due_date": at("2026-02-04T12:00:00Z").as_second(), "effective_at": at("2026-01-05T12:00:00Z").as_second(),
        }),
    );
    for (name, value) in changes.as_object().into_iter().flatten() {
        object[name] = value.clone();
    }
    object
}

#[tokio::test(flavor = "multi_thread")]
async fn the_signature_vectors_pass_and_one_changed_byte_does_not() {
    let vectors = file("vectors/signatures");
    let vector = vectors.as_array().unwrap().iter().find(|vector| vector["system"] == "stripe").unwrap().clone();
    let text = |name: &str| vector[name].as_str().unwrap().to_owned();
    let start = jiff::Timestamp::from_second(vector["timestamp"].as_i64().unwrap()).unwrap().to_string();
    let desk = TestTenant::at(&start).await;
    desk.admin("PUT", "/v1/connections/stripe", &json!({"secret": text("secret")})).await.is(200);
    let (body, signature) = (text("body"), text("expected"));
    let post = async |signature: &str, body: &[u8]| {
        desk.call("POST", &format!("/webhooks/{TENANT}/stripe"), &[("stripe-signature".to_owned(), signature.to_owned())], body)
            .await
    };
    // The signature holds; the event has neither a type nor an object, which a person is told.
    assert_eq!(post(&signature, body.as_bytes()).await.is(202).body["result"], "parked");
    let exceptions = desk.exceptions().await;
    assert_eq!(exceptions.len(), 1);
    let detail = exceptions[0]["detail"].as_str().unwrap();
    assert!(["evt_test", "/type", "/created", "/data"].iter().all(|word| detail.contains(word)), "{detail}");
    // Every single byte of the body.
    for n in 0..body.len() {
        let mut bytes = body.clone().into_bytes();
        bytes[n] ^= 1;
        post(&signature, &bytes).await.is(400);
    }
    // Every digit of the timestamp and of the signature.
    for (n, byte) in signature.bytes().enumerate().filter(|(n, byte)| byte.is_ascii_hexdigit() && !matches!(n, 13..=16)) {
        let mut bytes = signature.clone().into_bytes();
        bytes[n] = if byte == b'0' { b'1' } else { b'0' };
        post(&String::from_utf8(bytes).unwrap(), body.as_bytes()).await.is(400);
    }
    for headers in ["", "t=1614556800", "v1=00", "nonsense"] {
        post(headers, body.as_bytes()).await.is(400);
    }
    desk.call("POST", &format!("/webhooks/{TENANT}/stripe"), &[], body.as_bytes()).await.is(400);
    // The same bytes are stale five minutes later, and fresh ones are not.
    desk.advance("PT5M1S").await;
    post(&signature, body.as_bytes()).await.is(400);
    let fresh = sign_stripe(&text("secret"), desk.second(), body.as_bytes());
    assert_eq!(post(&fresh[0].1, body.as_bytes()).await.is(200).body["result"], "duplicate");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_vector_of_standard_webhooks_passes_and_one_changed_byte_does_not() {
    let vectors = file("vectors/signatures");
    let vector = vectors.as_array().unwrap().iter().find(|vector| vector["system"] == "standard-webhooks").unwrap().clone();
    let header = |name: &str| vector["headers"][name].as_str().unwrap().to_owned();
    let second: i64 = header("webhook-timestamp").parse().unwrap();
    let desk = TestTenant::at(&jiff::Timestamp::from_second(second).unwrap().to_string()).await;
    // A canonical secret is made here and cannot be given; the vector's is put beside the API.
    let tenant = domain::TenantId::parse(TENANT).unwrap();
    let kms = aws_sdk_kms::Client::new(&desk.stack.clients().sdk);
    let vault = store::Vault::new(kms, open_table(&desk.stack).await.unwrap(), None);
    let secret = vector["secret"].as_str().unwrap().as_bytes();
    vault.put_connection(&tenant, "canonical", secret, &json!({}), None, None).await.unwrap();
    let good = [
        ("webhook-id".to_owned(), header("webhook-id")),
        ("webhook-timestamp".to_owned(), header("webhook-timestamp")),
        ("webhook-signature".to_owned(), vector["expected"].as_str().unwrap().to_owned()),
    ];
    let body = vector["body"].as_str().unwrap().as_bytes();
    let post = async |headers: &[(String, String)], body: &[u8]| desk.call("POST", &desk.canonical.path, headers, body).await;
    // The signature holds; the body is no document of ours, and the answer says what is missing.
    assert_eq!(post(&good, body).await.is(422).pointers(), ["/type"]);
    for n in 0..body.len() {
        let mut bytes = body.to_vec();
        bytes[n] ^= 1;
        post(&good, &bytes).await.is(401);
    }
    for header in 0..good.len() {
        // The padding of base64 says nothing but must be there.
        for n in 0..good[header].1.len() {
            let mut headers = good.clone();
            let mut text = headers[header].1.clone().into_bytes();
            text[n] = if text[n] == b'1' { b'2' } else { b'1' };
            headers[header].1 = String::from_utf8(text).unwrap();
            assert_eq!(post(&headers, body).await.status, 401, "character {n} of {}", good[header].1);
        }
    }
    desk.advance("PT5M1S").await;
    post(&good, body).await.is(401);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_changed_byte_of_a_canonical_delivery_is_refused() {
    let desk = TestTenant::at("2026-01-20T08:00:00Z").await;
    let body = b"{\"type\":\"source.heartbeat\"}";
    let good = sign_canonical(&desk.canonical.secret, "evt_1", desk.second(), body);
    let path = desk.canonical.path.clone();
    for n in 0..body.len() {
        let mut bytes = body.to_vec();
        bytes[n] ^= 1;
        desk.call("POST", &path, &good, &bytes).await.is(401);
    }
    for header in 0..3 {
        let from = if header == 2 { "v1,".len() } else { 0 };
        // The last character of a digest in base64 has bits that say nothing.
        let to = good[header].1.trim_end_matches('=').len() - usize::from(header == 2);
        for n in from..to {
            let mut headers = good.clone();
            let mut bytes = headers[header].1.clone().into_bytes();
            bytes[n] = if bytes[n] == b'1' { b'2' } else { b'1' };
            headers[header].1 = String::from_utf8(bytes).unwrap();
            desk.call("POST", &path, &headers, body).await.is(401);
        }
    }
    assert!((200..300).contains(&desk.call("POST", &path, &good, body).await.status));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_finalized_invoice_is_chased_until_it_is_paid_and_again_once_disputed() {
    let desk =
        TestTenant::with("2026-01-20T08:00:00Z", json!({"after_refund": domain::settings::AfterRefund::Chase}), None).await;
    desk.send_stripe(&event(&desk, "invoice.finalized", &issued(&json!({})))).await.is(202);
    desk.end_of("2026-02-06").await;
    assert_eq!(desk.log(), ["2026-01-30 email heads-up", "2026-02-05 email reminder"]);
    assert_eq!(desk.sent()[1].to, "ap@buyer.example");
    let paid = issued(&json!({
        "status": "paid", "amount_paid": 125_000, "amount_remaining": 0, "payment_intent": "pi_1", "paid_out_of_band": false,
    }));
    desk.send_stripe(&event(&desk, "invoice.paid", &paid)).await.is(202);
    desk.end_of("2026-02-16").await;
    assert_eq!(desk.log().len(), 2, "paid");
    let dispute = recorded(
        "dispute",
        &json!({"status": "needs_response", "currency": "eur", "amount": 125_000, "payment_intent": "pi_1", "charge": "ch_1"}),
    );
    desk.send_stripe(&event(&desk, "charge.dispute.created", &dispute)).await.is(202);
    desk.end_of("2026-02-18").await;
    assert_eq!(desk.log()[2..], ["2026-02-17 email nudge"], "the next rung, not the ladder anew");
    let won = recorded(
        "dispute",
        &json!({"status": "won", "currency": "eur", "amount": 125_000, "payment_intent": "pi_1", "charge": "ch_1"}),
    );
    desk.send_stripe(&event(&desk, "charge.dispute.closed", &won)).await.is(202);
    desk.end_of("2026-04-30").await;
    assert_eq!(desk.log().len(), 3, "won: the money is back");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_refunded_or_charged_back_without_a_credit_note_is_looked_at_by_a_person_before_it_is_chased() {
    let refund = |status: &str, amount: i64| {
        let changes = json!({"status": status, "currency": "eur", "amount": amount, "payment_intent": "pi_1", "charge": "ch_1"});
        ("refund.created", "refund.failed", recorded("refund", &changes))
    };
    let dispute = |status: &str, amount: i64| {
        let changes = json!({"status": status, "currency": "eur", "amount": amount, "payment_intent": "pi_1", "charge": "ch_1"});
        ("charge.dispute.created", "charge.dispute.closed", recorded("dispute", &changes))
    };
    for (taken, given_back, open) in [
        (refund("succeeded", 125_000), refund("failed", 125_000), 125_000),
        (refund("succeeded", 62_500), refund("failed", 62_500), 62_500),
        (dispute("needs_response", 125_000), dispute("won", 125_000), 125_000),
        (dispute("lost", 125_000), dispute("won", 125_000), 125_000),
    ] {
        for released in [false, true] {
            let desk = TestTenant::at("2026-01-20T08:00:00Z").await;
            desk.send_stripe(&event(&desk, "invoice.finalized", &issued(&json!({})))).await.is(202);
            desk.end_of("2026-02-06").await;
            let paid = issued(&json!({
                "status": "paid", "amount_paid": 125_000, "amount_remaining": 0, "payment_intent": "pi_1", "paid_out_of_band": false,
            }));
            desk.send_stripe(&event(&desk, "invoice.paid", &paid)).await.is(202);
            desk.end_of("2026-02-16").await;
            desk.send_stripe(&event(&desk, taken.0, &taken.2)).await.is(202);
            desk.end_of("2026-03-20").await;
            assert_eq!(desk.log().len(), 2, "nobody is written to: {:?}", desk.log());
            let told: Vec<Value> = desk.exceptions().await.into_iter().filter(|task| task["kind"] == "taken_back").collect();
            assert_eq!(told.len(), 1, "a person is told, once");
            let detail = told[0]["detail"].as_str().unwrap();
            let id = detail.split("/v1/agreements/").nth(1).and_then(|rest| rest.split('/').next()).unwrap().to_owned();
            let customer = told[0]["customer_id"].as_str().unwrap();
            let case = desk.admin("GET", &format!("/v1/cases/{customer}"), &Value::Null).await.is(200).body;
            let item = &case["due_items"][0];
            assert_eq!((&item["open_minor"], &item["due_now_minor"]), (&json!(open), &json!(0)));
            if released {
                let path = format!("/v1/agreements/{id}");
                desk.admin("POST", &format!("{path}/release"), &json!({})).await.is(404);
                desk.admin("POST", &format!("{path}/reject"), &json!({"customer": customer})).await.is(409);
                for _ in 0..2 {
                    let answer = desk.admin("POST", &format!("{path}/release"), &json!({"customer": customer})).await.is(200);
                    assert_eq!(answer.body["status"], "ended");
                }
                desk.end_of("2026-03-25").await;
                assert_eq!(desk.log().len(), 3, "the next rung: {:?}", desk.log());
            }
            desk.send_stripe(&event(&desk, given_back.1, &given_back.2)).await.is(202);
            desk.end_of("2026-05-30").await;
            assert_eq!(desk.log().len(), if released { 3 } else { 2 }, "the money is back");
        }
    }
}
