//! Takes customers, contacts, invoices and payments from a file. A file becomes canonical documents, and they are applied as those of
//! webhooks are, under a source of their own.
//!
//! What names no version has the instant at which the file was sent. So the same file taken twice changes nothing, and a file that was sent
//! later wins.
//!
//! | module | does |
//! |---|---|
//! | `file`, `sheet`, `table` | a file as lines of cells |
//! | `columns` | which column holds what |
//! | `values` | dates and amounts as people write them |
//! | `rows` | lines as documents |

pub(super) mod columns;
pub(super) mod file;
mod rows;
mod sheet;
pub(super) mod table;
pub(super) mod values;

use domain::{CustomerId, CustomerRef, Document};
use futures::{FutureExt, StreamExt, future::BoxFuture};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use service::jobs::{
    asked::{FileOf, ImportAsked},
    checked,
    uploads::{BYTES_MAX, Upload},
};
use store::{AppliedOutcome, Job, JobEnd};

use crate::work::{KindOfJob, SliceEnd, Work};
use columns::{fields, find};
use rows::{Prepared, ReadyDocument, SOURCE, WrongLine, prepare};

/// The kind.
pub struct Import;

/// Documents of a part.
const OF_A_PART: usize = 500;
/// Documents that are applied at once.
const AT_ONCE: usize = 8;
/// Write units that a document is reckoned with: what an invoice of a known customer costs, with its place in lists and history, or more.
const UNITS_EACH: u32 = 16;
/// Seconds that what is applied before the job is noted takes by its pace; twice as many where each document describes its customer besides.
/// Well within what a slice leaves itself to finish in, so that each slice comes further however slow the pace is.
const APPLIED_S: u32 = 5;
/// Wrong lines that stand in the result itself; all of them are in the file.
const SHOWN: usize = 200;

/// What came of a line; what is wrong with it where it could not be applied.
type LineOutcome = Result<AppliedOutcome, WrongLine>;

/// What is kept between slices.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Kept {
    /// What was found when the file was read; absent before.
    found: Option<Value>,
    /// Parts of documents, and how many of them are applied.
    parts: usize,
    /// See `parts`.
    applied_parts: usize,
    /// How many documents of the part after those are applied.
    #[serde(default)]
    applied_of_part: usize,
    applied: u64,
    known: u64,
    /// Lines that could not be applied: how many, and the first of them.
    refused_lines: u64,
    refused: Vec<WrongLine>,
    /// Where all wrong lines lie, where there are more than the result shows.
    wrong_key: Option<String>,
}

impl Kept {
    fn count(&mut self, outcome: LineOutcome) {
        match outcome {
            Ok(AppliedOutcome::Applied) => self.applied += 1,
            Ok(AppliedOutcome::Duplicate | AppliedOutcome::Stale) => self.known += 1,
            Err(wrong) => {
                self.refused_lines += 1;
                if self.refused.len() < SHOWN {
                    self.refused.push(wrong);
                }
            }
        }
    }
}

impl KindOfJob for Import {
    fn name(&self) -> &'static str {
        "import"
    }

    fn slice<'a>(&'a self, work: &'a Work<'a>, job: &'a mut Job) -> BoxFuture<'a, anyhow::Result<SliceEnd>> {
        slice(work, job).boxed()
    }
}

