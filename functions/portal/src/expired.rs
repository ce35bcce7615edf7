//! A link whose time is over: its page offers that the link that is good now is sent to the same address, and says nothing of the customer. A link
//! that a person made void offers nothing.

use jiff::Timestamp;
use minijinja::{Value, context, value::Serde};
use service::{
    NotDone,
    link_confirmation::{ask_new_link, takes_mail},
};
use store::{FoundLink, LinkMailAsked, Result, Store};

use crate::{
    access_labels::AccessLabels,
    labels::PageLabels,
    page::{Look, PortalPage},
    request::PortalRequest,
};

/// What follows the link in the address of the form.
pub(crate) const NEW_LINK: &str = "new-link";

/// The page of a link whose time is over, or what came of asking for a new one. It says the same whether the address can be written to or not.
///
/// # Errors
///
/// Those of the table.
pub(crate) async fn answer_expired(
    store: &Store,
    found: &FoundLink,
    (code, rest): (&str, &str),
    request: &PortalRequest,
    now: Timestamp,
) -> Result<PortalPage> {
    let words = request.words();
    if request.wants_json() {
        return Ok(PortalPage::Plain(410, words));
    }
    if rest != NEW_LINK || request.method != "POST" {
        return Ok(offer(&found.link, code, words));
    }
    if let Some(status) = request.refused_by_forms() {
        return Ok(PortalPage::Plain(status, words));
    }
    let labels = AccessLabels::of(words);
    match ask_new_link(store, found, now).await {
        Ok(LinkMailAsked::Done | LinkMailAsked::Before) => {
            Ok(filled(words, 200, labels.new_link_title, labels.new_link_sent, None))
        }
        Ok(LinkMailAsked::TooOften(_)) => Ok(filled(words, 429, words.gone, labels.new_link_too_often, None)),
        Err(NotDone::Store(error)) => Err(error),
        Err(NotDone::Changed(_) | NotDone::Stale(_) | NotDone::Cursor | NotDone::Fields(_)) => Ok(PortalPage::Plain(503, words)),
        Err(NotDone::NotFound(_) | NotDone::NotAllowed(_) | NotDone::Conflict(_)) => Ok(PortalPage::Plain(410, words)),
    }
}

/// That a link is good no more, and how to get another.
fn offer(link: &store::PortalLink, code: &str, words: &'static PageLabels) -> PortalPage {
    let action = takes_mail(link).then(|| format!("/p/{code}/{NEW_LINK}"));
    filled(words, 410, words.gone, words.gone_text, action)
}

fn filled(words: &'static PageLabels, status: u16, title: &str, text: &str, action: Option<String>) -> PortalPage {
    let a = Value::from(Serde(AccessLabels::of(words)));
    let values = context! { a, title, text, action };
    PortalPage::Filled { status, template: "expired", words, look: Look::default(), values }
}
