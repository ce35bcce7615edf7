//! Long work: an item a job, and its slices.
//!
//! ```text
//! queued -> running -> done | failed
//!        \-> cancelled <-/
//! ```
//!
//! Whoever works on a job holds its lease, as one of any number of workers. A slice ends by [`Store::pass_job`], which raises the number of
//! the slice: the stream tells of that, and so the next slice is queued by the very write that keeps what the last one came to. A worker that
//! dies leaves its message to be delivered again and its lease to run out; whoever takes the job up then goes on from what was kept.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{JobId, TenantId, job::JobStatus, word::Word};
use jiff::Timestamp;
use serde_json::Value;

use crate::{
    Error, Result, Store,
    table::{
        attributes::{
            every::{EXPIRES_AT, PK, SK},
            job,
        },
        change::{Change, absent, below, is, is_among},
        db::{Row, Wrote, failed, instant, json, last_of, millis, n, number, row_of, s, text, to_json},
        keys,
    },
};

/// How long a job is kept, in days.
const KEPT_DAYS: i64 = 400;
/// Most jobs of a page.
const PAGE_MAX: u32 = 200;
/// Longest reason of a failure that is kept, in characters.
const WHY_MAX: usize = 1_000;

/// A job.
#[derive(Clone, Debug, PartialEq)]
pub struct Job {
    /// Its id.
    pub id: JobId,
    /// What kind of work.
    pub kind: String,
    /// What was asked, as its kind reads it.
    pub args: Value,
    /// Where it stands.
    pub status: JobStatus,
    /// Who asked: the subject of their sign-in; empty where it has none.
    pub by: String,
    /// When.
    pub asked_at: Timestamp,
    /// How much is done, in the kind's own unit.
    pub done: u64,
    /// Of how much, once that is known.
    pub total: Option<u64>,
    /// The number of its slice.
    pub slice: u64,
    /// How often in a row its slice was taken up and not ended.
    pub tries: u32,
    /// What its slices have kept; null before the first.
    pub checkpoint: Value,
    /// What its slices left in the bucket for later ones: groups, and how many parts each has.
    pub parts: BTreeMap<String, u32>,
    /// What it came to.
    pub result: Option<Value>,
    /// Where in the bucket the file lies that it made.
    pub result_key: Option<String>,
    /// What that file is called.
    pub file_name: Option<String>,
    /// Why it failed.
    pub why: Option<String>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
}

/// A page of jobs, newest first.
#[derive(Clone, Debug, PartialEq)]
pub struct JobPage {
    /// The jobs, without what they have kept.
    pub jobs: Vec<Job>,
    /// What to pass for the next page; `None` at the end.
    pub after: Option<String>,
}

/// What came of asking for a job.
#[derive(Clone, Debug, PartialEq)]
pub enum JobLeased {
    /// It is held now.
    Mine(Box<Job>),
    /// Another works on this slice of it, or on a later one.
    Held {
        /// Which.
        slice: u64,
    },
    /// It is over; `None` where there is no such job.
    Over(Option<Box<Job>>),
}

/// How a job ended.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct JobEnd {
    /// What it came to.
    pub result: Value,
    /// Where in the bucket its file lies.
    pub result_key: Option<String>,
    /// What that is called.
    pub file_name: Option<String>,
    /// Why it failed; it did where there is a reason.
    pub why: Option<String>,
    /// How much was done.
    pub done: u64,
}

impl Job {
    fn read(row: &Row) -> Result<Self> {
        let of = |name| text(row, name).map(str::to_owned);
        let key = || format!("{}|{}", text(row, PK).unwrap_or("?"), text(row, SK).unwrap_or("?"));
        let corrupt = |what: &str| Error::Corrupt { key: key(), detail: format!("the job's {what} does not read") };
        let id = text(row, SK).and_then(|sk| JobId::parse(sk.strip_prefix(keys::JOBS)?)).ok_or_else(|| corrupt("id"))?;
        let optional = |name: &str| if row.contains_key(name) { json(row, name).map(Some) } else { Ok(None) };
        Ok(Self {
            id,
            kind: of(job::KIND_OF).ok_or_else(|| corrupt("kind"))?,
            args: json(row, job::ARGS)?,
            status: text(row, job::STATUS).and_then(JobStatus::read).ok_or_else(|| corrupt("status"))?,
            by: of(job::BY).unwrap_or_default(),
            asked_at: instant(number(row, job::ASKED_AT).unwrap_or_default()),
            done: number(row, job::DONE).unwrap_or(0),
            total: number(row, job::TOTAL),
            slice: number(row, job::SLICE).unwrap_or(0),
            tries: number(row, job::TRIES).unwrap_or(0),
            checkpoint: optional(job::CHECKPOINT)?.unwrap_or_default(),
            parts: if row.contains_key(job::PARTS) { json(row, job::PARTS)? } else { BTreeMap::new() },
            result: optional(job::RESULT)?,
            result_key: of(job::RESULT_KEY),
            file_name: of(job::FILE_NAME),
            why: of(job::WHY),
            ended_at: number(row, job::ENDED_AT).map(instant),
        })
    }
}

