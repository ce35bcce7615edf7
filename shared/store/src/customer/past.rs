//! Closed invoices and payments of the past: an item a customer and year, outside whatever decisions read.

use domain::{CustomerId, TenantId, past::PastBooks};

use crate::{
    Result, Store,
    table::{
        attributes::document::{self, DOC},
        change::{Change, is, no_item},
        db::{Range, Wrote, json, last_of, n, number, s, to_json},
        keys,
        retry::{ATTEMPTS, Tries},
    },
};

/// Most years of one customer.
const YEARS_MAX: usize = 100;

impl Store {
    /// Adds what was read of a customer's past. The same read again changes nothing, and is not written.
    ///
    /// # Errors
    ///
    /// Those of reading and writing.
    pub async fn add_past(&self, tenant: &TenantId, customer: &CustomerId, books: PastBooks) -> Result<()> {
        const OP: &str = "keep the past of";
        for (year, read) in books.by_year() {
            let key = keys::past(tenant, customer, year);
            let mut tries = Tries::new(ATTEMPTS, OP, customer.as_str());
            loop {
                tries.again()?;
                let row = self.read(OP, &key, true).await?;
                let known = row.as_ref().map(|row| json::<PastBooks>(row, DOC)).transpose()?;
                let after = known.clone().unwrap_or_default().with(read.clone());
                if known.as_ref() == Some(&after) {
                    break;
                }
                let seen = match row.as_ref().and_then(|row| number::<u64>(row, document::REVISION)) {
                    Some(rev) => is(document::REVISION, n(rev)),
                    None => no_item(),
                };
                let change = Change::of(key.clone()).put(DOC, s(to_json(&after))).add(document::REVISION, n(1)).when(seen);
                if let Wrote::Done(_) = self.write(OP, change, false).await? {
                    break;
                }
            }
        }
        Ok(())
    }

    /// What is known of a customer's past.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn past(&self, tenant: &TenantId, customer: &CustomerId) -> Result<PastBooks> {
        let (pk, last) = (keys::customer(tenant, customer), last_of(keys::PAST));
        let rows = self.range("read the past of", Range::new(&pk, keys::PAST, &last, YEARS_MAX)).await?;
        rows.iter().try_fold(PastBooks::default(), |books, row| Ok(books.with(json(row, DOC)?)))
    }
}
