//! The daily record of a tenant: what was counted of the day before, and whether the gate gives the right answers.

use domain::{TenantId, self_test};
use jiff::{Timestamp, ToSpan};
use store::{ChainWalk, DailyCounts, DailyRecord, SelfTested, Store};

/// Writes down that the tenant's day was looked after. A wrong answer of the gate is an error in the log and a figure that rings an alarm.
///
/// # Errors
///
/// Those of the table.
pub async fn record_day(store: &Store, tenant: &TenantId, walk: &ChainWalk, now: Timestamp) -> store::Result<()> {
    let self_test: Vec<SelfTested> = self_test::run()
        .into_iter()
        .map(|test| {
            // What was found where it was right is in the name: so a record stays under 1 KB.
            let found = if test.passed { String::new() } else { test.found };
            SelfTested { name: test.name.to_owned(), passed: test.passed, found }
        })
        .collect();
    let wrong = self_test.iter().filter(|test| !test.passed).count();
    for test in self_test.iter().filter(|test| !test.passed) {
        tracing::error!(name = test.name, found = test.found, "the gate gave a wrong answer to its self-test: stop every tenant");
    }
    let failed = u64::try_from(wrong).unwrap_or(u64::MAX);
    kit::metrics::emit(now, &[("function", "read-model")], &[("self_tests_failed", failed)]);
    let before = walk.on.checked_sub(1.day()).unwrap_or(walk.on);
    let counts = DailyCounts {
        chains_checked: walk.checked,
        chains_broken: walk.broken,
        retired: walk.retired,
        forgotten: walk.forgotten,
        ..store.count_day(tenant, before).await?
    };
    store.put_daily(tenant, &DailyRecord { on: walk.on, at: now, counts, self_test }).await
}
