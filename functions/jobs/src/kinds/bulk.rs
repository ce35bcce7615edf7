//! Does one thing with many customers: works out with whom, unless the request did, and then does it, line by line.
//!
//! The lines lie in chunks in the table. What a chunk's lines make is kept in it before it is made, and what became of them after that. So
//! whoever takes a slice up again finds which lines are still to be done.

use std::collections::BTreeMap;

use domain::{BulkId, BulkStage, Currency, Owed, Settings};
use futures::{FutureExt, StreamExt, future::BoxFuture};
use serde::{Deserialize, Serialize};
use serde_json::json;
use service::{
    Actor, Done, NotDone, Operation,
    bulk::{
        KIND, NO_ID,
        asked::BulkWhat,
        counts_of, held,
        lines::{BulkWork, MadeByLine, PLANNED, left_out},
        search::BulkSearch,
        takes_everybody, unconfirmed,
    },
    entering,
    jobs::{asked::BulkRunAsked, checked},
};
use store::{BulkLine, BulkRun, Job, JobEnd};

use crate::work::{KindOfJob, SliceEnd, Work};

/// The kind.
pub struct Bulk;

/// Lines from which on a chunk is written.
const OF_A_CHUNK: usize = 100;
/// Lines that are done at once.
const AT_ONCE: usize = 8;
/// Write units that a line is reckoned with: what a pause costs with its entry of the audit, or more.
const UNITS_EACH: u32 = 24;
/// Seconds that what is done before the job is noted takes by its pace.
const DONE_S: u32 = 5;
/// Most customers of one action.
const BOOK_MAX: u64 = 200_000;

/// A line that was looked at, and what it is to make.
type LookedLine = (BulkLine, Option<MadeByLine>);

/// What is kept between slices.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Kept {
    /// How far it came in looking for whom it is for.
    search: BulkSearch,
    /// Chunks that are written.
    chunks: u32,
    /// With how many it would be done, of those that were looked at.
    count: u64,
    money: BTreeMap<Currency, Owed>,
    /// Chunks of which every line is done, and how many lines those are.
    done_chunks: u32,
    done_lines: u64,
}

impl KindOfJob for Bulk {
    fn name(&self) -> &'static str {
        KIND
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
    let Some(settings) = work.store.settings(work.tenant).await?.map(|settings| settings.value) else {
        return Ok(SliceEnd::Refused("the tenant has no settings any more".to_owned()));
    };
    let actor = match still(work, (&run.by, &run.role), Operation::RunBulk, KIND).await? {
        Ok(actor) => actor,
        Err(why) => return Ok(SliceEnd::Refused(why)),
    };
    let what: BulkWhat = serde_json::from_value(run.asked.clone())?;
    let mut kept: Kept = serde_json::from_value(job.checkpoint.clone()).unwrap_or_default();
    if run.stage == BulkStage::Planning {
        match plan(work, job, &mut kept, &Planning { run: &run, what: &what, settings: &settings, actor: &actor }).await? {
            Some(ended) => return Ok(ended),
            None => {
                let planned = BulkRun {
                    stage: BulkStage::Planned,
                    everybody: takes_everybody(&what, &kept.search),
                    count: kept.count,
                    money: std::mem::take(&mut kept.money),
                    chunks: kept.chunks,
                    ..run.clone()
                };
                let planned = BulkRun { counts: counts_of(&work.store.all_bulk_lines(work.tenant, &planned).await?), ..planned };
                if !work.store.change_bulk(work.tenant, &run, &planned).await? {
                    return Ok(SliceEnd::Lost);
                }
                run = planned;
            }
        }
    }
    if run.dry_run {
        return ended(work, job, without_words(&run, &what), &run).await;
    }
    match run.stage {
        BulkStage::Planned => {
            if let Some(why) = unconfirmed(&run) {
                // What was not confirmed is asked for anew; this one would be refused again.
                if !work.store.change_bulk(work.tenant, &run, &without_words(&run, &what)).await? {
                    return Ok(SliceEnd::Lost);
                }
                return Ok(SliceEnd::Refused(format!("/confirm_count: {why}")));
            }
            let running = BulkRun { stage: BulkStage::Running, ..run.clone() };
            if !work.store.change_bulk(work.tenant, &run, &running).await? {
                return Ok(SliceEnd::Lost);
            }
            run = running;
        }
        BulkStage::Running => {}
        // A worker said so and died before the job was ended.
        BulkStage::Done => return ended(work, job, run.clone(), &run).await,
        BulkStage::Planning | BulkStage::Undoing | BulkStage::Undone | BulkStage::Later(_) => {
            let why = format!("the action stands at '{}'; what was undone is not done again by the same action", run.stage);
            return Ok(SliceEnd::Refused(why));
        }
    }
    job.total = Some(run.counts.values().sum());
    let doing = BulkWork::of(work.store, &actor, &settings, &what.action, &run);
    while kept.done_chunks < run.chunks {
        let lines = work.store.bulk_lines(work.tenant, &run.id, kept.done_chunks).await?;
        let count = u64::try_from(lines.len())?;
        match chunk(work, job, &doing, &run, (kept.done_chunks, kept.done_lines, lines)).await? {
            Chunk::Done => {}
            Chunk::Over => return Ok(SliceEnd::More),
            Chunk::Lost => return Ok(SliceEnd::Lost),
        }
        kept.done_chunks += 1;
        kept.done_lines += count;
        job.done = kept.done_lines;
        job.checkpoint = serde_json::to_value(&kept)?;
    }
    if work.is_over() {
        return Ok(SliceEnd::More);
    }
    let done = BulkRun { stage: BulkStage::Done, ..without_words(&run, &what) };
    ended(work, job, done, &run).await
}

