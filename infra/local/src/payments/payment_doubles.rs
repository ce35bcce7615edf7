//! The stand-ins of payment providers that run.

use doubles::PaymentDouble;
use tokio::sync::OnceCell;

/// The stand-ins of payment providers, once there are any.
#[derive(Default)]
pub struct PaymentDoubles {
    pub(super) started: OnceCell<Vec<Box<dyn PaymentDouble>>>,
}

impl PaymentDoubles {
    /// All that run.
    pub fn all(&self) -> impl Iterator<Item = &dyn PaymentDouble> {
        self.started.get().into_iter().flatten().map(|double| double.as_ref() as &dyn PaymentDouble)
    }

    /// The one of a provider, if it runs.
    pub fn of(&self, provider: &str) -> Option<&dyn PaymentDouble> {
        self.all().find(|double| double.provider() == provider)
    }
}
