//! What the contract suite needs of each provider: how it signs, what it sends, what it answers.

#![allow(dead_code)] // Each file of tests uses some of it.

pub mod gocardless;
pub mod paypal;
pub mod stripe;

use bytes::Bytes;
use domain::{BasketLine, Currency, InvoiceId, Money, PaymentId, ProviderSaid, WayOfPaying};
use http::{HeaderMap, Request, Response};
use jiff::Timestamp;
use payments::{
    AskedPayment, CertificateRoots, PaymentProvider, PaymentQuestion, PaymentWords, ProviderAccess, ProviderHeard,
    ProviderSecret, ProviderSite, WebhookDelivery, WebhookTrust,
};
use serde_json::Value;

/// What happens to a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Happening {
    Received,
    Pending,
    Failed,
    Expired,
    Refund { in_force: bool },
    Chargeback { in_force: bool },
}

/// A delivery, and what the provider answers to the questions that it raises.
pub struct Sent {
    pub body: Vec<u8>,
    pub world: World,
}

/// The provider's objects, by the path that asks for them.
#[derive(Clone, Default)]
pub struct World(pub Vec<(String, Value)>);

/// One provider as the suite sees it.
pub struct Kit {
    pub provider: &'static dyn PaymentProvider,
    /// A way and a currency that it takes.
    pub takes: (WayOfPaying, Currency),
    /// A secret that it signs with.
    pub secret: ProviderSecret,
    /// The headers of a body that it signed at an instant.
    pub sign: fn(&[u8], Timestamp) -> HeaderMap,
    /// The headers that a signature is of.
    pub signed_headers: &'static [&'static str],
    /// What it signs with, where that is a certificate.
    pub chain: Option<Vec<u8>>,
    pub roots: CertificateRoots,
    /// What it sends when something happens: the event's id ends in the number. `None` where it knows no such thing.
    pub send: fn(Happening, &str, Money, u32) -> Option<Sent>,
    /// What it answers on the way to a payer's page, by path.
    pub begun: fn() -> World,
}

pub fn kit(provider: &'static dyn PaymentProvider) -> Kit {
    match provider.name() {
        "stripe" => stripe::kit(provider),
        "paypal" => paypal::kit(provider),
        "gocardless" => gocardless::kit(provider),
        other => panic!("the provider {other} sends webhooks: write its kit in tests/common"),
    }
}

/// The kits of all providers that send webhooks.
pub fn kits() -> impl Iterator<Item = Kit> {
    payments::registry().iter().filter(|provider| provider.capabilities().webhooks.is_some()).map(|provider| kit(*provider))
}

pub const BASKET: &str = "pay_0123456789abcdef";

pub fn basket() -> PaymentId {
    PaymentId::parse(BASKET).expect("an id")
}

pub fn at(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

pub fn now() -> Timestamp {
    at("2026-03-02T09:00:00Z")
}

pub fn fixture(path: &str) -> Vec<u8> {
    let path = format!("{}/tests/fixtures/{path}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

pub fn json(path: &str) -> Value {
    serde_json::from_slice(&fixture(path)).expect(path)
}

impl Kit {
    pub fn trust<'a>(&'a self, secrets: &'a [ProviderSecret]) -> WebhookTrust<'a> {
        WebhookTrust { secrets, chain: self.chain.as_deref(), roots: &self.roots, is_test: true }
    }

    pub fn believes(&self, headers: &HeaderMap, body: &[u8], now: Timestamp) -> bool {
        let secrets = [self.secret.clone()];
        self.provider.verify(&WebhookDelivery { headers, body, now }, &self.trust(&secrets)).is_ok()
    }

    /// All that a delivery comes to, its questions asked and answered.
    pub fn hear(&self, sent: &Sent) -> ProviderHeard {
        let mut heard = self.provider.read(&sent.body).expect("a body of the provider's");
        for _ in 0..5 {
            let questions = std::mem::take(&mut heard.questions);
            for question in &questions {
                let more = self.answer(question, &sent.world);
                heard.said.extend(more.said);
                heard.questions.extend(more.questions);
                heard.foreign += more.foreign;
                heard.unread.extend(more.unread);
            }
        }
        assert!(heard.questions.is_empty(), "questions come to an end: {:?}", heard.questions);
        heard
    }

    fn answer(&self, question: &PaymentQuestion, world: &World) -> ProviderHeard {
        // It may be kept before it is asked.
        let kept = serde_json::to_string(question).expect("it can be written");
        assert_eq!(serde_json::from_str::<PaymentQuestion>(&kept).expect("and read"), *question);
        let bearer = ProviderSecret::new("key");
        let request = self.provider.ask(&access(&bearer), question).expect("a question of the provider's own");
        assert!(self.provider.capabilities().hosts.contains(&request.uri().host().expect("a host")), "{}", request.uri());
        self.provider.answered(question, &world.answer(&request)).expect("an answer that reads")
    }

    /// What was said, of a delivery that says one thing.
    pub fn hear_one(&self, sent: &Sent) -> ProviderSaid {
        let mut said = self.hear(sent).said;
        assert_eq!(said.len(), 1, "{said:?}");
        said.remove(0)
    }
}

impl World {
    pub fn answer(&self, request: &Request<Bytes>) -> Response<Bytes> {
        let path = request.uri().path();
        let found = self.0.iter().find(|(known, _)| known == path);
        let (_, value) = found.unwrap_or_else(|| panic!("nothing answers to {path}"));
        Response::new(Bytes::from(value.to_string()))
    }
}

pub fn access(bearer: &ProviderSecret) -> ProviderAccess<'_> {
    ProviderAccess { site: ProviderSite { is_test: true, base: None }, bearer }
}

pub fn words() -> PaymentWords {
    PaymentWords { invoice: "Invoice".to_owned(), balance: "Account balance".to_owned() }
}

pub fn lines(amounts: &[i64]) -> Vec<BasketLine> {
    let line = |(at, amount_minor): (usize, &i64)| BasketLine {
        invoice: InvoiceId::derive(&[&at.to_string()]),
        number: format!("R-{at}"),
        amount_minor: *amount_minor,
    };
    amounts.iter().enumerate().map(line).collect()
}

/// What a payer asks for.
pub fn asked<'a>(
    basket: &'a PaymentId,
    lines: &'a [BasketLine],
    way: &'a WayOfPaying,
    currency: Currency,
    words: &'a PaymentWords,
) -> AskedPayment<'a> {
    AskedPayment {
        basket,
        lines,
        currency,
        way,
        begun_at: now(),
        return_url: "https://pay.example.com/p/x/done",
        cancel_url: "https://pay.example.com/p/x",
        language: Some("de-AT"),
        provider_customer: None,
        account: None,
        words,
    }
}
