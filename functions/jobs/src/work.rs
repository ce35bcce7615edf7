//! What a kind of job works with.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use domain::{JobId, TenantId};
use files::Bucket;
use futures::{StreamExt, future::BoxFuture, stream};
use jiff::Timestamp;
use kit::{Budget, Clock};
use serde::{Serialize, de::DeserializeOwned};
use service::jobs::HELD_S;
use store::{Job, JobEnd, Store, Vault};

use crate::pace::WritePace;

/// How often a worker says how far it came.
const NOTED_EVERY: Duration = Duration::from_secs(5);

/// A kind of job: what it does, a slice at a time.
pub trait KindOfJob: Send + Sync {
    /// Its name, as in `service::jobs::kinds`.
    fn name(&self) -> &'static str;

    /// Works until the job is done or [`Work::is_over`], and leaves in the job what the next slice needs: `checkpoint`, `done`, `total`.
    ///
    /// A slice may run twice, and may be broken off anywhere: nothing that it does may depend on how often it was begun.
    ///
    /// # Errors
    ///
    /// What may go better another time; the queue brings the slice again.
    fn slice<'a>(&'a self, work: &'a Work<'a>, job: &'a mut Job) -> BoxFuture<'a, anyhow::Result<SliceEnd>>;
}

/// How a slice ended.
#[derive(Clone, Debug, PartialEq)]
pub enum SliceEnd {
    /// There is more to do.
    More,
    /// The job is another's, or was cancelled: nothing is to be kept.
    Lost,
    /// It is done.
    Done(JobEnd),
    /// It cannot be done: why, and what to do.
    Refused(String),
}

/// What a slice works with.
pub struct Work<'a> {
    /// The table.
    pub store: &'a Store,
    /// The tenant's keys, as far as they are opened here: those of people.
    pub vault: &'a Vault,
    /// The bucket.
    pub bucket: &'a Bucket,
    /// Whose job it is.
    pub tenant: &'a TenantId,
    /// Writes a second.
    pub pace: WritePace,
    clock: &'a Clock,
    budget: Budget,
    holder: &'a str,
    noted_at: Mutex<Instant>,
    parts: Mutex<BTreeMap<String, u32>>,
}

impl<'a> Work<'a> {
    pub(crate) fn new(
        (store, vault): (&'a Store, &'a Vault),
        bucket: &'a Bucket,
        tenant: &'a TenantId,
        clock: &'a Clock,
        budget: Budget,
        holder: &'a str,
        writes_per_second: u32,
    ) -> Self {
        let (noted_at, parts) = (Mutex::new(Instant::now()), Mutex::default());
        Self { store, vault, bucket, tenant, pace: WritePace::new(writes_per_second), clock, budget, holder, noted_at, parts }
    }

    /// Says in the job what its slices have left in the bucket.
    pub(crate) fn name_parts(&self, job: &mut Job) {
        for (group, count) in &*self.parts.lock().unwrap_or_else(PoisonError::into_inner) {
            let known = job.parts.entry(group.clone()).or_default();
            *known = (*known).max(*count);
        }
    }

    /// The time now.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Whether the slice is to end.
    pub fn is_over(&self) -> bool {
        self.budget.is_over()
    }

    /// Says now and then how far the job came, so that people see it and the job stays held. False where it was lost.
    ///
    /// # Errors
    ///
    /// Those of the table.
    pub async fn note(&self, job: &mut Job) -> anyhow::Result<bool> {
        {
            let mut noted_at = self.noted_at.lock().unwrap_or_else(PoisonError::into_inner);
            if noted_at.elapsed() < NOTED_EVERY {
                return Ok(true);
            }
            *noted_at = Instant::now();
        }
        self.name_parts(job);
        let until = self.now() + jiff::SignedDuration::from_secs(HELD_S);
        Ok(self.store.keep_job(self.tenant, job, self.holder, until).await?)
    }

    /// Puts something that a later slice reads: a part of a group, by its number from 0. It is deleted once the job is over.
    ///
    /// # Errors
    ///
    /// Those of the bucket.
    pub async fn put_part(&self, job: &JobId, group: &str, number: usize, part: &impl Serialize) -> anyhow::Result<()> {
        let (body, number) = (serde_json::to_vec(part)?, u32::try_from(number)?);
        {
            let mut parts = self.parts.lock().unwrap_or_else(PoisonError::into_inner);
            let count = parts.entry(group.to_owned()).or_default();
            *count = (*count).max(number + 1);
        }
        Ok(self.bucket.put(&part_key(self.tenant, job, group, number), "application/json", body).await?)
    }

    /// Reads what an earlier slice put.
    ///
    /// # Errors
    ///
    /// Those of the bucket; when there is none, or it does not read.
    pub async fn part<T: DeserializeOwned>(&self, job: &JobId, group: &str, number: usize) -> anyhow::Result<T> {
        let key = part_key(self.tenant, job, group, u32::try_from(number)?);
        let body = self.bucket.get(&key, PART_BYTES_MAX).await?;
        let body = body.ok_or_else(|| anyhow::anyhow!("{key}, which an earlier slice put, is not there"))?;
        Ok(serde_json::from_slice(&body)?)
    }

    /// Puts the file that a job made; says where.
    ///
    /// # Errors
    ///
    /// Those of the bucket.
    pub async fn put_file(&self, job: &JobId, name: &str, content_type: &str, body: Vec<u8>) -> anyhow::Result<String> {
        let key = key(self.tenant, job, name);
        self.bucket.put(&key, content_type, body).await?;
        Ok(key)
    }
}

/// The largest part that one slice leaves for another.
const PART_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// Parts that are deleted at once.
const DELETED_AT_ONCE: usize = 16;

/// Where a part lies: apart from files, because parts hold facts in clear and are gone after a day whatever becomes of the job.
fn part_key(tenant: &TenantId, job: &JobId, group: &str, number: u32) -> String {
    format!("slices/{tenant}/{job}/{group}-{number:04}")
}

/// Deletes what the slices of a job left in the bucket, once it is over. What cannot be deleted now is gone after a day.
pub async fn delete_parts(bucket: &Bucket, tenant: &TenantId, job: &Job) {
    let of_group = |(group, count): (&String, &u32)| -> Vec<String> {
        (0..*count).map(|number| part_key(tenant, &job.id, group, number)).collect()
    };
    let keys: Vec<String> = job.parts.iter().flat_map(of_group).collect();
    let deleted = stream::iter(keys).for_each_concurrent(DELETED_AT_ONCE, |key| async move {
        if let Err(error) = bucket.delete(&key).await {
            tracing::warn!(job.id = %job.id, error = kit::causes(&error), "a part of a job that is over stays until tomorrow");
        }
    });
    deleted.await;
}

/// Where something lies that a job made.
pub fn key(tenant: &TenantId, job: &JobId, name: &str) -> String {
    format!("jobs/{tenant}/{job}/{name}")
}
