//! Whether what is proposed is agreed already: a request that is sent twice makes one agreement.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{Proposal, ProposedEnd, ProposedScope};
use crate::{
    Agreement, AgreementScope, Dispute, EndsWith, Facts, HoldReason, InvoiceId, Settings, Terms, WayOfPaying,
    agreement::expected_on, calendar::Locality,
};

/// The agreement that a proposal comes to already: one that is not over, of the same kind, scope, amount and terms; the first that was
/// made where there are several. What is open now, or was when it was made, says nothing.
pub fn agreed_already<'f>(proposal: &Proposal, facts: &'f Facts, settings: &Settings, now: Timestamp) -> Option<&'f Agreement> {
    // What is refused is no agreement, made before or not.
    if !super::is_well_formed(proposal) {
        return None;
    }
    let asked = Asked { proposal, facts, settings, now };
    let same = facts.agreements.iter().filter(|agreement| agreement.runs() && asked.is(agreement));
    same.min_by(|a, b| (a.made_at, &a.id).cmp(&(b.made_at, &b.id)))
}

struct Asked<'a> {
    proposal: &'a Proposal,
    facts: &'a Facts,
    settings: &'a Settings,
    now: Timestamp,
}

impl Asked<'_> {
    fn is(&self, agreement: &Agreement) -> bool {
        let proposal = self.proposal;
        agreement.kind() == proposal.kind
            && self.has_scope(&agreement.scope)
            && agreement.until_on == proposal.until_on
            && self.has_terms(agreement)
    }

    fn has_scope(&self, scope: &AgreementScope) -> bool {
        match (&self.proposal.scope, scope) {
            (ProposedScope::Customer, AgreementScope::Customer) => true,
            (ProposedScope::Case(asked), AgreementScope::Case(known)) => asked == known,
            (ProposedScope::Balance(asked), AgreementScope::Balance(known)) => asked == known,
            (ProposedScope::Invoice(text), AgreementScope::Invoices(known)) => self.are(std::slice::from_ref(text), known),
            (ProposedScope::Invoices(texts), AgreementScope::Invoices(known)) => self.are(texts, known),
            (
                ProposedScope::Customer
                | ProposedScope::Case(_)
                | ProposedScope::Balance(_)
                | ProposedScope::Invoice(_)
                | ProposedScope::Invoices(_),
                _,
            ) => false,
        }
    }

    fn are(&self, asked: &[String], known: &[InvoiceId]) -> bool {
        let asked: Option<BTreeSet<&InvoiceId>> = asked.iter().map(|text| self.invoice(text)).collect();
        asked.is_some_and(|asked| asked == known.iter().collect())
    }

    fn invoice(&self, text: &str) -> Option<&InvoiceId> {
        let named = |id: &InvoiceId, external_id: &str| id.as_str() == text || external_id == text;
        let known = self.facts.invoices.iter().map(|fact| &fact.invoice);
        known.into_iter().find(|invoice| named(&invoice.id, &invoice.external_id)).map(|invoice| &invoice.id)
    }

    /// Whether a dispute is about the same line, or about none as well, and about as much.
    fn contests(&self, dispute: &Dispute, amount_minor: Option<i64>) -> bool {
        let proposal = self.proposal;
        let (meant, known) = match (&proposal.line, &dispute.line) {
            (None, None) => return amount_minor == proposal.amount_minor,
            (Some(_), Some(known)) => (proposal.meant().ok().flatten(), known),
            (None, Some(_)) | (Some(_), None) => return false,
        };
        meant.filter(|meant| meant.line.is_same(known)).is_some_and(|meant| {
            let open = dispute.of.iter().map(|stood| stood.open_minor).fold(0, i64::saturating_add);
            amount_minor == proposal.amount_minor.or(Some(meant.amount_minor.min(open)))
        })
    }

    fn has_terms(&self, agreement: &Agreement) -> bool {
        let proposal = self.proposal;
        let same_amount = agreement.amount_minor == proposal.amount_minor;
        let way = proposal.way.as_deref().unwrap_or(WayOfPaying::Other.as_str());
        match &agreement.terms {
            Terms::Promise(promise) => same_amount && Some(promise.pays_on) == proposal.pays_on && promise.way.as_str() == way,
            Terms::Dispute(dispute) => {
                self.contests(dispute, agreement.amount_minor) && Some(dispute.reason.as_str()) == proposal.reason.as_deref()
            }
            Terms::Pause(pause) => {
                let reason = proposal.reason.as_deref().unwrap_or(HoldReason::Manual.as_str());
                same_amount
                    && pause.reason.as_str() == reason
                    && ends_alike(proposal.ends_with.as_ref(), pause.ends_with.as_ref())
            }
            Terms::Money(money) => {
                let today = self.now.to_zoned(Locality::of_tenant(self.settings).zone().clone()).date();
                let sent_on = proposal.sent_on.unwrap_or(today);
                let expected_on = expected_on(self.settings, &self.facts.customer.source, sent_on, &money.way);
                money.basket.is_none() && same_amount && money.way.as_str() == way && money.expected_on == expected_on
            }
            // The parts say what it is over, and the day on which each is expected how it is paid.
            Terms::Plan(plan) => {
                let known = plan.parts.iter().map(|part| (part.amount_minor, part.due_on));
                let asked = proposal.parts.iter().flatten().map(|part| (part.amount_minor, part.due_on));
                let over: i64 = plan.parts.iter().map(|part| part.amount_minor).fold(0, i64::saturating_add);
                known.eq(asked) && proposal.amount_minor.is_none_or(|minor| minor == over)
            }
            Terms::Later(_) => false,
        }
    }
}

fn ends_alike(asked: Option<&ProposedEnd>, known: Option<&EndsWith>) -> bool {
    match (asked, known) {
        (None, None)
        | (Some(ProposedEnd::Closed), Some(EndsWith::Closed))
        | (Some(ProposedEnd::Replied), Some(EndsWith::Replied)) => true,
        (Some(ProposedEnd::Agreement(asked)), Some(EndsWith::Agreement(known))) => known.as_str() == asked,
        (None | Some(ProposedEnd::Closed | ProposedEnd::Replied | ProposedEnd::Agreement(_)), _) => false,
    }
}
