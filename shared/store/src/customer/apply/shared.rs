//! Payments that are for invoices of another customer than their own: a parent pays for its child, or an invoice moved on.
//!
//! Such a payment stays where its source says it is, and each customer whose invoices it names gets an item of its own that holds the
//! payment with its refunds and chargebacks. The item follows whatever changes any of them: a newer payment, a reversal, a move of
//! payment or invoice, an invoice that comes later. It is written with the objects themselves, or after them and before the receipt, on
//! condition that the payment is as it was read, that nobody wrote the item since, and that the invoices are still there.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::{CustomerId, InvoiceId, Payment, PaymentFact, PaymentId, Reversal};

use super::{
    batch::Unit,
    items::{payment_heard, with_received},
    plan::{Plan, Waiting},
};
use crate::{
    Result,
    customer::facts::payment_of,
    table::{
        attributes::{
            document::{self, DOC},
            every::CHASE,
            fact, shared,
        },
        change::{Change, absent, is, no_item, present},
        db::{Row, json, millis, n, number, s, text, to_json},
        keys::{self, Key},
    },
};

const OP: &str = "share a payment of";

/// An item of another customer's payment as it is to be written, and what must stay as it is meanwhile.
pub(super) struct Share {
    unit: Unit,
    stays: Vec<(Key, TransactWriteItem)>,
}

impl Share {
    /// The writes; what the same transaction writes itself need not be looked at.
    pub(super) fn unit(self, written: &BTreeSet<Key>) -> Unit {
        let stays = self.stays.into_iter().filter(|(key, _)| !written.contains(key)).map(|(_, action)| action);
        Unit { actions: self.unit.actions.into_iter().chain(stays).collect(), ..self.unit }
    }

    pub(super) fn customers(&self) -> impl Iterator<Item = &CustomerId> {
        self.unit.touches.iter()
    }

    pub(super) fn actions(&self) -> usize {
        self.unit.actions.len() + self.stays.len()
    }
}

