//! Statements by the calendar: once a period and balance, for no step, and not beside a reminder on its day.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{Timestamp, ToSpan, civil::Date};
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::{
    Because, Currency, DueItemKey, Event, HoldClock, HoldScope, Mode, Outcome, PaymentStatus, Pending, STATEMENT, Suppression,
    SuppressionReason, address_key, evolve, is_statement,
    testing::{Stage, at, hold, workflow},
};

/// The hour at which the customer's messages leave.
const HOUR: &str = "T15:45:00Z";

fn stage(statement: serde_json::Value, min_gap: &str) -> Stage {
    let send = |id: &str, offset: &str| {
        json!({"id": id, "at": {"anchor": "due_date", "offset": offset},
               "action": {"send": {"channels": ["email"], "template": id, "to": ["billing"]}}})
    };
    let mut stage = Stage::new(workflow(json!({
        "id": "ladder", "name": "Ladder", "scope": "customer", "min_gap": min_gap, "statement": statement,
        "steps": [send("reminder", "P1D"), send("nudge", "P8D"), send("final", "P30D"),
                  {"id": "person", "at": {"anchor": "due_date", "offset": "P200D"}, "action": {"task": {"title": "Call"}}}],
    })));
    for channel in [crate::Channel::Email, crate::Channel::Sms] {
        stage.policy.templates.insert(("statement".to_owned(), channel), 1);
    }
    stage
}

fn monthly(on: i64) -> serde_json::Value {
    json!({"every": "month", "on": on})
}

/// An invoice that was issued on New Year's Day.
fn open(stage: &mut Stage, number: &str, currency: Currency, total_minor: i64, due_on: &str) -> crate::InvoiceId {
    let id = stage.invoice(number, currency, total_minor, due_on);
    stage.invoice_mut(&id).issued_on = crate::testing::on("2026-01-01");
    id
}

fn on(day: &str) -> Timestamp {
    at(&format!("{day}{HOUR}"))
}

/// What leaves from day to day, one look an hour before and one at the customer's moment: `2026-03-02 statement A B`.
fn days(stage: &mut Stage, from: &str, until: &str) -> Vec<String> {
    let (mut day, last): (Date, Date) = (from.parse().expect("a day"), until.parse().expect("a day"));
    let mut lines = Vec::new();
    while day <= last {
        // In summer the moment comes an hour earlier.
        let looks = ["T08:00:00Z", "T14:50:00Z", HOUR, "T15:50:00Z"].map(|hour| at(&format!("{day}{hour}")));
        for now in looks {
            for message in stage.step(now).messages {
                let number = |item: &DueItemKey| {
                    let of = stage.facts.invoices.iter().find(|fact| item.invoice() == Some(&fact.invoice.id));
                    of.map(|fact| fact.invoice.number.clone()).unwrap_or_default()
                };
                let items: BTreeSet<String> = message.rows.iter().map(|row| number(&row.item)).collect();
                lines.push(format!("{day} {} {}", message.template, items.into_iter().collect::<Vec<_>>().join(" ")));
            }
        }
        day = day.tomorrow().expect("in this century");
    }
    lines
}

#[test]
fn a_statement_lists_all_that_is_open_and_satisfies_nothing() {
    let mut stage = stage(monthly(16), "P3D");
    open(&mut stage, "A", Currency::EUR, 1_000, "2026-02-10");
    open(&mut stage, "B", Currency::EUR, 2_000, "2026-05-30");
    assert_eq!(
        days(&mut stage, "2026-02-09", "2026-03-31"),
        [
            "2026-02-11 reminder A",
            "2026-02-16 statement A B",
            "2026-02-19 nudge A",
            "2026-03-12 final A",
            "2026-03-16 statement A B"
        ]
    );
    let statements: Vec<_> = stage.facts.marks().filter(|mark| is_statement(&mark.rows)).collect();
    assert!(statements.iter().all(|mark| mark.rows.iter().all(|row| row.step == STATEMENT)), "it stands for no step");
    assert_eq!(stage.facts.cases.values().map(|case| case.stated.live.as_str()).collect::<Vec<_>>(), ["2026-03"]);
    assert!(stage.facts.cases.values().all(|case| case.stated.shadow.is_empty()));
}

