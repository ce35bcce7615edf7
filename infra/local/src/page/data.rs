//! What the page reads from the tables: the worklist and the customers with their cases.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;

use crate::book::{Book, number, owner, text, words};

/// A task or exception.
#[derive(Debug)]
pub struct Task {
    /// Tenant id.
    pub tenant: String,
    /// The customer's name; empty where it is about none.
    pub customer: String,
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
    /// What came of the last decision, by currency.
    pub because: Vec<(String, String)>,
    /// When it is due next, as the index has it.
    pub due: String,
}

/// Worklist and customers.
pub fn read(book: &Book) -> (Vec<Task>, Vec<Customer>) {
    let mut tasks = Vec::new();
    let mut customers = BTreeMap::<String, Customer>::new();
    for item in &book.items {
        let text = |name: &str| text(item, name);
        let (pk, sk) = (text("pk"), text("sk"));
        let Some(owner) = owner(item) else { continue };
        let doc: Value = serde_json::from_str(text("doc")).unwrap_or_default();
        let field = |name: &str| doc.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        if sk.starts_with("TSK#") {
            let customer = format!("T#{owner}#C#{}", text("customer"));
            tasks.push(Task {
                customer: book.customers.get(&customer).map(|customer| customer.name.clone()).unwrap_or_default(),
                tenant: owner.to_owned(),
                kind: field("kind").replace('_', " "),
                title: field("title"),
                detail: field("detail"),
                raised_at: number(item, "raised_at").and_then(|millis| Timestamp::from_millisecond(millis).ok()),
                is_done: item.get("done_at").is_some(),
            });
        } else if sk == "HEAD" || sk == "PROFILE" {
            let customer = customers.entry(pk.to_owned()).or_default();
            owner.clone_into(&mut customer.tenant);
            if sk == "PROFILE" {
                customer.name = field("name");
            } else {
                customer.cases = cases(text("cases"));
                customer.because = words::last_decision(text("why"));
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

fn cases(text: &str) -> Vec<(String, String, String)> {
    let cases: Value = serde_json::from_str(text).unwrap_or_default();
    let state = |case: &Value| match case.get(4) {
        Some(Value::String(state)) => state.clone(),
        Some(Value::Object(state)) => {
            state.iter().map(|(name, why)| format!("{name}: {}", words::waiting(why.as_str().unwrap_or("?")))).collect()
        }
        _ => String::new(),
    };
    let workflow = |case: &Value| case.get(1).and_then(Value::as_str).unwrap_or_default().to_owned();
    let all = cases.as_object().into_iter().flatten();
    all.map(|(currency, case)| (currency.clone(), workflow(case), state(case).replace('_', " "))).collect()
}
