//! Who plays the story: how the seller's systems, its people and its customers speak to the stack.

use std::collections::BTreeMap;

use anyhow::Context;
use http::Method;
use jiff::{ToSpan, civil::Date, tz::TimeZone};
use serde_json::{Value, json};

use super::{
    caller::Caller,
    documents::{self, Standing},
    names::TENANT,
    scenario::{Bill, Buyer, Source},
};
use crate::{outbox::Sent, stack::Stack};

/// What was begun with a bill.
#[derive(Default)]
pub struct Begun {
    /// The payments that the books do not have yet: under which reference, and how much, minor units.
    pub paid: Vec<(String, i64)>,
    /// How many payments the books have.
    pub entered: usize,
    /// The dispute or the plan.
    pub agreement: String,
}

/// The story while it is played.
pub struct Player<'a> {
    /// The stack that it is played on.
    pub stack: &'a Stack,
    /// Who speaks to the stack.
    pub caller: Caller,
    webhooks: Value,
    start: Date,
    /// The last version of each bill, and how it stands.
    pub standing: BTreeMap<&'static str, (i64, Standing)>,
    /// How many of the things that happen to a bill have happened.
    pub happened: BTreeMap<&'static str, usize>,
    begun: BTreeMap<&'static str, Begun>,
    deliveries: u64,
}

impl<'a> Player<'a> {
    /// The story at its first day, which is the stack's.
    pub fn new(stack: &'a Stack, webhooks: Value) -> Self {
        Self {
            stack,
            caller: Caller::new(),
            webhooks,
            start: stack.now().to_zoned(TimeZone::UTC).date(),
            standing: BTreeMap::new(),
            happened: BTreeMap::new(),
            begun: BTreeMap::new(),
            deliveries: 0,
        }
    }

    /// What was begun with a bill.
    pub fn begun(&mut self, number: &'static str) -> &mut Begun {
        self.begun.entry(number).or_default()
    }

    /// What a buyer got by mail, in order.
    pub fn mails_to(&self, buyer: &Buyer) -> Vec<Sent> {
        self.stack.outbox(Some(TENANT)).into_iter().filter(|sent| sent.to == buyer.email).collect()
    }

    /// The day in so many days, by the story's clock.
    pub fn today_and(&self, days: i64) -> Date {
        self.stack.now().to_zoned(TimeZone::UTC).date() + days.days()
    }

    /// A bill as it stands, as the system that bills it sends it.
    ///
    /// # Errors
    ///
    /// When the stack refuses it.
    pub async fn send(&mut self, buyer: &Buyer, bill: &'static Bill) -> anyhow::Result<()> {
        let (version, standing) = self.standing.entry(bill.number).or_default();
        *version += 1;
        let (version, standing) = (*version, *standing);
        if buyer.source == Source::Canonical {
            return self.deliver(&documents::invoice(buyer, bill, self.start, version, standing)).await;
        }
        let (id, at) = (self.next_delivery(), self.stack.now());
        let body = documents::stripe_invoice(buyer, bill, self.start, at, standing, &id).to_string();
        let headers = documents::sign_stripe(&self.secret("stripe")?, at, &body);
        self.caller.post(&self.url("stripe")?, headers, body).await?;
        Ok(())
    }

    /// A canonical document, signed.
    ///
    /// # Errors
    ///
    /// When the stack refuses it.
    pub async fn deliver(&mut self, document: &Value) -> anyhow::Result<()> {
        let (id, body) = (self.next_delivery(), document.to_string());
        let headers = documents::sign_canonical(&self.secret("canonical")?, &id, self.stack.now(), &body);
        self.caller.post(&self.url("canonical")?, headers, body).await?;
        Ok(())
    }

    fn next_delivery(&mut self) -> String {
        self.deliveries += 1;
        format!("evt_demo{:04}", self.deliveries)
    }

    /// Ends the task that asked to decide a dispute.
    ///
    /// # Errors
    ///
    /// When the stack refuses it.
    pub async fn end_dispute_task(&self, dispute: &str) -> anyhow::Result<()> {
        let listed = self.ask(Method::GET, "/v1/tasks?kind=dispute", &Value::Null).await?;
        let names = |task: &&Value| task.get("detail").and_then(Value::as_str).is_some_and(|detail| detail.contains(dispute));
        for task in listed.get("tasks").and_then(Value::as_array).into_iter().flatten().filter(names) {
            let done = json!({"result": "done"});
            self.ask(Method::POST, &format!("/v1/tasks/{}/done", text(task, "id")?), &done).await?;
        }
        Ok(())
    }

    /// The admin API, asked by a collector.
    ///
    /// # Errors
    ///
    /// When the stack refuses it.
    pub async fn ask(&self, method: Method, path: &str, body: &Value) -> anyhow::Result<Value> {
        let token = self.stack.token(TENANT, "collector")?;
        let headers = vec![("authorization", format!("Bearer {token}")), ("content-type", "application/json".to_owned())];
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.caller.call(method, &format!("{}{path}", self.stack.url()), headers, body).await?.json()
    }

    fn part(&self, source: &str, part: &str) -> anyhow::Result<String> {
        let found = self.webhooks.get(source).and_then(|webhook| webhook.get(part)).and_then(Value::as_str);
        found.map(str::to_owned).with_context(|| format!("the tenant has no {part} of a {source} webhook"))
    }

    fn url(&self, source: &str) -> anyhow::Result<String> {
        self.part(source, "url")
    }

    fn secret(&self, source: &str) -> anyhow::Result<String> {
        self.part(source, "secret")
    }
}

/// A text of an answer.
///
/// # Errors
///
/// When it has none.
pub fn text(value: &Value, name: &str) -> anyhow::Result<String> {
    value.get(name).and_then(Value::as_str).map(str::to_owned).with_context(|| format!("the answer has no {name}"))
}
