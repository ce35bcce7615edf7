//! Undoes one thing that was done with many customers, line by line.

use domain::BulkStage;
use futures::{FutureExt, StreamExt, future::BoxFuture};
use serde_json::json;
use service::{
    Done, Operation,
    bulk::{
        UNDO_KIND,
        asked::BulkWhat,
        lines::{BulkWork, PLANNED},
    },
};
use store::{BulkLine, BulkRun, Job};

use super::bulk::{ended, lines_at_a_time, still, taken, without_words};
use crate::work::{KindOfJob, SliceEnd, Work};

/// The kind.
pub struct UndoBulk;

/// Lines that are undone at once.
const AT_ONCE: usize = 8;
/// Write units that a line is reckoned with: what ending a pause costs with its entry of the audit, or more.
const UNITS_EACH: u32 = 24;

impl KindOfJob for UndoBulk {
    fn name(&self) -> &'static str {
        UNDO_KIND
    }

    fn slice<'a>(&'a self, work: &'a Work<'a>, job: &'a mut Job) -> BoxFuture<'a, anyhow::Result<SliceEnd>> {
        slice(work, job).boxed()
    }
}

async fn slice(work: &Work<'_>, job: &mut Job) -> anyhow::Result<SliceEnd> {
    let mut run = match taken(work, job).await? {
        Ok(run) => run,
        Err(why) => return Ok(SliceEnd::Refused(why)),
    };
    let Some(undo) = run.undo.clone() else {
        return Ok(SliceEnd::Refused("nobody asked to undo it; POST /v1/bulk/{id}/undo does".to_owned()));
    };
    let actor = match still(work, (&undo.by, &undo.role), Operation::UndoBulk, UNDO_KIND).await? {
        Ok(actor) => actor,
        Err(why) => return Ok(SliceEnd::Refused(why)),
    };
    let Some(settings) = work.store.settings(work.tenant).await?.map(|settings| settings.value) else {
        return Ok(SliceEnd::Refused("the tenant has no settings any more".to_owned()));
    };
    if run.stage != BulkStage::Undoing {
        let undoing = BulkRun { stage: BulkStage::Undoing, undone_at: None, ..run.clone() };
        if !work.store.change_bulk(work.tenant, &run, &undoing).await? {
            return Ok(SliceEnd::Lost);
        }
        run = undoing;
    }
    let what: BulkWhat = serde_json::from_value(run.asked.clone())?;
    let undoing = BulkWork::of(work.store, &actor, &settings, &what.action, &run);
    let (mut chunk, mut done): (u32, u64) = serde_json::from_value(job.checkpoint.clone()).unwrap_or_default();
    job.total = Some(run.counts.values().sum());
    let most = lines_at_a_time(work.pace.per_second());
    while chunk < run.chunks {
        let mut lines = work.store.bulk_lines(work.tenant, &run.id, chunk).await?;
        let mut from = 0;
        while from < lines.len() {
            if work.is_over() {
                return Ok(SliceEnd::More);
            }
            let until = lines.len().min(from + most);
            let some: Vec<BulkLine> = lines.get(from..until).unwrap_or_default().to_vec();
            let mut waiting: Vec<BoxFuture<'_, Done<BulkLine>>> = Vec::with_capacity(some.len());
            for line in &some {
                waiting.push(undone(work, &undoing, line).boxed());
            }
            let mut after: Vec<BulkLine> = Vec::with_capacity(some.len());
            for each in futures::stream::iter(waiting).buffered(AT_ONCE).collect::<Vec<_>>().await {
                after.push(each?);
            }
            if after != some {
                drop(lines.splice(from..until, after));
                work.store.keep_bulk_lines(work.tenant, &run, chunk, &lines).await?;
            }
            from = until;
            job.done = done + u64::try_from(until)?;
            if !work.note(job).await? {
                return Ok(SliceEnd::Lost);
            }
        }
        chunk += 1;
        done += u64::try_from(lines.len())?;
        job.checkpoint = json!([chunk, done]);
    }
    if work.is_over() {
        return Ok(SliceEnd::More);
    }
    let undone = BulkRun { stage: BulkStage::Undone, undone_at: Some(work.now()), ..without_words(&run, &what) };
    ended(work, job, undone, &run).await
}

/// A line once what it made is taken back.
async fn undone(work: &Work<'_>, undoing: &BulkWork<'_>, line: &BulkLine) -> Done<BulkLine> {
    if matches!(line.status.as_str(), PLANNED | "done" | "failed" | "not_undone") {
        work.pace.take(UNITS_EACH).await;
    }
    undoing.undo(line.clone(), work.now()).await
}
