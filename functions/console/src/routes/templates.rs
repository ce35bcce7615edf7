//! Templates: the list, and one text with its form, what is wrong with it, and how it looks.

use std::collections::{BTreeMap, BTreeSet};

use channels::shapes::DataShape;
use domain::{Channel, word::Word};
use minijinja::{Value, context, value::Serde};
use serde::Serialize;
use service::{
    NotDone, Operation,
    templates::{self, TextNamed},
};
use store::StoredTemplate;

use crate::{
    outcome::{ConsolePage, ConsoleReply, PageResult},
    posted::FormFlaws,
    sections::Section,
    test_sending, text_preview,
    text_prover::flaws_of,
    visit::ConsoleVisit,
    workflow_paths::{is_id, text_named},
};

/// A template on one channel, with its languages.
#[derive(Serialize)]
struct TemplateOnPage {
    id: String,
    channel: String,
    languages: Vec<String>,
    /// Languages that other templates of the channel have.
    missing: Vec<String>,
    subject: Option<String>,
}

/// How a text comes out with facts of one shape.
#[derive(Serialize)]
struct ShapeRow {
    label: &'static str,
    fits: bool,
    said: String,
}

/// Where a text is.
pub(crate) fn address(named: TextNamed<'_>) -> String {
    format!("/console/templates/{}/{}/{}", named.id, named.language, named.channel)
}

/// `GET /console/templates`.
pub(crate) async fn list(visit: &ConsoleVisit) -> PageResult {
    // The form for a further language leads to the page of that text.
    if let (Some(id), Some(language), Some(channel)) = (visit.query("id"), visit.query("language"), visit.query("channel")) {
        return further(id.trim(), language.trim(), channel.trim(), visit.query("from").unwrap_or("en"));
    }
    let known = templates::list(visit.store(), &visit.actor).await?;
    let rows = by_template(&known);
    let channels: Vec<Value> =
        Channel::with_sender().map(|channel| context! { value => channel.as_str(), label => channel.as_str() }).collect();
    let values = context! {
        rows => Value::from(Serde(&rows)), channels, may_put => visit.may(Operation::PutTemplate),
    };
    Ok(ConsolePage::new(Section::Templates, "Templates", "templates", values).into())
}

/// Leads to the page of a text that may not be there yet.
fn further(id: &str, language: &str, channel: &str, from: &str) -> PageResult {
    let mut wrong = Vec::new();
    let mut flaw = |is_right: bool, pointer: &str, detail: &str| {
        if !is_right {
            wrong.push((pointer.to_owned(), detail.to_owned()));
        }
    };
    flaw(is_id(id), "/id", "an id is 1 to 64 of a-z 0-9 - _");
    flaw(domain::calendar::is_language(language), "/language", "a language is such as 'de' or 'fr-ca'");
    flaw(domain::calendar::is_language(from), "/from", "a language is such as 'de' or 'fr-ca'");
    let channel = Channel::of_this_release(channel).filter(|channel| channel.facts().has_sender);
    flaw(channel.is_some(), "/channel", &channels::template::wrong_channel());
    match channel.filter(|_| wrong.is_empty()) {
        Some(channel) => Ok(ConsoleReply::see(format!("{}?from={from}", address(TextNamed { id, language, channel })))),
        None => Err(NotDone::Fields(wrong).into()),
    }
}

fn by_template(known: &[StoredTemplate]) -> Vec<TemplateOnPage> {
    let mut texts: BTreeMap<(&str, &str), Vec<&StoredTemplate>> = BTreeMap::new();
    let mut spoken: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for text in known {
        texts.entry((text.id.as_str(), text.channel.as_str())).or_default().push(text);
        spoken.entry(text.channel.as_str()).or_default().insert(text.language.as_str());
    }
    let row = |((id, channel), texts): ((&str, &str), Vec<&StoredTemplate>)| {
        let languages: Vec<String> = texts.iter().map(|text| text.language.clone()).collect();
        let all = spoken.get(channel).into_iter().flatten();
        TemplateOnPage {
            id: id.to_owned(),
            channel: channel.to_owned(),
            missing: all.filter(|one| !languages.iter().any(|own| own == **one)).map(|one| (*one).to_owned()).collect(),
            subject: texts.iter().find(|text| text.language == "en").or(texts.first()).and_then(|text| text.subject.clone()),
            languages,
        }
    };
    texts.into_iter().map(row).collect()
}

