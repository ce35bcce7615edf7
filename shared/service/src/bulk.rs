//! One action on many customers: first what it would do, then line by line, and undone as a whole.
//!
//! What each line makes is known before the first is done, and kept. So whoever undoes a run that died half-way finds all of it.

use std::collections::BTreeMap;

use domain::{
    Agreement, AgreementId, Currency, CustomerId, Facts, NewTask, NoteId, Order, OrderId, OrderKind, Owed, Settings, TaskId,
    TaskKind, TaskResult, TenantId,
    calendar::tenant_zone,
    id::digest,
    owners::OWNER_MAX,
    proposal::{Proposal, ProposedScope, Proposer, propose},
};
use jiff::{Timestamp, civil::Date};
use serde_json::json;
use store::{BulkLine, BulkRun, CustomerNote, CustomerOwner, Ending, Head, Line, List, Store};

use crate::{
    Actor, Done, NotDone, Operation, matter,
    orders::{self, OrderAsked},
};

/// Most customers of one action.
pub const LINES_MAX: usize = 100;
/// Most customers that a filter looks through.
const LOOKED_MAX: usize = 2_000;
/// Customers that are read at once.
const READ: u32 = 100;
/// Longest text of a task or note, in characters.
const TEXT_MAX: usize = 2_000;

/// Which customers a filter takes. All that it names has to fit.
#[derive(Clone, Debug, Default)]
pub struct BulkFilter {
    /// Those that a person gave to this owner.
    pub owner: Option<String>,
    /// Those with a case by this workflow.
    pub workflow: Option<String>,
    /// Those who owe in this currency.
    pub currency: Option<Currency>,
    /// Those of whom at least so much was past due in that currency when they were last decided, minor units.
    pub overdue_at_least_minor: Option<i64>,
}

impl BulkFilter {
    /// Whether it takes everybody.
    fn takes_all(&self) -> bool {
        self.owner.is_none() && self.workflow.is_none() && self.currency.is_none() && self.overdue_at_least_minor.is_none()
    }

    fn takes(&self, head: &Head) -> bool {
        let least = self.overdue_at_least_minor.unwrap_or(i64::MIN);
        let owes = |currency: &Currency| head.owed.get(currency).is_some_and(|owed| owed.overdue_minor >= least);
        self.currency.as_ref().is_none_or(owes)
            && self.workflow.as_ref().is_none_or(|id| head.cases.values().any(|case| case.workflow == *id))
    }
}

/// What is done with each customer.
#[derive(Clone, Debug)]
pub enum BulkAction {
    /// Nobody is chased, until a last day or until somebody ends it. Undone by ending it.
    Pause {
        /// The last day.
        until_on: Option<Date>,
    },
    /// The customer gets this owner. Undone by the owner before.
    Assign {
        /// The owner.
        owner: String,
    },
    /// A task is raised. Undone by ending it as not done.
    Task {
        /// One line.
        title: String,
        /// Who is to do it.
        to: Option<String>,
        /// On which day.
        due_on: Option<Date>,
    },
    /// A note is made. Undone by taking it away.
    Note {
        /// What it says.
        text: String,
    },
    /// The case in a currency goes on by another workflow. Undone while no decision has done it.
    Move {
        /// The currency of the case.
        currency: Currency,
        /// The workflow.
        workflow: String,
    },
}

impl BulkAction {
    /// Its word.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Pause { .. } => "pause",
            Self::Assign { .. } => "assign",
            Self::Task { .. } => "task",
            Self::Note { .. } => "note",
            Self::Move { .. } => "move",
        }
    }
}

/// One action on many customers.
#[derive(Clone, Debug)]
pub struct BulkAsked {
    /// The customers, where they are named.
    pub ids: Option<Vec<String>>,
    /// Which customers otherwise.
    pub filter: Option<BulkFilter>,
    /// What is done.
    pub action: BulkAction,
    /// How many customers are meant, where a filter takes everybody.
    pub confirm_count: Option<usize>,
}

/// What an action would do.
#[derive(Clone, Debug)]
pub struct BulkPlan {
    /// What would become of each: `planned` or `left_out`.
    pub run: BulkRun,
    /// What those with whom it would be done owe, as of their last decisions.
    pub money: BTreeMap<Currency, Owed>,
    prepared: Vec<(CustomerId, Prepared)>,
}

/// What one line does.
#[derive(Clone, Debug)]
enum Prepared {
    Agreement(Box<Agreement>),
    Owner(Option<CustomerOwner>, CustomerOwner),
    Task(NewTask),
    Note(CustomerNote),
    Order(Order),
}

