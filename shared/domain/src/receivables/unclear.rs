//! Payments of which only a later release knows what they are or what became of them.

use compact_str::CompactString;

use crate::{AgreementId, Allocation, Currency, InvoiceId, Payment, PaymentId};

/// A payment of which only a later release knows what it is or what became of it: no payment and no credit, and nobody is chased for what
/// it may have paid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unclear {
    /// The payment.
    pub payment: PaymentId,
    /// The currency.
    pub currency: Currency,
    /// The invoices that it is for with how much of each, minor units.
    pub of: Vec<(InvoiceId, i64)>,
    /// What it leaves, minor units; 0 for another customer's.
    pub rest_minor: i64,
    /// The legal entity that the rest would be credit with, where something says so.
    pub legal_entity: Option<CompactString>,
}

impl Unclear {
    pub(super) fn of(payment: &Payment, legal_entity: Option<&str>, is_own: bool) -> Self {
        let mut left = payment.amount_minor;
        let mut take = |allocation: &Allocation| {
            let taken = allocation.amount_minor.min(left);
            left -= taken;
            (allocation.invoice.clone(), taken)
        };
        let of = payment.allocations.iter().map(&mut take).collect();
        let (rest_minor, legal_entity) = (if is_own { left } else { 0 }, legal_entity.map(CompactString::from));
        Self { payment: payment.id.clone(), currency: payment.currency, of, rest_minor, legal_entity }
    }

    /// The id of what is kept back for it.
    pub fn id(&self) -> AgreementId {
        AgreementId::derive(&["unclear", self.payment.as_str()])
    }
}
