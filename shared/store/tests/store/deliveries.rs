//! Events that go to subscriptions: places in lanes, leases, the log, replays.

use domain::{DeliveryStatus, SubscriptionId, TenantId};
use jiff::Timestamp;
use serde_json::json;
use store::{DeliveryLane, DueDelivery, NewDelivery, ReplayOf, Subscription, TriedDelivery};

use crate::common::*;

const KIND: &str = "InvoiceUpserted";

fn lane_of(tenant: &TenantId, customer: &str) -> DeliveryLane {
    let subscription = SubscriptionId::derive(&["s"]);
    DeliveryLane { tenant: tenant.clone(), subscription, lane: customer.to_owned() }
}

async fn queue(table: &Table, lane: &DeliveryLane, event: &str, now: Timestamp) -> bool {
    let detail = json!({ "id": event });
    let new = NewDelivery { event, kind: KIND, detail: &detail, status: DeliveryStatus::Waiting };
    table.store.queue_delivery(lane, &new, now).await.unwrap()
}

fn delivered() -> TriedDelivery {
    TriedDelivery { status: DeliveryStatus::Delivered, tries: 1, answer: Some(200), why: None, next_at: None }
}

/// Delivers everything that waits; the events in their order.
async fn drained(table: &Table, lane: &DeliveryLane, now: Timestamp) -> Vec<String> {
    let mut events = Vec::new();
    if !table.store.take_lane(lane, "h", now, now + jiff::SignedDuration::from_secs(60)).await.unwrap() {
        return events;
    }
    loop {
        let (touched, first) = table.store.first_in_lane(lane).await.unwrap();
        let Some(delivery) = first else {
            assert!(table.store.leave_lane(lane, "h", touched).await.unwrap());
            return events;
        };
        table.store.delivery_tried(lane, &delivery, &delivered(), now).await.unwrap();
        events.push(delivery.event);
    }
}

#[tokio::test]
async fn events_keep_the_order_in_which_they_were_queued_and_come_once() {
    let table = table().await;
    let (one, other) = (lane_of(&table.tenant, "cus_1"), lane_of(&table.tenant, "cus_2"));
    for event in ["evt_c", "evt_a", "evt_b"] {
        assert!(queue(&table, &one, event, at(0)).await);
        assert!(!queue(&table, &one, event, at(1)).await, "it is there");
    }
    assert!(queue(&table, &other, "evt_a", at(0)).await);
    let (due, next) = table.store.deliveries_due(at(0), 10).await.unwrap();
    assert_eq!((due.len(), next), (2, None));
    assert_eq!(drained(&table, &one, at(2)).await, ["evt_c", "evt_a", "evt_b"]);
    // What was delivered stays known, and is not queued again.
    assert!(!queue(&table, &one, "evt_a", at(3)).await);
    assert_eq!(drained(&table, &one, at(3)).await, [""; 0]);
    let (due, _) = table.store.deliveries_due(at(3), 10).await.unwrap();
    assert_eq!(due, [DueDelivery::Lane(other)]);
}

#[tokio::test]
async fn many_who_queue_at_once_get_places_of_their_own() {
    let table = table().await;
    let lane = lane_of(&table.tenant, "cus_1");
    let events: Vec<String> = (0..6).map(|n| format!("evt_{n}")).collect();
    let each = events.iter().map(|event| queue(&table, &lane, event, at(0)));
    assert!(futures::future::join_all(each).await.into_iter().all(|queued| queued));
    let mut found = drained(&table, &lane, at(1)).await;
    found.sort();
    assert_eq!(found, events);
}

