//! Webhooks of payment providers: delivered at once, and again later where the stack did not take them, as providers do.

use axum::body::Body;
use doubles::PaymentDouble;
use http::{Request, StatusCode};

use crate::{gateway, world::World};

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
