//! The double of Stripe Checkout.

use bytes::Bytes;
use doubles::{Fault, Outcome, PaymentDouble, StripePay};
use form_urlencoded::Serializer;
use hmac::{Hmac, KeyInit, Mac};
use http::{Method, Response};
use jiff::SignedDuration;
use serde_json::Value;
use sha2::Sha256;

use crate::{
    client::{Time, json},
    paying::{BASKET, Seller, body, kinds},
};

const SESSIONS: &str = "/v1/checkout/sessions";

/// What one payment of 1,250.00 dollars asks for.
const ASKED: [(&str, &str); 12] = [
    ("mode", "payment"),
    ("client_reference_id", BASKET),
    ("metadata[basket]", BASKET),
    ("payment_intent_data[metadata][basket]", BASKET),
    ("success_url", "https://acme.example/paid?session={CHECKOUT_SESSION_ID}"),
    ("cancel_url", "https://acme.example/back"),
    ("payment_method_types[0]", "card"),
    ("payment_method_types[1]", "us_bank_account"),
    ("line_items[0][quantity]", "1"),
    ("line_items[0][price_data][currency]", "usd"),
    ("line_items[0][price_data][unit_amount]", "125000"),
    ("line_items[0][price_data][product_data][name]", "Invoice INV-1"),
];

fn asked_with(changes: &[(&str, Option<&str>)]) -> String {
    let mut pairs: Vec<(&str, &str)> = ASKED.to_vec();
    for (name, value) in changes {
        pairs.retain(|(known, _)| known != name);
        pairs.extend(value.map(|value| (*name, value)));
    }
    Serializer::new(String::new()).extend_pairs(pairs).finish()
}

async fn post(seller: &Seller<'_>, path: &str, key: Option<&str>, form: &str) -> Response<Bytes> {
    let bearer = format!("Bearer {}", seller.credential("secret_key"));
    let mut headers = vec![("authorization", bearer.as_str()), ("content-type", "application/x-www-form-urlencoded")];
    headers.extend(key.map(|key| ("idempotency-key", key)));
    seller.ask(Method::POST, path, &headers, form.to_owned()).await
}

async fn get(seller: &Seller<'_>, path: &str) -> Value {
    let bearer = format!("Bearer {}", seller.credential("secret_key"));
    let answer = seller.ask(Method::GET, path, &[("authorization", bearer.as_str())], "").await;
    assert_eq!(answer.status(), 200, "{path}: {}", String::from_utf8_lossy(answer.body()));
    json(&answer)
}

async fn begin(seller: &Seller<'_>) -> Value {
    let answer = post(seller, SESSIONS, Some(BASKET), &asked_with(&[])).await;
    assert_eq!(answer.status(), 200, "{}", String::from_utf8_lossy(answer.body()));
    json(&answer)
}

