//! What a decision was made from, as one number: so that somebody who finds the same inputs later knows that they are the same.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::{
    ByHand, Facts, InvoiceId, InvoiceStatus, PaymentFact, Policy, calendar::Locality, evolve::normal, receivables::Receivables,
};

/// The engine's version: raised with every change by which the same inputs may be decided otherwise, or are hashed otherwise.
pub const ENGINE: u32 = 1;

/// What a decision was made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inputs {
    /// The engine that decided.
    pub engine: u32,
    /// SHA-256 of the inputs in their normal form.
    pub sha256: [u8; 32],
}

/// The inputs of [`crate::decide`] in the form in which two ways to the same state are equal. Beyond what [`normal`] leaves out, that
/// is closed invoices and drafts with what only touches them (but for those that payments closed which their documents do not show yet), whether or not they are set aside; when people were contacted, also
/// about other customers, which their logs say and no version of a fact; and of the instant what is below a millisecond.
pub fn inputs(facts: &Facts, policy: &Policy, now: Timestamp) -> Inputs {
    let home = Locality::of_tenant(&policy.settings);
    let receivables = Receivables::in_zone(facts, home.zone(), now);
    // Closed by payments that its own document does not show yet: looked at again, and not set aside before.
    let in_flight = receivables.in_flight.iter().filter(|in_flight| in_flight.ask_at > now);
    let waits: BTreeSet<&InvoiceId> = in_flight.map(|in_flight| &in_flight.invoice).collect();
    let mut bare = facts.clone();
    for fact in &mut bare.invoices {
        let id = &fact.invoice.id;
        fact.archived = fact.invoice.status == InvoiceStatus::Draft || receivables.closed.contains(id) && !waits.contains(id);
    }
    let waits_for = |fact: &PaymentFact| fact.invoices().any(|invoice| waits.contains(invoice));
    bare.payments.retain(|fact| !receivables.spent.contains(&fact.payment.id) || waits_for(fact));
    bare.shared.retain(|fact| !receivables.spent_shared.contains(&fact.payment.id) || waits_for(fact));
    // Whoever does not know yet what is demanded reads more than that.
    bare.sources_confirmed_at.retain(|source, _| policy.settings.freshness.contains_key(source));
    // What is added to either must be named here: it is hashed, or it is said why not.
    let Facts {
        tenant,
        version: _,
        decision,
        customer,
        // What is hashed is what comes of both, and both where that is not all that is looked at.
        described,
        by_hand,
        above,
        invoices,
        payments,
        reversals,
        shared,
        shared_reversals,
        agreements,
        charges,
        orders,
        work,
        cases,
        coverage,
        pending,
        last_contact,
        addresses,
        contact_log: _,
        sources_confirmed_at,
        replied_at,
    } = normal(&bare);
    // Whom the tenant may send as is asked by senders only.
    let Policy { settings, breaker_open, workflows, published, rollouts, withdrawn, senders, identities: _, templates } = policy;
    let mut hash = Hash(Sha256::new());
    hash.add(&(tenant.as_str(), decision, &customer, now.as_millisecond()));
    // Hashed only where there are some, so that what was decided before there were any is still the same number.
    if let Some(preferences) = by_hand.preferences() {
        hash.add(&preferences);
    }
    let ceased: Vec<_> =
        std::iter::once(&by_hand).chain(above.iter().map(|above| &above.by_hand)).flat_map(ByHand::all_ceased).collect();
    if !ceased.is_empty() {
        hash.add(&ceased);
    }
    // Whom an invoice names for itself may be somebody of whom something was entered.
    if invoices.iter().any(|fact| fact.invoice.contact.is_some()) && (!by_hand.contacts.is_empty() || above.is_some()) {
        hash.add(&(&by_hand.contacts, described.map(|described| described.contacts), &above));
    }
    for fact in &invoices {
        hash.add(&fact.invoice);
    }
    for fact in payments.iter().chain(&shared) {
        hash.add(&(&fact.payment, fact.recorded_at.as_millisecond()));
        if let Some(before) = &fact.received_before {
            hash.add(before);
        }
    }
    hash.add(&(&reversals, &shared_reversals, &agreements, &charges, &orders, &work));
    let cases: Vec<_> = cases.iter().collect();
    hash.add(&(&cases, &coverage, &pending));
    hash.add(&(&last_contact, &addresses, &sources_confirmed_at, replied_at.map(Timestamp::as_millisecond)));
    let mut workflows: Vec<(&str, u32)> = workflows.iter().map(|workflow| (workflow.id.as_str(), workflow.version)).collect();
    workflows.sort_unstable();
    let templates: Vec<_> = templates.iter().collect();
    hash.add(&(settings, breaker_open, workflows, published, withdrawn, senders, templates));
    if !rollouts.is_empty() {
        hash.add(rollouts);
    }
    Inputs { engine: ENGINE, sha256: hash.0.finalize().into() }
}

