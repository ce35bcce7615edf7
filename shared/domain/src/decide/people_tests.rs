//! What people have a say in: approvals, work whose reason is gone, orders.

use serde_json::{Value, json};

use super::*;
use crate::{
    Because, CaseState, DueItemKey, InvoiceId, NewTask, Order, OrderId, OrderKind, OrderTrace, OrderedStep, PaymentStatus,
    TaskKind, WaitingReason, Workflow,
    testing::{Stage, at, workflow},
};
use crate::{Event, Next, evolve};

const EUR: Currency = Currency::EUR;

fn send(id: &str, offset: &str, further: Value) -> Value {
    let mut step = json!({"id": id, "at": {"anchor": "due_date", "offset": offset},
        "action": {"send": {"channels": ["email"], "template": id, "to": ["billing"]}}});
    step.as_object_mut().expect("an object").extend(further.as_object().expect("an object").clone());
    step
}

fn plan(id: &str, steps: &[Value]) -> Workflow {
    let mut steps = steps.to_vec();
    steps.push(json!({"id": "person", "at": {"anchor": "due_date", "offset": "P300D"}, "action": {"task": {"title": "Call"}}}));
    workflow(json!({"id": id, "name": "Plan", "scope": "customer", "min_gap": "P0D", "steps": steps}))
}

fn stage(steps: &[Value]) -> Stage {
    let mut stage = Stage::new(plan("plan", steps));
    stage.policy.settings.window.days = Some((0..7_i8).map(|days| jiff::civil::Weekday::Monday.wrapping_add(days)).collect());
    stage
}

fn change(stage: &mut Stage, at: usize, change: impl FnOnce(&mut Workflow)) {
    let mut plan: Workflow = Workflow::clone(&stage.policy.workflows[at]);
    change(&mut plan);
    stage.policy.workflows[at] = std::sync::Arc::new(crate::CompiledWorkflow::compile(plan));
}

/// `r1` after a day, `r2` after five with approval, `r3` after nine.
fn asking(further: Value) -> Stage {
    let mut approval = json!({"approval": "required"});
    approval.as_object_mut().expect("an object").extend(further.as_object().expect("an object").clone());
    stage(&[send("r1", "P1D", json!({})), send("r2", "P5D", approval), send("r3", "P9D", json!({}))])
}

/// What a person who answers a task does: it is over, and an order says so.
fn answer(stage: &mut Stage, kind: OrderKind, now: &str) -> Order {
    let work =
        stage.facts.work.iter().find(|work| work.kind == TaskKind::Approval && !work.done).expect("an approval is asked for");
    let step = work.step.clone().expect("a step asks");
    let steps = work
        .rows
        .iter()
        .map(|row| OrderedStep { item: row.item.clone(), step: step.clone(), occurrence: Some(row.occurrence.clone()) })
        .collect();
    let order = Order { steps, ..order(work.task.as_str(), kind, now) };
    stage.facts = evolve(&stage.facts, &Event::TaskEnded { task: work.task.clone(), result: crate::TaskResult::Done });
    stage.facts = evolve(&stage.facts, &Event::OrderGiven(order.clone()));
    order
}

fn order(id: &str, kind: OrderKind, now: &str) -> Order {
    Order {
        case: None,
        id: OrderId::derive(&[id]),
        kind,
        currency: EUR,
        steps: Vec::new(),
        workflow: None,
        by: "somebody".to_owned(),
        given_at: at(now),
        until: None,
    }
}

fn of_step(id: &str, kind: OrderKind, now: &str, invoice: &InvoiceId, step: &str) -> Order {
    let steps = vec![OrderedStep { item: DueItemKey::whole(invoice.clone()), step: step.to_owned(), occurrence: None }];
    Order { steps, ..order(id, kind, now) }
}

fn give(stage: &mut Stage, order: Order) {
    stage.facts = evolve(&stage.facts, &Event::OrderGiven(order));
}

fn kinds(tasks: &[NewTask]) -> Vec<TaskKind> {
    tasks.iter().map(|task| task.kind).collect()
}

fn traced(decision: &crate::Decision) -> Vec<&OrderTrace> {
    decision.trace.iter().flat_map(|trace| &trace.orders).collect()
}

