//! The worklist: tasks and exceptions for people.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem};
use domain::{
    Agreement, Currency, CustomerId, EffectId, EffectStatus, NewTask, OpenWork, Order, OrderId, OrderKind, OrderedStep, Owed,
    PromiseStatus, TaskId, TaskKind, TaskResult, TenantId, Terms, WebhookFate, Withdrawal,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    ProposedOperation, Receipt, Result, Store,
    customer::{
        head::{Wake, bump},
        orders::order_row,
    },
    table::{
        attributes::{
            document::DOC,
            every::{CHASE, EXPIRES_AT, PK, SK},
            fact, task,
        },
        change::{Change, absent, is, present, put, put_new, some_item},
        db::{Range, Row, Transacted, Wrote, failed, json, last_of, millis, n, number, row_of, s, text, to_json, word_of},
        keys::{self, Key},
        retry::{ATTEMPTS, Tries},
    },
    webhooks::receipt_action,
};

/// Most agreements, charges, orders and open work of a customer that its tasks are ranked by.
const BESIDE_MAX: usize = 2_000;

/// A task or exception as it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Task {
    /// Its id.
    pub id: TaskId,
    /// Whose matter it is, where it is a customer's.
    pub customer: Option<CustomerId>,
    /// What to do.
    pub task: NewTask,
    /// When it was raised.
    pub raised_at: Timestamp,
    /// The effect that it is there for.
    pub effect: EffectId,
    /// When a person finished it.
    pub done_at: Option<Timestamp>,
    /// How a person ended it, once one did.
    pub ending: Option<Ending>,
    /// When and why it was taken back, if it was.
    pub withdrawn: Option<(Timestamp, String)>,
    /// Where the document that it is about is kept, if anywhere.
    pub body_key: Option<String>,
    /// How many customers it concerns, where it tells of what keeps messages of many back.
    pub concerns: Option<u64>,
    /// What was at stake at its customer when that was last looked at; `None` before, and for what is no customer's.
    pub stake: Option<TaskStake>,
    /// What it asks to be carried out, where it is a proposal.
    pub proposal: Option<ProposedOperation>,
}

/// What is at stake at a task's customer, by which the worklist can be ordered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskStake {
    /// Net exposure by currency, minor units: of the task's own currency alone where it has one.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub due_now: BTreeMap<Currency, i64>,
    /// Whether the last promise of the customer was broken, in whole or in part.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub after_broken_promise: bool,
}

impl TaskStake {
    /// What is at stake for a task in `currency`, or in none, of a customer that owes this and agreed on that.
    pub(crate) fn of<'a>(
        currency: Option<Currency>,
        owed: &BTreeMap<Currency, Owed>,
        agreements: impl IntoIterator<Item = &'a Agreement>,
    ) -> Self {
        let concerns = |of: &Currency| currency.is_none_or(|currency| currency == *of);
        let due_now = owed.iter().filter(|(of, owed)| concerns(of) && owed.due_now_minor > 0);
        let promises = agreements.into_iter().filter_map(|agreement| match &agreement.terms {
            Terms::Promise(promise) => Some((agreement.made_at, &agreement.id, &promise.status)),
            Terms::Dispute(_) | Terms::Plan(_) | Terms::Pause(_) | Terms::Money(_) | Terms::Later(_) => None,
        });
        let last = promises.max_by_key(|(made_at, id, _)| (*made_at, *id));
        let after_broken_promise =
            last.is_some_and(|(.., status)| matches!(status, PromiseStatus::Broken | PromiseStatus::PartlyKept));
        Self { due_now: due_now.map(|(of, owed)| (*of, owed.due_now_minor)).collect(), after_broken_promise }
    }
}

/// How a person says that a task ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ending {
    /// The result.
    pub result: TaskResult,
    /// What they said of it.
    pub note: Option<String>,
    /// Who: the subject of their sign-in, where it has one.
    pub by: Option<String>,
}

/// What came of ending a task.
#[derive(Clone, Debug, PartialEq)]
pub enum TaskEnded {
    /// It is over as was said, now or by the same result before.
    Done(Task),
    /// It was over before, otherwise.
    Over(Task),
    /// There is none.
    None,
}

impl Task {
    /// Where the effect stands that the task is there for.
    pub fn effect_status(&self) -> EffectStatus {
        match (&self.withdrawn, &self.ending, self.done_at) {
            (Some(_), ..) => EffectStatus::Superseded,
            (None, Some(ending), _) => ending.result.effect(),
            (None, None, Some(_)) => EffectStatus::Done,
            (None, None, None) => EffectStatus::Queued,
        }
    }
}

