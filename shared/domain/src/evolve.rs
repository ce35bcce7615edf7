//! The other half of the decision: what the facts of a customer are after something happened. Pure and total.
//!
//! Senders look ahead with it: what will be due once their message is settled. The tests of the rules play [`crate::decide`] and
//! [`evolve`] in turn, and the store is held against it: what is read back after each of its writes is what [`evolve`] says, in the form
//! that [`normal`] gives both. An event about something that the facts do not have, or that is older than what they have, changes nothing,
//! but that a payment was received once. What is set aside stays among the facts, marked so: it may come back.

use jiff::Timestamp;

use crate::{
    Agreement, ByHand, Charge, Contact, ContactAttempt, Coverage, Covered, Customer, Decision, Facts, Invoice, InvoiceId,
    LastContact, MessageId, Mode, OpenWork, Order, OrderId, Outcome, Payment, PaymentFact, PaymentId, Pending, PendingStatus,
    People, PersonDigest, Reversal, SourceVersion, Suppression, TaskId, TaskResult, VersionOf, along::Along,
};

mod moves;
mod normal;
mod put;

pub use normal::normal;
use put::{put_agreement, upsert_invoice};

/// All that can happen to a customer.
#[derive(Clone, Debug)]
pub enum Event {
    /// The source described the customer anew.
    CustomerUpserted(Customer),
    /// People entered something of the customer: all that is entered from now on.
    CustomerEnteredByHand(ByHand),
    /// The source described an invoice anew.
    InvoiceUpserted(Invoice),
    /// The invoice is another customer's from now on. The agreements that concern it go along, and stay for what else they are about.
    InvoiceMovedAway(InvoiceId),
    /// The invoice was another customer's before.
    InvoiceMovedHere {
        /// The invoice as its source describes it now.
        invoice: Invoice,
        /// What came along: [`along`] of the facts of the customer that it left.
        along: Along,
    },
    /// The source described a payment or credit note anew.
    PaymentUpserted {
        /// The payment.
        payment: Payment,
        /// When it was recorded.
        recorded_at: Timestamp,
    },
    /// The payment is another customer's from now on, with its refunds and chargebacks.
    PaymentMovedAway(PaymentId),
    /// The source described a refund or chargeback anew.
    ReversalUpserted(Reversal),
    /// A payment of another customer is for invoices of this one, or what is known of it changed.
    SharedUpserted {
        /// The payment as its customer has it, with when it was recorded here.
        payment: PaymentFact,
        /// Its refunds and chargebacks.
        reversals: Vec<Reversal>,
    },
    /// A payment of another customer is for no invoice of this one any more.
    SharedGone(PaymentId),
    /// A source said that its books were complete.
    SourceHeard {
        /// The source.
        source: String,
        /// As of when.
        at: Timestamp,
    },
    /// An agreement was made or changed.
    AgreementPut(Agreement),
    /// A charge was changed by a person.
    ChargePut(Charge),
    /// A person told Dunlin to do something.
    OrderGiven(Order),
    /// A person took an order back before it was used up.
    OrderWithdrawn(OrderId),
    /// A person finished a task.
    TaskEnded {
        /// Which.
        task: TaskId,
        /// How.
        result: TaskResult,
    },
    /// A decision was committed.
    Decided {
        /// The decision.
        decision: Decision,
        /// When it was made.
        at: Timestamp,
    },
    /// A sender claimed a message.
    Claimed(MessageId),
    /// A message waits for its sender again.
    Queued(MessageId),
    /// Its provider refused a message for now.
    Retrying(MessageId),
    /// Nobody knows whether a claimed message was sent.
    BecameUnknown(MessageId),
    /// A message was settled.
    Settled {
        /// Which.
        message: MessageId,
        /// What it covered as sent.
        rows: Vec<Covered>,
        /// How its steps ended; `None` when it was withdrawn, so that they are open again.
        outcome: Option<Outcome>,
        /// When that was written down.
        at: Timestamp,
        /// When the person was contacted, if they were.
        contacted_at: Timestamp,
    },
    /// A message of which that was not known proved to have been sent.
    ProvedSent {
        /// Which.
        message: MessageId,
        /// The ledger whose contact it is again, and as of when, where a person had said that it never left.
        contact: Option<(Mode, Timestamp)>,
    },
    /// Word came that a message arrived.
    Arrived(MessageId),
    /// A message that was sent proved not to have been delivered, or a person says of one in doubt that it never left.
    NotDelivered {
        /// Which.
        message: MessageId,
        /// What its steps came to.
        outcome: Outcome,
        /// The last contacts without it, as the records say: the facts do not remember all that was ever sent.
        last_contact: LastContact,
    },
    /// A person, by [`crate::Contact::person`], was contacted, about this customer or another.
    Contacted {
        /// Who.
        person: String,
        /// The contact.
        attempt: ContactAttempt,
    },
    /// A contact that was written down did not happen.
    NotContacted {
        /// Who was not contacted.
        person: String,
        /// The message that was to be.
        message: MessageId,
    },
    /// The customer replied.
    Replied(Timestamp),
    /// An address must not be used any more, under its [`crate::address_key`]. The strictest reason stands.
    Suppressed {
        /// The address.
        address: String,
        /// Why.
        suppression: Suppression,
    },
    /// A person said that an address may be used again, by its [`crate::address_key`].
    SuppressionLifted(String),
    /// A person said that whatever the source says next of an object is newer than what is known of it.
    VersionReset(VersionOf),
}

