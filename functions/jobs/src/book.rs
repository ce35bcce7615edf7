//! A tenant's customers who owe something, read in pages.
//!
//! Who they are is read first and at once, by keys alone: while facts are read customers move within the index of what is due, and a walk
//! along it could pass over one that moves.

use domain::{CustomerId, Facts, JobId};
use store::{Head, TenantRow};

use crate::work::Work;

/// Customers whose facts are read together.
pub const TOGETHER: usize = 50;
/// Keys of a page.
const KEYS: u32 = 1_000;

/// Lists who owes something; says how many.
///
/// # Errors
///
/// Those of the table and the bucket.
pub async fn list(work: &Work<'_>, job: &JobId, row: &TenantRow) -> anyhow::Result<Vec<CustomerId>> {
    let mut all: Vec<CustomerId> = Vec::new();
    for shard in 0..row.shards {
        let mut after = None;
        loop {
            let page = work.store.due(work.tenant, shard, None, KEYS, after.as_deref()).await?;
            all.extend(page.entries.into_iter().map(|entry| entry.customer));
            after = page.after;
            if after.is_none() {
                break;
            }
        }
    }
    all.sort_unstable();
    all.dedup();
    work.put_part(job, "customers", 0, &all).await?;
    Ok(all)
}

/// Who was listed.
///
/// # Errors
///
/// Those of the bucket.
pub async fn listed(work: &Work<'_>, job: &JobId) -> anyhow::Result<Vec<CustomerId>> {
    work.part(job, "customers", 0).await
}

/// The heads and facts of some customers; one that does not read is left out, and counted.
///
/// # Errors
///
/// Those of the table.
pub async fn read(work: &Work<'_>, customers: &[CustomerId]) -> anyhow::Result<(Vec<(Head, Facts)>, u64)> {
    let heads: Vec<_> = work.store.heads(work.tenant, customers).await?.into_values().collect();
    let (mut good, mut unreadable) = (Vec::new(), 0);
    for head in heads {
        match head {
            Ok(head) => good.push(head),
            Err(store::Error::Corrupt { .. }) => unreadable += 1,
            Err(error) => return Err(error.into()),
        }
    }
    let refs: Vec<&Head> = good.iter().collect();
    let facts = work.store.facts_of(work.tenant, &refs).await?;
    let mut read = Vec::with_capacity(good.len());
    for (head, facts) in good.into_iter().zip(facts) {
        match facts {
            Ok(facts) => read.push((head, facts)),
            Err(store::Error::Corrupt { .. }) => unreadable += 1,
            Err(error) => return Err(error.into()),
        }
    }
    Ok((read, unreadable))
}
