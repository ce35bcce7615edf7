//! PayPal: events after its schemas, signed with a certificate of an authority made up here.

use std::sync::LazyLock;

use aws_lc_rs::{encoding::AsDer, rsa};
use base64::{Engine, engine::general_purpose::STANDARD};
use domain::{Currency, Money, WayOfPaying};
use http::HeaderMap;
use jiff::Timestamp;
use payments::{CertificateRoots, PaymentProvider, ProviderSecret};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    PKCS_RSA_SHA256, SigningKey, date_time_ymd,
};
use serde_json::{Value, json};

use super::{Happening, Kit, Sent, World};

pub const WEBHOOK: &str = "1JE4291016473214C";
pub const NAME: &str = "messageverificationcerts.sandbox.paypal.com";

/// An authority, and the key that PayPal's certificates have.
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    key: KeyPair,
}

impl Authority {
    pub fn new(name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::<String>::new()).expect("no name is fine");
        params.distinguished_name = named(name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("a certificate");
        let rsa = rsa::KeyPair::generate(rsa::KeySize::Rsa2048).expect("a key");
        let der = rsa.as_der().expect("it can be written");
        let key = KeyPair::try_from(der.as_ref()).expect("and read");
        assert!(key.is_compatible(&PKCS_RSA_SHA256));
        Self { issuer, key }
    }

    pub fn root(&self) -> String {
        self.issuer.pem()
    }

    /// The certificate of a name for some years, for servers or for clients.
    pub fn certificate(&self, name: &str, years: (i32, i32), usage: ExtendedKeyUsagePurpose) -> String {
        let mut params = CertificateParams::new(vec![name.to_owned()]).expect("a name");
        params.distinguished_name = named(name);
        params.not_before = date_time_ymd(years.0, 1, 1);
        params.not_after = date_time_ymd(years.1, 1, 1);
        params.extended_key_usages = vec![usage];
        params.signed_by(&self.key, &self.issuer).expect("a certificate").pem()
    }

    fn sign(&self, text: &str) -> String {
        STANDARD.encode(SigningKey::sign(&self.key, text.as_bytes()).expect("a signature"))
    }
}

fn named(name: &str) -> DistinguishedName {
    let mut named = DistinguishedName::new();
    named.push(DnType::CommonName, name);
    named
}

pub static AUTHORITY: LazyLock<Authority> = LazyLock::new(|| Authority::new("An authority for tests"));

pub fn kit(provider: &'static dyn PaymentProvider) -> Kit {
    Kit {
        provider,
        takes: (WayOfPaying::Paypal, Currency::EUR),
        secret: ProviderSecret::new(WEBHOOK),
        sign: |body, at| sign(&AUTHORITY, body, at),
        signed_headers: &["paypal-transmission-id", "paypal-transmission-time", "paypal-auth-algo", "paypal-transmission-sig"],
        chain: Some(AUTHORITY.certificate(NAME, (2025, 2028), ExtendedKeyUsagePurpose::ServerAuth).into_bytes()),
        roots: CertificateRoots::from_pem(AUTHORITY.root().as_bytes()).expect("a root"),
        send,
        begun: || {
            let links = json!([{ "href": "https://www.sandbox.paypal.com/checkoutnow?token=5O1", "rel": "payer-action", "method": "GET" }]);
            World(vec![(
                "/v2/checkout/orders".to_owned(),
                json!({ "id": "5O1", "status": "PAYER_ACTION_REQUIRED", "links": links }),
            )])
        },
    }
}

pub fn sign(authority: &Authority, body: &[u8], at: Timestamp) -> HeaderMap {
    let id = "69cd13f0-d67a-11e5-baa3-778b53f4ae55";
    let signature = authority.sign(&format!("{id}|{at}|{WEBHOOK}|{}", crc32fast::hash(body)));
    let mut headers = HeaderMap::new();
    for (name, value) in [
        ("paypal-transmission-id", id),
        ("paypal-transmission-time", &at.to_string()),
        ("paypal-auth-algo", "SHA256withRSA"),
        ("paypal-cert-url", "https://api.sandbox.paypal.com/v1/notifications/certs/CERT-1"),
        ("paypal-transmission-sig", &signature),
    ] {
        headers.insert(name, value.parse().expect("plain"));
    }
    headers
}

pub fn amount(money: Money) -> Value {
    let text = money.to_string();
    json!({ "currency_code": money.currency().code(), "value": text.split(' ').next() })
}

pub fn event(kind: &str, number: u32, resource: &Value) -> Vec<u8> {
    let event = json!({
        "id": format!("WH-{number}"), "event_version": "1.0", "create_time": "2026-03-02T09:00:00.123Z", "resource_version": "2.0",
        "event_type": kind, "resource": resource,
    });
    event.to_string().into_bytes()
}

pub fn capture(basket: &str, money: Money, status: &str) -> Value {
    json!({
        "id": "3C679366HH908993F", "status": status, "amount": amount(money), "custom_id": basket, "final_capture": true,
        "supplementary_data": { "related_ids": { "order_id": "5O1" } }, "create_time": "2026-03-02T09:00:00Z",
    })
}

fn send(what: Happening, basket: &str, money: Money, number: u32) -> Option<Sent> {
    let of_capture = |kind: &str, status: &str| event(kind, number, &capture(basket, money, status));
    let refund = |kind: &str, status: &str| {
        let up = "https://api.sandbox.paypal.com/v2/payments/captures/3C679366HH908993F";
        let links = json!([{ "href": up, "rel": "up", "method": "GET" }]);
        event(kind, number, &json!({ "id": "1JU08902781691411", "status": status, "amount": amount(money), "links": links }))
    };
    let dispute = |kind: &str, status: &str, outcome: Option<&str>| {
        let transaction = json!({ "seller_transaction_id": "3C679366HH908993F", "custom": basket });
        let resource = json!({
            "dispute_id": "PP-D-1", "status": status, "dispute_life_cycle_stage": "CHARGEBACK", "dispute_amount": amount(money),
            "dispute_outcome": { "outcome_code": outcome }, "disputed_transactions": [transaction],
        });
        event(kind, number, &resource)
    };
    let body = match what {
        Happening::Received => of_capture("PAYMENT.CAPTURE.COMPLETED", "COMPLETED"),
        Happening::Pending => of_capture("PAYMENT.CAPTURE.PENDING", "PENDING"),
        Happening::Failed => of_capture("PAYMENT.CAPTURE.DENIED", "DECLINED"),
        // An order lapses without a word.
        Happening::Expired => return None,
        Happening::Refund { in_force: true } => refund("PAYMENT.CAPTURE.REFUNDED", "COMPLETED"),
        Happening::Refund { in_force: false } => refund("PAYMENT.REFUND.FAILED", "FAILED"),
        Happening::Chargeback { in_force: true } => dispute("CUSTOMER.DISPUTE.CREATED", "OPEN", None),
        Happening::Chargeback { in_force: false } => {
            dispute("CUSTOMER.DISPUTE.RESOLVED", "RESOLVED", Some("RESOLVED_SELLER_FAVOUR"))
        }
    };
    let captures = ("/v2/payments/captures/3C679366HH908993F".to_owned(), capture(basket, money, "COMPLETED"));
    Some(Sent { body, world: World(vec![captures]) })
}
