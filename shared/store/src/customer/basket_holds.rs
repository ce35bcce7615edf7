//! What keeps the amounts of a basket back, wherever it is. An invoice that moves to another customer takes its share along
//! (`domain::Agreement::split`), and what the provider says later is of that share too.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::{Agreement, Basket, CustomerId, InvoiceId, Settings, TenantId, basket::COLLECTOR};
use jiff::Timestamp;

use super::agreements::replacing;
use crate::{
    Result, Store,
    table::{
        attributes::{document::DOC, reference},
        db::{json, text},
        keys::{self, Key},
    },
};

const OP: &str = "find what keeps back the amounts of";

/// What keeps amounts of a basket back at a customer, as it is known and as it becomes.
pub(super) struct BasketHold {
    customer: CustomerId,
    before: Agreement,
    after: Agreement,
}

impl BasketHold {
    /// At whom.
    pub(super) fn customer(&self) -> &CustomerId {
        &self.customer
    }

    /// Its write, where it is as it is known still.
    pub(super) fn action(&self, store: &Store, tenant: &TenantId, now: Timestamp) -> TransactWriteItem {
        let key = keys::agreement(tenant, &self.customer, &self.before.id);
        replacing(key, Some(&self.before), &self.after, now).update(store)
    }
}

impl Store {
    /// What changes of all that keeps a basket's amounts back, now that it is so. Where its invoices are where they were, that is one read.
    pub(super) async fn basket_holds(
        &self,
        tenant: &TenantId,
        basket: &Basket,
        settings: &Settings,
        now: Timestamp,
    ) -> Result<Vec<BasketHold>> {
        let own = self.agreement(tenant, &basket.customer, &basket.agreement()).await?;
        let stayed: BTreeSet<&InvoiceId> = own.iter().flat_map(Agreement::of).map(|stood| &stood.invoice).collect();
        let lines = basket.lines.iter().map(|line| &line.invoice);
        // What a collector took is there from the beginning, and nothing was kept back for it.
        let moved: Vec<&InvoiceId> = lines.filter(|invoice| basket.provider != COLLECTOR && !stayed.contains(invoice)).collect();
        let mut all = if moved.is_empty() { Vec::new() } else { self.holds_of_moved(tenant, basket, &moved).await? };
        all.extend(own.map(|own| (basket.customer.clone(), own)));
        let becomes = |(customer, before): (CustomerId, Agreement)| {
            let after = basket.keeps_back_now(&before, settings, now)?;
            Some(BasketHold { customer, before, after })
        };
        Ok(all.into_iter().filter_map(becomes).collect())
    }

    /// What keeps amounts of a basket back of these of its invoices, at whoever owes them now.
    async fn holds_of_moved(
        &self,
        tenant: &TenantId,
        basket: &Basket,
        moved: &[&InvoiceId],
    ) -> Result<Vec<(CustomerId, Agreement)>> {
        let references: Vec<Key> = moved.iter().map(|invoice| keys::reference(tenant, invoice.as_str())).collect();
        let found = self.read_many(OP, &references, true).await?;
        let own = keys::agreement(tenant, &basket.customer, &basket.agreement());
        let mut wanted: BTreeMap<Key, CustomerId> = BTreeMap::new();
        for (invoice, key) in moved.iter().zip(&references) {
            let owner = found.get(key).and_then(|row| text(row, reference::CUSTOMER)).and_then(CustomerId::parse);
            let Some(owner) = owner else { continue };
            for id in basket.agreements_of(invoice) {
                wanted.insert(keys::agreement(tenant, &owner, &id), owner.clone());
            }
        }
        wanted.remove(&own);
        let places: Vec<Key> = wanted.keys().cloned().collect();
        let rows = self.read_many(OP, &places, true).await?;
        let known = wanted.into_iter().filter_map(|(key, owner)| Some((owner, rows.get(&key)?)));
        known.map(|(owner, row)| json(row, DOC).map(|agreement| (owner, agreement))).collect()
    }
}
