//! What the page reads from the tables: the worklist and the customers with their cases.

use std::collections::BTreeMap;

use dynoxide::actions::scan::ScanRequest;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::world::World;

/// Most items looked at, so that a page stays a page.
const PAGES_MAX: usize = 40;

/// A task or exception.
#[derive(Debug)]
pub struct Task {
    /// Tenant id.
    pub tenant: String,
    /// Kind in words.
    pub kind: String,
    /// One line.
    pub title: String,
    /// The rest.
    pub detail: String,
    /// When it was raised.
    pub raised_at: Option<Timestamp>,
    /// Whether a person finished it.
    pub is_done: bool,
}

/// A customer and where its cases stand.
#[derive(Debug, Default)]
pub struct Customer {
    /// Tenant id.
    pub tenant: String,
    /// Customer's name, else its id.
    pub name: String,
    /// Currency, workflow and state of each case.
    pub cases: Vec<(String, String, String)>,
    /// What came of the last decision.
    pub because: String,
    /// When it is due next, as the index has it.
    pub due: String,
}

/// Worklist and customers, of one tenant or all.
pub fn read(world: &World, tenant: Option<&str>) -> (Vec<Task>, Vec<Customer>) {
    let mut tasks = Vec::new();
    let mut customers = BTreeMap::<String, Customer>::new();
    for item in items(world) {
        let text = |name: &str| item.pointer(&format!("/{name}/S")).and_then(Value::as_str).unwrap_or_default();
        let (pk, sk) = (text("pk"), text("sk"));
        let Some(owner) = pk.strip_prefix("T#").map(|rest| rest.split('#').next().unwrap_or_default()) else { continue };
        if tenant.is_some_and(|tenant| tenant != owner) {
            continue;
        }
        let doc: Value = serde_json::from_str(text("doc")).unwrap_or_default();
        let field = |name: &str| doc.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        if sk.starts_with("TSK#") {
            tasks.push(Task {
                tenant: owner.to_owned(),
                kind: field("kind").replace('_', " "),
                title: field("title"),
                detail: field("detail"),
                raised_at: number(&item, "raised_at").and_then(|millis| Timestamp::from_millisecond(millis).ok()),
                is_done: item.get("done_at").is_some(),
            });
        } else if sk == "HEAD" || sk == "PROFILE" {
            let customer = customers.entry(pk.to_owned()).or_default();
            owner.clone_into(&mut customer.tenant);
            if sk == "PROFILE" {
                customer.name = field("name");
            } else {
                customer.cases = cases(text("cases"));
                text("why").clone_into(&mut customer.because);
                text("due_sk").clone_into(&mut customer.due);
            }
            if customer.name.is_empty() {
                pk.rsplit('#').next().unwrap_or_default().clone_into(&mut customer.name);
            }
        }
    }
    tasks.sort_by_key(|task| (task.is_done, std::cmp::Reverse(task.raised_at)));
    let mut customers: Vec<Customer> = customers.into_values().collect();
    customers.sort_by(|left, right| (&left.tenant, &left.name).cmp(&(&right.tenant, &right.name)));
    (tasks, customers)
}

fn number(item: &Value, name: &str) -> Option<i64> {
    item.pointer(&format!("/{name}/N")).and_then(Value::as_str)?.parse().ok()
}

fn cases(text: &str) -> Vec<(String, String, String)> {
    let cases: Value = serde_json::from_str(text).unwrap_or_default();
    let state = |case: &Value| match case.get(4) {
        Some(Value::String(state)) => state.clone(),
        Some(Value::Object(state)) => state.iter().map(|(name, why)| format!("{name}: {}", why.as_str().unwrap_or("?"))).collect(),
        _ => String::new(),
    };
    let workflow = |case: &Value| case.get(1).and_then(Value::as_str).unwrap_or_default().to_owned();
    let all = cases.as_object().into_iter().flatten();
    all.map(|(currency, case)| (currency.clone(), workflow(case), state(case).replace('_', " "))).collect()
}

fn items(world: &World) -> Vec<Value> {
    let mut out = Vec::new();
    for table in &world.template.tables {
        let mut start: Option<Value> = None;
        for _ in 0..PAGES_MAX {
            let mut request = json!({
                "TableName": table.name,
                "FilterExpression": "begins_with(sk, :task) OR sk = :head OR sk = :profile",
                "ExpressionAttributeValues": {":task": {"S": "TSK#"}, ":head": {"S": "HEAD"}, ":profile": {"S": "PROFILE"}},
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
