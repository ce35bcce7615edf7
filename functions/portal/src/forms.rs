//! Forms that a portal link opens beside paying: what is asked for is a page, what is sent is done or a page that says what was wrong.

use store::Result;

use crate::{
    dispute_form::dispute, file_form::send_files, form_visit::FormVisit, form_wanted::FormWanted, page::PortalPage,
    promise_form::promise, write_form::write,
};

/// The answer; `None` where the link's address is none of the customer's any more.
///
/// # Errors
///
/// Those of the table.
pub(crate) async fn answer(form: &FormVisit<'_>, wanted: &FormWanted) -> Result<Option<PortalPage>> {
    match wanted {
        FormWanted::Promise => promise(form).await,
        FormWanted::Dispute(invoice) => dispute(form, invoice).await,
        FormWanted::Write => write(form).await,
        FormWanted::Files(about, file) => Box::pin(send_files(form, about, file.as_ref())).await,
    }
}
