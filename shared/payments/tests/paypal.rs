//! PayPal alone: a delivery that it published with its certificate, chains of certificates, orders and captures.

mod common;

use bytes::Bytes;
use common::{Kit, Sent, World, access, asked, at, basket, fixture, json, lines, now, paypal, words};
use domain::{Currency, Money, PaymentId, ProviderOutcome, ProviderSaid, ReversalKind, WayOfPaying};
use http::{HeaderMap, HeaderValue, Response};
use jiff::Timestamp;
use payments::{
    CannotBegin, CertificateRoots, NextCall, PaymentProvider, ProviderSecret, ProviderSite, ProviderTrouble, WebhookDelivery,
    WebhookTrust, paypal::PayPal,
};
use rcgen::ExtendedKeyUsagePurpose::{ClientAuth, ServerAuth};
use serde_json::{Value, json};

fn kit() -> Kit {
    common::kit(&PayPal)
}

/// The delivery of 2019 that PayPal published, and what it is checked with.
struct Published {
    headers: HeaderMap,
    body: Vec<u8>,
    webhook: ProviderSecret,
    chain: Vec<u8>,
    roots: CertificateRoots,
}

impl Published {
    fn read() -> Self {
        let recorded = json("paypal/webhook-headers.json");
        let mut headers = HeaderMap::new();
        for name in ["cert-url", "transmission-id", "transmission-time", "auth-algo", "transmission-sig"] {
            let name = format!("paypal-{name}");
            let value = recorded[&name].as_str().expect("recorded");
            headers.insert(http::HeaderName::from_bytes(name.as_bytes()).expect("a name"), value.parse().expect("plain"));
        }
        let chain = [fixture("paypal/signing-certificate.pem"), fixture("paypal/digicert-intermediate.pem")].join(&b'\n');
        Self {
            headers,
            body: fixture("paypal/webhook-body.json"),
            webhook: ProviderSecret::new(recorded["webhook_id"].as_str().expect("recorded")),
            chain,
            roots: CertificateRoots::from_pem(&fixture("paypal/digicert-root.pem")).expect("a root"),
        }
    }

    fn is_believed(&self, now: Timestamp, is_test: bool) -> Result<(), String> {
        let secrets = [self.webhook.clone()];
        let trust = WebhookTrust { secrets: &secrets, chain: Some(&self.chain), roots: &self.roots, is_test };
        let delivery = WebhookDelivery { headers: &self.headers, body: &self.body, now };
        PayPal.verify(&delivery, &trust).map_err(|error| error.detail)
    }
}

fn then() -> Timestamp {
    at("2019-08-29T10:49:34Z")
}

#[test]
fn the_published_delivery_is_believed_and_each_changed_byte_is_not() {
    let published = Published::read();
    assert_eq!(published.is_believed(then(), true), Ok(()));
    let site = ProviderSite { is_test: true, base: None };
    let delivery = WebhookDelivery { headers: &published.headers, body: &published.body, now: then() };
    let url = PayPal.chain_url(&site, &delivery).expect("PayPal's own host");
    assert_eq!(url.as_deref(), published.headers["paypal-cert-url"].to_str().ok());
    for at in 0..published.body.len() {
        let mut bent = Published::read();
        bent.body[at] ^= 1;
        assert!(bent.is_believed(then(), true).is_err(), "byte {at}");
    }
    assert_eq!(PayPal.read(&published.body).expect("an event").foreign, 1, "it is about a payment of version 1");
}

#[test]
fn the_published_chain_is_held_to_its_days_its_name_and_its_root() {
    let published = Published::read();
    for (when, why) in [("2023-01-01T00:00:00Z", "seconds old"), ("2019-08-29T10:00:00Z", "seconds old")] {
        assert!(published.is_believed(at(when), true).expect_err(when).contains(why), "{when}");
    }
    // The sandbox's certificate says nothing of the live system.
    assert!(published.is_believed(then(), false).expect_err("another name").contains("messageverificationcerts.paypal.com"));
    let mut alone = Published::read();
    alone.chain = fixture("paypal/signing-certificate.pem");
    assert!(alone.is_believed(then(), true).expect_err("no intermediate").contains("lead back to a root"));
    let mut elsewhere = Published::read();
    elsewhere.roots = CertificateRoots::from_pem(paypal::AUTHORITY.root().as_bytes()).expect("a root");
    assert!(elsewhere.is_believed(then(), true).expect_err("another root").contains("lead back to a root"));
    // Each byte of the certificates in between: the text no longer decodes, or no longer holds.
    let lines: Vec<usize> = (60..published.chain.len()).step_by(97).collect();
    for at in lines {
        let mut bent = Published::read();
        let byte = bent.chain[at];
        if !byte.is_ascii_alphanumeric() {
            continue;
        }
        bent.chain[at] = if byte == b'A' { b'B' } else { b'A' };
        assert!(bent.is_believed(then(), true).is_err(), "byte {at} of the chain");
    }
}

