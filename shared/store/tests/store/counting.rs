//! Caps and breaker, whoever asks at once.

use domain::{
    counting::{BreakerState, Counted, CountedDay, Switched, counted, room, switched},
    *,
};
use futures::future::join_all;
use jiff::Timestamp;
use proptest::prelude::*;
use store::{
    Room, Slot,
    inspect::{
        attributes::{breaker, counters},
        key,
    },
};

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

async fn item(table: &Table, sk: &str) -> std::collections::HashMap<String, aws_sdk_dynamodb::types::AttributeValue> {
    let item = table.db.get_item().table_name(testbed::TABLE).consistent_read(true).set_key(Some(key("T#acme", sk)));
    item.send().await.unwrap().item.unwrap_or_default()
}

async fn day(table: &Table) -> CountedDay {
    let item = item(table, "COUNT#2026-02-02").await;
    let number = |name: &str| item.get(name).map_or(0, |value| value.as_n().unwrap().parse::<u32>().unwrap());
    let hours = (0..24).map(|hour| (hour, number(&counters::of_hour(hour)))).filter(|(_, count)| *count > 0).collect();
    CountedDay { decided: number(counters::DECIDED), hours, seen: number(counters::SEEN) == 1 }
}

async fn breaker_of(table: &Table) -> BreakerState {
    let item = item(table, "BREAKER").await;
    let number = |name: &str| item.get(name).map(|value| value.as_n().unwrap().parse::<i64>().unwrap());
    let instant = |name: &str| number(name).map(|millis| Timestamp::from_millisecond(millis).unwrap());
    BreakerState {
        open: number(breaker::OPEN) == Some(1),
        reason: item.get(breaker::REASON).map(|value| value.as_s().unwrap().clone()),
        tripped_at: instant(breaker::TRIPPED_AT),
        reset_at: instant(breaker::RESET_AT),
    }
}

/// Hours with nothing are as good as those that nobody counted in.
fn bare(day: CountedDay) -> CountedDay {
    CountedDay { hours: day.hours.into_iter().filter(|(_, count)| *count > 0).collect(), ..day }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: testbed::sequences(24), failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn what_is_counted_and_switched_is_what_the_domain_says(
        steps in prop::collection::vec((0_u8..8, 0_u8..3, 1_u32..5, 0_u32..4), 1..30), per_day in prop::option::of(3_u32..20), breaker in 2_u32..25,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let table = table().await;
            let (store, tenant, caps) = (&table.store, &table.tenant, caps(Some(7), per_day));
            let (mut model, mut switch) = (CountedDay::default(), BreakerState::default());
            for (minute, (kind, hour, need, more)) in (0..).zip(steps) {
                match kind {
                    0 => {
                        store.approve_day(tenant, slot(0).on).await.unwrap();
                        model = counted(&model, Counted::Approved);
                    }
                    1 => {
                        store.give_back(tenant, slot(hour), need).await.unwrap();
                        model = counted(&model, Counted::GivenBack { hour, count: need });
                    }
                    2 => {
                        store.trip_breaker(tenant, &minute.to_string(), at(minute)).await.unwrap();
                        switch = switched(&switch, &Switched::Tripped { reason: minute.to_string(), at: at(minute) });
                    }
                    3 => {
                        store.reset_breaker(tenant, at(minute)).await.unwrap();
                        switch = switched(&switch, &Switched::Reset(at(minute)));
                    }
                    _ => {
                        let said = store.reserve(tenant, slot(hour), need..=need + more, &caps, breaker).await.unwrap();
                        assert_eq!(said, room(&model, hour, need..=need + more, &caps, breaker));
                        if let Room::Granted(count) = said {
                            model = counted(&model, Counted::Reserved { hour, count });
                        }
                    }
                }
                assert_eq!(day(&table).await, bare(model.clone()));
                assert_eq!(breaker_of(&table).await, switch);
            }
        });
    }
}
