//! The worklist: by age, or by money at stake.

use domain::{TaskId, TaskKind, word::Word};
use store::{Line, List, is_task_cursor};

use super::{ListReading, ListedPage, Listing, PageAsked, SortOrder};
use crate::{
    Actor, Done, NotDone, Operation,
    tasks::{TaskOf, briefs},
};

/// Pages of the table that one request reads at most when it looks for some tasks among many by age.
const READS_MAX: usize = 20;

/// Which tasks, and in which order.
#[derive(Clone, Debug, Default)]
pub struct TasksAsked {
    /// `age`, the oldest first, or `money_at_stake`: those after a broken promise first, then by amount, then by age.
    pub sort: Option<String>,
    /// One kind such as `task`, or `exception` for all that automation could not settle.
    pub kind: Option<String>,
    /// Those that somebody should do: a role or name of the tenant's, as steps say it.
    pub to: Option<String>,
}

#[derive(Clone, Copy, Debug)]
enum By {
    Age,
    Stake,
}

/// A page of open tasks. What is not wanted of a page is left out of it.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::Fields`], [`NotDone::Cursor`], and those of reading.
pub async fn list(reading: ListReading<'_>, actor: &Actor, asked: &TasksAsked, page: &PageAsked) -> Done<ListedPage<TaskOf>> {
    let tenant = actor.may(Operation::ListTasks)?;
    let listing = Listing::open(reading, tenant, "tasks", asked, page).await?;
    let order = SortOrder::read(asked.sort.as_deref(), &[("age", By::Age), ("money_at_stake", By::Stake)])?;
    if order.backwards {
        return Err(NotDone::field("/sort", "the worklist is read from its beginning: 'age' or 'money_at_stake'"));
    }
    let of_kind = of_kind(asked.kind.as_deref())?;
    let wanted =
        |task: &store::Task| of_kind(task.task.kind) && asked.to.as_ref().is_none_or(|to| task.task.to.as_ref() == Some(to));
    let (tasks, after) = match order.by {
        By::Age => {
            let (mut tasks, mut after) = (Vec::new(), listing.after().map(str::to_owned));
            if after.as_deref().is_some_and(|after| !is_task_cursor(after)) {
                return Err(NotDone::Cursor);
            }
            for _ in 0..READS_MAX {
                let left = u32::try_from((listing.limit() as usize).saturating_sub(tasks.len())).unwrap_or(0);
                let page = reading.store.tasks(tenant, left, after.as_deref()).await?;
                tasks.extend(page.tasks.into_iter().filter(wanted));
                after = page.after;
                if after.is_none() || tasks.len() >= listing.limit() as usize {
                    break;
                }
            }
            (tasks, after)
        }
        By::Stake => {
            let found = listing.read(&List::TasksByStake, false).await?;
            let of = |line: Line| if let Line::Task(line) = line { Some(line.task) } else { None };
            let ids: Vec<TaskId> = found.lines.into_iter().filter_map(of).collect();
            let tasks = reading.store.tasks_by_id(tenant, &ids).await?;
            // The list lags behind: what is over is no longer work.
            let open = |task: &store::Task| task.done_at.is_none() && task.withdrawn.is_none();
            (tasks.into_iter().filter(open).filter(wanted).collect(), found.after)
        }
    };
    let known = briefs(reading.store, actor, &tasks).await?;
    let named = |task: store::Task| {
        let brief = task.customer.as_ref().and_then(|customer| known.get(customer).cloned());
        (task, brief)
    };
    listing.page(tasks.into_iter().map(named).collect(), after).await
}

/// Which kinds are wanted.
fn of_kind(kind: Option<&str>) -> Done<impl Fn(TaskKind) -> bool> {
    let wrong =
        || NotDone::field("/kind", "it is 'exception' or the kind of a task, such as 'task', 'approval' or 'unreachable'");
    let one = match kind {
        None | Some("exception") => None,
        Some(text) => Some(TaskKind::of_this_release(text).ok_or_else(wrong)?),
    };
    let exceptions = kind == Some("exception");
    Ok(move |kind: TaskKind| one.is_none_or(|one| one == kind) && (!exceptions || kind.is_exception()))
}
