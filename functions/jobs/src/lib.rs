//! Long work, a slice at a time.
//!
//! The stream queues a slice of a job whenever the last one ended, and when the job is started. Whoever takes a slice holds the job's lease,
//! works for most of its own time, keeps how far it came and passes the job on. One that dies leaves its message, which the queue gives out
//! again; whoever takes it then goes on from what was kept. Every slice may run twice: nothing that a kind does depends on how often.
//!
//! | module | does |
//! |---|---|
//! | [`kinds`] | a file a kind of job |
//! | `work` | what a kind works with |
//! | `book` | a tenant's customers who owe something, read in pages |
//! | `pace` | writes a second |

#![recursion_limit = "256"]

mod book;
pub mod kinds;
mod pace;
mod work;

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use anyhow::Context;
use aws_lambda_events::sqs::SqsEvent;
use domain::{JobId, TenantId};
use files::Bucket;
use jiff::SignedDuration;
use kit::{Budget, Clients, Clock, Env, Queued};
use lambda_runtime::{Error, LambdaEvent};
use serde::Deserialize;
use serde_json::{Value, json};
use service::jobs::HELD_S;
use store::{Job, JobEnd, JobLeased, Store, Vault};

use work::SliceEnd;
pub use work::Work;

/// What a slice leaves itself to finish in.
const MARGIN: Duration = Duration::from_secs(20);
/// How long a job is held by whoever works on it: longer than the function may run.
const LEASE: SignedDuration = SignedDuration::from_secs(HELD_S);
/// How often in a row a slice may fail before the job does.
const TRIES_MAX: u32 = 4;
/// The largest result that is kept with the job; a larger one goes into its file.
const RESULT_BYTES_MAX: usize = 200_000;

/// The function.
pub struct Handler {
    store: Store,
    vault: Vault,
    bucket: Bucket,
    writes_per_second: u32,
    clock: Clock,
    attempts: AtomicU64,
}

/// An event of ours as the bus brings it.
#[derive(Deserialize)]
struct Envelope {
    detail: Queued<SliceQueued>,
}

/// A slice of a job that is to be done.
#[derive(Deserialize)]
struct SliceQueued {
    tenant: TenantId,
    job: String,
    slice: u64,
}

impl Handler {
    /// Reads `TABLE_NAME`, `BUCKET_NAME` and `IMPORT_WRITES_PER_SECOND`.
    ///
    /// # Errors
    ///
    /// When a variable is missing.
    pub fn new(env: &Env, clients: &Clients, clock: Clock) -> anyhow::Result<Self> {
        let store = Store::new(aws_sdk_dynamodb::Client::new(&clients.sdk), env.require("TABLE_NAME")?);
        Ok(Self {
            vault: Vault::new(aws_sdk_kms::Client::new(&clients.sdk), store.clone(), None),
            store,
            bucket: Bucket::new(clients, env.require("BUCKET_NAME")?)?,
            writes_per_second: env.parse("IMPORT_WRITES_PER_SECOND")?,
            clock,
            attempts: AtomicU64::new(0),
        })
    }

    /// Handles a batch of the queue. The answer names what is to come again.
    ///
    /// # Errors
    ///
    /// When the payload is no batch, or a message that failed has no id to name it by.
    pub async fn handle(&self, event: LambdaEvent<Value>) -> Result<Value, Error> {
        let batch: SqsEvent = serde_json::from_value(event.payload)?;
        let mut failed = Vec::new();
        for record in batch.records {
            let now = self.clock.now();
            let budget = Budget::until(event.context.deadline(), now, MARGIN);
            let attempt = self.attempts.fetch_add(1, Ordering::Relaxed);
            let holder = format!("{}/{attempt}", event.context.request_id);
            let body = record.body.as_deref().unwrap_or_default();
            if let Err(error) = Box::pin(self.one(body, &holder, budget)).await {
                tracing::warn!(error = format!("{error:#}"), "a slice of a job was not done and comes again");
                let id = record.message_id.ok_or("a message that failed has no id")?;
                failed.push(json!({ "itemIdentifier": id }));
            }
        }
        Ok(json!({ "batchItemFailures": failed }))
    }

