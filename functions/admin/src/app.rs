use std::sync::Arc;

use domain::TenantId;
use reading::Web;
use store::{AuditEntry, Store, Vault, Versioned};

use crate::{
    answer::{ApiResult, Fail},
    host::Host,
};

/// Where the bodies of events are kept that a person must look at.
#[derive(Clone)]
pub struct KeptBodies {
    pub client: aws_sdk_s3::Client,
    pub bucket: String,
}

/// What every handler works with.
#[derive(Clone)]
pub struct App {
    pub store: Store,
    pub vault: Vault,
    pub clock: kit::Clock,
    pub web: Arc<Web>,
    pub kept: KeptBodies,
    /// Where files lie that people send and jobs make.
    pub files: files::Bucket,
    /// Who makes documents of customers.
    pub documents: files::DocumentMaker,
    pub public_url: Option<String>,
    /// Whose tokens are accepted.
    pub issuer: String,
    /// Whether a connection may name what stands for a vendor's hosts.
    pub stand_ins: bool,
}

impl App {
    /// The same, but that every write is noted by an entry of the audit in its transaction.
    pub fn acting(&self, entry: AuditEntry) -> Self {
        Self { store: self.store.acting(entry.clone()), vault: self.vault.acting(entry), ..self.clone() }
    }

    /// The tenant's settings.
    ///
    /// # Errors
    ///
    /// 404 before the first `PUT /v1/settings`.
    pub async fn settings(&self, tenant: &TenantId) -> ApiResult<Versioned<domain::Settings>> {
        let settings = self.store.settings(tenant).await?;
        settings.ok_or_else(|| Fail::not_found("this tenant has no settings yet; PUT /v1/settings creates it"))
    }

    /// The address of the API as people and vendors reach it.
    pub fn public(&self, host: &Host) -> String {
        self.public_url.clone().unwrap_or_else(|| host.url())
    }
}
