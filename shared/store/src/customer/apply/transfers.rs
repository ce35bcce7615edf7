//! Transfers that the books bring: an entry whose reference names a basket of its customer is that basket's payment. The basket, and what it kept
//! back, are written in the transaction of the entry.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    Agreement, Basket, CustomerId, Payment, PaymentId, PaymentKind, Settings, TenantId, Terms,
    basket::{TRANSFER, may_name_a_transfer},
};
use jiff::Timestamp;

use super::{batch::Unit, items::takes_place, plan::Plan};
use crate::{
    Result, Store,
    customer::{basket_holds::BasketHold, basket_items::basket_written, facts::payment_of},
    table::{
        attributes::document::{DOC, REVISION},
        change::is,
        db::{Range, json, last_of, n},
        keys,
    },
};

const OP: &str = "find the transfer of";
/// Baskets that are read at once, and pages of them that are looked at.
const PAGE: usize = 100;
const PAGES_MAX: usize = 20;
/// Agreements of a customer that are looked through.
const AGREEMENTS_MAX: usize = 2_000;

/// A basket that entries of a plan change.
pub(super) struct Transfer {
    known: Basket,
    after: Basket,
    /// What keeps its amounts back, wherever it is.
    holds: Vec<BasketHold>,
}

impl Transfer {
    /// Whose facts it changes.
    pub(super) fn customers(&self) -> impl Iterator<Item = &CustomerId> {
        std::iter::once(&self.after.customer).chain(self.holds.iter().map(BasketHold::customer))
    }

    /// Its writes: the basket with what it keeps back of its own customer, and each that is at another one.
    pub(super) fn units(&self, store: &Store, tenant: &TenantId, now: Timestamp) -> Vec<Unit> {
        let of = |hold: &BasketHold| hold.action(store, tenant, now);
        let (own, others): (Vec<&BasketHold>, Vec<&BasketHold>) =
            self.holds.iter().partition(|hold| *hold.customer() == self.after.customer);
        let basket = basket_written(tenant, &self.after).when(is(REVISION, n(self.known.revision)));
        let mut actions = vec![basket.update(store)];
        actions.extend(own.into_iter().map(of));
        let mut units = vec![Unit { actions, touches: vec![self.after.customer.clone()], ..Unit::default() }];
        units.extend(others.into_iter().map(|hold| Unit {
            actions: vec![of(hold)],
            touches: vec![hold.customer().clone()],
            ..Unit::default()
        }));
        units
    }
}

/// An entry that may bring a transfer, or may have brought one.
struct MayBring<'p> {
    payment: &'p Payment,
    /// Whose transfer it may be.
    payers: BTreeSet<CustomerId>,
    /// Whose it may have been before, and cannot be any more.
    before: BTreeSet<CustomerId>,
}