impl BulkPlan {
    /// With how many it would be done.
    pub fn count(&self) -> usize {
        self.prepared.len()
    }
}

/// Works out what an action would do with whom, and who is left out why. Nothing is written.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::Fields`], [`NotDone::Conflict`] where more than 100 customers are meant, and those of reading.
pub async fn plan(store: &Store, actor: &Actor, asked: &BulkAsked, now: Timestamp) -> Done<BulkPlan> {
    let tenant = actor.may(Operation::RunBulk)?;
    let settings = matter::settings(store, tenant).await?;
    check(&asked.action, &settings, now)?;
    let (customers, mut lines) = match (&asked.ids, &asked.filter) {
        (Some(ids), None) => named(ids)?,
        (None, Some(filter)) => (matching(store, tenant, filter).await?, Vec::new()),
        (Some(_), Some(_)) => return Err(NotDone::field("/filter", "name ids or a filter, not both")),
        (None, None) => return Err(NotDone::field("/ids", "name the customers by ids, or by a filter")),
    };
    let word = asked.action.as_str();
    let parts = [tenant.as_str(), actor.by(), word, &now.as_millisecond().to_string(), &format!("{:?}", asked.action)];
    let id = format!("blk_{}", digest(&parts));
    let doing = Doing { store, actor, settings: &settings, action: &asked.action, id: &id, now };
    let mut money: BTreeMap<Currency, Owed> = BTreeMap::new();
    let mut prepared = Vec::new();
    for customer in customers {
        let left_out = |why: String| BulkLine {
            customer: customer.to_string(),
            status: "left_out".to_owned(),
            why,
            made: None,
            owner: None,
        };
        let Some(head) = store.head(tenant, &customer).await? else {
            lines.push(left_out("there is no such customer".to_owned()));
            continue;
        };
        let facts = store.facts(tenant, &head).await?;
        match doing.prepare(&customer, &facts).await? {
            Err(why) => lines.push(left_out(why)),
            Ok((made, what)) => {
                for (currency, owed) in &head.owed {
                    let sum = money.entry(*currency).or_default();
                    sum.open_minor = sum.open_minor.saturating_add(owed.open_minor);
                    sum.due_now_minor = sum.due_now_minor.saturating_add(owed.due_now_minor);
                    sum.overdue_minor = sum.overdue_minor.saturating_add(owed.overdue_minor);
                }
                let customer_id = customer.to_string();
                let owner = if let Prepared::Owner(_, after) = &what { Some(after.owner.clone()) } else { None };
                lines.push(BulkLine {
                    customer: customer_id,
                    status: "planned".to_owned(),
                    why: String::new(),
                    made: Some(made),
                    owner,
                });
                prepared.push((customer, what));
            }
        }
    }
    let run = BulkRun { id, action: word.to_owned(), by: actor.by().to_owned(), at: now, lines, undone_at: None };
    Ok(BulkPlan { run, money, prepared })
}

/// Does it, line by line. A line that fails does not hold the others up.
///
/// # Errors
///
/// Those of [`plan`]; [`NotDone::Fields`] where a filter takes everybody and the count is not confirmed; those of the table before the first
/// line.
pub async fn run(store: &Store, actor: &Actor, asked: &BulkAsked, now: Timestamp) -> Done<BulkRun> {
    let tenant = actor.may(Operation::RunBulk)?;
    let BulkPlan { mut run, prepared, .. } = plan(store, actor, asked, now).await?;
    if asked.filter.as_ref().is_some_and(BulkFilter::takes_all) && asked.confirm_count != Some(prepared.len()) {
        let detail = format!("the filter takes everybody; if all {} are meant, say so: {}", prepared.len(), prepared.len());
        return Err(NotDone::field("/confirm_count", detail));
    }
    store.keep_bulk(tenant, &run).await?;
    for (customer, what) in &prepared {
        let done = carry_out(store, actor, customer, what, now).await;
        let line = run.lines.iter_mut().find(|line| line.customer == customer.as_str());
        if let Some(line) = line {
            (line.status, line.why) = match done {
                Ok(()) => ("done".to_owned(), String::new()),
                Err(error) => ("failed".to_owned(), error.to_string()),
            };
        }
    }
    store.keep_bulk(tenant, &run).await?;
    Ok(run)
}

/// What became of an action in bulk.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::NotFound`], and those of reading.
pub async fn show(store: &Store, actor: &Actor, id: &str) -> Done<BulkRun> {
    let tenant = actor.may(Operation::ShowBulk)?;
    store.bulk(tenant, id).await?.ok_or_else(no_run)
}

