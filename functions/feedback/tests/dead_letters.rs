//! Dead letters of every kind: each becomes an exception, or an error in the log, and leaves the queue.
#![allow(clippy::unwrap_used, reason = "helpers of tests panic as tests do")]

#[allow(dead_code, reason = "each suite uses its own part")]
mod message;

use domain::TaskKind;
use message::{MAIN, Stage, Subject, delivery, record};
use serde_json::{Value, json};

const QUEUE: &str = "stack-DeadLetters-1";

fn queued(subject: &Subject) -> Value {
    json!({
        "version": "0", "id": "i", "source": "dunlin", "detail-type": "MessageQueued", "detail": {
            "schema_version": 1, "id": "evt_1", "tenant": "acme", "customer": subject.customer.as_str(),
            "message": subject.message.as_str(), "channel": "email", "number": subject.number
        }
    })
}

#[tokio::test]
async fn a_message_that_no_sender_took_is_named_to_a_person_once() {
    let subject = Subject::start(Stage::Calling).await;
    let body = queued(&subject).to_string();
    // The sweep dispatched it again under the same id, as another event.
    let again = body.replace("evt_1", "evt_2");
    for _ in 0..2 {
        assert_eq!(subject.deliver(QUEUE, &[body.clone(), again.clone()]).await, Vec::<usize>::new());
    }
    let tasks = subject.aws.tasks().await;
    assert_eq!(tasks.len(), 1);
    assert_eq!((tasks[0].task.kind, tasks[0].customer.as_ref()), (TaskKind::DeadLetter, Some(&subject.customer)));
    assert!(tasks[0].task.detail.contains(subject.message.as_str()) && tasks[0].task.detail.contains("send-email"));
}

#[tokio::test]
async fn a_part_of_a_sweep_names_its_tenant_and_shard() {
    let subject = Subject::start(Stage::Sent).await;
    let body = json!({ "tenant": "acme", "shard": 3, "at": "2026-01-05T08:00:00Z" }).to_string();
    assert_eq!(subject.deliver(QUEUE, &[body]).await, Vec::<usize>::new());
    let tasks = subject.aws.tasks().await;
    assert_eq!((tasks.len(), tasks[0].task.kind, tasks[0].customer.as_ref()), (1, TaskKind::DeadLetter, None));
    assert!(tasks[0].task.detail.contains("acme, shard 3"), "{}", tasks[0].task.detail);
}

#[tokio::test]
async fn an_event_of_ses_is_tried_once_more() {
    let subject = Subject::start(Stage::Sent).await;
    let mut dead = record(QUEUE, 0, &subject.ses("Delivery", delivery(&[MAIN])).to_string());
    dead["messageAttributes"] = json!({ "ERROR_CODE": { "stringValue": "SDK_CLIENT_ERROR", "dataType": "String" } });
    assert_eq!(subject.deliver_records(&[dead]).await, Vec::<usize>::new());
    assert_eq!(subject.status().await, "delivered Sent");
    let broken = record(QUEUE, 0, &subject.ses("Delivery", json!({ "delivery": 1 })).to_string());
    assert_eq!(subject.deliver_records(&[broken]).await, Vec::<usize>::new());
    assert_eq!(subject.aws.tasks().await.len(), 1);
}

#[tokio::test]
async fn what_belongs_to_no_tenant_leaves_the_queue() {
    let subject = Subject::start(Stage::Sent).await;
    let mut nobody = queued(&subject);
    nobody["detail"]["tenant"] = json!("nobody");
    let mut nameless = queued(&subject);
    nameless["detail"].as_object_mut().unwrap().remove("message");
    let stream = json!({
        "requestContext": { "condition": "RetryAttemptsExhausted", "approximateInvokeCount": 11 }, "version": "1.0",
        "DDBStreamBatchInfo": {
            "shardId": "shardId-1", "startSequenceNumber": "1", "endSequenceNumber": "9", "batchSize": 9,
            "streamArn": "arn:aws:dynamodb:eu-central-1:1:table/t/stream/s"
        }
    });
    let bodies = [
        nobody.to_string(),
        nameless.to_string(),
        stream.to_string(),
        json!({ "source": "dunlin", "detail-type": "CaseOpened", "detail": {} }).to_string(),
        json!({ "tenant": "nobody", "shard": 1, "at": "x" }).to_string(),
        json!({ "source": "aws.ses", "detail": 7 }).to_string(),
        json!({}).to_string(),
        json!(null).to_string(),
        "[".repeat(100_000),
        "not JSON".to_owned(),
        String::new(),
    ];
    assert_eq!(subject.deliver(QUEUE, &bodies).await, Vec::<usize>::new());
    assert_eq!(subject.deliver_records(&[json!(7), json!({ "body": 7 })]).await, Vec::<usize>::new());
    assert!(subject.aws.tasks().await.is_empty());
    assert_eq!(subject.status().await, "sent Sent");
}

#[tokio::test]
async fn a_busy_table_keeps_a_dead_letter_in_its_queue() {
    let subject = Subject::start(Stage::Calling).await;
    *subject.aws.world.throttled.lock().unwrap() = 10_000;
    let body = queued(&subject).to_string();
    assert_eq!(subject.deliver(QUEUE, std::slice::from_ref(&body)).await, [0]);
    *subject.aws.world.throttled.lock().unwrap() = 0;
    assert_eq!(subject.deliver(QUEUE, &[body]).await, Vec::<usize>::new());
    assert_eq!(subject.aws.tasks().await.len(), 1);
}

#[tokio::test]
async fn a_service_mail_that_was_given_up_is_named_to_a_person_unless_somebody_took_it() {
    for taken in [false, true] {
        let subject = Subject::start(Stage::Sent).await;
        let (store, tenant, now) = (&subject.aws.store, &subject.aws.tenant, subject.aws.now());
        let link = domain::LinkId::derive(&["link"]);
        let mail = domain::ServiceMail::of(domain::ServiceMailKind::NewLink, &link, None, now);
        assert!(store.request_service_mail(tenant, &subject.customer, &mail).await.unwrap());
        if taken {
            store.take_service_mail(tenant, &subject.customer, &mail.id, now).await.unwrap().unwrap();
        }
        let detail =
            json!({ "tenant": "acme", "customer": subject.customer.as_str(), "mail": mail.id.as_str(), "channel": "email" });
        let letter = json!({ "source": "dunlin", "detail-type": "ServiceMailRequested", "detail": detail }).to_string();
        let nameless = json!({ "source": "dunlin", "detail-type": "ServiceMailRequested", "detail": {} }).to_string();
        for _ in 0..2 {
            assert_eq!(subject.deliver(QUEUE, &[letter.clone(), nameless.clone()]).await, Vec::<usize>::new());
        }
        let known = store.service_mail(tenant, &subject.customer, &mail.id, now).await.unwrap().unwrap();
        let tasks = subject.aws.tasks().await;
        let expected = if taken { ("queued", 0) } else { ("failed", 1) };
        assert_eq!((known.status.as_str(), tasks.len()), expected);
        assert!(tasks.iter().all(|task| task.task.detail.contains(mail.id.as_str())), "{tasks:?}");
    }
}
