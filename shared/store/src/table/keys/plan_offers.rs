//! Keys of offers to pay in parts.

use domain::{CustomerId, PlanOfferId, TenantId};

use super::{Key, customer};

/// What the sort keys of a customer's offers begin with. No filter of the stream passes them.
pub(crate) const PLAN_OFFERS: &str = "OFFER#";
pub(crate) fn plan_offer(t: &TenantId, c: &CustomerId, id: &PlanOfferId) -> Key {
    Key::new(customer(t, c), format!("{PLAN_OFFERS}{id}"))
}