/// A page of the worklist.
#[derive(Clone, Debug)]
pub struct TaskPage {
    /// Open tasks, oldest first.
    pub tasks: Vec<Task>,
    /// What to pass for the next page; `None` at the end.
    pub after: Option<String>,
}

/// Whether `text` has the form of a page's `after`, so that a caller's own can be refused.
pub fn is_task_cursor(text: &str) -> bool {
    text.starts_with("O#") && text.matches('#').count() == 2 && text.len() < 120
}

/// The id that a task has, whether it was raised or not.
pub fn task_id(tenant: &TenantId, customer: Option<&CustomerId>, task: &NewTask) -> TaskId {
    task.id(tenant, customer)
}

pub(crate) fn work_row(tenant: &TenantId, customer: &CustomerId, work: &OpenWork, now: Timestamp) -> (Key, Row) {
    let key = keys::open_work(tenant, customer, &work.task);
    let row = row_of([(DOC, s(to_json(work))), (fact::SEEN_AT, n(millis(now))), (CHASE, s(keys::beside_profile(&key.sk)))]);
    (key, row)
}

/// Takes a task back, unless a person finished it meanwhile.
pub(crate) fn withdraw(tenant: &TenantId, withdrawal: &Withdrawal, now: Timestamp) -> Change {
    Change::of(keys::task(tenant, &withdrawal.task))
        .when(some_item().and(absent(task::DONE_AT)))
        .put(task::WITHDRAWN_AT, n(millis(now)))
        .put(task::WHY, s(withdrawal.why.clone()))
        .drop(CHASE)
}

/// Ends an open task as a person says.
pub(crate) fn ended(tenant: &TenantId, id: &TaskId, ending: &Ending, now: Timestamp) -> Change {
    let mut change = Change::of(keys::task(tenant, id))
        .when(some_item().and(absent(task::DONE_AT)).and(absent(task::WITHDRAWN_AT)))
        .put(task::DONE_AT, n(millis(now)))
        .put(task::RESULT, s(word_of(ending.result)))
        .drop(CHASE);
    for (name, value) in [(task::NOTE, &ending.note), (task::DONE_BY, &ending.by)] {
        if let Some(value) = value {
            change = change.put(name, s(value.clone()));
        }
    }
    change
}

pub(crate) fn task_row(tenant: &TenantId, customer: Option<&CustomerId>, task: &NewTask, now: Timestamp) -> (Key, Row) {
    let id = task_id(tenant, customer, task);
    let mut row =
        row_of([(DOC, s(to_json(task))), (task::RAISED_AT, n(millis(now))), (CHASE, s(format!("O#{}#{id}", keys::second(now))))]);
    if let Some(customer) = customer {
        row.insert(task::CUSTOMER.to_owned(), s(customer.as_str()));
    }
    (keys::task(tenant, &id), row)
}

pub(crate) fn read(row: &Row) -> Result<Task> {
    let instant = |name| number(row, name).and_then(|millis| Timestamp::from_millisecond(millis).ok());
    let sk = text(row, SK).unwrap_or_default();
    let corrupt = || crate::Error::Corrupt { key: sk.to_owned(), detail: "no task's key".into() };
    let id = sk.strip_prefix("TSK#").and_then(TaskId::parse).ok_or_else(corrupt)?;
    Ok(Task {
        customer: text(row, task::CUSTOMER).and_then(CustomerId::parse),
        task: json(row, DOC)?,
        effect: text(row, task::EFFECT).and_then(EffectId::parse).unwrap_or_else(|| EffectId::of_task(&id)),
        ending: ending(row),
        withdrawn: instant(task::WITHDRAWN_AT).map(|at| (at, text(row, task::WHY).unwrap_or_default().to_owned())),
        id,
        raised_at: instant(task::RAISED_AT).unwrap_or(Timestamp::UNIX_EPOCH),
        done_at: instant(task::DONE_AT),
        body_key: text(row, task::BODY_KEY).map(str::to_owned),
        concerns: number(row, task::CONCERNS),
        stake: if row.contains_key(task::STAKE) { Some(json(row, task::STAKE)?) } else { None },
        proposal: if row.contains_key(task::PROPOSAL) { Some(json(row, task::PROPOSAL)?) } else { None },
    })
}

