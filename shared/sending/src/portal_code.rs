//! The six digits of a code, which no item holds: they are made again of its request when they are sent.

use domain::{CodeRequestId, TenantId};
use store::{Error, Vault};

/// The digits of a request of a code; `None` for a text that is no id of one.
///
/// # Errors
///
/// Those of KMS and of reading.
pub(crate) async fn digits_of(vault: &Vault, tenant: &TenantId, request: &str) -> Result<Option<String>, Error> {
    let Some(request) = CodeRequestId::parse(request) else { return Ok(None) };
    Ok(Some(vault.code_for(tenant, &request).await?.as_str().to_owned()))
}
