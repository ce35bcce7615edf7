//! What a customer's own system reads and says under its link, on a whole stack: whose the statement is, and that nobody is chased for money that it
//! announced, until it should have come.

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use tests::{
    documents::{customer, invoice, payment},
    test_tenant::{Reply, TestTenant, portal_path},
};

const STATEMENT: &str = include_str!("../../docs/schemas/statement.schema.json");
const SIGNED: &str = include_str!("../../docs/schemas/signed_statement.schema.json");
const AGREED: &str = include_str!("../../docs/schemas/agreed.schema.json");
const PROMISE: &str = include_str!("../../docs/schemas/promise.schema.json");
const DISPUTE: &str = include_str!("../../docs/schemas/dispute.schema.json");
const REMITTANCE: &str = include_str!("../../docs/schemas/remittance.schema.json");

/// What is wrong with a document by a schema.
fn wrong(schema: &str, document: &Value) -> Vec<String> {
    let mut schema: Value = serde_json::from_str(schema).unwrap();
    // The one that another one refers to, in its place: its own parts stand at the root.
    if schema["properties"]["statement"]["$ref"] == "statement.schema.json" {
        let statement: Value = serde_json::from_str(STATEMENT).unwrap();
        schema["$defs"] = statement["$defs"].clone();
        schema["properties"]["statement"] = statement;
        let inner = schema["properties"]["statement"].as_object_mut().unwrap();
        inner.remove("$schema");
    }
    let validator = jsonschema::validator_for(&schema).unwrap();
    validator.iter_errors(document).map(|error| error.to_string()).collect()
}

/// A customer who owes 1,250.00 since the day before and was reminded, and the path of its pages.
async fn reminded() -> (TestTenant, String) {
    let desk = TestTenant::at("2026-02-03T08:00:00Z").await;
    desk.put(&invoice(&customer("C-1"), "F-1", 125_000, "2026-02-02")).await;
    desk.end_of("2026-02-03").await;
    assert_eq!(desk.log(), ["2026-02-03 email reminder"]);
    let path = portal_path(&desk.sent()[0]);
    (desk, path)
}

async fn read(desk: &TestTenant, path: &str, accept: &str) -> Reply {
    desk.call("GET", path, &[("accept".to_owned(), accept.to_owned())], b"").await
}

/// A call of the customer's system, whose body its schema takes.
async fn call(desk: &TestTenant, path: &str, schema: &str, body: &Value) -> Value {
    assert_eq!(wrong(schema, body), [""; 0], "{body}");
    let headers = [("content-type".to_owned(), "application/json".to_owned())];
    let made = desk.call("POST", path, &headers, body.to_string().as_bytes()).await.is(200).body;
    assert_eq!(wrong(AGREED, &made), [""; 0], "{made}");
    made
}

async fn status(desk: &TestTenant, made: &Value) -> Value {
    let stands = read(desk, made["address"].as_str().unwrap(), "application/json").await.is(200).body;
    assert_eq!(wrong(AGREED, &stands), [""; 0], "{stands}");
    stands["status"].clone()
}

