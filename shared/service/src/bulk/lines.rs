//! The lines of an action in bulk, one a customer: what each would make, making it, and taking it back.
//!
//! Every line may be begun twice, because whoever works on it may die: what it makes has an id of the action's own, or says by whom and when
//! it was made, so that what is there already is known again.

use std::collections::BTreeMap;

use domain::{
    Agreement, AgreementId, BulkId, Currency, CustomerId, Facts, NewTask, NoteId, Order, OrderId, OrderKind, Owed, Settings,
    TaskId, TaskKind, TaskResult,
    calendar::tenant_zone,
    proposal::{Proposal, ProposedScope, Proposer, propose},
};
use jiff::Timestamp;
use serde_json::json;
use store::{BulkLine, BulkRun, CustomerNote, CustomerOwner, Ending, Head, Store, TaskEnded};

use super::asked::BulkAction;
use crate::{
    Actor, Done, NotDone, Operation,
    orders::{self, OrderAsked},
};

/// Customers whose facts are read together.
const TOGETHER: usize = 50;
/// The status of a line that is still to be done.
pub const PLANNED: &str = "planned";
/// What a task says that was undone.
const UNDONE: &str = "undone with the action in bulk that raised it";

/// An action in bulk, and who works on its lines.
#[derive(Clone, Copy, Debug)]
pub struct BulkWork<'a> {
    /// The table.
    pub store: &'a Store,
    /// Who does it, or undoes it.
    pub actor: &'a Actor,
    /// The tenant's settings.
    pub settings: &'a Settings,
    /// What is done.
    pub action: &'a BulkAction,
    /// The action's id.
    pub id: &'a BulkId,
    /// Who asked for it.
    pub by: &'a str,
    /// When.
    pub at: Timestamp,
}

/// What a page of customers would come to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlannedLines {
    /// A line each.
    pub lines: Vec<BulkLine>,
    /// With how many it would be done.
    pub count: u64,
    /// What those owe, as of their last decisions.
    pub money: BTreeMap<Currency, Owed>,
}

/// What a line makes.
#[derive(Clone, Debug)]
pub enum MadeByLine {
    /// A pause.
    Agreement(Box<Agreement>),
    /// An owner, and the one before.
    Owner(Option<CustomerOwner>, CustomerOwner),
    /// A task.
    Task(Box<NewTask>),
    /// A note.
    Note(Box<CustomerNote>),
    /// An order.
    Order(Box<Order>),
}

/// What comes of looking at a customer.
enum Looked {
    /// It is not done with this customer.
    LeftOut(String),
    /// It was done already.
    Already,
    /// What it makes: its id or the owner before, and itself.
    Makes(String, MadeByLine),
}

/// A line of a customer with whom it is not done.
pub fn left_out(customer: &str, why: impl Into<String>) -> BulkLine {
    let customer = customer.chars().take(60).collect();
    BulkLine { customer, status: "left_out".to_owned(), why: why.into(), made: None, owner: None }
}

impl<'a> BulkWork<'a> {
    /// Work on an action as somebody.
    pub fn of(store: &'a Store, actor: &'a Actor, settings: &'a Settings, action: &'a BulkAction, run: &'a BulkRun) -> Self {
        Self { store, actor, settings, action, id: &run.id, by: &run.by, at: run.at }
    }

