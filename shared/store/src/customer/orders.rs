//! Orders: what people told Dunlin to do, until a decision has used it up.

use std::collections::BTreeSet;

use domain::{CustomerId, InvoiceId, Order, TenantId};
use jiff::Timestamp;

use crate::{
    Head, Result, Store,
    table::{
        attributes::{
            document::{DOC, REVISION},
            every::CHASE,
            fact,
        },
        change::{Change, absent, present, put},
        db::{Row, millis, n, row_of, s, to_json},
        keys::{self, Key},
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
            named.chain([put(self, &key, row.clone())]).collect()
        };
        self.write_facts("give an order about", tenant, customer, now, facts).await
    }
}
