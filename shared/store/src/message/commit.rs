//! Stores a decision: the head, and what goes with it, in one write or transaction conditional on the head.

use domain::{CustomerId, Decision, Facts, MessageId, TaskId, TenantId};
use jiff::Timestamp;

use crate::{
    Error, Head, Result, Store,
    message::commit_plan::{CommitPlan, First, plan_commit},
    table::{
        attributes::head,
        change::{Change, put, put_new},
        db::{Row, Transacted, Wrote, millis, number},
        keys,
    },
};

const OP: &str = "commit a decision on";

/// What a stored decision came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Committed {
    /// The decision's number; that of the one before when there was nothing to record.
    pub number: u64,
    /// The messages that are pending from now on.
    pub messages: Vec<MessageId>,
    /// The tasks that it raised or had raised before.
    pub tasks: Vec<TaskId>,
}

impl Store {
    /// Stores `decision`, made from `facts` of `head`. With messages only it is one update of one item; the due moment then
    /// stays where it is until they are settled. A decision that changes nothing at all leaves only its moment and reason.
    ///
    /// # Errors
    ///
    /// [`Error::Conflict`] when a fact, another decision or a result came between: read and decide again.
    pub async fn commit(
        &self,
        tenant: &TenantId,
        head: &Head,
        facts: &Facts,
        decision: &Decision,
        now: Timestamp,
    ) -> Result<Committed> {
        let plan = plan_commit(tenant, head, facts, decision, now)?;
        self.execute(tenant, &head.customer, plan, now).await
    }

    async fn execute(&self, tenant: &TenantId, customer: &CustomerId, plan: CommitPlan, now: Timestamp) -> Result<Committed> {
        let is_one_write = plan.is_one_write();
        let CommitPlan { number, messages, tasks, first, head, record, tasks_within, work, withdrawn, removed, agreed } = plan;
        self.execute_first(customer, first).await?;
        let committed = Committed { number, messages, tasks };
        if is_one_write {
            return match self.write(OP, head, false).await? {
                Wrote::Done(_) => Ok(committed),
                Wrote::Not(found) => own(found, number, now, customer).map(|()| committed),
            };
        }
        let mut actions = vec![head.update(self)];
        actions.extend(record.map(|(key, row)| put(self, &key, row)));
        actions.extend(agreed.into_iter().map(|change| change.update(self)));
        let wanted: Vec<_> = tasks_within.iter().map(|(key, _)| key.clone()).collect();
        let known = self.read_many("raise tasks for", &wanted, true).await?;
        let fresh = tasks_within.into_iter().filter(|(key, _)| !known.contains_key(key));
        actions.extend(fresh.map(|(key, row)| put_new(self, &key, row)));
        actions.extend(work.into_iter().map(|(key, row)| put(self, &key, row)));
        actions.extend(withdrawn.into_iter().map(|change| change.update(self)));
        actions.extend(removed.into_iter().map(|key| Change::of(key).delete(self)));
        match self.transact(OP, customer.as_str(), actions).await? {
            Transacted::Done => Ok(committed),
            Transacted::Not(failed) if failed.contains(&0) => {
                let found = self.read(OP, &keys::head(tenant, customer), true).await?;
                own(found, number, now, customer).map(|()| committed)
            }
            // A task was raised, or finished, meanwhile; the next try finds it.
            Transacted::Not(_) => Err(Error::Conflict { operation: OP, id: customer.to_string() }),
        }
    }

    async fn execute_first(&self, customer: &CustomerId, first: First) -> Result<()> {
        for change in first.archiving {
            if let Wrote::Not(_) = self.write("file facts of", change, false).await? {
                return Err(Error::Conflict { operation: "file facts of", id: customer.to_string() });
            }
        }
        self.put_chunks(OP, first.chunks).await?;
        for (key, row) in first.tasks {
            self.create("raise a task", &key, row).await?;
        }
        Ok(())
    }
}

/// Whether the head that refused the write holds this very decision, written by a try whose answer was lost.
fn own(found: Option<Row>, number_now: u64, now: Timestamp, customer: &CustomerId) -> Result<()> {
    let own = found.is_some_and(|row| {
        number::<u64>(&row, head::DECISION) == Some(number_now) && number::<i64>(&row, head::DECIDED_AT) == Some(millis(now))
    });
    if own { Ok(()) } else { Err(Error::Conflict { operation: OP, id: customer.to_string() }) }
}
