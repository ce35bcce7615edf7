use serde_json::json;

use super::*;
use crate::{
    DueItemKey, Event, Next, PaymentStatus, TaskKind, decide, evolve,
    proposal::{Proposal, Proposer, propose},
    receivables::Receivables,
    testing::{Stage, at, ladder, on},
};

const EUR: Currency = Currency::EUR;

/// Agrees on what is proposed.
fn agree(stage: &mut Stage, name: &str, now: &str, proposal: serde_json::Value) -> AgreementId {
    let id = AgreementId::derive(&[name]);
    let proposal: Proposal = serde_json::from_value(proposal).expect("a proposal");
    let proposer = Proposer { id: &id, by: "u-1", now: at(now) };
    let agreement = propose(&proposal, &stage.facts, &stage.policy.settings, proposer).expect("no flaw");
    stage.facts = evolve(&stage.facts, &Event::AgreementPut(agreement));
    id
}

fn status(stage: &Stage, id: &AgreementId) -> String {
    stage.facts.agreements.iter().find(|known| known.id == *id).expect("an agreement").status().to_owned()
}

fn due_now(stage: &Stage, now: &str) -> i64 {
    let berlin = jiff::tz::TimeZone::get("Europe/Berlin").expect("a zone");
    Receivables::at(&stage.facts, crate::receivables::ReceivablesRules::of(&stage.policy.settings, &berlin), at(now))
        .exposure_minor(EUR)
}

fn act(stage: &mut Stage, id: &AgreementId, act: &AgreementAct, now: &str) -> Result<(), ActError> {
    let berlin = jiff::tz::TimeZone::get("Europe/Berlin").expect("a zone");
    let agreement = stage.facts.agreements.iter().find(|known| known.id == *id).expect("an agreement").clone();
    let receivables = Receivables::in_zone(&stage.facts, &berlin, at(now));
    let of = crate::agreed::Measure::of(&stage.facts, &receivables.items, &berlin, at(now)).stand(&agreement.scope);
    let changed = agreement.act(act, of, at(now))?;
    stage.facts = evolve(&stage.facts, &Event::AgreementPut(changed));
    Ok(())
}

#[test]
fn money_is_expected_after_it_cleared_by_its_way_and_the_source_told() {
    let mut settings = Settings::named("Acme");
    settings.country = "DE".to_owned();
    // 13 February 2026 is a Friday.
    for (way, expected) in [
        (WayOfPaying::Cash, "2026-02-16"),
        (WayOfPaying::Card, "2026-02-17"),
        (WayOfPaying::Transfer, "2026-02-17"),
        (WayOfPaying::Bacs, "2026-02-18"),
        (WayOfPaying::Ach, "2026-02-19"),
        (WayOfPaying::SepaDebit, "2026-02-20"),
        (WayOfPaying::Check, "2026-02-24"),
        (WayOfPaying::Later("stablecoin".to_owned()), "2026-02-24"),
    ] {
        assert_eq!(expected_on(&settings, "xero", on("2026-02-13"), &way), on(expected), "{way:?}");
    }
    for (silence, expected) in [("PT26H", "2026-02-19"), ("PT24H", "2026-02-18"), ("PT1H", "2026-02-18")] {
        settings.freshness.insert("xero".to_owned(), silence.to_owned());
        assert_eq!(expected_on(&settings, "xero", on("2026-02-13"), &WayOfPaying::Card), on(expected), "{silence}");
        assert_eq!(expected_on(&settings, "canonical", on("2026-02-13"), &WayOfPaying::Card), on("2026-02-17"));
    }
}

