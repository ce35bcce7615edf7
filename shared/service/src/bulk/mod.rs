//! One action on many customers: first what it would do, then line by line by a job, and undone as a whole by another.
//!
//! | module | holds |
//! |---|---|
//! | [`asked`] | with whom, and what is done |
//! | [`search`] | whom it is for, a page at a time |
//! | [`lines`] | a line a customer: what it would make, making it, taking it back |
//!
//! What a line makes is known before it is made, and kept. So whoever goes on with a run that died, or undoes it, finds all of it. Up to
//! [`AT_ONCE_MAX`] customers are planned by the request itself; a job plans more.

pub mod asked;
pub mod lines;
pub mod search;

use std::collections::{BTreeMap, BTreeSet};

use domain::{BulkId, BulkStage, TenantId, job::JobStatus};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};
use store::{BulkLine, BulkRun, BulkUndo, Job, Read, Store};

use crate::{Actor, Done, NotDone, Operation, jobs, matter, orders};
use asked::{BulkAction, BulkAsked, BulkWhat};
use lines::{BulkWork, left_out};
use search::BulkSearch;

/// Most customers that a request plans itself; more need their number confirmed where a filter takes them.
pub const AT_ONCE_MAX: usize = 100;
/// The kind of job that does it.
pub const KIND: &str = "bulk";
/// The kind of job that undoes it.
pub const UNDO_KIND: &str = "undo_bulk";
/// Most customers that a request looks through.
const LOOKED_MAX: u64 = 2_000;
/// What is said of what is no customer's id.
pub const NO_ID: &str = "a customer's id is `cus_…`";

/// An action in bulk as it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct BulkShown {
    /// The action.
    pub run: BulkRun,
    /// The job that works on it, or did last; `None` for a dry run that needed none.
    pub job: Option<Job>,
    /// A page of its lines.
    pub lines: Vec<BulkLine>,
    /// The cursor of the next page.
    pub next: Option<String>,
}

/// What became of asking for an action.
#[derive(Clone, Debug, PartialEq)]
pub enum BulkBegun {
    /// A dry run: this is what it would do. Nothing is kept.
    Planned(BulkShown),
    /// A job is at it.
    Started(BulkShown),
}

/// Works out what an action would do, or has a job do it. `nonce` is fresh for every request.
///
/// # Errors
///
/// [`NotDone::NotAllowed`]; [`NotDone::Fields`], also where the number of customers is to be confirmed and is not; [`NotDone::Conflict`] where
/// too many jobs are under way; those of the table.
pub async fn begin(store: &Store, actor: &Actor, asked: BulkAsked, nonce: &str, now: Timestamp) -> Done<BulkBegun> {
    let tenant = actor.may_work(Operation::RunBulk, KIND)?;
    let settings = matter::settings(store, tenant).await?;
    let BulkAsked { what, dry_run, confirm_count } = asked;
    what.check(&settings, now)?;
    if let BulkAction::Move { workflow, .. } = &what.action {
        let policy = store.policy(tenant, &BTreeMap::new(), Read::Fresh).await?;
        orders::names_published("/action/move/workflow", workflow.trim(), &policy)?;
    }
    let what = BulkWhat { ids: what.ids.map(each_once), ..what };
    let mut search = BulkSearch::default();
    let (mut customers, mut lines) = (Vec::new(), Vec::new());
    while !search.is_over && customers.len() + lines.len() <= AT_ONCE_MAX && search.looked < LOOKED_MAX {
        let found = search.go_on(store, tenant, &what).await?;
        customers.extend(found.customers);
        lines.extend(found.no_ids.iter().map(|id| left_out(id, NO_ID)));
    }
    let is_small = search.is_over && customers.len() + lines.len() <= AT_ONCE_MAX;
    let mut run = BulkRun {
        id: BulkId::derive(&[tenant.as_str(), actor.by(), what.action.as_str(), nonce]),
        action: what.action.as_str().to_owned(),
        by: actor.by().to_owned(),
        role: actor.as_what().to_owned(),
        at: now,
        asked: json!(what),
        dry_run,
        confirm_count,
        stage: BulkStage::Planning,
        job: jobs::id_of(actor, KIND, nonce, now),
        everybody: false,
        count: 0,
        money: BTreeMap::new(),
        counts: BTreeMap::new(),
        chunks: 0,
        undo: None,
        undone_at: None,
    };
    if is_small {
        let planned = BulkWork::of(store, actor, &settings, &what.action, &run).plan(&customers, now).await?;
        lines.extend(planned.lines);
        run = BulkRun {
            stage: BulkStage::Planned,
            everybody: takes_everybody(&what, &search),
            count: planned.count,
            money: planned.money,
            counts: counts_of(&lines),
            chunks: u32::from(!lines.is_empty()),
            ..run
        };
        if dry_run {
            return Ok(BulkBegun::Planned(BulkShown { run, job: None, lines, next: None }));
        }
        if let Some(why) = unconfirmed(&run) {
            return Err(NotDone::field("/confirm_count", why));
        }
        store.keep_bulk_lines(tenant, &run, 0, &lines).await?;
    } else {
        if !dry_run && confirm_count.is_none() && what.filter.is_some() {
            let why = format!(
                "the filter may take more than {AT_ONCE_MAX} customers: ask with dry_run first, which says how many, and name that number"
            );
            return Err(NotDone::field("/confirm_count", why));
        }
        lines = Vec::new();
    }
    store.keep_bulk(tenant, &run).await?;
    let job = jobs::start(store, actor, Operation::RunBulk, of_run(KIND, &run.id), nonce, now).await?;
    Ok(BulkBegun::Started(BulkShown { run, job: Some(job), lines, next: None }))
}

