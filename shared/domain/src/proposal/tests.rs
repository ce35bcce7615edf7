use serde_json::{Value, json};

use super::*;
use crate::{
    Event, evolve,
    testing::{Stage, at, ladder},
};

fn stage() -> Stage {
    let mut stage = Stage::new(ladder());
    stage.invoice("A", Currency::EUR, 1_000, "2026-02-04");
    stage.invoice("B", Currency::EUR, 500, "2026-02-10");
    stage.invoice("D", Currency::USD, 700, "2026-02-10");
    let closed = stage.invoice("C", Currency::EUR, 500, "2026-01-10");
    stage.invoice_mut(&closed).paid_minor = 500;
    stage
}

fn proposed(stage: &Stage, body: Value) -> Result<Agreement, Vec<Flaw>> {
    let id = AgreementId::derive(&[&body.to_string()]);
    let proposal: Proposal = serde_json::from_value(body).expect("a proposal");
    propose(&proposal, &stage.facts, &stage.policy.settings, Proposer { id: &id, by: "u-1", now: at("2026-02-05T09:00:00Z") })
}

fn part(amount_minor: i64, due_on: &str) -> Value {
    json!({"amount_minor": amount_minor, "due_on": due_on})
}

#[test]
fn every_flaw_is_named_and_nothing_is_taken() {
    let eur = json!({"case": "EUR"});
    let of = |names: &[&str]| json!({ "invoices": names });
    let two = |a, b| json!([part(a, "2026-03-01"), part(b, "2026-04-01")]);
    for (body, pointers) in [
        (json!({"kind": "treaty"}), vec!["/kind"]),
        // More than is owed, of closed invoices, of another customer's.
        (json!({"kind": "promise", "scope": of(&["A"]), "amount_minor": 1_001, "pays_on": "2026-02-20"}), vec!["/amount_minor"]),
        (json!({"kind": "dispute", "scope": of(&["A"]), "amount_minor": 1_001, "reason": "price"}), vec!["/amount_minor"]),
        (json!({"kind": "money", "scope": eur, "amount_minor": 1_501}), vec!["/amount_minor"]),
        (json!({"kind": "promise", "scope": eur, "amount_minor": 0, "pays_on": "2026-02-20"}), vec!["/amount_minor"]),
        (json!({"kind": "promise", "amount_minor": 5, "pays_on": "2026-02-20"}), vec!["/amount_minor"]),
        (json!({"kind": "promise", "scope": of(&["C"]), "pays_on": "2026-02-20"}), vec!["/scope/invoices/0"]),
        (json!({"kind": "dispute", "scope": of(&["A", "Z"]), "reason": "price"}), vec!["/scope/invoices/1"]),
        (json!({"kind": "dispute", "scope": of(&[]), "reason": "price"}), vec!["/scope/invoices"]),
        (json!({"kind": "dispute", "scope": {"invoice": "Z"}, "reason": "price"}), vec!["/scope/invoice"]),
        (json!({"kind": "dispute", "scope": {"case": "GBP"}, "reason": "price"}), vec!["/scope"]),
        (json!({"kind": "pause", "scope": {"case": "GBP"}, "ends_with": "closed"}), vec!["/scope"]),
        (json!({"kind": "pause", "scope": {"balance": "EUR/atlantis"}, "until_on": "2026-03-01"}), vec!["/scope/balance"]),
        // Days.
        (json!({"kind": "promise"}), vec!["/pays_on"]),
        (json!({"kind": "promise", "pays_on": "2026-02-04"}), vec!["/pays_on"]),
        (json!({"kind": "promise", "pays_on": "2026-08-05"}), vec!["/pays_on"]),
        (json!({"kind": "promise", "pays_on": "9999-12-31"}), vec!["/pays_on"]),
        (json!({"kind": "money", "sent_on": "2026-02-06"}), vec!["/sent_on"]),
        (json!({"kind": "money", "sent_on": "2026-01-20"}), vec!["/sent_on"]),
        (json!({"kind": "money", "sent_on": "1990-01-20"}), vec!["/sent_on"]),
        (json!({"kind": "pause", "until_on": "2026-02-04"}), vec!["/until_on"]),
        (json!({"kind": "pause", "until_on": "2027-04-01"}), vec!["/until_on"]),
        // Words.
        (json!({"kind": "promise", "pays_on": "2026-02-20", "way": "gold"}), vec!["/way"]),
        (json!({"kind": "dispute"}), vec!["/reason"]),
        (json!({"kind": "dispute", "reason": "whim"}), vec!["/reason"]),
        (json!({"kind": "pause", "reason": "cease"}), vec!["/reason"]),
        (json!({"kind": "pause", "ends_with": {"agreement": "agr_none"}}), vec!["/ends_with/agreement"]),
        (json!({"kind": "pause", "pays_on": "2026-02-20", "way": "card"}), vec!["/pays_on", "/way"]),
        // Plans.
        (json!({"kind": "plan", "scope": eur}), vec!["/parts", "/parts"]),
        (json!({"kind": "plan", "scope": eur, "parts": two(500, 900)}), vec!["/parts"]),
        (json!({"kind": "plan", "scope": eur, "amount_minor": 1_000, "parts": two(500, 1_000)}), vec!["/parts"]),
        (json!({"kind": "plan", "scope": eur, "parts": two(1_600, -100)}), vec!["/parts/1/amount_minor"]),
        (
            json!({"kind": "plan", "scope": eur, "parts": [part(700, "2026-04-01"), part(800, "2026-03-01")]}),
            vec!["/parts/1/due_on"],
        ),
        (
            json!({"kind": "plan", "scope": eur, "parts": [part(700, "2026-01-01"), part(800, "2036-03-01")]}),
            vec!["/parts/0/due_on", "/parts/1/due_on"],
        ),
        (json!({"kind": "plan", "parts": two(1_000, 1_200)}), vec!["/scope"]),
    ] {
        let flaws = proposed(&stage(), body.clone()).expect_err(&body.to_string());
        let found: Vec<&str> = flaws.iter().map(|(pointer, _)| pointer.as_str()).collect();
        assert_eq!(found, pointers, "{body}: {flaws:?}");
    }
}