#[test]
fn it_goes_in_the_place_of_a_reminder_of_its_day_which_comes_later() {
    let mut stage = stage(monthly(11), "P3D");
    open(&mut stage, "A", Currency::EUR, 1_000, "2026-02-10");
    stage.step(at("2026-02-09T08:00:00Z"));
    let decision = decide(&stage.facts, &stage.policy, on("2026-02-11"));
    let said: Vec<_> = decision.trace.iter().map(|trace| trace.because.clone()).collect();
    assert_eq!(said, [Because::Statement { period: "2026-02".to_owned(), instead_of: Some("reminder".to_owned()) }]);
    assert_eq!(
        days(&mut stage, "2026-02-11", "2026-02-27"),
        ["2026-02-11 statement A", "2026-02-16 reminder A", "2026-02-19 nudge A"],
        "on the first allowed day after the gap, and no step is left out"
    );
}

#[test]
fn a_step_that_was_due_before_goes_first() {
    // Statements each Monday and a week between contacts: neither starves the other.
    let mut stage = stage(json!({"every": "week", "on": "monday"}), "P7D");
    open(&mut stage, "A", Currency::EUR, 1_000, "2026-02-08");
    stage.step(at("2026-02-06T08:00:00Z"));
    let lines = days(&mut stage, "2026-02-07", "2026-04-20");
    let steps: Vec<&str> = lines.iter().filter_map(|line| line.split(' ').nth(1)).collect();
    assert_eq!(lines.first().map(String::as_str), Some("2026-02-09 statement A"));
    for step in ["reminder", "nudge", "final"] {
        assert_eq!(steps.iter().filter(|sent| **sent == step).count(), 1, "{lines:?}");
    }
    assert!(steps.iter().filter(|sent| **sent == "statement").count() >= 4, "{lines:?}");
}

#[test]
fn of_periods_that_were_missed_the_last_is_sent_and_none_that_is_long_over() {
    let mut of = stage(monthly(1), "P3D");
    open(&mut of, "A", Currency::EUR, 1_000, "2026-05-30");
    of.step(at("2026-01-15T08:00:00Z"));
    // Nothing ran from January to the 4th of March.
    assert_eq!(days(&mut of, "2026-03-04", "2026-03-31"), ["2026-03-04 statement A"]);
    let mut of = stage(monthly(1), "P3D");
    open(&mut of, "A", Currency::EUR, 1_000, "2026-05-30");
    of.step(at("2026-01-15T08:00:00Z"));
    assert_eq!(days(&mut of, "2026-03-16", "2026-04-02"), ["2026-04-01 statement A"], "the next is nearer than the last");
    // A case that opened after the day begins with the next one.
    let mut of = stage(monthly(1), "P3D");
    open(&mut of, "A", Currency::EUR, 1_000, "2026-05-30");
    assert_eq!(days(&mut of, "2026-03-04", "2026-04-02"), ["2026-04-01 statement A"]);
}

#[test]
fn it_is_quiet_where_nothing_may_be_asked_for() {
    let fresh = || {
        let mut stage = stage(monthly(16), "P3D");
        let invoice = open(&mut stage, "A", Currency::EUR, 1_000, "2026-05-30");
        stage.step(at("2026-02-09T08:00:00Z"));
        (stage, invoice)
    };
    let quiet = |mut stage: Stage| days(&mut stage, "2026-02-16", "2026-02-20").is_empty();
    let (stage, _) = fresh();
    assert!(!quiet(stage), "the neighbour of each");
    let (mut paid, invoice) = fresh();
    paid.pay("P", &invoice, 1_000, PaymentStatus::Received, "2026-02-15T12:00:00Z");
    assert!(quiet(paid));
    for (scope, amount) in [(HoldScope::Customer, None), (HoldScope::Case(Currency::EUR), Some(1_000))] {
        let (mut held, _) = fresh();
        held.facts.agreements.push(hold(scope, amount, HoldClock::Freeze, "2026-02-10T09:00:00Z", "2026-03-20"));
        assert!(quiet(held));
    }
    let (mut off, _) = fresh();
    off.policy.settings.mode = Mode::Off;
    assert!(quiet(off));
    let (mut paused, _) = fresh();
    paused.policy.settings.paused = true;
    assert!(quiet(paused));
    let (mut small, _) = fresh();
    small.policy.settings.minimum_exposure.insert(Currency::EUR, 5_000);
    assert!(quiet(small));
}

