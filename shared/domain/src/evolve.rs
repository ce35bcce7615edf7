//! The other half of the decision: what the facts of a customer are after something happened. Pure and total.
//!
//! Senders look ahead with it: what will be due once their message is settled. The tests of the rules play [`crate::decide`] and
//! [`evolve`] in turn. No test holds the store against it yet; [`normal`] is the form in which the two are to be compared. An event
//! about something that the facts do not have, or that is older than what they have, changes nothing, but that a payment was received
//! once.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::{
    AddressFact, Agreement, Charge, Contact, ContactAttempt, Coverage, Covered, Customer, Decision, Facts, Invoice, InvoiceFact,
    InvoiceId, LastContact, MessageId, Mode, OpenWork, Order, Outcome, Payment, PaymentFact, Pending, PendingStatus, People,
    Reversal, Suppression, TaskId,
    along::{along, order_split},
};

/// All that can happen to a customer.
#[derive(Clone, Debug)]
pub enum Event {
    /// The source described the customer anew.
    CustomerUpserted(Customer),
    /// The source described an invoice anew.
    InvoiceUpserted(Invoice),
    /// The invoice is another customer's from now on.
    InvoiceMovedAway(InvoiceId),
    /// The source described a payment or credit note anew.
    PaymentUpserted {
        /// The payment.
        payment: Payment,
        /// When it was recorded.
        recorded_at: Timestamp,
    },
    /// The source described a refund or chargeback anew.
    ReversalUpserted(Reversal),
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
    /// A person finished a task.
    TaskEnded(TaskId),
    /// A decision was committed.
    Decided {
        /// The decision.
        decision: Decision,
        /// When it was made.
        at: Timestamp,
    },
    /// A sender claimed a message.
    Claimed(MessageId),
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
        /// When.
        at: Timestamp,
    },
    /// A message that was sent proved not to have been delivered.
    NotDelivered(MessageId),
    /// A person, by [`crate::Contact::person`], was contacted about another customer.
    ContactedElsewhere {
        /// Who.
        person: String,
        /// The contact.
        attempt: ContactAttempt,
    },
    /// The customer replied.
    Replied(Timestamp),
    /// An address must not be used any more, under its [`crate::address_key`].
    Suppressed {
        /// The address.
        address: String,
        /// Why.
        suppression: Suppression,
    },
}

/// The facts after an event.
pub fn evolve(facts: &Facts, event: &Event) -> Facts {
    let facts = facts.clone();
    match event {
        Event::CustomerUpserted(customer) => Facts { customer: customer.clone(), ..facts },
        Event::InvoiceUpserted(invoice) => upsert_invoice(facts, invoice),
        Event::InvoiceMovedAway(id) => moved_away(facts, id),
        Event::PaymentUpserted { payment, recorded_at } => upsert_payment(facts, payment, *recorded_at),
        Event::ReversalUpserted(reversal) => upsert_reversal(facts, reversal),
        Event::SourceHeard { source, at } => {
            let mut heard = facts.heard;
            let last = heard.entry(source.clone()).or_insert(*at);
            *last = (*last).max(*at);
            Facts { heard, ..facts }
        }
        Event::AgreementPut(agreement) => put_agreement(facts, agreement),
        Event::ChargePut(charge) => put_charge(facts, charge),
        Event::OrderGiven(order) => {
            let others = facts.orders.into_iter().filter(|known| known.id != order.id);
            Facts { orders: others.chain([order.clone()]).collect(), ..facts }
        }
        Event::TaskEnded(task) => task_ended(facts, task),
        Event::Decided { decision, at } => decided(facts, decision, *at),
        Event::Claimed(message) => with_status(facts, message, PendingStatus::Calling),
        Event::BecameUnknown(message) => with_status(facts, message, PendingStatus::Unknown),
        Event::Settled { message, rows, outcome, at } => settled(facts, message, rows, *outcome, *at),
        Event::NotDelivered(message) => not_delivered(facts, message),
        Event::ContactedElsewhere { person, attempt } => contacted(facts, person, attempt),
        Event::Replied(at) => Facts { replied_at: facts.replied_at.max(Some(*at)), ..facts },
        Event::Suppressed { address, suppression } => {
            let mut addresses = facts.addresses;
            let known = addresses.entry(address.clone()).or_default();
            known.suppressed.get_or_insert_with(|| suppression.clone());
            Facts { addresses, ..facts }
        }
    }
}