#[test]
fn what_is_right_is_taken() {
    let two = json!([part(500, "2026-03-01"), part(1_000, "2026-04-01")]);
    for body in [
        json!({"kind": "promise", "pays_on": "2026-02-05"}),
        json!({"kind": "promise", "pays_on": "2026-08-04", "scope": {"invoices": ["A", "A"]}, "amount_minor": 1_000, "way": "ach"}),
        json!({"kind": "dispute", "scope": {"invoices": ["A"]}, "amount_minor": 1, "reason": "po_missing", "until_on": "2026-03-01"}),
        json!({"kind": "dispute", "scope": {"invoice": "A"}, "reason": "price"}),
        json!({"kind": "pause"}),
        json!({"kind": "pause", "reason": "legal", "until_on": "2027-03-12", "scope": {"case": "GBP"}}),
        json!({"kind": "money", "way": "check", "sent_on": "2026-02-01"}),
        json!({"kind": "plan", "scope": {"case": "EUR"}, "parts": two, "way": "sepa_debit"}),
    ] {
        let agreement = proposed(&stage(), body.clone()).unwrap_or_else(|flaws| panic!("{body}: {flaws:?}"));
        assert!(!agreement.is_over() && agreement.by == "u-1", "{body}");
    }
}

#[test]
fn an_invoice_is_in_one_plan_at_a_time_and_agreements_are_bounded() {
    let mut stage = stage();
    let plan = json!({"kind": "plan", "scope": {"invoices": ["A"]}, "parts": [part(1_000, "2026-03-01")]});
    let first = proposed(&stage, plan).expect("the first");
    stage.facts = evolve(&stage.facts, &Event::AgreementPut(first));
    let again = json!({"kind": "plan", "scope": {"case": "EUR"}, "parts": [part(1_500, "2026-03-01")]});
    assert_eq!(proposed(&stage, again).expect_err("twice")[0].0, "/scope");
    for n in 1..AGREEMENTS_MAX {
        let pause = proposed(&stage, json!({"kind": "pause", "until_on": "2026-02-10"})).expect("room");
        stage.facts.agreements.push(Agreement { id: AgreementId::derive(&[&n.to_string()]), ..pause });
    }
    assert_eq!(proposed(&stage, json!({"kind": "pause"})).expect_err("too many")[0].0, "/kind");
}

