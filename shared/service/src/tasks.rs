//! Work for people, each with what its customer is known by.

use std::collections::{BTreeMap, BTreeSet};

use domain::{CustomerId, TaskId};
use store::{CustomerBrief, Store, Task};

use crate::{Actor, Done, NotDone, Operation};

/// A task, and what its customer is known by, where it is one's.
pub type TaskOf = (Task, Option<CustomerBrief>);

/// One task, those that are over too.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::NotFound`], and those of reading.
pub async fn show(store: &Store, actor: &Actor, id: &str) -> Done<TaskOf> {
    let tenant = actor.may(Operation::ShowTask)?;
    let none = || NotDone::NotFound("there is no such task".to_owned());
    let task = store.task(tenant, &TaskId::parse(id).ok_or_else(none)?).await?.ok_or_else(none)?;
    let mut known = briefs(store, actor, std::slice::from_ref(&task)).await?;
    let brief = task.customer.as_ref().and_then(|customer| known.remove(customer));
    Ok((task, brief))
}

/// Where the event is kept that a task is about, and by which source it came.
#[derive(Clone, Debug, PartialEq)]
pub struct KeptEvent {
    /// The task.
    pub task: Task,
    /// The key of its body in the bucket.
    pub key: String,
    /// The source that sent it.
    pub source: String,
}

/// The event that a task is about, for reading it or applying it again.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::NotFound`], and those of reading.
pub async fn kept_event(store: &Store, actor: &Actor, operation: Operation, id: &str) -> Done<KeptEvent> {
    let tenant = actor.may(operation)?;
    let none = || NotDone::NotFound("there is no such task, or it is about no event that was kept".to_owned());
    let task = store.task(tenant, &TaskId::parse(id).ok_or_else(none)?).await?.ok_or_else(none)?;
    let key = task.body_key.clone().ok_or_else(none)?;
    // The entry of the audit is written with the end of the task: of one that is over nothing is applied that nobody would find.
    if operation == Operation::ApplyEvent && (task.done_at.is_some() || task.withdrawn.is_some()) {
        return Err(NotDone::Conflict("the task is over; have the source send the event again".to_owned()));
    }
    // `parked/{tenant}/{source}/{digest}`, as ingest keeps it; another tenant's is nobody's business.
    let parts: Vec<&str> = key.split('/').collect();
    let &["parked", of, source, _] = parts.as_slice() else { return Err(none()) };
    if of != tenant.as_str() {
        return Err(none());
    }
    let source = source.to_owned();
    Ok(KeptEvent { task, key, source })
}

/// What the customers of tasks are known by.
///
/// # Errors
///
/// Those of reading.
pub async fn briefs(store: &Store, actor: &Actor, tasks: &[Task]) -> Done<BTreeMap<CustomerId, CustomerBrief>> {
    let customers: BTreeSet<CustomerId> = tasks.iter().filter_map(|task| task.customer.clone()).collect();
    Ok(store.briefs(actor.tenant(), &customers).await?)
}