/// Where a job stands and nothing has ended it.
fn under_way() -> [AttributeValue; 2] {
    [JobStatus::Queued, JobStatus::Running].map(|status| s(status.as_str()))
}

impl Store {
    /// Keeps a job that is to be done; the stream tells whoever does it. Asking again for the same one changes nothing.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn start_job(&self, tenant: &TenantId, new: &Job) -> Result<()> {
        let mut row = row_of([
            (job::KIND_OF, s(new.kind.clone())),
            (job::ARGS, s(to_json(&new.args))),
            (job::STATUS, s(JobStatus::Queued.as_str())),
            (job::BY, s(new.by.clone())),
            (job::ASKED_AT, n(millis(new.asked_at))),
            (job::QUEUED_AT, n(millis(new.asked_at))),
            (job::DONE, n(0)),
            (job::SLICE, n(1)),
            (EXPIRES_AT, n(new.asked_at.as_second() + KEPT_DAYS * 86_400)),
        ]);
        row.extend(new.total.map(|total| (job::TOTAL.to_owned(), n(total))));
        self.create("start a job of", &keys::job(tenant, &new.id), row).await?;
        Ok(())
    }

    /// A job.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn job(&self, tenant: &TenantId, id: &JobId) -> Result<Option<Job>> {
        self.read("read a job of", &keys::job(tenant, id), true).await?.as_ref().map(Job::read).transpose()
    }

    /// The tenant's jobs, newest first, at most `limit` and never more than 200.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] when `after` is none of an earlier page; those of reading.
    pub async fn jobs(&self, tenant: &TenantId, limit: u32, after: Option<&str>) -> Result<JobPage> {
        const OP: &str = "read the jobs of";
        let pk = keys::jobs_of(tenant);
        let start = after.map(|after| {
            let id = JobId::parse(after);
            let why = || Error::Refused { operation: OP, id: tenant.to_string(), why: "the cursor is none of ours".into() };
            id.map(|id| keys::job(tenant, &id).attributes()).ok_or_else(why)
        });
        let limit = limit.clamp(1, PAGE_MAX);
        let call = self
            .db
            .query()
            .table_name(&self.table)
            .key_condition_expression(format!("{PK} = :pk AND {SK} BETWEEN :from AND :to"))
            .expression_attribute_values(":pk", s(pk.as_str()))
            .expression_attribute_values(":from", s(keys::JOBS))
            .expression_attribute_values(":to", s(last_of(keys::JOBS)))
            .scan_index_forward(false)
            .limit(i32::try_from(limit).expect("at most 200"))
            .set_exclusive_start_key(start.transpose()?);
        let out = Box::pin(call.send()).await.map_err(|error| failed(OP, &pk, error))?;
        let is_more = out.last_evaluated_key.is_some_and(|key| !key.is_empty());
        let mut jobs = out.items.unwrap_or_default().iter().map(Job::read).collect::<Result<Vec<_>>>()?;
        for job in &mut jobs {
            job.checkpoint = Value::Null;
        }
        let after = jobs.last().filter(|_| is_more).map(|job| job.id.to_string());
        Ok(JobPage { jobs, after })
    }

    /// Cancels a job. False where it is over.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn cancel_job(&self, tenant: &TenantId, id: &JobId, now: Timestamp) -> Result<bool> {
        let cancel = Change::of(keys::job(tenant, id))
            .put(job::STATUS, s(JobStatus::Cancelled.as_str()))
            .put(job::ENDED_AT, n(millis(now)))
            .drop(job::HOLDER)
            .drop(job::HELD_UNTIL)
            .drop(job::CHECKPOINT)
            .when(is_among(job::STATUS, under_way()));
        Ok(matches!(self.write("cancel a job of", cancel, false).await?, Wrote::Done(_)))
    }

    /// Takes a job until `until`, if nobody has it. `holder` is fresh for every attempt; asking again with the same one answers the same.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn lease_job(
        &self,
        tenant: &TenantId,
        id: &JobId,
        holder: &str,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<JobLeased> {
        let take = Change::of(keys::job(tenant, id))
            .put(job::STATUS, s(JobStatus::Running.as_str()))
            .put(job::HOLDER, s(holder))
            .put(job::HELD_UNTIL, n(millis(until)))
            .add(job::TRIES, n(1))
            .when(is_among(job::STATUS, under_way()))
            .when(absent(job::HOLDER).or(is(job::HOLDER, s(holder))).or(below(job::HELD_UNTIL, n(millis(now)))));
        match self.write("take a job of", take, true).await? {
            Wrote::Done(Some(row)) => Ok(JobLeased::Mine(Box::new(Job::read(&row)?))),
            Wrote::Not(Some(row)) => {
                let job = Job::read(&row)?;
                let is_under_way = job.status.is_under_way();
                Ok(if is_under_way { JobLeased::Held { slice: job.slice } } else { JobLeased::Over(Some(Box::new(job))) })
            }
            Wrote::Done(None) | Wrote::Not(None) => Ok(JobLeased::Over(None)),
        }
    }

    /// Keeps what was done so far, and the job until `until`. False where it was lost: it was cancelled, or another works on it.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn keep_job(&self, tenant: &TenantId, job: &Job, holder: &str, until: Timestamp) -> Result<bool> {
        let keep = held(tenant, job, holder).put(job::HELD_UNTIL, n(millis(until)));
        Ok(matches!(self.write("keep a job of", keep, false).await?, Wrote::Done(_)))
    }

    /// Keeps what was done so far and queues the next slice, which anybody may take up. False where the job was lost.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn pass_job(&self, tenant: &TenantId, job: &Job, holder: &str, now: Timestamp) -> Result<bool> {
        let pass = held(tenant, job, holder)
            .put(job::SLICE, n(job.slice + 1))
            .put(job::QUEUED_AT, n(millis(now)))
            .drop(job::HOLDER)
            .drop(job::HELD_UNTIL);
        Ok(matches!(self.write("pass a job on of", pass, false).await?, Wrote::Done(_)))
    }

    /// Ends a job that is held. False where it was lost.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn end_job(&self, tenant: &TenantId, job: &Job, holder: &str, end: &JobEnd, now: Timestamp) -> Result<bool> {
        let status = if end.why.is_some() { JobStatus::Failed } else { JobStatus::Done };
        let mut change = Change::of(keys::job(tenant, &job.id))
            .put(job::PARTS, s(to_json(&job.parts)))
            .put(job::STATUS, s(status.as_str()))
            .put(job::ENDED_AT, n(millis(now)))
            .put(job::DONE, n(end.done))
            .drop(job::HOLDER)
            .drop(job::HELD_UNTIL)
            .drop(job::CHECKPOINT)
            .when(is(job::HOLDER, s(holder)))
            .when(is_among(job::STATUS, under_way()));
        if let Some(total) = job.total {
            change = change.put(job::TOTAL, n(total));
        }
        if !end.result.is_null() {
            change = change.put(job::RESULT, s(to_json(&end.result)));
        }
        let why = end.why.as_ref().map(|why| why.chars().take(WHY_MAX).collect::<String>());
        for (name, value) in [(job::RESULT_KEY, &end.result_key), (job::FILE_NAME, &end.file_name), (job::WHY, &why)] {
            if let Some(value) = value {
                change = change.put(name, s(value.as_str()));
            }
        }
        Ok(matches!(self.write("end a job of", change, false).await?, Wrote::Done(_)))
    }
}

/// What a slice has kept, of a job that is held.
fn held(tenant: &TenantId, job: &Job, holder: &str) -> Change {
    let change = Change::of(keys::job(tenant, &job.id))
        .put(job::CHECKPOINT, s(to_json(&job.checkpoint)))
        .put(job::PARTS, s(to_json(&job.parts)))
        .put(job::DONE, n(job.done))
        .put(job::TRIES, n(0))
        .when(is(job::HOLDER, s(holder)))
        .when(is_among(job::STATUS, under_way()));
    match job.total {
        Some(total) => change.put(job::TOTAL, n(total)),
        None => change,
    }
}
