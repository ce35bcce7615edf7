//! What holds for every receivables, whatever order its facts are in and whenever the sweeps come.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{Timestamp, ToSpan, tz::TimeZone};
use proptest::prelude::*;

use super::*;
use crate::{
    Channel, CustomerId, HoldClock, HoldScope, Outcome, PaymentStatus, Suppression, SuppressionReason, address_key,
    dates::days_between,
    guard::Verdict,
    receivables::Receivables,
    testing::{Stage, at, hold, ladder, on},
};

/// One invoice of a generated receivables: due so many days after 1 February, its total, and what was paid of it.
#[derive(Clone, Debug)]
struct Line {
    due_in: i64,
    total: i64,
    paid: i64,
    usd: bool,
}

fn line() -> impl Strategy<Value = Line> {
    (-40_i64..40, 1_i64..100_000, 0_i64..120_000, prop::bool::weighted(0.3)).prop_map(|(due_in, total, paid, usd)| Line {
        due_in,
        total,
        paid: if paid > total { 0 } else { paid },
        usd,
    })
}

fn stage(lines: &[Line]) -> Stage {
    let mut stage = Stage::new(ladder());
    for (place, line) in lines.iter().enumerate() {
        let due_on = crate::dates::add_days(on("2026-02-01"), line.due_in).to_string();
        let currency = if line.usd { Currency::USD } else { Currency::EUR };
        let id = stage.invoice(&format!("I{place:03}"), currency, line.total, &due_on);
        if line.paid > 0 {
            stage.invoice_mut(&id).paid_minor = line.paid / 2;
            stage.pay(&format!("P{place}"), &id, line.paid, PaymentStatus::Received, "2026-01-02T00:00:00Z");
        }
    }
    stage
}

