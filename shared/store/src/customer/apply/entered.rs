//! Entries in the books that name a basket as their reference: the work to enter its payment there ends with them. Of one that did not stay a
//! person takes the entry back there.

use std::collections::BTreeMap;

use domain::{
    Payment, PaymentId,
    write_back::{basket_named_in, undo_task},
};

use super::{batch::Unit, plan::Plan};
use crate::Result;

impl Plan<'_> {
    /// Work that the entries of the plan end. Work that they make is raised first, for it has an id of its own and may be raised again.
    pub(super) async fn entered(&self) -> Result<Vec<Unit>> {
        let mut named: BTreeMap<PaymentId, Vec<&Payment>> = BTreeMap::new();
        for (_, payment) in self.payments.values().filter(|(_, payment)| payment.taken_here.is_none()) {
            if let Some(basket) = payment.reference.as_deref().and_then(basket_named_in) {
                named.entry(basket).or_default().push(payment);
            }
        }
        let (store, tenant) = (self.store, self.tenant);
        let mut units = Vec::new();
        for (id, entries) in named {
            let Some(owner) = store.basket_owner(&id).await?.filter(|owner| owner.tenant == *tenant) else { continue };
            let Some(basket) = store.basket(tenant, &owner.customer, &id).await? else { continue };
            if basket.status.is_gone() && store.is_entered(tenant, &basket, &entries).await? {
                store.raise(tenant, Some(&owner.customer), &undo_task(&basket, self.origin.source()), self.now).await?;
            }
            let actions = store.work_ended_by_entries(tenant, &basket, &entries, self.now).await?;
            units.extend(actions.into_iter().map(Unit::of));
        }
        Ok(units)
    }
}
