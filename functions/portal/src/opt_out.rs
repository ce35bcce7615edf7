//! Opting out: the one address that a stop link names, on its one channel. Asking changes nothing, doing it twice changes nothing more.

use domain::{Channel, Identifier};
use jiff::Timestamp;
use minijinja::context;
use store::{Stop, Store};

use crate::{
    labels::PageLabels,
    page::{Look, PortalPage},
    request::PortalRequest,
};

/// Somebody who came by a stop link.
pub struct Stopping {
    /// What the link says.
    pub(crate) stop: Stop,
    /// Who writes.
    pub(crate) tenant_name: String,
    /// The link's text.
    pub(crate) link: String,
}

/// Asks whether messages should stop.
pub fn ask(stopping: &Stopping, request: &PortalRequest) -> PortalPage {
    let (words, language) = words(request);
    let question = if is_text(stopping.stop.channel) { words.ask_sms } else { words.ask_email };
    let values = context! {
        title => words.opt_out,
        tenant => stopping.tenant_name.clone(),
        text => question.replace("{}", &stopping.stop.shown),
        note => words.still_owed,
        answers => vec![context! { action => format!("/p/{}/opt-out?l={language}", stopping.link), button => words.stop }],
    };
    PortalPage::Filled { status: 200, template: "question", words, look: Look::default(), values }
}

/// Stops messages to the address, whether by the form or by one click (RFC 8058): the link alone says which.
///
/// # Errors
///
/// Those of writing.
pub async fn stop(store: &Store, stopping: &Stopping, request: &PortalRequest, now: Timestamp) -> store::Result<PortalPage> {
    store.stop(&stopping.stop, now).await?;
    let (words, _) = words(request);
    let said = if is_text(stopping.stop.channel) { words.stopped_sms } else { words.stopped_email };
    let values = context! {
        title => words.stopped,
        tenant => stopping.tenant_name.clone(),
        text => said.replace("{}", &stopping.stop.shown),
        note => words.still_owed,
    };
    Ok(PortalPage::Filled { status: 200, template: "question", words, look: Look::default(), values })
}

/// The words of the message that the link was in, else of the browser.
fn words(request: &PortalRequest) -> (&'static PageLabels, &'static str) {
    let words = request.query("l").map_or_else(|| request.words(), PageLabels::of);
    (words, words.language)
}

/// Whether a channel is one of text messages, as far as a reader tells them apart.
fn is_text(channel: Channel) -> bool {
    channel.identifier() == Some(Identifier::Phone)
}
