//! What the tables keep of customers and messages, read for people: by the page, and by the account that follows the demo.
//!
//! It reads past the functions and their metrics; what items hold, the store says ([`store::inspect`]).

mod known;
mod message;
pub mod words;

use std::collections::{BTreeMap, BTreeSet};

use domain::{Because, CaseTrace, CustomerId, Outcome};
use dynoxide::actions::scan::ScanRequest;
use jiff::{Timestamp, tz::TimeZone};
use known::Known;
pub use message::{Line, Message};
use serde_json::{Value, json};
use store::{
    Head, Record, Task,
    inspect::{Item, Stored},
};

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
pub struct Overview {
    /// Messages that were settled, by id.
    pub messages: BTreeMap<String, Message>,
    /// What decisions passed over, in order.
    pub quiet: Vec<Quiet>,
    /// Tasks and exceptions, done ones too, each with its tenant.
    pub tasks: Vec<(String, Task)>,
    /// Where each customer stands, with its tenant.
    pub heads: BTreeMap<CustomerId, (String, Head)>,
    pub(crate) known: Known,
}

impl Overview {
    /// Reads it. What does not read is not shown.
    pub fn read(world: &World, tenant: Option<&str>) -> Self {
        let mut overview = Self::default();
        let mut records = Vec::new();
        for item in scan(world) {
            let Some(owner) = item.tenant().map(|owner| owner.to_string()) else { continue };
            if tenant.is_some_and(|tenant| tenant != owner) {
                continue;
            }
            let customer = item.customer();
            match (item.read(), customer) {
                (Ok(Stored::Settings(settings)), _) => {
                    overview.known.settings.insert(owner, *settings);
                }
                (Ok(Stored::Template(template)), _) => overview.known.templates.push((owner, *template)),
                (Ok(Stored::Profile(profile)), Some(customer)) => {
                    overview.known.customers.insert(customer, (owner, *profile));
                }
                (Ok(Stored::Invoice(invoice)), _) => {
                    overview.known.invoices.insert(invoice.id.to_string(), *invoice);
                }
                (Ok(Stored::Head(head)), Some(customer)) => {
                    overview.heads.insert(customer, (owner, *head));
                }
                (Ok(Stored::Record(record)), Some(customer)) => records.push((owner, customer, *record)),
                (Ok(Stored::Task(task)), _) => overview.tasks.push((owner, *task)),
                (Ok(Stored::Profile(_) | Stored::Head(_) | Stored::Record(_) | Stored::Hint | Stored::Other) | Err(_), _) => {}
            }
        }
        // Names and numbers are known by now: records speak of them.
        for (owner, customer, record) in &records {
            overview.hear(owner, customer, record);
        }
        overview.quiet.sort_by(|left, right| (left.at, &left.customer).cmp(&(right.at, &right.customer)));
        overview.quiet.dedup();
        overview
    }

    /// The zone that a tenant's people read times in.
    pub fn zone(&self, tenant: &str) -> TimeZone {
        self.known.zone(tenant)
    }

    /// The message that a provider call was made for.
    pub fn of(&self, sent: &Sent) -> Option<&Message> {
        self.messages.get(sent.message.as_ref()?)
    }

    /// A customer's name, empty where it is not known.
    pub(crate) fn name(&self, customer: &CustomerId) -> String {
        self.known.name(customer)
    }

    fn hear(&mut self, owner: &str, customer: &CustomerId, record: &Record) {
        if let Some(message) = Message::read(&self.known, owner, customer, record) {
            self.messages.insert(message.id.clone(), message);
            return;
        }
        let (at, customer) = (record.at, self.name(customer));
        if record.cases.iter().any(|case| case.because == Because::NothingOpen) {
            let why = "nothing is open any more (paid, credited or cancelled): the rest of the plan is dropped";
            self.quiet.push(Quiet { at, customer: customer.clone(), why: why.to_owned() });
        }
        let is_kept = |case: &&CaseTrace| matches!(case.because, Because::Held { .. } | Because::NothingDueNow { .. });
        for case in record.cases.iter().filter(is_kept) {
            let why = format!("{}: nothing is sent until that ends", words::because(case.because.as_str()));
            self.quiet.push(Quiet { at, customer: customer.clone(), why });
        }
        let rules: BTreeSet<String> = record.cases.iter().flat_map(|case| &case.rules).map(message::said).collect();
        let rules = rules.into_iter().collect::<Vec<_>>().join("; ");
        for mark in &record.coverage {
            let outcome = match &mark.outcome {
                Outcome::Missed => "missed",
                Outcome::Skipped => "skipped",
                Outcome::Approved => "approved by a person",
                Outcome::BroughtForward => "brought forward by a person",
                Outcome::SendNow => "to be sent now, as a person ordered",
                Outcome::CapLifted => "beyond the cap of contacts, as a person ordered",
                Outcome::Unconfirmed => "went, and no receipt came and no other way was there",
                Outcome::Later(word) => word.as_str(),
                Outcome::Sent | Outcome::Unknown | Outcome::Done | Outcome::Undelivered | Outcome::NotSent => continue,
            };
            let steps: BTreeSet<&str> = mark.rows.iter().map(|row| row.step.as_str()).collect();
            let steps = steps.into_iter().collect::<Vec<_>>().join(", ");
            let because = if rules.is_empty() { String::new() } else { format!(" ({rules})") };
            self.quiet.push(Quiet { at, customer: customer.clone(), why: format!("step {steps} {outcome}{because}") });
        }
    }
}

fn scan(world: &World) -> Vec<Item> {
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
            out.extend(answer.get("Items").and_then(Value::as_array).into_iter().flatten().filter_map(Item::from_json));
            start = answer.get("LastEvaluatedKey").filter(|key| key.is_object()).cloned();
            if start.is_none() {
                break;
            }
        }
    }
    out
}
