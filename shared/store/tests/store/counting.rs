//! Caps and breaker, whoever asks at once.

use domain::*;
use futures::future::join_all;
use store::{Room, Slot};

use crate::common::*;

fn caps(per_hour: Option<u32>, per_day: Option<u32>) -> settings::Caps {
    settings::Caps { per_person: None, per_hour, per_day }
}

fn slot(hour: u8) -> Slot {
    Slot { on: "2026-02-02".parse().unwrap(), hour }
}

#[tokio::test]
async fn what_is_refused_says_which_cap_is_used_up() {
    let table = table().await;
    let caps = caps(Some(5), Some(7));
    let mut said = Vec::new();
    for (hour, wanted) in [(9, 1..=4), (9, 1..=4), (9, 1..=1), (10, 1..=4), (10, 1..=1), (11, 1..=1)] {
        said.push(table.store.reserve(&table.tenant, slot(hour), wanted, &caps, 100).await.unwrap());
    }
    use Room::*;
    assert_eq!(said, [Granted(4), Granted(1), HourFull, Granted(2), DayFull, DayFull]);
    table.store.give_back(&table.tenant, slot(10), 2).await.unwrap();
    let again = table.store.reserve(&table.tenant, slot(10), 2..=9, &caps, 100).await.unwrap();
    assert_eq!(again, Granted(2), "what is given back may be taken");
    let three = table.store.reserve(&table.tenant, slot(12), 3..=3, &settings::Caps::default(), 8).await.unwrap();
    assert_eq!(three, BreakerFull, "all of it or none");
}

#[tokio::test]
async fn sweeps_that_ask_at_once_never_exceed_a_cap_or_the_breaker_together() {
    for (per_hour, per_day, breaker, most) in [(Some(25), None, 100, 25), (None, Some(31), 100, 31), (None, None, 17, 17)] {
        let table = table().await;
        let caps = caps(per_hour, per_day);
        let (store, tenant) = (&table.store, &table.tenant);
        let ask = |want: u32| {
            let caps = caps.clone();
            async move { store.reserve(tenant, slot(9), 1..=want, &caps, breaker).await.unwrap() }
        };
        let granted: Vec<u32> = join_all((0..30).map(|at| ask(1 + at % 4)))
            .await
            .into_iter()
            .map(|room| if let Room::Granted(count) = room { count } else { 0 })
            .collect();
        assert_eq!(granted.iter().sum::<u32>(), most, "{granted:?}");
        assert_ne!(ask(1).await, Room::Granted(1));
    }
}

#[tokio::test]
async fn a_reservation_is_one_write_of_one_unit() {
    let table = table().await;
    table.store.reserve(&table.tenant, slot(9), 1..=16, &caps(Some(50), Some(90)), 50).await.unwrap();
    assert_eq!(table.meter.take(), 1.0);
}

#[tokio::test]
async fn the_breaker_compares_with_the_median_and_a_person_may_lift_it() {
    let table = table().await;
    let (store, tenant, none) = (&table.store, &table.tenant, settings::Caps::default());
    let day = |text: &str| Slot { on: text.parse().unwrap(), hour: 9 };
    for back in 1..=20 {
        let on = slot(0).on.checked_sub(jiff::ToSpan::days(back)).unwrap();
        store.reserve(tenant, Slot { on, hour: 9 }, 10..=10, &none, 100).await.unwrap();
    }
    // Neither today nor what lies more than 28 days back counts.
    store.reserve(tenant, day("2026-02-02"), 90..=90, &none, 100).await.unwrap();
    store.reserve(tenant, day("2026-01-04"), 90..=90, &none, 100).await.unwrap();
    assert_eq!(store.median(tenant, slot(0).on).await.unwrap(), 10);
    table.meter.take_reads();
    assert_eq!(store.median(tenant, slot(0).on).await.unwrap(), 10);
    assert_eq!(table.meter.take_reads(), 0.0, "days that are over are read once");
    assert_eq!(store.reserve(tenant, slot(9), 11..=11, &none, 100).await.unwrap(), Room::BreakerFull);
    store.approve_day(tenant, slot(0).on).await.unwrap();
    for breaker in [100, 0] {
        assert_eq!(store.reserve(tenant, slot(9), 11..=11, &none, breaker).await.unwrap(), Room::Granted(11));
    }
}
