//! An offer to pay in parts, made by a person of the tenant: the customer agrees to it, or does not. It is no agreement: nothing is kept back
//! because of it, and nothing falls due by it.
//!
//! ```text
//! open ── the customer agrees ── agreed      its agreement is a plan of these parts
//!   ├─── a person takes it back ── withdrawn
//!   └─── its last day passes: it stays open in the table, and nobody can agree to it any more
//! ```

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

use crate::{
    AgreementId, Currency, InvoiceId, PlanOfferId,
    proposal::{Proposal, ProposedPart, ProposedScope},
    word::stored_words,
};

/// Most offers of a customer that are open at once.
pub const OFFERS_OPEN_MAX: usize = 5;
/// Longest time that an offer is good for, in days.
pub const OFFER_DAYS_MAX: i64 = 90;

stored_words!(
    /// Where an offer stands, but for its last day.
    PlanOfferStatus {
        /// The customer has not agreed.
        Open = "open",
        /// The customer agreed.
        Agreed = "agreed",
        /// A person took it back.
        Withdrawn = "withdrawn",
    }
);

/// Whether an offer can be agreed to on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OfferStanding {
    /// It can.
    Good,
    /// Its last day passed.
    Expired,
    /// A person took it back, or only a later release knows what became of it.
    Withdrawn,
    /// The customer agreed to it.
    Agreed,
}

/// An offer to pay in parts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanOffer {
    /// Its id.
    pub id: PlanOfferId,
    /// The invoices that the plan would be of.
    pub invoices: Vec<InvoiceId>,
    /// The one currency of every amount here.
    pub currency: Currency,
    /// In order of their days. They come to what the plan would be over.
    pub parts: Vec<ProposedPart>,
    /// The last day on which the customer can agree, in the tenant's zone.
    pub valid_until: Date,
    /// When it was made.
    pub made_at: Timestamp,
    /// Who made it: the subject of the sign-in.
    pub by: String,
    /// Where it stands.
    pub status: PlanOfferStatus,
    /// Since when.
    pub status_at: Timestamp,
}

impl PlanOffer {
    /// Whether it can be agreed to on a day of the tenant's zone.
    pub fn standing(&self, today: Date) -> OfferStanding {
        match self.status {
            PlanOfferStatus::Open if today > self.valid_until => OfferStanding::Expired,
            PlanOfferStatus::Open => OfferStanding::Good,
            PlanOfferStatus::Agreed => OfferStanding::Agreed,
            PlanOfferStatus::Withdrawn | PlanOfferStatus::Later(_) => OfferStanding::Withdrawn,
        }
    }

    /// What its parts come to, minor units.
    pub fn total_minor(&self) -> i64 {
        self.parts.iter().map(|part| part.amount_minor).fold(0, i64::saturating_add)
    }

    /// The id of the plan that agreeing to it comes to: agreed to twice, it is one plan.
    pub fn agreement(&self) -> AgreementId {
        AgreementId::derive(&["plan_offer", self.id.as_str()])
    }

    /// The plan that it offers, to be looked at by what is owed now.
    pub fn proposal(&self) -> Proposal {
        let invoices = self.invoices.iter().map(|id| id.as_str().to_owned()).collect();
        plan_proposal(invoices, self.parts.clone(), Some(self.total_minor()))
    }

    /// The same offer with another status.
    pub fn with(&self, status: PlanOfferStatus, now: Timestamp) -> Self {
        Self { status, status_at: now, ..self.clone() }
    }
}

/// A plan of invoices, by their ids here or the source's own, in these parts: over so many minor units, or all that is open.
pub fn plan_proposal(invoices: Vec<String>, parts: Vec<ProposedPart>, amount_minor: Option<i64>) -> Proposal {
    Proposal {
        kind: "plan".to_owned(),
        scope: ProposedScope::Invoices(invoices),
        amount_minor,
        pays_on: None,
        sent_on: None,
        way: None,
        reason: None,
        parts: Some(parts),
        until_on: None,
        ends_with: None,
        line: None,
        lines: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{at, on};

    fn offer(status: PlanOfferStatus) -> PlanOffer {
        let part = |amount_minor, due_on: &str| ProposedPart { amount_minor, due_on: on(due_on) };
        PlanOffer {
            id: PlanOfferId::derive(&["one"]),
            invoices: vec![InvoiceId::derive(&["A"])],
            currency: Currency::EUR,
            parts: vec![part(333, "2026-03-02"), part(334, "2026-04-02")],
            valid_until: on("2026-02-20"),
            made_at: at("2026-02-05T09:00:00Z"),
            by: "u-1".to_owned(),
            status,
            status_at: at("2026-02-05T09:00:00Z"),
        }
    }

    #[test]
    fn an_offer_is_good_to_the_end_of_its_last_day() {
        for (status, day, standing) in [
            (PlanOfferStatus::Open, "2026-02-20", OfferStanding::Good),
            (PlanOfferStatus::Open, "2026-02-21", OfferStanding::Expired),
            (PlanOfferStatus::Withdrawn, "2026-02-20", OfferStanding::Withdrawn),
            (PlanOfferStatus::Agreed, "2026-02-21", OfferStanding::Agreed),
        ] {
            assert_eq!(offer(status).standing(on(day)), standing, "{status:?} {day}");
        }
    }

    #[test]
    fn an_offer_proposes_its_parts_and_what_they_come_to() {
        let offer = offer(PlanOfferStatus::Open);
        let proposal = offer.proposal();
        assert_eq!((offer.total_minor(), proposal.amount_minor), (667, Some(667)));
        assert_eq!(proposal.parts.as_deref(), Some(offer.parts.as_slice()));
        assert_eq!(offer.agreement(), offer.with(PlanOfferStatus::Agreed, at("2026-02-06T09:00:00Z")).agreement());
    }

    #[test]
    fn an_offer_is_stored_as_it_is() {
        for status in [PlanOfferStatus::Open, PlanOfferStatus::Agreed, PlanOfferStatus::Withdrawn] {
            let offer = offer(status);
            let text = serde_json::to_string(&offer).expect("an offer");
            assert_eq!(serde_json::from_str::<PlanOffer>(&text).expect(&text), offer);
        }
    }
}