/// Facts in the form in which two ways to the same state are equal: lists in the order of their ids, closed invoices that are
/// set aside left out, coverage folded into one list a due item's invoice, instants cut to the seconds that the table keeps of
/// them, and no counters of writes.
pub fn normal(facts: &Facts) -> Facts {
    let mut facts = facts.clone();
    let second = |at: Timestamp| Timestamp::from_second(at.as_second()).unwrap_or(at);
    let mut coverage: Vec<Coverage> = facts.coverage;
    for fact in &mut facts.invoices {
        coverage.append(&mut fact.folded);
    }
    facts.invoices.retain(|fact| !fact.archived);
    facts.invoices.sort_by(|a, b| a.invoice.id.cmp(&b.invoice.id));
    for agreement in &mut facts.agreements {
        coverage.append(&mut agreement.folded);
    }
    for charge in &mut facts.charges {
        coverage.append(&mut charge.folded);
    }
    let open: std::collections::BTreeSet<&InvoiceId> = facts.invoices.iter().map(|fact| &fact.invoice.id).collect();
    let remembers = |row: &&Covered| row.item.invoice().is_none_or(|invoice| open.contains(invoice));
    let mut by_row: BTreeMap<(u64, Covered, Option<MessageId>), Coverage> = BTreeMap::new();
    for mark in coverage {
        for row in mark.rows.iter().filter(remembers) {
            let one = Coverage { rows: vec![row.clone()], at: second(mark.at), ..mark.clone() };
            by_row.insert((mark.number, row.clone(), mark.message.clone()), one);
        }
    }
    facts.coverage = by_row.into_values().collect();
    let touches_open = |fact: &PaymentFact| {
        let allocated: i64 = fact.payment.allocations.iter().map(|part| part.amount_minor).fold(0, i64::saturating_add);
        fact.payment.status.counts() && allocated < fact.payment.amount_minor
            || fact.invoices().any(|invoice| open.contains(invoice))
    };
    facts.payments.retain(touches_open);
    facts.payments.sort_by(|a, b| a.payment.id.cmp(&b.payment.id));
    facts.shared.retain(|fact| fact.invoices().any(|invoice| open.contains(invoice)));
    facts.shared.sort_by(|a, b| a.payment.id.cmp(&b.payment.id));
    let ids =
        |facts: &[PaymentFact]| -> std::collections::BTreeSet<_> { facts.iter().map(|fact| fact.payment.id.clone()).collect() };
    let (kept, shared) = (ids(&facts.payments), ids(&facts.shared));
    facts.reversals.retain(|reversal| kept.contains(&reversal.payment));
    facts.shared_reversals.retain(|reversal| shared.contains(&reversal.payment));
    facts.reversals.sort_by(|a, b| (&a.payment, &a.external_id).cmp(&(&b.payment, &b.external_id)));
    facts.agreements.sort_by(|a, b| a.id.cmp(&b.id));
    facts.charges.sort_by(|a, b| a.id.cmp(&b.id));
    facts.work.sort_by(|a, b| a.task.cmp(&b.task));
    facts.orders.sort_by(|a, b| a.id.cmp(&b.id));
    facts.pending.sort_by(|a, b| a.id.cmp(&b.id));
    for pending in &mut facts.pending {
        pending.decided_at = second(pending.decided_at);
        pending.rows.sort();
    }
    facts.last_contact.live = facts.last_contact.live.map(second);
    facts.last_contact.shadow = facts.last_contact.shadow.map(second);
    facts.addresses.retain(|_, address| *address != AddressFact::default());
    for log in facts.contact_log.values_mut() {
        log.revision = 0;
        for attempt in &mut log.attempts {
            attempt.at = second(attempt.at);
        }
    }
    facts.contact_log.retain(|_, log| !log.attempts.is_empty());
    Facts { version: 0, ..facts }
}

fn put_agreement(facts: Facts, agreement: &Agreement) -> Facts {
    let others = facts.agreements.into_iter().filter(|known| known.id != agreement.id);
    Facts { agreements: others.chain([agreement.clone()]).collect(), ..facts }
}

/// What concerns the invoice alone leaves with it.
fn moved_away(mut facts: Facts, invoice: &InvoiceId) -> Facts {
    facts.invoices.retain(|fact| fact.invoice.id != *invoice);
    let along = along(&facts.agreements, &facts.orders, invoice);
    for order in &along.orders {
        let Some((stays, _)) = order_split(order, &along.agreements, invoice) else { continue };
        facts.orders.retain(|known| known.id != order.id);
        facts.orders.extend(stays);
    }
    for agreement in &along.agreements {
        facts.agreements.retain(|known| known.id != agreement.id);
        facts.agreements.extend(agreement.split(invoice).0);
    }
    facts
}