#[test]
fn an_approved_step_is_done_in_the_next_window() {
    let mut stage = asking(json!({"catch_up": "skip"}));
    stage.invoice("A", EUR, 1_000, "2026-02-04");
    let lines = stage.run("2026-02-04T00:30:00Z", "2026-02-12T00:30:00Z");
    assert_eq!(lines, ["2026-02-05 r1: A", "2026-02-09 approval: Approve step r2: send"]);
    let waits = decide(&stage.facts, &stage.policy, at("2026-02-12T00:30:00Z"));
    assert_eq!(waits.trace[0].because, Because::Approval { step: "r2".to_owned() });
    assert_eq!(case_in(&waits.cases, EUR).state, CaseState::Waiting(WaitingReason::Approval));
    assert_eq!((waits.next, waits.tasks.len(), waits.marks.len()), (Next::Parked, 0, 0));
    answer(&mut stage, OrderKind::Approve, "2026-02-12T18:30:00Z");
    let lines = stage.run("2026-02-12T18:30:00Z", "2026-03-01T00:30:00Z");
    assert_eq!(lines[0], "2026-02-13 r2: A", "late as it is, it is not skipped");
    assert!(stage.facts.orders.is_empty(), "an order is used up");
}

#[test]
fn a_refused_step_is_skipped_and_the_next_one_comes() {
    let mut stage = asking(json!({}));
    stage.invoice("A", EUR, 1_000, "2026-02-04");
    stage.run("2026-02-04T00:30:00Z", "2026-02-10T00:30:00Z");
    answer(&mut stage, OrderKind::Refuse, "2026-02-10T10:00:00Z");
    let decision = stage.step(at("2026-02-10T10:00:00Z"));
    assert_eq!(
        decision.marks.iter().map(|mark| (mark.outcome, mark.rows[0].step.as_str())).collect::<Vec<_>>(),
        [(crate::Outcome::Skipped, "r2")]
    );
    let lines = stage.run("2026-02-10T10:00:00Z", "2026-03-01T00:30:00Z");
    assert_eq!(lines, ["2026-02-13 r3: A"]);
}

#[test]
fn other_items_go_on_while_one_waits_for_approval() {
    for scope in [crate::Scope::Customer, crate::Scope::Invoice] {
        let mut stage = asking(json!({}));
        change(&mut stage, 0, |plan| plan.scope = scope);
        stage.invoice("A", EUR, 1_000, "2026-02-04");
        stage.run("2026-02-04T00:30:00Z", "2026-02-10T00:30:00Z");
        stage.invoice("B", EUR, 1_000, "2026-02-11");
        let lines = stage.run("2026-02-10T00:30:00Z", "2026-02-20T00:30:00Z");
        assert_eq!(lines, ["2026-02-12 r1: B", "2026-02-16 approval: Approve step r2: send"], "{scope:?}");
        answer(&mut stage, OrderKind::Approve, "2026-02-20T00:30:00Z");
        let lines = stage.run("2026-02-20T00:30:00Z", "2026-02-21T00:30:00Z");
        assert_eq!(lines, ["2026-02-20 r2: A"], "{scope:?}: the one that is approved alone");
    }
}

#[test]
fn an_approval_that_nobody_gives_ends_as_the_step_says() {
    for (then, expected) in [("do", "2026-02-12 r2: A"), ("skip", "2026-02-13 r3: A")] {
        let mut stage = asking(json!({"approve_within": "P3D", "then": then}));
        stage.invoice("A", EUR, 1_000, "2026-02-04");
        let lines = stage.run("2026-02-04T00:30:00Z", "2026-02-14T00:30:00Z");
        assert_eq!(lines[..2], ["2026-02-05 r1: A", "2026-02-09 approval: Approve step r2: send"]);
        assert_eq!(lines[2], expected);
        stage.step(at("2026-02-14T00:30:00Z"));
        assert!(stage.facts.work.is_empty(), "{then}: the task is taken back");
    }
}