#[tokio::test]
async fn what_the_specification_does_not_allow_is_refused() {
    let double = StripePay::start(Time::at("2026-03-04T09:00:00Z").clock()).await.expect("a port");
    let seller = Seller::at(&double);
    for (changes, code, param) in [
        (vec![("amount", Some("1"))], Some("parameter_unknown"), "amount"),
        (
            vec![("line_items[0][price_data][unit_amuont]", Some("1"))],
            Some("parameter_unknown"),
            "line_items[0][price_data][unit_amuont]",
        ),
        (vec![("mode", None)], Some("parameter_missing"), "mode"),
        (vec![("success_url", None)], Some("parameter_missing"), "success_url"),
        (vec![("line_items[0][price_data][currency]", None)], Some("parameter_missing"), "line_items[0][price_data][currency]"),
        (vec![("line_items[0][quantity]", None)], Some("parameter_missing"), "line_items[0][quantity]"),
        (vec![("line_items[0][quantity]", Some("one"))], Some("parameter_invalid_integer"), "line_items[0][quantity]"),
        (vec![("line_items[0][quantity]", Some("0"))], Some("parameter_invalid_integer"), "line_items[0][quantity]"),
        (
            vec![("line_items[0][price_data][unit_amount]", Some("1250.00"))],
            Some("parameter_invalid_integer"),
            "line_items[0][price_data][unit_amount]",
        ),
        (
            vec![("line_items[0][price_data][unit_amount]", Some(""))],
            Some("parameter_invalid_empty"),
            "line_items[0][price_data][unit_amount]",
        ),
        (vec![("expires_at", Some("soon"))], Some("parameter_invalid_integer"), "expires_at"),
        (vec![("success_url", Some("/paid"))], Some("url_invalid"), "success_url"),
        (vec![("mode", Some("pay"))], None, "mode"),
        (vec![("payment_method_types[1]", Some("cash"))], None, "payment_method_types[1]"),
        (vec![("payment_method_types[1]", Some("sepa_debit"))], None, "payment_method_types"),
        // 29 minutes, and 25 hours.
        (vec![("expires_at", Some("1772616300"))], None, "expires_at"),
        (vec![("expires_at", Some("1772704800"))], None, "expires_at"),
    ] {
        let answer = post(&seller, SESSIONS, None, &asked_with(&changes)).await;
        let error = &json(&answer)["error"];
        assert_eq!((answer.status().as_u16(), error["code"].as_str()), (400, code), "{changes:?}: {error}");
        assert_eq!((error["param"].as_str(), &error["type"]), (Some(param), &"invalid_request_error".into()), "{changes:?}");
    }
    for (amount, code) in [("49", "amount_too_small"), ("100000000", "amount_too_large")] {
        let changes = [("line_items[0][price_data][unit_amount]", Some(amount))];
        let answer = json(&post(&seller, SESSIONS, None, &asked_with(&changes)).await);
        assert_eq!(answer["error"]["code"], code, "{answer}");
    }
    let long = "x".repeat(501);
    let answer = post(&seller, SESSIONS, None, &asked_with(&[("metadata[basket]", Some(&long))])).await;
    assert_eq!(json(&answer)["error"]["param"], "metadata[basket]");
    assert_eq!(double.baskets(), [], "nothing of it was begun");
}

#[tokio::test]
async fn a_session_has_at_most_100_lines() {
    let double = StripePay::start(Time::at("2026-03-04T09:00:00Z").clock()).await.expect("a port");
    let seller = Seller::at(&double);
    for (count, status) in [(100, 200), (101, 400)] {
        let mut form = asked_with(&[]);
        for line in 1..count {
            for (name, value) in ASKED.iter().filter(|(name, _)| name.starts_with("line_items")) {
                let name = name.replacen("[0]", &format!("[{line}]"), 1);
                form.push_str(&format!("&{}", Serializer::new(String::new()).append_pair(&name, value).finish()));
            }
        }
        let answer = post(&seller, SESSIONS, None, &form).await;
        assert_eq!(answer.status(), status, "{count}: {}", String::from_utf8_lossy(answer.body()));
        if status == 200 {
            assert_eq!(json(&answer)["amount_total"], 12_500_000);
        }
    }
}

