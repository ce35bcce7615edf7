//! The bus events that the table's stream stands for.

use domain::*;
use store::{BusEvent, events};

use crate::common::*;

/// Every event so far, in the stream's order.
fn told(table: &Table) -> Vec<BusEvent> {
    let image = |record: &serde_json::Value, name: &str| {
        let image = record["dynamodb"].get(name).cloned()?;
        Some(serde_json::from_value::<serde_dynamo::Item>(image).unwrap())
    };
    let records = table.aws.records();
    let new = |record| image(record, "NewImage").map(|new| events(image(record, "OldImage").as_ref(), &new).unwrap());
    records.iter().filter_map(new).flatten().collect()
}

fn kinds(events: &[BusEvent]) -> Vec<&'static str> {
    events.iter().map(|event| event.kind.as_str()).collect()
}

#[tokio::test]
async fn a_message_is_told_from_its_decision_to_its_bounce() {
    for during in [true, false] {
        let table = table().await;
        let pays = Document::Payment { customer: CustomerRef::Named(customer_id()), payment: payment("P-1", 1, "INV-1") };
        table.say("e1", &[invoice_doc("INV-1", 1), pays], 0).await;
        let (head, facts) = (table.head().await, table.facts().await);
        let plan = decision(vec![planned(vec![row("INV-1")])], Next::Parked);
        let message = table.store.commit(&table.tenant, &head, &facts, &plan, at(1)).await.unwrap().messages.remove(0);
        let own = attempt("a1", 5);
        let claimed = held(&table, head.version, &message, &own).await;
        let bounce = async |minute| {
            let bounced = DeliveryEvent::Bounced;
            let (store, customer) = (&table.store, customer_id());
            let known = store.receipt(&table.tenant, &customer, 1, &message, bounced, at(minute), None, at(minute));
            assert!(known.await.unwrap());
        };
        if during {
            bounce(2).await;
        }
        let settlement = sent(3, vec![row("INV-1")]);
        table.store.settle(&table.tenant, &claimed, &message, &own, &settlement, Next::Parked).await.unwrap();
        if !during {
            bounce(4).await;
        }
        let events = told(&table);
        let mut first: Vec<_> = kinds(&events[..2]);
        first.sort_unstable();
        assert_eq!(first, ["InvoiceUpserted", "PaymentUpserted"]);
        let rest = ["MessageQueued", "CaseOpened", "MessageSent", "StepSatisfied", "MessageFailed"];
        assert_eq!(kinds(&events[2..]), rest, "heard during the call: {during}");
        let ids: std::collections::BTreeSet<&str> = events.iter().map(|event| event.id.as_str()).collect();
        assert_eq!(ids.len(), events.len(), "each has an id of its own");
        assert_eq!(told(&table), events, "and the same every time");
        for event in &events {
            assert_eq!((event.detail["tenant"].as_str(), &event.detail["id"]), (Some("acme"), &event.id.as_str().into()));
            assert!(event.detail["occurred_at"].is_string(), "{event:?}");
            let text = event.detail.to_string();
            for personal in ["Anna", "Acme", "ap@", "4930"] {
                assert!(!text.contains(personal), "{personal} in {text}");
            }
        }
        let failed = events.last().unwrap();
        assert_eq!((&failed.detail["status"], &failed.detail["message"]), (&"bounced".into(), &message.as_str().into()));
    }
}

#[tokio::test]
async fn a_message_that_is_dispatched_again_is_told_again_and_one_in_doubt_once() {
    let table = table().await;
    table.say("e1", &[invoice_doc("INV-1", 1)], 0).await;
    let (head, facts) = (table.head().await, table.facts().await);
    let plan = decision(vec![planned(vec![row("INV-1")])], Next::Parked);
    let message = table.store.commit(&table.tenant, &head, &facts, &plan, at(1)).await.unwrap().messages.remove(0);
    let before = table.head().await;
    assert!(table.store.touch(&table.tenant, &before, &message, at(20)).await.unwrap());
    held(&table, head.version, &message, &attempt("a1", 25)).await;
    assert!(table.store.mark_unknown(&table.tenant, &table.head().await, &message, at(60), at(30)).await.unwrap());
    let events = told(&table);
    let rest = ["InvoiceUpserted", "MessageQueued", "CaseOpened", "MessageQueued", "MessageUnknown"];
    assert_eq!(kinds(&events), rest);
    assert_ne!(events[1].id, events[3].id);
    // An invoice that moves away is told of at its new customer only.
    table.say("e2", &[Document::Invoice { customer: other("B"), invoice: invoice("INV-1", 2) }], 31).await;
    let moved = told(&table);
    let whose = &moved.last().unwrap().detail["customer"];
    assert_eq!((moved.len(), whose), (rest.len() + 1, &customer_of("B").as_str().into()));
}

