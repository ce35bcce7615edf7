//! Payment providers, connected over HTTP: entered, rotated, tested and ended; and what is asked of one where a basket is given up.
#![allow(clippy::unwrap_used, reason = "a test says by panicking that it failed")]

mod common;

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
};

use common::{Api, World, at, pointers};
use domain::{InvoiceId, TenantId};
use serde_json::{Value, json};
use store::{BasketOwner, BasketSays};
use testbed::baskets;

const STRIPE: &str = "/v1/connections/pay-stripe";
const KEY: &str = "sk_test_0123456789abcdef";

fn credentials(webhook: &str) -> Value {
    json!({"credentials": {"secret_key": KEY, "webhook_secret": format!("whsec_{webhook}0123456789")}})
}

/// Stands for a provider that answers everything with one status, and says what it was asked.
struct StandIn {
    url: String,
    asked: Arc<Mutex<Vec<String>>>,
    status: Arc<Mutex<&'static str>>,
}

impl StandIn {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (asked, status) = (Arc::<Mutex<Vec<String>>>::default(), Arc::new(Mutex::new("404 Not Found")));
        let shared = (Arc::clone(&asked), Arc::clone(&status));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                shared.0.lock().unwrap().push(request_line(&mut stream));
                let status = *shared.1.lock().unwrap();
                let head = "content-type: application/json\r\ncontent-length: 2\r\nconnection: close";
                write!(stream, "HTTP/1.1 {status}\r\n{head}\r\n\r\n{{}}").unwrap();
            }
        });
        Self { url, asked, status }
    }

    fn answers(&self, status: &'static str) {
        *self.status.lock().unwrap() = status;
    }

    fn was_asked(&self) -> Vec<String> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }
}

/// Reads a request whole; its first line.
fn request_line(stream: &mut TcpStream) -> String {
    let (mut all, mut buffer) = (Vec::new(), [0_u8; 4096]);
    loop {
        let text = String::from_utf8_lossy(&all).to_lowercase();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length =
                head.lines().find_map(|line| line.strip_prefix("content-length:")).and_then(|text| text.trim().parse().ok());
            if body.len() >= length.unwrap_or(0) {
                break;
            }
        }
        let read = stream.read(&mut buffer).unwrap();
        if read == 0 {
            break;
        }
        all.extend_from_slice(&buffer[..read]);
    }
    let text = String::from_utf8_lossy(&all).into_owned();
    let line = text.lines().next().unwrap_or_default();
    line.strip_suffix(" HTTP/1.1").unwrap_or(line).to_owned()
}

async fn with_stand_ins() -> Api {
    let world = World::new().await;
    let env = world.env(&[("KEY_ID", "key"), ("PUBLIC_URL", "https://dunlin.example/"), ("STAND_INS", "loopback")]);
    let handler = admin::Handler::new(&env, &world.clients, world.clock.clone()).unwrap();
    Api { world, handler }
}

