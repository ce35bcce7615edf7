//! What a story came to, in words that outlive the code: the only place that knows how the API and the outbox say it. When a field
//! or a word of theirs is renamed, it is mapped here to the word that the recorded lines have, and the lines stay.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context;
use domain::InvoiceId;
use jiff::Timestamp;
use local::Sent;
use serde_json::Value;

use super::story::{Story, list};
use crate::test_tenant::{TENANT, TestTenant};

/// Beginnings of ids that are made here: no line may have one.
const IDS: [&str; 11] = ["cus_", "inv_", "msg_", "cas_", "agr_", "chg_", "tsk_", "pay_", "dec_", "eff_", "ord_"];

/// What is heard of a message that is no news.
const NO_NEWS: [&str; 2] = ["sent", "delivered"];

/// A customer's promises, the first first, by their ids.
struct Promises(Vec<String>);

/// Tells what a story's customers came to, by the names that the story has for them.
pub struct Teller {
    customers: BTreeSet<String>,
    invoices: BTreeMap<String, String>,
}

/// A due item and the step that it is credited with.
struct Row {
    item: String,
    step: String,
    due_now: i64,
}

impl Teller {
    /// One who knows the story's names.
    pub fn new(story: &Story) -> Self {
        let (customers, numbers) = story.names();
        let id = |external: &str| InvoiceId::derive(&[TENANT, "canonical", external]).as_str().to_owned();
        Self { customers, invoices: numbers.into_iter().map(|(external, number)| (id(&external), number)).collect() }
    }

    /// Where the customers stand: cases, due items, what is pending, the next moment.
    ///
    /// # Errors
    ///
    /// When a line would have an id that is made here.
    pub async fn standing(&self, desk: &TestTenant) -> anyhow::Result<Vec<String>> {
        let mut lines = Vec::new();
        for name in &self.customers {
            let Some(matter) = matter(desk, name).await? else { continue };
            self.stands(name, &matter, &mut lines);
        }
        plain(lines)
    }

    /// The whole: what left, what was recorded, the worklist, and where the customers stand.
    ///
    /// # Errors
    ///
    /// When something left of which nothing is recorded, or a line would have an id that is made here.
    pub async fn ending(&self, desk: &TestTenant) -> anyhow::Result<Vec<String>> {
        let mut lines = Vec::new();
        let mut left: BTreeMap<String, Sent> = desk.sent().into_iter().map(|sent| (message_of(&sent), sent)).collect();
        anyhow::ensure!(left.len() == desk.sent().len(), "a message left twice");
        let mut ids = BTreeMap::new();
        for name in &self.customers {
            let Some(matter) = matter(desk, name).await? else { continue };
            ids.insert(matter["customer"]["id"].as_str().unwrap_or_default().to_owned(), name.clone());
            self.stands(name, &matter, &mut lines);
            let promises = Promises::of(&matter);
            for record in list(&matter["records"]) {
                self.recorded(name, record, &promises, &mut left, &mut lines)?;
            }
        }
        // What left and is not settled has no record yet.
        lines.extend(left.values().map(|sent| sent_line(sent, "?")));
        lines.extend(tasks(desk, &ids).await?);
        plain(lines)
    }

    fn stands(&self, name: &str, matter: &Value, lines: &mut Vec<String>) {
        for case in list(&matter["cases"]) {
            let waiting = case["waiting"].as_str().map(|reason| format!("({reason})")).unwrap_or_default();
            lines.push(format!(
                "case {name} {} {}@{} {}{waiting} open {} due {} overdue {}",
                text(case, "currency"),
                text(case, "workflow"),
                case["version"],
                text(case, "state"),
                case["open_minor"],
                case["due_now_minor"],
                case["overdue_minor"],
            ));
        }
        for item in list(&matter["due_items"]) {
            let key = self.item(text(item, "item"));
            let rung = item["rung"].as_str().unwrap_or("-");
            lines.push(format!("item {name} {key} open {} due {} rung {rung}", item["open_minor"], item["due_now_minor"]));
        }
        for pending in list(&matter["pending"]) {
            let (channel, contact, status) = (text(pending, "channel"), text(pending, "contact"), text(pending, "status"));
            let template = text(pending, "template").split('@').next().unwrap_or_default();
            lines.push(format!("pending {name} {channel} to {contact} by {template}: {status}, covers {}", pending["covers"]));
        }
        for contact in list(&matter["customer"]["contacts"]) {
            for (channel, why) in contact["suppressed"].as_object().into_iter().flatten() {
                let why = why.as_str().and_then(|why| why.split(' ').next()).unwrap_or_default();
                lines.push(format!("suppressed {name} {} {channel}: {why}", text(contact, "external_id")));
            }
        }
        let due = text(&matter["head"], "due");
        lines.push(format!("next {name} {}", due.parse::<Timestamp>().map_or_else(|_| due.to_owned(), minute)));
    }