#[test]
fn what_is_wrong_by_itself_is_refused_whatever_is_owed() {
    let many: Vec<String> = (0..501).map(|n| format!("INV-{n}")).collect();
    let parts = json!([part(0, "2026-03-01")]);
    for (body, is_right) in [
        (json!({"kind": "promise", "pays_on": "2026-02-20", "way": "card"}), true),
        // A day that has passed, and an invoice that nobody knows: what is so of them changes.
        (json!({"kind": "promise", "pays_on": "2020-02-20", "scope": {"invoices": ["Z"]}}), true),
        (json!({"kind": "dispute", "reason": "price", "amount_minor": 5}), true),
        (json!({"kind": "pause"}), true),
        (json!({"kind": "treaty"}), false),
        (json!({"kind": "promise"}), false),
        (json!({"kind": "promise", "pays_on": "2026-02-20", "way": "gold"}), false),
        (json!({"kind": "promise", "pays_on": "2026-02-20", "amount_minor": 0}), false),
        (json!({"kind": "promise", "pays_on": "2026-02-20", "until_on": "2026-02-20"}), false),
        (json!({"kind": "dispute"}), false),
        (json!({"kind": "dispute", "reason": "legal"}), false),
        (json!({"kind": "dispute", "reason": "price", "scope": {"invoices": []}}), false),
        (json!({"kind": "dispute", "reason": "price", "scope": {"invoices": many}}), false),
        (json!({"kind": "pause", "reason": "price"}), false),
        (json!({"kind": "pause", "ends_with": {"agreement": "nobody's"}}), false),
        (json!({"kind": "plan"}), false),
        (json!({"kind": "plan", "parts": parts}), false),
    ] {
        let proposal: Proposal = serde_json::from_value(body.clone()).expect("a proposal");
        assert_eq!(is_well_formed(&proposal), is_right, "{body}");
        assert!(is_right || proposed(&stage(), body.clone()).is_err(), "{body}");
    }
    assert!(serde_json::from_value::<Proposal>(json!({"kind": "pause", "scope": {"balance": "EUR/"}})).is_err());
}

#[test]
fn what_is_agreed_already_is_known_by_kind_scope_amount_and_terms() {
    let of = |names: &[&str]| json!({ "invoices": names });
    let parts = json!([part(700, "2026-03-01"), part(800, "2026-04-01")]);
    let eur = json!({"case": "EUR"});
    let promise = json!({"kind": "promise", "scope": eur, "amount_minor": 300, "pays_on": "2026-02-20", "way": "transfer"});
    let dispute = json!({"kind": "dispute", "scope": of(&["A", "B"]), "reason": "price"});
    let pause = json!({"kind": "pause", "reason": "legal", "ends_with": "replied"});
    let money = json!({"kind": "money", "scope": of(&["A"])});
    let plan = json!({"kind": "plan", "scope": eur, "parts": parts, "way": "card"});
    let with = |body: &Value, name: &str, value: Value| {
        let mut body = body.clone();
        body[name] = value;
        body
    };
    for (body, same, others) in [
        (
            &promise,
            with(&promise, "scope", json!({"case": "EUR"})),
            vec![
                with(&promise, "amount_minor", json!(301)),
                with(&promise, "amount_minor", Value::Null),
                with(&promise, "pays_on", json!("2026-02-21")),
                with(&promise, "way", json!("check")),
                with(&promise, "scope", json!("customer")),
            ],
        ),
        (
            &dispute,
            with(&dispute, "scope", of(&["B", "A", "A"])),
            vec![
                with(&dispute, "reason", json!("tax")),
                with(&dispute, "scope", of(&["A"])),
                with(&dispute, "until_on", json!("2026-03-20")),
            ],
        ),
        (
            &pause,
            with(&pause, "scope", json!("customer")),
            vec![
                with(&pause, "reason", json!("manual")),
                with(&pause, "ends_with", json!("closed")),
                with(&pause, "ends_with", Value::Null),
            ],
        ),
        (
            &money,
            with(&money, "sent_on", json!("2026-02-05")),
            vec![with(&money, "sent_on", json!("2026-02-03")), with(&money, "way", json!("check"))],
        ),
        (
            &plan,
            with(&plan, "amount_minor", json!(1_500)),
            vec![
                with(&plan, "reason", json!("price")),
                with(&plan, "parts", json!([part(701, "2026-03-01"), part(799, "2026-04-01")])),
                with(&plan, "parts", json!([part(1_500, "2026-03-01")])),
            ],
        ),
    ] {
        let mut stage = stage();
        let now = at("2026-02-05T09:00:00Z");
        let known = |stage: &Stage, body: &Value| {
            let proposal: Proposal = serde_json::from_value(body.clone()).expect("a proposal");
            agreed_already(&proposal, &stage.facts, &stage.policy.settings, now).map(|known| known.id.clone())
        };
        assert_eq!(known(&stage, body), None, "{body}");
        let agreement = proposed(&stage, body.clone()).expect("no flaw");
        stage.facts = evolve(&stage.facts, &Event::AgreementPut(agreement.clone()));
        // What is paid meanwhile makes it no other agreement.
        stage.facts.invoices[0].invoice.paid_minor = 900;
        assert_eq!(known(&stage, body), Some(agreement.id.clone()), "{body}");
        assert_eq!(known(&stage, &same), Some(agreement.id.clone()), "{same}");
        for other in others {
            assert_eq!(known(&stage, &other), None, "{other}");
        }
        stage.facts = evolve(&stage.facts, &Event::AgreementPut(agreement.lifted(now)));
        assert_eq!(known(&stage, body), None, "over: {body}");
    }
}