async fn slice(work: &Work<'_>, job: &mut Job) -> anyhow::Result<SliceEnd> {
    let asked: ImportAsked = match checked::read(&job.args) {
        Ok(asked) => asked,
        Err((pointer, detail)) => return Ok(SliceEnd::Refused(format!("{pointer}: {detail}"))),
    };
    let mut kept: Kept = serde_json::from_value(job.checkpoint.clone()).unwrap_or_default();
    if kept.found.is_none() {
        match read(work, job, &asked, &mut kept).await? {
            Some(ended) => return Ok(ended),
            None => job.checkpoint = serde_json::to_value(&kept)?,
        }
    }
    while kept.applied_parts < kept.parts {
        if work.is_over() {
            return Ok(SliceEnd::More);
        }
        let part: Vec<ReadyDocument> = work.part(&job.id, "rows", kept.applied_parts).await?;
        let left = part.get(kept.applied_of_part..).unwrap_or_default();
        for some in left.chunks(documents_at_a_time(work.pace.per_second())) {
            if work.is_over() {
                return Ok(SliceEnd::More);
            }
            let mut waiting: Vec<BoxFuture<'_, anyhow::Result<LineOutcome>>> = Vec::with_capacity(some.len());
            for ready in some {
                // Boxed: the futures below are deeper than the compiler follows.
                waiting.push(apply(work, &asked, ready).boxed());
            }
            let outcomes: Vec<_> = futures::stream::iter(waiting).buffer_unordered(AT_ONCE).collect().await;
            for outcome in outcomes {
                kept.count(outcome?);
            }
            kept.applied_of_part += some.len();
            job.done += u64::try_from(some.len())?;
            job.checkpoint = serde_json::to_value(&kept)?;
            if !work.note(job).await? {
                return Ok(SliceEnd::Lost);
            }
        }
        kept.applied_parts += 1;
        kept.applied_of_part = 0;
        job.checkpoint = serde_json::to_value(&kept)?;
    }
    let mut result = kept.found.clone().unwrap_or_default();
    result["applied"] = json!(kept.applied);
    result["known"] = json!(kept.known);
    result["refused_lines"] = json!(kept.refused_lines);
    result["refused"] = json!(kept.refused);
    Ok(SliceEnd::Done(ended(job, result, kept.wrong_key)))
}

/// How many documents are applied before the job is noted, by how many write units there are a second.
fn documents_at_a_time(per_second: u32) -> usize {
    usize::try_from(per_second.saturating_mul(APPLIED_S) / UNITS_EACH).unwrap_or(OF_A_PART).clamp(1, OF_A_PART)
}

fn ended(job: &Job, result: Value, wrong_key: Option<String>) -> JobEnd {
    let file_name = wrong_key.is_some().then(|| "wrong-lines.jsonl".to_owned());
    JobEnd { result, result_key: wrong_key, file_name, why: None, done: job.done }
}

/// Reads the file into parts of documents. `None` once there is something to apply.
async fn read(work: &Work<'_>, job: &mut Job, asked: &ImportAsked, kept: &mut Kept) -> anyhow::Result<Option<SliceEnd>> {
    let Some(upload) = Upload::parse(&asked.upload) else {
        return Ok(Some(SliceEnd::Refused("the upload has no id that was given".to_owned())));
    };
    let Some(bytes) = work.bucket.get(&upload.key(work.tenant), BYTES_MAX).await? else {
        let why = "the file is not there: it was never sent with its form, or it is gone after its days; send it anew with POST /v1/uploads";
        return Ok(Some(SliceEnd::Refused(why.to_owned())));
    };
    let table = match file::read(&bytes, asked.sheet.as_deref()) {
        Ok(table) => table,
        Err(why) => return Ok(Some(SliceEnd::Refused(why))),
    };
    drop(bytes);
    let columns = match find(&table, &fields(asked.of), &asked.columns) {
        Ok(columns) => columns,
        Err(wrong) => {
            let needs: Vec<Value> =
                wrong.iter().map(|(name, why)| json!({ "field": "columns", "column": name, "why": why })).collect();
            let result = json!({ "applied": 0, "headings": table.headings, "needs": needs });
            return Ok(Some(SliceEnd::Done(ended(job, result, None))));
        }
    };
    let now = work.now();
    let prepared = prepare(&table, &columns, asked, work.tenant, upload.asked_at(), now);
    let Prepared { documents, wrong, duplicates, needed, dates, decimal } = prepared;
    let of = |name: &str| columns.heading(&table, name).to_owned();
    let said = json!({
        "lines": table.lines.len(), "documents": documents.len(), "repeated_lines": duplicates, "wrong_lines": wrong.len(),
        "columns": columns.of.keys().map(|name| ((*name).to_owned(), json!(of(name)))).collect::<serde_json::Map<_, _>>(),
        "guessed": columns.guessed, "unread": columns.unread(&table), "dates": dates, "decimal": decimal, "needs": needed,
        "wrong": wrong.iter().take(SHOWN).collect::<Vec<_>>(), "dry_run": asked.dry_run, "source": SOURCE,
        "version": upload.asked_at(),
    });
    if wrong.len() > SHOWN {
        let lines: Vec<String> = wrong.iter().filter_map(|wrong| serde_json::to_string(wrong).ok()).collect();
        let body = lines.join("\n").into_bytes();
        kept.wrong_key = Some(work.put_file(&job.id, "wrong-lines.jsonl", "application/x-ndjson", body).await?);
    }
    let total = u64::try_from(documents.len())?;
    job.total = Some(total);
    let is_stopped = asked.dry_run || !needed.is_empty() || !wrong.is_empty() && !asked.skip_wrong;
    if is_stopped {
        let mut result = said;
        result["applied"] = json!(0);
        if asked.dry_run {
            job.done = total;
        }
        return Ok(Some(SliceEnd::Done(ended(job, result, kept.wrong_key.take()))));
    }
    for (at, part) in documents.chunks(OF_A_PART).enumerate() {
        work.put_part(&job.id, "rows", at, &part).await?;
        kept.parts = at + 1;
    }
    kept.found = Some(said);
    Ok(None)
}

