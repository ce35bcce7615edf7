//! PayPal: Orders v2.
//!
//! | what | where |
//! |---|---|
//! | tokens | `/v1/oauth2/token` |
//! | orders | `/v2/checkout/orders`, `…/{id}`, `…/{id}/capture` |
//! | what came of them | `/v2/payments/captures/{id}`, `…/{id}/refund`, `/v2/payments/refunds/{id}` |
//! | the page | `/checkoutnow?token={id}` |
//! | certificates of webhooks | `/v1/notifications/certs/{name}` |
//!
//! A payer approves; money moves when the seller captures. An order that nobody approves in three hours, or nobody captures three hours
//! after that, is gone without a word. A `PayPal-Request-Id` is known for six hours: a request that comes again is answered with the latest
//! state of what the first one made, also where its body is another, as PayPal documents.
//!
//! Webhooks are signed with a certificate whose chain leads back to [`PaymentDouble::root_certificates`].

mod api;
mod certificates;
mod errors;
mod held;
mod ledger;
mod rules;
mod wire;

use std::{io, sync::Arc};

use base64::{Engine, engine::general_purpose::STANDARD};
use http::{HeaderMap, HeaderName, HeaderValue, header};
use jiff::{SignedDuration, Timestamp};

use crate::{BasketTruth, Clock, Delivery, Outcome, PaymentDesk, PaymentDouble, PaymentEvent, lock::lock, server::Server};

use api::{CERTIFICATE, Service};
use certificates::CHAIN;
use held::Order;
use ledger::Pen;

/// A double of PayPal.
pub struct PayPal {
    service: Arc<Service>,
    server: Server,
}

impl PayPal {
    /// Starts on a free port of loopback, without any account.
    ///
    /// # Errors
    ///
    /// When no port can be had.
    pub async fn start(clock: Clock) -> io::Result<Self> {
        let credentials = &[("client_id", "A"), ("client_secret", "E"), ("webhook_id", "WH")];
        let desk = PaymentDesk::new(clock, "paypal", credentials, SignedDuration::from_hours(6));
        let service = Arc::new(Service::new(desk));
        let server = Server::start(service.clone()).await?;
        service.desk.listens(&server.base_url);
        Ok(Self { service, server })
    }
}

impl PaymentDouble for PayPal {
    fn provider(&self) -> &'static str {
        "paypal"
    }

    fn desk(&self) -> &PaymentDesk {
        &self.service.desk
    }

    fn base_url(&self) -> &str {
        &self.server.base_url
    }

    fn root_certificates(&self) -> Option<String> {
        Some(CHAIN.root.clone())
    }

    fn happen(&self, basket: &str, outcome: Outcome, amount_minor: Option<i64>) -> Result<Vec<PaymentEvent>, String> {
        let mut orders = lock(&self.service.orders);
        let order = orders.iter_mut().rev().find(|order| order.basket() == basket);
        let order = order.ok_or_else(|| format!("PayPal knows no basket {basket}"))?;
        let mut pen = Pen::new(&self.service.desk, self.base_url());
        pen.happen(order, outcome, amount_minor)?;
        Ok(pen.events)
    }

    fn baskets(&self) -> Vec<BasketTruth> {
        let now = self.service.desk.now();
        lock(&self.service.orders).iter().map(|order| truth_of(order, self.base_url(), now)).collect()
    }

    /// Orders end without a word.
    fn pass_time(&self) {}

    fn delivery(&self, event: &PaymentEvent) -> Delivery {
        let desk = &self.service.desk;
        let webhook = desk.account(&event.account).map(|account| account.credential("webhook_id").to_owned()).unwrap_or_default();
        let (id, time) = (desk.uuid(), desk.now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string());
        let signed = format!("{id}|{time}|{webhook}|{}", crc32fast::hash(&event.body));
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        for (name, value) in [
            ("paypal-transmission-id", id),
            ("paypal-transmission-time", time),
            ("paypal-transmission-sig", STANDARD.encode(CHAIN.sign(&signed))),
            ("paypal-cert-url", format!("{}/v1/notifications/certs/{CERTIFICATE}", self.base_url())),
            ("paypal-auth-algo", "SHA256withRSA".to_owned()),
        ] {
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.insert(HeaderName::from_static(name), value);
            }
        }
        Delivery { headers, body: event.body.clone() }
    }
}

fn truth_of(order: &Order, base: &str, now: Timestamp) -> BasketTruth {
    let is_open = order.approved.is_none() && !order.is_gone(now);
    let status = match &order.capture {
        Some(capture) => format!("{}, {:?}", order.status(), capture.status),
        None if order.is_gone(now) => "gone".to_owned(),
        None => order.status().to_owned(),
    };
    BasketTruth {
        account: order.account.clone(),
        basket: order.basket(),
        provider_id: order.id.clone(),
        pay_url: is_open.then(|| wire::pay_url(order, base)),
        status,
        currency: order.currency.clone(),
        amount_minor: order.amount,
        received_minor: order.received(),
        taken_back_minor: order.taken_back.iter().map(|one| one.amount).sum(),
        begun_at: order.created,
    }
}
