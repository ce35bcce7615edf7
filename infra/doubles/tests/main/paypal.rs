//! The double of PayPal.

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use doubles::{Outcome, PayPal, PaymentDouble};
use http::{Method, Response};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::{
    client::{Time, json as read},
    paying::{BASKET, Seller, body, kinds},
};

const ORDERS: &str = "/v2/checkout/orders";

fn asked() -> Value {
    json!({
        "intent": "CAPTURE",
        "purchase_units": [{"reference_id": BASKET, "custom_id": BASKET, "invoice_id": BASKET, "description": "Invoice INV-1",
            "amount": {"currency_code": "USD", "value": "1250.00"}}],
        "payment_source": {"paypal": {"experience_context": {"return_url": "https://acme.example/paid",
            "cancel_url": "https://acme.example/back?a=1", "shipping_preference": "NO_SHIPPING", "user_action": "PAY_NOW"}}},
    })
}

async fn token(seller: &Seller<'_>) -> String {
    let pair = format!("{}:{}", seller.credential("client_id"), seller.credential("client_secret"));
    let basic = format!("Basic {}", STANDARD.encode(pair));
    let headers = [("authorization", basic.as_str()), ("content-type", "application/x-www-form-urlencoded")];
    let answer = seller.ask(Method::POST, "/v1/oauth2/token", &headers, "grant_type=client_credentials").await;
    assert_eq!(answer.status(), 200);
    read(&answer)["access_token"].as_str().expect("a token").to_owned()
}

/// A seller who signed in.
struct SignedIn<'a> {
    seller: Seller<'a>,
    bearer: String,
}

impl<'a> SignedIn<'a> {
    async fn at(double: &'a dyn PaymentDouble) -> Self {
        let seller = Seller::at(double);
        let bearer = format!("Bearer {}", token(&seller).await);
        Self { seller, bearer }
    }

    async fn post(&self, path: &str, key: Option<&str>, body: impl Into<Bytes>) -> Response<Bytes> {
        let mut headers = vec![
            ("authorization", self.bearer.as_str()),
            ("content-type", "application/json"),
            ("prefer", "return=representation"),
        ];
        headers.extend(key.map(|key| ("paypal-request-id", key)));
        self.seller.ask(Method::POST, path, &headers, body).await
    }

    async fn get(&self, path: &str) -> Response<Bytes> {
        self.seller.ask(Method::GET, path, &[("authorization", self.bearer.as_str())], "").await
    }

    async fn begin(&self) -> Value {
        let answer = self.post(ORDERS, Some(BASKET), asked().to_string()).await;
        assert!(answer.status().is_success(), "{}", String::from_utf8_lossy(answer.body()));
        read(&answer)
    }

    async fn capture(&self, order: &Value) -> Response<Bytes> {
        let path = format!("{ORDERS}/{}/capture", order["id"].as_str().expect("an id"));
        self.post(&path, Some(BASKET), "").await
    }
}

