//! Payment providers that can be connected, as the API lists them.

use domain::TenantId;
use serde::Serialize;
use setup::payment_connections::{self, PaymentSource};
use utoipa::ToSchema;

/// A payment provider that can be connected.
#[derive(Serialize, ToSchema)]
pub struct PaymentSourceOut {
    /// Its name in addresses: `pay-stripe`.
    source: &'static str,
    /// What `credentials` of `PUT /v1/connections/{source}` holds, by name.
    credentials: Vec<&'static str>,
    /// How can be paid by it.
    ways: Vec<String>,
    /// Where its webhooks go.
    webhook_path: String,
}

/// Every provider that can be connected, for a tenant.
pub fn sources(tenant: &TenantId) -> Vec<PaymentSourceOut> {
    let shown = |found: PaymentSource| {
        let PaymentSource { source, credentials, ways, webhook_path } = found;
        PaymentSourceOut { source, credentials: credentials.iter().map(|form| form.name).collect(), ways, webhook_path }
    };
    payment_connections::sources(tenant).into_iter().map(shown).collect()
}