#[test]
fn a_promise_is_broken_only_after_its_money_could_be_seen() {
    for (paid, paid_at, seen, expected) in [
        (0, "2026-02-12T09:00:00Z", "2026-02-17T22:59:00Z", "open"),
        (0, "2026-02-12T09:00:00Z", "2026-02-17T23:00:00Z", "broken"),
        (400, "2026-02-12T09:00:00Z", "2026-02-17T23:00:00Z", "partly_kept"),
        (1_000, "2026-02-17T09:00:00Z", "2026-02-17T10:00:00Z", "kept"),
        // Kept before its day.
        (1_000, "2026-02-10T09:00:00Z", "2026-02-10T10:00:00Z", "kept"),
    ] {
        let mut stage = Stage::new(ladder());
        let invoice = stage.invoice("A", EUR, 1_000, "2026-02-04");
        let id =
            agree(&mut stage, "p", "2026-02-05T09:00:00Z", json!({"kind": "promise", "pays_on": "2026-02-13", "way": "card"}));
        assert_eq!(due_now(&stage, "2026-02-06T09:00:00Z"), 0);
        if paid > 0 {
            stage.pay("P", &invoice, paid, PaymentStatus::Received, paid_at);
            stage.invoice_mut(&invoice).paid_minor = paid;
        }
        let decision = stage.step(at(seen));
        assert_eq!(status(&stage, &id), expected, "{paid} {seen}");
        let changed = usize::from(expected != "open");
        assert_eq!(decision.agreements.len(), changed, "written with the decision, once");
        assert!(decide(&stage.facts, &stage.policy, at(seen)).agreements.is_empty(), "and not again");
        if expected == "open" {
            assert_eq!(decision.next, Next::At(at("2026-02-17T23:00:00Z")));
        }
    }
}

#[test]
fn what_was_open_when_it_was_made_is_said_where_that_is_one_amount() {
    let mut stage = Stage::new(ladder());
    let first = stage.invoice("A", EUR, 1_000, "2026-02-04");
    stage.invoice("B", EUR, 500, "2026-02-04");
    let made = |stage: &mut Stage, name: &str, proposal: serde_json::Value| {
        let id = agree(stage, name, "2026-02-05T09:00:00Z", proposal);
        stage.facts.agreements.iter().find(|known| known.id == id).expect("an agreement").clone()
    };
    let promise = made(&mut stage, "p", json!({"kind": "promise", "pays_on": "2026-02-13", "amount_minor": 700}));
    assert_eq!(promise.stood(), Some((EUR, 1_500)), "whatever part of it is promised");
    stage.invoice("C", Currency::USD, 9_000, "2026-02-04");
    for (name, scope, expected) in [
        ("all", json!("customer"), None),
        ("case", json!({"case": "USD"}), Some((Currency::USD, 9_000))),
        ("one", json!({"invoices": [first]}), Some((EUR, 1_000))),
    ] {
        let pause = made(&mut stage, name, json!({"kind": "pause", "scope": scope}));
        assert_eq!(pause.stood(), expected, "{name}");
    }
    // One of before does not say the currency of each invoice.
    let Terms::Promise(terms) = promise.terms.clone() else { panic!("a promise") };
    let of = terms.of.iter().map(|stood| Stood { currency: None, ..stood.clone() }).collect();
    let before = Agreement { terms: Terms::Promise(Promise { of, ..terms }), ..promise };
    assert_eq!(before.stood(), None);
    assert_eq!(Agreement { scope: AgreementScope::Case(EUR), ..before }.stood(), Some((EUR, 1_500)), "its scope does");
}

#[test]
fn a_promise_of_a_part_keeps_back_what_has_not_come() {
    let mut stage = Stage::new(ladder());
    let first = stage.invoice("A", EUR, 1_000, "2026-02-04");
    stage.invoice("B", EUR, 1_000, "2026-02-05");
    let body = json!({"kind": "promise", "scope": {"invoices": ["A", "B"]}, "amount_minor": 1_500, "pays_on": "2026-02-13"});
    let id = agree(&mut stage, "p", "2026-02-05T09:00:00Z", body);
    assert_eq!(due_now(&stage, "2026-02-06T09:00:00Z"), 500);
    stage.invoice_mut(&first).paid_minor = 600;
    assert_eq!(due_now(&stage, "2026-02-06T09:00:00Z"), 500, "600 of 1,500 came, 900 are kept back of 1,400");
    stage.invoice_mut(&first).paid_minor = 1_000;
    assert_eq!(due_now(&stage, "2026-02-06T09:00:00Z"), 500);
    stage.step(at("2026-02-06T09:00:00Z"));
    assert_eq!(status(&stage, &id), "open");
    act(&mut stage, &id, &AgreementAct::Cancel, "2026-02-07T09:00:00Z").expect("it is open");
    assert_eq!((status(&stage, &id), due_now(&stage, "2026-02-08T09:00:00Z")), ("cancelled".to_owned(), 1_000));
}