    /// What would become of some customers. Nothing is written.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn plan(&self, customers: &[CustomerId], now: Timestamp) -> Done<PlannedLines> {
        let mut planned = PlannedLines::default();
        for some in customers.chunks(TOGETHER) {
            let mut heads = self.store.heads(self.actor.tenant(), some).await?;
            let mut readable: Vec<Head> = Vec::new();
            for customer in some {
                match heads.remove(customer) {
                    Some(Ok(head)) => readable.push(head),
                    Some(Err(error)) => planned.lines.push(unreadable(customer, error)?),
                    None => planned.lines.push(left_out(customer.as_str(), "there is no such customer")),
                }
            }
            let refs: Vec<&Head> = readable.iter().collect();
            let facts = self.store.facts_of(self.actor.tenant(), &refs).await?;
            for (head, facts) in readable.iter().zip(facts) {
                let customer = &head.customer;
                let facts = match facts {
                    Ok(facts) => facts,
                    Err(error) => {
                        planned.lines.push(unreadable(customer, error)?);
                        continue;
                    }
                };
                let looked = self.look_at(customer, &facts, now).await?;
                let line = line_of(customer, looked).0;
                if line.status == PLANNED {
                    planned.count += 1;
                    for (currency, owed) in &head.owed {
                        add(planned.money.entry(*currency).or_default(), owed);
                    }
                }
                planned.lines.push(line);
            }
        }
        Ok(planned)
    }

    /// Looks at the customer of a line that is still to be done: the line as it is now, and what it is to make. What it makes is known, and is
    /// to be kept, before it is made.
    ///
    /// # Errors
    ///
    /// Those of reading that may go better another time.
    pub async fn look(&self, line: BulkLine, now: Timestamp) -> Done<(BulkLine, Option<MadeByLine>)> {
        if line.status != PLANNED {
            return Ok((line, None));
        }
        let Some(customer) = CustomerId::parse(&line.customer) else {
            return Ok((left_out(&line.customer, "a customer's id is `cus_…`"), None));
        };
        match self.look_afresh(&customer, now).await {
            // What it makes was kept when it was looked at before.
            Ok(Looked::Already) => Ok((done(line), None)),
            Ok(looked) => Ok(line_of(&customer, looked)),
            Err(error) if may_pass(&error) => Err(error),
            Err(error) => Ok((BulkLine { status: "failed".to_owned(), why: error.to_string(), ..line }, None)),
        }
    }

    /// Makes what a line is to make. A line that cannot be is failed, and holds up no other.
    ///
    /// # Errors
    ///
    /// Those of the table that may go better another time.
    pub async fn make(&self, line: BulkLine, makes: &MadeByLine, now: Timestamp) -> Done<BulkLine> {
        let Some(customer) = CustomerId::parse(&line.customer) else { return Ok(line) };
        match self.carry_out(&customer, makes, now).await {
            Ok(()) => Ok(done(line)),
            Err(error) if may_pass(&error) => Err(error),
            Err(error) => Ok(BulkLine { status: "failed".to_owned(), why: error.to_string(), ..line }),
        }
    }

    /// Takes back what a line made. What went on since stays, and the line says why.
    ///
    /// # Errors
    ///
    /// Those of the table that may go better another time.
    pub async fn undo(&self, line: BulkLine, now: Timestamp) -> Done<BulkLine> {
        if !matches!(line.status.as_str(), PLANNED | "done" | "failed" | "not_undone") {
            return Ok(line);
        }
        let (Some(customer), Some(made)) = (CustomerId::parse(&line.customer), line.made.clone()) else { return Ok(line) };
        match self.take_back(&customer, &made, line.owner.as_deref(), now).await {
            Ok(None) => Ok(BulkLine { status: "undone".to_owned(), why: String::new(), ..line }),
            Ok(Some(why)) => Ok(BulkLine { status: "not_undone".to_owned(), why, ..line }),
            Err(error) if may_pass(&error) => Err(error),
            Err(error) => Ok(BulkLine { status: "not_undone".to_owned(), why: error.to_string(), ..line }),
        }
    }

    async fn look_afresh(&self, customer: &CustomerId, now: Timestamp) -> Done<Looked> {
        let Some(head) = self.store.head(self.actor.tenant(), customer).await? else {
            return Ok(Looked::LeftOut("there is no such customer any more".to_owned()));
        };
        let facts = self.store.facts(self.actor.tenant(), &head).await?;
        self.look_at(customer, &facts, now).await
    }

    /// What it makes of a customer by its facts now.
    async fn look_at(&self, customer: &CustomerId, facts: &Facts, now: Timestamp) -> Done<Looked> {
        let by = self.by.to_owned();
        Ok(match self.action {
            BulkAction::Pause { until_on } => {
                let id = AgreementId::derive(&[facts.tenant.as_str(), customer.as_str(), self.id.as_str()]);
                if facts.agreements.iter().any(|known| known.id == id) {
                    return Ok(Looked::Already);
                }
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
                    line: None,
                    lines: Vec::new(),
                };
                match propose(&proposal, facts, self.settings, Proposer { id: &id, by: &by, now }) {
                    Ok(agreement) => Looked::Makes(id.to_string(), MadeByLine::Agreement(Box::new(agreement))),
                    Err(flaws) => Looked::LeftOut(said(flaws)),
                }
            }
            BulkAction::Assign { owner } => {
                let owner = owner.trim();
                let before = self.store.owner(self.actor.tenant(), customer).await?;
                match &before {
                    Some(known) if known.owner == owner && known.by == self.by && known.at >= self.at => Looked::Already,
                    Some(known) if known.owner == owner => Looked::LeftOut("it has this owner already".to_owned()),
                    Some(_) | None => {
                        let made = before.as_ref().map(|before| before.owner.clone()).unwrap_or_default();
                        let after = CustomerOwner { owner: owner.to_owned(), by, at: now };
                        Looked::Makes(made, MadeByLine::Owner(before, after))
                    }
                }
            }
            BulkAction::Task { title, to, due_on } => {
                let task = NewTask {
                    kind: TaskKind::Task,
                    key: self.id.to_string(),
                    title: title.trim().to_owned(),
                    detail: String::new(),
                    to: to.as_deref().map(str::trim).filter(|to| !to.is_empty()).map(str::to_owned),
                    due_on: *due_on,
                    step: None,
                    currency: None,
                    case: None,
                };
                let id = task.id(self.actor.tenant(), Some(customer));
                Looked::Makes(id.to_string(), MadeByLine::Task(Box::new(task)))
            }
            BulkAction::Note { text } => {
                let id = NoteId::at(self.at, &[self.id.as_str(), customer.as_str()]);
                let note = CustomerNote::new(id.clone(), None, text.trim().to_owned(), self.by, self.at);
                Looked::Makes(id.to_string(), MadeByLine::Note(Box::new(note)))
            }
            BulkAction::Move { currency, workflow } => return self.order(facts, *currency, workflow, now),
        })
    }

    /// The order by which a case moves.
    fn order(&self, facts: &Facts, currency: Currency, workflow: &str, now: Timestamp) -> Done<Looked> {
        if !facts.cases.keys().any(|key| key.currency() == currency) {
            return Ok(Looked::LeftOut(format!("it has no case in {currency}")));
        }
        let asked = OrderAsked {
            kind: OrderKind::Move,
            invoice: None,
            step: None,
            currency: Some(currency),
            case: None,
            workflow: Some(workflow.trim().to_owned()),
            until: None,
        };
        let order = match orders::order(facts, asked, self.by.to_owned(), now, &tenant_zone(self.settings)) {
            Ok(order) => order,
            Err(NotDone::Fields(flaws)) => return Ok(Looked::LeftOut(said(flaws))),
            Err(error) => return Err(error),
        };
        Ok(match facts.orders.iter().find(|known| known.id == order.id) {
            Some(known) if self.is_ours(known) => Looked::Already,
            Some(_) => Looked::LeftOut("the same is ordered already".to_owned()),
            None => Looked::Makes(order.id.to_string(), MadeByLine::Order(Box::new(order))),
        })
    }

    /// Whether an order is of this action: the same order given by somebody else has the same id.
    fn is_ours(&self, order: &Order) -> bool {
        order.by == self.by && order.given_at >= self.at
    }

    async fn carry_out(&self, customer: &CustomerId, makes: &MadeByLine, now: Timestamp) -> Done<()> {
        let tenant = self.actor.tenant();
        let entry = self.actor.entry(Operation::RunBulk, now).about(customer);
        match makes {
            MadeByLine::Agreement(agreement) => {
                let entry = entry.of(agreement.id.as_str()).with(json!({ "action": "pause", "until_on": agreement.until_on }));
                self.store.acting(entry).put_agreement(tenant, customer, None, agreement, now).await?;
            }
            MadeByLine::Owner(before, after) => {
                let from = before.as_ref().map(|before| &before.owner);
                // An entry's place goes by its object: what many customers have alike is told apart by theirs.
                let entry = entry.of(customer.as_str()).with(json!({ "action": "assign", "from": from, "to": after.owner }));
                self.store.acting(entry).set_owner(tenant, customer, before.as_ref(), Some(after)).await?;
            }
            MadeByLine::Task(task) => {
                let id = task.id(tenant, Some(customer));
                let entry = entry.of(id.as_str()).with(json!({ "action": "task", "to": task.to }));
                self.store.acting(entry).raise(tenant, Some(customer), task, now).await?;
            }
            MadeByLine::Note(note) => {
                let entry = entry.of(note.id.as_str()).with(json!({ "action": "note" }));
                match self.store.acting(entry).add_note(tenant, customer, note).await {
                    // It was made by whoever died before saying so.
                    Err(store::Error::Conflict { .. }) if self.store.note(tenant, customer, &note.id).await?.is_some() => {}
                    made => made?,
                }
            }
            MadeByLine::Order(order) => {
                let entry = entry.of(order.id.as_str()).with(json!({ "action": "move", "workflow": order.workflow }));
                self.store.acting(entry).put_order(tenant, customer, order, now).await?;
            }
        }
        Ok(())
    }

    /// Takes back what a line made; why not, where it cannot be.
    async fn take_back(&self, customer: &CustomerId, made: &str, owner: Option<&str>, now: Timestamp) -> Done<Option<String>> {
        let (store, tenant, by) = (self.store, self.actor.tenant(), self.actor.by());
        let acting = || {
            let object = if made.is_empty() { customer.as_str() } else { made };
            let what = json!({ "action": self.action.as_str() });
            store.acting(self.actor.entry(Operation::UndoBulk, now).of(object).about(customer).with(what))
        };
        let gone = || Some("what it made is not there: it was not done, or is over".to_owned());
        Ok(match self.action {
            BulkAction::Pause { .. } => {
                let Some(id) = AgreementId::parse(made) else { return Ok(gone()) };
                let Some(before) = store.agreement(tenant, customer, &id).await? else { return Ok(gone()) };
                if before.ended_at.is_none() {
                    acting().change_agreement(tenant, customer, &before, &before.clone().lifted(now), now).await?;
                }
                None
            }
            BulkAction::Assign { .. } => {
                let current = store.owner(tenant, customer).await?;
                let is_now = current.as_ref().map(|current| current.owner.as_str());
                if is_now.unwrap_or_default() == made {
                    return Ok(None);
                }
                // Who changed it since meant it so.
                if is_now != owner {
                    return Ok(Some("somebody gave it another owner since".to_owned()));
                }
                let after = (!made.is_empty()).then(|| CustomerOwner { owner: made.to_owned(), by: by.to_owned(), at: now });
                let entry = self.actor.entry(Operation::UndoBulk, now).of(customer.as_str()).about(customer);
                let entry =
                    entry.with(json!({ "action": "assign", "from": owner, "to": after.as_ref().map(|after| &after.owner) }));
                store.acting(entry).set_owner(tenant, customer, current.as_ref(), after.as_ref()).await?;
                None
            }
            BulkAction::Task { .. } => {
                let Some(id) = TaskId::parse(made) else { return Ok(gone()) };
                let by = Some(by.to_owned()).filter(|by| !by.is_empty());
                let ending = Ending { result: TaskResult::Failed, note: Some(UNDONE.to_owned()), by };
                match acting().end_task(tenant, &id, &ending, now).await? {
                    TaskEnded::Done(_) => None,
                    TaskEnded::Over(_) => Some("somebody ended the task already".to_owned()),
                    TaskEnded::None => gone(),
                }
            }
            BulkAction::Note { .. } => {
                let Some(id) = NoteId::parse(made) else { return Ok(gone()) };
                let Some(before) = store.note(tenant, customer, &id).await? else { return Ok(gone()) };
                if before.deleted.is_none() {
                    let after = CustomerNote { deleted: Some((now, by.to_owned())), ..before.clone() };
                    acting().change_note(tenant, customer, &before, &after).await?;
                }
                None
            }
            BulkAction::Move { currency, workflow } => {
                let Some(id) = OrderId::parse(made) else { return Ok(gone()) };
                match store.order(tenant, customer, &id).await? {
                    Some(order) if !self.is_ours(&order) => Some("somebody else ordered the same since".to_owned()),
                    Some(_) if acting().withdraw_order(tenant, customer, &id, now).await? => None,
                    Some(_) | None => {
                        let head = store.head(tenant, customer).await?;
                        let mut cases = head.iter().flat_map(|head| &head.cases);
                        let has_moved = cases.any(|(key, case)| key.currency() == *currency && case.workflow == workflow.trim());
                        let why = "a decision has moved the case already; move it back by an order";
                        has_moved.then(|| why.to_owned())
                    }
                }
            }
        })
    }
}