#[test]
fn a_certificate_of_anybody_else_signs_nothing() {
    let kit = kit();
    let headers = (kit.sign)(b"{}", now());
    let other = paypal::Authority::new("Another authority");
    let believed = |chain: &str, headers: &HeaderMap| {
        let secrets = [kit.secret.clone()];
        let trust = WebhookTrust { secrets: &secrets, chain: Some(chain.as_bytes()), roots: &kit.roots, is_test: true };
        PayPal.verify(&WebhookDelivery { headers, body: b"{}", now: now() }, &trust).is_ok()
    };
    let authority = &*paypal::AUTHORITY;
    assert!(believed(&authority.certificate(paypal::NAME, (2025, 2028), ServerAuth), &headers));
    for (why, chain) in [
        ("expired", authority.certificate(paypal::NAME, (2020, 2026), ServerAuth)),
        ("not yet good", authority.certificate(paypal::NAME, (2027, 2030), ServerAuth)),
        ("for the live system", authority.certificate("messageverificationcerts.paypal.com", (2025, 2028), ServerAuth)),
        ("of another name", authority.certificate("evil.example.com", (2025, 2028), ServerAuth)),
        (
            "of a name that ends alike",
            authority.certificate("x.messageverificationcerts.sandbox.paypal.com", (2025, 2028), ServerAuth),
        ),
        ("for clients", authority.certificate(paypal::NAME, (2025, 2028), ClientAuth)),
        ("of another authority", other.certificate(paypal::NAME, (2025, 2028), ServerAuth)),
        ("the authority's own", authority.root()),
        ("none", String::new()),
        ("no certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".to_owned()),
    ] {
        assert!(!believed(&chain, &headers), "{why}");
    }
    // Their own certificate and signature, with their root in the chain that they serve.
    let theirs = paypal::sign(&other, b"{}", now());
    let served = format!("{}{}", other.certificate(paypal::NAME, (2025, 2028), ServerAuth), other.root());
    assert!(!believed(&served, &theirs));
    // A chain that was not fetched, and a delivery of another algorithm.
    let secrets = [kit.secret.clone()];
    let trust = WebhookTrust { secrets: &secrets, chain: None, roots: &kit.roots, is_test: true };
    assert!(PayPal.verify(&WebhookDelivery { headers: &headers, body: b"{}", now: now() }, &trust).is_err());
}

#[test]
fn the_host_of_certificates_is_pinned() {
    let url = |given: &str, site: ProviderSite<'_>| {
        let mut headers = HeaderMap::new();
        headers.insert("paypal-cert-url", HeaderValue::from_str(given).expect("plain"));
        PayPal.chain_url(&site, &WebhookDelivery { headers: &headers, body: b"", now: now() }).is_ok()
    };
    let (live, test) = (ProviderSite { is_test: false, base: None }, ProviderSite { is_test: true, base: None });
    assert!(url("https://api.paypal.com/v1/notifications/certs/CERT-360caa42-fca2a594-1d93a270", live));
    assert!(url("https://api.sandbox.paypal.com/v1/notifications/certs/CERT-1", test));
    assert!(url(
        "http://127.0.0.1:9000/v1/notifications/certs/CERT-1",
        ProviderSite { is_test: true, base: Some("http://127.0.0.1:9000/") }
    ));
    for wrong in [
        "https://api.sandbox.paypal.com/v1/notifications/certs/CERT-1",
        "http://api.paypal.com/v1/notifications/certs/CERT-1",
        "https://api.paypal.com.evil.example/v1/notifications/certs/CERT-1",
        "https://api.paypal.com@evil.example/v1/notifications/certs/CERT-1",
        "https://evil.example/https://api.paypal.com/v1/notifications/certs/CERT-1",
        "https://api.paypal.com:8443/v1/notifications/certs/CERT-1",
        "https://api.paypal.com/v1/notifications/certs/../../redirect",
        "https://api.paypal.com/v1/notifications/certs/CERT-1?x=y",
        "https://api.paypal.com/v1/notifications/certs/CERT-1#x",
        "https://api.paypal.com/v1/notifications/certs/%2e%2e",
        "https://api.paypal.com/v1/notifications/certs/",
        "https://API.PAYPAL.COM/v1/notifications/certs/CERT-1",
        "",
    ] {
        assert!(!url(wrong, live), "{wrong}");
    }
}

