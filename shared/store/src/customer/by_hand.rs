//! What people entered of customers.

use domain::{ByHand, CustomerId, TenantId};
use jiff::Timestamp;

use crate::{
    Error, Result, Store,
    customer::head::{Wake, bump},
    table::{
        attributes::{
            document::{self, DOC},
            every::CHASE,
            fact,
        },
        change::{Change, is, no_item},
        db::{Transacted, json, millis, n, number, s, to_json},
        keys,
        retry::{ATTEMPTS, Tries},
    },
};

/// What people entered of a customer, and how often that was written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoredByHand {
    /// What is entered.
    pub by_hand: ByHand,
    /// The writes, from 1; 0 while nothing was ever entered.
    pub rev: u64,
}

impl Store {
    /// What people entered of a customer; nothing where there is no such customer either.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn by_hand(&self, tenant: &TenantId, customer: &CustomerId) -> Result<StoredByHand> {
        let row = self.read("read what was entered of", &keys::by_hand(tenant, customer), true).await?;
        let Some(row) = row else { return Ok(StoredByHand::default()) };
        Ok(StoredByHand { by_hand: json(&row, DOC)?, rev: number(&row, document::REVISION).unwrap_or(0) })
    }

    /// Stores what people entered of a customer, all of it, over the revision that it was made from; the customer is decided again. The
    /// revision that it has now.
    ///
    /// # Errors
    ///
    /// [`Error::Conflict`] when it changed meanwhile, [`Error::Refused`] when there is no such customer; those of writing.
    pub async fn put_by_hand(
        &self,
        tenant: &TenantId,
        customer: &CustomerId,
        by_hand: &StoredByHand,
        now: Timestamp,
    ) -> Result<u64> {
        const OP: &str = "store what was entered of";
        let key = keys::by_hand(tenant, customer);
        let seen = match by_hand.rev {
            0 => no_item(),
            rev => is(document::REVISION, n(rev)),
        };
        let change = Change::of(key.clone())
            .put(DOC, s(to_json(&by_hand.by_hand)))
            .put(CHASE, s(keys::beside_profile(&key.sk)))
            .put(fact::SEEN_AT, n(millis(now)))
            .add(document::REVISION, n(1))
            .when(seen);
        let change = self.by_whom(change);
        let mut tries = Tries::new(ATTEMPTS, OP, customer.as_str());
        loop {
            tries.again()?;
            if self.by_hand(tenant, customer).await?.rev != by_hand.rev {
                return Err(Error::Conflict { operation: OP, id: customer.to_string() });
            }
            let head = self.must_head(tenant, customer).await?;
            let wake = Wake::of(Some(&head), customer, 1, now);
            let actions = vec![change.clone().update(self), bump(tenant, customer, &wake, now).update(self)];
            if let Transacted::Done = self.transact(OP, customer.as_str(), actions).await? {
                return Ok(by_hand.rev + 1);
            }
        }
    }
}
