//! Webhooks of payment providers: delivered at once, and again later where the stack did not take them, as providers do.

use std::sync::Mutex;

use axum::body::Body;
use doubles::{PaymentDouble, PaymentEvent};
use http::{Request, StatusCode};
use jiff::{SignedDuration, Timestamp};

use crate::{gateway, lock, world::World};

/// How long the stand-ins wait until they deliver again what was not taken. After the last they give up.
const WAITS: [SignedDuration; 7] = [
    SignedDuration::from_mins(1),
    SignedDuration::from_mins(5),
    SignedDuration::from_mins(30),
    SignedDuration::from_hours(2),
    SignedDuration::from_hours(5),
    SignedDuration::from_hours(10),
    SignedDuration::from_hours(24),
];

/// What the stand-ins told, and what became of it.
#[derive(Default)]
pub struct Deliveries {
    all: Mutex<Vec<Told>>,
}

/// An event.
#[derive(Clone)]
pub struct Told {
    /// The provider.
    pub provider: &'static str,
    /// What it tells.
    pub event: PaymentEvent,
    /// What the stack answered, each time.
    pub answers: Vec<u16>,
    /// When it is delivered next; `None` for never.
    due_at: Option<Timestamp>,
}

impl Deliveries {
    /// Keeps an event; answers its place. Without `due_at` it is lost on its way.
    pub fn keep(&self, provider: &'static str, event: PaymentEvent, due_at: Option<Timestamp>) -> usize {
        let mut all = lock(&self.all);
        all.push(Told { provider, event, answers: Vec::new(), due_at });
        all.len() - 1
    }

    /// What was told of a basket, with its place, in order.
    pub fn of(&self, basket: &str) -> Vec<(usize, Told)> {
        let all = lock(&self.all);
        all.iter().enumerate().filter(|(_, told)| told.event.basket == basket).map(|(at, told)| (at, told.clone())).collect()
    }

    /// The places of what is due; it counts as under way.
    fn take_due(&self, now: Timestamp) -> Vec<usize> {
        let mut all = lock(&self.all);
        let due = all.iter_mut().enumerate().filter(|(_, told)| told.due_at.is_some_and(|at| at <= now));
        due.map(|(at, told)| {
            told.due_at = None;
            at
        })
        .collect()
    }

    fn at(&self, at: usize) -> Option<Told> {
        lock(&self.all).get(at).cloned()
    }

    fn answered(&self, at: usize, status: StatusCode, now: Timestamp) {
        if let Some(told) = lock(&self.all).get_mut(at) {
            told.answers.push(status.as_u16());
            let wait = WAITS.get(told.answers.len() - 1);
            told.due_at = if status.is_success() { None } else { wait.map(|wait| now + *wait) };
        }
    }
}

impl World {
    /// Delivers what payment providers have to tell by now; whether there was anything.
    pub async fn deliver_payment_events(&self) -> bool {
        let now = self.clock.now();
        for double in self.payments.all() {
            for event in double.events() {
                self.deliveries.keep(double.provider(), event, Some(now));
            }
        }
        let due = self.deliveries.take_due(now);
        for at in &due {
            if let Err(error) = self.deliver_payment_event(*at).await {
                tracing::error!("a payment provider's webhook: {error:#}");
            }
        }
        !due.is_empty()
    }

    /// Delivers one event, by its place, as the provider signs it now; the answer's status.
    ///
    /// # Errors
    ///
    /// When there is none, or no request can be made of it.
    pub async fn deliver_payment_event(&self, at: usize) -> anyhow::Result<StatusCode> {
        let found = self.deliveries.at(at).and_then(|told| Some((self.payments.of(told.provider)?, told.event)));
        let Some((double, event)) = found else { anyhow::bail!("there is no event {at}") };
        let request = request(double, &event)?;
        let status = gateway::answer(self, request).await.status();
        self.deliveries.answered(at, status, self.clock.now());
        self.engine.wake.notify_one();
        Ok(status)
    }
}

fn request(double: &dyn PaymentDouble, event: &PaymentEvent) -> anyhow::Result<Request<Body>> {
    let delivery = double.delivery(event);
    let path = format!("/webhooks/{}/pay-{}", event.account, double.provider());
    let mut request = Request::post(path).header("host", "127.0.0.1");
    for (name, value) in &delivery.headers {
        request = request.header(name, value);
    }
    Ok(request.body(Body::from(delivery.body))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event() -> PaymentEvent {
        let [account, basket, event, kind] = ["acme", "pay_1", "evt_1", "checkout.session.completed"].map(str::to_owned);
        PaymentEvent { account, basket, event, kind, at: Timestamp::UNIX_EPOCH, body: "{}".into() }
    }

    #[test]
    fn what_is_not_taken_comes_again_until_it_is() {
        let deliveries = Deliveries::default();
        let now = Timestamp::UNIX_EPOCH;
        let at = deliveries.keep("stripe", event(), Some(now));
        assert_eq!(deliveries.take_due(now), [at]);
        assert_eq!(deliveries.take_due(now), [0_usize; 0], "it is under way");
        deliveries.answered(at, StatusCode::INTERNAL_SERVER_ERROR, now);
        let minute = SignedDuration::from_mins(1);
        assert_eq!(deliveries.take_due(now + minute - SignedDuration::from_secs(1)), [0_usize; 0]);
        assert_eq!(deliveries.take_due(now + minute), [at]);
        deliveries.answered(at, StatusCode::OK, now + minute);
        assert_eq!(deliveries.take_due(Timestamp::MAX), [0_usize; 0]);
        assert_eq!(deliveries.of("pay_1")[0].1.answers, [500, 200]);
    }

    #[test]
    fn a_provider_gives_up() {
        let deliveries = Deliveries::default();
        let at = deliveries.keep("stripe", event(), Some(Timestamp::UNIX_EPOCH));
        let mut tries = 0;
        while !deliveries.take_due(Timestamp::MAX).is_empty() {
            deliveries.answered(at, StatusCode::NOT_FOUND, Timestamp::UNIX_EPOCH);
            tries += 1;
        }
        assert_eq!(tries, WAITS.len() + 1);
        let lost = deliveries.keep("stripe", event(), None);
        assert_eq!(deliveries.take_due(Timestamp::MAX), [0_usize; 0], "{lost} never comes by itself");
    }
}
