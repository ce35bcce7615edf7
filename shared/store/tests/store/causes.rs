//! What keeps messages of many customers back is told once, and taken back when it is gone.

use domain::*;
use store::{Ending, Task, TaskEnded};

use crate::common::*;

fn no_sender() -> Cause {
    Cause::NoSender { channel: domain::Channel::Email, legal_entity: String::new() }
}

async fn open(table: &Table) -> Vec<Task> {
    table.store.tasks(&table.tenant, 200, None).await.unwrap().tasks
}

#[tokio::test]
async fn one_exception_counts_and_names_whom_a_cause_concerns() {
    let table = table().await;
    let (store, tenant) = (&table.store, &table.tenant);
    let customers: Vec<CustomerId> = (0..5).map(|n| customer_of(&format!("C-{n}"))).collect();
    let first = store.raise_cause(tenant, &no_sender(), "", &customers[0], at(0)).await.unwrap();
    // Each again and again, and several at once.
    let told = customers
        .iter()
        .chain(&customers)
        .map(|customer| async { store.raise_cause(tenant, &no_sender(), "", customer, at(1)).await.unwrap() });
    for task in futures::future::join_all(told).await {
        assert_eq!(task, first);
    }
    let other = Cause::NoText { template: "reminder".to_owned(), channel: Channel::Email };
    store.raise_cause(tenant, &other, "no text", &customers[0], at(2)).await.unwrap();
    let listed = open(&table).await;
    let counts: Vec<_> = listed.iter().map(|task| (task.customer.clone(), task.concerns)).collect();
    assert_eq!(counts, [(None, Some(5)), (None, Some(1))]);
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let page = store.concerned(tenant, &first, 2, after.as_ref()).await.unwrap();
        assert!(page.customers.len() <= 2);
        seen.extend(page.customers);
        after = page.after;
        if after.is_none() {
            break;
        }
    }
    let mut expected = customers;
    expected.sort();
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn it_is_taken_back_when_it_is_gone_and_told_anew_when_it_comes_back() {
    let table = table().await;
    let (store, tenant) = (&table.store, &table.tenant);
    let customer = customer_id();
    assert!(!store.end_cause(tenant, &no_sender(), "", at(0)).await.unwrap());
    let first = store.raise_cause(tenant, &no_sender(), "", &customer, at(0)).await.unwrap();
    // Settings that do not mend it leave it.
    let mut settings = Settings::named("Acme");
    settings.mode = Mode::Live;
    settings.reply_to = Some("ar@acme.example".to_owned());
    store.put_settings(tenant, &settings, None, at(1)).await.unwrap();
    assert_eq!(open(&table).await.len(), 1);
    settings.sender.insert(Channel::Email, "ar@acme.example".to_owned());
    store.put_settings(tenant, &settings, None, at(2)).await.unwrap();
    assert!(open(&table).await.is_empty());
    let done = store.task(tenant, &first).await.unwrap().unwrap();
    assert_eq!(done.withdrawn, Some((at(2), "the settings name a sender for email".to_owned())));
    settings.sender.clear();
    store.put_settings(tenant, &settings, None, at(3)).await.unwrap();
    let second = store.raise_cause(tenant, &no_sender(), "", &customer, at(4)).await.unwrap();
    assert_ne!(second, first);
    assert_eq!(open(&table).await.len(), 1);
    // One that a person ended is not told of again for those whom it concerned, and anew for others: their messages wait too.
    let ending = Ending { result: TaskResult::Done, note: None, by: None };
    assert!(matches!(store.end_task(tenant, &second, &ending, at(5)).await.unwrap(), TaskEnded::Done(_)));
    assert_eq!(store.raise_cause(tenant, &no_sender(), "", &customer, at(6)).await.unwrap(), second);
    assert!(open(&table).await.is_empty());
    let third = store.raise_cause(tenant, &no_sender(), "", &customer_of("C-2"), at(6)).await.unwrap();
    assert_eq!(open(&table).await.iter().map(|task| task.id.clone()).collect::<Vec<_>>(), std::slice::from_ref(&third));
    assert!(store.end_cause(tenant, &no_sender(), "mended", at(7)).await.unwrap());
    assert_eq!(store.task(tenant, &second).await.unwrap().unwrap().withdrawn, None);
    assert!(store.task(tenant, &third).await.unwrap().unwrap().withdrawn.is_some());
    let fourth = store.raise_cause(tenant, &no_sender(), "", &customer, at(8)).await.unwrap();
    assert_eq!(open(&table).await.iter().map(|task| task.id.clone()).collect::<Vec<_>>(), [fourth]);
}
