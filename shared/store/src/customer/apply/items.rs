//! The stored forms of what documents say.

use domain::{Customer, CustomerId, Invoice, NewTask, OPEN_INVOICES_MAX, Payment, PaymentFact, SourceVersion, TaskKind};
use jiff::Timestamp;

use serde::Serialize;

use super::plan::{Plan, newer};
use crate::table::{
    attributes::{
        document::{self, DOC},
        every::CHASE,
        fact, profile,
    },
    change::{Change, absent, at_most, below, no_item, present},
    db::{Row, millis, n, s, text, to_json},
    keys::{self, Key},
};
use crate::{Result, customer::facts::payment_of};

/// Whether an object of that version takes the item's place. What goes along with another object is as old as it was, and may
/// come back to where its own tombstone is.
pub(super) fn takes_place(row: Option<&Row>, version: &SourceVersion) -> bool {
    let tombstone = row.filter(|row| row.contains_key(fact::MOVED)).and_then(|row| text(row, document::VERSION));
    newer(row, version) || tombstone.is_some_and(|known| known <= version.sortable().as_str())
}

/// Whether the table has the object there, and not just the tombstone of one that moved away.
pub(super) fn is_there(row: Option<&Row>) -> bool {
    row.is_some_and(|row| !row.contains_key(fact::MOVED))
}

/// Whether the table has the same state of an object, read earlier: the source dates both the same, to the millisecond, and says
/// the same of it. Versions of what was read differ below that by when it was read.
pub(super) fn said_before(row: Option<&Row>, object: &impl Serialize, version: &SourceVersion) -> bool {
    const MILLISECOND: usize = "t2026-01-31T09:00:00.000".len();
    let Some(row) = row else { return false };
    let version = version.sortable();
    let dated_alike = text(row, document::VERSION).is_some_and(|known| known.get(..MILLISECOND) == version.get(..MILLISECOND));
    let without_version = |mut value: serde_json::Value| {
        if let Some(object) = value.as_object_mut() {
            object.remove("source_version");
        }
        value
    };
    let known = text(row, DOC).and_then(|doc| serde_json::from_str(doc).ok()).map(without_version);
    dated_alike && known.is_some() && known == serde_json::to_value(object).ok().map(without_version)
}

/// What is known of a payment once it is heard of now, by what the table has of it.
pub(super) fn payment_heard(row: Option<&Row>, payment: &Payment, now: Timestamp) -> Result<PaymentFact> {
    let known = row.filter(|row| row.contains_key(DOC)).map(payment_of).transpose()?;
    let heard = PaymentFact::merge(known.as_ref(), payment, now);
    // What comes along with something else stays as it is.
    Ok(heard.or(known).unwrap_or_else(|| PaymentFact {
        archived: Default::default(),
        payment: payment.clone(),
        recorded_at: now,
        received_before: None,
    }))
}

/// Says what a payment was when it was last received, where it is not now.
pub(super) fn with_received(change: Change, fact: &PaymentFact) -> Change {
    match &fact.received_before {
        Some(before) => change.put(fact::RECEIVED_BEFORE, s(to_json(before))),
        None => change.drop(fact::RECEIVED_BEFORE),
    }
}

impl Plan<'_> {
    /// An object as its newest document says it is. One that `stays` where it was must not have moved away since it was read.
    pub(super) fn object(&self, key: &Key, doc: String, version: &SourceVersion, chase: Option<String>, stays: bool) -> Change {
        let change = Change::of(key.clone())
            .put(DOC, s(doc))
            .put(document::VERSION, s(version.sortable()))
            .put(fact::SEEN_AT, n(millis(self.now)))
            .put(fact::BY, s(self.origin.source()))
            .add(document::REVISION, n(1));
        let older = absent(document::VERSION).or(below(document::VERSION, s(version.sortable())));
        let change = if stays {
            change.when(absent(fact::MOVED).and(older))
        } else {
            let tombstone = present(fact::MOVED).and(at_most(document::VERSION, s(version.sortable())));
            change.when(older.or(tombstone)).drop(fact::MOVED)
        };
        match chase {
            Some(chase) => change.put(CHASE, s(chase)),
            None => change.drop(CHASE),
        }
    }

    /// What stays of an object that moved away: its version, so that older documents are known to be older.
    pub(super) fn tombstone(&self, key: Key, version: &SourceVersion) -> Change {
        let change = Change::of(key)
            .put(document::VERSION, s(version.sortable()))
            .put(fact::MOVED, n(1))
            .when(absent(document::VERSION).or(at_most(document::VERSION, s(version.sortable()))));
        [DOC, CHASE, fact::ARCHIVED, fact::FOLDED, fact::SEEN_AT, fact::BY, fact::FILED_WITH, fact::LINES, fact::RECEIVED_BEFORE]
            .into_iter()
            .fold(change, Change::drop)
    }

    pub(super) fn profile_change(&self, customer: &Customer, stub: bool) -> Change {
        let version = customer.source_version.map_or_else(String::new, |version| version.sortable());
        let key = keys::profile(self.tenant, &customer.id);
        let change = Change::of(key.clone())
            .put(CHASE, s(keys::beside_profile(&key.sk)))
            .put(DOC, s(to_json(customer)))
            .put(document::VERSION, s(version.clone()))
            .put(fact::SEEN_AT, n(millis(self.now)));
        if stub {
            change.put(profile::STUB, n(1)).when(no_item())
        } else {
            change.drop(profile::STUB).when(no_item().or(present(profile::STUB)).or(below(document::VERSION, s(version))))
        }
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
        case: None,
    }
}