#[test]
fn what_is_kept_back_in_part_is_not_asked_for() {
    let mut stage = stage(monthly(16), "P3D");
    let held = open(&mut stage, "A", Currency::EUR, 1_000, "2026-05-30");
    open(&mut stage, "B", Currency::EUR, 500, "2026-05-30");
    stage.facts.agreements.push(hold(HoldScope::Invoice(held), None, HoldClock::Freeze, "2026-02-01T09:00:00Z", "2026-03-20"));
    assert_eq!(days(&mut stage, "2026-02-10", "2026-02-20"), ["2026-02-16 statement B"]);
}

#[test]
fn each_balance_is_stated_by_itself() {
    let mut stage = stage(monthly(16), "P3D");
    open(&mut stage, "A", Currency::EUR, 1_000, "2026-05-30");
    open(&mut stage, "B", Currency::USD, 500, "2026-05-30");
    assert_eq!(days(&mut stage, "2026-02-10", "2026-03-10"), ["2026-02-16 statement A", "2026-02-16 statement B"]);
}

#[test]
fn its_sender_asks_again_and_lists_what_is_due_then() {
    let mut stage = stage(monthly(16), "P3D");
    let a = open(&mut stage, "A", Currency::EUR, 1_000, "2026-05-30");
    let b = open(&mut stage, "B", Currency::EUR, 500, "2026-05-30");
    stage.step(at("2026-02-09T08:00:00Z"));
    let now = on("2026-02-16");
    let decision = decide(&stage.facts, &stage.policy, now);
    stage.facts = evolve(&stage.facts, &Event::Decided { decision, at: now });
    let pending: Pending = stage.facts.pending[0].clone();
    let items = |recheck: Recheck| match recheck {
        Recheck::Send { rows } => rows.len(),
        _ => 0,
    };
    assert_eq!(items(recheck(&stage.facts, &stage.policy, &pending, now)), 2);
    let mut paid = stage.clone();
    paid.pay("P", &a, 1_000, PaymentStatus::Received, "2026-02-16T15:44:00Z");
    assert_eq!(items(recheck(&paid.facts, &paid.policy, &pending, now)), 1);
    paid.pay("Q", &b, 500, PaymentStatus::Received, "2026-02-16T15:44:00Z");
    assert!(matches!(recheck(&paid.facts, &paid.policy, &pending, now), Recheck::Supersede(_)));
    let mut held = stage.clone();
    held.facts.agreements.push(hold(HoldScope::Customer, None, HoldClock::Freeze, "2026-02-16T09:00:00Z", "2026-03-20"));
    assert!(matches!(recheck(&held.facts, &held.policy, &pending, now), Recheck::Supersede(_)));
    let mut ceased = stage.clone();
    let key = address_key(crate::Channel::Email, "p1@beispiel.example");
    let cease = Suppression { reason: SuppressionReason::Cease, at: now };
    ceased.facts.addresses.entry(key).or_default().suppressed = Some(cease);
    assert!(matches!(recheck(&ceased.facts, &ceased.policy, &pending, now), Recheck::Block(_)));
    let mut without = stage.clone();
    without.policy.workflows = vec![std::sync::Arc::new(crate::CompiledWorkflow::compile(crate::Workflow {
        statement: None,
        ..without.policy.workflows[0].workflow().clone()
    }))];
    assert!(matches!(recheck(&without.facts, &without.policy, &pending, now), Recheck::Supersede(_)));
    // Half a period later the next one is nearer.
    assert!(matches!(recheck(&stage.facts, &stage.policy, &pending, on("2026-03-03")), Recheck::Supersede(_)));
}

