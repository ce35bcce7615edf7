//! Fills the book of a training tenant with customers that nobody is: what `training_book.json` describes, as of the day on which the job was asked
//! for. Days stand in it as `D-12`, twelve days before that day. Every address ends in `.example`, where no mail arrives.
//!
//! The documents have fixed versions: a book that is filled again stays as it is, and what went on in it stays.

use domain::calendar::tenant_zone;
use futures::{FutureExt, future::BoxFuture};
use jiff::{ToSpan, civil::Date};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use service::jobs::{asked::TrainingBookAsked, checked};
use store::{AppliedOutcome, Job, JobEnd};

use crate::work::{KindOfJob, SliceEnd, Work};

/// The kind.
pub struct TrainingBook;

/// The source that the documents are of.
const SOURCE: &str = "training";
/// The book: an array of canonical documents.
const BOOK: &str = include_str!("training_book.json");
/// Write units that a document is reckoned with.
const UNITS_EACH: u32 = 32;

/// What is kept between slices.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Kept {
    /// Documents that are taken.
    taken: usize,
    applied: u64,
    known: u64,
}

impl KindOfJob for TrainingBook {
    fn name(&self) -> &'static str {
        "training_book"
    }

    fn slice<'a>(&'a self, work: &'a Work<'a>, job: &'a mut Job) -> BoxFuture<'a, anyhow::Result<SliceEnd>> {
        slice(work, job).boxed()
    }
}

async fn slice(work: &Work<'_>, job: &mut Job) -> anyhow::Result<SliceEnd> {
    if let Err((pointer, detail)) = checked::read::<TrainingBookAsked>(&job.args) {
        return Ok(SliceEnd::Refused(format!("{pointer}: {detail}")));
    }
    let settings = work.store.settings(work.tenant).await?.map(|settings| settings.value);
    let Some(settings) = settings.filter(|settings| settings.training) else {
        let why = "the tenant is none for training: only one that is made with \"training\": true in its first settings gets made-up customers";
        return Ok(SliceEnd::Refused(why.to_owned()));
    };
    let mut kept: Kept = serde_json::from_value(job.checkpoint.clone()).unwrap_or_default();
    let documents = as_of(job.asked_at.to_zoned(tenant_zone(&settings)).date())?;
    job.total = Some(u64::try_from(documents.len())?);
    for document in documents.iter().skip(kept.taken) {
        if work.is_over() {
            return Ok(SliceEnd::More);
        }
        let now = work.now();
        let read = connectors::canonical::read_as(work.tenant, SOURCE, document.to_string().as_bytes(), now);
        let document =
            read.map_err(|rejected| anyhow::anyhow!("the training book has a wrong document: {:?}", rejected.errors))?;
        work.pace.take(UNITS_EACH).await;
        work.vault.honour_erased(work.tenant, std::slice::from_ref(&document), now).await?;
        match work.store.apply_read(work.tenant, SOURCE, &[document], now).await?.outcome {
            AppliedOutcome::Applied => kept.applied += 1,
            AppliedOutcome::Duplicate | AppliedOutcome::Stale => kept.known += 1,
        }
        kept.taken += 1;
        job.done = u64::try_from(kept.taken)?;
        job.checkpoint = serde_json::to_value(&kept)?;
        if !work.note(job).await? {
            return Ok(SliceEnd::Lost);
        }
    }
    let result = json!({ "documents": kept.taken, "applied": kept.applied, "known": kept.known, "source": SOURCE });
    Ok(SliceEnd::Done(JobEnd { result, done: job.done, ..JobEnd::default() }))
}

/// The documents of the book as of a day.
fn as_of(today: Date) -> anyhow::Result<Vec<Value>> {
    let mut documents: Vec<Value> = serde_json::from_str(BOOK)?;
    for document in &mut documents {
        put_days(document, today)?;
    }
    Ok(documents)
}

/// Puts dates in the place of days that are counted from `today`.
fn put_days(value: &mut Value, today: Date) -> anyhow::Result<()> {
    match value {
        Value::String(text) => {
            if let Some(days) = days_of(text) {
                *text = today.checked_add(days.days())?.to_string();
            }
        }
        Value::Array(all) => {
            for each in all {
                put_days(each, today)?;
            }
        }
        Value::Object(all) => {
            for (_, each) in all.iter_mut() {
                put_days(each, today)?;
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
    Ok(())
}

/// How many days from today a text such as `D-12` means.
fn days_of(text: &str) -> Option<i64> {
    let rest = text.strip_prefix('D')?;
    rest.starts_with(['+', '-']).then(|| rest.parse().ok())?
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test says by panicking that it failed")]

    use domain::{Document, TenantId};

    use super::*;

    #[test]
    fn every_document_is_right_on_any_day_and_no_address_leads_anywhere() {
        let tenant = TenantId::parse("acme").unwrap();
        for day in ["2026-02-10", "2026-12-31", "2028-02-29"] {
            let (today, now) = (day.parse::<Date>().unwrap(), format!("{day}T10:00:00Z").parse().unwrap());
            let (mut overdue, mut ahead) = (0, 0);
            let documents = as_of(today).unwrap();
            assert!(documents.len() > 30);
            for said in &documents {
                let read = connectors::canonical::read_as(&tenant, SOURCE, said.to_string().as_bytes(), now);
                match read.unwrap_or_else(|rejected| panic!("{day} {said}: {:?}", rejected.errors)) {
                    Document::Invoice { invoice, .. } => {
                        overdue += usize::from(invoice.due_on < today);
                        ahead += usize::from(invoice.due_on >= today);
                    }
                    Document::Payment { .. } => {}
                    document => panic!("{document:?}"),
                }
                for email in said["customer"]["contacts"].as_array().into_iter().flatten().filter_map(|who| who["email"].as_str())
                {
                    assert!(email.ends_with(".example"), "{email}");
                }
            }
            assert!(overdue > 10 && ahead > 5, "{overdue} {ahead}");
        }
    }

    #[test]
    fn days_are_counted_and_nothing_else_is() {
        for (text, days) in [("D-12", Some(-12)), ("D+0", Some(0)), ("D12", None), ("DE", None), ("D-x", None), ("", None)] {
            assert_eq!(days_of(text), days, "{text}");
        }
    }
}
