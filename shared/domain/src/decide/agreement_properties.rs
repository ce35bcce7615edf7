//! What holds of agreements, plans and charges for every receivables.

use jiff::{Timestamp, ToSpan, tz::TimeZone};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::{
    AgreementId, Event, PaymentStatus, Terms, evolve,
    proposal::{Proposal, Proposer, propose},
    receivables::{Receivables, ReceivablesRules},
    testing::{Stage, at, ladder, on},
};

/// One invoice: due so many days after 1 February, its total, its instalments, and what was paid of it before and after agreements
/// were made.
#[derive(Clone, Debug)]
struct Line {
    due_in: i64,
    total: i64,
    in_two: bool,
    before: i64,
    after: i64,
}

fn line() -> impl Strategy<Value = Line> {
    (-20_i64..40, 2_i64..10_000, any::<bool>(), 0_i64..100, 0_i64..120).prop_map(|(due_in, total, in_two, before, after)| Line {
        due_in,
        total,
        in_two,
        before: total * before / 200,
        after: total * after / 200,
    })
}

/// A proposal over one invoice, two, or all; amounts are percentages of what is open there.
fn proposal() -> impl Strategy<Value = (u8, usize, Option<i64>, i64)> {
    (0_u8..6, 0_usize..8, prop::option::of(1_i64..130), 0_i64..60)
}

const MADE_AT: &str = "2026-02-03T09:00:00Z";

fn stage(lines: &[Line], credit: i64, charge: i64) -> Stage {
    let mut stage = Stage::new(ladder());
    for (place, line) in lines.iter().enumerate() {
        let due_on = crate::dates::add_days(on("2026-02-01"), line.due_in);
        let id = stage.invoice(&format!("I{place}"), Currency::EUR, line.total, &due_on.to_string());
        if line.in_two {
            let first = crate::dates::add_days(due_on, -10).to_string();
            stage.instalments(&id, &[(&first, line.total / 2), (&due_on.to_string(), line.total - line.total / 2)]);
        }
        stage.invoice_mut(&id).issued_on = on("2026-01-01");
        stage.invoice_mut(&id).paid_minor = line.before;
    }
    let any = crate::InvoiceId::derive(&["acme", "canonical", "I0"]);
    stage.pay("credit", &any, credit, PaymentStatus::Received, "2026-01-02T00:00:00Z");
    stage.facts.payments[0].payment.allocations.clear();
    if charge > 0 {
        stage.facts.charges.push(crate::testing::charge("late", charge, "2026-02-02"));
    }
    stage
}

fn agree(stage: &mut Stage, count: usize, proposals: &[(u8, usize, Option<i64>, i64)]) {
    for (n, (kind, which, percent, days)) in proposals.iter().enumerate() {
        let numbers: Vec<String> = match which {
            0..=5 => vec![format!("I{}", which % count)],
            6 => (0..count.min(2)).map(|place| format!("I{place}")).collect(),
            _ => Vec::new(),
        };
        let scope = if numbers.is_empty() { json!({"case": "EUR"}) } else { json!({ "invoices": numbers }) };
        let day = crate::dates::add_days(on("2026-02-03"), *days).to_string();
        let open: i64 = Receivables::in_zone(&stage.facts, &TimeZone::UTC, at(MADE_AT))
            .items
            .iter()
            .filter(|item| numbers.is_empty() && item.invoice.is_some() || numbers.contains(&item.number.to_owned()))
            .map(|item| item.open_minor)
            .sum();
        let amount = percent.map(|percent| open * percent / 100);
        let body: Value = match kind {
            0 | 1 => json!({"kind": "promise", "pays_on": day, "scope": scope, "amount_minor": amount}),
            2 => json!({"kind": "dispute", "reason": "price", "scope": scope, "amount_minor": amount}),
            3 => json!({"kind": "money", "scope": scope, "amount_minor": amount}),
            4 => json!({"kind": "pause", "until_on": day, "scope": scope}),
            _ => {
                let over = amount.unwrap_or(open);
                let parts = [(over / 3, 5), (over - over / 3, 20)];
                let part = |(minor, days): (i64, i64)| json!({"amount_minor": minor, "due_on": crate::dates::add_days(on("2026-02-03"), days).to_string()});
                json!({"kind": "plan", "scope": scope, "amount_minor": over, "parts": parts.map(part)})
            }
        };
        let id = AgreementId::derive(&[&n.to_string()]);
        let proposal: Proposal = serde_json::from_value(body).expect("a proposal");
        let proposer = Proposer { id: &id, by: "", now: at(MADE_AT) };
        if let Ok(agreement) = propose(&proposal, &stage.facts, &stage.policy.settings, proposer) {
            stage.facts = evolve(&stage.facts, &Event::AgreementPut(agreement));
        }
    }
}

fn pay(stage: &mut Stage, lines: &[Line]) {
    for (fact, line) in stage.facts.invoices.iter_mut().zip(lines) {
        fact.invoice.paid_minor = line.before + line.after;
    }
}

