//! Running cases and new ones while versions of their workflow are published and taken back: nobody gets a step twice.

use std::{collections::BTreeSet, sync::Arc};

use proptest::prelude::*;

use super::{Recheck, recheck};
use crate::{
    Case, CaseState, CompiledWorkflow, Currency, DueItemKey, Event, Order, OrderId, OrderKind, OrderedStep, Rollout, Workflow,
    decide, evolve,
    testing::{Stage, at, case_in, ladder},
    workflow::{Migration, carried_back, carried_on},
};

const EUR: Currency = Currency::EUR;

/// The ladder at a version, with steps under other ids; their templates keep the old names.
fn called(version: u32, names: &[(&str, &str)]) -> Workflow {
    let mut workflow = Workflow { version, ..ladder() };
    for step in &mut workflow.steps {
        if let Some((_, name)) = names.iter().find(|(old, _)| *old == step.id) {
            step.id = (*name).to_owned();
        }
    }
    workflow
}

fn map(pairs: &[(&str, &str)]) -> Migration {
    pairs.iter().map(|(old, new)| ((*old).to_owned(), Some((*new).to_owned()))).collect()
}

/// Makes a version the newest, for a share of cases. Running cases of the version before move to it, or stay.
fn publish(stage: &mut Stage, workflow: CompiledWorkflow, share: u8, moves: bool) {
    let (id, version) = (workflow.id.clone(), workflow.version);
    stage.policy.workflows.push(Arc::new(workflow));
    let mut all = stage.policy.rollouts.remove(&id).map(|rollout| rollout.moves).unwrap_or_default();
    all.extend(moves.then_some((version - 1, version)));
    stage.policy.rollouts.insert(id.clone(), Rollout { version, share, moves: all });
    if share == 100 {
        stage.policy.published = BTreeSet::from([(id, version)]);
    }
}

fn case(stage: &Stage) -> &Case {
    case_in(&stage.facts.cases, EUR)
}

#[test]
fn a_running_case_goes_on_under_new_ids() {
    let mut stage = Stage::new(ladder());
    stage.invoice("A", EUR, 1_000, "2026-02-04");
    assert_eq!(stage.run("2026-01-20T00:00:00Z", "2026-02-06T23:00:00Z"), ["2026-01-30 heads-up: A", "2026-02-05 reminder: A"]);
    assert_eq!(case(&stage).version, 1);
    let next = called(2, &[("reminder", "first-letter"), ("nudge", "second-letter")]);
    let carried = carried_on(&[], &next, &map(&[("reminder", "first-letter"), ("nudge", "second-letter")]));
    publish(&mut stage, CompiledWorkflow::compile(next).carrying(carried), 100, true);
    assert_eq!(
        stage.run("2026-02-07T00:00:00Z", "2026-04-30T00:00:00Z"),
        [
            "2026-02-12 nudge: A (second-letter)",
            "2026-02-24 final: A",
            "2026-03-06 task: Call",
            "2026-03-06 plan_ended: The workflow has ended and money is still owed",
        ],
        "what was done as reminder is done as first-letter"
    );
    assert_eq!(case(&stage).version, 2);
}

#[test]
fn an_order_about_a_step_is_obeyed_under_its_new_id() {
    let mut stage = Stage::new(ladder());
    let invoice = stage.invoice("A", EUR, 1_000, "2026-02-04");
    stage.run("2026-01-20T00:00:00Z", "2026-02-06T23:00:00Z");
    let next = called(2, &[("nudge", "second-letter")]);
    let carried = carried_on(&[], &next, &map(&[("nudge", "second-letter")]));
    publish(&mut stage, CompiledWorkflow::compile(next).carrying(carried), 100, true);
    let order = Order {
        case: None,
        id: OrderId::derive(&["skip"]),
        kind: OrderKind::Skip,
        currency: EUR,
        steps: vec![OrderedStep { item: DueItemKey::whole(invoice), step: "nudge".to_owned(), occurrence: None }],
        workflow: None,
        by: "somebody".to_owned(),
        given_at: at("2026-02-06T23:30:00Z"),
        until: None,
    };
    stage.facts = evolve(&stage.facts, &Event::OrderGiven(order));
    let decision = stage.step(at("2026-02-07T10:00:00Z"));
    let said: Vec<&str> = decision.trace.iter().flat_map(|trace| &trace.orders).map(|order| order.said.as_str()).collect();
    assert_eq!(said, ["obeyed for 1 due items: the step is skipped"]);
}

#[test]
fn without_a_map_running_cases_stay_and_new_ones_take_the_version() {
    let mut stage = Stage::new(ladder());
    stage.invoice("A", EUR, 1_000, "2026-02-04");
    stage.run("2026-01-20T00:00:00Z", "2026-02-06T23:00:00Z");
    publish(&mut stage, CompiledWorkflow::compile(called(2, &[])), 100, false);
    stage.run("2026-02-07T00:00:00Z", "2026-02-13T00:00:00Z");
    assert_eq!(case(&stage).version, 1);
    let mut other = Stage::new(ladder());
    publish(&mut other, CompiledWorkflow::compile(called(2, &[])), 100, false);
    other.invoice("A", EUR, 1_000, "2026-02-04");
    other.run("2026-01-20T00:00:00Z", "2026-02-06T23:00:00Z");
    assert_eq!(case(&other).version, 2);
}

