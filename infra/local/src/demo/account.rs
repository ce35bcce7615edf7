//! The account that follows the story: who was contacted when, about what and why; what was not sent, and why not.

use std::collections::{BTreeMap, BTreeSet};

use dynoxide::actions::scan::ScanRequest;
use serde_json::{Value, json};

use super::TENANT;
use crate::{outbox::Sent, stack::Stack};

/// What the table keeps of the story.
#[derive(Default)]
struct Kept {
    /// Number and currency of each invoice, by id.
    invoices: BTreeMap<String, (String, String)>,
    /// Step, workflow and covered invoices of each message that was settled, by id.
    reasons: BTreeMap<String, String>,
    /// What did not leave: when, who, why.
    unsent: BTreeSet<(String, String, String)>,
    /// Customers' names, by key.
    names: BTreeMap<String, String>,
}

/// Prints it.
pub fn print(stack: &Stack) {
    let sent = stack.outbox(Some(TENANT));
    let kept = read(stack);
    println!("\nWho was contacted, when, about what, and why ({} messages):\n", sent.len());
    let mut day = String::new();
    for entry in &sent {
        let own = entry.at.strftime("%a %-d %b").to_string();
        if own != day {
            println!("{own}");
            day = own;
        }
        let about = entry.subject.as_deref().or(entry.text.as_deref()).unwrap_or_default();
        let about: String = about.lines().next().unwrap_or_default().chars().take(66).collect();
        println!("  {}  {:<5}  {:<28}  {about}", entry.at.strftime("%H:%M"), entry.channel, entry.to);
        if let Some(why) = message_id(entry).and_then(|id| kept.reasons.get(&id)) {
            println!("{:46}why: {why}", "");
        }
    }
    println!("\nWhat was not sent, and why:\n");
    for (at, who, why) in &kept.unsent {
        println!("  {at}  {who:<22}  {why}");
    }
    let mut people = BTreeMap::<&str, usize>::new();
    for entry in &sent {
        *people.entry(entry.to.as_str()).or_default() += 1;
    }
    let most = people.values().max().copied().unwrap_or_default();
    println!("\n{} people, at most {most} messages each. Everything as it looked: {}/_local", people.len(), stack.url());
}

fn message_id(entry: &Sent) -> Option<String> {
    let tags = entry.raw.get("EmailTags").and_then(Value::as_array);
    let mail = tags.into_iter().flatten().find(|tag| tag.get("Name").is_some_and(|name| name == "dunlin_message"));
    if let Some(tag) = mail {
        return tag.get("Value")?.as_str().map(str::to_owned);
    }
    let (key, _) = entry.raw.as_object()?.iter().find(|(_, value)| *value == "dunlin_message")?;
    entry.raw.get(format!("{}.Value.StringValue", key.strip_suffix(".Name")?))?.as_str().map(str::to_owned)
}

/// A text attribute.
fn text<'a>(item: &'a Value, name: &str) -> &'a str {
    item.pointer(&format!("/{name}/S")).and_then(Value::as_str).unwrap_or_default()
}

fn word<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

