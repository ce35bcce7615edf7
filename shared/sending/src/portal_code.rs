//! The six digits of a code, which no item holds: they are made again of its request when they are sent.

use domain::TenantId;
use store::{Error, Vault};

/// The digits of a request of a code.
///
/// # Errors
///
/// Those of KMS and of reading.
pub(crate) async fn digits_of(vault: &Vault, tenant: &TenantId, request: &str) -> Result<String, Error> {
    Ok(vault.code_for(tenant, request).await?.to_string())
}