fn no_run() -> NotDone {
    NotDone::NotFound("there is no such action in bulk; they are kept for 90 days".to_owned())
}

/// Undoes an action in bulk, line by line. What went on since stays, and its line says why. Doing it again tries what was not undone.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::NotFound`], and those of the table.
pub async fn undo(store: &Store, actor: &Actor, id: &str, now: Timestamp) -> Done<BulkRun> {
    let tenant = actor.may(Operation::UndoBulk)?;
    let mut run = store.bulk(tenant, id).await?.ok_or_else(no_run)?;
    for line in &mut run.lines {
        if !matches!(line.status.as_str(), "done" | "planned" | "failed" | "not_undone") {
            continue;
        }
        let (Some(customer), Some(made)) = (CustomerId::parse(&line.customer), line.made.as_deref()) else { continue };
        (line.status, line.why) = match take_back(store, actor, &run.action, &customer, (made, line.owner.as_deref()), now).await
        {
            Ok(None) => ("undone".to_owned(), String::new()),
            Ok(Some(why)) => ("not_undone".to_owned(), why),
            Err(error) => ("not_undone".to_owned(), error.to_string()),
        };
    }
    run.undone_at = Some(now);
    store.keep_bulk(tenant, &run).await?;
    Ok(run)
}

/// What is wrong with an action, whoever it is done with.
fn check(action: &BulkAction, settings: &Settings, now: Timestamp) -> Done<()> {
    let mut flaws = Vec::new();
    let today = now.to_zoned(tenant_zone(settings)).date();
    let needed = |pointer: &str, text: &str, most: usize, flaws: &mut Vec<(String, String)>| {
        let before = flaws.len();
        if matter::text(pointer, Some(text), most, flaws).is_none() && before == flaws.len() {
            flaws.push((pointer.to_owned(), "it is needed".to_owned()));
        }
    };
    let past = |on: &Option<Date>| on.is_some_and(|on| on < today);
    match action {
        BulkAction::Pause { until_on } if past(until_on) => {
            flaws.push(("/action/pause/until_on".to_owned(), "the day has passed".to_owned()));
        }
        BulkAction::Pause { .. } => {}
        BulkAction::Assign { owner } => needed("/action/assign/owner", owner, OWNER_MAX, &mut flaws),
        BulkAction::Task { title, due_on, .. } => {
            needed("/action/task/title", title, 200, &mut flaws);
            if past(due_on) {
                flaws.push(("/action/task/due_on".to_owned(), "the day has passed".to_owned()));
            }
        }
        BulkAction::Note { text } => needed("/action/note/text", text, TEXT_MAX, &mut flaws),
        BulkAction::Move { workflow, .. } => needed("/action/move/workflow", workflow, 64, &mut flaws),
    }
    if flaws.is_empty() { Ok(()) } else { Err(NotDone::Fields(flaws)) }
}

/// Customers that are named, each once, and lines for what is no customer's id.
fn named(ids: &[String]) -> Done<(Vec<CustomerId>, Vec<BulkLine>)> {
    if ids.is_empty() || ids.len() > LINES_MAX {
        return Err(NotDone::field("/ids", format!("name 1 to {LINES_MAX} customers at once")));
    }
    let (mut customers, mut lines): (Vec<CustomerId>, Vec<BulkLine>) = (Vec::new(), Vec::new());
    for id in ids {
        match CustomerId::parse(id) {
            Some(customer) if customers.contains(&customer) => {}
            Some(customer) => customers.push(customer),
            None => {
                let (customer, why) = (id.chars().take(60).collect(), "a customer's id is `cus_…`".to_owned());
                lines.push(BulkLine { customer, status: "left_out".to_owned(), why, made: None, owner: None });
            }
        }
    }
    Ok((customers, lines))
}

