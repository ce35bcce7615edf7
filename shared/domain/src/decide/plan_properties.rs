//! What holds of waits, repeats and dates to pay by for whatever plan, payments and times of the sweeps.

use jiff::{Timestamp, ToSpan, civil::Date, tz::TimeZone};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::{
    PaymentStatus,
    dates::{add_days, days_between},
    testing::{Stage, at, on, workflow},
};

/// What left or was passed over of one item: the day in Berlin, the step, and whether a message left.
#[derive(Clone, Debug)]
struct Seen {
    on: Date,
    step: String,
    sent: bool,
}

/// Sweeps so many hours apart, from 25 January; before the sweep of that number so much is paid.
fn run(stage: &mut Stage, gaps: &[u16], payments: &[(usize, i64)]) -> Vec<(Timestamp, Seen)> {
    let berlin = TimeZone::get("Europe/Berlin").expect("a zone");
    let invoice = stage.facts.invoices[0].invoice.id.clone();
    let mut now = at("2026-01-25T00:07:00Z");
    let mut seen = Vec::new();
    for (place, gap) in gaps.iter().enumerate() {
        now = now.checked_add(i64::from(*gap).hours()).expect("in this century");
        for (number, (_, amount)) in payments.iter().enumerate().filter(|(_, (sweep, _))| *sweep == place) {
            stage.pay(&format!("P{number}"), &invoice, *amount, PaymentStatus::Received, &now.to_string());
        }
        let on = now.to_zoned(berlin.clone()).date();
        let decision = stage.step(now);
        let rows = |sent| move |step: &crate::Covered| (now, Seen { on, step: step.step.clone(), sent });
        seen.extend(decision.marks.iter().flat_map(|mark| &mark.rows).map(rows(false)));
        seen.extend(decision.messages.iter().flat_map(|message| &message.rows).map(rows(true)));
    }
    seen
}

fn send(id: &str, offset: i32, further: Value) -> Value {
    let mut step = json!({"id": id, "at": {"anchor": "due_date", "offset": format!("P{offset}D")},
        "action": {"send": {"channels": ["email"], "template": id, "to": ["billing"]}}});
    step.as_object_mut().expect("an object").extend(further.as_object().expect("an object").clone());
    step
}

/// One invoice of 1,000, due on 1 February, chased by these steps and a task at the end.
fn stage(steps: &[Value], gap: u8) -> Stage {
    let mut steps = steps.to_vec();
    steps.push(json!({"id": "person", "at": {"anchor": "due_date", "offset": "P300D"}, "action": {"task": {"title": "Call"}}}));
    let plan = json!({"id": "plan", "name": "Plan", "scope": "invoice", "min_gap": format!("P{gap}D"), "steps": steps});
    let mut stage = Stage::new(workflow(plan));
    stage.invoice("A", Currency::EUR, 1_000, "2026-02-01");
    stage
}