impl Plan<'_> {
    /// The baskets that the entries of the plan change.
    pub(super) async fn transfers(&self) -> Result<Vec<Transfer>> {
        let mut entries: Vec<MayBring<'_>> = Vec::new();
        for (owner, payment) in self.payments.values() {
            entries.extend(self.may_bring_a_transfer(owner, payment).await?);
        }
        if entries.is_empty() {
            return Ok(Vec::new());
        }
        let Some(settings) = self.store.settings(self.tenant).await?.map(|settings| settings.value) else {
            return Ok(Vec::new());
        };
        let customers: BTreeSet<&CustomerId> =
            entries.iter().flat_map(|entry| entry.payers.iter().chain(&entry.before)).collect();
        let mut known: BTreeMap<&CustomerId, Vec<Basket>> = BTreeMap::new();
        for customer in customers {
            known.insert(customer, self.transferred_by(customer).await?);
        }
        let baskets_of = |customers: &BTreeSet<CustomerId>| -> Vec<&Basket> {
            customers.iter().filter_map(|customer| known.get(customer)).flatten().collect()
        };
        let mut after: BTreeMap<PaymentId, (&Basket, Basket)> = BTreeMap::new();
        for entry in &entries {
            let theirs = baskets_of(&entry.payers);
            let may_be: BTreeSet<&PaymentId> = theirs.iter().map(|basket| &basket.id).collect();
            let before = baskets_of(&entry.before);
            // An entry that is somebody else's by now names nothing of theirs whose it was.
            let of_nobody = Payment { reference: None, ..entry.payment.clone() };
            let gone = before.into_iter().filter(|basket| !may_be.contains(&basket.id)).map(|basket| (basket, &of_nobody));
            for (basket, payment) in theirs.iter().map(|basket| (*basket, entry.payment)).chain(gone) {
                let now = after.get(&basket.id).map_or(basket, |(_, now)| now);
                let change = now.heard_of_entry(payment, &settings, self.now);
                if change.changed {
                    after.insert(basket.id.clone(), (basket, change.basket));
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
        let holds = self.store.basket_holds(self.tenant, &after, settings, self.now).await?;
        Ok(Transfer { known: known.clone(), after, holds })
    }

    /// An entry that, as it is now or as it was known before, may name the reference of a transfer. One that is older than what is known
    /// changes nothing.
    async fn may_bring_a_transfer<'p>(&self, owner: &CustomerId, payment: &'p Payment) -> Result<Option<MayBring<'p>>> {
        if payment.kind != PaymentKind::Payment || payment.taken_here.is_some() {
            return Ok(None);
        }
        let may_name = |payment: &Payment| payment.reference.as_deref().is_some_and(may_name_a_transfer);
        let payers = self.payers(owner, payment);
        let at = self.leaves(payment.id.as_str(), owner).unwrap_or(owner);
        let is_known = self.references.get(payment.id.as_str()).is_some_and(|reference| reference.known.is_some());
        if !is_known {
            return Ok(may_name(payment).then(|| MayBring { payment, payers, before: BTreeSet::new() }));
        }
        let row = self.store.read(OP, &keys::payment(self.tenant, at, &payment.id), true).await?;
        if !takes_place(row.as_ref(), &payment.source_version) {
            return Ok(None);
        }
        let known = row.filter(|row| row.contains_key(DOC)).as_ref().map(payment_of).transpose()?.map(|fact| fact.payment);
        let named = known.filter(|known| may_name(known));
        if named.is_none() && !may_name(payment) {
            return Ok(None);
        }
        let mut before = BTreeSet::new();
        if let Some(known) = named {
            before.insert(at.clone());
            let is_gone = |invoice: &str| payment.allocations.iter().all(|part| part.invoice.as_str() != invoice);
            for part in known.allocations.iter().filter(|part| is_gone(part.invoice.as_str())) {
                before.extend(self.store.whose(self.tenant, part.invoice.as_str()).await?);
            }
        }
        Ok(Some(MayBring { payment, payers, before }))
    }

    /// Whose transfer an entry may be: its customer's, and theirs whose invoices it is for.
    fn payers(&self, owner: &CustomerId, payment: &Payment) -> BTreeSet<CustomerId> {
        let of_invoice = |invoice: &str| self.references.get(invoice)?.known.clone();
        let of_invoices = payment.allocations.iter().filter_map(|part| of_invoice(part.invoice.as_str()));
        of_invoices.chain([owner.clone()]).collect()
    }

    /// The baskets that are paid by transfer of a customer, and of those whose invoices came to it with what such a basket keeps back.
    async fn transferred_by(&self, customer: &CustomerId) -> Result<Vec<Basket>> {
        let (store, tenant) = (self.store, self.tenant);
        let mut transferred: Vec<Basket> = Vec::new();
        let mut after: Option<PaymentId> = None;
        let (mut pages, mut is_last) = (0, false);
        while pages < PAGES_MAX && !is_last {
            let page = store.baskets_after(tenant, customer, PAGE, after.as_ref()).await?;
            (pages, is_last) = (pages + 1, page.len() < PAGE);
            after = page.last().map(|basket| basket.id.clone());
            transferred.extend(page.into_iter().filter(|basket| basket.provider == TRANSFER));
        }
        for id in self.announced_by_others(customer, &transferred).await? {
            let Some(owner) = store.basket_owner(&id).await?.filter(|owner| owner.tenant == *tenant) else { continue };
            let theirs = store.basket(tenant, &owner.customer, &id).await?;
            transferred.extend(theirs.filter(|basket| basket.provider == TRANSFER));
        }
        Ok(transferred)
    }

    /// The baskets of transfers that keep something back of a customer and are none of these, its own.
    async fn announced_by_others(&self, customer: &CustomerId, own: &[Basket]) -> Result<BTreeSet<PaymentId>> {
        let (pk, last) = (keys::customer(self.tenant, customer), last_of(keys::AGREEMENTS));
        let rows = self.store.range(OP, Range::new(&pk, keys::AGREEMENTS, &last, AGREEMENTS_MAX)).await?;
        let mut others = BTreeSet::new();
        for row in rows.iter().filter(|row| row.contains_key(DOC)) {
            let agreement: Agreement = json(row, DOC)?;
            if let Terms::Money(money) = &agreement.terms
                && let Some(basket) = money.basket.as_ref().filter(|_| agreement.is_announcement())
                && own.iter().all(|known| known.id != basket.id)
            {
                others.insert(basket.id.clone());
            }
        }
        Ok(others)
    }
}