/// The customers that a filter takes.
async fn matching(store: &Store, tenant: &TenantId, filter: &BulkFilter) -> Done<Vec<CustomerId>> {
    if filter.overdue_at_least_minor.is_some() && filter.currency.is_none() {
        return Err(NotDone::field("/filter/currency", "an amount needs its currency"));
    }
    let too_many = || {
        NotDone::Conflict(format!(
            "the filter takes more than {LINES_MAX} customers, or looks through more than {LOOKED_MAX}; narrow it"
        ))
    };
    let (mut found, mut looked) = (Vec::new(), 0);
    let (mut cursor, mut after): (Option<String>, Option<CustomerId>) = (None, None);
    loop {
        let (some, more) = match &filter.owner {
            Some(owner) => {
                let (some, more) = store.owned(tenant, owner, READ as usize, after.as_ref()).await?;
                after = some.last().cloned();
                (some, more)
            }
            None => {
                let page = store.list(tenant, &List::CustomersByName, READ, cursor.as_deref()).await?;
                let id = |line: Line| if let Line::Customer(line) = line { Some(line.customer) } else { None };
                cursor = page.after;
                (page.lines.into_iter().filter_map(id).collect(), cursor.is_some())
            }
        };
        looked += some.len();
        let heads = store.heads(tenant, &some).await?;
        for customer in some {
            if let Some(Ok(head)) = heads.get(&customer)
                && filter.takes(head)
            {
                found.push(customer);
            }
        }
        if found.len() > LINES_MAX || (more && looked >= LOOKED_MAX) {
            return Err(too_many());
        }
        if !more {
            return Ok(found);
        }
    }
}

/// An action that is being worked out.
struct Doing<'a> {
    store: &'a Store,
    actor: &'a Actor,
    settings: &'a Settings,
    action: &'a BulkAction,
    id: &'a str,
    now: Timestamp,
}

impl Doing<'_> {
    /// What it does with a customer, and under which id; or why nothing.
    async fn prepare(&self, customer: &CustomerId, facts: &Facts) -> Done<Result<(String, Prepared), String>> {
        let (by, now) = (self.actor.by().to_owned(), self.now);
        let said = |flaws: Vec<(String, String)>| {
            let all: Vec<String> = flaws.into_iter().map(|(_, detail)| detail).collect();
            all.join("; ")
        };
        Ok(match self.action {
            BulkAction::Pause { until_on } => {
                let id = AgreementId::derive(&[facts.tenant.as_str(), customer.as_str(), self.id]);
                let proposal = Proposal {
                    kind: "pause".to_owned(),
                    scope: ProposedScope::Customer,
                    amount_minor: None,
                    pays_on: None,
                    sent_on: None,
                    way: None,
                    reason: None,
                    parts: None,
                    until_on: *until_on,
                    ends_with: None,
                };
                let proposed = propose(&proposal, facts, self.settings, Proposer { id: &id, by: &by, now });
                proposed.map(|agreement| (id.to_string(), Prepared::Agreement(Box::new(agreement)))).map_err(said)
            }
            BulkAction::Assign { owner } => {
                let before = self.store.owner(self.actor.tenant(), customer).await?;
                if before.as_ref().is_some_and(|before| before.owner == *owner) {
                    Err("it has this owner already".to_owned())
                } else {
                    let made = before.as_ref().map(|before| before.owner.clone()).unwrap_or_default();
                    Ok((made, Prepared::Owner(before, CustomerOwner { owner: owner.clone(), by, at: now })))
                }
            }
            BulkAction::Task { title, to, due_on } => {
                let task = NewTask {
                    kind: TaskKind::Task,
                    key: self.id.to_owned(),
                    title: title.trim().to_owned(),
                    detail: String::new(),
                    to: to.clone(),
                    due_on: *due_on,
                    step: None,
                    currency: None,
                    case: None,
                };
                Ok((task.id(self.actor.tenant(), Some(customer)).to_string(), Prepared::Task(task)))
            }
            BulkAction::Note { text } => {
                let id = NoteId::at(now, &[self.id, customer.as_str()]);
                let text = text.trim().to_owned();
                let note = CustomerNote { id: id.clone(), about: None, text, by, at: now, before: Vec::new(), deleted: None };
                Ok((id.to_string(), Prepared::Note(note)))
            }
            BulkAction::Move { currency, workflow } => {
                let asked = OrderAsked {
                    kind: OrderKind::Move,
                    invoice: None,
                    step: None,
                    currency: Some(*currency),
                    case: None,
                    workflow: Some(workflow.clone()),
                    until: None,
                };
                let has_case = facts.cases.keys().any(|key| key.currency() == *currency);
                match orders::order(facts, asked, by, now, &tenant_zone(self.settings)) {
                    _ if !has_case => Err(format!("it has no case in {currency}")),
                    Ok(order) if facts.orders.iter().any(|known| known.id == order.id) => {
                        Err("the same is ordered already".to_owned())
                    }
                    Ok(order) => Ok((order.id.to_string(), Prepared::Order(order))),
                    Err(NotDone::Fields(flaws)) => Err(said(flaws)),
                    Err(error) => return Err(error),
                }
            }
        })
    }
}