#[test]
fn a_delivery_of_three_days_ago_is_believed_and_one_of_five_is_not() {
    let kit = kit();
    let headers = (kit.sign)(b"{}", now());
    for (hours, believed) in [(0, true), (72, true), (97, false), (-1, false)] {
        let then = Timestamp::from_second(now().as_second() + hours * 3600).expect("an instant");
        assert_eq!(kit.believes(&headers, b"{}", then), believed, "{hours} h");
    }
}

fn order_of(amounts: &[i64], currency: Currency) -> Result<Value, CannotBegin> {
    let (basket, lines, words, key) = (basket(), lines(amounts), words(), ProviderSecret::new("A21"));
    let NextCall::Ask(request) = PayPal.begin(&access(&key), &asked(&basket, &lines, &WayOfPaying::Paypal, currency, &words))?
    else {
        panic!("PayPal is asked")
    };
    assert_eq!(request.uri(), "https://api-m.sandbox.paypal.com/v2/checkout/orders");
    Ok(serde_json::from_slice(request.body()).expect("JSON"))
}

#[test]
fn an_order_has_one_unit_and_paypals_decimals() {
    for (code, minor, value) in
        [("USD", 125_000, Some("1250.00")), ("JPY", 1250, Some("1250")), ("HUF", 125_000, Some("1250")), ("TWD", 125_050, None)]
    {
        let order = order_of(&[minor], Currency::parse(code).expect(code));
        let sent = order.as_ref().ok().map(|order| order["purchase_units"][0]["amount"]["value"].as_str().expect("text"));
        assert_eq!(sent, value, "{code}");
        assert!(value.is_some() || matches!(order, Err(CannotBegin::TooFine { step_minor: 100, .. })), "{code}");
    }
    let order = order_of(&vec![5; 400], Currency::EUR).expect("an order");
    let unit = &order["purchase_units"][0];
    assert_eq!(order["purchase_units"].as_array().map(Vec::len), Some(1));
    assert_eq!((&unit["custom_id"], &unit["amount"]["value"]), (&json!(common::BASKET), &json!("20.00")));
    assert_eq!(unit["description"], "Account balance", "four hundred numbers do not fit");
    assert_eq!(order_of(&[1000, 250], Currency::EUR).expect("an order")["purchase_units"][0]["description"], "Invoice R-0, R-1");
}

fn read_order(order: &Value) -> Vec<ProviderSaid> {
    let question = PayPal.look_up(&basket(), "5O1", now()).expect("a question");
    PayPal.answered(&question, &Response::new(Bytes::from(order.to_string()))).expect("it reads").said
}

fn order(status: &str, payments: Value) -> Value {
    json!({ "id": "5O1", "status": status, "purchase_units": [{ "custom_id": common::BASKET, "payments": payments }] })
}

#[test]
fn an_approved_order_is_no_money_and_a_captured_one_says_what_came() {
    let money = Money::from_minor(1250, Currency::EUR);
    let capture = paypal::capture(common::BASKET, money, "COMPLETED");
    for open in ["CREATED", "PAYER_ACTION_REQUIRED", "SAVED"] {
        assert_eq!(read_order(&order(open, Value::Null)), [], "{open}");
    }
    assert_eq!(read_order(&order("APPROVED", Value::Null))[0].what, ProviderOutcome::Approved);
    assert_eq!(read_order(&order("VOIDED", Value::Null))[0].what, ProviderOutcome::Expired);
    let refund = json!({ "id": "R1", "status": "COMPLETED", "amount": paypal::amount(Money::from_minor(250, Currency::EUR)), "links": [] });
    let said = read_order(&order("COMPLETED", json!({ "captures": [capture], "refunds": [refund] })));
    let received = ProviderOutcome::Received { money, way: WayOfPaying::Paypal, reference: "3C679366HH908993F".to_owned() };
    assert_eq!((said.len(), &said[0].what), (2, &received));
    assert!(
        matches!(&said[1].what, ProviderOutcome::TakenBack { external_id, kind: ReversalKind::Refund, .. } if external_id == "R1")
    );
    assert_ne!(said[0].event, said[1].event, "each has an event of its own");
    let approved = json!({ "id": "5O1", "status": "APPROVED", "purchase_units": [{ "custom_id": common::BASKET }] });
    let event = Sent { body: paypal::event("CHECKOUT.ORDER.APPROVED", 1, &approved), world: World::default() };
    let said = kit().hear_one(&event);
    assert_eq!((said.what, said.provider_id.as_deref()), (ProviderOutcome::Approved, Some("5O1")));
}

