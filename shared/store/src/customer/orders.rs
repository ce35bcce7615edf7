//! Orders: what people told Dunlin to do, until a decision has used it up.

use std::collections::BTreeSet;

use domain::{CustomerId, InvoiceId, Order, OrderId, TenantId};
use jiff::Timestamp;

use crate::{
    Head, Result, Store,
    customer::{
        agreements::referred,
        head::{Wake, bump},
    },
    table::{
        attributes::{
            document::{DOC, REVISION},
            every::CHASE,
            fact,
        },
        change::{Change, absent, present, put, some_item},
        db::{Row, Transacted, json, millis, n, row_of, s, to_json},
        keys::{self, Key},
        retry::{ATTEMPTS, Tries},
    },
};

/// Most invoices of an order that are looked at when it is given.
const INVOICES_MAX: usize = 20;

pub(crate) fn order_row(tenant: &TenantId, customer: &CustomerId, order: &Order) -> (Key, Row) {
    let key = keys::order(tenant, customer, &order.id);
    let row = row_of([
        (DOC, s(to_json(order))),
        (fact::SEEN_AT, n(millis(order.given_at))),
        (fact::BY, s(order.by.clone())),
        (CHASE, s(keys::beside_profile(&key.sk))),
    ]);
    (key, row)
}

impl Store {
    /// Gives an order, or replaces the one of that id; the customer is decided again.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`](crate::Error::Refused) when there is no such customer, [`Error::Conflict`](crate::Error::Conflict) when an invoice
    /// of it moved away; those of writing.
    pub async fn put_order(&self, tenant: &TenantId, customer: &CustomerId, order: &Order, now: Timestamp) -> Result<()> {
        let (key, row) = order_row(tenant, customer, order);
        let named: BTreeSet<&InvoiceId> = order.steps.iter().filter_map(|step| step.item.invoice()).collect();
        // The invoices are written, so that a move that looked before for what goes along fails, and must still be there.
        let stays = |invoice: &&InvoiceId| {
            let change = Change::of(keys::invoice(tenant, customer, invoice)).add(REVISION, n(1));
            change.when(present(DOC).and(absent(fact::MOVED))).update(self)
        };
        let facts = |_: &Head| {
            let named = named.iter().take(INVOICES_MAX).map(stays);
            let order_found = referred(tenant, order.id.as_str(), customer).update(self);
            named.chain([put(self, &key, row.clone()), order_found]).collect()
        };
        self.write_facts("give an order about", tenant, customer, now, facts).await
    }

    /// An order that waits for its decision.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn order(&self, tenant: &TenantId, customer: &CustomerId, id: &OrderId) -> Result<Option<Order>> {
        let row = self.read("read an order about", &keys::order(tenant, customer, id), true).await?;
        row.as_ref().map(|row| json(row, DOC)).transpose()
    }

    /// Takes an order back; the customer is decided again. False when none of that id waits: a decision has used it up.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn withdraw_order(&self, tenant: &TenantId, customer: &CustomerId, id: &OrderId, now: Timestamp) -> Result<bool> {
        const OP: &str = "take back an order about";
        let mut tries = Tries::new(ATTEMPTS, OP, id.as_str());
        loop {
            tries.again()?;
            if self.order(tenant, customer, id).await?.is_none() {
                return Ok(false);
            }
            let head = self.must_head(tenant, customer).await?;
            let wake = Wake::of(Some(&head), customer, 1, now);
            let gone = Change::of(keys::order(tenant, customer, id)).when(some_item()).delete(self);
            let actions = vec![gone, bump(tenant, customer, &wake, now).update(self)];
            if let Transacted::Done = self.transact(OP, id.as_str(), actions).await? {
                return Ok(true);
            }
        }
    }
}
