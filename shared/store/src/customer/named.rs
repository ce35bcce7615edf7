//! What lists are completed with: the names of customers, a page's in one batch; and single facts by their id.

use std::collections::{BTreeMap, BTreeSet};

use domain::{Customer, CustomerId, Invoice, InvoiceId, Payment, PaymentId, TenantId};

use crate::{
    InvoiceStanding, Result, Store,
    table::{
        attributes::{document::DOC, fact},
        db::json,
        keys,
    },
};

/// What a customer is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomerName {
    /// Its name.
    pub name: String,
    /// The connection that it came by.
    pub source: String,
    /// The source's own id.
    pub external_id: String,
}

/// An invoice as its source said it last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownInvoice {
    /// Who owes it.
    pub customer: CustomerId,
    /// The invoice.
    pub invoice: Invoice,
    /// Where it stands in lists.
    pub standing: InvoiceStanding,
}

impl Store {
    /// What customers are called, as of moments ago; who is not there, or does not read, is left out.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn names(&self, tenant: &TenantId, customers: &BTreeSet<CustomerId>) -> Result<BTreeMap<CustomerId, CustomerName>> {
        let wanted: Vec<_> = customers.iter().map(|id| keys::profile(tenant, id)).collect();
        let found = self.read_many("read the names of customers of", &wanted, false).await?;
        let mut names = BTreeMap::new();
        for id in customers {
            let Some(profile) = found.get(&keys::profile(tenant, id)) else { continue };
            // What does not read is a task of its own; the rest of the list is still to be looked at.
            let Ok(Customer { name, source, external_id, .. }) = json(profile, DOC) else { continue };
            names.insert(id.clone(), CustomerName { name, source, external_id });
        }
        Ok(names)
    }

    /// Invoices by their ids, in that order; what is not there is left out.
    ///
    /// # Errors
    ///
    /// Those of reading, and [`crate::Error::Corrupt`].
    pub async fn invoices_by_id(&self, tenant: &TenantId, ids: &[(CustomerId, InvoiceId)]) -> Result<Vec<KnownInvoice>> {
        let wanted: Vec<_> = ids.iter().map(|(customer, id)| keys::invoice(tenant, customer, id)).collect();
        let found = self.read_many("read the invoices of", &wanted, false).await?;
        let mut all = Vec::new();
        for ((customer, _), key) in ids.iter().zip(&wanted) {
            // What is left of an invoice that moved says nothing.
            let Some(row) = found.get(key).filter(|row| row.contains_key(DOC)) else { continue };
            let invoice: Invoice = json(row, DOC)?;
            let standing = InvoiceStanding::of(&invoice, row.contains_key(fact::ARCHIVED));
            all.push(KnownInvoice { customer: customer.clone(), invoice, standing });
        }
        Ok(all)
    }

    /// One invoice, closed ones too.
    ///
    /// # Errors
    ///
    /// Those of reading, and [`crate::Error::Corrupt`].
    pub async fn known_invoice(&self, tenant: &TenantId, id: &InvoiceId) -> Result<Option<KnownInvoice>> {
        let Some(customer) = self.whose(tenant, id.as_str()).await? else { return Ok(None) };
        Ok(self.invoices_by_id(tenant, &[(customer, id.clone())]).await?.pop())
    }

    /// One payment or credit note, spent ones too, and whose it is.
    ///
    /// # Errors
    ///
    /// Those of reading, and [`crate::Error::Corrupt`].
    pub async fn known_payment(&self, tenant: &TenantId, id: &PaymentId) -> Result<Option<(CustomerId, Payment)>> {
        let Some(customer) = self.whose(tenant, id.as_str()).await? else { return Ok(None) };
        let row = self.read("read the payment", &keys::payment(tenant, &customer, id), false).await?;
        let payment = row.as_ref().filter(|row| row.contains_key(DOC)).map(|row| json(row, DOC)).transpose()?;
        Ok(payment.map(|payment| (customer, payment)))
    }
}
