//! What people see and do: the worklist, and addresses that are not used any more.

use domain::*;
use store::{Logged, Receipt, is_task_cursor};

use crate::common::*;

fn task(key: &str) -> NewTask {
    NewTask {
        case: None,
        kind: TaskKind::Document,
        key: key.to_owned(),
        title: "An event could not be taken".to_owned(),
        detail: "look at it".to_owned(),
        to: None,
        due_on: None,
        step: None,
        currency: None,
    }
}

#[tokio::test]
async fn the_worklist_pages_oldest_first_and_loses_nobody() {
    let table = table().await;
    let (store, tenant) = (&table.store, &table.tenant);
    // Three a minute, so that a page ends within one.
    for n in 0..10 {
        store.raise(tenant, None, &task(&format!("k{n}")), at(n / 3)).await.unwrap();
        store.raise(tenant, None, &task(&format!("k{n}")), at(99)).await.unwrap();
    }
    let (mut seen, mut after, mut pages) = (Vec::new(), None, 0);
    loop {
        let page = store.tasks(tenant, 4, after.as_deref()).await.unwrap();
        assert!(page.tasks.len() <= 4);
        seen.extend(page.tasks);
        pages += 1;
        after = page.after;
        match &after {
            Some(cursor) => assert!(is_task_cursor(cursor), "{cursor}"),
            None => break,
        }
    }
    assert_eq!((seen.len(), pages), (10, 3));
    assert!(seen.windows(2).all(|pair| pair[0].raised_at <= pair[1].raised_at));
    let mut keys: Vec<&str> = seen.iter().map(|one| one.task.key.as_str()).collect();
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), 10);
    for minute in [20, 30] {
        assert!(store.finish_task(tenant, &seen[0].id, at(minute)).await.unwrap());
    }
    let left = store.tasks(tenant, 200, None).await.unwrap();
    assert_eq!((left.tasks.len(), left.after), (9, None));
    assert_eq!(store.task(tenant, &seen[0].id).await.unwrap().unwrap().done_at, Some(at(20)));
    store.raise(tenant, None, &seen[0].task, at(40)).await.unwrap();
    assert_eq!(store.tasks(tenant, 200, None).await.unwrap().tasks.len(), 9, "what is done stays done");
    let unknown = TaskId::derive(&["acme", "none"]);
    assert!(!store.finish_task(tenant, &unknown, at(1)).await.unwrap());
}

#[tokio::test]
async fn a_proposal_lies_with_its_task_and_is_refused_like_an_approval() {
    let table = table().await;
    let (store, tenant) = (&table.store, &table.tenant);
    let task = NewTask { kind: TaskKind::Proposal, ..task("p") };
    let proposal = |reason: &str| store::ProposedOperation {
        operation: "add_note".to_owned(),
        arguments: serde_json::json!({"body": {"text": "x"}}),
        reason: reason.to_owned(),
        by: "ann".to_owned(),
        facts_version: Some("seen".to_owned()),
        expires_at: at(60),
    };
    let id = store.raise_proposal(tenant, None, &task, &proposal("first"), at(1)).await.unwrap();
    assert_eq!(store.raise_proposal(tenant, None, &task, &proposal("again"), at(2)).await.unwrap(), id);
    let known = store.task(tenant, &id).await.unwrap().unwrap();
    assert_eq!((known.proposal, known.raised_at), (Some(proposal("first")), at(1)));
    assert!(!known.task.kind.is_exception());
    let ending = store::Ending { result: TaskResult::Refuse, note: None, by: Some("bob".to_owned()) };
    assert!(matches!(store.end_task(tenant, &id, &ending, at(3)).await.unwrap(), store::TaskEnded::Done(_)));
    assert!(store.tasks(tenant, 10, None).await.unwrap().tasks.is_empty());
}

