//! Events that leave for subscriptions, on a whole stack: as a subscriber gets them, signed, in the order of each customer, and after it was down.

use std::{
    collections::BTreeSet,
    convert::Infallible,
    sync::{Arc, Mutex},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, Response};
use http_body_util::{BodyExt, Full};
use hyper::{Request, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use sha2::Sha256;
use tests::{
    documents::{customer, invoice, payment},
    test_tenant::TestTenant,
};
use tokio::net::TcpListener;

const EVENTS: &str = include_str!("../../docs/schemas/events.schema.json");

/// What a subscriber got.
#[derive(Clone, Debug)]
struct Got {
    id: String,
    second: i64,
    signatures: String,
    text: String,
    body: Value,
}

/// A subscriber on loopback.
struct Subscriber {
    url: String,
    got: Arc<Mutex<Vec<Got>>>,
    answer: Arc<Mutex<u16>>,
}

impl Subscriber {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://127.0.0.1:{}/hook", listener.local_addr().unwrap().port());
        let (got, answer) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(200)));
        let (kept, says) = (got.clone(), answer.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (kept, says) = (kept.clone(), says.clone());
                let service = service_fn(move |request| answered(request, kept.clone(), says.clone()));
                tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
            }
        });
        Self { url, got, answer }
    }

    fn says(&self, status: u16) {
        *self.answer.lock().unwrap() = status;
    }

    /// What it took, in order.
    fn got(&self) -> Vec<Got> {
        self.got.lock().unwrap().clone()
    }

    /// The kinds of what it took, in order.
    fn kinds(&self) -> Vec<String> {
        self.got().iter().map(|got| got.body["type"].as_str().unwrap().to_owned()).collect()
    }
}

async fn answered(
    request: Request<Incoming>,
    kept: Arc<Mutex<Vec<Got>>>,
    says: Arc<Mutex<u16>>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (parts, body) = request.into_parts();
    let text = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
    let status = *says.lock().unwrap();
    if status < 300 {
        let header = |headers: &HeaderMap, name: &str| headers[name].to_str().unwrap().to_owned();
        let got = Got {
            id: header(&parts.headers, "webhook-id"),
            second: header(&parts.headers, "webhook-timestamp").parse().unwrap(),
            signatures: header(&parts.headers, "webhook-signature"),
            body: serde_json::from_str(&text).unwrap(),
            text,
        };
        kept.lock().unwrap().push(got);
    }
    Ok(Response::builder().status(status).body(Full::default()).unwrap())
}

