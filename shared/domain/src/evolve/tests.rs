use super::*;
use crate::{
    Currency, SourceVersion, SuppressionReason,
    along::along,
    decide,
    testing::{Stage, at, ladder},
};

fn stage() -> Stage {
    let mut workflow = ladder();
    for step in &mut workflow.steps {
        if let crate::Action::Send(send) = &mut step.action {
            send.after = crate::workflow::ReceiptTime::of_hours(24);
        }
    }
    let mut stage = Stage::new(workflow);
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
        confirm_by: None,
        via: Vec::new(),
        urgent: false,
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
        Event::CustomerUpserted(Customer {
            name: "New".to_owned(),
            source_version: Some(SourceVersion::Number(1)),
            ..stage.facts.customer.clone()
        }),
        Event::CustomerEnteredByHand(ByHand { language: Some("fi".to_owned()), ..ByHand::default() }),
        Event::InvoiceUpserted(invoice.clone()),
        Event::InvoiceMovedAway(invoice.id.clone()),
        Event::InvoiceMovedHere {
            invoice: Invoice { id: InvoiceId::derive(&["moves"]), ..invoice.clone() },
            along: along(&stage.facts, &invoice.id),
        },
        Event::PaymentUpserted { payment: payment.clone(), recorded_at: now },
        Event::ReversalUpserted(reversal.clone()),
        Event::PaymentMovedAway(payment.id.clone()),
        Event::SharedUpserted {
            payment: crate::PaymentFact { payment: payment.clone(), recorded_at: now, received_before: None, archived: false },
            reversals: vec![reversal],
        },
        Event::SharedGone(payment.id),
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
        Event::OrderWithdrawn(crate::OrderId::derive(&["o"])),
        Event::TaskEnded { task: TaskId::derive(&["call"]), result: crate::TaskResult::Done },
        Event::Decided { decision, at: now },
        Event::Claimed(message.clone()),
        Event::Retrying(message.clone()),
        Event::Queued(message.clone()),
        Event::BecameUnknown(message.clone()),
        Event::Settled {
            message: message.clone(),
            rows: after.pending[0].rows.clone(),
            outcome: Some(Outcome::Sent),
            at: now,
            contacted_at: now,
        },
        Event::ProvedSent { message: message.clone(), contact: None },
        Event::Arrived(message.clone()),
        Event::NotDelivered { message: message.clone(), outcome: Outcome::Undelivered, last_contact: LastContact::default() },
        Event::Contacted {
            person: "p1@beispiel.example".to_owned(),
            attempt: ContactAttempt {
                at: now,
                channel: crate::Channel::Email,
                message: message.clone(),
                case: None,
                customer: crate::CustomerId::derive(&["another"]),
                mode: Mode::Live,
            },
        },
        Event::NotContacted { person: "p1@beispiel.example".to_owned(), message },
        Event::Replied(now),
        Event::Suppressed {
            address: "email:p1@beispiel.example".to_owned(),
            suppression: Suppression { reason: SuppressionReason::OptOut, at: now },
        },
        Event::SuppressionLifted("email:p1@beispiel.example".to_owned()),
        Event::VersionReset(crate::VersionOf::Invoice(stage.facts.invoices[0].invoice.id.clone())),
    ];
    for event in &all {
        match event {
            Event::CustomerUpserted(_)
            | Event::CustomerEnteredByHand(_)
            | Event::InvoiceUpserted(_)
            | Event::InvoiceMovedAway(_)
            | Event::InvoiceMovedHere { .. }
            | Event::PaymentMovedAway(_)
            | Event::SharedUpserted { .. }
            | Event::SharedGone(_)
            | Event::PaymentUpserted { .. }
            | Event::ReversalUpserted(_)
            | Event::SourceHeard { .. }
            | Event::AgreementPut(_)
            | Event::ChargePut(_)
            | Event::OrderGiven(_)
            | Event::OrderWithdrawn(_)
            | Event::TaskEnded { .. }
            | Event::Decided { .. }
            | Event::Claimed(_)
            | Event::Queued(_)
            | Event::Retrying(_)
            | Event::BecameUnknown(_)
            | Event::Settled { .. }
            | Event::ProvedSent { .. }
            | Event::Arrived(_)
            | Event::NotDelivered { .. }
            | Event::Contacted { .. }
            | Event::NotContacted { .. }
            | Event::Replied(_)
            | Event::Suppressed { .. }
            | Event::SuppressionLifted(_)
            | Event::VersionReset(_) => {}
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
            if !matches!(before, Event::InvoiceMovedAway(_) | Event::PaymentMovedAway(_) | Event::SharedGone(_)) {
                facts = evolve(&facts, before);
            }
        }
        let once = evolve(&facts, event);
        if !matches!(event, Event::Decided { .. }) {
            assert!(same(&once, &evolve(&once, event)), "{event:?} twice");
        }
        // Some say what is so already.
        let redundant = matches!(event, Event::Settled { .. } | Event::InvoiceUpserted(_) | Event::ProvedSent { .. });
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
    stage.not_delivered(&message);
    let again = decide(&stage.facts, &stage.policy, now);
    assert_eq!(again.messages.len(), 1);
    assert_eq!(again.messages[0].channel, crate::Channel::Sms, "by the next channel");
}

#[test]
fn a_message_that_a_person_says_never_left_goes_again_by_the_same_way() {
    let mut stage = Stage::new(ladder());
    stage.invoice("A", Currency::EUR, 1_000, "2026-02-04");
    let now = at("2026-02-05T15:45:00Z");
    let first = stage.step(now).messages.remove(0);
    let message = stage.facts.coverage.iter().find_map(|coverage| coverage.message.clone()).expect("a message");
    let says = |outcome: Outcome| Event::NotDelivered { message: message.clone(), outcome, last_contact: LastContact::default() };

    let open = evolve(&stage.facts, &says(Outcome::NotSent));
    assert!(open.contact_log.values().all(|log| log.attempts.is_empty()), "it was no contact");
    let again = decide(&open, &stage.policy, now).messages.remove(0);
    assert_eq!((again.channel, &again.contact), (first.channel, &first.contact), "nothing was tried");
    assert_eq!(again.rows, first.rows, "for the same steps and occurrences");

    // Its provider knows better: nobody is written to twice.
    let contact = Some((Mode::Live, now));
    let sent = evolve(&open, &Event::ProvedSent { message: message.clone(), contact });
    assert!(decide(&sent, &stage.policy, now).messages.is_empty());
    assert_eq!(sent.last_contact.live, Some(now));

    let dropped = evolve(&stage.facts, &says(Outcome::Skipped));
    let decision = decide(&dropped, &stage.policy, now);
    assert!(decision.messages.is_empty() && decision.tasks.is_empty(), "its step is over");
}