#[test]
fn an_approval_that_comes_too_late_is_traced() {
    let mut stage = asking(json!({}));
    let invoice = stage.invoice("A", EUR, 1_000, "2026-02-04");
    stage.invoice("B", EUR, 1_000, "2026-02-28");
    stage.run("2026-02-04T00:30:00Z", "2026-02-10T00:30:00Z");
    let given = answer(&mut stage, OrderKind::Approve, "2026-02-10T10:00:00Z");
    stage.pay("P", &invoice, 1_000, PaymentStatus::Received, "2026-02-10T09:00:00Z");
    let decision = stage.step(at("2026-02-10T10:00:00Z"));
    let traces = traced(&decision);
    assert!(traces[0].used && traces[0].said.contains("too late: the due item is not open"), "{}", traces[0].said);
    assert_eq!(decision.used_orders, std::slice::from_ref(&given.id));
    // Given again, with nothing open at all.
    stage.facts.invoices.retain(|fact| fact.invoice.id == invoice);
    give(&mut stage, given);
    let decision = stage.step(at("2026-02-10T11:00:00Z"));
    let traces = traced(&decision);
    assert!(traces[0].used && traces[0].said.contains("nothing is open"), "{}", traces[0].said);
}

#[test]
fn work_whose_reason_is_gone_is_taken_back() {
    let call = json!({"id": "call", "at": {"anchor": "due_date", "offset": "P3D"}, "action": {"task": {"title": "Call them"}}});
    let mut stage = stage(&[call, send("r2", "P5D", json!({"approval": "required"}))]);
    let invoice = stage.invoice("A", EUR, 1_000, "2026-02-04");
    let other = stage.invoice("B", EUR, 1_000, "2026-02-04");
    stage.run("2026-02-04T00:30:00Z", "2026-02-12T00:30:00Z");
    assert_eq!(stage.facts.work.iter().map(|work| work.rows.len()).collect::<Vec<_>>(), [2, 2], "one task for both each time");
    stage.pay("P", &invoice, 1_000, PaymentStatus::Received, "2026-02-12T09:00:00Z");
    assert!(stage.step(at("2026-02-12T09:00:00Z")).withdrawn.is_empty(), "one of them is open");
    stage.pay("Q", &other, 1_000, PaymentStatus::Received, "2026-02-13T09:00:00Z");
    let decision = stage.step(at("2026-02-13T09:00:00Z"));
    assert_eq!(decision.withdrawn.len(), 2);
    assert!(decision.withdrawn.iter().all(|withdrawal| withdrawal.why.contains("open any more")));
    assert!(stage.facts.work.is_empty());
}

#[test]
fn an_exception_that_nobody_could_be_reached_ends_once_somebody_can_be() {
    let mut stage = stage(&[send("r1", "P1D", json!({})), send("r2", "P5D", json!({}))]);
    stage.invoice("A", EUR, 1_000, "2026-02-04");
    let contacts = std::mem::take(&mut stage.facts.customer.contacts);
    assert_eq!(kinds(&stage.step(at("2026-02-05T15:45:00Z")).tasks), [TaskKind::Unreachable]);
    assert!(stage.step(at("2026-02-06T15:45:00Z")).withdrawn.is_empty(), "there is still nobody");
    stage.facts.customer.contacts = contacts;
    let mut stopped = stage.clone();
    let address = crate::address_key(crate::Channel::Email, "p1@beispiel.example");
    let suppression = crate::Suppression { reason: crate::SuppressionReason::OptOut, at: at("2026-02-06T00:00:00Z") };
    stopped.facts.addresses.entry(address).or_default().suppressed = Some(suppression);
    assert!(stopped.step(at("2026-02-06T16:00:00Z")).withdrawn.is_empty(), "an address that must not be used reaches nobody");
    let decision = stage.step(at("2026-02-06T16:00:00Z"));
    assert_eq!(decision.withdrawn.iter().map(|one| one.why.as_str()).collect::<Vec<_>>(), ["somebody can be written to now"]);
    assert!(decision.messages.is_empty() && stage.facts.work.is_empty(), "what was missed stays missed");
}

#[test]
fn an_exception_that_nobody_could_be_reached_ends_once_a_later_step_reached_somebody() {
    let mut stage = stage(&[send("r1", "P1D", json!({})), send("r2", "P5D", json!({}))]);
    stage.invoice("A", EUR, 1_000, "2026-02-04");
    stage.step(at("2026-02-05T15:45:00Z"));
    let message = stage.facts.coverage.iter().find_map(|coverage| coverage.message.clone()).expect("a message");
    stage.not_delivered(&message);
    assert_eq!(kinds(&stage.step(at("2026-02-05T15:46:00Z")).tasks), [TaskKind::Unreachable]);
    assert!(stage.step(at("2026-02-06T15:45:00Z")).withdrawn.is_empty(), "the one way was tried for it");
    let sent = stage.step(at("2026-02-09T15:45:00Z"));
    assert_eq!((sent.messages.len(), sent.withdrawn.len()), (1, 0), "the next step has the way again");
    let decision = stage.step(at("2026-02-09T15:46:00Z"));
    let why: Vec<&str> = decision.withdrawn.iter().map(|one| one.why.as_str()).collect();
    assert_eq!(why, ["a message reached the customer since"]);
}