#[tokio::test]
async fn a_document_is_parked_once_and_its_body_is_found() {
    let table = table().await;
    let (store, tenant) = (&table.store, &table.tenant);
    let receipt = |event: &str| Receipt { source: "stripe".into(), event_id: event.into() };
    assert!(store.park(tenant, &receipt("e1"), &task("e1"), Some("parked/1"), at(1)).await.unwrap());
    assert!(!store.park(tenant, &receipt("e1"), &task("e1"), Some("parked/2"), at(2)).await.unwrap());
    // Another event with the same flaw is received, and asks nobody again.
    assert!(store.park(tenant, &receipt("e2"), &task("e1"), Some("parked/3"), at(3)).await.unwrap());
    let tasks = store.tasks(tenant, 10, None).await.unwrap().tasks;
    assert_eq!(tasks.len(), 1);
    assert_eq!((tasks[0].body_key.as_deref(), tasks[0].raised_at), (Some("parked/1"), at(1)));
    let again = table.say("e2", &[invoice_doc("INV-1", 1)], 4).await;
    assert_eq!(again.outcome, store::AppliedOutcome::Duplicate, "what is parked is received");
}

#[tokio::test]
async fn the_strictest_reason_stands_and_the_customer_is_woken() {
    let table = table().await;
    table.say("e1", &[invoice_doc("INV-1", 1)], 0).await;
    let (store, tenant, mail) = (&table.store, &table.tenant, "ap@acme.example");
    use SuppressionReason::*;
    for (minute, reason, stands) in [(1, Bounce, Bounce), (2, OptOut, OptOut), (3, Complaint, OptOut), (4, OptOut, OptOut)] {
        let before = table.head().await.version;
        store.suppress(tenant, Channel::Email, mail, reason, at(minute), Some(&customer_id())).await.unwrap();
        let key = address_key(Channel::Email, mail);
        let known = table.facts().await.addresses[&key].suppressed.clone().unwrap();
        assert_eq!(known.reason, stands, "minute {minute}");
        let bumped = table.head().await.version > before;
        assert_eq!(bumped, known.at == at(minute), "minute {minute}: the head moves when something changed");
    }
    let sms = address_key(Channel::Sms, "+493012345678");
    assert!(!table.facts().await.addresses.contains_key(&sms), "another channel is not concerned");
    // Nobody's customer is no hindrance.
    store.suppress(tenant, Channel::Sms, "+493012345678", Cease, at(5), None).await.unwrap();
    assert_eq!(table.facts().await.addresses[&sms].suppressed.as_ref().unwrap().reason, Cease);
}

/// A decision that asks for approval of the reminder of INV-1.
async fn asks_for_approval(table: &Table, minute: i64) -> TaskId {
    let (head, facts) = (table.head().await, table.facts().await);
    let mut plan = decision(vec![], Next::Parked);
    let task = NewTask {
        kind: TaskKind::Approval,
        key: format!("reminder/{}", head.decision + 1),
        step: Some("reminder".into()),
        currency: Some(Currency::EUR),
        ..task("")
    };
    let rows = [WorkRow { item: row("INV-1").item, occurrence: Occurrence::default() }];
    plan.work = vec![OpenWork::of(&facts, &task, "reminder".into(), &rows, at(minute))];
    plan.tasks = vec![task];
    table.meter.take();
    let raised = table.store.commit(&table.tenant, &head, &facts, &plan, at(minute)).await.unwrap();
    println!("write units of a decision that asks a person: {}", table.meter.take());
    raised.tasks[0].clone()
}

fn says(result: TaskResult) -> store::Ending {
    store::Ending { result, note: Some("as agreed".into()), by: Some("ann".into()) }
}

#[tokio::test]
async fn an_answer_to_a_request_for_approval_is_an_order_that_a_decision_uses_up() {
    for (result, kind) in [(TaskResult::Approve, OrderKind::Approve), (TaskResult::Refuse, OrderKind::Refuse)] {
        let table = table().await;
        table.say("e1", &[invoice_doc("INV-1", 1)], 0).await;
        let id = asks_for_approval(&table, 1).await;
        let facts = table.facts().await;
        assert_eq!((facts.work.len(), facts.work[0].task.clone(), facts.orders.len()), (1, id.clone(), 0));
        let before = table.head().await;
        let store::TaskEnded::Done(task) = table.store.end_task(&table.tenant, &id, &says(result), at(2)).await.unwrap() else {
            panic!("it ends")
        };
        assert_eq!((task.done_at, task.effect_status(), task.ending), (Some(at(2)), EffectStatus::Done, Some(says(result))));
        let (head, facts) = (table.head().await, table.facts().await);
        assert!(head.version > before.version && head.due == Next::At(at(2)), "the customer is decided again");
        assert_eq!((facts.work.len(), facts.orders.len()), (0, 1));
        let order = &facts.orders[0];
        assert_eq!((&order.kind, order.by.as_str(), order.steps[0].item.clone()), (&kind, "ann", row("INV-1").item));
        // A decision that was made before it was given does not stand.
        let mut plan = decision(vec![], Next::Parked);
        plan.used_orders = vec![order.id.clone()];
        let late = table.store.commit(&table.tenant, &before, &facts, &plan, at(3)).await;
        assert!(matches!(late, Err(store::Error::Conflict { .. })), "{late:?}");
        table.store.commit(&table.tenant, &head, &facts, &plan, at(3)).await.unwrap();
        assert!(table.facts().await.orders.is_empty(), "used once");
    }
}

