//! What becomes of an agreement when an invoice that it concerns moves to another customer.

use compact_str::CompactString;

use super::{Agreement, AgreementScope, Dispute, MoneyOnItsWay, Pause, PaymentPlan, PlanPart, PlanStatus, Promise, Stood, Terms};
use crate::{AgreementId, Currency, InvoiceId};

/// The id of the share of an agreement that goes along with an invoice, where something stays.
pub(crate) fn share_id(agreement: &AgreementId, invoice: &InvoiceId) -> AgreementId {
    AgreementId::derive(&[agreement.as_str(), invoice.as_str()])
}

impl Agreement {
    /// Whether it is an invoice's own matter, so that it goes where the invoice goes.
    pub fn concerns(&self, invoice: &InvoiceId) -> bool {
        let planned = match &self.terms {
            Terms::Plan(plan) => plan.of.iter().any(|stood| stood.invoice == *invoice),
            Terms::Promise(_) | Terms::Dispute(_) | Terms::Pause(_) | Terms::Money(_) | Terms::Later(_) => false,
        };
        planned || self.scope.names(invoice)
    }

    /// What stays and what goes along when an invoice that it concerns leaves the customer: nothing stays of what was of that invoice
    /// alone, under its own id; else the invoice's share goes, under an id of its own.
    pub fn split(&self, invoice: &InvoiceId) -> (Option<Self>, Self) {
        let others: Vec<Stood> = self.of().iter().filter(|stood| stood.invoice != *invoice).cloned().collect();
        let stays_in = match &self.scope {
            AgreementScope::Invoices(all) => all.iter().any(|named| named != invoice),
            AgreementScope::Customer | AgreementScope::Case(_) | AgreementScope::Balance(_) | AgreementScope::Later(_) => {
                !others.is_empty()
            }
        };
        if !stays_in {
            return (None, self.clone());
        }
        let mut left = self.amount_minor.unwrap_or(i64::MAX);
        let mut share = None;
        for stood in self.of() {
            let part = stood.sent_minor.unwrap_or(stood.open_minor).min(left);
            left -= part;
            if stood.invoice == *invoice {
                share = Some((stood.clone(), part));
            }
        }
        let own: Vec<Stood> = share.iter().map(|(stood, _)| stood.clone()).collect();
        let part = share.map_or(0, |(_, part)| part);
        let with = |of: Vec<Stood>, plan: PaymentPlan| match self.terms.clone() {
            Terms::Promise(promise) => Terms::Promise(Promise { of, ..promise }),
            Terms::Dispute(dispute) => Terms::Dispute(Dispute { of, ..dispute }),
            Terms::Pause(pause) => Terms::Pause(Pause { of, ..pause }),
            Terms::Money(money) => Terms::Money(MoneyOnItsWay { of, ..money }),
            Terms::Plan(_) => Terms::Plan(plan),
            Terms::Later(map) => Terms::Later(map),
        };
        let none = PaymentPlan {
            name: String::new(),
            currency: Currency::USD,
            legal_entity: CompactString::default(),
            parts: Vec::new(),
            of: Vec::new(),
            status: PlanStatus::Cancelled,
        };
        let (plan_stays, plan_goes) = match &self.terms {
            Terms::Plan(plan) => plan.split(&own, &others),
            Terms::Promise(_) | Terms::Dispute(_) | Terms::Pause(_) | Terms::Money(_) | Terms::Later(_) => (none.clone(), none),
        };
        let scope = match &self.scope {
            AgreementScope::Invoices(all) => {
                AgreementScope::Invoices(all.iter().filter(|named| *named != invoice).cloned().collect())
            }
            other @ (AgreementScope::Customer
            | AgreementScope::Case(_)
            | AgreementScope::Balance(_)
            | AgreementScope::Later(_)) => other.clone(),
        };
        let stays = Self {
            terms: with(others, plan_stays),
            scope,
            amount_minor: self.amount_minor.map(|amount| (amount - part).max(0)),
            ..self.clone()
        };
        let goes = Self {
            id: share_id(&self.id, invoice),
            terms: with(own, plan_goes),
            scope: AgreementScope::Invoices(vec![invoice.clone()]),
            amount_minor: self.amount_minor.map(|_| part),
            ..self.clone()
        };
        (Some(stays), goes)
    }
}

impl PaymentPlan {
    /// The plan without the shares of `own`, and the plan of those alone: it has the last parts.
    fn split(&self, own: &[Stood], others: &[Stood]) -> (Self, Self) {
        let mut share: i64 = own.iter().map(|stood| stood.open_minor).sum();
        let (mut stays, mut goes) = (Vec::new(), Vec::new());
        for part in self.parts.iter().rev() {
            let taken = part.amount_minor.min(share);
            share -= taken;
            goes.extend((taken > 0).then(|| PlanPart { amount_minor: taken, ..part.clone() }));
            stays.extend(
                (part.amount_minor > taken).then(|| PlanPart { amount_minor: part.amount_minor - taken, ..part.clone() }),
            );
        }
        stays.reverse();
        goes.reverse();
        let stays = Self { parts: stays, of: others.to_vec(), ..self.clone() };
        (stays, Self { parts: goes, of: own.to_vec(), ..self.clone() })
    }
}
