//! The account that follows the story: who was contacted when, about what and why.

use std::collections::BTreeMap;

use dynoxide::actions::scan::ScanRequest;
use serde_json::{Value, json};

use super::TENANT;
use crate::{outbox::Sent, stack::Stack};

/// Prints it.
pub fn print(stack: &Stack) {
    let sent = stack.outbox(Some(TENANT));
    let reasons = reasons(stack);
    println!("\nWho was contacted, when, about what, and why ({} messages):\n", sent.len());
    for entry in &sent {
        let about = entry.subject.as_deref().or(entry.text.as_deref()).unwrap_or_default();
        let about: String = about.lines().next().unwrap_or_default().chars().take(62).collect();
        let why = message_id(entry).and_then(|id| reasons.get(&id)).cloned().unwrap_or_default();
        println!("  {}  {:<5} {:<30} {about:<62}  {why}", entry.at.strftime("%d %b %H:%M"), entry.channel, entry.to);
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

/// Why each message was sent, from the records that were kept of it.
fn reasons(stack: &Stack) -> BTreeMap<String, String> {
    let mut out = BTreeMap::new();
    let world = stack.world();
    for table in &world.template.tables {
        let mut start: Option<Value> = None;
        loop {
            let mut request = json!({
                "TableName": table.name,
                "FilterExpression": "begins_with(sk, :record)",
                "ExpressionAttributeValues": {":record": {"S": "COV#"}},
            });
            if let Some(start) = &start {
                request["ExclusiveStartKey"] = start.clone();
            }
            let Ok(request) = serde_json::from_value::<ScanRequest>(request) else { break };
            let Ok(answer) = world.database.scan(request) else { break };
            let answer = serde_json::to_value(&answer).unwrap_or_default();
            for item in answer.get("Items").and_then(Value::as_array).into_iter().flatten() {
                out.extend(reason(item));
            }
            start = answer.get("LastEvaluatedKey").filter(|key| key.is_object()).cloned();
            if start.is_none() {
                break;
            }
        }
    }
    out
}

fn reason(item: &Value) -> Option<(String, String)> {
    let texts = item.as_object()?.values().filter_map(|value| value.get("S")?.as_str());
    let body = texts.filter_map(|text| serde_json::from_str::<Value>(text).ok()).find(|body| body.get("message").is_some())?;
    let message = body.get("message")?;
    let word = |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or_default().to_owned();
    let workflows = body.get("workflows").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    let workflows: Vec<&str> = workflows.collect();
    let reason = word(message.get("reason"));
    let step = format!("{} of {}", word(message.get("template")), workflows.join(", "));
    let why = if reason.is_empty() { step } else { format!("{step}: {reason}") };
    Some((word(message.get("id")), why.trim_end_matches(" of ").to_owned()))
}
