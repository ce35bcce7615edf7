//! The worklist: tasks and exceptions for people.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{CustomerId, NewTask, TaskId, TenantId};
use jiff::Timestamp;

use crate::{
    Receipt, Result, Store,
    table::{
        attributes::{
            document::DOC,
            every::{CHASE, PK, SK},
            task,
        },
        change::{Change, put_new, some_item},
        db::{Row, Transacted, Wrote, failed, json, millis, n, number, row_of, s, text, to_json, word_of},
        keys::{self, Key},
        retry::{ATTEMPTS, Tries},
    },
};

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
    /// When a person finished it.
    pub done_at: Option<Timestamp>,
    /// Where the document that it is about is kept, if anywhere.
    pub body_key: Option<String>,
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
    let kind = word_of(task.kind);
    TaskId::derive(&[tenant.as_str(), customer.map_or("", CustomerId::as_str), &kind, &task.key])
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
    Ok(Task {
        id: sk.strip_prefix("TSK#").and_then(TaskId::parse).ok_or_else(corrupt)?,
        customer: text(row, task::CUSTOMER).and_then(CustomerId::parse),
        task: json(row, DOC)?,
        raised_at: instant(task::RAISED_AT).unwrap_or(Timestamp::UNIX_EPOCH),
        done_at: instant(task::DONE_AT),
        body_key: text(row, task::BODY_KEY).map(str::to_owned),
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
        let mut tries = Tries::new(ATTEMPTS, OP, &receipt.source);
        loop {
            tries.again()?;
            let (key, mut row) = task_row(tenant, None, task, now);
            if let Some(body_key) = body_key {
                row.insert(task::BODY_KEY.to_owned(), s(body_key));
            }
            let mut actions = vec![crate::customer::apply::receipt_action(self, tenant, receipt, now)];
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
}
