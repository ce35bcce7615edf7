//! What people see and do: the worklist, and addresses that are not used any more.

use domain::*;
use store::{Receipt, is_task_cursor};

use crate::common::*;

fn task(key: &str) -> NewTask {
    NewTask {
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
