//! The stored form of a basket.

use domain::{Basket, TenantId};

use crate::table::{
    attributes::document::{DOC, REVISION},
    change::Change,
    db::{n, s, to_json},
    keys,
};

/// The write of a basket as it is.
pub(super) fn basket_written(tenant: &TenantId, basket: &Basket) -> Change {
    let key = keys::basket(tenant, &basket.customer, &basket.id);
    Change::of(key).put(DOC, s(to_json(basket))).put(REVISION, n(basket.revision))
}