#[test]
fn an_open_promise_changes_its_day_amount_and_way_and_stays_the_same() {
    let mut stage = stage();
    let made =
        proposed(&stage, json!({"kind": "promise", "scope": {"invoices": ["A"]}, "amount_minor": 600, "pays_on": "2026-02-20"}));
    let made = made.expect("a promise");
    stage.facts = evolve(&stage.facts, &Event::AgreementPut(made.clone()));
    let later = at("2026-02-06T09:00:00Z");
    let amended = |of: &Agreement, body: Value| {
        let amendment: Amendment = serde_json::from_value(body).expect("an amendment");
        let by = Proposer { id: &of.id, by: "u-2", now: later };
        amend(of, &amendment, &stage.facts, &stage.policy.settings, by)
    };
    assert_eq!(amended(&made, json!({})), Ok(made.clone()), "nothing changes by itself");
    let changed = amended(&made, json!({"pays_on": "2026-02-24", "amount_minor": 500, "way": "card"})).expect("a change");
    assert_eq!((changed.id.clone(), changed.made_at, changed.amount_minor), (made.id.clone(), made.made_at, Some(500)));
    let (Terms::Promise(before), Terms::Promise(after)) = (&made.terms, &changed.terms) else { panic!("promises") };
    assert_eq!((after.of.clone(), after.pays_on.to_string()), (before.of.clone(), "2026-02-24".to_owned()));
    assert!(after.expected_on > before.expected_on);
    for (body, pointer) in [
        (json!({"pays_on": "2026-02-05"}), "/pays_on"),
        (json!({"amount_minor": 1_001}), "/amount_minor"),
        (json!({"way": "gold"}), "/way"),
    ] {
        let flaws = amended(&made, body.clone()).expect_err("a flaw");
        assert_eq!(flaws.iter().map(|(at, _)| at.as_str()).collect::<Vec<_>>(), [pointer], "{body}");
    }
    let over = made.clone().act(&crate::AgreementAct::Cancel, Vec::new(), later).expect("cancelled");
    let pause = proposed(&stage, json!({"kind": "pause"})).expect("a pause");
    for other in [over, pause] {
        let flaws = amended(&other, json!({"pays_on": "2026-02-24"})).expect_err("a flaw");
        assert_eq!(flaws.first().map(|(at, _)| at.as_str()), Some(""), "{other:?}");
    }
}

/// A proposal of invoice A, which has these lines.
fn of_lines(stage: &Stage, body: Value) -> Proposal {
    let line = |external_id: Option<&str>, amount_minor| BilledLine {
        external_id: external_id.map(str::to_owned),
        description: format!("Item for {amount_minor}"),
        quantity: None,
        amount_minor,
    };
    assert!(stage.facts.invoices.iter().any(|fact| fact.invoice.external_id == "A"));
    let lines = vec![line(Some("a"), 600), line(None, 1_200), line(Some("c"), -100), line(None, 0)];
    Proposal { lines, ..serde_json::from_value(body).expect("a proposal") }
}

