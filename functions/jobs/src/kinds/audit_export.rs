//! Writes what people did into a file.

use futures::{FutureExt, future::BoxFuture};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use service::{
    audit_export::export_audit,
    jobs::{asked::ExportAsked, checked},
};
use store::{Job, JobEnd};

use crate::work::{KindOfJob, SliceEnd, Work};

/// The kind.
pub struct ExportAudit;

/// The largest file: it is put together in memory.
const BYTES_MAX: usize = 200 * 1024 * 1024;
/// Bytes of a part, from which on the next one begins.
const OF_A_PART: usize = 4 * 1024 * 1024;

/// What is kept between slices.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Kept {
    /// Until when entries are written: those that come while the job runs are of no export.
    until: Option<Timestamp>,
    /// The place to go on behind.
    after: Option<String>,
    /// Whether everything is read.
    is_read: bool,
    lines: usize,
    bytes: usize,
    parts: usize,
}

impl KindOfJob for ExportAudit {
    fn name(&self) -> &'static str {
        "audit_export"
    }

    fn slice<'a>(&'a self, work: &'a Work<'a>, job: &'a mut Job) -> BoxFuture<'a, anyhow::Result<SliceEnd>> {
        slice(work, job).boxed()
    }
}

async fn slice(work: &Work<'_>, job: &mut Job) -> anyhow::Result<SliceEnd> {
    let asked: ExportAsked = match checked::read(&job.args) {
        Ok(asked) => asked,
        Err((pointer, detail)) => return Ok(SliceEnd::Refused(format!("{pointer}: {detail}"))),
    };
    let mut kept: Kept = serde_json::from_value(job.checkpoint.clone()).unwrap_or_default();
    let until = *kept.until.get_or_insert_with(|| asked.until.unwrap_or_else(|| work.now()));
    while !kept.is_read {
        let mut part = Vec::new();
        while !kept.is_read && part.len() < OF_A_PART {
            let span = (asked.from, Some(until));
            let (lines, after) = export_audit(work.store, work.tenant, span, kept.after.take(), &mut part).await?;
            kept.lines += lines;
            kept.is_read = after.is_none();
            kept.after = after;
            if work.is_over() {
                break;
            }
        }
        kept.bytes += part.len();
        if kept.bytes > BYTES_MAX {
            let why = format!("the export has more than {BYTES_MAX} bytes; ask for less at once, with from and until");
            return Ok(SliceEnd::Refused(why));
        }
        work.put_part(&job.id, "lines", kept.parts, &String::from_utf8(part)?).await?;
        kept.parts += 1;
        job.done = u64::try_from(kept.lines)?;
        job.checkpoint = serde_json::to_value(&kept)?;
        if !work.note(job).await? {
            return Ok(SliceEnd::Lost);
        }
        if work.is_over() {
            return Ok(SliceEnd::More);
        }
    }
    let mut file = String::with_capacity(kept.bytes);
    for part in 0..kept.parts {
        file.push_str(&work.part::<String>(&job.id, "lines", part).await?);
    }
    let key = work.put_file(&job.id, "audit.jsonl", "application/x-ndjson", file.into_bytes()).await?;
    Ok(SliceEnd::Done(JobEnd {
        result: json!({ "lines": kept.lines, "bytes": kept.bytes, "from": asked.from, "until": until }),
        result_key: Some(key),
        file_name: Some("audit.jsonl".to_owned()),
        why: None,
        done: job.done,
    }))
}