    fn recorded(
        &self,
        name: &str,
        record: &Value,
        promises: &Promises,
        left: &mut BTreeMap<String, Sent>,
        lines: &mut Vec<String>,
    ) -> anyhow::Result<()> {
        let body = &record["body"];
        for marks in list(&body["marks"]) {
            let (outcome, at) = (text(marks, "outcome"), instant(&marks["at"])?);
            for row in list(&marks["rows"]) {
                let step = promises.repeat(text(row, "step"), text(row, "occurrence"));
                lines.push(format!("mark {at} {name} {} {step} {outcome}", self.item(text(row, "item"))));
            }
        }
        let Some(message) = body["message"].as_object().map(|_| &body["message"]) else { return Ok(()) };
        let template = text(message, "template");
        let mut who = format!("{} to {name}/{}", text(message, "channel"), text(message, "contact"));
        let mut at = instant(&message["decided_at"])?;
        let status = text(body, "status");
        let rows = self.covered(message, promises)?;
        match left.remove(text(record, "message_id")) {
            Some(sent) => {
                lines.push(sent_line(&sent, template));
                (at, who) = (minute(sent.at), format!("{} to {}", sent.channel, sent.to));
                if status != "sent" {
                    lines.push(format!("message {at} {who} by {template}: {status}"));
                }
            }
            None => lines.push(format!("message {at} {who} by {template}: {status}")),
        }
        // What never was to leave covers nothing.
        if !["superseded", "blocked"].contains(&status) {
            lines.extend(rows.iter().map(|row| format!("row {at} {who}: {} {} due {}", row.item, row.step, row.due_now)));
        }
        for (word, when) in record["heard"].as_object().into_iter().flatten() {
            if !NO_NEWS.contains(&word.as_str()) {
                lines.push(format!("heard {at} {who} by {template}: {word} {}", instant(when)?));
            }
        }
        Ok(())
    }

    /// Rows of a record's message, packed as `[["reminder","",[["inv_…",1250]]]]`.
    fn covered(&self, message: &Value, promises: &Promises) -> anyhow::Result<Vec<Row>> {
        type Packed = Vec<(String, String, Vec<(String, i64)>)>;
        let packed = text(message, "rows");
        let groups: Packed = if packed.is_empty() { Vec::new() } else { serde_json::from_str(packed)? };
        let rows = groups.into_iter().flat_map(|(step, occurrence, items)| {
            let step = promises.repeat(&step, &occurrence);
            items.into_iter().map(move |(item, due_now)| (item, step.clone(), due_now))
        });
        Ok(rows.map(|(item, step, due_now)| Row { item: self.item(&item), step, due_now }).collect())
    }

    /// A due item by its invoice's number: `F-1`, an instalment without id of its own by its place from 1, `F-1/2`; a part of a plan by
    /// its number, `plan/1`.
    fn item(&self, key: &str) -> String {
        let (invoice, instalment) = key.split_once('/').unwrap_or((key, ""));
        if invoice.starts_with("agr_") {
            return format!("plan/{instalment}");
        }
        if invoice.starts_with("chg_") {
            return "charge".to_owned();
        }
        let number = self.invoices.get(invoice).map_or(invoice, String::as_str);
        match (instalment, instalment.strip_prefix('p').and_then(|at| at.parse::<u32>().ok())) {
            ("", _) => number.to_owned(),
            (_, Some(at)) => format!("{number}/{}", at + 1),
            (own, None) => format!("{number}/{}", own.trim_start_matches("x:")),
        }
    }
}