/// The signature that Standard Webhooks wants.
fn signature(secret: &str, got: &Got) -> String {
    let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
    mac.update(format!("{}.{}.{}", got.id, got.second, got.text).as_bytes());
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

/// What is wrong with an event by the published schema.
fn wrong(got: &Got) -> Vec<String> {
    let schema: Value = serde_json::from_str(EVENTS).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let event = json!({"source": "dunlin", "detail-type": got.body["type"], "detail": got.body["data"]});
    validator.iter_errors(&event).map(|error| error.to_string()).collect()
}

/// A tenant, a subscriber to these kinds, the subscription's path and its secret.
async fn subscribed(now: &str, events: &[&str]) -> (TestTenant, Subscriber, String, String) {
    let desk = TestTenant::at(now).await;
    let subscriber = Subscriber::start().await;
    let made = desk.admin("POST", "/v1/subscriptions", &json!({"url": subscriber.url, "events": events})).await.is(200).body;
    let path = format!("/v1/subscriptions/{}", made["id"].as_str().unwrap());
    (desk, subscriber, path, made["secret"].as_str().unwrap().to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happens_to_a_customer_is_told_in_its_order_and_signed() {
    let kinds = [
        "InvoiceUpserted",
        "CaseOpened",
        "MessageQueued",
        "MessageSent",
        "MessageDelivered",
        "StepSatisfied",
        "PaymentUpserted",
        "CaseClosed",
    ];
    let (desk, subscriber, path, secret) = subscribed("2026-02-03T08:00:00Z", &kinds).await;
    desk.put(&invoice(&customer("C-1"), "F-1", 125_000, "2026-02-02")).await;
    desk.end_of("2026-02-03").await;
    desk.put(&payment("C-1", "P-1", 1, "received", "F-1", 125_000)).await;
    desk.end_of("2026-02-04").await;
    assert_eq!(desk.log(), ["2026-02-03 email reminder"]);
    let got = subscriber.got();
    for one in &got {
        assert_eq!(one.signatures, signature(&secret, one), "{one:?}");
        assert_eq!(wrong(one), [""; 0], "{one:?}");
        assert_eq!(one.id, one.body["data"]["id"].as_str().unwrap());
        assert!(!one.text.contains("buyer.example"), "ids only: {}", one.text);
    }
    // Each thing once, and what was written first comes first.
    let ids: BTreeSet<&String> = got.iter().map(|one| &one.id).collect();
    assert_eq!(ids.len(), got.len());
    let told = subscriber.kinds();
    let place = |kind: &str| told.iter().position(|one| one == kind).unwrap_or_else(|| panic!("{kind} is not among {told:?}"));
    for two in [
        ("InvoiceUpserted", "CaseOpened"),
        ("InvoiceUpserted", "MessageQueued"),
        ("MessageQueued", "MessageSent"),
        ("MessageSent", "MessageDelivered"),
        ("MessageDelivered", "PaymentUpserted"),
        ("PaymentUpserted", "CaseClosed"),
    ] {
        assert!(place(two.0) < place(two.1), "{two:?}: {told:?}");
    }
    let listed = desk.admin("GET", &format!("{path}/deliveries?limit=200"), &Value::Null).await.is(200).body;
    let listed = listed["data"].as_array().unwrap();
    assert_eq!(listed.len(), got.len());
    assert!(listed.iter().all(|one| one["status"] == "delivered" && one["answer"] == 200), "{listed:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sample_of_every_kind_arrives_in_the_published_form() {
    let (desk, subscriber, path, secret) = subscribed("2026-02-03T08:00:00Z", &["PromiseMade"]).await;
    let schema: Value = serde_json::from_str(EVENTS).unwrap();
    let kinds = schema["properties"]["detail-type"]["enum"].as_array().unwrap();
    for kind in kinds {
        desk.admin("POST", &format!("{path}/test"), &json!({"event": kind})).await.is(200);
    }
    desk.advance("PT2M").await;
    let told: Vec<Value> = subscriber.got().iter().map(|got| got.body["type"].clone()).collect();
    assert_eq!(&told, kinds);
    for one in subscriber.got() {
        assert_eq!((wrong(&one), &one.signatures), (vec![], &signature(&secret, &one)), "{one:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscriber_that_was_down_for_a_week_misses_nothing() {
    let (desk, subscriber, path, _) = subscribed("2026-02-02T08:00:00Z", &["InvoiceUpserted"]).await;
    subscriber.says(503);
    for (n, day) in ["2026-02-02", "2026-02-03", "2026-02-06", "2026-02-08"].into_iter().enumerate() {
        desk.end_of(day).await;
        desk.put(&invoice(&customer("C-1"), &format!("F-{n}"), 1_000, "2026-06-01")).await;
    }
    desk.end_of("2026-02-09").await;
    let shown = desk.admin("GET", &path, &Value::Null).await.is(200).body;
    assert_eq!((&shown["delivering"], &shown["ended_because"]), (&json!(false), &json!("failing")), "{shown}");
    let told = desk.tasks("connection").await;
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0]["title"], "A subscription to events ended");

    subscriber.says(200);
    desk.admin("PATCH", &path, &json!({"enabled": true})).await.is(200);
    desk.admin("POST", &format!("{path}/replay"), &json!({"since": "2026-02-02T00:00:00Z"})).await.is(200);
    desk.put(&invoice(&customer("C-1"), "F-9", 1_000, "2026-06-01")).await;
    desk.advance("PT10M").await;
    let invoices: Vec<Value> = subscriber.got().iter().map(|got| got.body["data"]["invoice"].clone()).collect();
    let log = desk.admin("GET", &format!("{path}/deliveries"), &Value::Null).await.is(200).body;
    let mut written: Vec<Value> = log["data"].as_array().unwrap().iter().map(|one| one["data"]["invoice"].clone()).collect();
    written.reverse();
    assert_eq!((invoices.len(), &invoices), (5, &written));
    // A rotation: for a day both secrets sign.
    let rotated = desk.admin("POST", &format!("{path}/rotate"), &Value::Null).await.is(200).body;
    desk.put(&invoice(&customer("C-1"), "F-10", 1_000, "2026-06-01")).await;
    desk.advance("PT2M").await;
    let last = subscriber.got().pop().unwrap();
    assert_eq!(last.signatures.split(' ').count(), 2, "{last:?}");
    assert!(last.signatures.starts_with(&signature(rotated["secret"].as_str().unwrap(), &last)), "{last:?}");
}
