//! What a decision was made from, as one number: so that somebody who finds the same inputs later knows that they are the same.

use jiff::Timestamp;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::{Facts, InvoiceStatus, Policy, book::Book, calendar::Place, evolve::normal};

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
/// is closed invoices and drafts with what only touches them, whether or not they are set aside; what addresses hold beside their
/// suppression, which the sender looks at; and of the instant what is below a millisecond.
pub fn inputs(facts: &Facts, policy: &Policy, now: Timestamp) -> Inputs {
    let home = Place::of_tenant(&policy.settings);
    let book = Book::reckon(facts, home.zone(), now);
    let mut bare = facts.clone();
    for fact in &mut bare.invoices {
        fact.archived = fact.invoice.status == InvoiceStatus::Draft || book.closed.contains(&fact.invoice.id);
    }
    bare.payments.retain(|fact| !book.spent.contains(&fact.payment.id));
    bare.shared.retain(|fact| !book.spent_shared.contains(&fact.payment.id));
    for address in bare.addresses.values_mut() {
        address.contacted_on.clear();
    }
    // Whoever does not know yet what is demanded reads more than that.
    bare.heard.retain(|source, _| policy.settings.freshness.contains_key(source));
    let facts = normal(&bare);
    let mut hash = Hash(Sha256::new());
    hash.add(&(&facts.tenant.as_str(), facts.decision, &facts.customer, now.as_millisecond()));
    for fact in &facts.invoices {
        hash.add(&fact.invoice);
    }
    for fact in facts.payments.iter().chain(&facts.shared) {
        hash.add(&(&fact.payment, fact.recorded_at.as_millisecond()));
    }
    hash.add(&(&facts.reversals, &facts.shared_reversals, &facts.agreements, &facts.charges));
    hash.add(&(&facts.orders, &facts.work));
    hash.add(&(&facts.cases, &facts.coverage, &facts.pending));
    hash.add(&(&facts.last_contact, &facts.addresses, &facts.heard, facts.replied_at.map(Timestamp::as_millisecond)));
    let mut workflows: Vec<(&str, u32)> =
        policy.workflows.iter().map(|workflow| (workflow.id.as_str(), workflow.version)).collect();
    workflows.sort_unstable();
    let templates: Vec<_> = policy.templates.iter().collect();
    hash.add(&(
        &policy.settings,
        policy.breaker_open,
        workflows,
        &policy.published,
        &policy.withdrawn,
        &policy.senders,
        templates,
    ));
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