#[tokio::test]
async fn a_key_stands_for_one_request() {
    let time = Time::at("2026-03-04T09:00:00Z");
    let double = StripePay::start(time.clock()).await.expect("a port");
    let seller = Seller::at(&double);
    let first = begin(&seller).await;
    let again = post(&seller, SESSIONS, Some(BASKET), &asked_with(&[])).await;
    assert_eq!((json(&again), again.headers()["idempotent-replayed"].as_bytes()), (first.clone(), b"true".as_slice()));
    let other = post(&seller, SESSIONS, Some(BASKET), &asked_with(&[("locale", Some("de"))])).await;
    assert_eq!((other.status().as_u16(), &json(&other)["error"]["type"]), (400, &"idempotency_error".into()));
    let elsewhere = post(&seller, &format!("{SESSIONS}/{}/expire", first["id"].as_str().expect("an id")), Some(BASKET), "").await;
    assert_eq!(json(&elsewhere)["error"]["type"], "idempotency_error");
    // What was lost on its way back was carried out.
    double.fail_next(1, Fault::DropConnection);
    let bearer = format!("Bearer {}", seller.credential("secret_key"));
    let lost = http::Request::post(format!("{}{SESSIONS}", double.base_url())).header("authorization", &bearer);
    let lost = lost.header("idempotency-key", "pay_lost").body(Bytes::from(asked_with(&[]))).expect("a request");
    assert!(crate::client::send(lost).await.is_err());
    let after = post(&seller, SESSIONS, Some("pay_lost"), &asked_with(&[])).await;
    assert_eq!((after.status().as_u16(), double.baskets().len()), (200, 2));
    // A refused request did nothing, and its key is free.
    assert_eq!(post(&seller, SESSIONS, Some("pay_bad"), &asked_with(&[("mode", None)])).await.status(), 400);
    assert_eq!(post(&seller, SESSIONS, Some("pay_bad"), &asked_with(&[])).await.status(), 200);
    time.pass(SignedDuration::from_hours(24));
    assert_ne!(begin(&seller).await["id"], first["id"], "a key is forgotten after a day");
}

#[tokio::test]
async fn strangers_see_nothing() {
    let double = StripePay::start(Time::at("2026-03-04T09:00:00Z").clock()).await.expect("a port");
    let seller = Seller::at(&double);
    let id = begin(&seller).await["id"].as_str().expect("an id").to_owned();
    let path = format!("{SESSIONS}/{id}");
    for bearer in ["", "Bearer sk_test_guessed"] {
        assert_eq!(seller.ask(Method::GET, &path, &[("authorization", bearer)], "").await.status(), 401);
    }
    let other = double.open_account("other", &serde_json::json!({"secret_key": "sk_other"})).expect("an account");
    assert_eq!(other["secret_key"], "sk_other");
    assert_eq!(seller.ask(Method::GET, &path, &[("authorization", "Bearer sk_other")], "").await.status(), 404);
    assert!(double.open_account("acme", &serde_json::json!({"secret": "x"})).is_err());
    assert!(double.open_account("acme", &serde_json::json!({"secret_key": ""})).is_err());
}

#[tokio::test]
async fn a_payer_pays_by_card_on_the_page() {
    let double = StripePay::start(Time::at("2026-03-04T09:00:00Z").clock()).await.expect("a port");
    let seller = Seller::at(&double);
    let session = begin(&seller).await;
    let (url, id) = (session["url"].as_str().expect("a page"), session["id"].as_str().expect("an id"));
    let (status, page) = seller.page(url).await;
    assert!(status == 200 && page.contains("Invoice INV-1") && page.contains("1250.00 USD"), "{page}");
    assert_eq!(seller.press(url, "cancel=1").await, "https://acme.example/back");
    assert_eq!(double.events(), [], "nothing happened");
    assert_eq!(seller.press(url, "pay=card").await, format!("https://acme.example/paid?session={id}"));
    let events = double.events();
    assert_eq!(kinds(&events), ["payment_intent.succeeded", "checkout.session.completed"]);
    let told = body(&events[1]);
    assert_eq!(told["data"]["object"], get(&seller, &format!("{SESSIONS}/{id}")).await);
    let object = &told["data"]["object"];
    assert_eq!(
        (&object["payment_status"], &object["status"], &object["url"]),
        (&"paid".into(), &"complete".into(), &Value::Null)
    );
    assert_eq!((&object["amount_total"], &object["currency"]), (&125_000.into(), &"usd".into()));
    assert_eq!((&object["client_reference_id"], &object["metadata"]["basket"]), (&BASKET.into(), &BASKET.into()));
    let intent = get(&seller, &format!("/v1/payment_intents/{}", object["payment_intent"].as_str().expect("an intent"))).await;
    assert_eq!((&intent["status"], &intent["amount_received"]), (&"succeeded".into(), &125_000.into()));
    assert_eq!(intent["metadata"]["basket"], BASKET);
    let path = url.strip_prefix(double.base_url()).expect("a page of the double");
    assert_eq!(seller.ask(Method::POST, path, &[], "pay=card").await.status(), 409, "nobody pays twice");
    assert_eq!(double.events(), []);
    assert_eq!(double.baskets()[0].received_minor, 125_000);
}