#[test]
fn a_dispute_lives_by_what_people_decide_and_the_books_write() {
    let stage_of = |body: serde_json::Value| {
        let mut stage = Stage::new(ladder());
        let invoice = stage.invoice("A", EUR, 1_000, "2026-02-04");
        stage.invoice("B", EUR, 1_000, "2026-02-05");
        let id = agree(&mut stage, "d", "2026-02-05T09:00:00Z", body);
        (stage, invoice, id)
    };
    let (late, part) = (
        "2026-12-06T09:00:00Z",
        json!({"kind": "dispute", "scope": {"invoices": ["A"]}, "reason": "price", "amount_minor": 400}),
    );
    for (act_of, word, then) in [
        (AgreementAct::Reject, "rejected", 2_000),
        (AgreementAct::Withdraw, "withdrawn", 2_000),
        (AgreementAct::Uphold { amount_minor: None }, "upheld", 1_600),
        (AgreementAct::Uphold { amount_minor: Some(400) }, "upheld", 1_600),
        (AgreementAct::Uphold { amount_minor: Some(150) }, "partly_upheld", 1_850),
    ] {
        let (mut stage, _, id) = stage_of(part.clone());
        assert_eq!(due_now(&stage, late), 1_600, "a dispute does not end by itself");
        act(&mut stage, &id, &act_of, "2026-02-06T09:00:00Z").expect("it is open");
        act(&mut stage, &id, &act_of, "2026-02-07T09:00:00Z").expect("again");
        assert_eq!((status(&stage, &id).as_str(), due_now(&stage, late)), (word, then), "{act_of:?}");
        let opposite = if word == "rejected" { AgreementAct::Withdraw } else { AgreementAct::Reject };
        assert_eq!(act(&mut stage, &id, &opposite, "2026-02-08T09:00:00Z"), Err(ActError::Over(word.to_owned())));
        assert!(matches!(act(&mut stage, &id, &AgreementAct::Keep, "2026-02-08T09:00:00Z"), Err(ActError::OtherKind(..))));
    }
    // Credited as upheld: the rest is chased, no more and no less, whether the other part is paid or not.
    let (mut stage, invoice, id) = stage_of(part);
    act(&mut stage, &id, &AgreementAct::Uphold { amount_minor: None }, "2026-02-06T09:00:00Z").expect("it is open");
    stage.invoice_mut(&invoice).paid_minor = 600;
    assert_eq!(due_now(&stage, late), 1_000, "what is left of A is what was upheld");
    stage.invoice_mut(&invoice).credited_minor = 400;
    assert_eq!(due_now(&stage, late), 1_000);
    stage.invoice_mut(&invoice).paid_minor = 0;
    assert_eq!(due_now(&stage, late), 1_600);
    for amount_minor in [Some(0), Some(-1), Some(401)] {
        let (mut stage, _, id) =
            stage_of(json!({"kind": "dispute", "scope": {"invoices": ["A"]}, "reason": "tax", "amount_minor": 400}));
        let uphold = AgreementAct::Uphold { amount_minor };
        assert_eq!(act(&mut stage, &id, &uphold, "2026-02-06T09:00:00Z"), Err(ActError::Amount));
    }
}