#[tokio::test]
async fn a_provider_is_connected_rotated_with_overlap_and_ended() {
    let api = Api::new().await;
    api.world.customer("acme", "C-1", |_| {}).await;
    let acme = TenantId::parse("acme").unwrap();
    let (_, sources) = api.call("viewer", "GET", "/v1/sources", Value::Null).await;
    let names: Vec<&Value> = sources["payments"].as_array().unwrap().iter().map(|one| &one["source"]).collect();
    assert_eq!(names, ["pay-stripe", "pay-paypal", "pay-gocardless"]);
    assert_eq!(sources["payments"][0]["credentials"], json!(["secret_key", "webhook_secret"]));

    for method in ["GET", "DELETE"] {
        assert_eq!(api.call("admin", method, STRIPE, Value::Null).await.0, 404, "{method}: it is not connected");
    }
    assert_eq!(api.call("admin", "POST", "/v1/connections/pay-stripe/test", Value::Null).await.0, 404);
    assert_eq!(api.call("manager", "PUT", STRIPE, credentials("a")).await.0, 403);
    let (status, said) = api.call("admin", "PUT", STRIPE, credentials("a")).await;
    let url = "https://dunlin.example/webhooks/acme/pay-stripe";
    assert_eq!(
        (status, &said["webhook_url"], said.get("secret"), said.get("previous_until")),
        (200, &json!(url), None, None),
        "{said}"
    );
    let (_, shown) = api.call("viewer", "GET", STRIPE, Value::Null).await;
    assert_eq!(
        (&shown["source"], &shown["is_test"], &shown["webhook_url"]),
        (&json!("pay-stripe"), &json!(true), &json!(url)),
        "{shown}"
    );
    assert!(shown["ways"].as_array().unwrap().contains(&json!("card")), "{shown}");
    let (_, all) = api.call("viewer", "GET", "/v1/connections", Value::Null).await;
    assert_eq!(all["connections"][0]["source"], "pay-stripe", "{all}");

    // The webhook's secret before is believed for a day, or as long as was said.
    let (_, said) = api.call("admin", "PUT", STRIPE, credentials("b")).await;
    assert_eq!(said["previous_until"], "2026-02-11T10:00:00Z", "{said}");
    let accepted = async |when: &str| -> Vec<String> {
        let known = api.world.vault.connection(&acme, "pay-stripe").await.unwrap().unwrap();
        let read = |bytes: &[u8]| serde_json::from_slice::<Value>(bytes).unwrap()["webhook_secret"].as_str().unwrap().to_owned();
        known.secrets.accepted(at(when)).into_iter().map(read).collect()
    };
    assert_eq!(accepted("2026-02-11T10:00:00Z").await, ["whsec_b0123456789", "whsec_a0123456789"]);
    assert_eq!(accepted("2026-02-11T10:00:01Z").await, ["whsec_b0123456789"]);
    let mut at_once = credentials("c");
    at_once["overlap_hours"] = json!(0);
    let (_, said) = api.call("admin", "PUT", STRIPE, at_once).await;
    assert_eq!(
        (said.get("previous_until"), accepted("2026-02-10T10:00:01Z").await),
        (None, vec!["whsec_c0123456789".to_owned()])
    );
    let told = api.world.everything().await.concat();
    assert!(!told.contains(KEY) && !told.contains("whsec_"), "the table holds no secret in the clear");

    assert_eq!(api.call("admin", "DELETE", STRIPE, Value::Null).await, (204, Value::Null));
    assert_eq!(api.call("admin", "DELETE", STRIPE, Value::Null).await.0, 404);
    let (_, all) = api.call("viewer", "GET", "/v1/connections", Value::Null).await;
    assert_eq!(all["connections"], json!([]));
    let audit = api.audit().await;
    // All of the same instant, and so in no order; what is done again in the same words is one entry.
    let mut noted: Vec<&str> = audit.iter().map(|one| one["operation"].as_str().unwrap()).collect();
    noted.sort_unstable();
    noted.dedup();
    assert_eq!(noted, ["delete_connection", "put_connection"]);
    assert!(audit.iter().all(|one| one["object"] == "pay-stripe"), "{audit:?}");
    assert!(!audit.iter().any(|one| one.to_string().contains(KEY)), "{audit:?}");
}

#[tokio::test]
async fn credentials_that_cannot_be_the_providers_are_refused() {
    let api = Api::new().await;
    api.world.customer("acme", "C-1", |_| {}).await;
    let before = api.world.everything_but_calls().await;
    let good = credentials("a");
    let with = |name: &str, value: Value| {
        let mut body = good.clone();
        body["credentials"][name] = value;
        body
    };
    let beside = |name: &str, value: Value| {
        let mut body = good.clone();
        body[name] = value;
        body
    };
    let (key, hook) = ("/credentials/secret_key", "/credentials/webhook_secret");
    for (body, expected) in [
        (Value::Null, vec![key, hook]),
        (json!({"credentials": {}}), vec![key, hook]),
        (json!({"credentials": "all of them"}), vec!["/credentials"]),
        (with("secret_key", json!("pk_test_0123456789abcdef")), vec![key]),
        (with("secret_key", json!("sk_test_")), vec![key]),
        (with("secret_key", json!(7)), vec![key]),
        (with("webhook_secret", json!("whsec_has a blank in it")), vec![hook]),
        (with("webhook_secret", json!(KEY)), vec![hook]),
        (with("client_id", json!("AbCdEfGhIjKlMnOpQr")), vec!["/credentials/client_id"]),
        (beside("secret", json!("whsec_0123456789abcdef")), vec!["/secret"]),
        (beside("realm", json!("1234")), vec!["/realm"]),
        (beside("is_test", json!(false)), vec!["/is_test"]),
        (beside("overlap_hours", json!(721)), vec!["/overlap_hours"]),
        (beside("base_url", json!("http://127.0.0.1:1")), vec!["/base_url"]),
        (beside("base_url", json!("https://stripe.example")), vec!["/base_url"]),
        (beside("more", json!(1)), vec!["/more"]),
    ] {
        let (status, said) = api.call("admin", "PUT", STRIPE, body.clone()).await;
        assert_eq!((status, pointers(&said)), (400, expected), "{body} {said}");
        assert!(!said.to_string().contains(KEY), "a refusal repeats no secret: {said}");
    }
    // Those of a payment provider are for no other source, and a transfer has no account that is connected.
    let (status, said) = api.call("admin", "PUT", "/v1/connections/canonical", good.clone()).await;
    assert_eq!((status, pointers(&said)), (400, vec!["/credentials"]), "{said}");
    assert_eq!(api.call("admin", "PUT", "/v1/connections/pay-transfer", good.clone()).await.0, 404);
    assert_eq!(api.call("admin", "PUT", "/v1/connections/pay-other", good).await.0, 404);
    assert_eq!(api.world.everything_but_calls().await, before);
}

