//! What the page reads from the tables: the worklist and the customers with their cases.

use std::collections::BTreeMap;

use domain::{Case, CaseState, CustomerId, Money, Next};
use jiff::Timestamp;

use crate::overview::{Overview, words};

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
    /// What was open in each currency when it was last decided.
    pub owed: Vec<Money>,
    /// Currency, workflow and state of each case.
    pub cases: Vec<(String, String, String)>,
    /// What came of the last decision, by currency.
    pub because: Vec<(String, String)>,
    /// When it is due next; `None` when only something new changes anything.
    pub due_at: Option<Timestamp>,
}

/// Worklist and customers.
pub fn read(overview: &Overview) -> (Vec<Task>, Vec<Customer>) {
    let task = |(tenant, task): &(String, store::Task)| Task {
        customer: task.customer.as_ref().map(|customer| overview.name(customer)).unwrap_or_default(),
        tenant: tenant.clone(),
        kind: task.task.kind.as_str().replace('_', " "),
        title: task.task.title.clone(),
        detail: task.task.detail.clone(),
        raised_at: Some(task.raised_at),
        is_done: task.done_at.is_some(),
    };
    let mut tasks: Vec<Task> = overview.tasks.iter().map(task).collect();
    let mut customers = BTreeMap::<&CustomerId, Customer>::new();
    for (id, (tenant, profile)) in &overview.known.customers {
        let name = if profile.name.is_empty() { id.to_string() } else { profile.name.clone() };
        customers.insert(id, Customer { tenant: tenant.clone(), name, ..Customer::default() });
    }
    for (id, (tenant, head)) in &overview.heads {
        let customer = customers.entry(id).or_insert_with(|| Customer { name: id.to_string(), ..Customer::default() });
        tenant.clone_into(&mut customer.tenant);
        customer.cases =
            head.cases.iter().map(|(key, case)| (key.balance.to_string(), case.workflow.clone(), state(case))).collect();
        let open = head.owed.iter().filter(|(_, owed)| owed.open_minor != 0);
        customer.owed = open.map(|(currency, owed)| Money::from_minor(owed.open_minor, *currency)).collect();
        customer.because = words::last_decision(&head.because);
        customer.due_at = match head.due {
            Next::At(at) => Some(at),
            Next::Parked | Next::Nothing => None,
        };
    }
    tasks.sort_by_key(|task| (task.is_done, std::cmp::Reverse(task.raised_at)));
    let mut customers: Vec<Customer> = customers.into_values().collect();
    customers.sort_by(|left, right| (&left.tenant, &left.name).cmp(&(&right.tenant, &right.name)));
    (tasks, customers)
}

fn state(case: &Case) -> String {
    match case.state {
        CaseState::Open => "open".to_owned(),
        CaseState::Waiting(reason) => format!("waiting: {}", words::waiting(reason.as_str())),
        CaseState::Ended => "ended".to_owned(),
        CaseState::Closed => "closed".to_owned(),
        CaseState::Later(word) => format!("waiting: {}", words::waiting(word.as_str())),
    }
}
