//! What goes along when an object comes to another customer.

use std::collections::{BTreeMap, BTreeSet};

use domain::{Agreement, AgreementId, CustomerId, InvoiceId, Order, OrderId, PaymentId, Reversal, along::order_split};

use super::{
    batch::Unit,
    plan::{Along, Plan},
};
use crate::{
    Result,
    customer::{
        agreements::{referred, written},
        facts::{archived_with, invoice_of, payment_of},
        orders::order_row,
    },
    table::{
        attributes::{document::DOC, every::SK},
        change::{Change, put},
        db::{Range, Row, json, last_of, text},
        keys::{self, Key},
    },
};

/// Most reversals of one payment, and most payments of one customer, that are looked through.
const LOOKED_THROUGH_MAX: usize = 10_000;

/// What moves left of the agreements and orders of a customer; `None` for what went whole.
#[derive(Default)]
pub(super) struct Left {
    agreements: BTreeMap<AgreementId, Option<Agreement>>,
    orders: BTreeMap<OrderId, Option<Order>>,
}

impl Plan<'_> {
    /// Writes the agreements and orders that go along with an invoice, and what stays of them, after the moves before it.
    pub(super) fn bring_along(
        &self,
        left: &mut Left,
        unit: &mut Unit,
        (from, to): (&CustomerId, &CustomerId),
        invoice: &InvoiceId,
        along: &Along,
    ) {
        let agreements: Vec<Agreement> = (along.told.agreements.iter())
            .filter_map(|read| left.agreements.get(&read.id).cloned().unwrap_or_else(|| Some(read.clone())))
            .filter(|agreement| agreement.concerns(invoice))
            .collect();
        for read in &along.told.orders {
            let known = left.orders.get(&read.id).cloned();
            unit.apart |= known.is_some();
            let order = known.unwrap_or_else(|| Some(read.clone()));
            let Some((stays, goes)) = order.and_then(|order| order_split(&order, &agreements, invoice)) else { continue };
            let (key, row) = order_row(self.tenant, to, &goes);
            unit.actions.push(put(self.store, &key, row));
            unit.actions.push(match &stays {
                Some(stays) => {
                    let (key, row) = order_row(self.tenant, from, stays);
                    put(self.store, &key, row)
                }
                None => Change::of(keys::order(self.tenant, from, &read.id)).delete(self.store),
            });
            left.orders.insert(read.id.clone(), stays);
        }
        for agreement in agreements {
            unit.apart |= left.agreements.contains_key(&agreement.id);
            let (stays, goes) = agreement.split(invoice);
            let key = keys::agreement(self.tenant, to, &goes.id);
            unit.actions.push(written(key, &goes, self.now).update(self.store));
            unit.actions.push(referred(self.tenant, goes.id.as_str(), to).update(self.store));
            let key = keys::agreement(self.tenant, from, &agreement.id);
            unit.actions.push(match &stays {
                Some(stays) => written(key, stays, self.now).update(self.store),
                None => Change::of(key).delete(self.store),
            });
            left.agreements.insert(agreement.id, stays);
        }
    }

    /// What goes along with an invoice, and the head that it is read of.
    pub(super) async fn along(&self, from: &CustomerId, invoice: &InvoiceId) -> Result<Option<Along>> {
        let Some(head) = self.store.head(self.tenant, from).await? else { return Ok(None) };
        let mut facts = Box::pin(self.store.facts(self.tenant, &head)).await?;
        let key = keys::invoice(self.tenant, from, invoice);
        let row = self.store.read("read the results of", &key, true).await?.filter(|row| row.contains_key(DOC));
        // An invoice that is set aside is not among the facts that are read.
        if let Some(row) = row.filter(|_| facts.invoices.iter().all(|fact| fact.invoice.id != *invoice)) {
            facts.invoices.push(invoice_of(&row, true)?);
        }
        let told = domain::along::along(&facts, invoice);
        Ok(Some(Along { head, told }))
    }

    /// Brings along the payments that are for a moving invoice alone: where they stayed they would pay for nothing, and whoever
    /// owes the invoice now would owe it whole. A payment that was taken back is still for what it paid when it was received: it keeps that
    /// back. What is for other invoices too stays where its source says it is.
    pub(super) async fn bring_payments(&mut self, from: &CustomerId, to: &CustomerId, invoice: &InvoiceId) -> Result<()> {
        const OP: &str = "find the payments of";
        let pk = keys::customer(self.tenant, from);
        let last = last_of("P#");
        let range = Range { chase: true, ..Range::new(&pk, "P#", &last, LOOKED_THROUGH_MAX) };
        let mut rows = self.store.range(OP, range).await?;
        let invoice_row = self.store.read(OP, &keys::invoice(self.tenant, from, invoice), true).await?;
        let filed: Vec<Key> = invoice_row
            .iter()
            .flat_map(archived_with)
            .filter(|sk| sk.starts_with("PAY#"))
            .map(|sk| Key { pk: pk.clone(), sk })
            .collect();
        rows.extend(self.store.read_many(OP, &filed, true).await?.into_values());
        self.look_for_shared(from, invoice, invoice_row.as_ref()).await?;
        for row in rows.iter().filter(|row| row.contains_key(DOC)) {
            let fact = payment_of(row)?;
            let is_for_it = fact.invoices().any(|known| known == invoice);
            let alone = is_for_it && fact.invoices().all(|known| known == invoice);
            let payment = fact.payment;
            if is_for_it {
                self.shares(&payment.id, Some(from));
            }
            if !alone || self.payments.contains_key(&payment.id) {
                continue;
            }
            let reference = self.reference(payment.id.as_str()).await?;
            if reference.known.is_some_and(|known| known != *from) {
                continue;
            }
            self.bring_reversals(from, to, &payment.id).await?;
            self.comes(payment.id.as_str(), to);
            self.payments.insert(payment.id.clone(), (to.clone(), payment));
        }
        Ok(())
    }

    /// Other customers' payments that are for a moving invoice count where it comes to.
    async fn look_for_shared(&mut self, from: &CustomerId, invoice: &InvoiceId, row: Option<&Row>) -> Result<()> {
        const OP: &str = "find who else pays for";
        let pk = keys::customer(self.tenant, from);
        let last = last_of("S#");
        let range = Range { chase: true, ..Range::new(&pk, "S#", &last, LOOKED_THROUGH_MAX) };
        let mut rows = self.store.range(OP, range).await?;
        let filed = row.into_iter().flat_map(archived_with).filter(|sk| sk.starts_with(keys::SHARED));
        let filed: Vec<Key> = filed.map(|sk| Key { pk: pk.clone(), sk }).collect();
        rows.extend(self.store.read_many(OP, &filed, true).await?.into_values());
        for row in &rows {
            let fact = payment_of(row)?;
            if fact.invoices().any(|known| known == invoice) {
                self.shares(&fact.payment.id, Some(from));
            }
        }
        Ok(())
    }

    /// Brings along a moving payment's reversals.
    pub(super) async fn bring_reversals(&mut self, from: &CustomerId, to: &CustomerId, payment: &PaymentId) -> Result<()> {
        let known: BTreeSet<Key> = self.reversals.keys().cloned().collect();
        for row in self.reversals_at(from, payment).await? {
            let reversal: Reversal = json(&row, DOC)?;
            let key = keys::reversal(self.tenant, to, payment, &reversal.external_id);
            if !known.contains(&key) {
                self.reversals.insert(key, (to.clone(), reversal));
            }
        }
        Ok(())
    }

    /// The reversals that a customer has of a payment.
    pub(super) async fn reversals_at(&self, customer: &CustomerId, payment: &PaymentId) -> Result<Vec<Row>> {
        let (pk, from) = (keys::customer(self.tenant, customer), keys::reversals_of(payment));
        let to = last_of(&from);
        let rows = self.store.range("find the reversals of", Range::new(&pk, &from, &to, LOOKED_THROUGH_MAX)).await?;
        Ok(rows.into_iter().filter(|row| row.contains_key(DOC) && text(row, SK).is_some()).collect())
    }
}
