//! Plans that whoever came by a portal link agrees to: one of the customer's own, within the tenant's bounds, or one that a person offered.
//!
//! A plan needs a code that was sent to the link's address. Who asks here looked that it was entered. What is agreed is looked at by what is owed
//! now, whatever the page showed; a plan whose parts would be others than those that the customer saw is not made.

use domain::{
    Agreement, OfferStanding, PlanOffer, PlanOfferId, PlanOfferStatus, PlanWish, PlanWishFlaw, ServiceMail, ServiceMailKind,
    id::digest,
    plan_wish::wish_plan,
    proposal::{Proposal, ProposedPart, Proposer, propose},
};
use jiff::Timestamp;
use serde_json::json;
use store::{MadeBeside, Store};

use crate::{Done, NotDone, link_holder::LinkHolder, matter, plan_offers::today};

/// The pointer of the flaw that the parts are others than those that were seen.
pub const PLAN_CHANGED: &str = "/seen";
/// The pointer of the flaw that the plan is not within the tenant's bounds.
pub const PLAN_BEYOND: &str = "/plan";

/// What came of agreeing to an offer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OfferTaken {
    /// It is agreed.
    Agreed(Box<Agreement>),
    /// It cannot be agreed to any more.
    Over(OfferStanding),
    /// What is owed changed since it was made, so that it is no plan now.
    Changed,
}

/// What tells parts from others: what a form shows, it sends back.
pub fn seen_parts(parts: &[ProposedPart]) -> String {
    let said: Vec<String> = parts.iter().map(|part| format!("{}:{}", part.due_on, part.amount_minor)).collect();
    digest(&said.iter().map(String::as_str).collect::<Vec<_>>())
}

impl LinkHolder {
    /// Agrees to a plan that the customer wishes; `seen` is [`seen_parts`] of the parts that it was shown. The same of the same day, in UTC, is
    /// the plan that it came to.
    ///
    /// # Errors
    ///
    /// [`NotDone::Fields`] of [`PLAN_CHANGED`] and [`PLAN_BEYOND`], [`NotDone::NotFound`], [`NotDone::Changed`] where the customer changed at
    /// the same moment; those of the table.
    pub async fn agree_plan(&self, store: &Store, wish: &PlanWish, seen: &str, now: Timestamp) -> Done<Agreement> {
        let facts = matter::facts(store, &self.tenant, &self.customer).await?;
        let settings = matter::settings(store, &self.tenant).await?;
        let id = self.id(&format!("plan_by_link {wish:?} {seen}"), now);
        if let Some(known) = facts.agreements.iter().find(|known| known.id == id) {
            return Ok(known.clone());
        }
        let beyond = |flaws: Vec<PlanWishFlaw>| {
            NotDone::Fields(flaws.into_iter().map(|flaw| (PLAN_BEYOND.to_owned(), format!("{flaw:?}"))).collect())
        };
        let plan = wish_plan(wish, &facts, &settings, now).map_err(beyond)?;
        if seen_parts(&plan.parts) != seen {
            return Err(NotDone::field(PLAN_CHANGED, "what is owed changed, and with it the parts; look at them again"));
        }
        let by = Proposer { id: &id, by: self.link.as_str(), now };
        let agreement = propose(&plan.proposal, &facts, &settings, by).map_err(NotDone::Fields)?;
        self.make_plan(store, &agreement, &plan.proposal, None, ("plan_by_link", now)).await
    }

    /// Agrees to an offer. Agreed to twice it is one plan.
    ///
    /// # Errors
    ///
    /// [`NotDone::NotFound`] where the customer was made no such offer, [`NotDone::Changed`] where something changed at the same moment; those of
    /// the table.
    pub async fn take_offer(&self, store: &Store, offer: &PlanOfferId, now: Timestamp) -> Done<OfferTaken> {
        let none = || NotDone::NotFound("the customer was made no such offer".to_owned());
        let offer = store.plan_offer(&self.tenant, &self.customer, offer).await?.ok_or_else(none)?;
        let id = offer.agreement();
        if let Some(known) = store.agreement(&self.tenant, &self.customer, &id).await? {
            return Ok(OfferTaken::Agreed(Box::new(known)));
        }
        let facts = matter::facts(store, &self.tenant, &self.customer).await?;
        let settings = matter::settings(store, &self.tenant).await?;
        let standing = offer.standing(today(&settings, now));
        if standing != OfferStanding::Good {
            return Ok(OfferTaken::Over(standing));
        }
        let (proposal, by) = (offer.proposal(), Proposer { id: &id, by: self.link.as_str(), now });
        let Ok(agreement) = propose(&proposal, &facts, &settings, by) else { return Ok(OfferTaken::Changed) };
        let after = offer.with(PlanOfferStatus::Agreed, now);
        let made = self.make_plan(store, &agreement, &proposal, Some((&offer, &after)), ("take_offer_by_link", now)).await?;
        Ok(OfferTaken::Agreed(Box::new(made)))
    }

    /// Makes a plan, with a notice to the link's address, and says of its offer that it was agreed to.
    async fn make_plan(
        &self,
        store: &Store,
        agreement: &Agreement,
        proposal: &Proposal,
        offer: Option<(&PlanOffer, &PlanOffer)>,
        (operation, now): (&str, Timestamp),
    ) -> Done<Agreement> {
        let parts = proposal.parts.as_deref().unwrap_or_default();
        let what = json!({
            "amount_minor": parts.iter().map(|part| part.amount_minor).fold(0, i64::saturating_add),
            "parts": parts.len(),
            "last_on": parts.last().map(|part| part.due_on),
            "offer": offer.map(|(offer, _)| offer.id.as_str()),
        });
        let entry = self.entry(operation, now).of(agreement.id.as_str()).with(what);
        let mail = ServiceMail::of(ServiceMailKind::PlanAgreed, &self.link, Some(agreement.id.as_str()), now);
        let beside = MadeBeside { mail: Some(&mail), offer, ..MadeBeside::default() };
        self.make_once(store, entry, agreement, beside, now).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_told_apart_by_days_and_amounts_alone() {
        let part = |amount_minor, due_on: &str| ProposedPart { amount_minor, due_on: due_on.parse().expect("a day") };
        let seen = seen_parts(&[part(100, "2026-03-02"), part(101, "2026-04-02")]);
        assert_eq!(seen_parts(&[part(100, "2026-03-02"), part(101, "2026-04-02")]), seen);
        for other in [
            vec![part(101, "2026-03-02"), part(100, "2026-04-02")],
            vec![part(100, "2026-03-02")],
            vec![part(100, "2026-03-03"), part(101, "2026-04-02")],
            vec![],
        ] {
            assert_ne!(seen_parts(&other), seen, "{other:?}");
        }
    }
}