#[test]
fn a_pause_ends_with_its_time_or_its_reason() {
    let until = json!({"kind": "pause", "until_on": "2026-02-20"});
    let closed = json!({"kind": "pause", "ends_with": "closed"});
    let replied = json!({"kind": "pause", "reason": "legal", "ends_with": "replied"});
    for (body, reason) in [(until, "time"), (closed, "paid"), (replied, "reply")] {
        let mut stage = Stage::new(ladder());
        let invoice = stage.invoice("A", EUR, 1_000, "2026-02-04");
        let id = agree(&mut stage, "h", "2026-02-05T09:00:00Z", body);
        stage.invoice("later", EUR, 500, "2026-02-10");
        stage.step(at("2026-02-15T09:00:00Z"));
        assert_eq!((status(&stage, &id).as_str(), due_now(&stage, "2026-02-15T09:00:00Z")), ("running", 0), "{reason}");
        match reason {
            "paid" => stage.invoice_mut(&invoice).paid_minor = 1_000,
            "reply" => stage.facts = evolve(&stage.facts, &Event::Replied(at("2026-02-16T09:00:00Z"))),
            _ => {}
        }
        let decision = stage.step(at("2026-02-23T15:45:00Z"));
        assert_eq!(status(&stage, &id), "ended", "{reason}");
        assert!(due_now(&stage, "2026-02-23T15:45:00Z") > 0, "{reason}");
        assert!(!decision.messages.is_empty(), "{reason}: what came later is chased at once");
    }
    let mut stage = Stage::new(ladder());
    stage.invoice("A", EUR, 1_000, "2026-02-04");
    let dispute = agree(
        &mut stage,
        "d",
        "2026-02-05T09:00:00Z",
        json!({"kind": "dispute", "reason": "other", "amount_minor": 10, "scope": {"case": "EUR"}}),
    );
    let ends_with = json!({"agreement": dispute.as_str()});
    let pause = agree(&mut stage, "h", "2026-02-05T10:00:00Z", json!({"kind": "pause", "ends_with": ends_with}));
    stage.step(at("2026-02-06T09:00:00Z"));
    assert_eq!(status(&stage, &pause), "running");
    act(&mut stage, &dispute, &AgreementAct::Reject, "2026-02-07T09:00:00Z").expect("it is open");
    stage.step(at("2026-02-07T09:00:00Z"));
    assert_eq!(status(&stage, &pause), "ended");
}

#[test]
fn a_plan_falls_due_instead_of_its_invoices_and_gives_them_back_at_their_rungs() {
    let mut stage = Stage::new(ladder());
    let first = stage.invoice("A", EUR, 1_000, "2026-02-04");
    assert_eq!(stage.run("2026-02-05T08:00:00Z", "2026-02-06T00:00:00Z"), ["2026-02-05 reminder: A"]);
    let parts = json!([{"amount_minor": 400, "due_on": "2026-03-02"}, {"amount_minor": 600, "due_on": "2026-04-01"}]);
    let id = agree(&mut stage, "plan", "2026-02-06T09:00:00Z", json!({"kind": "plan", "parts": parts, "way": "transfer"}));
    let receivables = Receivables::in_zone(&stage.facts, &jiff::tz::TimeZone::UTC, at("2026-02-06T09:00:00Z"));
    let items: Vec<_> = receivables.items.iter().map(|item| (item.key.clone(), item.open_minor, item.due_now_minor)).collect();
    let part = |n| DueItemKey::part_of_plan(id.clone(), n);
    assert_eq!(items, [(DueItemKey::whole(first.clone()), 1_000, 0), (part(0), 400, 400), (part(1), 600, 600)]);
    assert_eq!((receivables.open_minor(EUR), receivables.exposure_minor(EUR)), (1_000, 1_000), "every amount once");
    // The first part is announced and reminded of like any due item; the invoice is not.
    let lines = stage.run("2026-02-06T09:00:00Z", "2026-03-03T22:00:00Z");
    assert_eq!(lines, ["2026-02-25 heads-up: plan/1", "2026-03-03 reminder: plan/1"]);
    // It is paid in time, in part of the second too.
    stage.invoice_mut(&first).paid_minor = 500;
    stage.step(at("2026-03-04T22:00:00Z"));
    assert_eq!((status(&stage, &id).as_str(), due_now(&stage, "2026-03-04T22:00:00Z")), ("running", 500));
    // The second is missed: 1 April, two business days, and Easter between.
    let lines = stage.run("2026-03-05T08:00:00Z", "2026-04-09T00:00:00Z");
    assert_eq!(status(&stage, &id), "broken");
    assert!(lines.contains(&"2026-04-08 plan_broken: A payment plan is broken".to_owned()), "{lines:?}");
    assert!(lines.iter().any(|line| line.ends_with("nudge: A")), "at the rung that it had: {lines:?}");
    assert!(!lines.iter().any(|line| line.contains("reminder: A")), "{lines:?}");
    assert_eq!(due_now(&stage, "2026-04-09T00:00:00Z"), 500);
}

