//! Caps, the circuit breaker and the kill switch.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tests::{
    desk::{Desk, local_time},
    documents::{customer, invoice},
};

async fn owed_by(desk: &Desk, count: usize, due_on: &str) {
    for n in 0..count {
        desk.put(&invoice(&customer(&format!("C-{n}")), &format!("F-{n}"), 10_000, due_on)).await;
    }
}

fn by_day(desk: &Desk) -> BTreeMap<String, usize> {
    let mut days = BTreeMap::new();
    for mail in desk.sent() {
        *days.entry(local_time(&mail, "Europe/Berlin").date().to_string()).or_default() += 1;
    }
    days
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daily_cap_ramps_and_loses_nobody() {
    let desk = Desk::with("2026-02-08T20:00:00Z", json!({"caps": {"per_day": 10}}), None).await;
    owed_by(&desk, 25, "2026-02-06").await;
    desk.end_of("2026-02-11").await;
    let days = by_day(&desk);
    let expected = [("2026-02-09", 10), ("2026-02-10", 10), ("2026-02-11", 5)];
    assert_eq!(days, expected.map(|(day, count)| (day.to_owned(), count)).into());
    let to: std::collections::BTreeSet<String> = desk.sent().into_iter().map(|mail| mail.to).collect();
    assert_eq!(to.len(), 25, "everybody once");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_breaker_holds_an_unusual_day_until_a_person_has_looked() {
    let desk = Desk::with("2026-02-08T20:00:00Z", json!({"breaker": {"factor": 3, "minimum": 8}}), None).await;
    owed_by(&desk, 20, "2026-02-06").await;
    desk.end_of("2026-02-10").await;
    let before = desk.sent().len();
    assert!(before <= 8, "{before} left before it tripped");
    assert_eq!(desk.tasks("breaker").await.len(), 1);
    let reset = desk.admin("POST", "/v1/breaker/reset", &Value::Null).await.is(200);
    assert_eq!(reset.body["breaker_open"], false);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_usual_does_not_trip_the_breaker() {
    let desk = Desk::with("2026-02-08T20:00:00Z", json!({"breaker": {"factor": 3, "minimum": 30}}), None).await;
    owed_by(&desk, 20, "2026-02-06").await;
    desk.end_of("2026-02-09").await;
    assert_eq!(desk.sent().len(), 20);
    assert!(desk.exceptions().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_kill_switch_stops_at_once_and_lifting_it_goes_on() {
    let desk = Desk::at("2026-02-08T20:00:00Z").await;
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