impl Plan<'_> {
    /// Notes that where a payment counts may change with this plan, `also` at that customer.
    pub(super) fn shares(&mut self, payment: &PaymentId, also: Option<&CustomerId>) {
        self.sharing.entry(payment.clone()).or_default().extend(also.cloned());
    }

    /// The items of other customers' payments as they are once this plan is written. What a payment names and nobody knows makes it wait
    /// there.
    pub(super) async fn write_shared(&mut self) -> Result<Vec<Share>> {
        let mut sharing = std::mem::take(&mut self.sharing);
        for id in self.payments.keys() {
            sharing.entry(id.clone()).or_default();
        }
        for (_, reversal) in self.reversals.values() {
            sharing.entry(reversal.payment.clone()).or_default();
        }
        let mut shares = Vec::new();
        for (id, also) in sharing {
            self.share(&id, also, &mut shares).await?;
        }
        Ok(shares)
    }

    async fn share(&mut self, id: &PaymentId, also: BTreeSet<CustomerId>, shares: &mut Vec<Share>) -> Result<()> {
        let Some(of) = self.owner(id.as_str()).await? else { return Ok(()) };
        let before = self.reference(id.as_str()).await?.known;
        let old = match &before {
            Some(before) => self.store.read(OP, &keys::payment(self.tenant, before, id), true).await?,
            None => None,
        };
        let row = old.filter(|row| row.contains_key(DOC));
        let old = row.as_ref().map(payment_of).transpose()?;
        let said = self.payments.get(id).map(|(_, payment)| payment);
        let Some(heard) = said.or(old.as_ref().map(|old| &old.payment)) else { return Ok(()) };
        let fact = payment_heard(row.as_ref(), heard, self.now)?;
        let payment = &fact.payment;

        // Whose invoices it names, and whose those were that it named before.
        let mut named: BTreeMap<CustomerId, BTreeSet<InvoiceId>> = BTreeMap::new();
        let mut looked_at = also;
        let invoices: BTreeSet<&InvoiceId> = fact.invoices().collect();
        for invoice in invoices {
            match self.owner(invoice.as_str()).await? {
                Some(owner) if owner == of => {}
                Some(owner) => {
                    named.entry(owner).or_default().insert(invoice.clone());
                }
                None => {
                    let version = payment.source_version.sortable();
                    self.wait(invoice.as_str(), &["shared", id.as_str()], version, Waiting::Shared(id.clone()));
                }
            }
            looked_at.extend(self.reference(invoice.as_str()).await?.known);
        }
        for invoice in old.iter().flat_map(PaymentFact::invoices) {
            looked_at.extend(self.reference(invoice.as_str()).await?.known);
        }
        looked_at.extend(named.keys().cloned());
        looked_at.remove(&of);
        looked_at.extend(before.filter(|before| *before != of));
        if looked_at.is_empty() {
            return Ok(());
        }
        // The items are read before what they are made from: whoever writes one meanwhile makes this plan fail.
        let wanted: Vec<_> = looked_at.iter().chain([&of]).map(|customer| keys::shared(self.tenant, customer, id)).collect();
        let known = self.store.read_many(OP, &wanted, true).await?;
        let reversals = self.reversals_of(&of, id).await?;
        for customer in looked_at.iter().chain([&of]) {
            let key = keys::shared(self.tenant, customer, id);
            let row = known.get(&key);
            match named.get(customer) {
                Some(invoices) => {
                    let said_before = row.is_some_and(|row| is_said(row, &fact, &reversals, &of));
                    if !said_before {
                        let change = self.shared_change(&of, &fact, &reversals, row, key);
                        let actions = vec![change.update(self.store)];
                        let unit = Unit { actions, touches: vec![customer.clone()], ..Unit::default() };
                        let mut stays = vec![self.stays_as_read(&of, id, payment)];
                        stays.extend(invoices.iter().map(|invoice| self.stays_here(customer, invoice)));
                        shares.push(Share { unit, stays });
                    }
                }
                None if row.is_some() => {
                    let gone = Change::of(key).when(is_as_seen(row)).delete(self.store);
                    let unit = Unit { actions: vec![gone], touches: vec![customer.clone()], ..Unit::default() };
                    shares.push(Share { unit, stays: vec![] });
                }
                None => {}
            }
        }
        Ok(())
    }

    fn shared_change(&self, of: &CustomerId, fact: &PaymentFact, reversals: &[Reversal], row: Option<&Row>, key: Key) -> Change {
        let payment = &fact.payment;
        with_received(Change::of(key), fact)
            .put(DOC, s(to_json(payment)))
            .put(document::VERSION, s(payment.source_version.sortable()))
            .put(shared::OF, s(of.as_str()))
            .put(shared::REVERSALS, s(to_json(&reversals)))
            .put(fact::SEEN_AT, n(millis(self.now)))
            .put(CHASE, s(format!("S#{}", payment.id)))
            .add(document::REVISION, n(1))
            .when(is_as_seen(row))
    }

    /// Holds while the payment is the one that is shared.
    fn stays_as_read(&self, of: &CustomerId, id: &PaymentId, payment: &Payment) -> (Key, TransactWriteItem) {
        let key = keys::payment(self.tenant, of, id);
        let version = s(payment.source_version.sortable());
        let stays = Change::of(key.clone()).when(is(document::VERSION, version).and(present(DOC)));
        (key, stays.check(self.store))
    }

    /// Holds while an invoice is at the customer. It is written, so that a move that looked before for what it leaves behind fails.
    fn stays_here(&self, customer: &CustomerId, invoice: &InvoiceId) -> (Key, TransactWriteItem) {
        let key = keys::invoice(self.tenant, customer, invoice);
        let stays = Change::of(key.clone()).add(document::REVISION, n(1)).when(present(DOC).and(absent(fact::MOVED)));
        (key, stays.update(self.store))
    }

    /// The reversals of a payment, those of this plan in place of what the table has of them.
    async fn reversals_of(&self, of: &CustomerId, id: &PaymentId) -> Result<Vec<Reversal>> {
        let mut by_id: BTreeMap<String, Reversal> = BTreeMap::new();
        let before = self.leaves(id.as_str(), of).cloned();
        for customer in [Some(of.clone()), before].into_iter().flatten() {
            for row in self.reversals_at(&customer, id).await? {
                let reversal: Reversal = json(&row, DOC)?;
                by_id.insert(reversal.external_id.clone(), reversal);
            }
        }
        for (_, reversal) in self.reversals.values().filter(|(_, reversal)| reversal.payment == *id) {
            let known = by_id.get(&reversal.external_id);
            if known.is_none_or(|known| known.source_version < reversal.source_version) {
                by_id.insert(reversal.external_id.clone(), reversal.clone());
            }
        }
        Ok(by_id.into_values().collect())
    }
}

fn is_as_seen(row: Option<&Row>) -> crate::table::change::When {
    match row.and_then(|row| number::<u64>(row, document::REVISION)) {
        Some(revision) => is(document::REVISION, n(revision)),
        None => no_item(),
    }
}

fn is_said(row: &Row, fact: &PaymentFact, reversals: &[Reversal], of: &CustomerId) -> bool {
    let before = fact.received_before.as_ref().map(to_json);
    text(row, DOC) == Some(to_json(&fact.payment).as_str())
        && text(row, fact::RECEIVED_BEFORE) == before.as_deref()
        && text(row, shared::REVERSALS) == Some(to_json(&reversals).as_str())
        && text(row, shared::OF) == Some(of.as_str())
}