#[tokio::test]
async fn a_test_says_whether_the_provider_takes_the_credentials() {
    let api = with_stand_ins().await;
    api.world.customer("acme", "C-1", |_| {}).await;
    let provider = StandIn::start();
    let mut body = credentials("a");
    body["base_url"] = json!(provider.url);
    assert_eq!(api.call("admin", "PUT", STRIPE, body).await.0, 200);
    let test = "/v1/connections/pay-stripe/test";
    assert_eq!(api.call("viewer", "POST", test, Value::Null).await.0, 403);
    for (status, ok) in [
        ("404 Not Found", true),
        ("401 Unauthorized", false),
        ("429 Too Many Requests", false),
        ("503 Service Unavailable", false),
    ] {
        provider.answers(status);
        let (answered, said) = api.call("collector", "POST", test, Value::Null).await;
        assert_eq!((answered, &said["ok"]), (200, &json!(ok)), "{status}: {said}");
        let asked = provider.was_asked();
        assert!(asked.len() == 1 && asked[0].starts_with("GET /v1/checkout/sessions/pay_"), "{asked:?}");
    }
}

#[tokio::test]
async fn a_basket_is_given_up_once_its_provider_was_told() {
    let api = with_stand_ins().await;
    let (customer, acme) = (api.world.customer("acme", "C-1", |_| {}).await, TenantId::parse("acme").unwrap());
    let provider = StandIn::start();
    let mut body = credentials("a");
    body["base_url"] = json!(provider.url);
    assert_eq!(api.call("admin", "PUT", STRIPE, body).await.0, 200);
    let (store, now) = (&api.world.store, api.world.now());
    let settings = store.settings(&acme).await.unwrap().unwrap().value;
    let begin = baskets::by_card("b", InvoiceId::derive(&["acme", "canonical", "C-1", "1001"]), "1001");
    let basket = baskets::begun(store, &acme, &customer, begin, now).await;
    let owner = BasketOwner { tenant: acme, customer };
    let sent_on = BasketSays::SentOn { provider_id: "cs_test_1", pay_url: None };
    store.change_basket(&owner, &basket.id, sent_on, &settings, now).await.unwrap();

    let cancel = format!("/v1/baskets/{}/cancel", basket.id);
    provider.answers("503 Service Unavailable");
    let (status, said) = api.call("collector", "POST", &cancel, Value::Null).await;
    assert_eq!((status, said["type"].as_str().unwrap().rsplit('/').next()), (409, Some("changed-meanwhile")), "{said}");
    let (_, shown) = api.call("viewer", "GET", &format!("/v1/baskets/{}", basket.id), Value::Null).await;
    assert_eq!(shown["status"], "begun", "it may still be paid there");
    provider.answers("404 Not Found");
    let (status, said) = api.call("collector", "POST", &cancel, Value::Null).await;
    assert_eq!((status, &said["status"]), (200, &json!("cancelled")), "{said}");
    assert_eq!(provider.was_asked(), vec!["POST /v1/checkout/sessions/cs_test_1/expire"; 2]);
    // One that is given up is not told of again.
    assert_eq!(api.call("collector", "POST", &cancel, Value::Null).await, (200, said));
    assert_eq!(provider.was_asked(), [""; 0]);
}