fn put_charge(facts: Facts, charge: &Charge) -> Facts {
    let others = facts.charges.into_iter().filter(|known| known.id != charge.id);
    Facts { charges: others.chain([charge.clone()]).collect(), ..facts }
}

fn upsert_invoice(facts: Facts, invoice: &Invoice) -> Facts {
    let known = facts.invoices.iter().find(|fact| fact.invoice.id == invoice.id);
    if known.is_some_and(|known| invoice.source_version <= known.invoice.source_version) {
        return facts;
    }
    let folded = known.map(|known| known.folded.clone()).unwrap_or_default();
    let fresh = InvoiceFact { invoice: invoice.clone(), folded, archived: false };
    let others = facts.invoices.into_iter().filter(|fact| fact.invoice.id != invoice.id);
    Facts { invoices: others.chain([fresh]).collect(), ..facts }
}

fn upsert_payment(facts: Facts, payment: &Payment, recorded_at: Timestamp) -> Facts {
    let known = facts.payments.iter().find(|fact| fact.payment.id == payment.id);
    let Some(fresh) = PaymentFact::heard(known, payment, recorded_at) else { return facts };
    let others = facts.payments.into_iter().filter(|fact| fact.payment.id != payment.id);
    Facts { payments: others.chain([fresh]).collect(), ..facts }
}

