//! What the tables keep of customers and messages, read for people: by the page, and by the account that follows the demo.
//!
//! It reads past the functions and their metrics, and therefore knows the form in which items are stored.

mod message;
pub mod words;

use std::collections::{BTreeMap, BTreeSet};

use domain::{Customer, Invoice, Settings, calendar::tenant_zone};
use dynoxide::actions::scan::ScanRequest;
use jiff::{Timestamp, tz::TimeZone};
pub use message::{Line, Message};
use serde_json::{Value, json};

use crate::{outbox::Sent, world::World};

/// Most pages read of one table, so that a page stays a page.
const PAGES_MAX: usize = 200;

/// Something that a decision passed over or gave up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quiet {
    /// When it was decided.
    pub at: Timestamp,
    /// The customer's name.
    pub customer: String,
    /// What was not sent, and why.
    pub why: String,
}

/// The books of one tenant, or of all.
#[derive(Debug, Default)]
pub struct Book {
    /// Messages that were settled, by id.
    pub messages: BTreeMap<String, Message>,
    /// What decisions passed over, in order.
    pub quiet: Vec<Quiet>,
    /// Every item that was read.
    pub items: Vec<Value>,
    pub(crate) settings: BTreeMap<String, Settings>,
    pub(crate) customers: BTreeMap<String, Customer>,
    pub(crate) invoices: BTreeMap<String, Invoice>,
    pub(crate) templates: Vec<(String, channels::Template)>,
}

impl Book {
    /// Reads it.
    pub fn read(world: &World, tenant: Option<&str>) -> Self {
        let items = scan(world);
        let mine = |item: &&Value| owner(item).is_some_and(|owner| tenant.is_none_or(|tenant| tenant == owner));
        let mut book = Self::default();
        // Names and numbers first: everything else speaks of them.
        for item in items.iter().filter(mine) {
            book.learn(item);
        }
        for item in items.iter().filter(mine) {
            let sort = text(item, "sk");
            if sort.starts_with("COV#") || sort.starts_with("DEC#") {
                book.hear(item);
            }
        }
        book.quiet.sort_by(|left, right| (left.at, &left.customer).cmp(&(right.at, &right.customer)));
        book.quiet.dedup();
        book.items = items.iter().filter(mine).cloned().collect();
        book
    }

    /// The zone that a tenant's people read times in.
    pub fn zone(&self, tenant: &str) -> TimeZone {
        self.settings.get(tenant).map_or(TimeZone::UTC, tenant_zone)
    }

    /// The message that a provider call was made for.
    pub fn of(&self, sent: &Sent) -> Option<&Message> {
        self.messages.get(&message_id(sent)?)
    }

    fn learn(&mut self, item: &Value) {
        let (Some(owner), document) = (owner(item), text(item, "doc")) else { return };
        match text(item, "sk") {
            "SETTINGS" => {
                if let Ok(settings) = serde_json::from_str(document) {
                    self.settings.insert(owner.to_owned(), settings);
                }
            }
            "PROFILE" => {
                if let Ok(customer) = serde_json::from_str(document) {
                    self.customers.insert(text(item, "pk").to_owned(), customer);
                }
            }
            sort if sort.starts_with("INV#") => {
                if let Ok(invoice) = serde_json::from_str::<Invoice>(document) {
                    self.invoices.insert(invoice.id.to_string(), invoice);
                }
            }
            sort if sort.starts_with("TPV#") => {
                if let Ok(template) = serde_json::from_str(document) {
                    self.templates.push((owner.to_owned(), template));
                }
            }
            _ => {}
        }
    }