#[tokio::test]
async fn a_debit_is_on_its_way_until_it_succeeds_or_fails() {
    let double = StripePay::start(Time::at("2026-03-04T09:00:00Z").clock()).await.expect("a port");
    let seller = Seller::at(&double);
    begin(&seller).await;
    let events = double.happen(BASKET, Outcome::Pending, None).expect("it may");
    assert_eq!(kinds(&events), ["payment_intent.processing", "checkout.session.completed"]);
    assert_eq!(body(&events[1])["data"]["object"]["payment_status"], "unpaid");
    assert!(seller.happens(Outcome::Expired, None).is_err() && seller.happens(Outcome::Refunded, None).is_err());
    assert_eq!(
        seller.happens(Outcome::Succeeded, None).expect("it may"),
        ["payment_intent.succeeded", "checkout.session.async_payment_succeeded"]
    );
    assert!(seller.happens(Outcome::Succeeded, None).is_err(), "money comes once");

    let second = post(&seller, SESSIONS, Some("second"), &asked_with(&[])).await;
    assert_eq!(second.status(), 200);
    seller.happens(Outcome::Pending, None).expect("the newest of the basket is meant");
    assert_eq!(
        seller.happens(Outcome::Failed, None).expect("it may"),
        ["payment_intent.payment_failed", "checkout.session.async_payment_failed"]
    );
    assert!(seller.happens(Outcome::Succeeded, None).is_err(), "it failed");
    let truth = double.baskets();
    assert_eq!((truth[0].received_minor, truth[1].received_minor), (125_000, 0));
}

#[tokio::test]
async fn money_goes_back_no_further_than_it_came() {
    let double = StripePay::start(Time::at("2026-03-04T09:00:00Z").clock()).await.expect("a port");
    let seller = Seller::at(&double);
    begin(&seller).await;
    seller.happens(Outcome::Paid, Some(100_000)).expect("another amount than was asked");
    assert_eq!(seller.happens(Outcome::Refunded, Some(40_000)).expect("it may"), ["refund.created", "charge.refunded"]);
    assert!(seller.happens(Outcome::Refunded, Some(60_001)).is_err());
    let events = double.happen(BASKET, Outcome::ChargedBack, None).expect("the rest");
    assert_eq!(kinds(&events), ["charge.dispute.created", "charge.dispute.funds_withdrawn"]);
    let dispute = &body(&events[0])["data"]["object"];
    assert_eq!(
        (&dispute["object"], &dispute["amount"], &dispute["status"]),
        (&"dispute".into(), &60_000.into(), &"needs_response".into())
    );
    let intent = dispute["payment_intent"].as_str().expect("an intent");
    let refunds = get(&seller, &format!("/v1/refunds?payment_intent={intent}")).await;
    assert_eq!((refunds["data"].as_array().map(Vec::len), &refunds["data"][0]["amount"]), (Some(1), &40_000.into()));
    let sessions = get(&seller, &format!("{SESSIONS}?payment_intent={intent}")).await;
    assert_eq!(sessions["data"][0]["client_reference_id"], BASKET);
    assert_eq!(get(&seller, &format!("/v1/disputes?payment_intent={intent}")).await["data"][0]["id"], dispute["id"]);
    assert!(seller.happens(Outcome::ChargedBack, None).is_err());
    assert_eq!((double.baskets()[0].received_minor, double.baskets()[0].taken_back_minor), (100_000, 100_000));
}