#[tokio::test]
async fn tasks_and_waiting_cases_are_told() {
    let table = table().await;
    table.say("e1", &[invoice_doc("INV-1", 1)], 0).await;
    let mut plan = decision(vec![], Next::Parked);
    plan.tasks = vec![NewTask {
        kind: TaskKind::HandOff,
        key: "k".into(),
        title: "Hand off".into(),
        detail: "to the agency".into(),
        to: None,
        due_on: None,
        step: Some("agency".into()),
        currency: Some(Currency::EUR),
        case: None,
    }];
    plan.cases.get_mut(&case_key()).unwrap().state = CaseState::Waiting(WaitingReason::Held);
    table.store.commit(&table.tenant, &table.head().await, &table.facts().await, &plan, at(1)).await.unwrap();
    let mut kinds = kinds(&told(&table));
    kinds.sort_unstable();
    assert_eq!(kinds, ["CaseWaiting", "HandOffRequested", "InvoiceUpserted", "TaskCreated"]);
}

#[tokio::test]
async fn what_was_asked_for_is_told_as_done_only_once_a_person_said_so() {
    for (kind, asked, happened) in [
        (TaskKind::HandOff, Some("HandOffRequested"), Some("CaseHandedOff")),
        (TaskKind::CreditHold, Some("CreditHoldRequested"), Some("CreditHoldPlaced")),
        (TaskKind::CreditRelease, Some("CreditHoldReleaseRequested"), Some("CreditHoldReleased")),
        (TaskKind::ChangeTerms, Some("TermsChangeRequested"), Some("TermsChanged")),
        (TaskKind::RestoreTerms, Some("TermsRestoreRequested"), Some("TermsRestored")),
        (TaskKind::Escalation, Some("EscalationRequested"), None),
        (TaskKind::Task, None, None),
    ] {
        for (result, tells) in [(TaskResult::Done, true), (TaskResult::Failed, false)] {
            let table = table().await;
            table.say("e1", &[invoice_doc("INV-1", 1)], 0).await;
            let mut plan = decision(vec![], Next::Parked);
            let task = NewTask {
                kind,
                key: "k".into(),
                title: "Do it".into(),
                detail: "now".into(),
                to: None,
                due_on: None,
                step: Some("agency".into()),
                currency: Some(Currency::EUR),
                case: None,
            };
            plan.tasks = vec![task];
            let raised =
                table.store.commit(&table.tenant, &table.head().await, &table.facts().await, &plan, at(1)).await.unwrap();
            let before = told(&table);
            let requested = before.iter().map(|event| event.kind.as_str()).filter(|kind| kind.ends_with("Requested"));
            assert_eq!(requested.collect::<Vec<_>>(), asked.into_iter().collect::<Vec<_>>());
            let ending = store::Ending { result, note: None, by: None };
            table.store.end_task(&table.tenant, &raised.tasks[0], &ending, at(2)).await.unwrap();
            let after = told(&table);
            let since: Vec<_> = after[before.len()..].iter().map(|event| event.kind.as_str()).collect();
            assert_eq!(since, happened.filter(|_| tells).into_iter().collect::<Vec<_>>(), "{kind:?} {result:?}");
        }
    }
}

#[tokio::test]
async fn a_service_mail_is_told_of_once_whatever_becomes_of_it() {
    let table = table().await;
    table.say("e1", &[invoice_doc("INV-1", 1)], 0).await;
    let (store, tenant, customer) = (&table.store, &table.tenant, customer_id());
    let mail = ServiceMail::of(ServiceMailKind::NewLink, &LinkId::derive(&["link"]), None, at(1));
    assert!(store.request_service_mail(tenant, &customer, &mail).await.unwrap());
    assert!(!store.request_service_mail(tenant, &customer, &mail).await.unwrap());
    let nameless = ServiceMail::of(ServiceMailKind::Receipt, &mail.link, None, at(1));
    assert!(store.request_service_mail(tenant, &customer, &nameless).await.is_err(), "it names no payment");
    store.take_service_mail(tenant, &customer, &mail.id, at(2)).await.unwrap().unwrap();
    assert_eq!(store.take_service_mail(tenant, &customer, &mail.id, at(2)).await.unwrap(), None);
    let said = async |status, minute| {
        let result = store::ServiceMailResult { status, why: None, provider_id: Some("ses-1"), at: at(minute) };
        store.end_service_mail(tenant, &customer, &mail.id, result).await.unwrap()
    };
    // SES was faster than the sender; the loudest word stands.
    let heard = [MessageStatus::Delivered, MessageStatus::Sent, MessageStatus::Complained, MessageStatus::Bounced];
    let mut changed = Vec::new();
    for status in heard {
        changed.push(said(status, 3).await);
    }
    assert_eq!(changed, [true, false, true, false]);
    let known = store.service_mail(tenant, &customer, &mail.id, at(4)).await.unwrap().unwrap();
    assert_eq!((known.status, known.status_at), (MessageStatus::Complained, Some(at(3))));
    let events = told(&table);
    let requested: Vec<&BusEvent> = events.iter().filter(|event| event.kind.as_str() == "ServiceMailRequested").collect();
    let [event] = requested.as_slice() else { panic!("{requested:?}") };
    assert_eq!((&event.detail["mail"], &event.detail["channel"]), (&mail.id.as_str().into(), &"email".into()));
    let page = store.service_mails(tenant, &customer, 10, None, at(4)).await.unwrap();
    assert_eq!((page.mails.len(), page.after), (1, None));
    assert!(store.service_mails(tenant, &customer, 10, Some(&mail.id), at(4)).await.unwrap().mails.is_empty());
}