fn gaps() -> impl Strategy<Value = Vec<u16>> {
    prop::collection::vec(1_u16..70, 40..90)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn a_step_that_waits_comes_with_its_condition_or_after_at_most(
        offset in 1_i32..20, at_most in 1_i64..20, skips in any::<bool>(), gap in 0_u8..4, gaps in gaps(),
        payments in prop::collection::vec((0_usize..90, 100_i64..600), 0..2),
    ) {
        let wait = json!({"wait": {"until": "invoice.open_minor < 700", "at_most": format!("P{at_most}D"),
                                   "then": if skips { "skip" } else { "do" }}});
        let steps = [send("first", 1, json!({})), send("second", offset, wait), send("third", offset + 2, json!({}))];
        let mut stage = stage(&steps, gap);
        let seen = run(&mut stage, &gaps, &payments);
        let mut second = None;
        for (now, seen) in &seen {
            let paid: i64 = stage.facts.payments.iter().filter(|fact| fact.recorded_at <= *now).map(|fact| fact.payment.amount_minor).sum();
            let waited = days_between(add_days(on("2026-02-01"), i64::from(offset)), seen.on);
            match (seen.step.as_str(), seen.sent) {
                ("second", true) => prop_assert!(1_000 - paid < 700 || !skips && waited >= at_most, "{:?} with {} paid", seen, paid),
                ("second", false) => prop_assert!(skips && waited >= at_most && 1_000 - paid >= 700, "{:?} with {} paid", seen, paid),
                _ => {}
            }
            if seen.step == "second" {
                prop_assert!(second.replace(*now).is_none(), "twice");
            }
            prop_assert!(seen.step != "third" || second.is_some(), "what is behind it came first: {:?}", seen);
        }
    }

    #[test]
    fn a_repeated_step_comes_at_most_so_often_and_never_too_soon(
        offset in 1_i32..20, every in 1_i64..12, times in 2_usize..=12, gap in 0_u8..4, gaps in gaps(),
        payments in prop::collection::vec((0_usize..90, 100_i64..1_100), 0..2),
    ) {
        let repeat = json!({"repeat": {"every": format!("P{every}D"), "times": times}});
        let steps = [send("first", 1, json!({})), send("again", offset, repeat), send("last", offset + 2, json!({}))];
        let mut stage = stage(&steps, gap);
        let seen = run(&mut stage, &gaps, &payments);
        let again: Vec<Date> = seen.iter().filter(|(_, seen)| seen.step == "again").map(|(_, seen)| seen.on).collect();
        prop_assert!(again.len() <= times, "{} times: {:?}", times, again);
        for pair in again.windows(2) {
            prop_assert!(days_between(pair[0], pair[1]) >= every.max(i64::from(gap)), "{:?}", pair);
        }
        let last = seen.iter().position(|(_, seen)| seen.step == "last");
        if let Some(last) = last {
            let before = seen[..last].iter().filter(|(_, seen)| seen.step == "again").count();
            prop_assert_eq!(before, times, "what is behind it comes after its last time");
        }
    }

    #[test]
    fn what_follows_a_date_to_pay_by_comes_after_it_and_the_time_to_clear(
        offset in 1_i32..20, days in 1_i64..20, distance in 0_i32..20, gap in 0_u8..4, gaps in gaps(),
        payments in prop::collection::vec((0_usize..90, 100_i64..900), 0..2),
    ) {
        let steps = [
            send("first", 1, json!({})),
            send("asks", offset, json!({"pay_by": {"days": days}})),
            send("last", offset + distance, json!({})),
        ];
        let mut stage = stage(&steps, gap);
        let seen = run(&mut stage, &gaps, &payments);
        let of = |step: &str| seen.iter().find(|(_, seen)| seen.step == step).map(|(_, seen)| seen.on);
        if let (Some(asks), Some(last)) = (of("asks"), of("last")) {
            // Business days are no fewer than civil ones.
            prop_assert!(days_between(asks, last) > days + 2, "{} {}", asks, last);
        }
    }
}

/// What keeps something back of one invoice: which one, how much in percent of what it comes to (all of it when absent), of which kind, and
/// from which day of February on.
type Keeping = (usize, Option<i64>, bool, i64);

/// A plan over all of some invoices, in parts of so many shares on days of March, and what keeps something back of single invoices.
fn with_plan(totals: &[i64], shares: &[(i64, i64)], keeping: &[Keeping]) -> Stage {
    let mut stage = stage(&[send("first", 1, json!({}))], 3);
    stage.facts.invoices.clear();
    for (n, total) in totals.iter().enumerate() {
        stage.invoice(&format!("I{n}"), Currency::EUR, *total, "2026-02-01");
    }
    let (all, weight) = (totals.iter().sum::<i64>(), shares.iter().map(|(weight, _)| weight).sum::<i64>());
    let mut parts: std::collections::BTreeMap<i64, i64> = std::collections::BTreeMap::new();
    for (share, day) in shares {
        *parts.entry(*day).or_default() += all * share / weight;
    }
    let rest = all - parts.values().sum::<i64>();
    *parts.entry(shares[0].1).or_default() += rest;
    let part =
        |(day, minor): (&i64, &i64)| json!({"amount_minor": minor, "due_on": add_days(on("2026-03-01"), *day).to_string()});
    let parts: Vec<Value> = parts.iter().filter(|(_, minor)| **minor > 0).map(part).collect();
    let proposal = serde_json::from_value(json!({"kind": "plan", "parts": parts})).expect("a proposal");
    let id = crate::AgreementId::derive(&["plan"]);
    let proposer = crate::proposal::Proposer { id: &id, by: "", now: at("2026-02-02T09:00:00Z") };
    let plan = crate::proposal::propose(&proposal, &stage.facts, &stage.policy.settings, proposer).expect("no flaw");
    stage.facts.agreements.push(plan);
    for (n, (which, percent, stops, day)) in keeping.iter().enumerate() {
        let which = which % totals.len();
        let invoice = stage.facts.invoices[which].invoice.id.clone();
        let amount = percent.map(|percent| (totals[which] * percent / 100).max(1));
        let clock = if *stops { crate::HoldClock::StopClock } else { crate::HoldClock::Freeze };
        let from = format!("{}T00:00:00Z", add_days(on("2026-02-03"), *day));
        let hold = crate::testing::hold(crate::HoldScope::Invoice(invoice), amount, clock, &from, "2026-12-31");
        stage.facts.agreements.push(crate::Agreement { id: crate::AgreementId::derive(&[&n.to_string()]), ..hold });
    }
    stage
}