/// `GET /console/templates/{id}/{language}/{channel}`; of a text that is not there yet, the form for its first version.
pub(crate) async fn show(visit: &ConsoleVisit) -> PageResult {
    let named = text_named(visit)?;
    let text = match templates::show(visit.store(), &visit.actor, named).await {
        Ok(text) => text,
        Err(NotDone::NotFound(_)) if visit.may(Operation::PutTemplate) => beginning(visit, named).await?,
        Err(why) => return Err(why.into()),
    };
    let shape = visit.query("shape").and_then(DataShape::of).unwrap_or(DataShape::Three);
    page(visit, &text, shape, Vec::new(), 200).await
}

/// A text to begin with: that of another language, to be translated.
async fn beginning(visit: &ConsoleVisit, named: TextNamed<'_>) -> Result<StoredTemplate, NotDone> {
    let known = templates::list(visit.store(), &visit.actor).await?;
    let mut own = known.iter().filter(|text| text.id == named.id && text.channel == named.channel);
    let from = visit.query("from").unwrap_or("en");
    let other = own.clone().find(|text| text.language == from).or_else(|| own.next());
    let has_subject = named.channel.facts().has_subject;
    Ok(StoredTemplate {
        id: named.id.to_owned(),
        channel: named.channel,
        language: named.language.to_owned(),
        version: 0,
        subject: other.and_then(|text| text.subject.clone()).or_else(|| has_subject.then(String::new)),
        body: other.map(|text| text.body.clone()).unwrap_or_default(),
    })
}

/// The text that a form holds, in the place of the one that the path names.
pub(crate) fn typed(visit: &ConsoleVisit, named: TextNamed<'_>) -> StoredTemplate {
    let posted = visit.posted();
    let subject = named.channel.facts().has_subject.then(|| posted.owned("subject").unwrap_or_default());
    StoredTemplate {
        id: named.id.to_owned(),
        channel: named.channel,
        language: named.language.to_owned(),
        version: posted.text("seen").and_then(|seen| seen.parse().ok()).unwrap_or(0),
        subject,
        body: posted.owned("body").unwrap_or_default(),
    }
}

async fn page(
    visit: &ConsoleVisit,
    text: &StoredTemplate,
    shape: DataShape,
    refused: Vec<(String, String)>,
    status: u16,
) -> PageResult {
    let named = TextNamed { id: &text.id, language: &text.language, channel: text.channel };
    let flaws = if refused.is_empty() && text.version > 0 { flaws_of(text) } else { refused };
    let known = templates::list(visit.store(), &visit.actor).await?;
    let own: Vec<String> = known
        .iter()
        .filter(|other| other.id == text.id && other.channel == text.channel)
        .map(|other| other.language.clone())
        .collect();
    let missing: BTreeSet<&str> = known
        .iter()
        .filter(|other| other.channel == text.channel && !own.contains(&other.language))
        .map(|other| other.language.as_str())
        .collect();
    let versions = match templates::versions(visit.store(), &visit.actor, named).await {
        Ok(versions) => versions,
        Err(NotDone::NotFound(_)) => Vec::new(),
        Err(why) => return Err(why.into()),
    };
    let shapes = text_preview::each_shape(text, visit.settings.as_ref());
    let rows: Vec<ShapeRow> = shapes.into_iter().map(|(label, fits, said)| ShapeRow { label, fits, said }).collect();
    let choices: Vec<Value> = DataShape::ALL
        .iter()
        .map(|one| context! { value => one.word(), label => one.label(), is_chosen => *one == shape })
        .collect();
    let may_test = visit.may(Operation::SendTestMessage) && text.version > 0;
    let customers = if may_test { test_sending::customers(visit).await? } else { Vec::new() };
    let versions: Vec<Value> = versions
        .iter()
        .map(|known| context! { number => known.version, subject => known.subject.as_deref(), body => known.body.as_str() })
        .collect();
    let values = context! {
        address => address(named),
        id => text.id.as_str(),
        language => text.language.as_str(),
        channel => text.channel.as_str(),
        version => text.version,
        has_subject => text.channel.facts().has_subject,
        subject => text.subject.as_deref().unwrap_or_default(),
        body => text.body.as_str(),
        shape => shape.word(),
        shapes => choices,
        rows => Value::from(Serde(&rows)),
        own,
        missing => missing.into_iter().map(Value::from).collect::<Vec<Value>>(),
        versions,
        customers,
        email => visit.actor.email(),
        may_put => visit.may(Operation::PutTemplate),
        may_archive => visit.may(Operation::ArchiveTemplate) && text.version > 0,
        may_test,
        flaws => Value::from(Serde(&FormFlaws::of(flaws))),
    };
    let title = format!("{} in {}, by {}", text.id, text.language, text.channel);
    Ok(ConsolePage::new(Section::Templates, title, "template", values).with_status(status).into())
}

