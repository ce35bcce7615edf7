//! The stand-ins. They start when the first tenant wants one.

use std::sync::Arc;

use anyhow::Context;
use doubles::{GoCardless, PayPal, PaymentDouble, StripePay};

use crate::world::World;

impl World {
    /// The stand-in of a provider. The first call starts them all.
    ///
    /// # Errors
    ///
    /// When no port can be had, or there is no such provider.
    pub async fn payment_double(self: &Arc<Self>, provider: &str) -> anyhow::Result<&dyn PaymentDouble> {
        self.payments.started.get_or_try_init(|| self.start_payment_doubles()).await.context("a payment provider's stand-in")?;
        let known: Vec<&str> = self.payments.all().map(|double| double.provider()).collect();
        self.payments.of(provider).with_context(|| format!("no provider {provider} is known: one of {}", known.join(", ")))
    }

    async fn start_payment_doubles(self: &Arc<Self>) -> std::io::Result<Vec<Box<dyn PaymentDouble>>> {
        let own = Arc::clone(&self.clock);
        let clock: doubles::Clock = Arc::new(move || own.now());
        let started: Vec<Box<dyn PaymentDouble>> = vec![
            Box::new(StripePay::start(Arc::clone(&clock)).await?),
            Box::new(PayPal::start(Arc::clone(&clock)).await?),
            Box::new(GoCardless::start(clock).await?),
        ];
        for double in &started {
            // A payer who presses a button has the stack deliver what comes of it.
            let world = Arc::downgrade(self);
            double.when_told(Arc::new(move || {
                if let Some(world) = world.upgrade() {
                    world.engine.wake.notify_one();
                }
            }));
        }
        Ok(started)
    }
}
