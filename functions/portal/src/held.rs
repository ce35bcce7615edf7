//! Pages that were made a moment ago: whoever has a link may ask for its page as often as they like, and what it shows is read once a minute
//! at most while nothing changes.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Mutex, PoisonError},
};

use domain::{CustomerId, TenantId};
use jiff::{SignedDuration, Timestamp};
use store::AddressId;

use crate::page::PortalPage;

/// How long a page is held.
const HELD_FOR: SignedDuration = SignedDuration::from_secs(60);
/// Pages that are held at most.
const HELD_MAX: usize = 20;

/// What a page was made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MadeFrom {
    /// The version of the customer's head, which every fact moves.
    pub head: u64,
    /// The revision of the tenant's registry row, which every setting moves.
    pub tenant: u64,
}

/// The statements that this environment holds.
#[derive(Debug, Default)]
pub struct HeldPages(Mutex<HashMap<(TenantId, CustomerId), Made>>);

/// A page, and whose links open it.
#[derive(Clone, Debug)]
pub struct HeldPage {
    /// The page.
    pub page: PortalPage,
    /// The addresses of the customer's people.
    pub addresses: BTreeSet<AddressId>,
}

/// A page: what it was made from, when, and itself.
type Made = (MadeFrom, Timestamp, HeldPage);

impl HeldPages {
    /// The page of a customer, if it was made from the same and lately.
    pub fn page(&self, whose: &(TenantId, CustomerId), from: &MadeFrom, now: Timestamp) -> Option<HeldPage> {
        let held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // A clock that was set back makes nothing young again.
        let young = |at: &Timestamp| now.duration_since(*at).abs() < HELD_FOR;
        held.get(whose).filter(|(made, at, _)| made == from && young(at)).map(|(_, _, page)| page.clone())
    }

    /// Holds a page.
    pub fn hold(&self, whose: (TenantId, CustomerId), from: MadeFrom, now: Timestamp, page: &HeldPage) {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if held.len() >= HELD_MAX {
            held.clear();
        }
        held.insert(whose, (from, now, page.clone()));
    }
}
