//! Work for people, each with what its customer is known by: looked through, ended, an event of it applied again.

use std::collections::{BTreeMap, BTreeSet};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::{CustomerId, EffectId, NewTask, TaskId, TaskKind, TaskResult, calendar::tenant_zone, word::Word};
use jiff::{Timestamp, ToSpan, civil::Date};
use serde_json::json;
use store::{CustomerBrief, Ending, Store, Task, TaskEnded};

use crate::{Actor, Done, NotDone, Operation, cursors::no_cursor, customers::known_customer, matter};

/// Tasks a page.
const PAGE: u32 = 50;
/// Pages of the table that one request reads at most when it looks for one kind.
const READS_MAX: usize = 20;
/// Longest note, in characters.
const NOTE_MAX: usize = 2_000;
/// Longest line that says what to do, in characters.
const TITLE_MAX: usize = 200;
/// Longest name of whoever is to do it, in characters.
const TO_MAX: usize = 128;
/// Longest reference, in characters.
const REFERENCE_MAX: usize = 200;
/// How far ahead a task may be due, in days.
const DAYS_MAX: i64 = 400;

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

/// A page of open tasks. It may be empty though there is a next one.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskList {
    /// The tasks.
    pub tasks: Vec<TaskOf>,
    /// The cursor of the next page.
    pub next: Option<String>,
}

/// The open tasks of one `kind`, of `exception` for all that automation could not settle, or of any.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::Fields`], and those of reading.
pub async fn list(
    store: &Store,
    actor: &Actor,
    operation: Operation,
    kind: Option<&str>,
    cursor: Option<&str>,
) -> Done<TaskList> {
    let tenant = actor.may(operation)?;
    let wanted = wanted(kind)?;
    let mut after = cursor.map(place).transpose()?;
    let mut found = Vec::new();
    for _ in 0..READS_MAX {
        let page = store.tasks(tenant, PAGE, after.as_deref()).await?;
        found.extend(page.tasks.into_iter().filter(|task| wanted(task.task.kind)));
        after = page.after;
        if after.is_none() || found.len() >= PAGE as usize {
            break;
        }
    }
    let known = briefs(store, actor, &found).await?;
    let with_brief = |task: Task| {
        let brief = task.customer.as_ref().and_then(|customer| known.get(customer).cloned());
        (task, brief)
    };
    let tasks = found.into_iter().map(with_brief).collect();
    Ok(TaskList { tasks, next: after.map(|after| URL_SAFE_NO_PAD.encode(after)) })
}

pub(crate) fn wanted(kind: Option<&str>) -> Done<impl Fn(TaskKind) -> bool> {
    let none =
        || format!("it is 'exception', for all that automation could not settle, or one of: {}", TaskKind::WORDS.join(", "));
    let one = match kind {
        None | Some("exception") => None,
        Some(text) => Some(TaskKind::of_this_release(text).ok_or_else(|| NotDone::field("/kind", none()))?),
    };
    let exceptions = kind == Some("exception");
    Ok(move |kind: TaskKind| one.is_none_or(|one| one == kind) && (!exceptions || kind.is_exception()))
}

fn place(cursor: &str) -> Done<String> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let good = bytes.filter(|text| store::is_task_cursor(text));
    good.ok_or_else(no_cursor)
}

/// A task that a person gives to somebody, or to themselves.
#[derive(Clone, Debug, Default)]
pub struct TaskAsked {
    /// One line.
    pub title: String,
    /// What there is to say of it.
    pub detail: Option<String>,
    /// The customer that it is about.
    pub customer: Option<String>,
    /// Who is to do it: the subject of a member's sign-in, or what a team or role is called.
    pub to: Option<String>,
    /// On which day.
    pub due_on: Option<Date>,
}

