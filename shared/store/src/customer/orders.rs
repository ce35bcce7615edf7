//! Orders: what people told Dunlin to do, until a decision has used it up.

use domain::{CustomerId, Order, TenantId};
use jiff::Timestamp;

use crate::{
    Head, Result, Store,
    table::{
        attributes::{document::DOC, every::CHASE, fact},
        change::put,
        db::{Row, millis, n, row_of, s, to_json},
        keys::{self, Key},
    },
};

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
    /// [`Error::Refused`](crate::Error::Refused) when there is no such customer; those of writing.
    pub async fn put_order(&self, tenant: &TenantId, customer: &CustomerId, order: &Order, now: Timestamp) -> Result<()> {
        let (key, row) = order_row(tenant, customer, order);
        let facts = |_: &Head| vec![put(self, &key, row.clone())];
        self.write_facts("give an order about", tenant, customer, now, facts).await
    }
}