#[test]
fn a_plan_is_completed_by_what_pays_its_invoices() {
    let mut stage = Stage::new(ladder());
    let first = stage.invoice("A", EUR, 1_000, "2026-02-04");
    let second = stage.invoice("B", EUR, 500, "2026-02-04");
    let parts = json!([{"amount_minor": 700, "due_on": "2026-03-02"}, {"amount_minor": 500, "due_on": "2026-04-01"}]);
    let body = json!({"kind": "plan", "amount_minor": 1_200, "parts": parts});
    let id = agree(&mut stage, "plan", "2026-02-05T09:00:00Z", body);
    assert_eq!(due_now(&stage, "2026-02-06T09:00:00Z"), 1_500, "parts of 1,200 and the 300 of B that are in no plan");
    // The source raises A by 100: that is no part of the plan.
    stage.invoice_mut(&first).total_minor = 1_100;
    assert_eq!(due_now(&stage, "2026-02-06T09:00:00Z"), 1_600);
    stage.invoice_mut(&first).paid_minor = 1_100;
    assert_eq!(due_now(&stage, "2026-02-06T09:00:00Z"), 500);
    stage.invoice_mut(&second).credited_minor = 500;
    let decision = stage.step(at("2026-02-07T09:00:00Z"));
    assert_eq!(status(&stage, &id), "completed");
    assert!(decision.cases.is_empty(), "nothing was ever chased");
}

#[test]
fn money_on_its_way_keeps_back_what_it_is_until_it_came_or_failed() {
    for (comes, word, then) in [(true, "arrived", 600), (false, "failed", 1_000)] {
        let mut stage = Stage::new(ladder());
        let invoice = stage.invoice("A", EUR, 1_000, "2026-02-04");
        let body =
            json!({"kind": "money", "scope": {"invoices": ["A"]}, "amount_minor": 400, "way": "check", "sent_on": "2026-02-03"});
        let id = agree(&mut stage, "m", "2026-02-05T09:00:00Z", body);
        assert_eq!(due_now(&stage, "2026-02-06T09:00:00Z"), 600);
        if comes {
            stage.invoice_mut(&invoice).paid_minor = 400;
        }
        // Seven business days from 3 February.
        stage.step(at("2026-02-12T23:00:00Z"));
        assert_eq!((status(&stage, &id).as_str(), due_now(&stage, "2026-02-12T23:00:00Z")), (word, then));
    }
}

#[test]
fn a_refund_or_chargeback_is_kept_back_until_a_person_releases_it() {
    for (kind, setting, in_force, kept) in [
        (crate::ReversalKind::Refund, crate::settings::AfterRefund::Hold, true, 600),
        (crate::ReversalKind::Chargeback, crate::settings::AfterRefund::Hold, true, 600),
        (crate::ReversalKind::Chargeback, crate::settings::AfterRefund::Hold, false, 0),
        (crate::ReversalKind::Refund, crate::settings::AfterRefund::Chase, true, 0),
    ] {
        let mut stage = Stage::new(ladder());
        stage.policy.settings.after_refund = setting;
        let invoice = stage.invoice("A", EUR, 1_000, "2026-02-04");
        stage.invoice("B", EUR, 1_000, "2026-02-04");
        stage.pay("P", &invoice, 1_000, PaymentStatus::Received, "2026-02-01T00:00:00Z");
        stage.invoice_mut(&invoice).paid_minor = 1_000;
        stage.invoice_mut(&invoice).paid_is_gross = true;
        let payment = stage.facts.payments[0].payment.id.clone();
        stage.facts.reversals.push(crate::Reversal {
            external_id: "re_1".to_owned(),
            source_version: crate::SourceVersion::Number(1),
            payment: payment.clone(),
            amount_minor: 600,
            currency: EUR,
            in_force,
            kind,
        });
        let now = "2026-02-05T15:45:00Z";
        let open = if in_force { 1_600 } else { 1_000 };
        assert_eq!(due_now(&stage, now), open - kept, "{kind:?} {setting:?} {in_force}");
        let told = |stage: &Stage| {
            let tasks = decide(&stage.facts, &stage.policy, at(now)).tasks;
            tasks.iter().filter(|task| task.kind == TaskKind::TakenBack).count()
        };
        assert_eq!(told(&stage), usize::from(kept > 0));
        if !in_force {
            continue;
        }
        // Credited: nothing is open, and nobody need look.
        let mut credited = stage.clone();
        credited.invoice_mut(&invoice).credited_minor = 600;
        assert_eq!((due_now(&credited, now), told(&credited)), (1_000, 0));
        // Released: it is chased, and a further refund is a matter of its own.
        let released = crate::testing::hold(
            crate::HoldScope::Invoice(invoice.clone()),
            Some(600),
            HoldClock::Freeze,
            "2026-02-05T00:00:00Z",
            "2026-02-05",
        );
        let id = of_reversals(&payment, &["re_1"]);
        stage.facts.agreements.push(Agreement { id, ..released }.lifted(at(now)));
        assert_eq!((due_now(&stage, now), told(&stage)), (open, 0));
    }
}

