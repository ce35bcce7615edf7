//! Effects and wake-ups as transactions: one where it all fits, else in an order that may be broken off and done again.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::{CustomerId, LastContact, TenantId};
use jiff::Timestamp;

use crate::{
    Head, Store,
    customer::head::{Wake, bump},
    table::{
        attributes::{
            every::{PK, SK},
            head, pending,
        },
        change::{Change, absent, at_most, is},
        db::{ACTIONS_MAX, millis, n, s, text},
        keys::Key,
    },
};

/// Writes that belong together, and what they change for whom.
#[derive(Default)]
pub(super) struct Unit {
    pub(super) actions: Vec<TransactWriteItem>,
    /// The customers whose facts change.
    pub(super) touches: Vec<CustomerId>,
    /// By how many a customer's open invoices become more.
    pub(super) invoices: Vec<(CustomerId, i64)>,
    /// Heads on which nobody may have decided, claimed, settled or written facts since they were read.
    pub(super) unchanged: Vec<Head>,
    /// The last contacts that come along to a customer: the later ones count.
    pub(super) contacts: Vec<(CustomerId, LastContact)>,
    /// Whether it writes what a unit before it writes too, so that the two need transactions of their own.
    pub(super) apart: bool,
}

impl Unit {
    /// A write that belongs to no other and changes no customer's facts.
    pub(super) fn of(action: TransactWriteItem) -> Self {
        Self { actions: vec![action], ..Self::default() }
    }
}

/// A write of a head that fails when somebody decided, claimed or settled since it was read.
fn as_read(change: Change, read: &Head) -> Change {
    let same = change.when(is(head::DECISION, n(read.decision))).when(is(head::TIP, s(read.tip.clone())));
    read.pending.iter().fold(same, |change, (id, entry)| {
        change.when(is(pending::of(id, pending::STATUS), pending::status(entry.message.status)))
    })
}

/// The item that an action writes or looks at.
fn key_of(action: &TransactWriteItem) -> Option<Key> {
    let update = action.update().map(|update| update.key());
    let put = action.put().map(|put| put.item());
    let delete = action.delete().map(|delete| delete.key());
    let check = action.condition_check().map(|check| check.key());
    let row = update.or(put).or(delete).or(check)?;
    Some(Key { pk: text(row, PK)?.to_owned(), sk: text(row, SK)?.to_owned() })
}

/// Transactions in the making.
pub(super) struct Batches<'a> {
    pub(super) store: &'a Store,
    pub(super) tenant: &'a TenantId,
    pub(super) now: Timestamp,
    pub(super) heads: BTreeMap<CustomerId, Head>,
    pub(super) shards: u8,
    done: Vec<Vec<TransactWriteItem>>,
    actions: Vec<TransactWriteItem>,
    /// By how many the open invoices of each customer whose facts change become more.
    touched: BTreeMap<CustomerId, i64>,
    woken: BTreeSet<CustomerId>,
    unchanged: BTreeMap<CustomerId, Head>,
    contacts: BTreeMap<CustomerId, LastContact>,
}

impl<'a> Batches<'a> {
    pub(super) fn new(
        store: &'a Store,
        tenant: &'a TenantId,
        now: Timestamp,
        heads: BTreeMap<CustomerId, Head>,
        shards: u8,
    ) -> Self {
        Self {
            store,
            tenant,
            now,
            heads,
            shards,
            done: vec![],
            actions: vec![],
            touched: BTreeMap::new(),
            woken: BTreeSet::new(),
            unchanged: BTreeMap::new(),
            contacts: BTreeMap::new(),
        }
    }