fn ending(row: &Row) -> Option<Ending> {
    let result = text(row, task::RESULT)?;
    Some(Ending {
        result: serde_json::from_value(result.into()).ok()?,
        note: text(row, task::NOTE).map(str::to_owned),
        by: text(row, task::DONE_BY).map(str::to_owned),
    })
}

impl Store {
    /// Raises a task; raising it again changes nothing, even after it is done.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn raise(
        &self,
        tenant: &TenantId,
        customer: Option<&CustomerId>,
        task: &NewTask,
        now: Timestamp,
    ) -> Result<TaskId> {
        let (key, row) = task_row(tenant, customer, task, now);
        self.create("raise a task", &key, row).await?;
        Ok(task_id(tenant, customer, task))
    }

    /// Raises a task about a document that is kept under `body_key`; raising it again changes nothing.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn raise_kept(&self, tenant: &TenantId, task: &NewTask, body_key: &str, now: Timestamp) -> Result<TaskId> {
        let (key, mut row) = task_row(tenant, None, task, now);
        row.insert(task::BODY_KEY.to_owned(), s(body_key));
        self.create("raise a task", &key, row).await?;
        Ok(task_id(tenant, None, task))
    }

    /// Raises a task that asks for an operation to be carried out. The table deletes it some time after the proposal expired, with all that it
    /// says of people.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn raise_proposal(
        &self,
        tenant: &TenantId,
        customer: Option<&CustomerId>,
        task: &NewTask,
        proposal: &ProposedOperation,
        now: Timestamp,
    ) -> Result<TaskId> {
        let (key, mut row) = task_row(tenant, customer, task, now);
        row.insert(task::PROPOSAL.to_owned(), s(to_json(proposal)));
        row.insert(EXPIRES_AT.to_owned(), n(proposal.expires_at.as_second()));
        self.create("raise a proposal", &key, row).await?;
        Ok(task_id(tenant, customer, task))
    }

    /// Receipt and exception in one transaction, for a document that cannot be applied. `body_key` says where the document
    /// is kept. False when the receipt is a duplicate.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn park(
        &self,
        tenant: &TenantId,
        receipt: &Receipt,
        task: &NewTask,
        body_key: Option<&str>,
        now: Timestamp,
    ) -> Result<bool> {
        const OP: &str = "park a document of";
        let id = task.id(tenant, None);
        let mut tries = Tries::new(ATTEMPTS, OP, &receipt.source);
        loop {
            tries.again()?;
            let (key, mut row) = task_row(tenant, None, task, now);
            if let Some(body_key) = body_key {
                row.insert(task::BODY_KEY.to_owned(), s(body_key));
            }
            let parked = (WebhookFate::Parked, Some(&id));
            let mut actions = vec![receipt_action(self, tenant, receipt, parked, now)];
            if self.read(OP, &key, true).await?.is_none() {
                actions.push(put_new(self, &key, row));
            }
            match self.transact(OP, &receipt.source, actions).await? {
                Transacted::Done => return Ok(true),
                Transacted::Not(failed) if failed.contains(&0) => return Ok(false),
                Transacted::Not(_) => {}
            }
        }
    }

    /// The open tasks, oldest first, `limit` a page.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn tasks(&self, tenant: &TenantId, limit: u32, after: Option<&str>) -> Result<TaskPage> {
        let pk = keys::work(tenant);
        let start = after.and_then(|after| {
            let id = after.rsplit('#').next()?;
            Some(row_of([(PK, s(pk.clone())), (SK, s(format!("TSK#{id}"))), (CHASE, AttributeValue::S(after.to_owned()))]))
        });
        let out = self
            .db
            .query()
            .table_name(&self.table)
            .index_name(CHASE)
            .key_condition_expression(format!("{PK} = :pk AND begins_with({CHASE}, :open)"))
            .expression_attribute_values(":pk", s(pk.clone()))
            .expression_attribute_values(":open", s("O#"))
            .limit(i32::try_from(limit.clamp(1, 200)).expect("at most 200"))
            .set_exclusive_start_key(start)
            .send()
            .await
            .map_err(|error| failed("list the tasks of", &pk, error))?;
        let after = out.last_evaluated_key.as_ref().and_then(|key| text(key, CHASE)).map(str::to_owned);
        let tasks = out.items.unwrap_or_default().iter().map(read).collect::<Result<_>>()?;
        Ok(TaskPage { tasks, after })
    }

    /// One task, done ones too.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn task(&self, tenant: &TenantId, id: &TaskId) -> Result<Option<Task>> {
        self.read("read the task", &keys::task(tenant, id), true).await?.as_ref().map(read).transpose()
    }

    /// Marks a task as done. False when there is no such task; doing it twice keeps the first moment.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn finish_task(&self, tenant: &TenantId, id: &TaskId, now: Timestamp) -> Result<bool> {
        let change = Change::of(keys::task(tenant, id)).when(some_item()).put_once(task::DONE_AT, n(millis(now))).drop(CHASE);
        Ok(matches!(self.write("finish the task", change, false).await?, Wrote::Done(_)))
    }

    /// Ends a task as a person says. What a decision has to know of it changes with it: the customer is decided by an approval, which becomes
    /// an order, and by what is said of a credit hold or of terms.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn end_task(&self, tenant: &TenantId, id: &TaskId, ending: &Ending, now: Timestamp) -> Result<TaskEnded> {
        const OP: &str = "end the task";
        let mut tries = Tries::new(ATTEMPTS, OP, id.as_str());
        loop {
            tries.again()?;
            let Some(known) = self.task(tenant, id).await? else { return Ok(TaskEnded::None) };
            if known.withdrawn.is_some() || known.done_at.is_some() {
                let same = known.withdrawn.is_none() && known.ending.as_ref().is_none_or(|known| known.result == ending.result);
                return Ok(if same { TaskEnded::Done(known) } else { TaskEnded::Over(known) });
            }
            let work = match &known.customer {
                Some(customer) => self.work(tenant, customer, id).await?.map(|work| (customer, work)),
                None => None,
            };
            let mut actions = vec![ended(tenant, id, ending, now).update(self)];
            if let Some((customer, work)) = work {
                actions.push(self.work_ended(tenant, customer, &work, ending.result, now));
                let order = order_of(tenant, customer, &work, ending, now);
                let is_decided_by = order.is_some() || work.confirm_by.is_some();
                if let Some(order) = order {
                    let (key, row) = order_row(tenant, customer, &order);
                    actions.push(put(self, &key, row));
                }
                if is_decided_by {
                    let head = self.must_head(tenant, customer).await?;
                    actions.push(bump(tenant, customer, &Wake::of(Some(&head), customer, 1, now), now).update(self));
                }
            }
            if let Transacted::Done = self.transact(OP, id.as_str(), actions).await?
                && let Some(done) = self.task(tenant, id).await?
            {
                return Ok(TaskEnded::Done(done));
            }
        }
    }

    /// Notes what is at stake at a customer on its open tasks: on those that a decision knows of, and on `more`. How many said something
    /// else.
    ///
    /// # Errors
    ///
    /// Those of reading and writing.
    pub async fn rank_tasks(&self, tenant: &TenantId, customer: &CustomerId, more: &[TaskId]) -> Result<usize> {
        const OP: &str = "rank the tasks of";
        let pk = keys::customer(tenant, customer);
        let until = last_of(keys::OPEN_WORK);
        // Agreements, charges, orders and open work lie beside each other.
        let beside = self.range(OP, Range::new(&pk, keys::AGREEMENTS, &until, BESIDE_MAX)).await?;
        let (mut agreements, mut tasks) = (Vec::new(), BTreeSet::new());
        for row in &beside {
            let sk = text(row, SK).unwrap_or_default();
            if sk.starts_with(keys::AGREEMENTS) {
                agreements.push(json::<Agreement>(row, DOC)?);
            } else if sk.starts_with(keys::OPEN_WORK) {
                tasks.insert(json::<OpenWork>(row, DOC)?.task);
            }
        }
        tasks.extend(more.iter().cloned());
        let wanted: Vec<Key> = tasks.iter().map(|id| keys::task(tenant, id)).collect();
        if wanted.is_empty() {
            return Ok(0);
        }
        let owed = self.head(tenant, customer).await?.map(|head| head.owed).unwrap_or_default();
        let found = self.read_many(OP, &wanted, true).await?;
        let mut changed = 0;
        for (key, row) in found {
            let known = read(&row)?;
            if known.done_at.is_some() || known.withdrawn.is_some() || known.customer.as_ref() != Some(customer) {
                continue;
            }
            let stake = TaskStake::of(known.task.currency, &owed, &agreements);
            if known.stake.as_ref() == Some(&stake) {
                continue;
            }
            let open = some_item().and(absent(task::DONE_AT)).and(absent(task::WITHDRAWN_AT));
            let change = Change::of(key).when(open).put(task::STAKE, s(to_json(&stake)));
            changed += usize::from(matches!(self.write(OP, change, false).await?, Wrote::Done(_)));
        }
        Ok(changed)
    }

    /// Tasks by their ids, over ones too, in that order; what is not there is left out.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn tasks_by_id(&self, tenant: &TenantId, ids: &[TaskId]) -> Result<Vec<Task>> {
        let wanted: Vec<Key> = ids.iter().map(|id| keys::task(tenant, id)).collect();
        let found = self.read_many("read the tasks of", &wanted, false).await?;
        wanted.iter().filter_map(|key| found.get(key)).map(read).collect()
    }

    /// Gives an open task to somebody, or to nobody. False when it is over, or there is none.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn assign_task(&self, tenant: &TenantId, id: &TaskId, to: Option<&str>) -> Result<bool> {
        const OP: &str = "assign the task";
        let mut tries = Tries::new(ATTEMPTS, OP, id.as_str());
        loop {
            tries.again()?;
            let Some(row) = self.read(OP, &keys::task(tenant, id), true).await? else { return Ok(false) };
            let known = read(&row)?;
            if known.done_at.is_some() || known.withdrawn.is_some() {
                return Ok(false);
            }
            let task = NewTask { to: to.map(str::to_owned), ..known.task };
            let change = Change::of(keys::task(tenant, id))
                .when(is(DOC, s(text(&row, DOC).unwrap_or_default())))
                .when(absent(task::DONE_AT).and(absent(task::WITHDRAWN_AT)))
                .put(DOC, s(to_json(&task)));
            if let Wrote::Done(_) = self.write(OP, change, false).await? {
                return Ok(true);
            }
        }
    }

    /// Opens a task again that a person ended by mistake. False when it is open, was taken back, or a decision knows of its end.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn reopen_task(&self, tenant: &TenantId, id: &TaskId) -> Result<bool> {
        let Some(known) = self.task(tenant, id).await? else { return Ok(false) };
        if known.done_at.is_none() || known.withdrawn.is_some() || known.task.step.is_some() || known.task.kind != TaskKind::Task
        {
            return Ok(false);
        }
        let change = Change::of(keys::task(tenant, id))
            .when(present(task::DONE_AT).and(absent(task::WITHDRAWN_AT)))
            .put(CHASE, s(format!("O#{}#{id}", keys::second(known.raised_at))))
            .drop(task::DONE_AT)
            .drop(task::RESULT)
            .drop(task::NOTE)
            .drop(task::DONE_BY);
        Ok(matches!(self.write("open the task again", change, false).await?, Wrote::Done(_)))
    }

    /// What a decision knows of a task while it is open.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn work(&self, tenant: &TenantId, customer: &CustomerId, id: &TaskId) -> Result<Option<OpenWork>> {
        let row = self.read("read the work of a task of", &keys::open_work(tenant, customer, id), true).await?;
        row.as_ref().map(|row| json(row, DOC)).transpose()
    }

    /// What becomes of what a decision knows of a task that a person finished.
    fn work_ended(
        &self,
        tenant: &TenantId,
        customer: &CustomerId,
        work: &OpenWork,
        result: TaskResult,
        now: Timestamp,
    ) -> TransactWriteItem {
        match work.clone().ended(result) {
            Some(after) => {
                let (key, row) = work_row(tenant, customer, &after, now);
                put(self, &key, row)
            }
            None => Change::of(keys::open_work(tenant, customer, &work.task)).delete(self),
        }
    }
}

/// The order that a person's answer to a request for approval is.
fn order_of(tenant: &TenantId, customer: &CustomerId, work: &OpenWork, ending: &Ending, now: Timestamp) -> Option<Order> {
    let kind = match ending.result {
        TaskResult::Approve => OrderKind::Approve,
        TaskResult::Refuse => OrderKind::Refuse,
        TaskResult::Done | TaskResult::Failed | TaskResult::Later(_) => return None,
    };
    let step = work.step.as_ref()?;
    let steps = work.rows.iter().map(|row| OrderedStep {
        item: row.item.clone(),
        step: step.clone(),
        occurrence: Some(row.occurrence.clone()),
    });
    Some(Order {
        id: OrderId::derive(&[tenant.as_str(), customer.as_str(), work.task.as_str()]),
        kind,
        currency: work.currency?,
        case: work.case.clone(),
        steps: steps.collect(),
        workflow: None,
        by: ending.by.clone().unwrap_or_default(),
        given_at: now,
        until: None,
    })
}