fn later(hours: i64) -> Timestamp {
    at(MADE_AT).checked_add(hours.hours()).expect("in this century")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn money_is_conserved_over_the_four_kinds_of_due_items(
        lines in prop::collection::vec(line(), 1..5), proposals in prop::collection::vec(proposal(), 0..6),
        credit in 0_i64..3_000, charge in 0_i64..500, hours in 0_i64..1_500,
    ) {
        let mut stage = stage(&lines, credit, charge);
        agree(&mut stage, lines.len(), &proposals);
        pay(&mut stage, &lines);
        let zone = TimeZone::get("Europe/Berlin").expect("a zone");
        let receivables = Receivables::at(&stage.facts, ReceivablesRules::of(&stage.policy.settings, &zone), later(hours));
        let owed: i64 = charge + lines.iter().map(|line| (line.total - line.before - line.after).max(0)).sum::<i64>();
        let excess: i64 = lines.iter().map(|line| (line.before + line.after - line.total).max(0)).sum();
        let kept: i64 = receivables.kept.of_item.iter().sum();
        let due: i64 = receivables.items.iter().map(|item| item.due_now_minor).sum();
        prop_assert_eq!(receivables.open_minor(Currency::EUR), owed, "every amount once");
        prop_assert_eq!(due + kept + (credit + excess).min(owed - kept), owed);
        let planned: i64 = receivables.items.iter().map(|item| item.planned_minor).sum();
        let parts: i64 = receivables.items.iter().filter(|item| matches!(item.key.of, crate::ItemOf::Plan(_))).map(|item| item.open_minor).sum();
        prop_assert_eq!(planned, parts, "parts come to what they stand for");
        for (item, kept) in receivables.items.iter().zip(&receivables.kept.of_item) {
            prop_assert!(item.due_now_minor >= 0 && item.planned_minor >= 0 && *kept >= 0, "{:?}", item);
            prop_assert!(item.planned_minor + kept + item.due_now_minor <= item.open_minor, "{:?}", item);
        }
    }

    #[test]
    fn the_order_of_agreements_carries_no_meaning(
        lines in prop::collection::vec(line(), 1..5), proposals in prop::collection::vec(proposal(), 0..6),
        seed in any::<u64>(), hours in 0_i64..1_500,
    ) {
        let mut straight = stage(&lines, 0, 0);
        agree(&mut straight, lines.len(), &proposals);
        pay(&mut straight, &lines);
        let mut mixed = straight.clone();
        let mut state = seed | 1;
        let mut next = move || { state ^= state << 13; state ^= state >> 7; state ^= state << 17; state };
        mixed.facts.agreements.sort_by_key(|_| next());
        mixed.facts.invoices.sort_by_key(|_| next());
        let now = later(hours);
        prop_assert_eq!(decide(&straight.facts, &straight.policy, now), decide(&mixed.facts, &mixed.policy, now));
    }

    #[test]
    fn a_life_is_lived_once(
        lines in prop::collection::vec(line(), 1..5), proposals in prop::collection::vec(proposal(), 1..6), gaps in prop::collection::vec(1_i64..200, 5..20),
    ) {
        let mut stage = stage(&lines, 0, 0);
        agree(&mut stage, lines.len(), &proposals);
        let mut over = std::collections::BTreeMap::new();
        let (mut hours, half) = (0, gaps.len() / 2);
        for (n, gap) in gaps.iter().enumerate() {
            hours += gap;
            if n == half {
                pay(&mut stage, &lines);
            }
            for changed in stage.step(later(hours)).agreements {
                prop_assert!(over.insert(changed.id.clone(), changed.status().to_owned()).is_none(), "twice: {:?}", changed);
            }
        }
        for agreement in &stage.facts.agreements {
            let known = over.get(&agreement.id).map(String::as_str);
            prop_assert_eq!(agreement.is_over(), known.is_some());
            prop_assert!(known.is_none_or(|status| status == agreement.status()));
        }
    }

    #[test]
    fn what_a_broken_plan_gives_back_is_at_its_rung(
        due_in in -20_i64..3, steps in 0_usize..4, made_on in 0_i64..20,
    ) {
        let mut stage = Stage::new(ladder());
        let due_on = crate::dates::add_days(on("2026-02-01"), due_in).to_string();
        let invoice = stage.invoice("A", Currency::EUR, 1_000, &due_on);
        for step in 0..steps {
            stage.step(at("2026-02-04T15:45:00Z").checked_add((i64::try_from(step).expect("few") * 96).hours()).expect("near"));
        }
        let key = crate::DueItemKey::whole(invoice);
        let rung = |stage: &Stage, now: Timestamp| {
            let situation = assess(&stage.facts, &stage.policy, now);
            let mut steps: Vec<String> =
                situation.history.results_of(&situation.receivables, &key).iter().map(|result| result.step.to_owned()).collect();
            steps.sort();
            steps
        };
        let made_at = at("2026-02-20T09:00:00Z").checked_add((made_on * 24).hours()).expect("near");
        let before = rung(&stage, made_at);
        let part = |days: i64| json!({"amount_minor": 500, "due_on": crate::dates::add_days(on("2026-03-20"), days).to_string()});
        let body = json!({"kind": "plan", "parts": [part(0), part(20)]});
        let proposal: Proposal = serde_json::from_value(body).expect("a proposal");
        let id = AgreementId::derive(&["plan"]);
        let proposer = Proposer { id: &id, by: "", now: made_at };
        let plan = propose(&proposal, &stage.facts, &stage.policy.settings, proposer).expect("no flaw");
        stage.facts = evolve(&stage.facts, &Event::AgreementPut(plan));
        let mut now = made_at;
        while now < at("2026-04-20T00:00:00Z") {
            let is_broken = stage.facts.agreements.iter().any(|agreement| match &agreement.terms {
                Terms::Plan(plan) => plan.status == crate::PlanStatus::Broken,
                _ => false,
            });
            if is_broken {
                break;
            }
            prop_assert_eq!(&rung(&stage, now), &before, "while it runs");
            stage.step(now);
            now = now.checked_add(7.hours()).expect("near");
        }
        // The decision that found it broken may have taken the next step at once.
        let after = rung(&stage, now);
        prop_assert!(before.iter().all(|step| after.contains(step)) && after.len() <= before.len() + 1, "{before:?} {after:?}");
        prop_assert!(now < at("2026-04-20T00:00:00Z"), "broken by the first part");
    }
}