/// The facts after an event.
pub fn evolve(facts: &Facts, event: &Event) -> Facts {
    let facts = facts.clone();
    match event {
        Event::CustomerUpserted(customer) => upsert_customer(facts, customer),
        Event::CustomerEnteredByHand(by_hand) => facts.with_by_hand(by_hand.clone()),
        Event::InvoiceUpserted(invoice) => upsert_invoice(facts, invoice),
        Event::InvoiceMovedAway(id) => moves::invoice_away(facts, id),
        Event::InvoiceMovedHere { invoice, along } => moves::invoice_here(facts, invoice, along),
        Event::PaymentUpserted { payment, recorded_at } => upsert_payment(facts, payment, *recorded_at),
        Event::PaymentMovedAway(id) => moves::payment_away(facts, id),
        Event::ReversalUpserted(reversal) => upsert_reversal(facts, reversal),
        Event::SharedUpserted { payment, reversals } => moves::put_shared(facts, payment, reversals),
        Event::SharedGone(id) => moves::shared_gone(facts, id),
        Event::SourceHeard { source, at } => {
            let mut heard = facts.sources_confirmed_at;
            let last = heard.entry(source.clone()).or_insert(*at);
            *last = (*last).max(*at);
            Facts { sources_confirmed_at: heard, ..facts }
        }
        Event::AgreementPut(agreement) => put_agreement(facts, agreement),
        Event::ChargePut(charge) => put_charge(facts, charge),
        Event::OrderGiven(order) => {
            let others = facts.orders.into_iter().filter(|known| known.id != order.id);
            Facts { orders: others.chain([order.clone()]).collect(), ..facts }
        }
        Event::OrderWithdrawn(id) => {
            Facts { orders: facts.orders.into_iter().filter(|known| known.id != *id).collect(), ..facts }
        }
        Event::TaskEnded { task, result } => task_ended(facts, task, *result),
        Event::Decided { decision, at } => decided(facts, decision, *at),
        Event::Claimed(message) => with_status(facts, message, PendingStatus::Calling),
        Event::BecameUnknown(message) => with_status(facts, message, PendingStatus::Unknown),
        Event::Queued(message) => with_status(facts, message, PendingStatus::Queued),
        Event::Retrying(message) => with_status(facts, message, PendingStatus::Retrying),
        Event::Settled { message, rows, outcome, at, contacted_at } => {
            settled(facts, message, rows, *outcome, *at, *contacted_at)
        }
        Event::ProvedSent { message, contact } => proved_sent(facts, message, *contact),
        Event::Arrived(message) => arrived(facts, message),
        Event::NotDelivered { message, outcome, last_contact } => not_delivered(facts, message, *outcome, *last_contact),
        Event::Contacted { person, attempt } => contacted(facts, person, attempt),
        Event::NotContacted { person, message } => not_contacted(facts, Some(person), message),
        Event::Replied(at) => Facts { replied_at: facts.replied_at.max(Some(*at)), ..facts },
        Event::Suppressed { address, suppression } => {
            let mut addresses = facts.addresses;
            let known = addresses.entry(address.clone()).or_default();
            if known.suppressed.as_ref().is_none_or(|known| suppression.reason.is_stricter_than(known.reason)) {
                known.suppressed = Some(suppression.clone());
            }
            Facts { addresses, ..facts }
        }
        Event::VersionReset(of) => reset_version(facts, of),
        Event::SuppressionLifted(address) => {
            let mut addresses = facts.addresses;
            if let Some(known) = addresses.get_mut(address) {
                known.suppressed = None;
            }
            Facts { addresses, ..facts }
        }
    }
}

