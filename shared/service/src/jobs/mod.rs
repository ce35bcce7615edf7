//! Long work: starting it, watching it, cancelling it, and the files that it takes and makes.
//!
//! | module | holds |
//! |---|---|
//! | [`kinds`] | the kinds of jobs, and what each may be asked |
//! | [`asked`] | what the kinds of this release are asked, as they read it |
//! | [`checked`] | whether that reads, and is right |
//! | [`uploads`] | files that people send |
//! | [`version`] | what a simulation of another version of a workflow is asked |
//!
//! What a kind does is in `functions/jobs/src/kinds`. A kind joins with a line in [`kinds::KINDS`], one in [`rights`](crate::rights), and one
//! in the list there.

pub mod asked;
pub mod checked;
pub mod kinds;
pub mod uploads;
pub mod version;

use std::collections::BTreeMap;

use domain::{JobId, job::JobStatus};
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use store::{Job, Store};

use crate::{Actor, Done, NotDone, Operation, tenant_limits::TenantLimit};

/// The newest jobs that are looked through for those that are under way.
const LOOKED_AT: u32 = 50;
/// How long a job is held by whoever works on it, in seconds: longer than its function may run. So long after a job was cancelled somebody may
/// still be at it.
pub const HELD_S: i64 = 75;

/// A page of jobs, newest first: those of kinds that whoever asks may start. It may be empty though there is a next one.
#[derive(Clone, Debug, PartialEq)]
pub struct JobList {
    /// The jobs.
    pub jobs: Vec<Job>,
    /// The cursor of the next page.
    pub next: Option<String>,
}

/// Starts a job: `kind`, and beside it what that kind is asked. `nonce` is fresh for every request.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::Fields`], [`NotDone::Conflict`] when too many are under way, and those of the table.
pub async fn start(
    store: &Store,
    actor: &Actor,
    operation: Operation,
    mut asked: Map<String, Value>,
    nonce: &str,
    now: Timestamp,
) -> Done<Job> {
    actor.may(operation)?;
    let names = || kinds::KINDS.iter().map(|kind| kind.name).collect::<Vec<_>>().join(", ");
    let name = asked.remove("kind");
    let kind = name.as_ref().and_then(Value::as_str).and_then(kinds::find);
    let kind = kind.ok_or_else(|| NotDone::field("/kind", format!("a kind of job is one of: {}", names())))?;
    let tenant = actor.may_work(operation, kind.name)?;
    let args = Value::Object(asked);
    let flaws = (kind.check)(&args);
    if !flaws.is_empty() {
        return Err(NotDone::Fields(flaws));
    }
    let under_way = store.jobs(tenant, LOOKED_AT, None).await?.jobs.into_iter().filter(|job| job.status.is_under_way()).count();
    TenantLimit::Jobs.unless_full(under_way)?;
    let job = Job {
        id: id_of(actor, kind.name, nonce, now),
        kind: kind.name.to_owned(),
        args,
        status: JobStatus::Queued,
        by: actor.by().to_owned(),
        asked_at: now,
        done: 0,
        total: None,
        slice: 1,
        tries: 0,
        checkpoint: Value::Null,
        parts: BTreeMap::new(),
        result: None,
        result_key: None,
        file_name: None,
        why: None,
        ended_at: None,
    };
    let entry = actor.entry(operation, now).of(job.id.as_str()).with(json!({ "kind": kind.name, "asked": short(&job.args) }));
    store.acting(entry).start_job(tenant, &job).await?;
    Ok(job)
}

/// The id of the job that a request starts.
pub(crate) fn id_of(actor: &Actor, kind: &str, nonce: &str, now: Timestamp) -> JobId {
    JobId::at(now, &[actor.tenant().as_str(), actor.by(), kind, nonce])
}

/// What was asked, as the audit keeps it: long parts are left out.
fn short(args: &Value) -> Value {
    let small = |value: &Value| value.to_string().len() <= 300;
    let parts = args.as_object().into_iter().flatten().map(|(name, value)| {
        let said = if small(value) { value.clone() } else { json!("…") };
        (name.clone(), said)
    });
    Value::Object(parts.collect())
}

/// A job.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::NotFound`], and those of reading.
pub async fn show(store: &Store, actor: &Actor, operation: Operation, id: &str) -> Done<Job> {
    let tenant = actor.may(operation)?;
    let none = || NotDone::NotFound("there is no such job; GET /v1/jobs lists them".to_owned());
    let job = store.job(tenant, &JobId::parse(id).ok_or_else(none)?).await?.ok_or_else(none)?;
    actor.may_work(operation, &job.kind)?;
    Ok(job)
}

/// The tenant's jobs.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::Cursor`], and those of reading.
pub async fn list(store: &Store, actor: &Actor, limit: Option<u32>, cursor: Option<&str>) -> Done<JobList> {
    let tenant = actor.may(Operation::ListJobs)?;
    let page = store.jobs(tenant, limit.unwrap_or(50), cursor).await.map_err(|error| match error {
        store::Error::Refused { .. } => NotDone::Cursor,
        error => error.into(),
    })?;
    let jobs = page.jobs.into_iter().filter(|job| actor.may_work(Operation::ListJobs, &job.kind).is_ok()).collect();
    Ok(JobList { jobs, next: page.after })
}

/// Cancels a job. What it did until then stays done.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::NotFound`], [`NotDone::Conflict`] where it is over, and those of the table.
pub async fn cancel(store: &Store, actor: &Actor, id: &str, now: Timestamp) -> Done<Job> {
    let job = show(store, actor, Operation::CancelJob, id).await?;
    let entry = actor.entry(Operation::CancelJob, now).of(job.id.as_str()).with(json!({ "kind": job.kind, "done": job.done }));
    if !store.acting(entry).cancel_job(actor.tenant(), &job.id, now).await? {
        return Err(NotDone::Conflict("the job is over; what it came to is in its result".to_owned()));
    }
    show(store, actor, Operation::CancelJob, id).await
}

/// The file that a job made: its key in the bucket, and what it is called.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::NotFound`] where it made none, and those of the table.
pub async fn file(store: &Store, actor: &Actor, id: &str) -> Done<(String, String)> {
    let job = show(store, actor, Operation::FetchJobFile, id).await?;
    let none = || NotDone::NotFound("the job made no file; its result is in GET /v1/jobs/{id}".to_owned());
    let key = job.result_key.ok_or_else(none)?;
    Ok((key, job.file_name.unwrap_or_else(|| format!("{}.json", job.id))))
}
