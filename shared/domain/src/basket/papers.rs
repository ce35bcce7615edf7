//! A basket's payment and reversals as documents. They are made of all that is known each time, in the version of the basket's changes.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{Basket, BasketReceipt, COLLECTOR};
use crate::{
    Allocation, Currency, CustomerRef, Document, Payment, PaymentId, PaymentKind, PaymentStatus, Reversal, Settings,
    SourceVersion, TakenHere, calendar::tenant_zone,
};

impl Basket {
    /// The id of the payment in a currency that came of it: its own id in its own currency.
    pub fn payment_in(&self, currency: Currency) -> PaymentId {
        if currency == self.currency {
            self.id.clone()
        } else {
            PaymentId::derive(&["basket", self.id.as_str(), currency.code()])
        }
    }

    /// Whether money came of it that stayed: its provider did not say since, or at the same instant, that it failed. What came may fail afterwards, and
    /// what failed comes only by a later try.
    pub(super) fn stayed(&self) -> bool {
        let newest = self.receipts.iter().map(|receipt| receipt.at).max();
        newest.is_some_and(|newest| self.failed_at.is_none_or(|failed| failed < newest))
    }

    /// Whether what came pays the lines: exactly what was asked for came, or the collector who took it said what it is for.
    fn pays_its_lines(&self) -> bool {
        let asked = self.asked();
        self.provider == COLLECTOR || self.receipts.iter().any(|receipt| receipt.money == asked)
    }

    /// What is known of it as documents of the source [`SOURCE`](super::SOURCE): none while no money came.
    ///
    /// What came as it was asked for pays the lines; whatever else came is credit of the customer, each currency a payment of its own.
    pub fn documents(&self, settings: &Settings) -> Vec<Document> {
        let mut by_currency: BTreeMap<Currency, Vec<&BasketReceipt>> = BTreeMap::new();
        for receipt in &self.receipts {
            by_currency.entry(receipt.money.currency()).or_default().push(receipt);
        }
        let source_version = SourceVersion::Number(self.revision);
        let mut documents = Vec::new();
        for (currency, receipts) in &by_currency {
            let first_at = receipts.iter().map(|receipt| receipt.at).min().unwrap_or(self.begun_at);
            let amount_minor = receipts.iter().map(|receipt| receipt.money.minor()).fold(0, i64::saturating_add);
            let id = self.payment_in(*currency);
            let payment = Payment {
                external_id: id.to_string(),
                id,
                kind: PaymentKind::Payment,
                source_version,
                status: if self.stayed() { PaymentStatus::Received } else { PaymentStatus::Reversed },
                amount_minor,
                currency: *currency,
                received_on: on(first_at, settings),
                legal_entity: Some(self.legal_entity.to_string()).filter(|entity| !entity.is_empty()),
                allocations: if *currency == self.currency && self.pays_its_lines() { self.allocations() } else { Vec::new() },
                reference: None,
                taken_here: Some(Box::new(self.taken_here())),
            };
            documents.push(Document::Payment { customer: CustomerRef::Named(self.customer.clone()), payment });
        }
        let known = self.reversals.iter().filter(|reversal| by_currency.contains_key(&reversal.money.currency()));
        documents.extend(known.map(|reversal| {
            Document::Reversal(Reversal {
                external_id: reversal.external_id.clone(),
                source_version,
                payment: self.payment_in(reversal.money.currency()),
                amount_minor: reversal.money.minor(),
                currency: reversal.money.currency(),
                in_force: reversal.in_force,
                kind: reversal.kind,
            })
        }));
        documents
    }

    /// What its payments say of it, so that an entry in the books is known to be one of them.
    pub(crate) fn taken_here(&self) -> TakenHere {
        TakenHere {
            basket: self.id.clone(),
            begun_at: self.begun_at,
            stated: self.stated.clone(),
            same: self.same.clone(),
            apart: self.apart.clone(),
            undone: self.is_undone(),
        }
    }

    fn allocations(&self) -> Vec<Allocation> {
        let of = |line: &super::BasketLine| Allocation { invoice: line.invoice.clone(), amount_minor: line.amount_minor };
        self.lines.iter().map(of).collect()
    }
}

/// The day of an instant where the tenant is.
fn on(at: Timestamp, settings: &Settings) -> jiff::civil::Date {
    at.to_zoned(tenant_zone(settings)).date()
}
