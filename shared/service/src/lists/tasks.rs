//! The worklist: by age, or by money at stake; of everybody, or what reaches one person.

use std::collections::BTreeSet;

use domain::{Settings, TaskId, owners::OWNER_MAX};
use jiff::Timestamp;
use store::{Line, List, Task, is_task_cursor};

use super::{ListReading, ListedPage, Listing, PageAsked, SortOrder};
use crate::{
    Actor, Done, NotDone, Operation, matter,
    tasks::{TaskOf, briefs, wanted},
    teams,
};

/// Pages of the table that one request reads at most when it looks for some tasks among many by age.
const READS_MAX: usize = 20;
/// The same where it is looked whose the customers of tasks are.
const READS_OF_ONE_MAX: usize = 5;

/// Which tasks, and in which order.
#[derive(Clone, Debug, Default)]
pub struct TasksAsked {
    /// `age`, the oldest first, or `money_at_stake`: those after a broken promise first, then by amount, then by age.
    pub sort: Option<String>,
    /// One kind such as `task`, or `exception` for all that automation could not settle.
    pub kind: Option<String>,
    /// Those that somebody should do: a role or name of the tenant's, as steps say it.
    pub to: Option<String>,
    /// Those that reach a person today, by the subject of their sign-in: given to them, to a team of theirs, or to whom they stand in for; and
    /// those that are given to nobody and about a customer whose owner is one of these.
    pub whose: Option<String>,
}

/// What reaches one person.
struct Theirs<'a> {
    reading: ListReading<'a>,
    actor: &'a Actor,
    settings: Settings,
    names: BTreeSet<String>,
}

impl Theirs<'_> {
    /// Which of some tasks reach them, in that order.
    async fn of(&self, tasks: Vec<Task>) -> Done<Vec<Task>> {
        let tenant = self.actor.tenant();
        let unassigned = tasks.iter().filter(|task| task.task.to.is_none()).filter_map(|task| task.customer.clone()).collect();
        let owners = teams::owners_of(self.reading.store, tenant, &self.settings, &unassigned).await?;
        let reaches = |task: &Task| match (&task.task.to, &task.customer) {
            (Some(to), _) => self.names.contains(to),
            (None, Some(customer)) => owners.get(customer).is_some_and(|owner| self.names.contains(owner)),
            (None, None) => false,
        };
        Ok(tasks.into_iter().filter(reaches).collect())
    }
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
pub async fn list(
    reading: ListReading<'_>,
    actor: &Actor,
    asked: &TasksAsked,
    page: &PageAsked,
    now: Timestamp,
) -> Done<ListedPage<TaskOf>> {
    let tenant = actor.may(Operation::ListTasks)?;
    let listing = Listing::open(reading, tenant, "tasks", asked, page).await?;
    let order = SortOrder::read(asked.sort.as_deref(), &[("age", By::Age), ("money_at_stake", By::Stake)])?;
    if order.backwards {
        return Err(NotDone::field("/sort", "the worklist is read from its beginning: 'age' or 'money_at_stake'"));
    }
    let of_kind = wanted(asked.kind.as_deref())?;
    let wanted = |task: &Task| of_kind(task.task.kind) && asked.to.as_ref().is_none_or(|to| task.task.to.as_ref() == Some(to));
    let theirs = match &asked.whose {
        None => None,
        Some(whose) if whose.trim().is_empty() || whose.chars().count() > OWNER_MAX => {
            let why =
                format!("whose work it is says the subject of a sign-in, at most {OWNER_MAX} characters; GET /v1/me says yours");
            return Err(NotDone::field("/whose", why));
        }
        Some(whose) => {
            let settings = matter::settings(reading.store, tenant).await?;
            let names = teams::works_as(reading.store, tenant, &settings, whose, now).await?;
            Some(Theirs { reading, actor, settings, names })
        }
    };
    let (tasks, after) = match order.by {
        By::Age => {
            let (mut tasks, mut after) = (Vec::new(), listing.after().map(str::to_owned));
            if after.as_deref().is_some_and(|after| !is_task_cursor(after)) {
                return Err(NotDone::Cursor);
            }
            let reads = if theirs.is_some() { READS_OF_ONE_MAX } else { READS_MAX };
            for _ in 0..reads {
                let left = u32::try_from((listing.limit() as usize).saturating_sub(tasks.len())).unwrap_or(0);
                let page = reading.store.tasks(tenant, left, after.as_deref()).await?;
                let some = page.tasks.into_iter().filter(wanted).collect();
                tasks.extend(match &theirs {
                    Some(theirs) => theirs.of(some).await?,
                    None => some,
                });
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
            let open = |task: &Task| task.done_at.is_none() && task.withdrawn.is_none();
            let some = tasks.into_iter().filter(open).filter(wanted).collect();
            let some = match &theirs {
                Some(theirs) => theirs.of(some).await?,
                None => some,
            };
            (some, found.after)
        }
    };
    let known = briefs(reading.store, actor, &tasks).await?;
    let named = |task: Task| {
        let brief = task.customer.as_ref().and_then(|customer| known.get(customer).cloned());
        (task, brief)
    };
    listing.page(tasks.into_iter().map(named).collect(), after).await
}
