//! Opting out: the one address that a stop link names, on its one channel. Asking changes nothing, doing it twice changes nothing more.

use domain::Channel;
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
    let question = asked(words, stopping.stop.channel);
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
    let said = stopped(words, stopping.stop.channel);
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

/// What is asked of a channel.
fn asked(words: &PageLabels, channel: Channel) -> &'static str {
    match channel {
        Channel::Email => words.ask_email,
        Channel::Sms => words.ask_sms,
        Channel::Voice => words.ask_voice,
        Channel::Whatsapp => words.ask_whatsapp,
        Channel::Letter => words.ask_letter,
        Channel::Later(_) => words.ask_other,
    }
}

/// What is said once nothing goes out by a channel any more.
fn stopped(words: &PageLabels, channel: Channel) -> &'static str {
    match channel {
        Channel::Email => words.stopped_email,
        Channel::Sms => words.stopped_sms,
        Channel::Voice => words.stopped_voice,
        Channel::Whatsapp => words.stopped_whatsapp,
        Channel::Letter => words.stopped_letter,
        Channel::Later(_) => words.stopped_other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_channel_is_called_by_its_own_name_in_each_language() {
        for words in PageLabels::all() {
            for said in [asked, stopped] {
                let all: std::collections::BTreeSet<&str> = Channel::ALL.iter().map(|channel| said(words, *channel)).collect();
                assert_eq!(all.len(), Channel::ALL.len(), "two channels are called alike: {all:?}");
                assert!(all.iter().all(|text| text.matches("{}").count() == 1), "{all:?}");
            }
        }
        let english = PageLabels::of("en");
        assert!(asked(english, Channel::Voice).contains("calling") && asked(english, Channel::Whatsapp).contains("WhatsApp"));
        let german = PageLabels::of("de");
        assert!(stopped(german, Channel::Voice).contains("angerufen") && asked(german, Channel::Whatsapp).contains("WhatsApp"));
        let french = PageLabels::of("fr");
        assert!(stopped(french, Channel::Voice).contains("appels") && asked(french, Channel::Letter).contains("courriers"));
        let spanish = PageLabels::of("es");
        assert!(stopped(spanish, Channel::Voice).contains("llamadas") && asked(spanish, Channel::Letter).contains("cartas"));
        let italian = PageLabels::of("it");
        assert!(stopped(italian, Channel::Voice).contains("telefonerà") && asked(italian, Channel::Letter).contains("lettere"));
    }
}