    /// A slice.
    async fn one(&self, body: &str, holder: &str, budget: Budget) -> anyhow::Result<()> {
        let queued: Envelope = serde_json::from_str(body).context("the message does not read")?;
        let SliceQueued { tenant, job, slice } = queued.detail.content;
        let id = JobId::parse(&job).context("the message names no job")?;
        let now = self.clock.now();
        let mut job = match self.store.lease_job(&tenant, &id, holder, now, now + LEASE).await? {
            JobLeased::Mine(job) => *job,
            JobLeased::Over(job) => {
                // Cancelled, or ended by a worker that died before this.
                if let Some(job) = job {
                    work::delete_parts(&self.bucket, &tenant, &job).await;
                }
                return Ok(());
            }
            // A later slice is under way, which has a message of its own.
            JobLeased::Held { slice: later } if later > slice => return Ok(()),
            JobLeased::Held { .. } => anyhow::bail!("another works on it; it comes again in case that one dies"),
        };
        if job.tries >= TRIES_MAX {
            let why = format!("it failed {TRIES_MAX} times at the same place; the log of the function says why, under {id}");
            let end = JobEnd { why: Some(why), done: job.done, ..JobEnd::default() };
            self.end(&tenant, &job, holder, &end).await?;
            tracing::error!(tenant.id = %tenant, job.id = %id, "a job keeps failing and is given up");
            return Ok(());
        }
        let work =
            Work::new((&self.store, &self.vault), &self.bucket, &tenant, &self.clock, budget, holder, self.writes_per_second);
        let Some(kind) = kinds::find(&job.kind) else {
            let end = JobEnd { why: Some("this release does not know the kind of job".to_owned()), ..JobEnd::default() };
            self.end(&tenant, &job, holder, &end).await?;
            return Ok(());
        };
        let did = kind.slice(&work, &mut job).await.with_context(|| format!("job {id} of the kind {}", job.kind))?;
        work.name_parts(&mut job);
        let is_kept = match did {
            SliceEnd::More => self.store.pass_job(&tenant, &job, holder, self.clock.now()).await?,
            SliceEnd::Lost => false,
            SliceEnd::Refused(why) => {
                let end = JobEnd { why: Some(why), done: job.done, ..JobEnd::default() };
                self.end(&tenant, &job, holder, &end).await?
            }
            SliceEnd::Done(end) => {
                let end = self.fitting(&tenant, &job, end).await?;
                self.end(&tenant, &job, holder, &end).await?
            }
        };
        // A job that was cancelled while this slice ran has no message that would find it so.
        if !is_kept && self.store.job(&tenant, &id).await?.is_none_or(|found| !found.status.is_under_way()) {
            work::delete_parts(&self.bucket, &tenant, &job).await;
        }
        tracing::info!(tenant.id = %tenant, job.id = %id, job.kind = job.kind, done = job.done, is_kept, "a slice ended");
        Ok(())
    }

    /// Ends a job, and deletes what its slices left in the bucket. False where it was lost.
    async fn end(&self, tenant: &TenantId, job: &Job, holder: &str, end: &JobEnd) -> anyhow::Result<bool> {
        let is_ended = self.store.end_job(tenant, job, holder, end, self.clock.now()).await?;
        if is_ended {
            work::delete_parts(&self.bucket, tenant, job).await;
        }
        Ok(is_ended)
    }

    /// The end of a job, with a result that is too large for its item in its file.
    async fn fitting(&self, tenant: &TenantId, job: &Job, end: JobEnd) -> anyhow::Result<JobEnd> {
        let text = end.result.to_string();
        if text.len() <= RESULT_BYTES_MAX {
            return Ok(end);
        }
        let key = work::key(tenant, &job.id, "result.json");
        self.bucket.put(&key, "application/json", text.into_bytes()).await?;
        let result = json!({ "in_file": "the result is too large to stand here; GET /v1/jobs/{id}/file leads to it" });
        Ok(JobEnd { result, result_key: Some(key), file_name: Some(format!("{}.json", job.id)), ..end })
    }
}
