//! Credit holds and stricter terms: asked for once, confirmed or looked at, ended when what they were for is paid.

use serde_json::json;

use crate::{
    Currency, Event, NewTask, Next, PaymentStatus, StricterTerms, TaskKind, TaskResult, evolve,
    testing::{Stage, at, workflow},
};

const EUR: Currency = Currency::EUR;

fn stage(action: serde_json::Value) -> Stage {
    Stage::new(workflow(json!({
        "id": "w", "name": "W", "scope": "invoice",
        "steps": [
            {"id": "stop", "at": {"anchor": "due_date", "offset": "P5D"}, "action": action},
            {"id": "call", "at": {"anchor": "due_date", "offset": "P90D"}, "action": {"task": {"title": "Call"}}},
        ],
    })))
}

fn kinds(tasks: &[NewTask]) -> Vec<TaskKind> {
    tasks.iter().map(|task| task.kind).collect()
}

fn end(stage: &mut Stage, kind: TaskKind, result: TaskResult) {
    let task = stage.facts.work.iter().find(|work| work.kind == kind && !work.done).expect("open work").task.clone();
    stage.facts = evolve(&stage.facts, &Event::TaskEnded { task, result });
}

#[test]
fn supply_is_stopped_once_and_goes_on_when_all_that_is_past_due_is_paid() {
    let mut stage = stage(json!({"credit_hold": {}}));
    let (a, b) = (stage.invoice("A", EUR, 1_000, "2026-02-04"), stage.invoice("B", EUR, 2_000, "2026-02-06"));
    let asked = stage.step(at("2026-02-10T09:00:00Z"));
    assert_eq!(kinds(&asked.tasks), [TaskKind::CreditHold]);
    assert_eq!(asked.tasks[0].due_on, Some(crate::testing::on("2026-02-13")));
    assert_eq!(stage.facts.work[0].confirm_by, Some(at("2026-02-13T09:00:00Z")));
    end(&mut stage, TaskKind::CreditHold, TaskResult::Done);
    assert!(stage.facts.work[0].done, "it is in force");
    // Another item comes to the step: supply is stopped already.
    assert!(kinds(&stage.step(at("2026-02-12T09:00:00Z")).tasks).is_empty());
    stage.pay("P", &a, 1_000, PaymentStatus::Received, "2026-02-13T09:00:00Z");
    let part = stage.step(at("2026-02-13T10:00:00Z"));
    assert!(part.tasks.is_empty() && part.withdrawn.is_empty(), "B is past due");
    stage.pay("Q", &b, 2_000, PaymentStatus::Received, "2026-02-14T09:00:00Z");
    let over = stage.step(at("2026-02-14T10:00:00Z"));
    assert_eq!((kinds(&over.tasks), over.withdrawn.len()), (vec![TaskKind::CreditRelease], 1));
    assert!(over.withdrawn[0].done, "the request was answered, and nobody has to be told");
    assert_eq!(over.next, Next::At(at("2026-02-17T10:00:00Z")), "by then somebody says that supply goes on");
    let work: Vec<TaskKind> = stage.facts.work.iter().map(|work| work.kind).collect();
    assert_eq!(work, [TaskKind::CreditRelease], "asked for until somebody says so");
    assert!(stage.step(at("2026-02-15T10:00:00Z")).tasks.is_empty(), "once");
    end(&mut stage, TaskKind::CreditRelease, TaskResult::Done);
    assert!(stage.facts.work.is_empty());
}

#[test]
fn what_nobody_confirms_in_time_is_looked_at_until_somebody_does() {
    let mut stage = stage(json!({"credit_hold": {"confirm_within": "P2D"}}));
    stage.invoice("A", EUR, 1_000, "2026-02-04");
    let asked = stage.step(at("2026-02-10T09:00:00Z"));
    assert_eq!(asked.next, Next::At(at("2026-02-12T09:00:00Z")));
    assert!(stage.step(at("2026-02-12T08:59:59Z")).tasks.is_empty());
    let late = stage.step(at("2026-02-12T09:00:00Z"));
    assert_eq!(kinds(&late.tasks), [TaskKind::Unconfirmed]);
    assert!(late.tasks[0].title.contains("supply is stopped"), "{}", late.tasks[0].title);
    assert!(stage.step(at("2026-02-12T10:00:00Z")).tasks.is_empty(), "once");
    let mut looked_at = stage.clone();
    end(&mut looked_at, TaskKind::Unconfirmed, TaskResult::Done);
    assert!(looked_at.step(at("2026-02-13T10:00:00Z")).tasks.is_empty(), "nor again after a person looked");
    end(&mut stage, TaskKind::CreditHold, TaskResult::Done);
    let said = stage.step(at("2026-02-13T10:00:00Z"));
    assert_eq!(said.withdrawn.len(), 1);
    assert_eq!(stage.facts.work.len(), 1);
}

#[test]
fn what_could_not_be_done_or_is_paid_before_has_no_end() {
    let mut failed = stage(json!({"credit_hold": {}}));
    let a = failed.invoice("A", EUR, 1_000, "2026-02-04");
    failed.step(at("2026-02-10T09:00:00Z"));
    let mut early = failed.clone();
    end(&mut failed, TaskKind::CreditHold, TaskResult::Failed);
    assert!(failed.facts.work.is_empty());
    for (stage, withdrawn) in [(&mut failed, 0), (&mut early, 1)] {
        stage.pay("P", &a, 1_000, PaymentStatus::Received, "2026-02-11T09:00:00Z");
        let paid = stage.step(at("2026-02-11T09:00:00Z"));
        assert_eq!((paid.tasks.len(), paid.withdrawn.len()), (0, withdrawn));
        assert!(paid.withdrawn.iter().all(|withdrawal| !withdrawal.done), "whoever was asked is told");
    }
}

#[test]
fn stricter_terms_are_named_and_given_back() {
    for (terms, expected) in [(json!({"days": 7}), StricterTerms::Days(7)), (json!("prepayment"), StricterTerms::Prepayment)] {
        let mut stage = stage(json!({"change_terms": {"terms": terms}}));
        let a = stage.invoice("A", EUR, 1_000, "2026-02-04");
        let asked = stage.step(at("2026-02-10T09:00:00Z"));
        assert_eq!((kinds(&asked.tasks), asked.tasks[0].terms()), (vec![TaskKind::ChangeTerms], Some(expected)));
        end(&mut stage, TaskKind::ChangeTerms, TaskResult::Done);
        stage.pay("P", &a, 1_000, PaymentStatus::Received, "2026-02-11T09:00:00Z");
        let over = stage.step(at("2026-02-11T09:00:00Z"));
        assert_eq!((kinds(&over.tasks), over.tasks[0].terms()), (vec![TaskKind::RestoreTerms], None));
    }
}

#[test]
fn work_is_due_as_the_settings_say_of_its_kind() {
    let mut stage = stage(json!({"escalate": {"to": "managers", "via": ["slack"], "urgent": true}}));
    stage.policy.settings.notices.due_in.insert(TaskKind::Escalation, 2);
    stage.invoice("A", EUR, 1_000, "2026-02-01");
    // A Friday: two business days later is Tuesday.
    let asked = stage.step(at("2026-02-06T15:45:00Z"));
    assert_eq!(
        (kinds(&asked.tasks), asked.tasks[0].due_on),
        (vec![TaskKind::Escalation], Some(crate::testing::on("2026-02-10")))
    );
    let work = &stage.facts.work[0];
    assert_eq!((work.via.as_slice(), work.urgent), (["slack".to_owned()].as_slice(), true));
}