fn proposed_of_line(stage: &Stage, body: Value) -> Result<Agreement, Vec<Flaw>> {
    let proposal = of_lines(stage, body.clone());
    let (id, now) = (AgreementId::derive(&[&body.to_string()]), at("2026-02-05T09:00:00Z"));
    propose(&proposal, &stage.facts, &stage.policy.settings, Proposer { id: &id, by: "u-1", now })
}

#[test]
fn a_dispute_of_a_line_is_about_what_the_line_comes_to() {
    let of = |line: Value, amount_minor: Option<i64>| json!({"kind": "dispute", "scope": {"invoice": "A"}, "reason": "price", "line": line, "amount_minor": amount_minor});
    for (line, said, position, minor) in [
        (json!(1), None, 1, 600),
        (json!("a"), None, 1, 600),
        (json!("a"), Some(250), 1, 250),
        // 1,000 are open: a line that comes to more is contested as far as something is open.
        (json!(2), None, 2, 1_000),
    ] {
        let made = proposed_of_line(&stage(), of(line.clone(), said)).unwrap_or_else(|flaws| panic!("{line}: {flaws:?}"));
        let Terms::Dispute(dispute) = &made.terms else { panic!("{made:?}") };
        let known = dispute.line.as_ref().map(|line| line.position);
        assert_eq!((made.amount_minor, known), (Some(minor), Some(position)), "{line}");
    }
    for (body, pointer, says) in [
        (of(json!(5), None), "/line", "it has 4"),
        (of(json!(0), None), "/line", "no such line"),
        (of(json!("z"), None), "/line", "no such line"),
        (of(json!(3), None), "/line", "comes to -100"),
        (of(json!(4), None), "/line", "comes to 0"),
        (of(json!(1), Some(601)), "/amount_minor", "comes to 600"),
        (of(json!(1), Some(0)), "/amount_minor", "above zero"),
        (json!({"kind": "dispute", "reason": "price", "line": 1}), "/line", "of one invoice"),
        (json!({"kind": "dispute", "scope": {"invoices": ["A", "B"]}, "reason": "price", "line": 1}), "/line", "of one invoice"),
        (json!({"kind": "promise", "scope": {"invoice": "A"}, "pays_on": "2026-02-20", "line": 1}), "/line", "only for dispute"),
        // Of what is not the customer's nothing is said but that.
        (
            json!({"kind": "dispute", "scope": {"invoice": "Z"}, "reason": "price", "line": 9}),
            "/scope/invoice",
            "no open invoice",
        ),
    ] {
        let flaws = proposed_of_line(&stage(), body.clone()).expect_err(&body.to_string());
        assert!(flaws.len() == 1 && flaws[0].0 == pointer && flaws[0].1.contains(says), "{body}: {flaws:?}");
    }
    let bare = proposed(&stage(), of(json!(1), None)).expect_err("no lines are known");
    assert!(bare[0].0 == "/line" && bare[0].1.contains("no lines"), "{bare:?}");
}

#[test]
fn a_dispute_of_a_line_is_made_once() {
    let mut stage = stage();
    let body = |line: Value, minor: Option<i64>| json!({"kind": "dispute", "scope": {"invoice": "A"}, "reason": "price", "line": line, "amount_minor": minor});
    let first = proposed_of_line(&stage, body(json!("a"), None)).expect("the first");
    stage.facts = evolve(&stage.facts, &Event::AgreementPut(first.clone()));
    let now = at("2026-02-06T09:00:00Z");
    let known = |stage: &Stage, body: Value| {
        let proposal = of_lines(stage, body);
        agreed_already(&proposal, &stage.facts, &stage.policy.settings, now).map(|known| known.id.clone())
    };
    for (line, minor, same) in [
        (json!("a"), None, true),
        (json!(1), None, true),
        (json!(1), Some(600), true),
        (json!(1), Some(599), false),
        (json!(2), None, false),
        (json!(null), Some(600), false),
        (json!("z"), None, false),
    ] {
        assert_eq!(known(&stage, body(line.clone(), minor)).is_some(), same, "{line} {minor:?}");
    }
    // What was open when it was made says how much it was about, whatever was paid since.
    let id = stage.facts.invoices.iter().find(|fact| fact.invoice.external_id == "A").map(|fact| fact.invoice.id.clone());
    stage.invoice_mut(&id.expect("the invoice")).paid_minor = 700;
    assert_eq!(known(&stage, body(json!(1), None)), Some(first.id));
}
