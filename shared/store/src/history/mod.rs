//! History: a version of each changed fact, appended as the stream tells of the change.
//!
//! A version lies under the partition of its item with `#V` behind it, in the order of the stream, and holds the item's attributes as they
//! were, but for those that only say where the item stands among others ([`UNSAID`]). It is written once: the same record again, late or in
//! another order, finds it there. What a fact is, [`VERSIONED`] says: one line a kind. The head is not versioned: what it held at an instant
//! follows from the records. What a version says of people is sealed under a key of each (`sealed`); records hold ids, never names or
//! addresses.

mod as_of;
mod messages;
mod past;
mod person;
mod sealed;
mod write;

pub use as_of::{AsOf, Basis, Gap};
pub use messages::MessageAsOf;
pub(crate) use past::pack_inputs;
pub use sealed::{Kept, Whose};
pub use write::{NewVersion, Seen};

use crate::table::{
    attributes::{
        document,
        every::{CHASE, DUE_PK, DUE_SK, EXPIRES_AT, PK, SK},
        fact, settings,
    },
    db::Row,
};

/// What sort keys of facts begin with, up to the first `#`; and the attributes that are told of where that is not all of them.
pub(crate) const VERSIONED: [(&str, &[&str]); 11] = [
    ("INV", &[]),
    ("PAY", &[]),
    ("REV", &[]),
    ("SHARED", &[]),
    // The profile, and what lies beside it: agreements, charges, orders, open work.
    ("PROFILE", &[]),
    ("ADR", &[]),
    ("SETTINGS", &[]),
    ("BREAKER", &[]),
    ("WF", &[]),
    // The text is in a body of its own.
    ("TPL", &[crate::table::attributes::pointer::VERSION]),
    ("HEARD", &[]),
];

/// Attributes that say nothing of the fact: its key, what it is filed or folded with, and counters of writes.
const UNSAID: [&str; 13] = [
    PK,
    SK,
    CHASE,
    DUE_PK,
    DUE_SK,
    EXPIRES_AT,
    document::REVISION,
    fact::SEEN_AT,
    fact::BY,
    fact::ARCHIVED,
    fact::FOLDED,
    fact::FILED_WITH,
    settings::POLICY_REVISION,
];

/// What an item says as a fact: `None` when it is none.
pub(crate) fn said(sk: &str, item: &Row) -> Option<Row> {
    let kind = sk.split_once('#').map_or(sk, |(kind, _)| kind);
    let (_, told) = VERSIONED.iter().find(|(known, _)| *known == kind)?;
    let is_told = |name: &str| !UNSAID.contains(&name) && (told.is_empty() || told.contains(&name));
    let mut said: Row =
        item.iter().filter(|(name, _)| is_told(name)).map(|(name, value)| (name.clone(), value.clone())).collect();
    if kind == "ADR" {
        only_suppression(&mut said);
    }
    Some(said)
}

/// Of an address, whether it must not be used. When its owner was contacted follows from the records.
fn only_suppression(said: &mut Row) {
    let fact = crate::table::db::json::<domain::AddressFact>(said, document::DOC).unwrap_or_default();
    said.clear();
    if fact.suppressed.is_some() {
        let bare = fact;
        said.insert(document::DOC.to_owned(), crate::table::db::s(crate::table::db::to_json(&bare)));
    }
}