#[test]
fn a_task_is_asked_for_again_when_its_step_comes_again() {
    let mut stage = stage(&[send("r2", "P5D", json!({"approval": "required"}))]);
    let invoice = stage.invoice("A", EUR, 1_000, "2026-02-04");
    stage.run("2026-02-04T00:30:00Z", "2026-02-12T00:30:00Z");
    let first = stage.facts.work[0].task.clone();
    stage.pay("P", &invoice, 1_000, PaymentStatus::Received, "2026-02-12T09:00:00Z");
    stage.step(at("2026-02-12T09:00:00Z"));
    assert!(stage.facts.work.is_empty());
    stage.facts.payments[0].payment.status = PaymentStatus::Reversed;
    let decision = stage.step(at("2026-02-13T15:45:00Z"));
    assert_eq!(kinds(&decision.tasks), [TaskKind::Approval]);
    assert_ne!(stage.facts.work[0].task, first, "under an id of its own");
}

#[test]
fn more_work_than_one_decision_takes_back_goes_with_the_next() {
    let call = json!({"id": "call", "at": {"anchor": "due_date", "offset": "P3D"}, "action": {"task": {"title": "Call them"}}});
    let mut stage = stage(&[call]);
    let invoice = stage.invoice("A", EUR, 1_000, "2026-02-04");
    stage.run("2026-02-04T00:30:00Z", "2026-02-12T00:30:00Z");
    let one = stage.facts.work[0].clone();
    for n in 1..30 {
        stage.facts.work.push(crate::OpenWork { task: crate::TaskId::derive(&[&n.to_string()]), ..one.clone() });
    }
    stage.pay("P", &invoice, 1_000, PaymentStatus::Received, "2026-02-12T09:00:00Z");
    let now = at("2026-02-12T09:00:00Z");
    let first = stage.step(now);
    assert_eq!((first.withdrawn.len(), first.next), (20, Next::At(now)));
    let second = stage.step(now);
    assert!(second.withdrawn.len() == 10 && second.next != Next::At(now), "{:?}", second.next);
}

#[test]
fn what_is_wrong_with_money_is_told_once_while_it_is() {
    let mut stage = stage(&[send("r1", "P1D", json!({}))]);
    let invoice = stage.invoice("A", EUR, 1_000, "2026-02-28");
    stage.invoice("B", EUR, 1_000, "2026-02-28");
    stage.pay("P", &invoice, 1_500, PaymentStatus::Received, "2026-02-01T09:00:00Z");
    let first = stage.step(at("2026-02-02T09:00:00Z"));
    assert_eq!(kinds(&first.tasks), [TaskKind::Overpaid]);
    let task = stage.facts.work[0].task.clone();
    for day in 3..6 {
        let again = stage.step(at(&format!("2026-02-0{day}T09:00:00Z")));
        assert!(again.tasks.is_empty() && again.withdrawn.is_empty(), "told once");
        // A person who thinks that it is fine is not asked again.
        stage.facts = evolve(&stage.facts, &Event::TaskEnded { task: task.clone(), result: crate::TaskResult::Done });
    }
    stage.facts.payments[0].payment.status = PaymentStatus::Reversed;
    let gone = stage.step(at("2026-02-07T09:00:00Z"));
    assert_eq!(gone.withdrawn.iter().map(|withdrawal| (&withdrawal.task, withdrawal.done)).collect::<Vec<_>>(), [(&task, true)]);
    stage.facts.payments[0].payment.status = PaymentStatus::Received;
    assert!(kinds(&stage.step(at("2026-02-08T09:00:00Z")).tasks).contains(&TaskKind::Overpaid), "it is back");
}

