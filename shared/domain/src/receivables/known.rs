//! What payments leave to be said of invoices, and the rules that money is reckoned by.

use std::borrow::Cow;

use jiff::{Timestamp, tz::TimeZone};

use crate::{AgreementId, Currency, InvoiceId, Payment, PaymentId, ReversalKind, Settings, settings::AfterRefund};

/// Money that payments claim and the invoice's document does not show yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InFlight {
    /// The invoice.
    pub invoice: InvoiceId,
    /// The excess in minor units.
    pub excess_minor: i64,
    /// When the newest of the payments was recorded.
    pub since: Timestamp,
    /// When a person is asked.
    pub ask_at: Timestamp,
}

/// An allocation in another currency than its invoice's.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mismatch {
    /// The payment or credit note.
    pub payment: PaymentId,
    /// Its currency.
    pub currency: Currency,
    /// The invoice.
    pub invoice: InvoiceId,
    /// The invoice's currency.
    pub wanted: Currency,
}

/// An invoice on which more was paid and credited than it comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overpaid {
    /// The invoice.
    pub invoice: InvoiceId,
    /// The currency of the excess.
    pub currency: Currency,
    /// The excess, minor units.
    pub excess_minor: i64,
}

/// A payment or credit note as it counts: one that was taken here and its entry in the books are one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CountedPayment<'a> {
    /// The payment, under the id by which it was taken here where it was.
    pub payment: Cow<'a, Payment>,
    /// What of it nobody took back, minor units.
    pub good_minor: i64,
    /// What of that is for no invoice, minor units: unapplied credit.
    pub left_minor: i64,
}

/// A payment that refunds, chargebacks or its own document took back, in whole or part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TakenBack {
    /// The id under which what is kept back for it is released.
    pub id: AgreementId,
    /// The payment.
    pub payment: PaymentId,
    /// What took it back: the gravest, so a chargeback, if one of them is.
    pub kind: ReversalKind,
    /// The currency.
    pub currency: Currency,
    /// The invoices with what was taken back of each, minor units.
    pub of: Vec<(InvoiceId, i64)>,
    /// Whether a person released it.
    pub released: bool,
}

impl TakenBack {
    /// Whether it is kept back. What only a later release knows the kind of is, whatever the settings say of refunds.
    pub fn is_kept_back(&self, after_refund: AfterRefund) -> bool {
        !self.released && (after_refund == AfterRefund::Hold || self.kind.is_later())
    }
}

/// What of a tenant's settings money is reckoned by.
#[derive(Clone, Copy, Debug)]
pub struct ReceivablesRules<'a> {
    /// The tenant's zone, whose days due dates are.
    pub zone: &'a TimeZone,
    /// What becomes of what is open again after a refund or chargeback.
    pub after_refund: AfterRefund,
    /// Whether invoices are chased that were never sent.
    pub chase_unsent: bool,
    /// Whether legal entities are told apart: where the settings list any.
    pub by_legal_entity: bool,
}

impl<'a> ReceivablesRules<'a> {
    /// Those of a tenant's settings.
    pub fn of(settings: &Settings, zone: &'a TimeZone) -> Self {
        Self {
            zone,
            after_refund: settings.after_refund,
            chase_unsent: settings.chase_unsent,
            by_legal_entity: !settings.legal_entities.is_empty(),
        }
    }
}

/// A sum that stops at the largest amount there is.
pub(crate) fn total(amounts: impl Iterator<Item = i64>) -> i64 {
    amounts.fold(0, i64::saturating_add)
}