#[test]
fn an_invoice_that_was_never_sent_waits_where_the_tenant_says_so() {
    for (chase, sent, due) in
        [(true, Some(false), 1_000), (false, Some(false), 0), (false, None, 1_000), (false, Some(true), 1_000)]
    {
        let mut stage = Stage::new(ladder());
        let invoice = stage.invoice("A", EUR, 1_000, "2026-02-04");
        stage.policy.settings.chase_unsent = chase;
        stage.invoice_mut(&invoice).sent_to_customer = sent;
        assert_eq!(due_now(&stage, "2026-02-05T15:45:00Z"), due, "{chase} {sent:?}");
        let decision = decide(&stage.facts, &stage.policy, at("2026-02-05T15:45:00Z"));
        assert_eq!((decision.messages.len(), decision.next == Next::Parked), (usize::from(due > 0), true));
    }
}

#[test]
fn what_a_later_release_wrote_is_kept_and_keeps_back() {
    let mut stage = Stage::new(ladder());
    stage.invoice("A", EUR, 1_000, "2026-02-04");
    let promise = agree(&mut stage, "p", "2026-02-05T09:00:00Z", json!({"kind": "promise", "pays_on": "2026-02-13"}));
    let known = stage.facts.agreements.iter().find(|known| known.id == promise).expect("it");
    for (path, word) in [
        ("/terms/status", json!("renegotiated")),
        ("/terms/way", json!("stablecoin")),
        ("/clock", json!("half_speed")),
        ("/scope", json!({"project": "P-1"})),
        ("/terms", json!({"kind": "standstill", "status": "signed", "terms": [1, 2]})),
    ] {
        let mut value = serde_json::to_value(known).expect("plain");
        *value.pointer_mut(path).expect(path) = word;
        let read: Agreement = serde_json::from_value(value.clone()).expect(path);
        assert_eq!(serde_json::to_value(&read).expect("plain"), value, "kept as it is");
        let mut stage = stage.clone();
        stage.facts.agreements = vec![read];
        assert_eq!(due_now(&stage, "2026-02-06T09:00:00Z"), 0, "{path}");
    }
    for key in ["plan_2/x", "", "cus_1"] {
        assert!(DueItemKey::try_from(key.to_owned()).is_err(), "{key}");
    }
    for key in [DueItemKey::part_of_plan(promise, 11), DueItemKey::charge(crate::ChargeId::derive(&["c"]))] {
        assert_eq!(DueItemKey::try_from(key.to_string()), Ok(key));
    }
}

#[test]
fn an_agreement_of_several_invoices_is_shared_when_one_of_them_leaves() {
    let mut stage = Stage::new(ladder());
    let first = stage.invoice("A", EUR, 1_000, "2026-02-04");
    let second = stage.invoice("B", EUR, 500, "2026-02-10");
    let both = json!({"invoices": ["A", "B"]});
    let part = |amount_minor: i64, due_on: &str| json!({"amount_minor": amount_minor, "due_on": due_on});
    let parts = json!([part(700, "2026-03-02"), part(800, "2026-04-01")]);
    for (body, amounts) in [
        (json!({"kind": "promise", "scope": both, "amount_minor": 1_200, "pays_on": "2026-02-13"}), (Some(1_000), Some(200))),
        (json!({"kind": "dispute", "scope": both, "reason": "price"}), (None, None)),
        (json!({"kind": "pause", "scope": both}), (None, None)),
        (json!({"kind": "plan", "scope": {"case": "EUR"}, "parts": parts}), (None, None)),
    ] {
        let kind = body["kind"].as_str().expect("a kind").to_owned();
        let id = agree(&mut stage, &kind, "2026-02-05T09:00:00Z", body);
        let agreement = stage.facts.agreements.iter().find(|known| known.id == id).expect("it").clone();
        assert!(agreement.concerns(&first) && agreement.concerns(&second), "{kind}");
        let (stays, goes) = agreement.split(&second);
        let stays = stays.expect("A stays");
        assert_eq!((stays.amount_minor, goes.amount_minor), amounts, "{kind}");
        assert_eq!((stays.id == id, goes.id == id), (true, false), "{kind}");
        assert!(goes.concerns(&second) && !goes.concerns(&first) && !stays.concerns(&second), "{kind}");
        if let (Terms::Plan(stays), Terms::Plan(goes)) = (&stays.terms, &goes.terms) {
            let sums = |plan: &PaymentPlan| plan.parts.iter().map(|part| part.amount_minor).collect::<Vec<_>>();
            assert_eq!((sums(stays), sums(goes)), (vec![700, 300], vec![500]));
        }
        // What is of one invoice alone goes as it is.
        let (none, whole) = goes.split(&second);
        assert_eq!((none, &whole), (None, &goes), "{kind}");
        stage.facts.agreements.clear();
    }
}

