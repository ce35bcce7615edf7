//! Money that is on its way: what of it came, and what it keeps back.
//!
//! What a provider tells of is known by its payment. Of all else only the books tell: what was paid of an invoice since it was announced is
//! taken for that money, whatever it names. What was credited is not, and neither is what was paid here meanwhile: that is known to be other
//! money.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{Measure, total};
use crate::{
    Agreement, HoldReason, InvoiceId, MoneyOnItsWay, OfBasket, Stood, Terms,
    kept_back::{Hold, HoldScope},
    paid_of_invoice::PaidHere,
};

impl Measure<'_> {
    /// What agreements keep back, `by_facts` beside it. Of holds that name one invoice only the largest counts. A basket's money is other money
    /// than what may have come of the invoice already, than what was announced of it, and than that of another basket: it is kept back on top.
    pub(super) fn all_holds(&self, agreements: &[&Agreement], by_facts: &[Hold]) -> Vec<Hold> {
        let of_facts = on_its_way(by_facts.iter());
        let mut of_each: Vec<Vec<Hold>> = agreements.iter().map(|agreement| self.holds(agreement)).collect();
        let announced =
            of_each.iter().zip(agreements).filter(|(_, agreement)| !is_basket(agreement)).flat_map(|(holds, _)| holds);
        let mut beneath = on_its_way(by_facts.iter().chain(announced.filter(|hold| self.is_active(hold))));
        for (holds, _) in of_each.iter_mut().zip(agreements).filter(|(_, agreement)| is_basket(agreement)) {
            for hold in holds {
                let HoldScope::Invoice(invoice) = hold.scope.clone() else { continue };
                let is_active = self.is_active(hold);
                let under = if is_active { beneath.get(&invoice) } else { of_facts.get(&invoice) };
                let under = under.copied().unwrap_or(0);
                hold.amount_minor = hold.amount_minor.map(|minor| minor.saturating_add(under));
                if let Some(minor) = hold.amount_minor.filter(|_| is_active) {
                    beneath.insert(invoice, minor);
                }
            }
        }
        of_each.into_iter().flatten().collect()
    }

    fn is_active(&self, hold: &Hold) -> bool {
        hold.from_at <= self.now && self.now < hold.ends_at
    }

    /// What came of money that was announced beside a basket, minor units.
    pub(super) fn came_of_sent(&self, agreement: &Agreement, of: &[Stood]) -> i64 {
        total(of.iter().map(|stood| self.sent_and_came(agreement, stood)))
    }

    /// What of that came of one invoice: no more than was sent for it.
    pub(super) fn sent_and_came(&self, agreement: &Agreement, stood: &Stood) -> i64 {
        let paid = self.paid_since(stood, agreement.made_at);
        stood.sent_minor.map_or(paid, |sent| paid.min(sent))
    }

    /// Whether all of a transfer came, as far as the books can tell.
    pub(super) fn has_come(&self, agreement: &Agreement, basket: &OfBasket, of: &[Stood]) -> bool {
        !basket.stood.is_empty() && self.left_of_basket(agreement, basket, of).all(|(_, left)| left == 0)
    }

    /// What a basket keeps back: what is still on its way of its lines, until its payment is known.
    pub(super) fn holds_of_basket(&self, agreement: &Agreement, basket: &OfBasket, of: &[Stood]) -> Vec<Hold> {
        if self.is_paid(basket) {
            return Vec::new();
        }
        let ends_at = agreement.ended_at.map_or(basket.ends_at, |ended| ended.min(basket.ends_at));
        let hold = |(invoice, minor): (&InvoiceId, i64)| Hold {
            by: agreement.id.clone(),
            reason: HoldReason::MoneyOnItsWay,
            clock: agreement.clock.clone(),
            scope: HoldScope::Invoice(invoice.clone()),
            amount_minor: Some(minor),
            from_at: agreement.from_at,
            ends_at,
        };
        self.left_of_basket(agreement, basket, of).filter(|(_, minor)| *minor > 0).map(hold).collect()
    }

    /// What is still on its way of each line of a basket. Where a provider tells of its money that is the line until then.
    fn left_of_basket<'o>(
        &'o self,
        agreement: &'o Agreement,
        basket: &'o OfBasket,
        of: &'o [Stood],
    ) -> impl Iterator<Item = (&'o InvoiceId, i64)> {
        let stood: BTreeMap<&InvoiceId, &Stood> = basket.stood.iter().map(|stood| (&stood.invoice, stood)).collect();
        of.iter().map(move |line| {
            let came = stood.get(&line.invoice).map_or(0, |stood| self.paid_since(stood, agreement.made_at));
            (&line.invoice, line.open_minor.saturating_sub(came).max(0))
        })
    }

    /// What was paid of an invoice in the books since it stood so, minor units; all that stood of one that is closed.
    fn paid_since(&self, stood: &Stood, since: Timestamp) -> i64 {
        let Some((open, claim)) = self.by_invoice.get(&stood.invoice) else { return stood.open_minor };
        let credited = stood.claim_minor.saturating_sub(*claim).max(0);
        let is_its = |paid: &&PaidHere| paid.invoice == stood.invoice && paid.is_since(since, self.zone);
        let here = total(self.paid_here.iter().filter(is_its).map(|paid| paid.amount_minor));
        stood.open_minor.saturating_sub(*open).saturating_sub(credited).saturating_sub(here).max(0)
    }
}

fn is_basket(agreement: &Agreement) -> bool {
    matches!(&agreement.terms, Terms::Money(MoneyOnItsWay { basket: Some(_), .. }))
}

/// What holds keep back of each invoice because it is on its way, or may have come: of several the largest.
fn on_its_way<'h>(holds: impl Iterator<Item = &'h Hold>) -> BTreeMap<InvoiceId, i64> {
    let mut of: BTreeMap<InvoiceId, i64> = BTreeMap::new();
    for hold in holds.filter(|hold| hold.reason == HoldReason::MoneyOnItsWay) {
        if let (HoldScope::Invoice(invoice), Some(minor)) = (&hold.scope, hold.amount_minor) {
            let known = of.entry(invoice.clone()).or_default();
            *known = (*known).max(minor);
        }
    }
    of
}
