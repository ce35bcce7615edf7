//! Cursors of lists that are read without an order of rows: sealed for their tenant, list and filters, as those of the others are.

use domain::TenantId;
use store::Vault;

use crate::{Done, NotDone};

/// Where the page before ended. `list` names the list with everything that it was asked for by.
///
/// # Errors
///
/// [`NotDone::Cursor`] for a cursor that this list did not give; those of KMS and of reading.
pub(crate) async fn opened(vault: &Vault, tenant: &TenantId, list: &str, cursor: Option<&str>) -> Done<Option<String>> {
    match cursor {
        Some(cursor) => Ok(Some(vault.open_cursor(tenant, list, cursor).await?.ok_or(NotDone::Cursor)?)),
        None => Ok(None),
    }
}

/// The cursor of the page that begins behind a place.
///
/// # Errors
///
/// Those of KMS and of reading.
pub(crate) async fn sealed(vault: &Vault, tenant: &TenantId, list: &str, after: Option<&str>) -> Done<Option<String>> {
    match after {
        Some(after) => Ok(Some(vault.seal_cursor(tenant, list, after).await?)),
        None => Ok(None),
    }
}
