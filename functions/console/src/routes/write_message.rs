//! A message in a person's own words, or those of a template: written, looked at as it would leave, and sent. For a minute it can be taken back.

use std::collections::BTreeMap;

use domain::decide::Recheck;
use minijinja::{Value, value::Serde};
use serde::Serialize;
use service::{
    NotDone, contacts,
    messages::{self, MessageAsked, MessagePlan},
};

use crate::{
    formats::Formats,
    outcome::{ConsolePage, ConsoleReply, PageResult},
    posted::FormFlaws,
    sections::Section,
    timeline_rows::channel_name,
    visit::ConsoleVisit,
};

/// Whom it can go to.
#[derive(Serialize)]
struct WhomRow {
    value: String,
    label: String,
}

/// How it would look.
#[derive(Serialize)]
struct SeenMessage {
    to: String,
    channel: &'static str,
    subject: Option<String>,
    text: String,
    guard: String,
    /// Whether it could be sent.
    may_leave: bool,
    is_shadow: bool,
}

/// What the template shows.
#[derive(Serialize)]
struct WritePage<'a> {
    id: &'a str,
    name: String,
    whom: Vec<WhomRow>,
    typed: BTreeMap<&'a str, &'a str>,
    flaws: FormFlaws,
    seen: Option<SeenMessage>,
    in_reply_to: Option<&'a str>,
}

/// `GET /console/customers/{id}/write`, `?reply=` the message that it answers.
pub(crate) async fn ask(visit: &ConsoleVisit) -> PageResult {
    page(visit, FormFlaws::default(), None).await
}

/// `POST /console/customers/{id}/write`: shows how it would look, or sends it, by the button that was pressed.
pub(crate) async fn write(visit: &ConsoleVisit) -> PageResult {
    let posted = visit.posted();
    let id = visit.path_value("id");
    // One choice names both: the channel and the contact.
    let (channel, contact) = posted.text("contact").and_then(|text| text.split_once(' ')).unzip();
    let asked = MessageAsked {
        customer: id.to_owned(),
        contact: contact.map(str::to_owned),
        channel: channel.map(str::to_owned),
        case: None,
        template: posted.owned("template"),
        subject: posted.owned("subject"),
        body: posted.owned("body"),
        language: None,
        in_reply_to: posted.owned("in_reply_to"),
        attachments: Vec::new(),
    };
    let plan = match messages::plan(visit.store(), &visit.actor, &asked, visit.now).await {
        Err(NotDone::Fields(flaws)) => return page(visit, FormFlaws::of(flaws), None).await,
        plan => plan?,
    };
    let words = channels::Template {
        id: "own".to_owned(),
        language: plan.text.language.clone(),
        channel: plan.pending.channel,
        subject: plan.text.subject.clone(),
        body: plan.text.body.clone(),
        version: 0,
    };
    let flaws: Vec<(String, String)> =
        channels::flaws(&words).into_iter().map(|flaw| (flaw.pointer.to_owned(), flaw.detail)).collect();
    if !flaws.is_empty() {
        return page(visit, FormFlaws::of(flaws), None).await;
    }
    let facts = (&plan.facts, &plan.policy);
    let rendered =
        sending::rendered_own_message(visit.store(), visit.tenant(), facts, &plan.pending, &plan.text, visit.now).await?;
    let rendered = match rendered {
        Ok(rendered) => rendered,
        Err(detail) => return page(visit, FormFlaws::of(vec![("/body".to_owned(), detail)]), None).await,
    };
    if posted.text("do") != Some("send") {
        let seen = seen(&plan, rendered, &visit.formats);
        return page(visit, FormFlaws::default(), Some(seen)).await;
    }
    messages::write(visit.store(), &visit.actor, &asked, visit.now).await?;
    let said = "It leaves in a minute, if the guard still allows it. Until then you can take it back below.";
    Ok(ConsoleReply::done(format!("/console/customers/{id}"), said))
}

fn seen(plan: &MessagePlan, rendered: channels::Rendered, formats: &Formats) -> SeenMessage {
    let (guard, may_leave) = match &plan.guard {
        Recheck::Send { .. } => ("The guard allows it now.".to_owned(), true),
        Recheck::Defer(until, refusal) => (format!("It waits until {}: {refusal}.", formats.moment(*until)), true),
        Recheck::Block(refusal) => (format!("The guard forbids it: {refusal}."), false),
        Recheck::Supersede(why) => (format!("It cannot be sent: {why}."), false),
    };
    SeenMessage {
        to: plan.pending.contact.clone(),
        channel: channel_name(plan.pending.channel),
        subject: rendered.subject,
        text: rendered.text,
        guard,
        may_leave,
        is_shadow: plan.pending.mode == domain::Mode::Shadow,
    }
}

async fn page(visit: &ConsoleVisit, flaws: FormFlaws, seen: Option<SeenMessage>) -> PageResult {
    let id = visit.path_value("id");
    let customer = contacts::show(visit.store(), &visit.actor, id).await?.customer;
    let mut whom = Vec::new();
    for contact in &customer.contacts {
        for channel in domain::Channel::with_sender().filter(|channel| contact.address(*channel).is_some()) {
            let name = if contact.name.is_empty() { &contact.external_id } else { &contact.name };
            let address = contact.address(channel).unwrap_or_default();
            whom.push(WhomRow {
                value: format!("{} {}", channel.as_str(), contact.external_id),
                label: format!("{name}, {} ({address})", channel_name(channel)),
            });
        }
    }
    let status = if flaws.all.is_empty() { 200 } else { 422 };
    let name = if customer.name.is_empty() { customer.external_id } else { customer.name };
    let title = format!("Write to {name}");
    let shown = WritePage {
        id,
        name,
        whom,
        typed: visit.posted().typed(),
        flaws,
        seen,
        in_reply_to: visit.posted().text("in_reply_to").or(visit.query("reply")),
    };
    let values = Value::from(Serde(&shown));
    Ok(ConsolePage::new(Section::Customers, title, "write_message", values).with_status(status).into())
}
