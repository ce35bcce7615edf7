//! What an instance remembers of a day's walk that is over, so that the ticks of the rest of the day read nothing of the tenant.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use domain::TenantId;
use jiff::Timestamp;
use store::TenantRow;

/// Until when a walk has nothing to do, by tenant and as of a revision of what it is decided by.
#[derive(Debug, Default)]
pub struct Quiet(Mutex<BTreeMap<TenantId, (u64, Timestamp)>>);

impl Quiet {
    /// Until when there is nothing to do for a tenant; `None` where this instance does not know, and where its settings changed since.
    pub fn until(&self, row: &TenantRow, now: Timestamp) -> Option<Timestamp> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&row.tenant).copied();
        known.filter(|(rev, until)| *rev == row.rev && now < *until).map(|(_, until)| until)
    }

    /// Notes that there is nothing to do for a tenant before an instant.
    pub fn note(&self, row: &TenantRow, until: Timestamp) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(row.tenant.clone(), (row.rev, until));
    }
}
