//! Stripe Checkout.
//!
//! | what | where |
//! |---|---|
//! | sessions | `/v1/checkout/sessions`, `…/{id}`, `…/{id}/expire` |
//! | what came of them | `/v1/payment_intents/{id}`, `/v1/charges/{id}`, `/v1/refunds`, `/v1/disputes`, each also by `…/{id}` |
//! | the page | `/c/pay/{id}` |
//!
//! A session asks for one payment in one currency. A card is paid at once; other ways are on their way until they succeed or fail.
//! A request with another key than the account's secret key is refused, as is each parameter that the published specification does
//! not have. Answers are kept for 24 hours under the request's `Idempotency-Key`; what was refused is not.

mod api;
mod errors;
mod held;
mod ledger;
mod rules;
mod wire;

use std::{io, sync::Arc, sync::Mutex};

use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, HeaderName, HeaderValue, header};
use jiff::SignedDuration;
use sha2::Sha256;

use crate::{BasketTruth, Clock, Delivery, Outcome, PaymentDesk, PaymentDouble, PaymentEvent, lock::lock, server::Server};

use api::Service;
use held::{Session, Status};
use ledger::Pen;

/// A double of Stripe Checkout.
pub struct StripePay {
    service: Arc<Service>,
    server: Server,
}

impl StripePay {
    /// Starts on a free port of loopback, without any account.
    ///
    /// # Errors
    ///
    /// When no port can be had.
    pub async fn start(clock: Clock) -> io::Result<Self> {
        let credentials = &[("secret_key", "sk_test_"), ("webhook_secret", "whsec_")];
        let desk = PaymentDesk::new(clock, "stripe", credentials, SignedDuration::from_hours(24));
        let service = Arc::new(Service { desk, sessions: Mutex::default() });
        let server = Server::start(service.clone()).await?;
        service.desk.listens(&server.base_url);
        Ok(Self { service, server })
    }
}

impl PaymentDouble for StripePay {
    fn provider(&self) -> &'static str {
        "stripe"
    }

    fn desk(&self) -> &PaymentDesk {
        &self.service.desk
    }

    fn base_url(&self) -> &str {
        &self.server.base_url
    }

    fn happen(&self, basket: &str, outcome: Outcome, amount_minor: Option<i64>) -> Result<Vec<PaymentEvent>, String> {
        let mut sessions = lock(&self.service.sessions);
        let session = sessions.iter_mut().rev().find(|session| session.basket() == basket);
        let session = session.ok_or_else(|| format!("Stripe knows no basket {basket}"))?;
        let mut pen = Pen::new(&self.service.desk);
        pen.happen(session, outcome, amount_minor)?;
        Ok(pen.events)
    }

    fn baskets(&self) -> Vec<BasketTruth> {
        lock(&self.service.sessions).iter().map(truth_of).collect()
    }

    fn pass_time(&self) {
        self.service.pass_time();
    }

    fn delivery(&self, event: &PaymentEvent) -> Delivery {
        let desk = &self.service.desk;
        let secret = desk.account(&event.account).map(|account| account.credential("webhook_secret").to_owned());
        let at = desk.now().as_second();
        let signature = format!("t={at},v1={}", sign(&secret.unwrap_or_default(), at, &event.body));
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
        if let Ok(signature) = HeaderValue::from_str(&signature) {
            headers.insert(HeaderName::from_static("stripe-signature"), signature);
        }
        Delivery { headers, body: event.body.clone() }
    }
}

/// HMAC-SHA256 in hex of the time and the raw body, under the whole secret.
fn sign(secret: &str, at: i64, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("keys of any length are keys");
    mac.update(format!("{at}.").as_bytes());
    mac.update(body);
    hex::encode(mac.finalize().into_bytes())
}

fn truth_of(session: &Session) -> BasketTruth {
    BasketTruth {
        account: session.account.clone(),
        basket: session.basket(),
        provider_id: session.id.clone(),
        pay_url: (session.status == Status::Open).then(|| session.url.clone()),
        status: format!("{}, {}", session.status.word(), session.intent_status()),
        currency: session.asked.currency.to_ascii_uppercase(),
        amount_minor: session.asked.amount,
        received_minor: session.received,
        taken_back_minor: session.taken_back.iter().map(|one| one.amount).sum(),
        begun_at: session.created,
    }
}