/// Raises a task of a person, such as a follow-up on a day.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::NotFound`] for the customer, [`NotDone::Fields`], and those of the table.
pub async fn raise(store: &Store, actor: &Actor, asked: &TaskAsked, now: Timestamp) -> Done<TaskOf> {
    let tenant = actor.may(Operation::RaiseTask)?;
    let customer = match asked.customer.as_deref() {
        None => None,
        Some(id) => Some(known_customer(store, tenant, id).await?),
    };
    let mut flaws = Vec::new();
    let title = matter::text("/title", Some(&asked.title), TITLE_MAX, &mut flaws);
    if title.is_none() && flaws.is_empty() {
        flaws.push(("/title".to_owned(), "a task has a line that says what to do".to_owned()));
    }
    let detail = matter::text("/detail", asked.detail.as_deref(), NOTE_MAX, &mut flaws);
    let to = matter::text("/to", asked.to.as_deref(), TO_MAX, &mut flaws);
    let today = now.to_zoned(tenant_zone(&matter::settings(store, tenant).await?)).date();
    let last = today.checked_add(DAYS_MAX.days()).unwrap_or(Date::MAX);
    if asked.due_on.is_some_and(|on| on < today || on > last) {
        flaws.push(("/due_on".to_owned(), format!("from today on, at most {DAYS_MAX} days ahead")));
    }
    let (Some(title), true) = (title, flaws.is_empty()) else { return Err(NotDone::Fields(flaws)) };
    let key = format!("{}/{}/{}", now.as_millisecond(), actor.by(), domain::id::digest(&[&title]));
    let task = NewTask {
        kind: TaskKind::Task,
        key,
        title,
        detail: detail.unwrap_or_default(),
        to,
        due_on: asked.due_on,
        step: None,
        currency: None,
        case: None,
    };
    let id = store::task_id(tenant, customer.as_ref(), &task);
    let entry = actor.entry(Operation::RaiseTask, now).of(id.as_str()).with(json!({ "to": task.to, "due_on": task.due_on }));
    let entry = customer.iter().fold(entry, |entry, customer| entry.about(customer));
    store.acting(entry).raise(tenant, customer.as_ref(), &task, now).await?;
    one(store, actor, &id).await
}

/// Gives an open task to somebody, or to nobody.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::NotFound`], [`NotDone::Fields`], [`NotDone::Conflict`] where it is over; those of the table.
pub async fn assign(store: &Store, actor: &Actor, id: &str, to: Option<&str>, now: Timestamp) -> Done<TaskOf> {
    let tenant = actor.may(Operation::AssignTask)?;
    let none = || NotDone::NotFound("there is no such task".to_owned());
    let id = TaskId::parse(id).ok_or_else(none)?;
    let mut flaws = Vec::new();
    let to = matter::text("/to", to, TO_MAX, &mut flaws);
    if !flaws.is_empty() {
        return Err(NotDone::Fields(flaws));
    }
    let known = store.task(tenant, &id).await?.ok_or_else(none)?;
    if known.task.to != to {
        let what = json!({ "to": { "from": known.task.to, "to": to } });
        let entry = actor.entry(Operation::AssignTask, now).of(id.as_str()).with(what);
        let entry = known.customer.iter().fold(entry, |entry, customer| entry.about(customer));
        if !store.acting(entry).assign_task(tenant, &id, to.as_deref()).await? {
            return Err(NotDone::Conflict(how_over(&known)));
        }
    }
    one(store, actor, &id).await
}

/// Opens a task again that a person raised and ended.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::NotFound`], [`NotDone::Conflict`] where what it asked for went on since; those of the table.
pub async fn reopen(store: &Store, actor: &Actor, id: &str, now: Timestamp) -> Done<TaskOf> {
    let tenant = actor.may(Operation::ReopenTask)?;
    let none = || NotDone::NotFound("there is no such task".to_owned());
    let id = TaskId::parse(id).ok_or_else(none)?;
    let known = store.task(tenant, &id).await?.ok_or_else(none)?;
    if known.done_at.is_some() || known.withdrawn.is_some() {
        let entry = actor.entry(Operation::ReopenTask, now).of(id.as_str());
        let entry = known.customer.iter().fold(entry, |entry, customer| entry.about(customer));
        if !store.acting(entry).reopen_task(tenant, &id).await? {
            let why =
                "only a task that a person raised is opened again; what a step or an exception asked for went on when it ended";
            return Err(NotDone::Conflict(why.to_owned()));
        }
    }
    one(store, actor, &id).await
}

