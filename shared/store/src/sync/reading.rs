//! What the reading of books asks of the table: documents applied without receipts, and what is known of what they name.

use std::collections::{BTreeMap, BTreeSet};

use domain::{CustomerId, Document, Invoice, InvoiceId, Payment, PaymentId, TenantId};
use jiff::Timestamp;

use crate::{
    Applied, Result, Store,
    customer::apply::Origin,
    table::{
        attributes::{document::DOC, every::SK, profile},
        db::{Range, json, text},
        keys,
    },
};

/// Invoices of one customer that a comparison reads at most.
const INVOICES_MAX: usize = 20_000;

impl Store {
    /// Applies what was read back. There is no event to be delivered twice, so there is no receipt: versions alone decide.
    ///
    /// # Errors
    ///
    /// [`Error::Conflict`] when other writers kept coming between; the same may be applied again.
    pub async fn apply_read(&self, tenant: &TenantId, source: &str, documents: &[Document], now: Timestamp) -> Result<Applied> {
        self.apply_from(tenant, Origin::Read(source), documents, now).await
    }

    /// Which of these customers were described by a document of their own.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn described(&self, tenant: &TenantId, customers: &[CustomerId]) -> Result<BTreeSet<CustomerId>> {
        let wanted: Vec<_> = customers.iter().map(|customer| keys::profile(tenant, customer)).collect();
        let rows = self.read_many("find who is known of", &wanted, false).await?;
        let described = |customer: &&CustomerId| {
            rows.get(&keys::profile(tenant, customer)).is_some_and(|row| !row.contains_key(profile::STUB))
        };
        Ok(customers.iter().filter(described).cloned().collect())
    }

    /// Where customers see these invoices, of those for which it is known.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn invoice_urls(
        &self,
        tenant: &TenantId,
        invoices: &[(CustomerId, InvoiceId)],
    ) -> Result<BTreeMap<InvoiceId, String>> {
        let wanted: Vec<_> = invoices.iter().map(|(customer, invoice)| keys::invoice(tenant, customer, invoice)).collect();
        let rows = self.read_many("find the links of", &wanted, false).await?;
        let invoices = rows.values().filter_map(|row| json::<Invoice>(row, DOC).ok());
        Ok(invoices.filter_map(|invoice| Some((invoice.id, invoice.url?))).collect())
    }

    /// Everybody who waits for something: whoever has a head in the due index, parked ones too.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn waiting_customers(&self, tenant: &TenantId) -> Result<BTreeSet<CustomerId>> {
        let mut customers = BTreeSet::new();
        for shard in 0..self.shards(tenant).await? {
            let mut after: Option<String> = None;
            loop {
                let page = self.due(tenant, shard, None, 1_000, after.as_deref()).await?;
                customers.extend(page.entries.into_iter().map(|entry| entry.customer));
                after = page.after;
                if after.is_none() {
                    break;
                }
            }
        }
        Ok(customers)
    }

    /// A payment that a customer has.
    ///
    /// # Errors
    ///
    /// Those of reading, and [`Error::Corrupt`].
    pub async fn payment(&self, tenant: &TenantId, customer: &CustomerId, payment: &PaymentId) -> Result<Option<Payment>> {
        let row = self.read("read a payment of", &keys::payment(tenant, customer, payment), true).await?;
        row.filter(|row| row.contains_key(DOC)).map(|row| json(&row, DOC)).transpose()
    }

    /// The invoices of one customer that may be open and came by `source`.
    ///
    /// # Errors
    ///
    /// Those of reading, and [`Error::Corrupt`].
    pub async fn open_invoices(&self, tenant: &TenantId, customer: &CustomerId, source: &str) -> Result<Vec<Invoice>> {
        const OP: &str = "read the open invoices of";
        let profile = keys::profile(tenant, customer);
        let row = self.read(OP, &profile, false).await?;
        let by_source = row.as_ref().map(|row| json::<domain::Customer>(row, DOC)).transpose()?;
        if by_source.is_none_or(|customer| customer.source != source) {
            return Ok(Vec::new());
        }
        let rows = self.range(OP, Range { chase: true, ..Range::new(&profile.pk, "I#", "I~", INVOICES_MAX) }).await?;
        let invoices = rows.iter().filter(|row| text(row, SK).is_some_and(|sk| sk.starts_with("INV#")));
        invoices.map(|row| json(row, DOC)).collect()
    }
}
