//! One message: what it said, what became of it, and why it was or was not sent.

use domain::{
    MessageId, MessageStatus,
    own_message::{CALL, LETTER},
};
use jiff::Timestamp;
use minijinja::{Value, value::Serde};
use serde::Serialize;
use service::{
    NotDone, Operation,
    explain::explain,
    lists::messages,
    message_then::{self, MessageThen},
    messages::words_of,
};
use store::IdOf;

use crate::{
    agreement_rows::in_words,
    explained_rows::ExplainedView,
    outcome::{ConsolePage, ConsoleReply, ConsoleTrouble, PageResult},
    sections::Section,
    timeline_rows::channel_name,
    visit::ConsoleVisit,
};

/// Something that was heard of a message.
#[derive(Serialize)]
struct HeardRow {
    said: String,
    when: String,
}

/// What a person wrote, or said of a call.
#[derive(Serialize)]
struct WordsRow {
    subject: Option<String>,
    body: String,
    by: String,
}

/// What the template shows.
#[derive(Serialize)]
struct MessagePage<'a> {
    id: &'a str,
    customer: String,
    customer_name: String,
    status: String,
    channel: &'static str,
    contact: String,
    template: String,
    steps: Vec<String>,
    decided: String,
    is_shadow: bool,
    heard: Vec<HeardRow>,
    words: Option<WordsRow>,
    subject: Option<String>,
    text: Option<String>,
    has_html: bool,
    no_text: Option<String>,
    sha256: Option<String>,
    /// Whether it is a call or letter that was logged and may be taken back.
    may_undo: bool,
    explained: ExplainedView,
}

/// `GET /console/messages/{id}`.
pub(crate) async fn show(visit: &ConsoleVisit) -> PageResult {
    let id = visit.path_value("id");
    let (store, actor, formats) = (visit.store(), &visit.actor, &visit.formats);
    let (line, name) = messages::show(visit.reading(), actor, id).await?;
    let then = message_then::show((store, visit.vault()), actor, id, visit.now).await?;
    let words = match words_of(store, actor, id).await {
        Ok((_, text)) => Some(WordsRow { subject: text.subject, body: text.body, by: text.by }),
        Err(NotDone::NotFound(_)) => None,
        Err(other) => return Err(other.into()),
    };
    let rendered = rendered(visit, then.as_ref()).await?;
    let asked = MessageId::parse(id).ok_or(ConsoleTrouble::NoPage)?;
    let answer = explain((store, visit.vault()), actor, &IdOf::Message(asked), None, visit.now).await?;
    let record = then.as_ref().and_then(|then| then.record.as_ref());
    let heard = record.iter().flat_map(|record| &record.heard);
    let said = |(event, at): (&domain::DeliveryEvent, &Timestamp)| HeardRow {
        said: in_words(event.as_str()),
        when: formats.moment(*at),
    };
    let sha256 = record.and_then(|record| record.body["message"]["rendered_sha256"].as_str()).map(str::to_owned);
    let (shown, no_text) = match rendered {
        Some(Ok(rendered)) => (Some(rendered), None),
        Some(Err(why)) => (None, Some(why)),
        None => (None, None),
    };
    let is_contact = [CALL, LETTER].contains(&line.template.as_str());
    let page = MessagePage {
        id,
        customer: line.customer.to_string(),
        customer_name: name.map(|name| name.name).unwrap_or_default(),
        status: in_words(line.status.as_str()),
        channel: channel_name(line.channel),
        contact: line.contact.clone(),
        template: line.template.clone(),
        steps: line.steps.clone(),
        decided: formats.moment(line.decided_at),
        is_shadow: line.mode == domain::Mode::Shadow,
        heard: heard.map(said).collect(),
        words,
        subject: shown.as_ref().and_then(|shown| shown.subject.clone()),
        has_html: shown.as_ref().is_some_and(|shown| shown.html.is_some()),
        text: shown.map(|shown| shown.text),
        no_text,
        sha256,
        may_undo: is_contact && line.status != MessageStatus::Rejected && visit.may(Operation::UndoMessage),
        explained: ExplainedView::of(&answer, formats),
    };
    Ok(ConsolePage::new(Section::Customers, "Message", "message", Value::from(Serde(&page))).into())
}

/// `GET /console/messages/{id}/document`: the mail in its own look, for the frame of the page.
pub(crate) async fn document(visit: &ConsoleVisit) -> PageResult {
    let then = message_then::show((visit.store(), visit.vault()), &visit.actor, visit.path_value("id"), visit.now).await?;
    match rendered(visit, then.as_ref()).await? {
        Some(Ok(channels::Rendered { html: Some(html), .. })) => Ok(ConsoleReply::Document { html }),
        Some(Ok(_) | Err(_)) | None => Err(ConsoleTrouble::NoPage),
    }
}

/// The message rendered again from what was known; `None` where nothing is known of it, and of a call.
async fn rendered(
    visit: &ConsoleVisit,
    then: Option<&MessageThen>,
) -> Result<Option<Result<channels::Rendered, String>>, ConsoleTrouble> {
    visit.actor.may(Operation::PreviewMessage)?;
    let Some(then) = then else { return Ok(None) };
    let known = (&then.facts, &then.policy);
    let (pending, own) = (&then.pending, then.own.as_ref());
    Ok(Some(sending::rendered_again(visit.store(), visit.tenant(), known, pending, own, then.at).await?))
}