/// A task as it stands, with what its customer is known by.
pub(crate) async fn one(store: &Store, actor: &Actor, id: &TaskId) -> Done<TaskOf> {
    let none = || NotDone::NotFound("there is no such task".to_owned());
    let task = store.task(actor.tenant(), id).await?.ok_or_else(none)?;
    let brief = briefs(store, actor, std::slice::from_ref(&task)).await?.into_values().next();
    Ok((task, brief))
}

/// What became of what a decision asked for, as whoever carried it out says it.
#[derive(Clone, Debug, Default)]
pub struct EffectResult {
    /// Whether it was done.
    pub is_done: bool,
    /// What there is to say of it.
    pub note: Option<String>,
    /// What it is known by elsewhere.
    pub reference: Option<String>,
    /// The task that asks for it, as the event of the effect says.
    pub task: Option<String>,
}

/// The task that an effect is: the one that is named, else the one of the effect's own digest.
pub fn task_of_effect(effect: &EffectId, named: Option<TaskId>) -> Option<TaskId> {
    named.or_else(|| TaskId::parse(&effect.as_str().replacen(EffectId::PREFIX, TaskId::PREFIX, 1)))
}

/// Says what became of an effect that a task stands for: the task ends so.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::NotFound`], [`NotDone::Fields`], [`NotDone::Conflict`] where it is over otherwise; those of the table.
pub async fn effect_result(store: &Store, actor: &Actor, effect: &str, result: &EffectResult, now: Timestamp) -> Done<EndedTask> {
    let tenant = actor.may(Operation::SetEffectResult)?;
    let none = || {
        NotDone::NotFound(
            "there is no such effect; of a message, POST /v1/messages/{id}/result says what became of it".to_owned(),
        )
    };
    let effect = EffectId::parse(effect).ok_or_else(none)?;
    let named = result.task.as_deref().map(|task| TaskId::parse(task).ok_or_else(none)).transpose()?;
    let task = match task_of_effect(&effect, named) {
        Some(task) => store.task(tenant, &task).await?.filter(|task| task.effect == effect),
        None => None,
    };
    let missing =
        || NotDone::field("/task", "name the task that asks for it, as the event of the effect and the task itself say");
    let task = task.ok_or_else(missing)?;
    let mut flaws = Vec::new();
    let reference = matter::text("/reference", result.reference.as_deref(), REFERENCE_MAX, &mut flaws);
    let note = matter::text("/note", result.note.as_deref(), NOTE_MAX - REFERENCE_MAX - 20, &mut flaws);
    if !flaws.is_empty() {
        return Err(NotDone::Fields(flaws));
    }
    let said: Vec<String> = note.into_iter().chain(reference.map(|text| format!("reference: {text}"))).collect();
    let ended = if result.is_done { TaskResult::Done } else { TaskResult::Failed };
    let asked = EndAsked { result: Some(ended), note: Some(said.join("\n")) };
    end(store, actor, Operation::SetEffectResult, task.id.as_str(), asked, now).await
}

/// How a person says that a task ended.
#[derive(Clone, Debug, Default)]
pub struct EndAsked {
    /// How; as plain work of its kind ends when left out.
    pub result: Option<TaskResult>,
    /// What there is to say of it.
    pub note: Option<String>,
}