#[tokio::test]
async fn one_at_a_time_has_a_lane_and_looks_once_more_before_it_leaves() {
    let table = table().await;
    let (store, lane) = (&table.store, lane_of(&table.tenant, "cus_1"));
    assert!(!store.take_lane(&lane, "a", at(0), at(2)).await.unwrap(), "nothing is due");
    queue(&table, &lane, "evt_1", at(0)).await;
    assert!(store.take_lane(&lane, "a", at(0), at(2)).await.unwrap());
    assert!(!store.take_lane(&lane, "b", at(1), at(3)).await.unwrap());
    assert!(store.take_lane(&lane, "b", at(3), at(5)).await.unwrap(), "the lease has run out");
    let (_, first) = store.first_in_lane(&lane).await.unwrap();
    store.delivery_tried(&lane, &first.unwrap(), &delivered(), at(3)).await.unwrap();
    let (touched, none) = store.first_in_lane(&lane).await.unwrap();
    assert_eq!(none, None);
    queue(&table, &lane, "evt_2", at(4)).await;
    assert!(!store.leave_lane(&lane, "b", touched).await.unwrap(), "something came");
    assert!(store.leave_lane(&lane, "a", touched).await.unwrap(), "who lost it has nothing to leave");
    let (touched, second) = store.first_in_lane(&lane).await.unwrap();
    assert_eq!(second.as_ref().unwrap().event, "evt_2");
    let failed = TriedDelivery {
        status: DeliveryStatus::Waiting,
        tries: 1,
        answer: Some(500),
        why: Some("it answered 500".to_owned()),
        next_at: Some(at(10)),
    };
    store.delivery_tried(&lane, &second.unwrap(), &failed, at(4)).await.unwrap();
    store.rest_lane(&lane, "b", at(10)).await.unwrap();
    // What comes meanwhile neither wakes it nor passes it by.
    queue(&table, &lane, "evt_3", at(5)).await;
    assert!(!store.take_lane(&lane, "c", at(9), at(11)).await.unwrap());
    assert_eq!(store.deliveries_due(at(9), 10).await.unwrap(), (vec![], Some(at(10))));
    assert_eq!(drained(&table, &lane, at(10)).await, ["evt_2", "evt_3"]);
    assert!(store.leave_lane(&lane, "c", touched).await.unwrap());
    let shown = store.event_delivery(&table.tenant, &lane.subscription, "evt_2.cus_1").await.unwrap().unwrap();
    assert_eq!((shown.status, shown.tries, shown.why, shown.ended_at), (DeliveryStatus::Delivered, 1, None, Some(at(10))));
}

#[tokio::test]
async fn the_log_is_read_page_by_page_and_replayed_in_its_order() {
    let table = table().await;
    let (store, tenant) = (&table.store, &table.tenant);
    let lanes = ["cus_1", "cus_2"].map(|customer| lane_of(tenant, customer));
    let id = lanes[0].subscription.clone();
    const DAY: i64 = 24 * 60;
    for (n, minutes) in [0, 1, DAY, DAY + 1, 3 * DAY].into_iter().enumerate() {
        for lane in &lanes {
            queue(&table, lane, &format!("evt_{n}{}", lane.lane), at(minutes)).await;
            drained(&table, lane, at(minutes)).await;
        }
    }
    let now = at(4 * DAY);
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let page = store.event_deliveries(tenant, &id, 3, after.as_deref(), now).await.unwrap();
        assert!(page.deliveries.len() <= 3);
        seen.extend(page.deliveries.iter().map(|delivery| (delivery.made_at, delivery.id())));
        after = page.after;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(seen.len(), 10);
    assert!(seen.windows(2).all(|two| two[0].0 >= two[1].0), "newest first: {seen:?}");
    assert!(store.event_deliveries(tenant, &id, 3, Some("nonsense"), now).await.is_err());

    // All since the second day; while it is under way, none other is taken.
    assert!(store.ask_replay(tenant, &id, &ReplayOf::Since(at(DAY)), now).await.unwrap());
    assert!(!store.ask_replay(tenant, &id, &ReplayOf::Since(at(0)), now).await.unwrap());
    assert!(store.subscription_standing(tenant, &id).await.unwrap().is_replayed);
    assert!(store.deliveries_due(now, 10).await.unwrap().0.contains(&DueDelivery::Replay(tenant.clone(), id.clone())));
    // What comes now is behind what is replayed.
    queue(&table, &lanes[0], "evt_9cus_1", now).await;
    while store.replay_some(tenant, &id, now).await.unwrap() {}
    assert!(!store.subscription_standing(tenant, &id).await.unwrap().is_replayed);
    assert_eq!(drained(&table, &lanes[0], now).await, ["evt_2cus_1", "evt_3cus_1", "evt_4cus_1", "evt_9cus_1"]);
    assert_eq!(drained(&table, &lanes[1], now).await, ["evt_2cus_2", "evt_3cus_2", "evt_4cus_2"]);
    // Some by their ids; those that there are not are passed over.
    let these = ["evt_0cus_1.cus_1", "evt_x.cus_1", "evt_3cus_1.cus_1"].map(str::to_owned).to_vec();
    assert!(store.ask_replay(tenant, &id, &ReplayOf::These(these), now).await.unwrap());
    while store.replay_some(tenant, &id, now).await.unwrap() {}
    assert_eq!(drained(&table, &lanes[0], now).await, ["evt_0cus_1", "evt_3cus_1"]);
    let shown = store.event_delivery(tenant, &id, "evt_3cus_1.cus_1").await.unwrap().unwrap();
    assert_eq!((shown.replays, shown.queued_at, shown.made_at), (2, now, at(DAY + 1)));
}

