//! Stripe: recorded objects, filled in and put into signed events.

use domain::{Currency, Money, WayOfPaying};
use hmac::{Hmac, KeyInit, Mac};
use http::HeaderMap;
use jiff::Timestamp;
use payments::{CertificateRoots, PaymentProvider, ProviderSecret};
use serde_json::{Value, json};
use sha2::Sha256;

use super::{Happening, Kit, Sent, World, now};

pub const SECRET: &str = "whsec_test";

pub fn kit(provider: &'static dyn PaymentProvider) -> Kit {
    Kit {
        provider,
        takes: (WayOfPaying::SepaDebit, Currency::EUR),
        secret: ProviderSecret::new(SECRET),
        sign,
        signed_headers: &["stripe-signature"],
        chain: None,
        roots: CertificateRoots::mozilla(),
        send,
        begun: || {
            World(vec![("/v1/checkout/sessions".to_owned(), session(super::BASKET, Money::from_minor(1250, Currency::EUR)))])
        },
    }
}

pub fn hex_hmac(key: &str, parts: &[&[u8]]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).expect("any length");
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn sign(body: &[u8], at: Timestamp) -> HeaderMap {
    let second = at.as_second().to_string();
    let v1 = hex_hmac(SECRET, &[second.as_bytes(), b".", body]);
    let mut headers = HeaderMap::new();
    headers.insert("stripe-signature", format!("t={second},v1={v1}").parse().expect("plain"));
    headers
}

pub fn session(basket: &str, money: Money) -> Value {
    let mut session = super::json("stripe/checkout.session.json");
    session["client_reference_id"] = json!(basket);
    session["metadata"] = json!({ "basket": basket });
    session["amount_total"] = json!(money.minor());
    session["currency"] = json!(money.currency().code().to_ascii_lowercase());
    session["payment_method_types"] = json!(["sepa_debit"]);
    session["expires_at"] = json!(now().as_second() + 1860);
    session
}

pub fn event(kind: &str, number: u32, object: &Value) -> Vec<u8> {
    let mut event = super::json("stripe/event.json");
    event["id"] = json!(format!("evt_{number}"));
    event["type"] = json!(kind);
    event["created"] = json!(now().as_second());
    event["data"]["object"] = object.clone();
    event.to_string().into_bytes()
}

fn send(what: Happening, basket: &str, money: Money, number: u32) -> Option<Sent> {
    let of_session = |kind: &str, status: &str, payment_status: &str| {
        let mut session = session(basket, money);
        session["status"] = json!(status);
        session["payment_status"] = json!(payment_status);
        event(kind, number, &session)
    };
    let taken_back = |file: &str, kind: &str, status: &str| {
        let mut object = super::json(file);
        object["amount"] = json!(money.minor());
        object["currency"] = json!(money.currency().code().to_ascii_lowercase());
        object["status"] = json!(status);
        object["payment_intent"] = json!("pi_1");
        event(kind, number, &object)
    };
    let mut intent = super::json("stripe/payment_intent.json");
    intent["metadata"] = json!({ "basket": basket });
    let body = match what {
        Happening::Received => of_session("checkout.session.async_payment_succeeded", "complete", "paid"),
        Happening::Pending => of_session("checkout.session.completed", "complete", "unpaid"),
        Happening::Failed => of_session("checkout.session.async_payment_failed", "complete", "unpaid"),
        Happening::Expired => of_session("checkout.session.expired", "expired", "unpaid"),
        Happening::Refund { in_force: true } => taken_back("stripe/refund.json", "refund.created", "succeeded"),
        Happening::Refund { in_force: false } => taken_back("stripe/refund.json", "refund.failed", "failed"),
        Happening::Chargeback { in_force: true } => taken_back("stripe/dispute.json", "charge.dispute.created", "needs_response"),
        Happening::Chargeback { in_force: false } => taken_back("stripe/dispute.json", "charge.dispute.closed", "won"),
    };
    Some(Sent { body, world: World(vec![("/v1/payment_intents/pi_1".to_owned(), intent)]) })
}