/// A plan of two parts, of 400 on 2 March and 600 on 1 April, over invoices A and B of 500 each.
fn planned() -> (Stage, AgreementId) {
    let mut stage = Stage::new(ladder());
    stage.invoice("A", EUR, 500, "2026-02-04");
    stage.invoice("B", EUR, 500, "2026-02-04");
    let parts = json!([{"amount_minor": 400, "due_on": "2026-03-02"}, {"amount_minor": 600, "due_on": "2026-04-01"}]);
    let id = agree(&mut stage, "plan", "2026-02-06T09:00:00Z", json!({"kind": "plan", "parts": parts, "way": "transfer"}));
    (stage, id)
}

/// What is left to chase of each part of a plan.
fn left_of_parts(stage: &Stage, now: &str) -> Vec<i64> {
    let berlin = jiff::tz::TimeZone::get("Europe/Berlin").expect("a zone");
    let receivables =
        Receivables::at(&stage.facts, crate::receivables::ReceivablesRules::of(&stage.policy.settings, &berlin), at(now));
    receivables.items.iter().filter(|item| item.invoice.is_none()).map(|item| item.due_now_minor).collect()
}

#[test]
fn what_is_kept_back_of_an_invoice_is_kept_back_of_the_parts_that_stand_for_it() {
    let of = |invoices: &[&str]| json!({ "invoices": invoices });
    let now = "2026-02-10T09:00:00Z";
    for (bodies, left) in [
        (vec![json!({"kind": "dispute", "reason": "price", "scope": of(&["A"]), "amount_minor": 300})], [100, 600]),
        (vec![json!({"kind": "dispute", "reason": "price", "scope": of(&["A"])})], [0, 500]),
        (vec![json!({"kind": "dispute", "reason": "price", "scope": of(&["A", "B"])})], [0, 0]),
        (vec![json!({"kind": "promise", "pays_on": "2026-02-20", "scope": of(&["B"])})], [0, 500]),
        (vec![json!({"kind": "pause", "scope": of(&["B"])})], [0, 500]),
        // Of one invoice it is the same money, of two it is not.
        (
            vec![
                json!({"kind": "pause", "scope": of(&["A"])}),
                json!({"kind": "dispute", "reason": "price", "scope": of(&["A"])}),
                json!({"kind": "dispute", "reason": "tax", "scope": of(&["A"]), "amount_minor": 200}),
            ],
            [0, 500],
        ),
        (
            vec![
                json!({"kind": "dispute", "reason": "tax", "scope": of(&["A"]), "amount_minor": 200}),
                json!({"kind": "dispute", "reason": "tax", "scope": of(&["A"]), "amount_minor": 100}),
                json!({"kind": "dispute", "reason": "tax", "scope": of(&["B"]), "amount_minor": 100}),
            ],
            [100, 600],
        ),
        (
            vec![
                json!({"kind": "pause", "scope": of(&["A"])}),
                json!({"kind": "dispute", "reason": "price", "scope": of(&["B"])}),
            ],
            [0, 0],
        ),
    ] {
        let (mut stage, _) = planned();
        for (n, body) in bodies.iter().enumerate() {
            agree(&mut stage, &n.to_string(), "2026-02-07T09:00:00Z", body.clone());
        }
        assert_eq!(left_of_parts(&stage, now), left, "{bodies:?}");
        stage.facts.agreements.reverse();
        assert_eq!(left_of_parts(&stage, now), left, "the other way round: {bodies:?}");
    }
}

