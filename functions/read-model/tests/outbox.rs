//! Events of the stream's batches, queued for subscriptions.
#![allow(clippy::unwrap_used, reason = "helpers of tests panic as tests do")]

use domain::{DeliveryStatus, SubscriptionEnd, SubscriptionId, TaskKind};
use serde_json::{Value, json};
use store::{BusKind, Subscription};
use testbed::{
    aws::{Aws, event},
    documents::task,
};

async fn subscribed(aws: &Aws, id: &str, events: &[BusKind]) -> Subscription {
    let new = Subscription {
        id: SubscriptionId::derive(&["acme", id]),
        name: None,
        url: "https://hooks.example/".to_owned(),
        events: events.iter().map(|kind| kind.as_str().to_owned()).collect(),
        enabled: true,
        ended: None,
        sealed: vec![1],
        sealed_before: None,
        made_at: aws.now(),
        made_by: "robin".to_owned(),
        rev: 0,
    };
    aws.store.put_subscription(&aws.tenant, &new).await.unwrap()
}

/// What is in the log of a subscription: kind, lane, place and status, in the order of lanes.
async fn log(aws: &Aws, of: &Subscription) -> Vec<(String, String, u64, DeliveryStatus)> {
    let page = aws.store.event_deliveries(&aws.tenant, &of.id, 200, None, aws.now()).await.unwrap();
    let mut all: Vec<_> = page.deliveries.into_iter().map(|one| (one.lane, one.position, one.kind, one.status)).collect();
    all.sort();
    all.into_iter().map(|(lane, position, kind, status)| (kind, lane, position, status)).collect()
}

#[tokio::test]
async fn events_are_queued_once_in_the_order_of_the_stream_for_who_wants_them() {
    let aws = Aws::start().await;
    let handler = read_model::Handler::new(&aws.env, &aws.clients, aws.clock.clone()).unwrap();
    let kinds = [BusKind::InvoiceUpserted, BusKind::MessageQueued, BusKind::MessageSent, BusKind::StepSatisfied];
    let one = subscribed(&aws, "one", &kinds).await;
    let other = subscribed(&aws, "other", &[BusKind::MessageSent]).await;
    let off = Subscription { enabled: false, ..subscribed(&aws, "off", &kinds).await };
    aws.store.put_subscription(&aws.tenant, &off).await.unwrap();
    let failed = subscribed(&aws, "failed", &[BusKind::MessageSent]).await;
    let failed = Subscription { enabled: false, ended: Some((SubscriptionEnd::Failing, aws.now())), ..failed };
    aws.store.put_subscription(&aws.tenant, &failed).await.unwrap();
    let customer = aws.reminded("C-1").await;
    let records: Vec<Value> = aws.records();
    for _ in 0..2 {
        let answer = handler.handle(event(json!({ "Records": records }))).await.unwrap();
        assert_eq!(answer, json!({ "batchItemFailures": [] }));
    }
    let waiting = |kind: &str, position| (kind.to_owned(), customer.as_str().to_owned(), position, DeliveryStatus::Waiting);
    let expected =
        [waiting("InvoiceUpserted", 0), waiting("MessageQueued", 1), waiting("MessageSent", 2), waiting("StepSatisfied", 3)];
    assert_eq!(log(&aws, &one).await, expected);
    assert_eq!(log(&aws, &other).await, [waiting("MessageSent", 0)]);
    assert!(log(&aws, &off).await.is_empty());
    let kept = log(&aws, &failed).await;
    assert_eq!((kept.len(), kept[0].3), (1, DeliveryStatus::Kept));
    let delivery = aws.store.event_deliveries(&aws.tenant, &other.id, 1, None, aws.now()).await.unwrap().deliveries.remove(0);
    assert_eq!((&delivery.detail["schema_version"], &delivery.detail["id"]), (&json!(1), &json!(delivery.event)));
}

#[tokio::test]
async fn what_is_of_no_customer_has_a_lane_of_its_own() {
    let aws = Aws::start().await;
    let handler = read_model::Handler::new(&aws.env, &aws.clients, aws.clock.clone()).unwrap();
    let one = subscribed(&aws, "one", &[BusKind::TaskCreated]).await;
    aws.store.raise(&aws.tenant, None, &task(TaskKind::Task, "a"), aws.now()).await.unwrap();
    let records: Vec<Value> = aws.records();
    handler.handle(event(json!({ "Records": records }))).await.unwrap();
    assert_eq!(log(&aws, &one).await, [("TaskCreated".to_owned(), "TaskCreated".to_owned(), 0, DeliveryStatus::Waiting)]);
}

#[tokio::test]
async fn without_time_nothing_is_queued_and_the_record_comes_again() {
    let aws = Aws::start().await;
    let handler = read_model::Handler::new(&aws.env, &aws.clients, aws.clock.clone()).unwrap();
    let one = subscribed(&aws, "one", &[BusKind::InvoiceUpserted]).await;
    aws.owes("C-1").await;
    let records: Vec<Value> = aws.records();
    let mut late = event(json!({ "Records": records }));
    late.context.deadline = 0;
    let answer = handler.handle(late).await.unwrap();
    assert!(answer["batchItemFailures"][0]["itemIdentifier"].is_string(), "{answer}");
    assert!(log(&aws, &one).await.is_empty());
    handler.handle(event(json!({ "Records": records }))).await.unwrap();
    assert_eq!(log(&aws, &one).await.len(), 1);
}
