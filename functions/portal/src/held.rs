//! What was made a moment ago: whoever has a link may ask for its pages as often as they like, and what they show is read once a minute at most
//! while nothing changes. A tenant's settings are held for as long as they stand.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Mutex, PoisonError},
};

use domain::{CustomerId, Settings, TenantId};
use jiff::{SignedDuration, Timestamp};
use store::AddressId;

use crate::page::PortalPage;

/// How long a page is held.
const HELD_FOR: SignedDuration = SignedDuration::from_secs(60);
/// Pages that are held at most.
const HELD_MAX: usize = 40;
/// Tenants whose settings are held at most.
const SETTINGS_MAX: usize = 20;

/// What a page was made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MadeFrom {
    /// The version of the customer's head, which every fact moves.
    pub head: u64,
    /// The number of its last decision, which says what is owed.
    pub decision: u64,
    /// The revision of the tenant's registry row, which every setting moves.
    pub tenant: u64,
}

/// Which page of whom.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PageOf {
    /// Whose customer.
    pub tenant: TenantId,
    /// Whose page.
    pub customer: CustomerId,
    /// By which link: pages lead to one another by it.
    pub link: domain::LinkId,
    /// Which page, in a word of its own.
    pub page: String,
}

/// What this environment holds.
#[derive(Debug, Default)]
pub struct HeldPages {
    pages: Mutex<HashMap<PageOf, Made>>,
    settings: Mutex<HashMap<TenantId, (u64, Settings)>>,
}

/// A page, and whose links open it.
#[derive(Clone, Debug)]
pub struct HeldPage {
    /// The page.
    pub page: PortalPage,
    /// The addresses of the customer's people, as far as they were read for it.
    pub addresses: BTreeSet<AddressId>,
}

/// A page: what it was made from, when, and itself.
type Made = (MadeFrom, Timestamp, HeldPage);

impl HeldPages {
    /// A page, if it was made from the same and lately.
    pub fn page(&self, which: &PageOf, from: &MadeFrom, now: Timestamp) -> Option<HeldPage> {
        let held = self.pages.lock().unwrap_or_else(PoisonError::into_inner);
        // A clock that was set back makes nothing young again.
        let young = |at: &Timestamp| now.duration_since(*at).abs() < HELD_FOR;
        held.get(which).filter(|(made, at, _)| made == from && young(at)).map(|(_, _, page)| page.clone())
    }

    /// Holds a page; a large one by itself.
    pub fn hold(&self, which: PageOf, from: MadeFrom, now: Timestamp, page: &HeldPage) {
        let mut held = self.pages.lock().unwrap_or_else(PoisonError::into_inner);
        if held.len() >= HELD_MAX || page.page.is_large() {
            held.clear();
        }
        held.retain(|_, (_, _, made)| !made.page.is_large());
        held.insert(which, (from, now, page.clone()));
    }

    /// A tenant's settings of a revision of its registry row.
    pub fn settings(&self, tenant: &TenantId, rev: u64) -> Option<Settings> {
        let held = self.settings.lock().unwrap_or_else(PoisonError::into_inner);
        held.get(tenant).filter(|(known, _)| *known == rev).map(|(_, settings)| settings.clone())
    }

    /// Holds them.
    pub fn hold_settings(&self, tenant: TenantId, rev: u64, settings: Settings) {
        let mut held = self.settings.lock().unwrap_or_else(PoisonError::into_inner);
        if held.len() >= SETTINGS_MAX && !held.contains_key(&tenant) {
            held.clear();
        }
        held.insert(tenant, (rev, settings));
    }
}