#[test]
fn a_plan_is_not_broken_by_a_part_that_something_keeps_back() {
    let dispute =
        |amount: Option<i64>| json!({"kind": "dispute", "reason": "price", "scope": {"invoices": ["A"]}, "amount_minor": amount});
    let pause = json!({"kind": "pause", "scope": {"invoices": ["A", "B"]}, "until_on": "2026-04-30"});
    for (body, status_then, ends_on) in [
        // 100 of the first part is not contested and was not paid.
        (dispute(Some(300)), "broken", None),
        (dispute(None), "running", Some("2026-03-20")),
        // A pause stops no clock: what fell due meanwhile is missed when it ends.
        (pause, "running", Some("2026-05-01")),
    ] {
        let (mut stage, plan) = planned();
        let id = agree(&mut stage, "held", "2026-02-07T09:00:00Z", body.clone());
        stage.run("2026-02-07T09:00:00Z", "2026-03-20T00:00:00Z");
        assert_eq!(status(&stage, &plan), status_then, "{body}");
        let Some(ends_on) = ends_on else { continue };
        if body["kind"] == "dispute" {
            act(&mut stage, &id, &AgreementAct::Reject, "2026-03-20T09:00:00Z").expect("it is open");
        }
        stage.run(&format!("{ends_on}T10:00:00Z"), &format!("{ends_on}T20:00:00Z"));
        assert_eq!(status(&stage, &plan), if body["kind"] == "dispute" { "running" } else { "broken" }, "{body}");
        // From 7 February to 20 March the clock of the first part stood: it is missed so many days after 4 March.
        let decision = stage.step(at(&format!("{ends_on}T21:00:00Z")));
        if body["kind"] == "dispute" {
            assert!(!decision.messages.is_empty() || decision.next != Next::Nothing, "{body}");
            stage.run("2026-03-20T21:00:00Z", "2026-04-06T00:00:00Z");
            assert_eq!(status(&stage, &plan), "running");
            // The second part was never kept back whole: 1 April, two business days and Easter are over on 8 April.
            stage.run("2026-04-06T09:00:00Z", "2026-04-09T00:00:00Z");
            assert_eq!(status(&stage, &plan), "broken");
        }
    }
}

#[test]
fn a_refund_of_what_paid_a_part_does_not_break_the_plan_until_a_person_lets_it_be_chased() {
    let (mut stage, plan) = planned();
    let first = stage.facts.invoices[0].invoice.id.clone();
    stage.pay("P", &first, 400, PaymentStatus::Received, "2026-03-01T00:00:00Z");
    stage.run("2026-02-07T09:00:00Z", "2026-03-06T00:00:00Z");
    stage.pay("P", &first, 400, PaymentStatus::Refunded, "2026-03-07T00:00:00Z");
    stage.run("2026-03-07T09:00:00Z", "2026-03-20T00:00:00Z");
    assert_eq!((status(&stage, &plan).as_str(), left_of_parts(&stage, "2026-03-20T00:00:00Z")), ("running", vec![0, 600]));
    stage.policy.settings.after_refund = crate::settings::AfterRefund::Chase;
    stage.step(at("2026-03-20T09:00:00Z"));
    assert_eq!(status(&stage, &plan), "broken");
}

#[test]
fn a_pause_that_waits_for_a_plan_ends_with_it() {
    let (mut stage, plan) = planned();
    let ends_with = json!({"agreement": plan.as_str()});
    let scope = json!({"case": "EUR"});
    let pause = agree(&mut stage, "h", "2026-02-07T10:00:00Z", json!({"kind": "pause", "ends_with": ends_with, "scope": scope}));
    stage.run("2026-02-07T10:00:00Z", "2026-05-01T00:00:00Z");
    assert_eq!((status(&stage, &plan).as_str(), status(&stage, &pause).as_str()), ("running", "running"));
    for fact in &mut stage.facts.invoices {
        fact.invoice.paid_minor = 500;
    }
    stage.step(at("2026-05-02T09:00:00Z"));
    assert_eq!((status(&stage, &plan).as_str(), status(&stage, &pause).as_str()), ("completed", "ended"));
}