/// `POST /console/templates/{id}/{language}/{channel}`.
pub(crate) async fn put(visit: &ConsoleVisit) -> PageResult {
    let named = text_named(visit)?;
    let text = typed(visit, named);
    let shape = visit.posted().text("shape").and_then(DataShape::of).unwrap_or(DataShape::Three);
    let seen = text.version;
    match templates::put(visit.store(), &visit.actor, text.clone(), seen, flaws_of, visit.now).await {
        Ok(stored) if stored.version == seen => Ok(ConsoleReply::done(address(named), "Nothing is other than it was.")),
        Ok(stored) => Ok(ConsoleReply::done(address(named), format!("Version {} is in force.", stored.version))),
        Err(NotDone::Fields(flaws)) => page(visit, &text, shape, flaws, 422).await,
        Err(why) => Err(why.into()),
    }
}

/// `POST /console/templates/{id}/{language}/{channel}/archive`.
pub(crate) async fn archive(visit: &ConsoleVisit) -> PageResult {
    let named = text_named(visit)?;
    let seen = visit.posted().text("seen").and_then(|seen| seen.parse().ok());
    let seen =
        seen.ok_or_else(|| NotDone::field("/seen", "the form does not say which version it is of; load the page again"))?;
    templates::archive(visit.store(), &visit.actor, named, seen, visit.now).await?;
    Ok(ConsoleReply::done(Section::Templates.path(), "The text is put away. No message is made of it any more."))
}

/// `GET /console/templates/{id}/{language}/{channel}/preview`: the stored text, in a document of its own.
pub(crate) async fn framed(visit: &ConsoleVisit) -> PageResult {
    let named = text_named(visit)?;
    let text = match templates::show(visit.store(), &visit.actor, named).await {
        Ok(text) => text,
        Err(NotDone::NotFound(_)) => beginning(visit, named).await?,
        Err(why) => return Err(why.into()),
    };
    let shape = visit.query("shape").and_then(DataShape::of).unwrap_or(DataShape::Three);
    Ok(ConsoleReply::Document { html: text_preview::document(&text, shape, visit.settings.as_ref()) })
}

/// `POST /console/templates/{id}/{language}/{channel}/preview`: the text as it was typed. Nothing is stored.
pub(crate) async fn typed_framed(visit: &ConsoleVisit) -> PageResult {
    let named = text_named(visit)?;
    let shape = visit.posted().text("shape").and_then(DataShape::of).unwrap_or(DataShape::Three);
    let html = text_preview::document(&typed(visit, named), shape, visit.settings.as_ref());
    Ok(ConsoleReply::Document { html })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_that_others_have_is_missed() {
        let text = |id: &str, language: &str, channel| StoredTemplate {
            id: id.to_owned(),
            channel,
            language: language.to_owned(),
            version: 1,
            subject: None,
            body: "Pay".to_owned(),
        };
        let known = [
            text("a", "de", Channel::Email),
            text("a", "en", Channel::Email),
            text("b", "en", Channel::Email),
            text("b", "en", Channel::Sms),
        ];
        let rows = by_template(&known);
        let said: Vec<String> = rows.iter().map(|row| format!("{} {} {}", row.id, row.channel, row.missing.join(","))).collect();
        assert_eq!(said, ["a email ", "b email de", "b sms "]);
    }
}