#[test]
fn one_that_came_back_goes_by_another_way_and_else_is_over() {
    let mut both = stage(json!({"every": "month", "on": 16, "channels": ["email", "sms"]}), "P3D");
    open(&mut both, "A", Currency::EUR, 1_000, "2026-05-30");
    both.step(at("2026-02-09T08:00:00Z"));
    for (mut stage, expected) in [(both.clone(), vec!["2026-02-16 statement A"]), (both, vec![])] {
        assert_eq!(stage.step(on("2026-02-16")).messages.len(), 1);
        let message = stage.facts.coverage.iter().rev().find_map(|mark| mark.message.clone()).expect("a message");
        // Word of it comes after the next decision, which remembers the period.
        stage.step(at("2026-02-16T15:46:00Z"));
        if expected.is_empty() {
            stage.facts.customer.contacts[0].phone = None;
        }
        stage.not_delivered(&message);
        assert_eq!(days(&mut stage, "2026-02-16", "2026-03-15"), expected);
        if expected.is_empty() {
            let outcomes: Vec<_> = stage.facts.marks().filter(|mark| is_statement(&mark.rows)).map(|mark| mark.outcome).collect();
            assert!(outcomes.contains(&Outcome::Missed), "{outcomes:?}");
        }
    }
}

#[test]
fn one_that_a_person_dropped_is_not_sent_in_its_period() {
    let mut stage = stage(monthly(16), "P3D");
    open(&mut stage, "A", Currency::EUR, 1_000, "2026-05-30");
    stage.step(at("2026-02-09T08:00:00Z"));
    let now = on("2026-02-16");
    let decision = decide(&stage.facts, &stage.policy, now);
    stage.facts = evolve(&stage.facts, &Event::Decided { decision, at: now });
    let pending: Pending = stage.facts.pending[0].clone();
    let ordered = |row: &crate::Covered| crate::OrderedStep {
        item: row.item.clone(),
        step: row.step.clone(),
        occurrence: Some(row.occurrence.clone()),
    };
    let drops = crate::Order {
        id: crate::OrderId::derive(&["drop"]),
        kind: crate::OrderKind::Skip,
        currency: Currency::EUR,
        case: None,
        steps: pending.rows.iter().map(ordered).collect(),
        workflow: None,
        by: "ann".to_owned(),
        given_at: now,
        until: None,
    };
    stage.facts = evolve(&stage.facts, &Event::OrderGiven(drops));
    assert!(matches!(recheck(&stage.facts, &stage.policy, &pending, now), Recheck::Supersede(_)));
    let (message, rows) = (pending.id.clone(), pending.rows.clone());
    stage.facts = evolve(&stage.facts, &Event::Settled { message, rows, outcome: None, at: now, contacted_at: now });
    assert_eq!(days(&mut stage, "2026-02-16", "2026-03-16"), ["2026-03-16 statement A"]);
}

#[test]
fn going_live_begins_from_what_really_left() {
    let mut stage = stage(monthly(16), "P3D");
    open(&mut stage, "A", Currency::EUR, 1_000, "2026-05-30");
    stage.policy.settings.mode = Mode::Shadow;
    assert_eq!(days(&mut stage, "2026-02-10", "2026-02-20"), ["2026-02-16 statement A"]);
    assert_eq!(stage.facts.cases.values().map(|case| case.stated.shadow.as_str()).collect::<Vec<_>>(), ["2026-02"]);
    stage.policy.settings.mode = Mode::Live;
    assert_eq!(days(&mut stage, "2026-02-21", "2026-02-27"), ["2026-02-23 statement A"], "the 21st is a Saturday");
}