async fn carry_out(store: &Store, actor: &Actor, customer: &CustomerId, what: &Prepared, now: Timestamp) -> Done<()> {
    let tenant = actor.tenant();
    let entry = actor.entry(Operation::RunBulk, now).about(customer);
    match what {
        Prepared::Agreement(agreement) => {
            let entry = entry.of(agreement.id.as_str()).with(json!({ "action": "pause", "until_on": agreement.until_on }));
            store.acting(entry).put_agreement(tenant, customer, None, agreement, now).await?;
        }
        Prepared::Owner(before, after) => {
            let from = before.as_ref().map(|before| &before.owner);
            let entry = entry.with(json!({ "action": "assign", "from": from, "to": after.owner }));
            store.acting(entry).set_owner(tenant, customer, before.as_ref(), Some(after)).await?;
        }
        Prepared::Task(task) => {
            let id = task.id(tenant, Some(customer));
            let entry = entry.of(id.as_str()).with(json!({ "action": "task", "to": task.to }));
            store.acting(entry).raise(tenant, Some(customer), task, now).await?;
        }
        Prepared::Note(note) => {
            let entry = entry.of(note.id.as_str()).with(json!({ "action": "note" }));
            store.acting(entry).add_note(tenant, customer, note).await?;
        }
        Prepared::Order(order) => {
            let entry = entry.of(order.id.as_str()).with(json!({ "action": "move", "workflow": order.workflow }));
            store.acting(entry).put_order(tenant, customer, order, now).await?;
        }
    }
    Ok(())
}

/// Takes back what a line made; why not, where it cannot be.
async fn take_back(
    store: &Store,
    actor: &Actor,
    action: &str,
    customer: &CustomerId,
    (made, owner): (&str, Option<&str>),
    now: Timestamp,
) -> Done<Option<String>> {
    let tenant = actor.tenant();
    let acting = || {
        let entry = actor.entry(Operation::UndoBulk, now).about(customer).with(json!({ "action": action }));
        // Who had no owner before is named by the customer alone.
        store.acting(if made.is_empty() { entry } else { entry.of(made) })
    };
    let gone = || Some("what it made is not there: it was not done, or is over".to_owned());
    Ok(match action {
        "pause" => {
            let Some(id) = AgreementId::parse(made) else { return Ok(gone()) };
            let Some(before) = store.agreement(tenant, customer, &id).await? else { return Ok(gone()) };
            if before.ended_at.is_none() {
                acting().change_agreement(tenant, customer, &before, &before.clone().lifted(now), now).await?;
            }
            None
        }
        "assign" => {
            let current = store.owner(tenant, customer).await?;
            let is_now = current.as_ref().map(|current| current.owner.as_str());
            if is_now.unwrap_or_default() == made {
                return Ok(None);
            }
            // Who changed it since meant it so.
            if is_now != owner {
                return Ok(Some("somebody gave it another owner since".to_owned()));
            }
            let after = (!made.is_empty()).then(|| CustomerOwner { owner: made.to_owned(), by: actor.by().to_owned(), at: now });
            acting().set_owner(tenant, customer, current.as_ref(), after.as_ref()).await?;
            None
        }
        "task" => {
            let Some(id) = TaskId::parse(made) else { return Ok(gone()) };
            let ending = Ending {
                result: TaskResult::Failed,
                note: Some("undone with the action in bulk that raised it".to_owned()),
                by: Some(actor.by().to_owned()).filter(|by| !by.is_empty()),
            };
            match acting().end_task(tenant, &id, &ending, now).await? {
                store::TaskEnded::Done(_) => None,
                store::TaskEnded::Over(_) => Some("somebody ended the task already".to_owned()),
                store::TaskEnded::None => gone(),
            }
        }
        "note" => {
            let Some(id) = NoteId::parse(made) else { return Ok(gone()) };
            let Some(before) = store.note(tenant, customer, &id).await? else { return Ok(gone()) };
            if before.deleted.is_none() {
                let after = CustomerNote { deleted: Some((now, actor.by().to_owned())), ..before.clone() };
                acting().change_note(tenant, customer, &before, &after).await?;
            }
            None
        }
        "move" => {
            let Some(id) = OrderId::parse(made) else { return Ok(gone()) };
            if acting().withdraw_order(tenant, customer, &id, now).await? {
                None
            } else {
                Some("a decision has moved the case already; move it back by an order".to_owned())
            }
        }
        _ => gone(),
    })
}