fn reset_version(mut facts: Facts, of: &VersionOf) -> Facts {
    match of {
        VersionOf::Customer => {
            let customers = [Some(&mut facts.customer), facts.described.as_deref_mut()];
            for customer in customers.into_iter().flatten() {
                customer.source_version = customer.source_version.map(|_| SourceVersion::RESET);
            }
        }
        VersionOf::Invoice(id) => {
            for fact in facts.invoices.iter_mut().filter(|fact| fact.invoice.id == *id) {
                fact.invoice.source_version = SourceVersion::RESET;
            }
        }
        VersionOf::Payment(id) => {
            for fact in facts.payments.iter_mut().filter(|fact| fact.payment.id == *id) {
                fact.payment.source_version = SourceVersion::RESET;
            }
        }
    }
    facts
}

fn put_charge(facts: Facts, charge: &Charge) -> Facts {
    let others = facts.charges.into_iter().filter(|known| known.id != charge.id);
    Facts { charges: others.chain([charge.clone()]).collect(), ..facts }
}

/// A description without a version stands only where nothing is known of the customer yet.
fn upsert_customer(facts: Facts, customer: &Customer) -> Facts {
    let known = facts.described();
    let is_newer = match &customer.source_version {
        Some(version) => known.source_version.as_ref().is_none_or(|known| version > known),
        None => false,
    };
    if !is_newer && !known.is_stub() {
        return facts;
    }
    // What people entered stays, whatever the source describes.
    let by_hand = facts.by_hand.clone();
    Facts { customer: customer.clone(), described: None, ..facts }.with_by_hand(by_hand)
}

fn upsert_payment(facts: Facts, payment: &Payment, recorded_at: Timestamp) -> Facts {
    let known = facts.payments.iter().find(|fact| fact.payment.id == payment.id);
    let Some(fresh) = PaymentFact::merge(known, payment, recorded_at) else { return facts };
    let others = facts.payments.into_iter().filter(|fact| fact.payment.id != payment.id);
    Facts { payments: others.chain([fresh]).collect(), ..facts }
}

/// A payment that was set aside matters again when it is refunded or charged back.
fn upsert_reversal(mut facts: Facts, reversal: &Reversal) -> Facts {
    let same = |known: &Reversal| known.payment == reversal.payment && known.external_id == reversal.external_id;
    let known = facts.reversals.iter().find(|known| same(known));
    if known.is_some_and(|known| reversal.source_version <= known.source_version) {
        return facts;
    }
    for fact in facts.payments.iter_mut().filter(|fact| fact.payment.id == reversal.payment) {
        fact.archived = false;
    }
    let others = facts.reversals.into_iter().filter(|known| !same(known));
    Facts { reversals: others.chain([reversal.clone()]).collect(), ..facts }
}

