//! Closed invoices and payments of the past, as dates and amounts, page by page, once a person asks for them.

use connectors::VendorRequest;
use domain::past::PastBooks;

use crate::session::{Stopped, SyncSession};

/// Whether there is a page to be read. It waits while the vendor says that little is left for today: nothing is decided by it.
pub(crate) fn is_due(session: &SyncSession<'_>) -> bool {
    let past = session.lease.progress.past.as_ref();
    past.is_some_and(|past| past.finished_at.is_none()) && !session.link.is_scarce()
}

/// One page. Whoever dies before it is noted reads it again, which changes nothing.
pub(crate) async fn read(session: &mut SyncSession<'_>) -> Result<(), Stopped> {
    let Some(mut past) = session.lease.progress.past.clone() else { return Ok(()) };
    let page = session.ask(&VendorRequest::Past { since: past.since, page: past.page.clone() }).await?;
    let objects = page.documents.len();
    for (customer, books) in PastBooks::of(&page.documents) {
        session.keep_alive().await?;
        session.run.tools.store.add_past(session.run.tenant, &customer, books).await?;
    }
    past.objects += u64::try_from(objects).unwrap_or(u64::MAX);
    past.page = page.next;
    if past.page.is_none() {
        past.finished_at = Some(session.run.now());
        tracing::info!(tenant.id = %session.run.tenant, source = session.run.source, objects = past.objects, "the past of books was read");
    }
    session.lease.progress.past = Some(past);
    Ok(())
}