fn issue(answer: &Response<Bytes>) -> String {
    read(answer)["details"][0]["issue"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn what_the_specification_does_not_allow_is_refused() {
    let double = PayPal::start(Time::at("2026-03-04T09:00:00Z").clock()).await.expect("a port");
    let seller = SignedIn::at(&double).await;
    for (pointer, value, status, expected) in [
        ("/intent", None, 400, "MISSING_REQUIRED_PARAMETER"),
        ("/intent", Some(json!("PAY")), 400, "INVALID_PARAMETER_VALUE"),
        ("/intent", Some(json!("AUTHORIZE")), 422, "UNSUPPORTED_INTENT"),
        ("/purchase_units", Some(json!([])), 400, "INVALID_ARRAY_MIN_ITEMS"),
        ("/purchase_units", Some(json!({})), 400, "INVALID_PARAMETER_SYNTAX"),
        ("/amount", Some(json!("1250.00")), 400, "NOT_SUPPORTED"),
        ("/purchase_units/0/amount", None, 400, "MISSING_REQUIRED_PARAMETER"),
        ("/purchase_units/0/amount/value", Some(json!(1250)), 400, "INVALID_PARAMETER_SYNTAX"),
        ("/purchase_units/0/amount/value", Some(json!("1,250.00")), 400, "INVALID_PARAMETER_SYNTAX"),
        ("/purchase_units/0/amount/value", Some(json!("1250.001")), 422, "DECIMAL_PRECISION"),
        ("/purchase_units/0/amount/value", Some(json!("0.00")), 422, "CANNOT_BE_ZERO_OR_NEGATIVE"),
        ("/purchase_units/0/amount/currency_code", Some(json!("XAU")), 422, "INVALID_CURRENCY_CODE"),
        ("/purchase_units/0/custom_id", Some(json!("x".repeat(128))), 400, "INVALID_STRING_LENGTH"),
        (
            "/purchase_units/0/amount/breakdown",
            Some(json!({"item_total": {"currency_code": "USD", "value": "1.00"}})),
            422,
            "AMOUNT_MISMATCH",
        ),
        ("/payment_source/paypal/experience_context/return_url", Some(json!("/paid")), 400, "INVALID_PARAMETER_SYNTAX"),
    ] {
        let mut order = asked();
        let (above, name) = pointer.rsplit_once('/').expect("a pointer");
        let above = order.pointer_mut(above).and_then(Value::as_object_mut).expect("an object");
        match value.clone() {
            Some(value) => drop(above.insert(name.to_owned(), value)),
            None => drop(above.remove(name)),
        }
        let answer = seller.post(ORDERS, Some("key"), order.to_string()).await;
        assert_eq!((answer.status().as_u16(), issue(&answer).as_str()), (status, expected), "{pointer} {value:?}");
    }
    assert_eq!(issue(&seller.post(ORDERS, None, asked().to_string()).await), "PAYPAL_REQUEST_ID_REQUIRED");
    assert_eq!(issue(&seller.post(ORDERS, Some("key"), "{").await), "MALFORMED_REQUEST_JSON");
    let headers = [("authorization", seller.bearer.as_str()), ("content-type", "text/plain")];
    assert_eq!(seller.seller.ask(Method::POST, ORDERS, &headers, asked().to_string()).await.status(), 415);
    let stranger = [("authorization", "Bearer guessed"), ("content-type", "application/json")];
    assert_eq!(seller.seller.ask(Method::POST, ORDERS, &stranger, asked().to_string()).await.status(), 401);
    assert_eq!(double.baskets(), []);
}

#[tokio::test]
async fn a_payer_approves_and_the_seller_captures_once() {
    let double = PayPal::start(Time::at("2026-03-04T09:00:00Z").clock()).await.expect("a port");
    let seller = SignedIn::at(&double).await;
    let order = seller.begin().await;
    assert_eq!(order["status"], "PAYER_ACTION_REQUIRED");
    let links = order["links"].as_array().expect("links");
    let page = links.iter().find(|link| link["rel"] == "payer-action").expect("a page")["href"].as_str().expect("an address");
    assert!(seller.seller.page(page).await.1.contains("1250.00 USD"));
    assert_eq!(issue(&seller.capture(&order).await), "ORDER_NOT_APPROVED");
    let id = order["id"].as_str().expect("an id");
    assert_eq!(seller.seller.press(page, "cancel=1").await, format!("https://acme.example/back?a=1&token={id}"));
    let back = seller.seller.press(page, "pay=now").await;
    assert!(back.starts_with(&format!("https://acme.example/paid?token={id}&PayerID=")), "{back}");
    let events = double.events();
    assert_eq!(kinds(&events), ["CHECKOUT.ORDER.APPROVED"]);
    assert_eq!(body(&events[0])["resource"]["purchase_units"][0]["custom_id"], BASKET);
    assert_eq!(double.baskets()[0].received_minor, 0, "an approval is no money");

    let captured = seller.capture(&order).await;
    assert_eq!(captured.status(), 201);
    let first = read(&captured)["purchase_units"][0]["payments"]["captures"][0].clone();
    assert_eq!((&first["status"], &first["amount"]["value"]), (&json!("COMPLETED"), &json!("1250.00")));
    let again = seller.capture(&order).await;
    assert_eq!(read(&again)["purchase_units"][0]["payments"]["captures"][0]["id"], first["id"], "the same key captures once");
    let path = format!("{ORDERS}/{id}/capture");
    assert_eq!(issue(&seller.post(&path, Some("another"), "{}").await), "ORDER_ALREADY_CAPTURED");
    let events = double.events();
    assert_eq!(kinds(&events), ["PAYMENT.CAPTURE.COMPLETED"]);
    let told = &body(&events[0])["resource"];
    assert_eq!((&told["id"], &told["custom_id"]), (&first["id"], &json!(BASKET)));
    assert_eq!(told["supplementary_data"]["related_ids"]["order_id"], id);
    assert_eq!(double.baskets()[0].received_minor, 125_000);
    // A second order for the same invoice cannot be captured.
    let second = read(&seller.post(ORDERS, Some("second"), asked().to_string()).await);
    double.happen(BASKET, Outcome::Paid, None).expect("it may");
    let path = format!("{ORDERS}/{}/capture", second["id"].as_str().expect("an id"));
    assert_eq!(issue(&seller.post(&path, Some("second"), "").await), "DUPLICATE_INVOICE_ID");
}

#[tokio::test]
async fn a_request_that_comes_again_shows_the_latest_state() {
    let time = Time::at("2026-03-04T09:00:00Z");
    let double = PayPal::start(time.clock()).await.expect("a port");
    let seller = SignedIn::at(&double).await;
    let order = seller.begin().await;
    double.happen(BASKET, Outcome::Paid, None).expect("it may");
    let again = seller.begin().await;
    assert_eq!((&again["id"], &again["status"]), (&order["id"], &json!("APPROVED")));
    time.pass(SignedDuration::from_hours(6));
    assert_ne!(seller.begin().await["id"], order["id"], "keys are known for six hours");
}

#[tokio::test]
async fn a_capture_waits_fails_or_is_declined() {
    let double = PayPal::start(Time::at("2026-03-04T09:00:00Z").clock()).await.expect("a port");
    let seller = SignedIn::at(&double).await;
    let order = seller.begin().await;
    assert_eq!(seller.seller.happens(Outcome::Failed, None).expect("it may"), ["CHECKOUT.ORDER.APPROVED"]);
    assert_eq!(issue(&seller.capture(&order).await), "INSTRUMENT_DECLINED");
    assert_eq!(seller.seller.happens(Outcome::Pending, None).expect("it may"), ["CHECKOUT.ORDER.APPROVED"]);
    let captured = read(&seller.capture(&order).await);
    let capture = &captured["purchase_units"][0]["payments"]["captures"][0];
    assert_eq!((&capture["status"], &capture["status_details"]["reason"]), (&json!("PENDING"), &json!("ECHECK")));
    assert_eq!(kinds(&double.events()), ["PAYMENT.CAPTURE.PENDING"]);
    assert_eq!(seller.seller.happens(Outcome::Succeeded, None).expect("it may"), ["PAYMENT.CAPTURE.COMPLETED"]);
    assert!(seller.seller.happens(Outcome::Failed, None).is_err() && seller.seller.happens(Outcome::Expired, None).is_err());
    assert_eq!(double.baskets()[0].received_minor, 125_000);

    let mut other = asked();
    other["purchase_units"][0]["invoice_id"] = json!("another");
    let other = read(&seller.post(ORDERS, Some("other"), other.to_string()).await);
    seller.seller.happens(Outcome::Pending, None).expect("the newest of the basket is meant");
    let path = format!("{ORDERS}/{}/capture", other["id"].as_str().expect("an id"));
    assert_eq!(seller.post(&path, Some("other"), "").await.status(), 201);
    assert_eq!(seller.seller.happens(Outcome::Failed, None).expect("it may"), ["PAYMENT.CAPTURE.DENIED"]);
    assert_eq!(double.baskets()[1].received_minor, 0);
}

#[tokio::test]
async fn money_goes_back_no_further_than_it_came() {
    let double = PayPal::start(Time::at("2026-03-04T09:00:00Z").clock()).await.expect("a port");
    let seller = SignedIn::at(&double).await;
    let order = seller.begin().await;
    double.happen(BASKET, Outcome::Paid, None).expect("it may");
    let captured = read(&seller.capture(&order).await);
    let capture = captured["purchase_units"][0]["payments"]["captures"][0]["id"].as_str().expect("an id").to_owned();
    double.events();
    let path = format!("/v2/payments/captures/{capture}/refund");
    let part = |value: &str, currency: &str| json!({"amount": {"value": value, "currency_code": currency}}).to_string();
    assert_eq!(issue(&seller.post(&path, Some("a"), part("1250.01", "USD")).await), "REFUND_AMOUNT_EXCEEDED");
    assert_eq!(issue(&seller.post(&path, Some("a"), part("1.00", "EUR")).await), "REFUND_CAPTURE_CURRENCY_MISMATCH");
    let refund = read(&seller.post(&path, Some("a"), part("250.00", "USD")).await);
    assert_eq!(read(&seller.post(&path, Some("a"), part("250.00", "USD")).await)["id"], refund["id"]);
    let events = double.events();
    assert_eq!(kinds(&events), ["PAYMENT.CAPTURE.REFUNDED"]);
    assert_eq!(body(&events[0])["resource"]["id"], refund["id"]);
    let shown = read(&seller.get(&format!("/v2/payments/captures/{capture}")).await);
    assert_eq!(shown["status"], "PARTIALLY_REFUNDED");
    let events = double.happen(BASKET, Outcome::ChargedBack, None).expect("the rest");
    assert_eq!(kinds(&events), ["PAYMENT.CAPTURE.REVERSED"]);
    let reversal = &body(&events[0])["resource"];
    assert_eq!(reversal["amount"]["value"], "1000.00");
    let up = reversal["links"].as_array().expect("links").iter().find(|link| link["rel"] == "up").expect("a capture");
    assert!(up["href"].as_str().expect("an address").ends_with(&capture));
    assert_eq!(issue(&seller.post(&path, Some("b"), "{}").await), "CAPTURE_FULLY_REFUNDED");
    assert_eq!(double.baskets()[0].taken_back_minor, 125_000);
}

#[tokio::test]
async fn an_order_that_nobody_approves_is_gone() {
    let time = Time::at("2026-03-04T09:00:00Z");
    let double = PayPal::start(time.clock()).await.expect("a port");
    let seller = SignedIn::at(&double).await;
    let order = seller.begin().await;
    let path = format!("{ORDERS}/{}", order["id"].as_str().expect("an id"));
    assert_eq!(seller.get(&path).await.status(), 200);
    time.pass(SignedDuration::from_hours(3));
    assert_eq!(
        (seller.get(&path).await.status().as_u16(), issue(&seller.capture(&order).await)),
        (404, "INVALID_RESOURCE_ID".to_owned())
    );
    assert!(seller.seller.happens(Outcome::Paid, None).is_err());
    assert_eq!(double.events(), []);
    time.pass(SignedDuration::from_hours(6));
    assert_eq!(seller.get(&path).await.status(), 401, "the token ended");
}

#[tokio::test]
async fn webhooks_name_their_certificate() {
    let double = PayPal::start(Time::at("2026-03-04T09:00:00Z").clock()).await.expect("a port");
    let seller = SignedIn::at(&double).await;
    seller.begin().await;
    let events = double.happen(BASKET, Outcome::Paid, None).expect("it may");
    let (first, second) = (double.delivery(&events[0]), double.delivery(&events[0]));
    assert_eq!(first.body, second.body);
    assert_ne!(first.headers["paypal-transmission-id"], second.headers["paypal-transmission-id"]);
    assert_eq!(first.headers["paypal-auth-algo"], "SHA256withRSA");
    let url = first.headers["paypal-cert-url"].to_str().expect("text");
    let (status, certificates) = seller.seller.page(url).await;
    assert!(status == 200 && certificates.starts_with("-----BEGIN CERTIFICATE-----"), "{certificates}");
    assert!(double.root_certificates().is_some_and(|root| !certificates.contains(&root)));
    let signature = STANDARD.decode(first.headers["paypal-transmission-sig"].as_bytes()).expect("base64");
    assert_eq!(signature.len(), 256);
}