/// An action without what a person wrote, once nothing more is made of that.
pub(super) fn without_words(run: &BulkRun, what: &BulkWhat) -> BulkRun {
    let what = BulkWhat { action: what.action.clone().without_words(), ..what.clone() };
    BulkRun { asked: json!(what), ..run.clone() }
}

/// What planning goes by.
struct Planning<'a> {
    run: &'a BulkRun,
    what: &'a BulkWhat,
    settings: &'a Settings,
    actor: &'a Actor,
}

/// Works out with whom it would be done, and writes the lines. `None` once all are written.
async fn plan(work: &Work<'_>, job: &mut Job, kept: &mut Kept, by: &Planning<'_>) -> anyhow::Result<Option<SliceEnd>> {
    let doing = BulkWork::of(work.store, by.actor, by.settings, &by.what.action, by.run);
    let mut lines: Vec<BulkLine> = Vec::new();
    // What is not written yet is not kept as looked at either.
    let mut ahead = kept.clone();
    loop {
        let is_over = ahead.search.is_over || work.is_over();
        if !lines.is_empty() && (is_over || lines.len() >= OF_A_CHUNK) {
            work.store.keep_bulk_lines(work.tenant, by.run, ahead.chunks, &lines).await?;
            lines.clear();
            ahead.chunks += 1;
        }
        if lines.is_empty() {
            *kept = ahead.clone();
            job.done = kept.search.looked;
            job.checkpoint = serde_json::to_value(&*kept)?;
        }
        if ahead.search.is_over {
            return Ok(None);
        }
        if work.is_over() {
            return Ok(Some(SliceEnd::More));
        }
        if !work.note(job).await? {
            return Ok(Some(SliceEnd::Lost));
        }
        let found = ahead.search.go_on(work.store, work.tenant, by.what).await?;
        if ahead.search.found > BOOK_MAX {
            let why = format!("the filter takes more than {BOOK_MAX} customers; narrow it");
            return Ok(Some(SliceEnd::Refused(why)));
        }
        lines.extend(found.no_ids.iter().map(|id| left_out(id, NO_ID)));
        let planned = doing.plan(&found.customers, work.now()).await?;
        lines.extend(planned.lines);
        ahead.count += planned.count;
        for (currency, owed) in planned.money {
            let sum = ahead.money.entry(currency).or_default();
            sum.open_minor = sum.open_minor.saturating_add(owed.open_minor);
            sum.due_now_minor = sum.due_now_minor.saturating_add(owed.due_now_minor);
            sum.overdue_minor = sum.overdue_minor.saturating_add(owed.overdue_minor);
        }
    }
}

/// How a chunk ended.
enum Chunk {
    /// Every line of it is done with.
    Done,
    /// The slice's time is up.
    Over,
    /// The job was lost.
    Lost,
}

/// Does the lines of a chunk that are still to be done, some at a time.
async fn chunk(
    work: &Work<'_>,
    job: &mut Job,
    doing: &BulkWork<'_>,
    run: &BulkRun,
    (number, before, mut lines): (u32, u64, Vec<BulkLine>),
) -> anyhow::Result<Chunk> {
    let most = lines_at_a_time(work.pace.per_second());
    let mut from = 0;
    while from < lines.len() {
        let until = lines.len().min(from + most);
        let some: Vec<BulkLine> = lines.get(from..until).unwrap_or_default().to_vec();
        if some.iter().any(|line| line.status == PLANNED) {
            if work.is_over() {
                return Ok(Chunk::Over);
            }
            let mut waiting: Vec<BoxFuture<'_, Done<LookedLine>>> = Vec::with_capacity(some.len());
            for line in &some {
                waiting.push(doing.look(line.clone(), work.now()).boxed());
            }
            let mut looked: Vec<LookedLine> = Vec::with_capacity(some.len());
            for each in futures::stream::iter(waiting).buffered(AT_ONCE).collect::<Vec<_>>().await {
                looked.push(each?);
            }
            let fresh: Vec<BulkLine> = looked.iter().map(|(line, _)| line.clone()).collect();
            if fresh != some {
                drop(lines.splice(from..until, fresh));
                work.store.keep_bulk_lines(work.tenant, run, number, &lines).await?;
            }
            let mut waiting: Vec<BoxFuture<'_, Done<BulkLine>>> = Vec::with_capacity(looked.len());
            for (line, makes) in &looked {
                waiting.push(made(work, doing, line, makes.as_ref()).boxed());
            }
            let mut after: Vec<BulkLine> = Vec::with_capacity(looked.len());
            for each in futures::stream::iter(waiting).buffered(AT_ONCE).collect::<Vec<_>>().await {
                after.push(each?);
            }
            drop(lines.splice(from..until, after));
            work.store.keep_bulk_lines(work.tenant, run, number, &lines).await?;
        }
        from = until;
        job.done = before + u64::try_from(until)?;
        if !work.note(job).await? {
            return Ok(Chunk::Lost);
        }
    }
    Ok(Chunk::Done)
}