fn keeping() -> impl Strategy<Value = Vec<Keeping>> {
    prop::collection::vec((0_usize..4, prop::option::of(1_i64..130), any::<bool>(), 0_i64..20), 0..6)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn what_is_kept_back_of_invoices_is_kept_back_of_a_plan_over_them(
        totals in prop::collection::vec(100_i64..5_000, 1..4), shares in prop::collection::vec((1_i64..10, 0_i64..60), 1..5),
        keeping in keeping(), paid in prop::collection::vec(0_i64..120, 3),
    ) {
        let mut stage = with_plan(&totals, &shares, &keeping);
        for (fact, percent) in stage.facts.invoices.iter_mut().zip(&paid) {
            fact.invoice.paid_minor = (fact.invoice.total_minor * percent / 100).min(fact.invoice.total_minor);
        }
        // Of each invoice the whole where anything keeps all of it, else the largest amount; nothing more than is open.
        let mut expected = 0;
        for (n, (total, percent)) in totals.iter().zip(&paid).enumerate() {
            let open = (total - total * percent / 100).max(0);
            let of_it = keeping.iter().filter(|(which, ..)| which % totals.len() == n);
            let kept = of_it.map(|(_, percent, ..)| percent.map_or(i64::MAX, |percent| (total * percent / 100).max(1))).max();
            expected += open - kept.unwrap_or(0).min(open);
        }
        let receivables = crate::receivables::Receivables::in_zone(&stage.facts, &TimeZone::UTC, at("2026-02-27T09:00:00Z"));
        prop_assert_eq!(receivables.exposure_minor(Currency::EUR), expected);
        let parts = receivables.items.iter().zip(&receivables.kept.of_item).filter(|(item, _)| item.invoice.is_none());
        for (item, kept) in parts {
            prop_assert!(item.due_now_minor >= 0 && *kept <= item.open_minor, "{:?}", item);
        }
    }

    #[test]
    fn a_plan_breaks_by_what_is_left_of_a_part_and_by_nothing_else(
        totals in prop::collection::vec(100_i64..5_000, 1..4), shares in prop::collection::vec((1_i64..10, 0_i64..60), 1..5),
        keeping in keeping(), days in 0_i64..120,
    ) {
        let stage = with_plan(&totals, &shares, &keeping);
        let now = at("2026-03-01T09:00:00Z").checked_add((days * 24).hours()).expect("near");
        let today = now.to_zoned(TimeZone::get("Europe/Berlin").expect("a zone")).date();
        let crate::Terms::Plan(plan) = &stage.facts.agreements[0].terms else { panic!("a plan") };
        // The oldest parts first are kept back: of each invoice the whole or the largest amount.
        let mut kept = 0;
        for (n, total) in totals.iter().enumerate() {
            let of_it = keeping.iter().filter(|(which, ..)| which % totals.len() == n);
            let of_it = of_it.map(|(_, percent, ..)| percent.map_or(i64::MAX, |percent| (total * percent / 100).max(1))).max();
            kept += of_it.unwrap_or(0).min(*total);
        }
        let mut left_since = None;
        for part in &plan.parts {
            let taken = part.amount_minor.min(kept);
            kept -= taken;
            if part.amount_minor > taken {
                left_since = Some(part.expected_on);
                break;
            }
        }
        let decision = decide(&stage.facts, &stage.policy, now);
        let broken = decision.agreements.iter().any(|changed| changed.status() == "broken");
        // No clock of a part of which something is left stood still, for what is kept back never becomes less here.
        prop_assert_eq!(broken, left_since.is_some_and(|expected_on| expected_on < today), "{:?} {}", left_since, today);
    }
}
