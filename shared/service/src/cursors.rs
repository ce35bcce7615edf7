//! Pages of lists that are read without an order of rows: how many rows one has, and cursors, sealed for their tenant, list and filters, as those of
//! the others are, or an id in clear.

use domain::TenantId;
use store::Vault;

use crate::{Done, NotDone};

/// Rows of a page where nothing else is asked.
const PAGE: usize = 50;
/// Most rows of a page.
const PAGE_MAX: usize = 200;

/// How many rows a page has.
pub(crate) fn page_size(limit: Option<u32>) -> usize {
    limit.map_or(PAGE, |limit| limit as usize).clamp(1, PAGE_MAX)
}

/// That a cursor in clear is none.
pub(crate) fn no_cursor() -> NotDone {
    NotDone::field("/cursor", "'cursor' is the 'next' of an earlier page")
}

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
