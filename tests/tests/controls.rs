//! Caps, the circuit breaker and the kill switch.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use tests::{
    documents::{customer, invoice},
    test_tenant::{TestTenant, local_time},
};

async fn owed_by(desk: &TestTenant, count: usize, due_on: &str) {
    owed_by_others(desk, 0..count, due_on).await;
}

async fn owed_by_others(desk: &TestTenant, customers: std::ops::Range<usize>, due_on: &str) {
    for n in customers {
        desk.put(&invoice(&customer(&format!("C-{n}")), &format!("F-{n}"), 10_000, due_on)).await;
    }
}

fn recipients(desk: &TestTenant) -> BTreeSet<String> {
    desk.sent().into_iter().map(|mail| mail.to).collect()
}

fn by_day(desk: &TestTenant) -> BTreeMap<String, usize> {
    let mut days = BTreeMap::new();
    for mail in desk.sent() {
        *days.entry(local_time(&mail, "Europe/Berlin").date().to_string()).or_default() += 1;
    }
    days
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daily_cap_ramps_and_loses_nobody() {
    let desk = TestTenant::with("2026-02-08T20:00:00Z", json!({"caps": {"per_day": 10}}), None).await;
    owed_by(&desk, 25, "2026-02-06").await;
    desk.end_of("2026-02-11").await;
    let days = by_day(&desk);
    let expected = [("2026-02-09", 10), ("2026-02-10", 10), ("2026-02-11", 5)];
    assert_eq!(days, expected.map(|(day, count)| (day.to_owned(), count)).into());
    assert_eq!(recipients(&desk).len(), 25, "everybody once");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_breaker_holds_an_unusual_day_until_a_person_has_looked() {
    const MINIMUM: usize = 8;
    let desk = TestTenant::with("2026-02-08T20:00:00Z", json!({"breaker": {"factor": 3, "minimum": MINIMUM}}), None).await;
    owed_by(&desk, 40, "2026-02-06").await;
    desk.to("2026-02-09T15:00:00Z").await;
    assert_eq!(desk.sent().len(), MINIMUM, "what the breaker allows, and no more");
    assert_eq!(desk.tasks("breaker").await.len(), 1);
    let reset = desk.admin("POST", "/v1/breaker/reset", &Value::Null).await.is(200);
    assert_eq!(reset.body["breaker_open"], false);
    // Far more is held by now than the breaker allows in a day: all of it is what the person approved.
    desk.advance("PT15M").await;
    assert!(desk.sent().len() > 2 * MINIMUM, "only {} left at once", desk.sent().len());
    desk.end_of("2026-02-09").await;
    assert_eq!(by_day(&desk), [("2026-02-09".to_owned(), 40)].into());
    assert_eq!(recipients(&desk).len(), 40, "each once");
    assert_eq!(desk.tasks("breaker").await.len(), 1, "it did not trip again");
    // The approval was for that day: another unusual day is held again.
    owed_by_others(&desk, 40..80, "2026-02-09").await;
    desk.end_of("2026-02-10").await;
    assert_eq!(by_day(&desk).get("2026-02-10"), Some(&MINIMUM));
    assert_eq!(desk.tasks("breaker").await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_breaker_held_overnight_waits_for_the_person_and_then_for_the_window() {
    let desk = TestTenant::with("2026-02-08T20:00:00Z", json!({"breaker": {"factor": 3, "minimum": 8}}), None).await;
    owed_by(&desk, 20, "2026-02-06").await;
    desk.end_of("2026-02-10").await;
    assert_eq!(desk.sent().len(), 8, "nobody looked, nothing leaves");
    desk.admin("POST", "/v1/breaker/reset", &Value::Null).await.is(200);
    desk.end_of("2026-02-11").await;
    assert_eq!(recipients(&desk).len(), desk.sent().len(), "each once");
    assert!(desk.sent().iter().all(|mail| (9..18).contains(&local_time(mail, "Europe/Berlin").hour())));
    assert!(desk.sent().len() > 8, "it goes on");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_usual_does_not_trip_the_breaker() {
    let desk = TestTenant::with("2026-02-08T20:00:00Z", json!({"breaker": {"factor": 3, "minimum": 30}}), None).await;
    owed_by(&desk, 20, "2026-02-06").await;
    desk.end_of("2026-02-09").await;
    assert_eq!(desk.sent().len(), 20);
    assert!(desk.exceptions().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_kill_switch_stops_at_once_and_lifting_it_goes_on() {
    let desk = TestTenant::at("2026-02-08T20:00:00Z").await;
    owed_by(&desk, 20, "2026-02-06").await;
    desk.to("2026-02-09T11:00:00Z").await;
    let before = desk.sent().len();
    assert!((1..20).contains(&before), "{before}");
    assert_eq!(desk.admin("POST", "/v1/pause", &Value::Null).await.is(200).body["paused"], true);
    desk.end_of("2026-02-11").await;
    assert_eq!(desk.sent().len(), before, "nothing more leaves");
    desk.admin("POST", "/v1/resume", &Value::Null).await.is(200);
    desk.end_of("2026-02-12").await;
    let mut to: Vec<String> = desk.sent().into_iter().map(|mail| mail.to).collect();
    to.sort();
    assert_eq!(to.len(), 20, "{to:?}");
    to.dedup();
    assert_eq!(to.len(), 20, "each once");
}

/// What the sweep's next tick says of messages and of what was due.
async fn swept(desk: &TestTenant) -> (u64, u64) {
    let answer = desk.stack.invoke("sweep", json!({})).await.unwrap();
    (answer["messages"].as_u64().unwrap(), answer["due"].as_u64().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_due_is_counted_whether_or_not_it_left() {
    for (settings, said, later, why) in [
        (json!({}), (1, 1), (0, 0), "a message that leaves"),
        (json!({"mode": "shadow"}), (1, 0), (0, 0), "one that nobody would get"),
        (json!({"freshness": {"canonical": "P1D"}}), (0, 1), (0, 0), "one that stale books keep back"),
        (json!({"breaker": {"factor": 1, "minimum": 0}}), (0, 1), (0, 1), "one that the breaker keeps back, at each tick"),
    ] {
        // A Monday, inside the window; nothing ticks by itself while the clock stands.
        let desk = TestTenant::with("2026-02-09T10:00:00Z", settings, None).await;
        owed_by(&desk, 1, "2026-02-02").await;
        assert_eq!(swept(&desk).await, said, "{why}");
        assert_eq!(swept(&desk).await, later, "{why}, once more");
    }
}
