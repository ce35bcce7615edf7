//! Exceptions by cause: what keeps messages of many customers back is one task of the tenant, which counts them, names them, and is taken
//! back when its cause is gone. What comes back later is a task of its own.

use domain::{Cause, CustomerId, Settings, TaskId, TenantId, Withdrawal};
use jiff::Timestamp;

use crate::{
    Result, Store,
    table::{
        attributes::{
            cause,
            document::DOC,
            every::{EXPIRES_AT, SK},
            task,
        },
        change::{Change, absent, is, put_new, some_item},
        db::{Range, Row, Transacted, json, last_of, n, row_of, s, text, to_json},
        keys,
        retry::{ATTEMPTS, Tries},
    },
    tasks,
};

/// How long a customer is named beside a task that concerns it, in days.
const NAMED_DAYS: i64 = 400;
/// Most causes of a tenant at a time: two a legal entity or template.
const CAUSES_MAX: usize = 1_000;

/// Customers that a task concerns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConcernedPage {
    /// By id.
    pub customers: Vec<CustomerId>,
    /// What to pass for the next page; `None` at the end.
    pub after: Option<CustomerId>,
}

impl Store {
    /// Tells of a cause that keeps a message of this customer back: one task of the tenant while the cause stands, which counts each
    /// customer once. `said` tells more of it.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn raise_cause(
        &self,
        tenant: &TenantId,
        cause: &Cause,
        said: &str,
        customer: &CustomerId,
        now: Timestamp,
    ) -> Result<TaskId> {
        const OP: &str = "tell of what keeps messages back of";
        let key = keys::cause(tenant, &cause.key());
        let expires = now.as_second().saturating_add(NAMED_DAYS * 86_400);
        let named = |task: &TaskId| (keys::concerned(tenant, task, customer), row_of([(EXPIRES_AT, n(expires))]));
        let mut tries = Tries::new(ATTEMPTS, OP, tenant.as_str());
        loop {
            tries.again()?;
            if let Some(task) = self.read(OP, &key, true).await?.as_ref().and_then(task_of) {
                let (place, row) = named(&task);
                if self.read(OP, &place, true).await?.is_some() {
                    return Ok(task);
                }
                let counted = Change::of(keys::task(tenant, &task)).when(some_item().and(absent(task::DONE_AT)));
                let counted = counted.add(task::CONCERNS, n(1));
                match self.transact(OP, tenant.as_str(), vec![put_new(self, &place, row), counted.update(self)]).await? {
                    Transacted::Done => return Ok(task),
                    // A person ended it, and the cause stands in the way of somebody else: it is told anew.
                    Transacted::Not(failed) if failed == [1] => {
                        let ended = Change::of(key.clone()).when(is(cause::TASK, s(task.as_str()))).delete(self);
                        self.transact(OP, tenant.as_str(), vec![ended]).await?;
                    }
                    Transacted::Not(_) => {}
                }
                continue;
            }
            let told = cause.task(said, &now.as_millisecond().to_string());
            let id = told.id(tenant, None);
            let (task_key, mut task_row) = tasks::task_row(tenant, None, &told, now);
            task_row.insert(task::CONCERNS.to_owned(), n(1));
            let (place, row) = named(&id);
            let stands = row_of([(DOC, s(to_json(cause))), (cause::TASK, s(id.as_str()))]);
            let actions = vec![put_new(self, &key, stands), put_new(self, &task_key, task_row), put_new(self, &place, row)];
            if let Transacted::Done = self.transact(OP, tenant.as_str(), actions).await? {
                return Ok(id);
            }
        }
    }

    /// Takes the task of a cause back, because the cause is gone. False where it was not told of.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn end_cause(&self, tenant: &TenantId, cause: &Cause, why: &str, now: Timestamp) -> Result<bool> {
        const OP: &str = "take back what kept messages back of";
        let key = keys::cause(tenant, &cause.key());
        let mut tries = Tries::new(ATTEMPTS, OP, tenant.as_str());
        loop {
            tries.again()?;
            let Some(task) = self.read(OP, &key, true).await?.as_ref().and_then(task_of) else { return Ok(false) };
            let gone = Change::of(key.clone()).when(is(cause::TASK, s(task.as_str()))).delete(self);
            let withdrawal = Withdrawal { task: task.clone(), why: why.to_owned(), done: false };
            let back = tasks::withdraw(tenant, &withdrawal, now).update(self);
            match self.transact(OP, tenant.as_str(), vec![gone.clone(), back]).await? {
                Transacted::Done => return Ok(true),
                // A person ended it; it is told anew when the cause comes back.
                Transacted::Not(failed) if failed == [1] => {
                    if let Transacted::Done = self.transact(OP, tenant.as_str(), vec![gone]).await? {
                        return Ok(true);
                    }
                }
                Transacted::Not(_) => {}
            }
        }
    }

    /// Takes back the tasks of all causes that settings, or the senders that are listed, take away.
    ///
    /// # Errors
    ///
    /// Those of reading and writing.
    pub async fn end_causes(&self, tenant: &TenantId, settings: &Settings, now: Timestamp) -> Result<()> {
        let pk = keys::work(tenant);
        let prefix = keys::CAUSES;
        let rows = self.range("list what keeps messages back of", Range::new(&pk, prefix, &last_of(prefix), CAUSES_MAX)).await?;
        let listed = if rows.is_empty() { None } else { self.identities(tenant).await?.map(|listed| listed.value) };
        for row in &rows {
            let cause: Cause = json(row, DOC)?;
            if let Some(why) = cause.mended_by(settings, listed.as_ref()) {
                self.end_cause(tenant, &cause, &why, now).await?;
            }
        }
        Ok(())
    }

    /// The customers that a task concerns, `limit` a page; none where it is a single customer's or nobody's.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn concerned(
        &self,
        tenant: &TenantId,
        task: &TaskId,
        limit: usize,
        after: Option<&CustomerId>,
    ) -> Result<ConcernedPage> {
        let pk = keys::concerned_by(tenant, task);
        let from = after.map_or_else(|| keys::CUSTOMERS.to_owned(), |after| format!("{}{after}!", keys::CUSTOMERS));
        let range = Range::new(&pk, &from, "CUS~", limit.saturating_add(1));
        let rows = self.range("list whom a task concerns of", range).await?;
        let named = |row: &Row| text(row, SK).and_then(|sk| CustomerId::parse(sk.strip_prefix(keys::CUSTOMERS)?));
        let mut customers: Vec<CustomerId> = rows.iter().filter_map(named).collect();
        let more = customers.len() > limit;
        customers.truncate(limit);
        let after = if more { customers.last().cloned() } else { None };
        Ok(ConcernedPage { customers, after })
    }
}

fn task_of(row: &Row) -> Option<TaskId> {
    text(row, cause::TASK).and_then(TaskId::parse)
}