fn remittance(amount_minor: i64) -> Value {
    json!({
        "sent_on": "2026-02-03", "way": "transfer", "currency": "EUR", "amount_minor": amount_minor, "reference": "RUN 17",
        "lines": [{"invoice": "F-1", "amount_minor": amount_minor}],
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_is_verified_by_the_key_that_its_issuer_shows() {
    let (desk, path) = reminded().await;
    let token = read(&desk, &path, "application/jose").await.is(200).text;
    let parts: Vec<&str> = token.split('.').collect();
    let [header, claims, signature] = <[&str; 3]>::try_from(parts).unwrap();
    let bytes = |part: &str| URL_SAFE_NO_PAD.decode(part).unwrap();
    let json = |part: &str| -> Value { serde_json::from_slice(&bytes(part)).unwrap() };
    assert_eq!(wrong(SIGNED, &json(claims)), [""; 0], "{}", json(claims));
    assert_eq!(json(claims)["statement"], read(&desk, &path, "application/json").await.is(200).body);
    assert_eq!(json(claims)["sub"], desk.matter("C-1").await["customer"]["id"]);
    assert_eq!(json(claims)["iat"], desk.second());
    // Whoever verifies knows where the creditor's key stands, and nothing else.
    let issuer = json(claims)["iss"].as_str().unwrap().to_owned();
    assert_eq!(issuer, format!("{}/p/keys/acme", desk.stack.url()));
    let keys = desk.call("GET", &issuer, &[], b"").await.is(200).body;
    let key = keys["keys"].as_array().unwrap().iter().find(|key| key["kid"] == json(header)["kid"]).unwrap();
    let point = [vec![4], bytes(key["x"].as_str().unwrap()), bytes(key["y"].as_str().unwrap())].concat();
    let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point);
    let is_right = |text: &str| key.verify(text.as_bytes(), &bytes(signature)).is_ok();
    assert!(is_right(&format!("{header}.{claims}")));
    let mut other = json(claims);
    other["statement"]["totals"][0]["open_minor"] = json!(1);
    assert!(!is_right(&format!("{header}.{}", URL_SAFE_NO_PAD.encode(other.to_string()))));
}

#[tokio::test(flavor = "multi_thread")]
async fn money_that_was_announced_is_waited_for_and_arrives() {
    let (desk, path) = reminded().await;
    let made = call(&desk, &format!("{path}/remittances"), REMITTANCE, &remittance(125_000)).await;
    // By transfer on Tuesday the 3rd: on the ledger by the 5th.
    assert_eq!((&made["status"], &made["expected_on"]), (&json!("expected"), &json!("2026-02-05")));
    let item = desk.matter("C-1").await["due_items"][0].clone();
    assert_eq!((&item["open_minor"], &item["due_now_minor"]), (&json!(125_000), &json!(0)));
    desk.to("2026-02-05T09:00:00Z").await;
    desk.put(&payment("C-1", "P-1", 1, "received", "F-1", 125_000)).await;
    desk.end_of("2026-02-05").await;
    assert_eq!(status(&desk, &made).await, "arrived");
    desk.end_of("2026-03-31").await;
    assert_eq!(desk.log().len(), 1, "{:?}", desk.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn money_that_never_comes_is_asked_for_again_and_not_waited_for_twice() {
    let (desk, path) = reminded().await;
    let made = call(&desk, &format!("{path}/remittances"), REMITTANCE, &remittance(125_000)).await;
    desk.to("2026-02-05T22:00:00Z").await;
    assert_eq!((desk.log().len(), status(&desk, &made).await), (1, json!("expected")));
    desk.end_of("2026-02-16").await;
    assert_eq!(status(&desk, &made).await, "failed");
    let log = desk.log();
    assert_eq!((log.len(), log[1].rsplit(' ').next()), (2, Some("nudge")), "{log:?}");
    assert!(log[1].as_str() > "2026-02-05", "{log:?}");
    let headers = [("content-type".to_owned(), "application/json".to_owned())];
    let mut again = remittance(125_000);
    again["sent_on"] = json!("2026-02-16");
    let reply = desk.call("POST", &format!("{path}/remittances"), &headers, again.to_string().as_bytes()).await.is(422);
    assert_eq!(reply.pointers(), ["/lines/0/invoice"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_system_promises_and_disputes_fits_the_schemas() {
    let (desk, path) = reminded().await;
    let promise = json!({"invoices": ["F-1"], "amount_minor": 25_000, "currency": "EUR", "pays_on": "2026-02-13", "way": "card"});
    let promised = call(&desk, &format!("{path}/promises"), PROMISE, &promise).await;
    let dispute = json!({"invoice": "F-1", "amount_minor": 62_500, "reason": "quality", "words": "Zwei sind kaputt"});
    let disputed = call(&desk, &format!("{path}/disputes"), DISPUTE, &dispute).await;
    assert_eq!((status(&desk, &promised).await, status(&desk, &disputed).await), (json!("open"), json!("open")));
    let uphold = format!("/v1/agreements/{}/uphold", disputed["id"].as_str().unwrap());
    desk.admin("POST", &uphold, &json!({"amount_minor": 10_000})).await.is(200);
    assert_eq!(status(&desk, &disputed).await, "partly_upheld");
    assert_eq!(desk.tasks("dispute").await.len(), 1);
}