/// A line that was looked at, once what it makes is made.
async fn made(work: &Work<'_>, doing: &BulkWork<'_>, line: &BulkLine, makes: Option<&MadeByLine>) -> Done<BulkLine> {
    let Some(makes) = makes else { return Ok(line.clone()) };
    work.pace.take(UNITS_EACH).await;
    doing.make(line.clone(), makes, work.now()).await
}

/// How many lines are done before the job is noted, by how many write units there are a second.
pub(super) fn lines_at_a_time(per_second: u32) -> usize {
    usize::try_from(per_second.saturating_mul(DONE_S) / UNITS_EACH).unwrap_or(OF_A_CHUNK).clamp(1, OF_A_CHUNK)
}

/// The action that a job works on, which nobody else may work on from now on; why that cannot be, otherwise.
///
/// # Errors
///
/// Those of the table.
pub(super) async fn taken(work: &Work<'_>, job: &Job) -> anyhow::Result<Result<BulkRun, String>> {
    let asked: BulkRunAsked = match checked::read(&job.args) {
        Ok(asked) => asked,
        Err((pointer, detail)) => return Ok(Err(format!("{pointer}: {detail}"))),
    };
    let gone = || Ok(Err("there is no such action in bulk; they are kept for 90 days".to_owned()));
    let Some(id) = BulkId::parse(&asked.run) else { return gone() };
    let Some(run) = work.store.bulk(work.tenant, &id).await? else { return gone() };
    if run.job == job.id {
        return Ok(Ok(run));
    }
    if let Some(why) = held(work.store, work.tenant, &run, work.now()).await? {
        return Ok(Err(why));
    }
    let mine = BulkRun { job: job.id.clone(), ..run.clone() };
    if !work.store.change_bulk(work.tenant, &run, &mine).await? {
        return Ok(Err("another job took it up at the same moment".to_owned()));
    }
    Ok(Ok(mine))
}

/// Who somebody is now who asked for it as `by` and in a role; why they may not any more, otherwise.
///
/// # Errors
///
/// Those of the table.
pub(super) async fn still(
    work: &Work<'_>,
    (by, role): (&str, &str),
    operation: Operation,
    kind: &str,
) -> anyhow::Result<Result<Actor, String>> {
    let Some(actor) = entering::still(work.store, work.tenant, Some(by), role).await? else {
        return Ok(Err("who asked for it is no member any more, or the key was revoked".to_owned()));
    };
    match actor.may_work(operation, kind) {
        Ok(_) => Ok(Ok(actor)),
        Err(NotDone::NotAllowed(why)) => Ok(Err(why)),
        Err(error) => Err(error.into()),
    }
}

/// Ends a job: counts the lines, keeps how the action stands in place of how it stood `before`, and writes every line into a file.
///
/// # Errors
///
/// Those of the table and the bucket.
pub(super) async fn ended(work: &Work<'_>, job: &mut Job, run: BulkRun, before: &BulkRun) -> anyhow::Result<SliceEnd> {
    let lines = work.store.all_bulk_lines(work.tenant, &run).await?;
    let run = BulkRun { counts: counts_of(&lines), ..run };
    if run != *before && !work.store.change_bulk(work.tenant, before, &run).await? {
        return Ok(SliceEnd::Lost);
    }
    let mut file = String::new();
    for line in &lines {
        let BulkLine { customer, status, why, made, owner: _ } = line;
        file.push_str(&json!({ "customer": customer, "status": status, "why": why, "made": made }).to_string());
        file.push('\n');
    }
    let key = work.put_file(&job.id, "lines.jsonl", "application/x-ndjson", file.into_bytes()).await?;
    job.done = u64::try_from(lines.len())?;
    job.total = Some(job.done);
    let result = json!({
        "run": run.id, "action": run.action, "dry_run": run.dry_run, "stage": run.stage, "customers": run.count, "money": run.money,
        "lines": run.counts,
    });
    Ok(SliceEnd::Done(JobEnd {
        result,
        result_key: Some(key),
        file_name: Some("lines.jsonl".to_owned()),
        why: None,
        done: job.done,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slow_pace_does_fewer_lines_at_a_time() {
        for (per_second, expected) in [(1, 1), (20, 4), (100, 20), (1_000, OF_A_CHUNK), (u32::MAX, OF_A_CHUNK)] {
            assert_eq!(lines_at_a_time(per_second), expected, "{per_second}");
        }
    }
}