#[test]
fn steps_are_skipped_brought_forward_and_sent_now() {
    let steps = [send("r1", "P1D", json!({})), send("r2", "P9D", json!({})), send("r3", "P20D", json!({}))];
    for (kind, expected) in [
        (None, ["2026-02-05 r1: A", "2026-02-13 r2: A", "2026-02-24 r3: A"].as_slice()),
        (Some(OrderKind::Skip), &["2026-02-05 r1: A", "2026-02-24 r3: A"]),
        // The gap of three days holds; its own moment in the window does too.
        (Some(OrderKind::BringForward), &["2026-02-05 r1: A", "2026-02-08 r2: A", "2026-02-24 r3: A"]),
        (Some(OrderKind::SendNow), &["2026-02-05 r1: A", "2026-02-06 r2: A", "2026-02-24 r3: A"]),
    ] {
        let mut stage = stage(&steps);
        change(&mut stage, 0, |plan| plan.min_gap = crate::Days(3));
        let invoice = stage.invoice("A", EUR, 1_000, "2026-02-04");
        let mut lines = stage.run("2026-02-04T00:30:00Z", "2026-02-06T09:00:00Z");
        if let Some(kind) = kind.clone() {
            give(&mut stage, of_step("o", kind, "2026-02-06T09:00:00Z", &invoice, "r2"));
        }
        lines.extend(stage.run("2026-02-06T09:00:00Z", "2026-03-20T00:30:00Z"));
        assert_eq!(lines, expected, "{kind:?}");
        assert!(stage.facts.orders.is_empty());
    }
}

#[test]
fn a_sender_honours_what_was_ordered_since() {
    let mut stage = stage(&[send("r1", "P1D", json!({}))]);
    let invoice = stage.invoice("A", EUR, 1_000, "2026-02-04");
    let now = at("2026-02-05T15:45:00Z");
    let decision = decide(&stage.facts, &stage.policy, now);
    let facts = evolve(&stage.facts, &Event::Decided { decision, at: now });
    assert!(matches!(recheck(&facts, &stage.policy, &facts.pending[0], now), Recheck::Send { .. }));
    let skip = of_step("skip", OrderKind::Skip, "2026-02-05T15:46:00Z", &invoice, "r1");
    let stopped = evolve(&facts, &Event::OrderGiven(skip));
    assert!(matches!(recheck(&stopped, &stage.policy, &facts.pending[0], now), Recheck::Supersede(_)));
    let after_all = of_step("after all", OrderKind::SendNow, "2026-02-05T15:47:00Z", &invoice, "r1");
    let goes = evolve(&stopped, &Event::OrderGiven(after_all));
    assert!(matches!(recheck(&goes, &stage.policy, &facts.pending[0], now), Recheck::Send { .. }));
}

#[test]
fn of_contradictory_orders_the_later_is_obeyed() {
    let mut stage = stage(&[send("r1", "P9D", json!({}))]);
    let invoice = stage.invoice("A", EUR, 1_000, "2026-02-04");
    let skip = of_step("skip", OrderKind::Skip, "2026-02-05T10:00:00Z", &invoice, "r1");
    let now = of_step("now", OrderKind::SendNow, "2026-02-05T11:00:00Z", &invoice, "r1");
    for orders in [[skip.clone(), now.clone()], [now.clone(), skip.clone()]] {
        let mut stage = stage.clone();
        stage.facts.orders = orders.to_vec();
        let decision = stage.step(at("2026-02-05T12:00:00Z"));
        assert_eq!(decision.messages.len(), 1, "whatever their order in the list");
        let said: Vec<_> = traced(&decision).iter().map(|trace| (trace.kind.clone(), trace.said.clone())).collect();
        assert_eq!(said[0], (OrderKind::Skip, format!("not obeyed: overruled by {}", now.id)));
        assert!(said[1].1.starts_with("obeyed for 1 due items"), "{said:?}");
        assert_eq!(decision.used_orders.len(), 2);
    }
}

