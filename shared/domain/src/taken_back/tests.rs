use super::*;

use crate::{
    Agreement, Currency, HoldClock, HoldReason, HoldScope, SourceVersion, TaskKind, decide,
    receivables::{Receivables, ReceivablesRules},
    settings::AfterRefund,
    testing::{Stage, at, hold, ladder},
};

const NOW: &str = "2026-02-05T15:45:00Z";
const EUR: Currency = Currency::EUR;

/// What is heard of the payments of invoice A, which is of 1,000.
#[derive(Clone, Copy, Debug)]
enum Heard {
    /// The payment's own document, so much of it for A.
    Document(&'static str, i64, PaymentStatus),
    /// A refund or chargeback of a payment as an object of its own.
    Object(&'static str, i64, ReversalKind),
}

use Heard::{Document, Object};
use PaymentStatus::{Pending, Received, Refunded, Reversed};

fn stage(heard: &[Heard]) -> Stage {
    let mut stage = Stage::new(ladder());
    let invoice = stage.invoice("A", EUR, 1_000, "2026-02-04");
    for (place, heard) in heard.iter().enumerate() {
        match heard {
            Document(name, minor, status) => stage.pay(name, &invoice, *minor, *status, "2026-02-01T00:00:00Z"),
            Object(name, minor, kind) => stage.facts.reversals.push(Reversal {
                external_id: format!("re_{place}"),
                source_version: SourceVersion::Number(1),
                payment: crate::PaymentId::derive(&["acme", "canonical", "payment", name]),
                amount_minor: *minor,
                currency: EUR,
                in_force: true,
                kind: *kind,
            }),
        }
    }
    stage
}

fn book(stage: &Stage) -> Receivables<'_> {
    Receivables::at(&stage.facts, ReceivablesRules::of(&stage.policy.settings, &jiff::tz::TimeZone::UTC), at(NOW))
}

/// What is open of A, what of it is kept back, for which reasons, and how many people are told.
fn check(heard: &[Heard], open: i64, kept: i64, reasons: &[HoldReason]) -> Stage {
    let stage = stage(heard);
    let receivables = book(&stage);
    assert_eq!((receivables.open_minor(EUR), receivables.kept_minor(EUR)), (open, kept), "{heard:?}");
    let mut found: Vec<&str> = receivables.holds.iter().map(|hold| hold.reason.as_str()).collect();
    found.sort_unstable();
    assert_eq!(found, reasons.iter().map(HoldReason::as_str).collect::<Vec<_>>(), "{heard:?}");
    assert_eq!(told(&stage), reasons.len(), "{heard:?}");
    stage.clone()
}

fn told(stage: &Stage) -> usize {
    decide(&stage.facts, &stage.policy, at(NOW)).tasks.iter().filter(|task| task.kind == TaskKind::TakenBack).count()
}

fn release(stage: &mut Stage, id: AgreementId) {
    let (from, until) = ("2026-02-05T00:00:00Z", "2026-02-05");
    let pause = hold(HoldScope::Customer, Some(1), HoldClock::Freeze, from, until);
    stage.facts.agreements.push(Agreement { id, ..pause }.lifted(at(NOW)));
}

#[test]
fn what_documents_and_objects_take_back_is_kept_back_alike() {
    use HoldReason::{Chargeback, Refund};
    let refund = ReversalKind::Refund;
    // Whole.
    check(&[Document("P", 1_000, Received), Document("P", 1_000, Refunded)], 1_000, 1_000, &[Refund]);
    check(&[Document("P", 1_000, Received), Document("P", 1_000, Reversed)], 1_000, 1_000, &[Chargeback]);
    // What was not paid by it is chased.
    check(&[Document("P", 400, Received), Document("P", 400, Reversed)], 1_000, 400, &[Chargeback]);
    // Of several payments each, and what is left of the others counts.
    let first = [Document("P", 400, Received), Document("Q", 600, Received), Document("P", 400, Reversed)];
    check(&first, 400, 400, &[Chargeback]);
    let both = [first[0], first[1], first[2], Document("Q", 600, Refunded)];
    check(&both, 1_000, 1_000, &[Chargeback, Refund]);
    // Paid again, in part and whole.
    check(&[both[0], both[1], both[2], both[3], Document("S", 700, Received)], 300, 300, &[Chargeback, Refund]);
    check(&[both[0], both[1], both[2], both[3], Document("S", 1_000, Received)], 0, 0, &[]);
    // Received after all.
    check(&[Document("P", 1_000, Received), Document("P", 1_000, Reversed), Document("P", 1_000, Received)], 0, 0, &[]);
    // Said once more, with nothing allocated any more.
    check(
        &[Document("P", 1_000, Received), Document("P", 1_000, Reversed), Document("P", 1_000, Reversed)],
        1_000,
        1_000,
        &[Chargeback],
    );
    // Never known as received: nobody relied on it, and a debit that fails was only on its way.
    check(&[Document("P", 1_000, Reversed)], 1_000, 0, &[]);
    check(&[Document("P", 1_000, Pending), Document("P", 1_000, Reversed)], 1_000, 0, &[]);
    // With objects beside it, in any order.
    let heard = [Document("P", 1_000, Received), Document("P", 1_000, Refunded), Object("P", 1_000, refund)];
    for [a, b, c] in [[0, 1, 2], [0, 2, 1], [2, 0, 1]] {
        check(&[heard[a], heard[b], heard[c]], 1_000, 1_000, &[Refund]);
    }
    for [a, b, c] in [[0, 1, 2], [0, 2, 1], [2, 0, 1]] {
        let part = [heard[0], heard[1], Object("P", 300, refund)];
        check(&[part[a], part[b], part[c]], 1_000, 1_000, &[Refund]);
    }
    check(&[heard[0], Object("P", 300, refund)], 300, 300, &[Refund]);
    // The bank took the money back, whatever the document calls it.
    check(&[heard[0], heard[1], Object("P", 1_000, ReversalKind::Chargeback)], 1_000, 1_000, &[Chargeback]);
    // An object of another payment speaks of that one.
    check(&[both[0], both[1], both[2], Object("Q", 100, refund)], 500, 500, &[Chargeback, Refund]);
}

#[test]
fn the_setting_says_whether_it_is_kept_back_and_nobody_is_told_of_what_is_chased() {
    let mut stage = stage(&[Document("P", 1_000, Received), Document("P", 1_000, Reversed)]);
    stage.policy.settings.after_refund = AfterRefund::Chase;
    assert_eq!((book(&stage).exposure_minor(EUR), told(&stage)), (1_000, 0));
}

#[test]
fn what_a_person_let_go_is_chased_until_it_is_taken_back_again() {
    let heard = [Document("P", 1_000, Received), Document("P", 1_000, Reversed)];
    let mut stage = stage(&heard);
    let id = book(&stage).taken_back[0].id.clone();
    release(&mut stage, id);
    assert_eq!((book(&stage).exposure_minor(EUR), told(&stage)), (1_000, 0));
    let invoice = stage.facts.invoices[0].invoice.id.clone();
    stage.pay("P", &invoice, 1_000, Reversed, "2026-02-02T00:00:00Z");
    assert_eq!((book(&stage).exposure_minor(EUR), told(&stage)), (1_000, 0), "the same, said once more");
    let mut by_object = stage.clone();
    by_object.facts.reversals.push(Reversal {
        external_id: "re_9".to_owned(),
        source_version: SourceVersion::Number(1),
        payment: stage.facts.payments[0].payment.id.clone(),
        amount_minor: 1_000,
        currency: EUR,
        in_force: true,
        kind: ReversalKind::Chargeback,
    });
    assert_eq!((book(&by_object).exposure_minor(EUR), told(&by_object)), (1_000, 0), "the same money");
    stage.pay("P", &invoice, 1_000, Received, "2026-02-03T00:00:00Z");
    stage.pay("P", &invoice, 1_000, Reversed, "2026-02-04T00:00:00Z");
    assert_eq!((book(&stage).exposure_minor(EUR), told(&stage)), (0, 1), "a matter of its own");
}

#[test]
fn what_is_no_longer_allocated_is_kept_back_of_what_it_was_for() {
    let mut stage = stage(&[Document("P", 1_000, Received), Document("P", 1_000, Reversed)]);
    stage.facts.payments[0].payment.allocations.clear();
    assert_eq!((book(&stage).exposure_minor(EUR), told(&stage)), (0, 1));
    // A credit note that is void credits nothing, and nobody had paid.
    for fact in &mut stage.facts.payments {
        fact.payment.kind = PaymentKind::CreditNote;
        fact.received_before.as_mut().expect("one").kind = PaymentKind::CreditNote;
    }
    assert_eq!((book(&stage).exposure_minor(EUR), told(&stage)), (1_000, 0));
}

#[test]
fn after_it_is_chased_it_goes_on_at_the_rung_that_it_had() {
    let mut stage = stage(&[]);
    stage.policy.settings.after_refund = AfterRefund::Chase;
    let invoice = stage.facts.invoices[0].invoice.id.clone();
    let before = stage.run("2026-02-05T08:00:00Z", "2026-02-06T00:00:00Z");
    stage.pay("P", &invoice, 1_000, Received, "2026-02-07T00:00:00Z");
    let paid = stage.run("2026-02-07T08:00:00Z", "2026-02-10T00:00:00Z");
    stage.pay("P", &invoice, 1_000, Reversed, "2026-02-10T00:00:00Z");
    let after = stage.run("2026-02-10T08:00:00Z", "2026-02-14T00:00:00Z");
    assert_eq!(
        (before, paid, after),
        (vec!["2026-02-05 reminder: A".to_owned()], vec![], vec!["2026-02-12 nudge: A".to_owned()])
    );
}

#[test]
fn in_whatever_order_its_versions_are_heard_of_a_payment_is_the_same() {
    let stage = stage(&[Document("P", 1_000, Received)]);
    let first = &stage.facts.payments[0].payment;
    let version = |number: u64, status| Payment { source_version: SourceVersion::Number(number), status, ..first.clone() };
    let all = [version(1, Received), version(2, Reversed), version(3, Received), version(4, Pending), version(5, Refunded)];
    let heard = |order: &[usize]| {
        let mut known: Option<PaymentFact> = None;
        for at in order {
            known = PaymentFact::merge(known.as_ref(), &all[*at], NOW.parse().expect("an instant")).or(known);
        }
        known
    };
    let in_order = heard(&[0, 1, 2, 3, 4]);
    let before = in_order.as_ref().and_then(|fact| fact.received_before.as_ref()).map(|payment| payment.source_version);
    assert_eq!(before, Some(SourceVersion::Number(3)));
    for order in [[4, 3, 2, 1, 0], [4, 0, 2, 1, 3], [0, 4, 2, 3, 1], [2, 0, 4, 1, 3], [3, 1, 4, 0, 2]] {
        assert_eq!(heard(&order), in_order, "{order:?}");
    }
    assert_eq!(heard(&[4, 1]).and_then(|fact| fact.received_before), None, "never received");
}

#[test]
fn what_is_paid_anew_keeps_nothing_more_back() {
    let mut stage = Stage::new(ladder());
    let invoice = stage.invoice("A", EUR, 1_200, "2026-03-04");
    stage.instalments(&invoice, &[("2026-01-04", 400), ("2026-02-04", 400), ("2026-03-04", 400)]);
    stage.pay("P", &invoice, 400, Received, "2026-01-05T00:00:00Z");
    stage.pay("P", &invoice, 400, Reversed, "2026-01-10T00:00:00Z");
    assert_eq!((book(&stage).open_minor(EUR), book(&stage).kept_minor(EUR)), (1_200, 400));
    stage.pay("Q", &invoice, 300, Received, "2026-01-12T00:00:00Z");
    assert_eq!((book(&stage).open_minor(EUR), book(&stage).kept_minor(EUR)), (900, 100));
    stage.pay("R", &invoice, 100, Received, "2026-01-13T00:00:00Z");
    assert_eq!((book(&stage).open_minor(EUR), book(&stage).kept_minor(EUR)), (800, 0), "the second instalment is chased");
}
