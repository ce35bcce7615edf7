//! The stored forms of what documents say.

use domain::{Customer, CustomerId, Invoice, NewTask, OPEN_INVOICES_MAX, SourceVersion, TaskKind};

use serde::Serialize;

use super::plan::Plan;
use crate::{
    customer::facts::FILED_WITH,
    table::{
        db::{Change, Row, millis, n, s, text, to_json},
        keys::{self, Key},
    },
};

/// The attribute of an object that is at another customer now.
const MOVED: &str = "moved";

/// Whether a version is newer than what the table has.
pub(super) fn newer(row: Option<&Row>, version: &SourceVersion) -> bool {
    row.and_then(|row| text(row, "ver")).is_none_or(|known| known < version.sortable().as_str())
}

/// Whether an object of that version takes the item's place. What goes along with another object is as old as it was, and may
/// come back to where its own tombstone is.
pub(super) fn takes_place(row: Option<&Row>, version: &SourceVersion) -> bool {
    let tombstone = row.filter(|row| row.contains_key(MOVED)).and_then(|row| text(row, "ver"));
    newer(row, version) || tombstone.is_some_and(|known| known <= version.sortable().as_str())
}

/// Whether the table has the object there, and not just the tombstone of one that moved away.
pub(super) fn is_there(row: Option<&Row>) -> bool {
    row.is_some_and(|row| !row.contains_key(MOVED))
}

/// Whether the table has the same state of an object, read earlier: the source dates both the same, to the millisecond, and says
/// the same of it. Versions of what was read differ below that by when it was read.
pub(super) fn said_before(row: Option<&Row>, object: &impl Serialize, version: &SourceVersion) -> bool {
    const MILLISECOND: usize = "t2026-01-31T09:00:00.000".len();
    let Some(row) = row else { return false };
    let version = version.sortable();
    let dated_alike = text(row, "ver").is_some_and(|known| known.get(..MILLISECOND) == version.get(..MILLISECOND));
    let without_version = |mut value: serde_json::Value| {
        if let Some(object) = value.as_object_mut() {
            object.remove("source_version");
        }
        value
    };
    let known = text(row, "doc").and_then(|doc| serde_json::from_str(doc).ok()).map(without_version);
    dated_alike && known.is_some() && known == serde_json::to_value(object).ok().map(without_version)
}

impl Plan<'_> {
    /// An object as its newest document says it is. One that `stays` where it was must not have moved away since it was read.
    pub(super) fn object(&self, key: &Key, doc: String, version: &SourceVersion, chase: Option<String>, stays: bool) -> Change {
        let change = Change::of(key.clone())
            .put("doc", s(doc))
            .put("ver", s(version.sortable()))
            .put("seen_at", n(millis(self.now)))
            .add("rev :one")
            .value(":one", n(1))
            .value(":ver", s(version.sortable()));
        let change = if stays {
            change.when(format!("attribute_not_exists({MOVED}) AND (attribute_not_exists(ver) OR ver < :ver)"))
        } else {
            let tombstone = format!("attribute_exists({MOVED}) AND ver <= :ver");
            change.when(format!("attribute_not_exists(ver) OR ver < :ver OR {tombstone}")).drop(MOVED)
        };
        match chase {
            Some(chase) => change.put("chase", s(chase)),
            None => change.drop("chase"),
        }
    }

    /// What stays of an object that moved away: its version, so that older documents are known to be older.
    pub(super) fn tombstone(&self, key: Key, version: &SourceVersion) -> Change {
        let change = Change::of(key)
            .put("ver", s(version.sortable()))
            .put(MOVED, n(1))
            .value(":ver", s(version.sortable()))
            .when("attribute_not_exists(ver) OR ver <= :ver");
        ["doc", "chase", "archived", "folded", "outbox", "seen_at", FILED_WITH].into_iter().fold(change, Change::drop)
    }

    pub(super) fn profile_change(&self, customer: &Customer, stub: bool) -> Change {
        let version = customer.source_version.map_or_else(String::new, |version| version.sortable());
        let change =
            Change::of(keys::profile(self.tenant, &customer.id)).put("doc", s(to_json(customer))).put("ver", s(version.clone()));
        if stub {
            change.put("stub", n(1)).when("attribute_not_exists(pk)")
        } else {
            change.drop("stub").when("attribute_not_exists(pk) OR attribute_exists(stub) OR ver < :ver").value(":ver", s(version))
        }
    }
}

/// Stands in for a customer that a document only names, until its own document comes.
pub(super) fn stub(id: &CustomerId, source: &str) -> Customer {
    Customer {
        id: id.clone(),
        source: source.to_owned(),
        external_id: id.to_string(),
        source_version: None,
        name: id.to_string(),
        kind: None,
        segment: None,
        language: None,
        country: None,
        region: None,
        time_zone: None,
        debt_purpose: None,
        legal_entity: None,
        parent_external_id: None,
        bill_with_parent: false,
        contacts: vec![],
        postal_address: None,
    }
}

pub(super) fn too_many(owner: &CustomerId, invoice: &Invoice) -> NewTask {
    NewTask {
        kind: TaskKind::Document,
        key: format!("too-many:{}", invoice.id),
        title: "A customer has more open invoices than can be chased".to_owned(),
        detail: format!("invoice {} of {owner} was not taken: {OPEN_INVOICES_MAX} are open; split the customer", invoice.id),
        to: None,
        due_on: None,
        step: None,
        currency: Some(invoice.currency),
    }
}
