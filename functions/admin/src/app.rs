use domain::TenantId;
use store::{Store, Vault, Versioned};

use crate::answer::{Answer, Fail};

/// What every handler works with.
pub struct App {
    pub store: Store,
    pub vault: Vault,
    pub clock: kit::Clock,
    pub public_url: Option<String>,
}

impl App {
    /// The tenant's settings.
    ///
    /// # Errors
    ///
    /// 404 before the first `PUT /v1/settings`.
    pub async fn settings(&self, tenant: &TenantId) -> Answer<Versioned<domain::Settings>> {
        let settings = self.store.settings(tenant).await?;
        settings.ok_or_else(|| Fail::not_found("this tenant has no settings yet; PUT /v1/settings creates it"))
    }
}