    pub(super) fn add(&mut self, unit: Unit) {
        let more = unit.touches.iter().filter(|customer| !self.touched.contains_key(customer));
        let heads = self.touched.len() + more.collect::<BTreeSet<_>>().len();
        // The receipt comes on top.
        if unit.apart || self.actions.len() + unit.actions.len() + heads + 1 > ACTIONS_MAX {
            self.close();
        }
        self.actions.extend(unit.actions);
        for customer in unit.touches {
            self.touched.entry(customer).or_default();
        }
        for head in unit.unchanged {
            // Of what was read at several moments the first counts.
            let known = self.unchanged.entry(head.customer.clone()).or_insert_with(|| head.clone());
            if head.version < known.version {
                *known = head;
            }
        }
        for (customer, contact) in unit.contacts {
            let known = self.contacts.entry(customer).or_default();
            *known = LastContact { live: known.live.max(contact.live), shadow: known.shadow.max(contact.shadow) };
        }
        for (customer, more) in unit.invoices {
            *self.touched.entry(customer).or_default() += more;
        }
    }

    /// How many further actions the transaction in the making takes, if it is the first.
    pub(super) fn room(&self) -> usize {
        if self.done.is_empty() { ACTIONS_MAX.saturating_sub(self.actions.len() + 1) } else { 0 }
    }

    /// Whether the transaction in the making takes so many further actions, with the heads of their customers.
    pub(super) fn fits(&self, actions: usize, customers: usize) -> bool {
        self.actions.len() + self.touched.len() + actions + customers < ACTIONS_MAX
    }

    /// The items that the transaction in the making writes or looks at.
    pub(super) fn written(&self) -> BTreeSet<Key> {
        self.actions.iter().filter_map(key_of).collect()
    }

    /// Ends a transaction: each customer whose facts it changes is woken by it, once.
    pub(super) fn close(&mut self) {
        let mut batch = std::mem::take(&mut self.actions);
        for (customer, more) in std::mem::take(&mut self.touched) {
            let wake = self.wake(&customer);
            let mut change = bump(self.tenant, &customer, &wake, self.now);
            if more != 0 {
                change = change.add(head::OPEN_INVOICES, n(more));
            }
            if let Some(head) = self.unchanged.remove(&customer) {
                change = as_read(change, &head);
                // What goes along is as it was read, unless a transaction before this one wrote it itself.
                if !self.woken.contains(&customer) {
                    change = change.when(is(head::VERSION, n(head.version)));
                }
            }
            if let Some(contact) = self.contacts.remove(&customer) {
                let last = |at: Option<Timestamp>, known: fn(&LastContact) -> Option<Timestamp>| {
                    at.filter(|at| {
                        self.heads.get(&customer).and_then(|head| known(&head.last_contact)).is_none_or(|last| last < *at)
                    })
                };
                for (name, at) in [
                    (head::LAST_LIVE, last(contact.live, |known| known.live)),
                    (head::LAST_SHADOW, last(contact.shadow, |known| known.shadow)),
                ] {
                    if let Some(at) = at {
                        let older = absent(name).or(at_most(name, n(millis(at))));
                        change = change.when(older).put(name, n(millis(at)));
                    }
                }
            }
            batch.push(change.update(self.store));
            self.woken.insert(customer);
        }
        if !batch.is_empty() {
            self.done.push(batch);
        }
    }

    fn wake(&self, customer: &CustomerId) -> Wake {
        let head = self.heads.get(customer);
        match Wake::of(head, customer, self.shards, self.now) {
            // A transaction before this one made the head, or moved its due moment, which a sweep may have moved on since.
            Wake::Create { shard } if self.woken.contains(customer) => Wake::Now { shard, backoff_until: None },
            Wake::DueAlready { .. } if self.woken.contains(customer) => {
                Wake::Now { shard: head.map_or(0, |head| head.shard), backoff_until: head.and_then(|head| head.backoff_until) }
            }
            wake => wake,
        }
    }

    /// The transactions, the receipt with the last: until then the event counts as unseen and may be applied again.
    pub(super) fn finish(mut self, receipt: Option<TransactWriteItem>) -> Vec<Vec<TransactWriteItem>> {
        self.close();
        match (self.done.last_mut(), receipt) {
            (Some(last), receipt) => last.extend(receipt),
            (None, Some(receipt)) => self.done.push(vec![receipt]),
            (None, None) => {}
        }
        self.done
    }
}
