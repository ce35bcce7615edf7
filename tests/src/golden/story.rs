//! The form of a story, as its file has it.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// What a customer, or several, go through.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Story {
    /// What it shows, in a sentence.
    pub story: String,
    /// When it begins.
    pub now: Timestamp,
    /// The tenant's settings.
    #[serde(default)]
    pub settings: Map<String, Value>,
    /// Its workflows; the built-in one when none are given.
    #[serde(default)]
    pub workflows: Option<Vec<Value>>,
    /// Its templates, besides those that are made for steps of its workflows.
    #[serde(default)]
    pub templates: Vec<Value>,
    /// Customers by external id, for documents that name one.
    #[serde(default)]
    pub customers: BTreeMap<String, Value>,
    /// What happens, in order.
    pub events: Vec<Event>,
}

/// One thing that happens.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Event {
    /// A canonical document arrives.
    Document(Value),
    /// Time passes.
    Clock(Move),
    /// Somebody calls the admin API.
    Api(Call),
    /// An event of AWS about a mail that left.
    AwsEvent(AwsEvent),
    /// The settings change.
    Settings(Map<String, Value>),
    /// Something is going to fail: the body of `/_local/faults`.
    Fault(Value),
    /// The reader of a mail uses its one-click link.
    OptOut(usize),
    /// What customers stand at is written down, under this name.
    Look(String),
}

/// How time passes.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub enum Move {
    /// To an instant.
    To(Timestamp),
    /// By a span.
    By {
        /// ISO 8601.
        advance: String,
    },
}

/// A call of the admin API.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Call {
    /// The method.
    pub method: String,
    /// The path; `{customer:C-1}` and `{task:approval:r2}` become ids.
    pub path: String,
    /// Whose token; an admin's by default.
    #[serde(default = "admin")]
    pub role: String,
    /// The body, if any.
    #[serde(default)]
    pub body: Value,
}

fn admin() -> String {
    "admin".to_owned()
}

/// An event of SES about a mail.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AwsEvent {
    /// Which mail: its place in the outbox, from 1.
    pub mail: usize,
    /// The event's kind on the bus: `Email Bounced`.
    pub detail_type: String,
    /// The kind within it: `Bounce`.
    pub event_type: String,
    /// What the kind adds; the text `{to}` becomes the mail's address, `{now}` the instant.
    pub parts: Value,
}

impl Story {
    /// A document with the customer that it names written out.
    ///
    /// # Errors
    ///
    /// When the story has no such customer.
    pub fn written_out(&self, document: &Value) -> anyhow::Result<Value> {
        let mut document = document.clone();
        if let Some(name) = document["customer"].as_str().map(str::to_owned) {
            let mut customer = self.customers.get(&name).with_context(|| format!("the story has no customer {name}"))?.clone();
            customer["external_id"] = json!(name);
            document["customer"] = customer;
        }
        Ok(document)
    }

    /// The story's templates, and a plain one for each template that its workflows name and it does not give.
    pub fn all_templates(&self) -> Vec<Value> {
        let mut all = self.templates.clone();
        for (id, channel) in self.wanted() {
            if !all.iter().any(|one| one["id"] == *id && one["channel"] == *channel) {
                let subject = if channel == "email" { json!(id) } else { Value::Null };
                let body = format!("{id}: {{{{ exposure.overdue | money }}}} {{{{ links.portal }}}}");
                all.push(json!({"id": id, "language": "en", "channel": channel, "subject": subject, "body": body}));
            }
        }
        all
    }

    /// Templates and channels that its workflows name, also those that it publishes later.
    fn wanted(&self) -> BTreeSet<(&str, &str)> {
        let later = self.events.iter().filter_map(|event| match event {
            Event::Api(call) if call.path.starts_with("/v1/workflows/") => Some(&call.body),
            Event::Document(_)
            | Event::Clock(_)
            | Event::Api(_)
            | Event::AwsEvent(_)
            | Event::Settings(_)
            | Event::Fault(_)
            | Event::OptOut(_)
            | Event::Look(_) => None,
        });
        let workflows = self.workflows.iter().flatten().chain(later);
        let workflows: Vec<&Value> = workflows.collect();
        let steps = workflows.iter().flat_map(|workflow| list(&workflow["steps"]));
        let sends = steps.map(|step| &step["action"]["send"]);
        let ways =
            sends.flat_map(|send| list(&send["channels"]).iter().map(|channel| (send["template"].as_str(), channel.as_str())));
        // A statement goes by email and has the text `statement` where it says nothing else.
        let stated = workflows.iter().map(|workflow| &workflow["statement"]).filter(|plan| plan.is_object()).flat_map(|plan| {
            let template = plan["template"].as_str().unwrap_or("statement");
            let channels = plan["channels"].as_array().map(|all| all.iter().filter_map(Value::as_str).collect());
            let channels: Vec<&str> = channels.unwrap_or_else(|| vec!["email"]);
            channels.into_iter().map(move |channel| (Some(template), Some(channel)))
        });
        ways.chain(stated)
            .filter_map(|(template, channel)| Some((template?, channel.filter(|one| ["email", "sms"].contains(one))?)))
            .collect()
    }

    /// External ids of the customers that its documents name, and its invoices' numbers by their external ids.
    pub fn names(&self) -> (BTreeSet<String>, BTreeMap<String, String>) {
        let (mut customers, mut invoices) = (BTreeSet::new(), BTreeMap::new());
        for event in &self.events {
            let Event::Document(document) = event else { continue };
            let customer = document["customer"].as_str().or_else(|| document["customer"]["external_id"].as_str());
            customers.extend(customer.map(str::to_owned));
            if let Some(id) = document["invoice"]["external_id"].as_str() {
                invoices.insert(id.to_owned(), document["invoice"]["number"].as_str().unwrap_or(id).to_owned());
            }
        }
        (customers, invoices)
    }
}

/// The entries of an array, none where it is none.
pub fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}
