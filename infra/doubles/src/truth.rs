//! What books truly say, past all protocol: for judges.

use std::collections::BTreeMap;

/// The customers of a company by the vendor's id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Truth {
    /// Customers, merged and inactive ones included.
    pub customers: BTreeMap<String, CustomerTruth>,
}

/// What a customer owes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CustomerTruth {
    /// Its name.
    pub name: String,
    /// The customer that it was merged into.
    pub merged_into: Option<String>,
    /// Its invoices by the vendor's id, deleted ones included; no bills.
    pub invoices: BTreeMap<String, InvoiceTruth>,
    /// What was paid or credited and is applied to no invoice, in minor units by currency; never zero.
    pub unapplied_minor: BTreeMap<String, i64>,
}

/// What is left of an invoice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvoiceTruth {
    /// The number that people see.
    pub number: String,
    /// ISO 4217.
    pub currency: String,
    /// What it comes to, in minor units; what it came to before it was voided or deleted.
    pub total_minor: i64,
    /// What is open, in minor units; nothing unless it is booked.
    pub open_minor: i64,
    /// Where it stands.
    pub state: InvoiceState,
}

/// Where an invoice stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvoiceState {
    /// Not owed yet (Xero).
    Draft,
    /// Owed, in part or not at all any more.
    Booked,
    /// Void.
    Void,
    /// Deleted.
    Deleted,
}

impl Truth {
    /// What all customers owe in a currency, in minor units, credits not counted.
    pub fn open_minor(&self, currency: &str) -> i64 {
        let invoices = self.customers.values().flat_map(|customer| customer.invoices.values());
        invoices.filter(|invoice| invoice.currency == currency).map(|invoice| invoice.open_minor).sum()
    }
}

impl CustomerTruth {
    pub(crate) fn credit(&mut self, currency: &str, minor: i64) {
        if minor != 0 {
            *self.unapplied_minor.entry(currency.to_owned()).or_default() += minor;
        }
    }
}