/// The line of a customer that was looked at, and what it makes.
fn line_of(customer: &CustomerId, looked: Looked) -> (BulkLine, Option<MadeByLine>) {
    let planned = |made: Option<String>, owner: Option<String>| BulkLine {
        customer: customer.to_string(),
        status: PLANNED.to_owned(),
        why: String::new(),
        made,
        owner,
    };
    match looked {
        Looked::LeftOut(why) => (left_out(customer.as_str(), why), None),
        Looked::Already => (done(planned(None, None)), None),
        Looked::Makes(made, makes) => {
            let owner = match &makes {
                MadeByLine::Owner(_, after) => Some(after.owner.clone()),
                MadeByLine::Agreement(_) | MadeByLine::Task(_) | MadeByLine::Note(_) | MadeByLine::Order(_) => None,
            };
            (planned(Some(made), owner), Some(makes))
        }
    }
}

/// Whether what failed may go better another time.
fn may_pass(error: &NotDone) -> bool {
    matches!(error, NotDone::Store(store::Error::Throttled { .. } | store::Error::Unknown { .. }))
}

/// The line of a customer that does not read; another failure is told of.
fn unreadable(customer: &CustomerId, error: store::Error) -> Done<BulkLine> {
    match error {
        store::Error::Corrupt { .. } => {
            Ok(left_out(customer.as_str(), "an item of it in the table does not read; an exception or the log names it"))
        }
        error => Err(error.into()),
    }
}

fn done(line: BulkLine) -> BulkLine {
    BulkLine { status: "done".to_owned(), why: String::new(), ..line }
}

fn said(flaws: Vec<(String, String)>) -> String {
    let all: Vec<String> = flaws.into_iter().map(|(_, detail)| detail).collect();
    all.join("; ")
}

fn add(sum: &mut Owed, owed: &Owed) {
    sum.open_minor = sum.open_minor.saturating_add(owed.open_minor);
    sum.due_now_minor = sum.due_now_minor.saturating_add(owed.due_now_minor);
    sum.overdue_minor = sum.overdue_minor.saturating_add(owed.overdue_minor);
}