/// An action in bulk: how it stands, and a page of its lines.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::NotFound`], [`NotDone::Cursor`], and those of reading.
pub async fn show(store: &Store, actor: &Actor, id: &str, cursor: Option<&str>) -> Done<BulkShown> {
    let tenant = actor.may(Operation::ShowBulk)?;
    let run = known(store, tenant, id).await?;
    let chunk: u32 = cursor.map_or(Ok(0), str::parse).map_err(|_| NotDone::Cursor)?;
    if chunk > 0 && chunk >= run.chunks {
        return Err(NotDone::Cursor);
    }
    let lines = if run.chunks == 0 { Vec::new() } else { store.bulk_lines(tenant, &run.id, chunk).await? };
    let next = (chunk + 1 < run.chunks).then(|| (chunk + 1).to_string());
    let job = store.job(tenant, &run.job).await?;
    Ok(BulkShown { run, job, lines, next })
}

/// Has a job undo an action, line by line. What went on since stays, and its line says why. Asked again, it tries what was not undone.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::NotFound`], [`NotDone::Conflict`] where nothing was done, or somebody is at it; those of the table.
pub async fn undo(store: &Store, actor: &Actor, id: &str, nonce: &str, now: Timestamp) -> Done<BulkShown> {
    let tenant = actor.may_work(Operation::UndoBulk, UNDO_KIND)?;
    let run = known(store, tenant, id).await?;
    if let Some(why) = held(store, tenant, &run, now).await? {
        return Err(NotDone::Conflict(why));
    }
    if run.dry_run || matches!(run.stage, BulkStage::Planning | BulkStage::Planned) {
        return Err(NotDone::Conflict("nothing of it was done, so that there is nothing to undo".to_owned()));
    }
    let undo = BulkUndo { by: actor.by().to_owned(), role: actor.as_what().to_owned(), at: now };
    let after = BulkRun { undo: Some(undo), job: jobs::id_of(actor, UNDO_KIND, nonce, now), ..run.clone() };
    if !store.change_bulk(tenant, &run, &after).await? {
        return Err(NotDone::Changed("somebody else began to work on it; look how it stands".to_owned()));
    }
    let job = jobs::start(store, actor, Operation::UndoBulk, of_run(UNDO_KIND, &after.id), nonce, now).await?;
    let lines = if after.chunks == 0 { Vec::new() } else { store.bulk_lines(tenant, &after.id, 0).await? };
    let next = (after.chunks > 1).then(|| "1".to_owned());
    Ok(BulkShown { run: after, job: Some(job), lines, next })
}

/// Why nobody else may work on an action now: a job is at it, or one that was cancelled may still be at a line.
///
/// # Errors
///
/// Those of reading.
pub async fn held(store: &Store, tenant: &TenantId, run: &BulkRun, now: Timestamp) -> Done<Option<String>> {
    let Some(job) = store.job(tenant, &run.job).await? else { return Ok(None) };
    Ok(match job.status {
        JobStatus::Queued | JobStatus::Running => {
            Some(format!("the job {} works on it; wait until it is over, or cancel it", job.id))
        }
        JobStatus::Cancelled => {
            let free_at = job.ended_at.map(|ended| ended + SignedDuration::from_secs(jobs::HELD_S)).filter(|free| now < *free);
            free_at.map(|free| format!("its job was cancelled a moment ago and may still be at a line; ask again from {free} on"))
        }
        JobStatus::Done | JobStatus::Failed | JobStatus::Later(_) => None,
    })
}