#[test]
fn a_share_takes_the_new_version_first_and_the_trace_says_so() {
    for (share, expected) in [(1, None), (100, Some(2))] {
        let mut stage = Stage::new(ladder());
        stage.invoice("A", EUR, 1_000, "2026-02-04");
        stage.run("2026-01-20T00:00:00Z", "2026-01-31T00:00:00Z");
        let id = case(&stage).id.clone();
        let taken = Rollout { version: 2, share, moves: vec![] }.takes(&id).then_some(2);
        assert!(expected.is_none() || taken == expected);
        publish(&mut stage, CompiledWorkflow::compile(called(2, &[])), share, true);
        let decision = stage.step(at("2026-02-02T10:00:00Z"));
        assert_eq!(case(&stage).version, taken.unwrap_or(1));
        let choice = decision.trace[0].version.expect("the trace says why");
        assert_eq!((choice.newest, choice.share, choice.from), (2, share, taken.map(|_| 1)));
        let again = stage.step(at("2026-02-02T11:00:00Z"));
        assert_eq!(again.trace[0].version.map(|choice| choice.from), (share < 100).then_some(None));
    }
}

#[test]
fn what_was_ended_with_its_workflow_stays_ended() {
    let mut stage = Stage::new(ladder());
    stage.invoice("A", EUR, 1_000, "2026-02-04");
    stage.run("2026-01-20T00:00:00Z", "2026-02-06T23:00:00Z");
    stage.policy.withdrawn.insert("ladder".to_owned(), 1);
    publish(&mut stage, CompiledWorkflow::compile(called(2, &[])), 100, true);
    stage.run("2026-02-07T00:00:00Z", "2026-02-28T00:00:00Z");
    assert_eq!((case(&stage).version, case(&stage).state), (1, CaseState::Ended));
}

#[test]
fn a_message_that_was_decided_does_not_leave_once_the_case_is_over() {
    let exits = Workflow { exit_when: Some("exposure.due_now_minor < 2000".to_owned()), ..ladder() };
    let mut stage = Stage::new(exits);
    let id = stage.invoice("A", EUR, 5_000, "2026-02-04");
    let now = at("2026-02-05T15:45:00Z");
    let decision = decide(&stage.facts, &stage.policy, now);
    stage.facts = evolve(&stage.facts, &Event::Decided { decision, at: now });
    let pending = stage.facts.pending.first().cloned().expect("a reminder is due");
    let goes = |stage: &Stage| matches!(recheck(&stage.facts, &stage.policy, &pending, now), Recheck::Send { .. });
    assert!(goes(&stage));
    stage.invoice_mut(&id).paid_minor = 2_500;
    assert!(goes(&stage), "2,500 are due");
    stage.invoice_mut(&id).paid_minor = 3_500;
    assert_eq!(
        recheck(&stage.facts, &stage.policy, &pending, now),
        Recheck::Supersede("the workflow's exit_when holds".to_owned()),
        "1,500 are due"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Versions with new ids for some steps come and go at any time, for all cases or a share of them: each step of the ladder leaves at
    /// most once, in its order, and deciding again gives the same.
    #[test]
    fn no_step_leaves_twice(
        publishes in proptest::collection::vec((0_i64..40, 0_usize..4, prop::sample::select(vec![30_u8, 100]), any::<bool>()), 0..6),
    ) {
        let mut stage = Stage::new(ladder());
        stage.invoice("A", EUR, 1_000, "2026-02-04");
        let mut versions = vec![(ladder(), Vec::new())];
        let (mut newest, mut carried) = (ladder(), Vec::new());
        let mut publishes = publishes;
        publishes.sort_unstable();
        let mut lines = Vec::new();
        let start = at("2026-01-29T06:00:00Z");
        let mut from = start;
        for (day, step, share, back) in publishes {
            let until = start + jiff::SignedDuration::from_hours(24 * day);
            if until > from {
                lines.extend(stage.run(&from.to_string(), &until.to_string()));
                from = until;
            }
            let number = u32::try_from(versions.len()).expect("few") + 1;
            if back {
                let (then, had): (Workflow, Vec<(String, String)>) = versions[step % versions.len()].clone();
                newest = Workflow { version: number, ..then };
                carried = carried_back(&carried, &had, &newest);
            } else {
                let old = newest.steps[step].id.clone();
                let new = format!("s{step}v{number}");
                newest.version = number;
                newest.steps[step].id.clone_from(&new);
                carried = carried_on(&carried, &newest, &map(&[(old.as_str(), new.as_str())]));
            }
            versions.push((newest.clone(), carried.clone()));
            // Between two publishings a share is widened or taken back, as the store sees to.
            publish(&mut stage, CompiledWorkflow::compile(newest.clone()).carrying(carried.clone()), share, true);
        }
        lines.extend(stage.run(&from.to_string(), "2026-04-30T00:00:00Z"));
        // A message is named by its template, which keeps its name whatever its step is called.
        let templates: Vec<&str> = lines
            .iter()
            .filter(|line| !line.contains("task:") && !line.contains("plan_ended"))
            .filter_map(|line| line.split(' ').nth(1))
            .collect();
        prop_assert_eq!(templates, ["heads-up:", "reminder:", "nudge:", "final:"], "{:?}", lines);
        let now = at("2026-05-01T10:00:00Z");
        prop_assert_eq!(decide(&stage.facts, &stage.policy, now), decide(&stage.facts, &stage.policy, now));
    }
}