#[test]
fn of_two_workflows_one_states_the_balance() {
    let mut stage = stage(monthly(16), "P3D");
    let second = workflow(json!({
        "id": "second", "name": "Second", "scope": "customer", "priority": 200, "applies_when": "invoice.total_minor > 1500",
        "statement": {"every": "month", "on": 16},
        "steps": [{"id": "call", "at": {"anchor": "due_date", "offset": "P200D"}, "action": {"task": {"title": "Call"}}}],
    }));
    stage.policy.published.insert((second.id.clone(), second.version));
    stage.policy.workflows.push(std::sync::Arc::new(crate::CompiledWorkflow::compile(second)));
    open(&mut stage, "A", Currency::EUR, 1_000, "2026-05-30");
    open(&mut stage, "B", Currency::EUR, 2_000, "2026-05-30");
    // The first look opens both cases, also where it is that of the day itself.
    for first in ["2026-02-10", "2026-02-16"] {
        let mut stage = stage.clone();
        assert_eq!(days(&mut stage, first, "2026-03-10"), ["2026-02-16 statement A B"], "from {first}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn one_statement_a_period_and_no_step_of_it(dues in prop::collection::vec(-40_i64..60, 1..5), weekly in any::<bool>(), day in 1_i64..29, gap in 0_i64..8, gaps in prop::collection::vec(1_u16..50, 30..90), paid in prop::collection::vec(any::<prop::sample::Index>(), 0..3)) {
        let statement = if weekly { json!({"every": "week", "on": "monday"}) } else { monthly(day) };
        let mut stage = stage(statement, &format!("P{gap}D"));
        let mut invoices = Vec::new();
        for (at, due) in dues.iter().enumerate() {
            let due_on = crate::dates::add_days("2026-03-01".parse().expect("a day"), *due).to_string();
            let currency = if at % 3 == 2 { Currency::USD } else { Currency::EUR };
            invoices.push((stage.invoice(&format!("I{at}"), currency, 1_000, &due_on), at % 3 == 2));
        }
        let mut now = at("2026-01-01T00:07:00Z");
        let mut stated = BTreeSet::new();
        let mut steps = BTreeSet::new();
        let mut of_day: BTreeMap<(Date, Currency), Vec<bool>> = BTreeMap::new();
        let berlin = jiff::tz::TimeZone::get("Europe/Berlin").expect("a zone");
        for (turn, hours) in gaps.iter().enumerate() {
            now = now.checked_add(i64::from(*hours).hours()).expect("in this century");
            if let Some(at) = paid.get(turn / 20).filter(|_| turn % 20 == 19) {
                let (invoice, _) = at.get(&invoices).clone();
                stage.pay(&format!("P{turn}"), &invoice, 1_000, PaymentStatus::Received, &now.to_string());
            }
            for message in stage.step(now).messages {
                let is_statement = is_statement(&message.rows);
                let currency = message.case.currency();
                of_day.entry((now.to_zoned(berlin.clone()).date(), currency)).or_default().push(is_statement);
                if is_statement {
                    let period = message.rows[0].occurrence.clone();
                    prop_assert!(stated.insert((period.clone(), currency, message.contact.clone())), "{} twice", period);
                    prop_assert!(message.rows.iter().all(|row| row.due_now_minor > 0 && row.occurrence == period));
                } else {
                    for row in &message.rows {
                        prop_assert!(row.step != STATEMENT);
                        prop_assert!(steps.insert((row.item.clone(), row.step.clone())), "{row:?} twice");
                    }
                }
            }
        }
        // No step is over because of a statement.
        for mark in stage.facts.marks().filter(|mark| is_statement(&mark.rows)) {
            prop_assert!(mark.rows.iter().all(|row| row.step == STATEMENT));
        }
        for ((on, _), messages) in of_day {
            prop_assert!(!messages.contains(&true) || messages.len() == 1, "a statement beside another message on {on}");
        }
    }
}