/// What came of ending a task.
#[derive(Clone, Debug, PartialEq)]
pub enum EndedTask {
    /// It is over.
    Over(Box<TaskOf>),
    /// Its kind does not end so, and how it ends.
    DoesNotFit(&'static str),
    /// It is a proposal that is to be accepted: it ends once what it asks for was carried out.
    Proposed,
}

/// Ends a task: it was done or failed, or what it asks for is approved or refused. Saying the same again keeps the first moment. A proposal
/// that is accepted does not end here, and is accepted once.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::NotFound`], [`NotDone::Conflict`] where it is over otherwise, [`NotDone::Fields`], and those of the table.
pub async fn end(
    store: &Store,
    actor: &Actor,
    operation: Operation,
    id: &str,
    asked: EndAsked,
    now: Timestamp,
) -> Done<EndedTask> {
    let tenant = actor.may(operation)?;
    let none = || NotDone::NotFound("there is no such task in this worklist, which lists those that are open".to_owned());
    let id = TaskId::parse(id).ok_or_else(none)?;
    if asked.note.as_ref().is_some_and(|note| note.chars().count() > NOTE_MAX) {
        return Err(NotDone::field("/note", format!("a note has at most {NOTE_MAX} characters")));
    }
    let known = store.task(tenant, &id).await?.ok_or_else(none)?;
    let kind = known.task.kind;
    let result = asked.result.unwrap_or(TaskResult::plain(kind));
    if !result.fits(kind) {
        return Ok(EndedTask::DoesNotFit(if TaskResult::Approve.fits(kind) {
            "a task of kind 'approval' or 'proposal' ends with 'approve' or 'refuse'"
        } else {
            "only a task of kind 'approval' or 'proposal' is approved or refused; this one ends with 'done' or 'failed'"
        }));
    }
    if kind == TaskKind::Proposal && result == TaskResult::Approve {
        let is_over = known.done_at.is_some() || known.withdrawn.is_some();
        return if is_over { Err(NotDone::Conflict(how_over(&known))) } else { Ok(EndedTask::Proposed) };
    }
    let note = asked.note.filter(|note| !note.trim().is_empty());
    // The words stand with the task and nowhere else: an entry cannot be changed, and they may be a customer's.
    let what = json!({ "kind": kind, "result": result.as_str(), "noted": note.is_some() });
    let entry = actor.entry(operation, now).of(id.as_str()).with(what);
    let entry = known.customer.iter().fold(entry, |entry, customer| entry.about(customer));
    let ended = store.acting(entry).end_task(tenant, &id, &Ending { result, note, by: by(actor) }, now).await?;
    Ok(EndedTask::Over(Box::new(over(store, actor, ended).await?)))
}

/// Ends the task of an event that was applied again; `outcome` says what came of that.
///
/// # Errors
///
/// Those of [`end`].
pub async fn event_applied(
    store: &Store,
    actor: &Actor,
    operation: Operation,
    kept: &KeptEvent,
    outcome: &str,
    now: Timestamp,
) -> Done<TaskOf> {
    let tenant = actor.may(operation)?;
    let what = json!({ "source": kept.source, "outcome": outcome });
    let entry = actor.entry(operation, now).of(kept.task.id.as_str()).with(what);
    let ending = Ending { result: TaskResult::Done, note: Some(format!("applied again: {outcome}")), by: by(actor) };
    let ended = store.acting(entry).end_task(tenant, &kept.task.id, &ending, now).await?;
    over(store, actor, ended).await
}

fn by(actor: &Actor) -> Option<String> {
    Some(actor.by().to_owned()).filter(|by| !by.is_empty())
}

/// A task that somebody ended, with what its customer is known by.
pub(crate) async fn over(store: &Store, actor: &Actor, ended: TaskEnded) -> Done<TaskOf> {
    match ended {
        TaskEnded::Done(task) => {
            let brief = briefs(store, actor, std::slice::from_ref(&task)).await?.into_values().next();
            Ok((task, brief))
        }
        TaskEnded::Over(task) => Err(NotDone::Conflict(how_over(&task))),
        TaskEnded::None => Err(NotDone::NotFound("there is no such task in this worklist".to_owned())),
    }
}

/// How a task was over before somebody ended it.
pub(crate) fn how_over(task: &Task) -> String {
    match (&task.withdrawn, task.done_at, &task.ending) {
        (Some((at, why)), ..) => format!("the task was taken back at {at}: {why}"),
        (None, Some(at), Some(ending)) => {
            format!("the task ended at {at} already, with \"{}\"", ending.result.as_str())
        }
        (None, ..) => "the task is over already".to_owned(),
    }
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
    let is_applied = [Operation::ApplyEvent, Operation::ApplyWebhook].contains(&operation);
    if is_applied && (task.done_at.is_some() || task.withdrawn.is_some()) {
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