/// Applies a document. A line that cannot be applied as things are is named, and holds up no other.
async fn apply(work: &Work<'_>, asked: &ImportAsked, ready: &ReadyDocument) -> anyhow::Result<LineOutcome> {
    let wrong = |detail: String| WrongLine { line: ready.line, column: String::new(), detail };
    let now = work.now();
    let document = match connectors::canonical::read_as(work.tenant, SOURCE, ready.document.to_string().as_bytes(), now) {
        Ok(document) => document,
        Err(rejected) => {
            return Ok(Err(wrong(rejected.errors.into_iter().map(|flaw| flaw.detail).collect::<Vec<_>>().join("; "))));
        }
    };
    let document = match (asked.of, document) {
        (FileOf::Contacts, Document::Customer(said)) => {
            let Some(known) = known(work, &said.id).await?.filter(|known| !known.is_stub()) else {
                let why = format!("the import does not know customer '{}'; take the file of customers first", said.external_id);
                return Ok(Err(wrong(why)));
            };
            Document::Customer(domain::Customer { contacts: said.contacts, source_version: said.source_version, ..known })
        }
        // A file of customers that says nothing of people takes none away.
        (FileOf::Customers, Document::Customer(said)) if ready.document["customer"].get("contacts").is_none() => {
            let contacts = known(work, &said.id).await?.map(|known| known.contacts).unwrap_or_default();
            Document::Customer(domain::Customer { contacts, ..said })
        }
        (_, document) => document,
    };
    // A customer who is described beside an invoice, without a version, only comes to be known.
    let units = match &document {
        Document::Invoice { customer: CustomerRef::Full(_), .. } => UNITS_EACH * 2,
        Document::Customer(_)
        | Document::Invoice { .. }
        | Document::Payment { .. }
        | Document::Reversal(_)
        | Document::Withdrawn(_)
        | Document::Heartbeat(_) => UNITS_EACH,
    };
    work.pace.take(units).await;
    // What stood against somebody who was erased stands again before anything names them.
    work.vault.honour_erased(work.tenant, std::slice::from_ref(&document), now).await?;
    match work.store.apply_read(work.tenant, SOURCE, &[document], now).await {
        Ok(applied) => Ok(Ok(applied.outcome)),
        Err(store::Error::Refused { why, .. }) => Ok(Err(wrong(why))),
        Err(error) => Err(error.into()),
    }
}

/// A customer as its source describes it.
async fn known(work: &Work<'_>, customer: &CustomerId) -> anyhow::Result<Option<domain::Customer>> {
    match work.store.head(work.tenant, customer).await? {
        // What people entered is no word of a source, and stays beside it.
        Some(head) => Ok(Some(work.store.facts(work.tenant, &head).await?.described().clone())),
        None => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slow_pace_applies_fewer_documents_at_a_time() {
        for (per_second, expected) in [(1, 1), (20, 6), (100, 31), (1_000, 312), (100_000, OF_A_PART), (u32::MAX, OF_A_PART)] {
            assert_eq!(documents_at_a_time(per_second), expected, "{per_second}");
        }
    }

    #[test]
    fn a_checkpoint_of_before_begins_its_part() {
        let before = json!({
            "found": {}, "parts": 3, "applied_parts": 1, "applied": 500, "known": 0, "refused_lines": 0, "refused": [],
            "wrong_key": null,
        });
        let kept: Kept = serde_json::from_value(before).expect("it reads");
        assert_eq!((kept.applied_parts, kept.applied_of_part), (1, 0));
    }
}