fn decided(mut facts: Facts, decision: &Decision, at: Timestamp) -> Facts {
    facts.decision += 1;
    facts.cases = decision.cases.clone();
    let number = facts.decision;
    facts.coverage.extend(decision.marks.iter().map(|mark| Coverage { number, ..mark.clone() }));
    for planned in &decision.messages {
        let id = MessageId::of_decision(&facts.tenant, &facts.customer.id, number, planned.position);
        facts.pending.push(Pending::of(planned, id, number, at));
    }
    let archiving = &decision.archiving;
    for fact in &mut facts.invoices {
        let of_it = |marks: &[(InvoiceId, Vec<Coverage>)]| {
            marks.iter().find(|(id, _)| *id == fact.invoice.id).map(|(_, marks)| marks.clone())
        };
        let archived = of_it(&archiving.archive_invoices);
        let restored = archiving.restore_invoices.contains(&fact.invoice.id);
        fact.archived = (fact.archived || archived.is_some()) && !restored;
        // They hold what was folded before, but for what says nothing any more.
        if let Some(marks) = archived.or_else(|| of_it(&archiving.fold_invoices)) {
            fact.folded = marks;
        }
    }
    facts.work.retain(|work| !decision.withdrawn.iter().any(|withdrawal| withdrawal.task == work.task));
    facts.work.extend(decision.work.iter().cloned());
    facts.orders.retain(|order| !decision.used_orders.contains(&order.id));
    for fact in &mut facts.payments {
        fact.archived |= archiving.archive_payments.contains(&fact.payment.id);
    }
    for fact in &mut facts.shared {
        fact.archived |= archiving.archive_shared.contains(&fact.payment.id);
    }
    for agreement in decision.folded_agreements(&facts) {
        facts = put_agreement(facts, &agreement);
    }
    for charge in decision.folded_charges(&facts) {
        facts = put_charge(facts, &charge);
    }
    facts.coverage.retain(|coverage| coverage.number >= archiving.covered_from);
    facts
}

fn task_ended(facts: Facts, task: &TaskId, result: TaskResult) -> Facts {
    let after = |work: OpenWork| if work.task == *task { work.ended(result) } else { Some(work) };
    Facts { work: facts.work.into_iter().filter_map(after).collect(), ..facts }
}

fn with_status(mut facts: Facts, message: &MessageId, status: PendingStatus) -> Facts {
    for pending in facts.pending.iter_mut().filter(|pending| pending.id == *message) {
        pending.status = status;
    }
    facts
}

fn settled(
    mut facts: Facts,
    message: &MessageId,
    rows: &[Covered],
    outcome: Option<Outcome>,
    at: Timestamp,
    contacted_at: Timestamp,
) -> Facts {
    let Some(place) = facts.pending.iter().position(|pending| pending.id == *message) else { return facts };
    let pending = facts.pending.remove(place);
    let person = person_of(&facts, &pending.contact, pending.person.as_ref());
    let receipt_by = pending.receipt_by(at);
    if outcome.is_some_and(Outcome::is_contact) {
        facts = was_contacted(facts, person, &pending, contacted_at);
    } else {
        facts = not_contacted(facts, person.as_ref(), &pending.id);
    }
    facts.coverage.extend(outcome.map(|outcome| Coverage {
        number: pending.number,
        at,
        mode: pending.mode,
        outcome,
        message: Some(pending.id),
        way: Some((pending.channel, pending.contact)),
        person: pending.person,
        pay_by: pending.pay_by,
        workflow: pending.case.workflow,
        rows: rows.to_vec(),
        copy: pending.copy_of.is_some(),
        receipt_by,
    }));
    facts
}

/// Whom a message was for.
fn person_of(facts: &Facts, contact: &str, person: Option<&PersonDigest>) -> Option<String> {
    People::of(facts).addressee(contact, person).and_then(Contact::person)
}

