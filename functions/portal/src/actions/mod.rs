//! Forms that are whole in their own files. One joins with its `mod` lines and a place in [`ACTIONS`], from which its address, its page, its words
//! and the links to it are taken.

mod paid_already;
mod paid_already_words;

use domain::InvoiceId;
use store::Result;

use crate::{form_visit::FormVisit, page::PortalPage, portal_action::PortalAction, visit::Visit};

/// In the order in which pages lead to them.
pub(crate) static ACTIONS: &[&PortalAction] = &[&paid_already::PAID_ALREADY];

/// The path of an action, by what follows the link in an address.
pub(crate) fn path_of(rest: &str) -> Option<&'static str> {
    ACTIONS.iter().map(|action| action.path).find(|path| *path == rest)
}

/// Their pages: names and templates.
pub(crate) fn templates() -> impl Iterator<Item = (&'static str, &'static str)> {
    ACTIONS.iter().map(|action| action.page)
}

/// The links to them: addresses and words.
pub(crate) fn links(visit: &Visit, invoice: Option<&InvoiceId>, is_open: bool) -> impl Iterator<Item = (String, &'static str)> {
    ACTIONS.iter().filter_map(move |action| (action.link)(visit, invoice, is_open))
}

/// What one answers; `None` where the link's address is none of the customer's any more.
///
/// # Errors
///
/// Those of the table.
pub(crate) async fn answer(form: &FormVisit<'_>, path: &str) -> Result<Option<PortalPage>> {
    let Some(action) = ACTIONS.iter().find(|action| action.path == path) else { return Ok(None) };
    let page = (action.answer)(form).await?;
    Ok(page.map(|page| page.saying(action.words)))
}