#[tokio::test]
async fn the_seller_refunds_over_the_api() {
    let double = StripePay::start(Time::at("2026-03-04T09:00:00Z").clock()).await.expect("a port");
    let seller = Seller::at(&double);
    let session = begin(&seller).await;
    seller.happens(Outcome::Paid, None).expect("it may");
    let id = session["id"].as_str().expect("an id");
    let intent = get(&seller, &format!("{SESSIONS}/{id}")).await["payment_intent"].as_str().expect("an intent").to_owned();
    for form in [
        "",
        "payment_intent=pi_none",
        &format!("payment_intent={intent}&amount=125001"),
        &format!("payment_intent={intent}&amount=0"),
    ] {
        assert!(post(&seller, "/v1/refunds", None, form).await.status().is_client_error(), "{form}");
    }
    let form = format!("payment_intent={intent}&amount=25000&reason=requested_by_customer");
    let refund = json(&post(&seller, "/v1/refunds", Some("refund"), &form).await);
    assert_eq!(
        (&refund["amount"], &refund["payment_intent"], &refund["status"]),
        (&25_000.into(), &intent.clone().into(), &"succeeded".into())
    );
    assert_eq!(json(&post(&seller, "/v1/refunds", Some("refund"), &form).await)["id"], refund["id"]);
    assert_eq!(kinds(&double.events()), ["refund.created", "charge.refunded"]);
    assert_eq!(double.baskets()[0].taken_back_minor, 25_000);
}

#[tokio::test]
async fn a_session_ends_by_the_clock_or_by_its_seller() {
    let time = Time::at("2026-03-04T09:00:00Z");
    let double = StripePay::start(time.clock()).await.expect("a port");
    let seller = Seller::at(&double);
    // 40 minutes.
    let answer = post(&seller, SESSIONS, None, &asked_with(&[("expires_at", Some("1772617200"))])).await;
    let first = json(&answer)["id"].as_str().expect("an id").to_owned();
    time.pass(SignedDuration::from_mins(40) - SignedDuration::from_secs(1));
    assert_eq!(double.events(), []);
    time.pass(SignedDuration::from_secs(1));
    let events = double.events();
    assert_eq!(kinds(&events), ["checkout.session.expired"]);
    assert_eq!(body(&events[0])["data"]["object"]["status"], "expired");
    assert!(seller.happens(Outcome::Paid, None).is_err(), "its time is up");
    assert_eq!(post(&seller, &format!("{SESSIONS}/{first}/expire"), None, "").await.status(), 400);
    let second = json(&post(&seller, SESSIONS, None, &asked_with(&[])).await)["id"].as_str().expect("an id").to_owned();
    let ended = json(&post(&seller, &format!("{SESSIONS}/{second}/expire"), None, "").await);
    assert_eq!((&ended["status"], &ended["url"]), (&"expired".into(), &Value::Null));
    assert_eq!(kinds(&double.events()), ["checkout.session.expired"]);
}

#[tokio::test]
async fn webhooks_are_signed_when_they_are_delivered() {
    let time = Time::at("2026-03-04T09:00:00Z");
    let double = StripePay::start(time.clock()).await.expect("a port");
    let seller = Seller::at(&double);
    begin(&seller).await;
    let events = double.happen(BASKET, Outcome::Paid, None).expect("it may");
    time.pass(SignedDuration::from_hours(1));
    let delivery = double.delivery(&events[1]);
    let mut mac = Hmac::<Sha256>::new_from_slice(seller.credential("webhook_secret").as_bytes()).expect("a key");
    let at = time.now().as_second();
    mac.update(format!("{at}.").as_bytes());
    mac.update(&delivery.body);
    let expected = format!("t={at},v1={}", hex::encode(mac.finalize().into_bytes()));
    assert_eq!(delivery.headers["stripe-signature"], expected);
    assert_eq!((&events[1].account, &events[1].basket), (&"acme".to_owned(), &BASKET.to_owned()));
    assert_eq!(body(&events[1])["id"], events[1].event);
}