impl Promises {
    fn of(matter: &Value) -> Self {
        let made = list(&matter["agreements"]).iter().filter(|agreement| agreement["kind"] == "promise");
        let mut promises: Vec<(&str, &str)> = made.map(|promise| (text(promise, "made_at"), text(promise, "id"))).collect();
        promises.sort_unstable();
        Self(promises.into_iter().map(|(_, id)| id.to_owned()).collect())
    }

    /// A step, and which repeat of it where it is not the first: of promises by their number, as they were told before they were
    /// told by name.
    fn repeat(&self, step: &str, occurrence: &str) -> String {
        match self.0.iter().position(|promise| promise == occurrence) {
            Some(0) => step.to_owned(),
            Some(number) => format!("{step}#{number}"),
            None if occurrence.is_empty() => step.to_owned(),
            None => format!("{step}#{occurrence}"),
        }
    }
}

async fn matter(desk: &TestTenant, name: &str) -> anyhow::Result<Option<Value>> {
    let reply = desk.admin("GET", &format!("/v1/customers/canonical/{name}?last=200"), &Value::Null).await;
    match reply.status {
        200 => Ok(Some(reply.body)),
        404 => Ok(None),
        other => anyhow::bail!("customer {name}: {other} {}", reply.text),
    }
}

/// The open tasks, without their words.
async fn tasks(desk: &TestTenant, names: &BTreeMap<String, String>) -> anyhow::Result<Vec<String>> {
    let mut lines = Vec::new();
    let mut cursor = Value::Null;
    loop {
        let path = cursor.as_str().map_or_else(|| "/v1/tasks".to_owned(), |cursor| format!("/v1/tasks?cursor={cursor}"));
        let page = desk.admin("GET", &path, &Value::Null).await.is(200).body;
        for task in list(&page["tasks"]) {
            let whose = task["customer_id"].as_str().map_or("-", |id| names.get(id).map_or("?", String::as_str));
            let mut line = format!("task {} {whose} {}", instant(&task["raised_at"])?, text(task, "kind"));
            for part in ["step", "currency"] {
                line.extend(task[part].as_str().map(|part| format!(" {part}")));
            }
            line.extend(task["due_on"].as_str().map(|on| format!(" until {on}")));
            lines.push(line);
        }
        cursor = page["next"].clone();
        if cursor.is_null() {
            return Ok(lines);
        }
    }
}

fn sent_line(sent: &Sent, template: &str) -> String {
    let copies: Vec<&str> = list(&sent.raw["Destination"]["CcAddresses"]).iter().filter_map(Value::as_str).collect();
    let copies = if copies.is_empty() { String::new() } else { format!(" copy {}", copies.join(",")) };
    format!("sent {} {} to {}{copies} by {template}", minute(sent.at), sent.channel, sent.to)
}

/// The id of the message that a provider call names.
fn message_of(sent: &Sent) -> String {
    let tags = [&sent.raw["EmailTags"], &sent.raw].map(Value::to_string);
    let text = tags.iter().find(|text| text.contains("msg_")).map_or("", String::as_str);
    let at = text.find("msg_").unwrap_or_default();
    text[at..].chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect()
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}

fn minute(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%MZ").to_string()
}

fn instant(value: &Value) -> anyhow::Result<String> {
    let at = value.as_str().and_then(|text| text.parse().ok()).with_context(|| format!("{value} is no instant"))?;
    Ok(minute(at))
}

/// Lines as they are, if none has an id that is made here.
fn plain(lines: Vec<String>) -> anyhow::Result<Vec<String>> {
    match lines.iter().find(|line| IDS.iter().any(|id| line.contains(id))) {
        Some(line) => anyhow::bail!("a line has an id that the story does not know: {line}"),
        None => Ok(lines),
    }
}
