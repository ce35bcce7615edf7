//! Transfers that the books bring: an entry whose reference names a basket of its customer is that basket's payment. The basket, and what it kept
//! back, are written in the transaction of the entry.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    Agreement, Basket, CustomerId, Payment, PaymentId, PaymentKind, Settings, TenantId,
    basket::{TRANSFER, may_name_a_transfer},
};
use jiff::Timestamp;

use super::{batch::Unit, items::takes_place, plan::Plan};
use crate::{
    Result, Store,
    customer::{agreements::replacing, basket_items::basket_written, facts::payment_of},
    table::{
        attributes::document::{DOC, REVISION},
        change::is,
        db::n,
        keys,
    },
};

const OP: &str = "find the transfer of";
/// Baskets that are read at once, and pages of them that are looked at.
const PAGE: usize = 100;
const PAGES_MAX: usize = 20;

/// A basket that entries of a plan change.
pub(super) struct Transfer {
    known: Basket,
    after: Basket,
    /// What keeps its amounts back, as it is known and as it becomes.
    money: Option<(Agreement, Agreement)>,
}

impl Transfer {
    /// Whose it is.
    pub(super) fn customer(&self) -> &CustomerId {
        &self.after.customer
    }

    /// Its writes.
    pub(super) fn unit(&self, store: &Store, tenant: &TenantId, now: Timestamp) -> Unit {
        let basket = basket_written(tenant, &self.after).when(is(REVISION, n(self.known.revision)));
        let mut actions = vec![basket.update(store)];
        if let Some((money, after)) = &self.money {
            let key = keys::agreement(tenant, self.customer(), &money.id);
            actions.push(replacing(key, Some(money), after, now).update(store));
        }
        Unit { actions, touches: vec![self.customer().clone()], ..Unit::default() }
    }
}

impl Plan<'_> {
    /// The baskets that the entries of the plan change.
    pub(super) async fn transfers(&self) -> Result<Vec<Transfer>> {
        let mut named: Vec<(&Payment, BTreeSet<CustomerId>)> = Vec::new();
        for (owner, payment) in self.payments.values() {
            if self.may_bring_a_transfer(owner, payment).await? {
                named.push((payment, self.payers(owner, payment)));
            }
        }
        if named.is_empty() {
            return Ok(Vec::new());
        }
        let Some(settings) = self.store.settings(self.tenant).await?.map(|settings| settings.value) else {
            return Ok(Vec::new());
        };
        let customers: BTreeSet<&CustomerId> = named.iter().flat_map(|(_, customers)| customers).collect();
        let mut known: BTreeMap<&CustomerId, Vec<Basket>> = BTreeMap::new();
        for customer in customers {
            known.insert(customer, self.transferred_by(customer).await?);
        }
        let mut after: BTreeMap<&PaymentId, (&Basket, Basket)> = BTreeMap::new();
        for (payment, customers) in &named {
            for basket in customers.iter().filter_map(|customer| known.get(customer)).flatten() {
                let now = after.get(&basket.id).map_or(basket, |(_, now)| now);
                let change = now.heard_of_entry(payment, &settings, self.now);
                if change.changed {
                    after.insert(&basket.id, (basket, change.basket));
                }
            }
        }
        let mut transfers = Vec::new();
        for (known, after) in after.into_values() {
            transfers.push(self.transfer(known, after, &settings).await?);
        }
        Ok(transfers)
    }

    async fn transfer(&self, known: &Basket, after: Basket, settings: &Settings) -> Result<Transfer> {
        // One that several entries change is written once.
        let after = Basket { revision: known.revision + 1, ..after };
        let money = self.store.agreement(self.tenant, &after.customer, &after.agreement()).await?;
        let money = money.and_then(|money| {
            let then = after.keeps_back_now(&money, settings, self.now)?;
            Some((money, then))
        });
        Ok(Transfer { known: known.clone(), after, money })
    }

    /// Whether an entry, as it is now or as it was known before, may name the reference of a transfer. One that is older than what is known
    /// changes nothing.
    async fn may_bring_a_transfer(&self, owner: &CustomerId, payment: &Payment) -> Result<bool> {
        if payment.kind != PaymentKind::Payment || payment.taken_here.is_some() {
            return Ok(false);
        }
        let may_name = |payment: &Payment| payment.reference.as_deref().is_some_and(may_name_a_transfer);
        let at = self.leaves(payment.id.as_str(), owner).unwrap_or(owner);
        let is_known = self.references.get(payment.id.as_str()).is_some_and(|reference| reference.known.is_some());
        if !is_known {
            return Ok(may_name(payment));
        }
        let row = self.store.read(OP, &keys::payment(self.tenant, at, &payment.id), true).await?;
        if !takes_place(row.as_ref(), &payment.source_version) {
            return Ok(false);
        }
        let before = row.filter(|row| row.contains_key(DOC)).as_ref().map(payment_of).transpose()?;
        Ok(may_name(payment) || before.is_some_and(|before| may_name(&before.payment)))
    }

    /// Whose transfer an entry may be: its customer's, and theirs whose invoices it is for.
    fn payers(&self, owner: &CustomerId, payment: &Payment) -> BTreeSet<CustomerId> {
        let of_invoice = |invoice: &str| self.references.get(invoice)?.known.clone();
        let of_invoices = payment.allocations.iter().filter_map(|part| of_invoice(part.invoice.as_str()));
        of_invoices.chain([owner.clone()]).collect()
    }

    /// The baskets of a customer that are paid by transfer.
    async fn transferred_by(&self, customer: &CustomerId) -> Result<Vec<Basket>> {
        let mut transferred = Vec::new();
        let mut after: Option<PaymentId> = None;
        for _ in 0..PAGES_MAX {
            let page = self.store.baskets_after(self.tenant, customer, PAGE, after.as_ref()).await?;
            let is_last = page.len() < PAGE;
            after = page.last().map(|basket| basket.id.clone());
            transferred.extend(page.into_iter().filter(|basket| basket.provider == TRANSFER));
            if is_last {
                break;
            }
        }
        Ok(transferred)
    }
}
