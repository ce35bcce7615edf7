//! Keys of long work.

use domain::{JobId, TenantId};

use super::Key;

/// What the sort keys of jobs begin with: the stream's filter passes them.
pub(crate) const JOBS: &str = "JOB#";

/// The partition of long work.
pub(crate) fn jobs_of(t: &TenantId) -> String {
    format!("T#{t}#JOBS")
}

pub(crate) fn job(t: &TenantId, id: &JobId) -> Key {
    Key::new(jobs_of(t), format!("{JOBS}{id}"))
}

/// Reads the tenant back from the partition of its jobs.
pub(crate) fn parse_jobs(pk: &str) -> Option<TenantId> {
    TenantId::parse(pk.strip_prefix("T#")?.strip_suffix("#JOBS")?).ok()
}
