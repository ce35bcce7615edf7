//! What is due now of holds, credit and money that does not add up.

use super::{tests::EUR, *};
use crate::{
    AgreementId, HoldClock, HoldScope, Next, PaymentStatus, TaskKind,
    receivables::Receivables,
    testing::{Stage, at, hold, ladder},
};

#[test]
fn what_is_due_now_does_not_depend_on_the_order_of_holds() {
    // Two invoices of 300: a dispute of the first, and a promise of 300 that names no invoice.
    let (from, until) = ("2026-01-20T00:00:00Z", "2026-03-31");
    for swapped in [false, true] {
        for names in [["a", "b"], ["b", "a"]] {
            let mut stage = Stage::new(ladder());
            let first = stage.invoice("A", EUR, 300, "2026-02-04");
            stage.invoice("B", EUR, 300, "2026-02-05");
            let mut holds = vec![
                hold(HoldScope::Invoice(first), None, HoldClock::StopClock, from, until),
                hold(HoldScope::Case(EUR), Some(300), HoldClock::StopClock, from, until),
            ];
            for (hold, name) in holds.iter_mut().zip(names) {
                hold.id = AgreementId::derive(&[name]);
            }
            if swapped {
                holds.reverse();
            }
            stage.facts.agreements = holds;
            let receivables = Receivables::in_zone(&stage.facts, &jiff::tz::TimeZone::UTC, at("2026-02-10T15:45:00Z"));
            assert_eq!(receivables.exposure_minor(EUR), 0, "{swapped} {names:?}");
        }
    }
}

#[test]
fn a_hold_of_an_amount_stops_only_the_clocks_of_what_it_keeps_back() {
    let mut plan = ladder();
    plan.scope = crate::Scope::Invoice;
    let mut stage = Stage::new(plan);
    let id = stage.invoice("A", EUR, 900, "2026-01-26");
    stage.instalments(&id, &[("2026-01-06", 300), ("2026-01-16", 300), ("2026-01-26", 300)]);
    let dispute = hold(HoldScope::Invoice(id), Some(300), HoldClock::StopClock, "2026-01-05T00:00:00Z", "2026-01-25");
    stage.facts.agreements.push(dispute);
    let lines = stage.run("2026-01-14T08:00:00Z", "2026-01-24T00:00:00Z");
    assert_eq!(
        lines,
        ["2026-01-14 heads-up: A/p1", "2026-01-19 reminder: A/p1", "2026-01-22 heads-up: A/p2"],
        "the clocks of the other instalments run, past the weekend"
    );
}

#[test]
fn more_than_was_owed_is_credit_and_a_person_is_told() {
    for (stated, allocated) in [(1_300, 0), (0, 1_300), (1_000, 1_300), (1_300, 1_000)] {
        let mut stage = Stage::new(ladder());
        let paid = stage.invoice("A", EUR, 1_000, "2026-02-04");
        stage.invoice("B", EUR, 1_000, "2026-02-05");
        stage.invoice_mut(&paid).paid_minor = stated;
        if allocated > 0 {
            stage.pay("P", &paid, allocated, PaymentStatus::Received, "2026-02-01T00:00:00Z");
        }
        let decision = decide(&stage.facts, &stage.policy, at("2026-02-03T15:45:00Z"));
        let kinds: Vec<TaskKind> = decision.tasks.iter().map(|task| task.kind).collect();
        assert_eq!(kinds, [TaskKind::Overpaid], "{stated} {allocated}");
        assert_eq!(decision.trace[0].due_now_minor, 700, "{stated} {allocated}");
        assert!(decision.archiving.archive_invoices.is_empty(), "what it left as credit is still needed");
    }
}

#[test]
fn a_payment_in_another_currency_pays_nothing_and_a_person_is_told_at_once() {
    let mut stage = Stage::new(ladder());
    let id = stage.invoice("A", EUR, 1_000, "2026-02-04");
    stage.pay("P", &id, 1_000, PaymentStatus::Received, "2026-02-01T00:00:00Z");
    stage.facts.payments[0].payment.currency = Currency::USD;
    let decision = decide(&stage.facts, &stage.policy, at("2026-02-03T15:45:00Z"));
    assert_eq!(decision.tasks.iter().map(|task| task.kind).collect::<Vec<_>>(), [TaskKind::OtherCurrency]);
    assert_eq!(decision.trace[0].due_now_minor, 1_000);
}

#[test]
fn an_invoice_is_not_open_before_it_is_issued() {
    let mut stage = Stage::new(ladder());
    stage.invoice("A", EUR, 1_000, "2026-03-04");
    let decision = decide(&stage.facts, &stage.policy, at("2026-01-20T08:00:00Z"));
    assert!(decision.cases.is_empty() && decision.archiving.archive_invoices.is_empty());
    assert_eq!(decision.next, Next::At(at("2026-02-01T23:00:00Z")), "the beginning of 2 February in Berlin");
}

#[test]
fn no_fee_is_charged_for_the_delay_of_a_fee() {
    let plan = crate::testing::workflow(serde_json::json!({
        "id": "fees", "name": "Fees", "scope": "invoice",
        "steps": [{"id": "fee", "at": {"anchor": "due_date", "offset": "P10D"}, "action": {"fee": {"kind": "fixed", "amount_minor": 4000}}}]
    }));
    for (is_charge, expected) in [(false, 1), (true, 0)] {
        let mut stage = Stage::new(plan.clone());
        if is_charge {
            stage.facts.charges.push(crate::testing::charge("Late payment fee", 4_000, "2026-02-04"));
        } else {
            stage.invoice("A", EUR, 4_000, "2026-02-04");
        }
        let lines = stage.run("2026-02-04T09:00:00Z", "2026-04-30T09:00:00Z");
        let fees = lines.iter().filter(|line| line.contains(" fee: ")).count();
        assert_eq!(fees, expected, "a charge: {is_charge}: {lines:#?}");
    }
}

#[test]
fn a_dispute_that_nobody_decided_in_its_time_is_told_once_and_keeps_nothing_back() {
    let mut stage = Stage::new(ladder());
    let invoice = stage.invoice("A", EUR, 300, "2026-02-04");
    let dispute = crate::Dispute {
        reason: crate::DisputeReason::Quality,
        of: vec![],
        upheld_minor: None,
        line: None,
        status: crate::DisputeStatus::Open,
    };
    let (from, until) = ("2026-02-01T00:00:00Z", "2026-02-20");
    let scope = HoldScope::Invoice(invoice);
    let terms = crate::Terms::Dispute(dispute);
    stage.facts.agreements.push(crate::testing::agreement(terms, scope, None, HoldClock::Freeze, from, Some(until)));
    let lines = stage.run("2026-02-04T09:00:00Z", "2026-04-30T09:00:00Z");
    let told: Vec<&String> = lines.iter().filter(|line| line.contains(" dispute: ")).collect();
    assert_eq!(told, ["2026-02-21 dispute: A dispute is undecided after its last day"], "{lines:#?}");
    let known = &stage.facts.agreements[0];
    assert!(known.ended_at.is_some() && !known.is_over(), "it is open, and keeps nothing back");
    assert!(lines.iter().any(|line| line.contains("reminder: A")), "{lines:#?}");
    // Upheld after its day, it keeps back what is right until the books say so.
    let upheld =
        known.clone().act(&crate::AgreementAct::Uphold { amount_minor: None }, Vec::new(), at("2026-05-01T09:00:00Z")).unwrap();
    assert_eq!((upheld.ended_at, upheld.until_on), (None, None));
}