fn read(stack: &Stack) -> Kept {
    let mut kept = Kept::default();
    let own = format!("T#{TENANT}#");
    let items: Vec<Value> = scan(stack).into_iter().filter(|item| text(item, "pk").starts_with(&own)).collect();
    // Names and numbers first: everything else speaks of them.
    for item in &items {
        let doc: Value = serde_json::from_str(text(item, "doc")).unwrap_or_default();
        if let Some(id) = text(item, "sk").strip_prefix("INV#") {
            kept.invoices.insert(id.to_owned(), (word(&doc, "/number").to_owned(), word(&doc, "/currency").to_owned()));
        } else if text(item, "sk") == "PROFILE" {
            kept.names.insert(text(item, "pk").to_owned(), word(&doc, "/name").to_owned());
        }
    }
    for item in &items {
        let Ok(body) = serde_json::from_str::<Value>(text(item, "body")) else { continue };
        let who = kept.names.get(text(item, "pk")).cloned().unwrap_or_default();
        let at = day_of(word(&body, "/at"));
        if body.pointer("/message/id").is_some() {
            let status = text(item, "st");
            if matches!(status, "superseded" | "failed" | "blocked" | "unknown" | "in_doubt") {
                let why = format!("{}: {status}, {}", word(&body, "/message/template"), word(&body, "/message/reason"));
                kept.unsent.insert((at, who, why.trim_end_matches(", ").to_owned()));
            } else {
                kept.reasons.insert(word(&body, "/message/id").to_owned(), reason(&kept.invoices, &body));
            }
            continue;
        }
        for trace in body.get("trace").and_then(Value::as_array).into_iter().flatten() {
            if word(trace, "/because") == "nothing_open" {
                let why = "nothing is open any more (paid, credited or cancelled): the rest of the plan is not sent";
                kept.unsent.insert((at.clone(), who.clone(), why.to_owned()));
            }
        }
        for mark in body.get("marks").and_then(Value::as_array).into_iter().flatten() {
            let outcome = word(mark, "/outcome");
            if !matches!(outcome, "missed" | "skipped") {
                continue;
            }
            let steps: BTreeSet<&str> =
                mark.get("rows").and_then(Value::as_array).into_iter().flatten().map(|row| word(row, "/step")).collect();
            let rules: BTreeSet<String> = body
                .get("trace")
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
                .flat_map(|trace| trace.get("rules").and_then(Value::as_array).into_iter().flatten())
                .map(|rule| format!("{} {}", word(rule, "/channel"), word(rule, "/said")))
                .collect();
            let rules = rules.into_iter().collect::<Vec<_>>().join("; ");
            let rules = if rules.is_empty() { String::new() } else { format!(" ({rules})") };
            let steps = steps.into_iter().collect::<Vec<_>>().join(", ");
            kept.unsent.insert((at.clone(), who.clone(), format!("step {steps} {outcome}{rules}")));
        }
    }
    kept
}

/// The day of an instant as it is recorded; sorts as it reads.
fn day_of(at: &str) -> String {
    at.chars().take(10).collect()
}

/// Step, workflow version and the invoices that a message covered, with what was due of each.
fn reason(invoices: &BTreeMap<String, (String, String)>, body: &Value) -> String {
    let workflows: Vec<&str> =
        body.get("workflows").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    let mut parts = Vec::new();
    let rows: Value = serde_json::from_str(word(body, "/message/rows")).unwrap_or_default();
    for group in rows.as_array().into_iter().flatten() {
        let covered: Vec<String> = group
            .get(2)
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .map(|row| {
                let id = row.get(0).and_then(Value::as_str).unwrap_or_default();
                let (number, currency) = invoices.get(id.split('/').next().unwrap_or_default()).cloned().unwrap_or_default();
                let minor = row.get(1).and_then(Value::as_i64).unwrap_or_default();
                let amount = domain::Currency::parse(&currency)
                    .map_or_else(|_| minor.to_string(), |currency| domain::Money::from_minor(minor, currency).to_string());
                format!("{number} ({amount})")
            })
            .collect();
        parts.push(format!("step {} fell due for {}", word(group, "/0"), covered.join(", ")));
    }
    if parts.is_empty() {
        parts.push(format!("step {}", word(body, "/message/template")));
    }
    format!("{} [{}]", parts.join("; "), workflows.join(", "))
}

/// Every invoice, profile and record of the tables.
fn scan(stack: &Stack) -> Vec<Value> {
    let mut out = Vec::new();
    let world = stack.world();
    for table in &world.template.tables {
        let mut start: Option<Value> = None;
        loop {
            let mut request = json!({
                "TableName": table.name,
                "FilterExpression": "begins_with(sk, :cov) OR begins_with(sk, :dec) OR begins_with(sk, :inv) OR sk = :profile",
                "ExpressionAttributeValues":
                    {":cov": {"S": "COV#"}, ":dec": {"S": "DEC#"}, ":inv": {"S": "INV#"}, ":profile": {"S": "PROFILE"}},
            });
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
