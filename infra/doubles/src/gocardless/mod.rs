//! GoCardless: billing requests, their flows, and what comes of them.
//!
//! | what | where |
//! |---|---|
//! | billing requests | `/billing_requests`, `…/{id}`, `…/{id}/actions/cancel` |
//! | flows and their page | `/billing_request_flows`, `/flow/{id}` |
//! | payments | `/payments`, `…/{id}`, `…/{id}/actions/cancel` |
//! | refunds | `/refunds`, `…/{id}` |
//! | events | `/events`, `…/{id}` |
//!
//! A payer pays from their bank at once, or by debit where the billing request may fall back to it. Events carry ids alone. A request whose
//! `Idempotency-Key` made something before is refused with 409, which names it, whatever its body: that is what GoCardless does.

mod api;
mod errors;
mod held;
mod ledger;
mod wire;

use std::{io, sync::Arc};

use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, HeaderName, HeaderValue, header};
use jiff::SignedDuration;
use sha2::Sha256;

use crate::{BasketTruth, Clock, Delivery, Outcome, PaymentDesk, PaymentDouble, PaymentEvent, lock::lock, server::Server};

use api::{Books, Service};
use ledger::Pen;

/// A double of GoCardless.
pub struct GoCardless {
    service: Arc<Service>,
    server: Server,
}

impl GoCardless {
    /// Starts on a free port of loopback, without any account.
    ///
    /// # Errors
    ///
    /// When no port can be had.
    pub async fn start(clock: Clock) -> io::Result<Self> {
        let credentials = &[("access_token", "sandbox_"), ("webhook_secret", "")];
        let desk = PaymentDesk::new(clock, "gocardless", credentials, SignedDuration::from_hours(30 * 24));
        let service = Arc::new(Service::new(desk));
        let server = Server::start(service.clone()).await?;
        service.desk.listens(&server.base_url);
        Ok(Self { service, server })
    }
}

impl PaymentDouble for GoCardless {
    fn provider(&self) -> &'static str {
        "gocardless"
    }

    fn desk(&self) -> &PaymentDesk {
        &self.service.desk
    }

    fn base_url(&self) -> &str {
        &self.server.base_url
    }

    fn happen(&self, basket: &str, outcome: Outcome, amount_minor: Option<i64>) -> Result<Vec<PaymentEvent>, String> {
        if amount_minor.is_some_and(|amount| amount <= 0) {
            return Err("amount_minor must be more than nothing".to_owned());
        }
        let mut pen = Pen::new(&self.service.desk);
        {
            let mut books = lock(&self.service.books);
            let Books { requests, payments, .. } = &mut *books;
            let request = requests.iter_mut().rev().find(|request| request.basket() == basket);
            let payment = payments.iter_mut().rev().find(|payment| payment.basket == basket);
            let made = match (request, payment) {
                (Some(request), payment) if request.payment.is_none() || payment.is_none() => {
                    pen.happen_to_request(request, outcome, amount_minor)?
                }
                (_, Some(payment)) => {
                    pen.happen_to_payment(payment, outcome, amount_minor)?;
                    None
                }
                (_, None) => return Err(format!("GoCardless knows no basket {basket}")),
            };
            payments.extend(made);
        }
        self.service.note(&pen.events);
        Ok(pen.events)
    }

    fn baskets(&self) -> Vec<BasketTruth> {
        let (base, now) = (self.base_url(), self.service.desk.now());
        let books = lock(&self.service.books);
        let mut all: Vec<BasketTruth> = Vec::new();
        for request in &books.requests {
            let payment = books.payments.iter().find(|payment| Some(&payment.id) == request.payment.as_ref());
            let status = match payment {
                Some(payment) => format!("{}, {}", request.status.word(), payment.status.word()),
                None => request.status.word().to_owned(),
            };
            all.push(BasketTruth {
                account: request.account.clone(),
                basket: request.basket(),
                provider_id: request.id.clone(),
                pay_url: request.open_flow(now).map(|flow| wire::flow_url(flow, base)),
                status,
                currency: request.currency(),
                amount_minor: request.amount(),
                received_minor: payment.map_or(0, held::Payment::received),
                taken_back_minor: payment.map_or(0, held::Payment::taken_back),
                begun_at: request.created,
            });
        }
        let by_mandate = books
            .payments
            .iter()
            .filter(|payment| !books.requests.iter().any(|request| request.payment.as_deref() == Some(payment.id.as_str())));
        all.extend(by_mandate.map(|payment| BasketTruth {
            account: payment.account.clone(),
            basket: payment.basket.clone(),
            provider_id: payment.id.clone(),
            pay_url: None,
            status: payment.status.word().to_owned(),
            currency: payment.currency.clone(),
            amount_minor: payment.amount,
            received_minor: payment.received(),
            taken_back_minor: payment.taken_back(),
            begun_at: payment.created,
        }));
        all.sort_by_key(|basket| basket.begun_at);
        all
    }

    /// Flows end without a word.
    fn pass_time(&self) {}

    fn delivery(&self, event: &PaymentEvent) -> Delivery {
        let account = self.service.desk.account(&event.account);
        let secret = account.map(|account| account.credential("webhook_secret").to_owned()).unwrap_or_default();
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Ok(signature) = HeaderValue::from_str(&sign(&secret, &event.body)) {
            headers.insert(HeaderName::from_static("webhook-signature"), signature);
        }
        Delivery { headers, body: event.body.clone() }
    }
}

/// HMAC-SHA256 in hex of the raw body.
fn sign(secret: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("keys of any length are keys");
    mac.update(body);
    hex::encode(mac.finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn the_published_vector() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/connectors/fixtures/vectors/signatures.json");
        let vectors: Vec<Value> = serde_json::from_str(&std::fs::read_to_string(path).expect("the vectors")).expect("JSON");
        let ours = vectors.iter().find(|vector| vector["system"] == "gocardless").expect("a vector");
        let text = |name: &str| ours[name].as_str().expect("a text");
        assert_eq!(sign(text("secret"), text("body").as_bytes()), text("expected"));
    }
}