#[tokio::test]
async fn a_task_ends_once() {
    let table = table().await;
    table.say("e1", &[invoice_doc("INV-1", 1)], 0).await;
    let id = asks_for_approval(&table, 1).await;
    let end = |result: TaskResult, minute: i64| {
        let (table, id) = (&table, id.clone());
        async move { table.store.end_task(&table.tenant, &id, &says(result), at(minute)).await.unwrap() }
    };
    assert!(matches!(end(TaskResult::Approve, 2).await, store::TaskEnded::Done(_)));
    let store::TaskEnded::Done(again) = end(TaskResult::Approve, 3).await else { panic!("the same may be said again") };
    assert_eq!(again.done_at, Some(at(2)), "its first moment stays");
    assert!(matches!(end(TaskResult::Refuse, 4).await, store::TaskEnded::Over(_)));
    assert_eq!(table.facts().await.orders.len(), 1);
    let none = TaskId::derive(&["none"]);
    assert_eq!(table.store.end_task(&table.tenant, &none, &says(TaskResult::Done), at(5)).await.unwrap(), store::TaskEnded::None);
}

#[tokio::test]
async fn work_is_withdrawn_with_the_decision_that_says_so() {
    let table = table().await;
    table.say("e1", &[invoice_doc("INV-1", 1)], 0).await;
    let id = asks_for_approval(&table, 1).await;
    let (head, facts) = (table.head().await, table.facts().await);
    let mut plan = decision(vec![], Next::Parked);
    plan.withdrawn = vec![Withdrawal { task: id.clone(), why: "nothing of it is open".into(), done: false }];
    table.store.commit(&table.tenant, &head, &facts, &plan, at(2)).await.unwrap();
    let task = table.store.task(&table.tenant, &id).await.unwrap().unwrap();
    assert_eq!(task.withdrawn, Some((at(2), "nothing of it is open".to_owned())));
    assert_eq!((task.effect_status(), task.done_at), (EffectStatus::Superseded, None));
    assert!(table.store.tasks(&table.tenant, 10, None).await.unwrap().tasks.is_empty() && table.facts().await.work.is_empty());
    let late = table.store.end_task(&table.tenant, &id, &says(TaskResult::Approve), at(3)).await.unwrap();
    assert!(matches!(late, store::TaskEnded::Over(_)));
    assert!(table.facts().await.orders.is_empty(), "what comes too late orders nothing");
    // Asked for again, it is another task; finished meanwhile, it is not withdrawn.
    let id = asks_for_approval(&table, 4).await;
    let (head, facts) = (table.head().await, table.facts().await);
    plan.withdrawn[0].task = id.clone();
    table.store.finish_task(&table.tenant, &id, at(5)).await.unwrap();
    let raced = table.store.commit(&table.tenant, &head, &facts, &plan, at(6)).await;
    assert!(matches!(raced, Err(store::Error::Conflict { .. })), "{raced:?}");
}

#[tokio::test]
async fn work_that_outlives_its_end_stays_known() {
    let table = table().await;
    table.say("e1", &[invoice_doc("INV-1", 1)], 0).await;
    let (head, facts) = (table.head().await, table.facts().await);
    let mut plan = decision(vec![], Next::Parked);
    let task = NewTask { kind: TaskKind::Overpaid, ..task("INV-1/500/1") };
    plan.work = vec![OpenWork::of(&facts, &task, "INV-1/500".into(), &[], at(1))];
    plan.tasks = vec![task];
    let raised = table.store.commit(&table.tenant, &head, &facts, &plan, at(1)).await.unwrap();
    table.store.end_task(&table.tenant, &raised.tasks[0], &says(TaskResult::Done), at(2)).await.unwrap();
    assert_eq!(table.facts().await.work.iter().map(|work| work.done).collect::<Vec<_>>(), [true]);
}