#[tokio::test]
async fn a_subscription_that_is_put_into_use_again_begins_anew() {
    let table = table().await;
    let (store, tenant) = (&table.store, &table.tenant);
    let id = SubscriptionId::derive(&["s"]);
    let new = Subscription {
        id: id.clone(),
        name: None,
        url: "https://hooks.example/".to_owned(),
        events: vec![KIND.to_owned()],
        enabled: true,
        ended: None,
        sealed: vec![1],
        sealed_before: None,
        made_at: at(0),
        made_by: "robin".to_owned(),
        rev: 0,
    };
    let made = store.put_subscription(tenant, &new).await.unwrap();
    assert_eq!(made.takes(KIND, at(1)), Some(DeliveryStatus::Waiting));
    assert_eq!(made.takes("CaseOpened", at(1)), None);
    store.delivery_failed(tenant, &id, at(1)).await.unwrap();
    let health = store.delivery_failed(tenant, &id, at(2)).await.unwrap();
    assert_eq!((health.failing_since, health.failures), (Some(at(1)), 2));
    store.rest_subscriber(tenant, &id, at(9)).await.unwrap();
    assert_eq!(store.delivery_health(tenant, &id).await.unwrap().rest_until, Some(at(9)));
    assert_eq!(store.failing_subscriptions(tenant).await.unwrap().len(), 1);
    assert_eq!(store.subscriptions(tenant).await.unwrap(), std::slice::from_ref(&made), "how it fares is no subscription");

    let ended = Subscription { enabled: false, ended: Some((domain::SubscriptionEnd::Failing, at(3))), ..made };
    let ended = store.put_subscription(tenant, &ended).await.unwrap();
    assert_eq!(store.subscription(tenant, &id).await.unwrap(), Some(ended.clone()));
    assert_eq!(ended.takes(KIND, at(4)), Some(DeliveryStatus::Kept));
    assert_eq!(ended.takes(KIND, at(31 * 24 * 60)), None, "a month later nobody is expected to come back");
    let gone = Subscription { ended: Some((domain::SubscriptionEnd::Gone, at(3))), ..ended.clone() };
    assert_eq!(gone.takes(KIND, at(4)), None);
    let again = Subscription { enabled: true, ended: None, ..ended };
    store.resume_subscription(tenant, &again).await.unwrap();
    assert_eq!(store.delivery_health(tenant, &id).await.unwrap(), store::DeliveryHealth::default());
    store.delivery_failed(tenant, &id, at(5)).await.unwrap();
    store.deliveries_recovered(tenant, &id).await.unwrap();
    assert!(store.failing_subscriptions(tenant).await.unwrap().is_empty());
}