/// Every message with its day, while sweeps come at these gaps in hours from 1 January.
fn run(stage: &mut Stage, gaps: &[u16]) -> Vec<(Timestamp, crate::Planned)> {
    let mut now = at("2026-01-01T00:07:00Z");
    let mut sent = Vec::new();
    for gap in gaps {
        now = now.checked_add(i64::from(*gap).hours()).expect("in this century");
        for planned in stage.step(now).messages {
            sent.push((now, planned));
        }
    }
    sent
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn order_of_facts_carries_no_meaning(lines in prop::collection::vec(line(), 1..12), seed in any::<u64>(), hour in 0_i64..1_500) {
        let straight = stage(&lines);
        let mut mixed = straight.clone();
        let mut state = seed | 1;
        let mut next = move || { state ^= state << 13; state ^= state >> 7; state ^= state << 17; state };
        mixed.facts.invoices.sort_by_key(|_| next());
        mixed.facts.payments.sort_by_key(|_| next());
        let now = at("2026-01-20T09:00:00Z").checked_add(hour.hours()).expect("in this century");
        let (a, b) = (decide(&straight.facts, &straight.policy, now), decide(&mixed.facts, &mixed.policy, now));
        prop_assert_eq!(&a.messages, &b.messages);
        prop_assert_eq!((a.next, a.cases, a.tasks, a.trace), (b.next, b.cases, b.tasks, b.trace));
    }

    #[test]
    fn nobody_is_written_to_twice_for_an_item_and_step(lines in prop::collection::vec(line(), 1..8), gaps in prop::collection::vec(1_u16..60, 20..80)) {
        let mut stage = stage(&lines);
        let berlin = TimeZone::get("Europe/Berlin").expect("a zone");
        let steps: Vec<String> = stage.policy.workflows[0].steps.iter().map(|step| step.id.clone()).collect();
        let sent = run(&mut stage, &gaps);
        let mut seen = BTreeSet::new();
        let mut rung: BTreeMap<crate::DueItemKey, usize> = BTreeMap::new();
        for (when, message) in &sent {
            for row in &message.rows {
                prop_assert!(seen.insert((row.item.clone(), row.step.clone())), "{row:?} twice");
                prop_assert!(row.due_now_minor > 0, "{row:?} was not owed");
                let place = steps.iter().position(|step| *step == row.step).expect("a step of the plan");
                // Only the step before the due date may be missing below a rung: it lapses.
                let below = rung.insert(row.item.clone(), place).map_or(0, |before| before + 1);
                prop_assert!(place == below || below == 0 && place == 1, "rung skipped: {below} to {place}");
            }
            let here = when.to_zoned(berlin.clone());
            prop_assert!((9..17).contains(&here.hour()), "outside the window: {here}");
        }
        let mut days: Vec<_> = sent.iter().map(|(when, _)| when.to_zoned(berlin.clone()).date()).collect();
        days.dedup();
        prop_assert!(days.windows(2).all(|pair| days_between(pair[0], pair[1]) >= 3), "closer than the gap: {days:?}");
    }

    #[test]
    fn money_is_conserved(lines in prop::collection::vec(line(), 1..12), held in 0_i64..50_000) {
        let mut stage = stage(&lines);
        let (from, until) = ("2026-01-01T00:00:00Z", "2026-12-31");
        stage.facts.agreements.push(hold(HoldScope::Case(Currency::EUR), Some(held), HoldClock::Freeze, from, until));
        // After the last of them is issued.
        let receivables = Receivables::in_zone(&stage.facts, &TimeZone::UTC, at("2026-02-20T00:00:00Z"));
        for (currency, usd) in [(Currency::EUR, false), (Currency::USD, true)] {
            let open: i64 = lines.iter().filter(|line| line.usd == usd).map(|line| line.total - line.paid).sum();
            let kept = if usd { 0 } else { held.min(open) };
            prop_assert_eq!(receivables.open_minor(currency), open);
            prop_assert_eq!(receivables.exposure_minor(currency), open - kept);
        }
    }

    #[test]
    fn more_restrictions_never_allow_more(hour in 0_i64..400, contacted in prop::collection::vec(0_i64..30, 0..6), extra in 0_usize..6) {
        let now = at("2026-02-02T00:00:00Z").checked_add(hour.hours()).expect("in this century");
        let mut stage = Stage::new(ladder());
        stage.invoice("A", Currency::EUR, 1_000, "2026-01-10");
        stage.policy.settings.caps.per_person = Some(crate::settings::PersonCap { count: 3, days: 10 });
        let person = stage.facts.customer.contacts[0].person().expect("an address");
        let own = stage.facts.customer.id.clone();
        let noon = |back: i64| at("2026-02-20T12:00:00Z").checked_sub((24 * back).hours()).expect("in this century");
        let instants: Vec<Timestamp> = contacted.iter().map(|back| noon(*back)).collect();
        stage.contacted(&person, &own, &instants);
        let before = verdict(&stage, now);
        match extra {
            0 => stage.policy.settings.paused = true,
            1 => {
                let key = address_key(Channel::Email, "p1@beispiel.example");
                let suppressed = Suppression { reason: SuppressionReason::OptOut, at: now };
                stage.facts.addresses.entry(key).or_default().suppressed = Some(suppressed);
            }
            2 => stage.facts.last_contact.live = Some(now.checked_sub(30.hours()).expect("in this century")),
            3 => stage.policy.settings.freshness = BTreeMap::from([("canonical".to_owned(), "PT1H".to_owned())]),
            4 => stage.contacted(&person, &own, &[at("2026-02-01T12:00:00Z")]),
            _ => stage.contacted(&person, &CustomerId::derive(&["another"]), &[now.checked_sub(30.hours()).expect("in this century")]),
        }
        let after = verdict(&stage, now);
        prop_assert!(after >= before, "{before:?} became {after:?}");
        if let Verdict::Defer(until) = after {
            prop_assert!(until > now, "deferred to the past");
        }
    }
}

fn verdict(stage: &Stage, now: Timestamp) -> Verdict {
    let situation = assess(&stage.facts, &stage.policy, now);
    let contact = &stage.facts.customer.contacts[0];
    super::route::ask(&situation, &stage.policy.workflows[0], Channel::Email, contact, Mode::Live, now).verdict
}

#[test]
fn a_settled_message_satisfies_its_steps_once() {
    let mut stage = Stage::new(ladder());
    stage.invoice("A", Currency::EUR, 1_000, "2026-02-04");
    stage.step(at("2026-02-05T15:45:00Z"));
    assert_eq!(stage.facts.coverage.iter().filter(|coverage| coverage.outcome == Outcome::Sent).count(), 1);
    assert!(stage.step(at("2026-02-05T15:46:00Z")).messages.is_empty());
}
