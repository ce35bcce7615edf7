//! What people do to one customer: holds, the case view, portal tokens' epoch.

use domain::{CustomerId, Facts, Hold, HoldId, TenantId};
use jiff::Timestamp;

use crate::{
    Error, Head, Record, Result, Store,
    db::{Change, Row, Wrote, json, n, put, s, to_json},
    keys,
};

/// A customer's matter with its history.
#[derive(Clone, Debug)]
pub struct Explained {
    /// The head.
    pub head: Head,
    /// The facts as they are.
    pub facts: Facts,
    /// The last records, newest first.
    pub records: Vec<Record>,
}

impl Store {
    /// Places a hold, or replaces the one of that id; the customer is decided again.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] when there is no such customer; those of writing.
    pub async fn put_hold(&self, tenant: &TenantId, customer: &CustomerId, hold: &Hold, now: Timestamp) -> Result<()> {
        let key = keys::hold(tenant, customer, &hold.id);
        let row = Row::from([("doc".to_owned(), s(to_json(hold)))]);
        let facts = |_: &Head| vec![put(self, &key, row.clone(), None)];
        self.write_facts("place a hold on", tenant, customer, &key.sk, now, facts).await
    }

    /// Lifts a hold; lifting it again changes nothing. False when there is no such hold.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn end_hold(&self, tenant: &TenantId, customer: &CustomerId, hold: &HoldId, now: Timestamp) -> Result<bool> {
        let Some(mut known) = self.hold(tenant, customer, hold).await? else { return Ok(false) };
        if known.ended_at.is_none() {
            known.ended_at = Some(now);
            self.put_hold(tenant, customer, &known, now).await?;
        }
        Ok(true)
    }

    /// One hold.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn hold(&self, tenant: &TenantId, customer: &CustomerId, hold: &HoldId) -> Result<Option<Hold>> {
        let row = self.read("read a hold of", &keys::hold(tenant, customer, hold), true).await?;
        row.as_ref().map(|row| json(row, "doc")).transpose()
    }

    /// What is known of a customer, and its last records.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn explain(&self, tenant: &TenantId, customer: &CustomerId, last: u32) -> Result<Option<Explained>> {
        let Some(head) = self.head(tenant, customer).await? else { return Ok(None) };
        let facts = self.facts(tenant, &head).await?;
        let records = self.records(tenant, customer, last.clamp(1, 200)).await?;
        Ok(Some(Explained { head, facts, records }))
    }

    /// Makes every portal token of a customer void.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] when there is no such customer.
    pub async fn revoke_tokens(&self, tenant: &TenantId, customer: &CustomerId) -> Result<()> {
        let change = Change::of(keys::head(tenant, customer))
            .add("ep :one")
            .value(":one", n(1))
            .drop("outbox")
            .when("attribute_exists(pk)");
        match self.write("revoke the tokens of", change, false).await? {
            Wrote::Done(_) => Ok(()),
            Wrote::Not(_) => Err(Error::Refused {
                operation: "revoke the tokens of",
                id: customer.to_string(),
                why: "there is no such customer".into(),
            }),
        }
    }
}