#[test]
fn a_capture_that_was_asked_twice_is_looked_up() {
    let question = PayPal.look_up(&basket(), "5O1", now()).expect("a question");
    let answer = |status: u16, issue: &str| {
        let body = json!({ "name": "UNPROCESSABLE_ENTITY", "details": [{ "issue": issue }] }).to_string();
        PayPal.answered(&question, &Response::builder().status(status).body(Bytes::from(body)).expect("an answer"))
    };
    assert_eq!(answer(422, "ORDER_ALREADY_CAPTURED").expect("it leads on").questions, std::slice::from_ref(&question));
    let declined = ProviderTrouble::Refused { status: 422, code: "INSTRUMENT_DECLINED".to_owned() };
    assert_eq!(answer(422, "INSTRUMENT_DECLINED"), Err(declined));
    // Prose has names and addresses: it is not repeated.
    assert_eq!(answer(422, "The card of Jo Doe"), Err(ProviderTrouble::Refused { status: 422, code: "none".to_owned() }));
}

#[test]
fn a_reversal_and_its_dispute_are_one_chargeback() {
    let money = Money::from_minor(1250, Currency::EUR);
    let links = json!([{ "href": "https://api.paypal.com/v2/payments/captures/3C679366HH908993F", "rel": "up" }]);
    let reversal = json!({ "id": "REV1", "status": "COMPLETED", "amount": paypal::amount(money), "custom_id": common::BASKET, "links": links });
    let reversed = Sent { body: paypal::event("PAYMENT.CAPTURE.REVERSED", 1, &reversal), world: World::default() };
    let dispute = |stage: &str, status: &str, outcome: &str| {
        let resource = json!({
            "dispute_id": "PP-D-1", "status": status, "dispute_life_cycle_stage": stage, "dispute_amount": paypal::amount(money),
            "dispute_outcome": { "outcome_code": outcome },
            "disputed_transactions": [{ "seller_transaction_id": "3C679366HH908993F", "custom": common::BASKET }],
        });
        Sent { body: paypal::event("CUSTOMER.DISPUTE.UPDATED", 2, &resource), world: World::default() }
    };
    let taken = |sent: &Sent| match kit().hear_one(sent).what {
        ProviderOutcome::TakenBack { external_id, in_force, kind: ReversalKind::Chargeback, .. } => (external_id, in_force),
        other => panic!("{other:?}"),
    };
    let id = "3C679366HH908993F-chargeback".to_owned();
    assert_eq!(taken(&reversed), (id.clone(), true));
    for (stage, status, outcome, in_force) in [
        ("INQUIRY", "OPEN", "", false),
        ("CHARGEBACK", "OPEN", "", true),
        ("PRE_ARBITRATION", "UNDER_REVIEW", "", true),
        ("CHARGEBACK", "RESOLVED", "RESOLVED_BUYER_FAVOUR", true),
        ("CHARGEBACK", "RESOLVED", "RESOLVED_SELLER_FAVOUR", false),
        ("CHARGEBACK", "RESOLVED", "CANCELED_BY_BUYER", false),
    ] {
        assert_eq!(taken(&dispute(stage, status, outcome)), (id.clone(), in_force), "{stage} {status} {outcome}");
    }
}

#[test]
fn signing_in_gives_a_token() {
    let site = ProviderSite { is_test: false, base: None };
    let request = PayPal.sign_in(&site, &ProviderSecret::new("client:secret")).expect("a request");
    assert_eq!(request.uri(), "https://api-m.paypal.com/v1/oauth2/token");
    assert_eq!(request.headers()["authorization"], "Basic Y2xpZW50OnNlY3JldA==");
    let answer = |status: u16, body: &'static str| {
        PayPal.signed_in(&Response::builder().status(status).body(Bytes::from_static(body.as_bytes())).expect("an answer"))
    };
    let token = answer(200, r#"{"access_token": "A21", "token_type": "Bearer", "expires_in": 32400}"#).expect("a token");
    assert_eq!((token.token, token.lasts_s), (ProviderSecret::new("A21"), 32_400));
    assert_eq!(answer(401, r#"{"error": "invalid_client"}"#), Err(ProviderTrouble::SignIn { status: 401 }));
    assert!(answer(200, "{}").is_err());
    assert!(PaymentId::parse(common::BASKET).is_some());
}