    fn hear(&mut self, item: &Value) {
        let Ok(body) = serde_json::from_str::<Value>(text(item, "body")) else { return };
        if body.pointer("/message/id").is_some() {
            if let Some(message) = Message::read(self, item, &body) {
                self.messages.insert(message.id.clone(), message);
            }
            return;
        }
        let Ok(at) = word(&body, "/at").parse::<Timestamp>() else { return };
        let customer = self.customers.get(text(item, "pk")).map(|customer| customer.name.clone()).unwrap_or_default();
        let traces = list(&body, "/trace");
        if traces.iter().any(|trace| word(trace, "/because") == "nothing_open") {
            let why = "nothing is open any more (paid, credited or cancelled): the rest of the plan is dropped";
            self.quiet.push(Quiet { at, customer: customer.clone(), why: why.to_owned() });
        }
        for trace in traces.iter().filter(|trace| matches!(word(trace, "/because"), "held" | "nothing_due_now")) {
            let why = format!("{}: nothing is sent until that ends", words::because(word(trace, "/because")));
            self.quiet.push(Quiet { at, customer: customer.clone(), why });
        }
        let rules: BTreeSet<String> = traces.iter().flat_map(|trace| list(trace, "/rules")).map(message::rule).collect();
        let rules = rules.into_iter().collect::<Vec<_>>().join("; ");
        for mark in list(&body, "/marks") {
            let outcome = word(mark, "/outcome");
            if !matches!(outcome, "missed" | "skipped") {
                continue;
            }
            let steps: BTreeSet<&str> = list(mark, "/rows").iter().map(|row| word(row, "/step")).collect();
            let steps = steps.into_iter().collect::<Vec<_>>().join(", ");
            let because = if rules.is_empty() { String::new() } else { format!(" ({rules})") };
            self.quiet.push(Quiet { at, customer: customer.clone(), why: format!("step {steps} {outcome}{because}") });
        }
    }
}

/// The id that Dunlin gave the message of a provider call, from its tag or attribute.
fn message_id(entry: &Sent) -> Option<String> {
    let tags = entry.raw.get("EmailTags").and_then(Value::as_array);
    let mail = tags.into_iter().flatten().find(|tag| tag.get("Name").is_some_and(|name| name == "dunlin_message"));
    if let Some(tag) = mail {
        return tag.get("Value")?.as_str().map(str::to_owned);
    }
    let (key, _) = entry.raw.as_object()?.iter().find(|(_, value)| *value == "dunlin_message")?;
    entry.raw.get(format!("{}.Value.StringValue", key.strip_suffix(".Name")?))?.as_str().map(str::to_owned)
}

/// The tenant that an item belongs to.
pub(crate) fn owner(item: &Value) -> Option<&str> {
    text(item, "pk").strip_prefix("T#").and_then(|rest| rest.split('#').next())
}

/// A text attribute, empty where there is none.
pub(crate) fn text<'a>(item: &'a Value, name: &str) -> &'a str {
    item.get(name).and_then(|value| value.get("S")).and_then(Value::as_str).unwrap_or_default()
}

/// A numeric attribute.
pub(crate) fn number(item: &Value, name: &str) -> Option<i64> {
    item.get(name)?.get("N")?.as_str()?.parse().ok()
}

fn word<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

fn list<'a>(value: &'a Value, pointer: &str) -> &'a [Value] {
    value.pointer(pointer).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

fn scan(world: &World) -> Vec<Value> {
    let mut out = Vec::new();
    for table in &world.template.tables {
        let mut start: Option<Value> = None;
        for _ in 0..PAGES_MAX {
            let mut request = json!({"TableName": table.name});
            if let Some(start) = &start {
                request["ExclusiveStartKey"] = start.clone();
            }
            let Ok(request) = serde_json::from_value::<ScanRequest>(request) else { break };
            let Ok(answer) = world.database.scan(request) else { break };
            let answer = serde_json::to_value(&answer).unwrap_or_default();
            out.extend(answer.get("Items").and_then(Value::as_array).cloned().unwrap_or_default());
            start = answer.get("LastEvaluatedKey").filter(|key| key.is_object()).cloned();
            if start.is_none() {
                break;
            }
        }
    }
    out
}
