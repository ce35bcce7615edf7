//! What messages speak of: tenants, customers, invoices and texts.

use std::collections::BTreeMap;

use domain::{Customer, CustomerId, Invoice, Settings, calendar::tenant_zone};
use jiff::tz::TimeZone;

/// What is known by id.
#[derive(Debug, Default)]
pub(crate) struct Known {
    pub(crate) settings: BTreeMap<String, Settings>,
    pub(crate) customers: BTreeMap<CustomerId, (String, Customer)>,
    pub(crate) invoices: BTreeMap<String, Invoice>,
    pub(crate) templates: Vec<(String, store::StoredTemplate)>,
}

impl Known {
    pub(super) fn zone(&self, tenant: &str) -> TimeZone {
        self.settings.get(tenant).map_or(TimeZone::UTC, tenant_zone)
    }

    pub(super) fn name(&self, customer: &CustomerId) -> String {
        self.customers.get(customer).map(|(_, customer)| customer.name.clone()).unwrap_or_default()
    }
}