#[test]
fn an_order_that_cannot_be_obeyed_says_why() {
    let mut stage = stage(&[send("r1", "P1D", json!({})), send("r2", "P9D", json!({}))]);
    let invoice = stage.invoice("A", EUR, 1_000, "2026-02-04");
    let gone = InvoiceId::derive(&["gone"]);
    stage.run("2026-02-04T00:30:00Z", "2026-02-06T09:00:00Z");
    let given = "2026-02-06T09:00:00Z";
    let expired = Order { until: Some(at("2026-02-06T10:00:00Z")), ..of_step("o", OrderKind::Skip, given, &invoice, "r2") };
    let later = OrderKind::Later("of_2031".to_owned());
    for (order, used, says) in [
        (of_step("o", OrderKind::Skip, given, &invoice, "r1"), true, "too late: the step is over"),
        (of_step("o", OrderKind::SendNow, given, &gone, "r1"), true, "the due item is not open"),
        (of_step("o", OrderKind::SendNow, given, &invoice, "r9"), true, "has no step 'r9'"),
        (of_step("o", OrderKind::Approve, given, &invoice, "r2"), true, "asks for no approval"),
        (expired, true, "was to be obeyed by"),
        (Order { workflow: Some("other".to_owned()), ..order("o", OrderKind::Move, given) }, true, "no workflow 'other'"),
        (order("o", later, given), false, "does not know"),
        (order("o", OrderKind::LiftCapOnce, given), false, "the next message"),
    ] {
        let mut stage = stage.clone();
        give(&mut stage, order.clone());
        let decision = stage.step(at("2026-02-06T11:00:00Z"));
        let traces = traced(&decision);
        assert!(traces.len() == 1 && traces[0].used == used && traces[0].said.contains(says), "{:?}: {traces:?}", order.kind);
        assert_eq!(stage.facts.orders.is_empty(), used, "{:?}", order.kind);
        assert!(decision.messages.is_empty());
    }
}

#[test]
fn a_case_is_moved_to_another_workflow_at_its_rungs() {
    let mut stage = stage(&[send("r1", "P1D", json!({})), send("r2", "P9D", json!({}))]);
    let other = Stage::new(plan("other", &[send("r1", "P1D", json!({})), send("hard", "P3D", json!({}))]));
    stage.policy.workflows.extend(other.policy.workflows.clone());
    stage.policy.published.insert(("other".to_owned(), 1));
    stage.policy.templates.extend(other.policy.templates.clone());
    change(&mut stage, 1, |plan| plan.priority = 1);
    stage.invoice("A", EUR, 1_000, "2026-02-04");
    stage.run("2026-02-04T00:30:00Z", "2026-02-06T00:30:00Z");
    let to =
        |workflow: &str, given: &str| Order { workflow: Some(workflow.to_owned()), ..order(workflow, OrderKind::Move, given) };
    give(&mut stage, to("plan", "2026-02-06T08:00:00Z"));
    give(&mut stage, to("other", "2026-02-06T09:00:00Z"));
    let lines = stage.run("2026-02-06T09:00:00Z", "2026-03-01T00:30:00Z");
    assert_eq!(lines, ["2026-02-07 hard: A"], "r1 is not sent again");
    assert_eq!(case_in(&stage.facts.cases, EUR).workflow, "other");
}

#[test]
fn a_cap_is_lifted_for_one_message() {
    let mut stage = stage(&[send("r1", "P1D", json!({})), send("r2", "P2D", json!({})), send("r3", "P3D", json!({}))]);
    stage.policy.settings.caps.per_person = Some(crate::settings::PersonCap { count: 1, days: 30 });
    stage.invoice("A", EUR, 1_000, "2026-02-04");
    let person = stage.facts.customer.contacts[0].person().expect("a mailbox");
    let customer = stage.facts.customer.id.clone();
    stage.contacted(&person, &customer, &[at("2026-02-01T09:00:00Z")]);
    let now = at("2026-02-05T15:45:00Z");
    assert!(decide(&stage.facts, &stage.policy, now).messages.is_empty(), "the cap is reached");
    give(&mut stage, order("lift", OrderKind::LiftCapOnce, "2026-02-05T10:00:00Z"));
    let decision = decide(&stage.facts, &stage.policy, now);
    assert_eq!((decision.messages.len(), decision.used_orders.len()), (1, 1));
    let facts = evolve(&stage.facts, &Event::Decided { decision, at: now });
    assert!(matches!(recheck(&facts, &stage.policy, &facts.pending[0], now), Recheck::Send { .. }), "its sender knows");
    stage.step(now);
    assert!(decide(&stage.facts, &stage.policy, at("2026-02-06T15:45:00Z")).messages.is_empty(), "once");
}