#[tokio::test]
async fn orders_come_with_the_profile_and_wake_the_customer() {
    let table = table().await;
    table.say("e1", &[invoice_doc("INV-1", 1)], 0).await;
    let order = |n: u32| Order {
        id: OrderId::derive(&[&n.to_string()]),
        kind: OrderKind::LiftCapOnce,
        currency: Currency::EUR,
        case: None,
        steps: vec![],
        workflow: None,
        by: "ann".into(),
        given_at: at(1),
        until: None,
    };
    for n in [1, 2, 2] {
        table.store.put_order(&table.tenant, &customer_id(), &order(n), at(1)).await.unwrap();
    }
    assert_eq!(table.facts().await.orders.len(), 2);
    let nobody = table.store.put_order(&table.tenant, &customer_of("nobody"), &order(1), at(1)).await;
    assert!(matches!(nobody, Err(store::Error::Refused { .. })), "{nobody:?}");
}
#[tokio::test]
async fn a_persons_log_is_one_list_across_customers() {
    let table = table().await;
    table.say("e1", &[invoice_doc("INV-1", 1)], 0).await;
    let (store, tenant, person) = (&table.store, &table.tenant, "ap@acme.example");
    let first = contacted("C-2", 1, 1);
    let seen = ContactLog::default();
    assert_eq!(store.log_contact(tenant, person, &first, &seen).await.unwrap(), Logged::Written);
    // Whoever saw the log before it writes nothing, and learns how it is.
    let second = contacted("C-3", 1, 2);
    let Logged::Changed(now) = store.log_contact(tenant, person, &second, &seen).await.unwrap() else { panic!("written over") };
    assert_eq!(now.attempts, std::slice::from_ref(&first));
    let shadow = ContactAttempt { mode: Mode::Shadow, ..second.clone() };
    assert_eq!(store.log_contact(tenant, person, &shadow, &now).await.unwrap(), Logged::Written);
    let known = table.facts().await.contact_log.remove(person).unwrap();
    assert_eq!((known.attempts.clone(), known.revision), (vec![first.clone(), shadow], 2), "no cap is set, and it is read");
    for _ in 0..2 {
        store.take_contact_back(tenant, person, &first.message).await.unwrap();
        let left = table.facts().await.contact_log.remove(person).unwrap();
        assert_eq!((left.attempts.len(), left.revision), (1, 3), "taking it back twice is doing so once");
    }
    store.take_contact_back(tenant, "nobody@acme.example", &first.message).await.unwrap();
}

#[tokio::test]
async fn what_is_proved_lost_was_no_contact() {
    for settled in [true, false] {
        let table = table().await;
        table.say("e1", &[invoice_doc("INV-1", 1)], 0).await;
        let (head, facts) = (table.head().await, table.facts().await);
        let plan = decision(vec![planned(vec![row("INV-1")])], Next::Parked);
        let message = table.store.commit(&table.tenant, &head, &facts, &plan, at(1)).await.unwrap().messages.remove(0);
        let contact = ContactAttempt { message: message.clone(), ..contacted("C-100", 1, 2) };
        let person = facts.customer.contacts[0].person().unwrap();
        table.store.log_contact(&table.tenant, &person, &contact, &ContactLog::default()).await.unwrap();
        let own = attempt("a1", 12);
        let claimed = held(&table, head.version, &message, &own).await;
        let bounce = domain::DeliveryEvent::Bounced;
        let hear = async || {
            let heard =
                table.store.receipt(&table.tenant, &customer_id(), 1, &message, bounce, at(3), Some("ses-1"), at(3)).await;
            assert!(heard.unwrap());
        };
        let settle = async || {
            let sent = sent(2, vec![row("INV-1")]);
            assert!(table.store.settle(&table.tenant, &claimed, &message, &own, &sent, Next::Parked).await.unwrap());
        };
        if settled {
            settle().await;
            assert_eq!(table.facts().await.contact_log[&person].attempts.len(), 1);
            hear().await;
        } else {
            hear().await;
            settle().await;
        }
        assert_eq!(table.facts().await.contact_log[&person].attempts, [], "{settled}");
    }
}