fn upsert_reversal(facts: Facts, reversal: &Reversal) -> Facts {
    let same = |known: &Reversal| known.payment == reversal.payment && known.external_id == reversal.external_id;
    let known = facts.reversals.iter().find(|known| same(known));
    if known.is_some_and(|known| reversal.source_version <= known.source_version) {
        return facts;
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
    let filing = &decision.filing;
    for fact in &mut facts.invoices {
        let of_it = |marks: &[(InvoiceId, Vec<Coverage>)]| {
            marks.iter().find(|(id, _)| *id == fact.invoice.id).map(|(_, marks)| marks.clone())
        };
        let archived = of_it(&filing.archive_invoices);
        let restored = filing.restore_invoices.contains(&fact.invoice.id);
        fact.archived = (fact.archived || archived.is_some()) && !restored;
        for mark in archived.into_iter().chain(of_it(&filing.fold_invoices)).flatten() {
            if !fact.folded.contains(&mark) {
                fact.folded.push(mark);
            }
        }
    }
    facts.work.retain(|work| !decision.withdrawn.iter().any(|withdrawal| withdrawal.task == work.task));
    facts.work.extend(decision.work.iter().cloned());
    facts.orders.retain(|order| !decision.used_orders.contains(&order.id));
    facts.payments.retain(|fact| !filing.archive_payments.contains(&fact.payment.id));
    facts.shared.retain(|fact| !filing.archive_shared.contains(&fact.payment.id));
    for agreement in decision.folded_agreements(&facts) {
        facts = put_agreement(facts, &agreement);
    }
    for charge in decision.folded_charges(&facts) {
        facts = put_charge(facts, &charge);
    }
    facts.coverage.retain(|coverage| coverage.number >= filing.covered_from);
    facts
}

fn task_ended(mut facts: Facts, task: &TaskId) -> Facts {
    facts.work.retain(|work| work.task != *task || OpenWork::outlives_its_end(work.kind));
    for work in facts.work.iter_mut().filter(|work| work.task == *task) {
        work.done = true;
    }
    facts
}

fn with_status(mut facts: Facts, message: &MessageId, status: PendingStatus) -> Facts {
    for pending in facts.pending.iter_mut().filter(|pending| pending.id == *message) {
        pending.status = status;
    }
    facts
}

fn settled(mut facts: Facts, message: &MessageId, rows: &[Covered], outcome: Option<Outcome>, at: Timestamp) -> Facts {
    let Some(place) = facts.pending.iter().position(|pending| pending.id == *message) else { return facts };
    let pending = facts.pending.remove(place);
    facts = not_contacted(facts, &pending.id);
    let Some(outcome) = outcome else { return facts };
    if outcome.satisfies() {
        let person = People::of(&facts).contact(&pending.contact).and_then(Contact::person);
        if let Some(person) = person {
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
        let last = match pending.mode {
            Mode::Shadow => &mut facts.last_contact.shadow,
            Mode::Off | Mode::Live | Mode::Later(_) => &mut facts.last_contact.live,
        };
        *last = (*last).max(Some(at));
    }
    facts.coverage.push(Coverage {
        number: pending.number,
        at,
        mode: pending.mode,
        outcome,
        message: Some(pending.id),
        way: Some((pending.channel, pending.contact)),
        pay_by: pending.pay_by,
        workflow: pending.case.workflow,
        rows: rows.to_vec(),
        copy: pending.copy_of.is_some(),
    });
    facts
}

fn contacted(mut facts: Facts, person: &str, attempt: &ContactAttempt) -> Facts {
    let log = facts.contact_log.entry(person.to_owned()).or_default();
    *log = log.with(attempt);
    facts
}

fn not_contacted(mut facts: Facts, message: &MessageId) -> Facts {
    for log in facts.contact_log.values_mut().filter(|log| log.attempts.iter().any(|attempt| attempt.message == *message)) {
        *log = log.without(message);
    }
    facts
}

fn not_delivered(facts: Facts, message: &MessageId) -> Facts {
    let mut facts = not_contacted(facts, message);
    let folded = facts.invoices.iter_mut().flat_map(|fact| &mut fact.folded);
    for coverage in folded.chain(&mut facts.coverage).filter(|coverage| coverage.message.as_ref() == Some(message)) {
        coverage.outcome = Outcome::Undelivered;
    }
    // The last contacts are those that somebody got.
    let all = facts.invoices.iter().flat_map(|fact| &fact.folded).chain(&facts.coverage);
    let of_messages: Vec<&Coverage> = all.filter(|coverage| coverage.message.is_some() && coverage.outcome.satisfies()).collect();
    let last = |mode: Mode| of_messages.iter().filter(|coverage| coverage.mode == mode).map(|coverage| coverage.at).max();
    facts.last_contact = LastContact { live: last(Mode::Live), shadow: last(Mode::Shadow) };
    facts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Currency, SourceVersion, SuppressionReason, decide,
        testing::{Book as Stage, at, ladder},
    };

    fn stage() -> Stage {
        let mut stage = Stage::new(ladder());
        stage.invoice("A", Currency::EUR, 1_000, "2026-02-04");
        stage.invoice("B", Currency::EUR, 2_000, "2026-02-04");
        stage.facts.work.push(OpenWork {
            case: None,
            task: TaskId::derive(&["call"]),
            kind: crate::TaskKind::Task,
            reason: "call".to_owned(),
            step: Some("person".to_owned()),
            currency: Some(Currency::EUR),
            rows: Vec::new(),
            more: false,
            asked_at: at("2026-02-01T09:00:00Z"),
            done: false,
        });
        stage
    }

    fn same(a: &Facts, b: &Facts) -> bool {
        format!("{:?}", normal(a)) == format!("{:?}", normal(b))
    }

    /// One event of each variant; a new variant does not compile until it is named here.
    fn one_of_each(stage: &Stage) -> Vec<Event> {
        let now = at("2026-02-05T15:45:00Z");
        let decision = decide(&stage.facts, &stage.policy, now);
        let after = evolve(&stage.facts, &Event::Decided { decision: decision.clone(), at: now });
        let message = after.pending[0].id.clone();
        let invoice =
            Invoice { source_version: SourceVersion::Number(2), paid_minor: 400, ..stage.facts.invoices[0].invoice.clone() };
        let mut paid = stage.clone();
        paid.pay("P", &invoice.id, 300, crate::PaymentStatus::Received, "2026-02-05T00:00:00Z");
        let payment = paid.facts.payments[0].payment.clone();
        let reversal = Reversal {
            external_id: "R".to_owned(),
            source_version: SourceVersion::Number(1),
            payment: payment.id.clone(),
            amount_minor: 100,
            currency: Currency::EUR,
            in_force: true,
            kind: crate::ledger::ReversalKind::Refund,
        };
        let all = vec![
            Event::CustomerUpserted(Customer { name: "New".to_owned(), ..stage.facts.customer.clone() }),
            Event::InvoiceUpserted(invoice.clone()),
            Event::InvoiceMovedAway(invoice.id),
            Event::PaymentUpserted { payment, recorded_at: now },
            Event::ReversalUpserted(reversal),
            Event::SourceHeard { source: "canonical".to_owned(), at: now },
            Event::AgreementPut(crate::testing::hold(
                crate::HoldScope::Customer,
                None,
                crate::HoldClock::Freeze,
                "2026-02-05T00:00:00Z",
                "2026-03-01",
            )),
            Event::ChargePut(crate::testing::charge("late", 500, "2026-02-01")),
            Event::OrderGiven(Order {
                case: None,
                id: crate::OrderId::derive(&["o"]),
                kind: crate::OrderKind::LiftCapOnce,
                currency: Currency::EUR,
                steps: Vec::new(),
                workflow: None,
                by: "somebody".to_owned(),
                given_at: now,
                until: None,
            }),
            Event::TaskEnded(TaskId::derive(&["call"])),
            Event::Decided { decision, at: now },
            Event::Claimed(message.clone()),
            Event::BecameUnknown(message.clone()),
            Event::Settled {
                message: message.clone(),
                rows: after.pending[0].rows.clone(),
                outcome: Some(Outcome::Sent),
                at: now,
            },
            Event::NotDelivered(message.clone()),
            Event::ContactedElsewhere {
                person: "p1@beispiel.example".to_owned(),
                attempt: ContactAttempt {
                    at: now,
                    channel: crate::Channel::Email,
                    message,
                    case: None,
                    customer: crate::CustomerId::derive(&["another"]),
                    mode: Mode::Live,
                },
            },
            Event::Replied(now),
            Event::Suppressed {
                address: "email:p1@beispiel.example".to_owned(),
                suppression: Suppression { reason: SuppressionReason::OptOut, at: now },
            },
        ];
        for event in &all {
            match event {
                Event::CustomerUpserted(_)
                | Event::InvoiceUpserted(_)
                | Event::InvoiceMovedAway(_)
                | Event::PaymentUpserted { .. }
                | Event::ReversalUpserted(_)
                | Event::SourceHeard { .. }
                | Event::AgreementPut(_)
                | Event::ChargePut(_)
                | Event::OrderGiven(_)
                | Event::TaskEnded(_)
                | Event::Decided { .. }
                | Event::Claimed(_)
                | Event::BecameUnknown(_)
                | Event::Settled { .. }
                | Event::NotDelivered(_)
                | Event::ContactedElsewhere { .. }
                | Event::Replied(_)
                | Event::Suppressed { .. } => {}
            }
        }
        all
    }

    #[test]
    fn every_event_but_a_decision_may_happen_twice() {
        let stage = stage();
        let events = one_of_each(&stage);
        // Each is told of facts that know of the pending message and its coverage.
        for (place, event) in events.iter().enumerate() {
            let mut facts = stage.facts.clone();
            for before in &events[..place] {
                if !matches!(before, Event::InvoiceMovedAway(_)) {
                    facts = evolve(&facts, before);
                }
            }
            let once = evolve(&facts, event);
            if !matches!(event, Event::Decided { .. }) {
                assert!(same(&once, &evolve(&once, event)), "{event:?} twice");
            }
            let redundant = matches!(event, Event::Settled { .. } | Event::InvoiceUpserted(_));
            assert!(redundant || !same(&facts, &once), "{event:?} changes something");
        }
    }

    #[test]
    fn older_documents_change_nothing() {
        let stage = stage();
        let old = stage.facts.invoices[0].invoice.clone();
        let new = Invoice { source_version: SourceVersion::Number(5), total_minor: 7, ..old.clone() };
        let facts = evolve(&stage.facts, &Event::InvoiceUpserted(new));
        assert!(same(&facts, &evolve(&facts, &Event::InvoiceUpserted(old))));
    }

    #[test]
    fn a_message_that_was_not_delivered_opens_its_step_again() {
        let mut plan = ladder();
        for step in &mut plan.steps {
            if let crate::Action::Send(send) = &mut step.action {
                send.channels.push(crate::Channel::Sms);
            }
        }
        let mut stage = Stage::new(plan);
        stage.invoice("A", Currency::EUR, 1_000, "2026-02-04");
        let now = at("2026-02-05T15:45:00Z");
        stage.step(now);
        let message = stage.facts.coverage.iter().find_map(|coverage| coverage.message.clone()).expect("a message");
        assert!(decide(&stage.facts, &stage.policy, now).messages.is_empty());
        stage.facts = evolve(&stage.facts, &Event::NotDelivered(message));
        stage.facts.last_contact.live = None;
        let again = decide(&stage.facts, &stage.policy, now);
        assert_eq!(again.messages.len(), 1);
        assert_eq!(again.messages[0].channel, crate::Channel::Sms, "by the next channel");
    }
}
