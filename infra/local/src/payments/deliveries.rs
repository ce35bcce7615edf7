//! Webhooks of payment providers: delivered at once, and again later where the stack did not take them, as providers do.

use axum::body::Body;
use doubles::{PaymentDouble, PaymentEvent};
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