/// What the number of customers is to be confirmed for, where it is not: a filter that takes everybody whom it looks at, or more than
/// [`AT_ONCE_MAX`]. A number that was named and is another is never passed over.
pub fn unconfirmed(run: &BulkRun) -> Option<String> {
    let by_filter = run.asked.get("filter").is_some_and(|filter| !filter.is_null());
    let is_many = run.count > u64::try_from(AT_ONCE_MAX).unwrap_or(u64::MAX);
    let needs = by_filter && (run.everybody || is_many);
    let count = run.count;
    match run.confirm_count {
        Some(confirmed) if confirmed == count => None,
        None if !needs => None,
        None if run.everybody => Some(format!("the filter takes everybody; if all {count} are meant, say so: {count}")),
        None | Some(_) => Some(format!("it would be done with {count} customers; if they are meant, say so: {count}")),
    }
}

/// Whether a filter took everybody whom it looked at. Those of one owner are never everybody.
pub fn takes_everybody(what: &BulkWhat, search: &BulkSearch) -> bool {
    let of_all = what.filter.as_ref().filter(|filter| filter.owner.is_none());
    of_all.is_some_and(|filter| search.found == search.looked && (search.looked > 0 || filter.names_nothing()))
}

/// How many lines there are of each status.
pub fn counts_of(lines: &[BulkLine]) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for line in lines {
        *counts.entry(line.status.clone()).or_default() += 1;
    }
    counts
}

async fn known(store: &Store, tenant: &TenantId, id: &str) -> Done<BulkRun> {
    let none = || NotDone::NotFound("there is no such action in bulk; they are kept for 90 days".to_owned());
    store.bulk(tenant, &BulkId::parse(id).ok_or_else(none)?).await?.ok_or_else(none)
}

/// What a job is asked that works on an action.
fn of_run(kind: &str, id: &BulkId) -> Map<String, Value> {
    let asked = [("kind", kind), ("run", id.as_str())];
    asked.into_iter().map(|(name, value)| (name.to_owned(), json!(value))).collect()
}

/// Each once, in the order in which they first stand.
fn each_once(ids: Vec<String>) -> Vec<String> {
    let mut seen = BTreeSet::new();
    ids.into_iter().filter(|id| seen.insert(id.clone())).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test says by panicking that it failed")]

    use domain::JobId;

    use super::{asked::BulkFilter, *};

    fn run(count: u64, everybody: bool, confirm_count: Option<u64>, asked: Value) -> BulkRun {
        BulkRun {
            id: BulkId::derive(&["a"]),
            action: "note".to_owned(),
            by: "p-1".to_owned(),
            role: "manager".to_owned(),
            at: Timestamp::UNIX_EPOCH,
            asked,
            dry_run: false,
            confirm_count,
            stage: BulkStage::Planned,
            job: JobId::parse("job_1").unwrap(),
            everybody,
            count,
            money: BTreeMap::new(),
            counts: BTreeMap::new(),
            chunks: 1,
            undo: None,
            undone_at: None,
        }
    }

    #[test]
    fn everybody_or_many_need_their_number() {
        let (filter, ids) = (json!({"filter": {}}), json!({"ids": ["cus_1"]}));
        for (count, everybody, confirmed, asked, is_confirmed) in [
            (3, false, None, &filter, true),
            (3, true, None, &filter, false),
            (3, true, Some(3), &filter, true),
            (3, true, Some(4), &filter, false),
            (100, false, None, &filter, true),
            (101, false, None, &filter, false),
            (101, false, Some(101), &filter, true),
            (101, false, Some(100), &filter, false),
            // Whoever names each customer has counted them.
            (101, false, None, &ids, true),
            (3, false, Some(2), &ids, false),
        ] {
            let why = unconfirmed(&run(count, everybody, confirmed, asked.clone()));
            assert_eq!(why.is_none(), is_confirmed, "{count} {everybody} {confirmed:?} {asked}: {why:?}");
        }
    }

    #[test]
    fn a_filter_takes_everybody_whatever_it_names() {
        let what = |filter: Option<BulkFilter>| BulkWhat { ids: None, filter, action: BulkAction::Note { text: "x".to_owned() } };
        let looked = |looked, found| {
            let mut search = BulkSearch::default();
            (search.looked, search.found, search.is_over) = (looked, found, true);
            search
        };
        let named = BulkFilter { workflow: Some("gentle".to_owned()), ..BulkFilter::default() };
        let owned = BulkFilter { owner: Some("ann".to_owned()), ..BulkFilter::default() };
        for (filter, search, everybody) in [
            (Some(BulkFilter::default()), looked(0, 0), true),
            (Some(BulkFilter::default()), looked(5, 5), true),
            (Some(named.clone()), looked(5, 5), true),
            (Some(named.clone()), looked(5, 4), false),
            (Some(named), looked(0, 0), false),
            (Some(owned), looked(5, 5), false),
            (None, looked(5, 5), false),
        ] {
            assert_eq!(takes_everybody(&what(filter.clone()), &search), everybody, "{filter:?} {search:?}");
        }
    }
}