/// A message reached its person. Its sender wrote that down before the call, as of then.
fn was_contacted(mut facts: Facts, person: Option<String>, pending: &Pending, at: Timestamp) -> Facts {
    let mut logged = facts.contact_log.values().flat_map(|log| &log.attempts);
    if let Some(person) = person.filter(|_| !logged.any(|attempt| attempt.message == pending.id)) {
        let attempt = ContactAttempt {
            at,
            channel: pending.channel,
            message: pending.id.clone(),
            case: facts.cases.get(&pending.case).map(|case| case.id.clone()),
            customer: facts.customer.id.clone(),
            mode: pending.mode,
        };
        facts = contacted(facts, &person, &attempt);
    }
    last_contacted(facts, pending.mode, at)
}

fn last_contacted(mut facts: Facts, mode: Mode, at: Timestamp) -> Facts {
    let last = match mode {
        Mode::Shadow => &mut facts.last_contact.shadow,
        Mode::Off | Mode::Live | Mode::Later(_) => &mut facts.last_contact.live,
    };
    *last = (*last).max(Some(at));
    facts
}

fn contacted(mut facts: Facts, person: &str, attempt: &ContactAttempt) -> Facts {
    let log = facts.contact_log.entry(person.to_owned()).or_default();
    *log = log.with(attempt);
    facts
}

fn not_contacted(mut facts: Facts, person: Option<&String>, message: &MessageId) -> Facts {
    let log = person.and_then(|person| facts.contact_log.get_mut(person));
    if let Some(log) = log.filter(|log| log.attempts.iter().any(|attempt| attempt.message == *message)) {
        *log = log.without(message);
    }
    facts
}

/// Changes what is known of a message wherever that is remembered.
fn with_marks(mut facts: Facts, message: &MessageId, change: impl Fn(&mut Coverage)) -> Facts {
    let of_invoices = facts.invoices.iter_mut().flat_map(|fact| &mut fact.folded);
    let of_plans = facts.agreements.iter_mut().flat_map(|agreement| &mut agreement.folded);
    let of_charges = facts.charges.iter_mut().flat_map(|charge| &mut charge.folded);
    let folded = of_invoices.chain(of_plans).chain(of_charges);
    for coverage in folded.chain(&mut facts.coverage).filter(|coverage| coverage.message.as_ref() == Some(message)) {
        change(coverage);
    }
    facts
}

fn with_outcome(facts: Facts, message: &MessageId, change: impl Fn(Outcome) -> Outcome) -> Facts {
    with_marks(facts, message, |mark| mark.outcome = change(mark.outcome))
}

fn arrived(facts: Facts, message: &MessageId) -> Facts {
    with_marks(facts, message, |mark| mark.receipt_by = None)
}

fn proved_sent(facts: Facts, message: &MessageId, contact: Option<(Mode, Timestamp)>) -> Facts {
    let again = contact.is_some();
    let facts = with_outcome(facts, message, |outcome| match outcome {
        Outcome::Unknown => Outcome::Sent,
        Outcome::NotSent | Outcome::Skipped if again => Outcome::Sent,
        other => other,
    });
    match contact {
        Some((mode, at)) => last_contacted(facts, mode, at),
        None => facts,
    }
}

fn not_delivered(facts: Facts, message: &MessageId, outcome: Outcome, last_contact: LastContact) -> Facts {
    let mut of_it = facts.coverage.iter().filter(|coverage| coverage.message.as_ref() == Some(message));
    let way = of_it.find_map(|it| Some((&it.way.as_ref()?.1, it.person.as_ref())));
    let person = way.and_then(|(contact, person)| person_of(&facts, contact, person));
    let facts = with_outcome(facts, message, |_| outcome);
    not_contacted(Facts { last_contact, ..facts }, person.as_ref(), message)
}

#[cfg(test)]
mod tests;