struct Hash(Sha256);

impl Hash {
    fn add<T: Serialize>(&mut self, part: &T) {
        let text = serde_json::to_vec(part).expect("keys are texts and values plain, so that it always serializes");
        self.0.update((text.len() as u64).to_be_bytes());
        self.0.update(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Currency, Event, Suppression, SuppressionReason, decide, evolve,
        testing::{Stage, at, ladder},
    };

    fn stage() -> Stage {
        let mut stage = Stage::new(ladder());
        stage.invoice("A", Currency::EUR, 1_000, "2026-02-04");
        stage.invoice("B", Currency::EUR, 2_000, "2026-02-04");
        stage
    }

    #[test]
    fn two_ways_to_the_same_state_are_one_number() {
        let now = at("2026-02-05T15:45:00Z");
        let stage = stage();
        let hash = inputs(&stage.facts, &stage.policy, now);
        let mut other = stage.facts.clone();
        other.invoices.reverse();
        other.version += 7;
        other.sources_confirmed_at.insert("canonical".to_owned(), now);
        assert_eq!(inputs(&other, &stage.policy, now), hash, "order, counters and what nobody demands say nothing");
        // A closed invoice says the same whether or not it is set aside.
        let mut paid = stage;
        paid.facts.invoices[0].invoice.paid_minor = 1_000;
        let id = paid.facts.invoices[0].invoice.id.clone();
        paid.pay("P", &id, 1_000, crate::PaymentStatus::Received, "2026-02-05T00:00:00Z");
        let closed = inputs(&paid.facts, &paid.policy, now);
        assert_ne!(closed, hash);
        let decision = decide(&paid.facts, &paid.policy, now);
        assert!(decision.archiving.archive_invoices.iter().any(|(archived, _)| *archived == id));
        paid.facts.invoices.retain(|fact| fact.invoice.id != id);
        paid.facts.payments.clear();
        assert_eq!(inputs(&paid.facts, &paid.policy, now), closed);
    }

    #[test]
    fn whatever_a_decision_looks_at_makes_another_number() {
        let now = at("2026-02-05T15:45:00Z");
        let stage = stage();
        let hash = inputs(&stage.facts, &stage.policy, now);
        let mut others = vec![];
        let mut other = stage.clone();
        other.facts.invoices[0].invoice.total_minor += 1;
        others.push(other);
        let mut other = stage.clone();
        other.facts.decision += 1;
        others.push(other);
        let mut other = stage.clone();
        other.policy.breaker_open = !other.policy.breaker_open;
        others.push(other);
        let mut other = stage.clone();
        other.facts.replied_at = Some(now);
        others.push(other);
        let mut other = stage.clone();
        let suppression = Suppression { reason: SuppressionReason::OptOut, at: now };
        other.facts = evolve(&other.facts, &Event::Suppressed { address: "email:p1@beispiel.example".to_owned(), suppression });
        others.push(other);
        let mut other = stage.clone();
        other.policy.settings.name.push('x');
        others.push(other);
        for (at, other) in others.iter().enumerate() {
            assert_ne!(inputs(&other.facts, &other.policy, now), hash, "change {at}");
        }
        assert_ne!(inputs(&stage.facts, &stage.policy, at("2026-02-05T15:45:00.001Z")), hash);
        assert_eq!(inputs(&stage.facts, &stage.policy, at("2026-02-05T15:45:00.000001Z")), hash);
    }
}
