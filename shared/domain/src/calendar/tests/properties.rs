//! What holds at any place, window and day.

use jiff::{SignedDuration, ToSpan};
use proptest::prelude::*;

use super::*;

fn any_place() -> impl Strategy<Value = Locality> {
    prop::sample::select(vec![
        "US", "US-NY", "US-FL", "US-AK", "US-AZ", "DE-BE", "DE", "GB-SCT", "ES", "AU", "AU-NSW", "CA", "CA-NL", "RU", "KI", "NZ",
        "JP", "FR-971", "IT-RM", "PF", "BR",
    ])
    .prop_map(place)
}

fn any_window() -> impl Strategy<Value = Window> {
    (0_i8..23, 0_i8..60, 1_i32..720, prop::sample::subsequence(WORKING.to_vec(), 1..=5)).prop_map(|(hour, minute, long, days)| {
        let from = Time::constant(hour, minute, 0, 0);
        let to = from.saturating_add(SignedDuration::from_mins(i64::from(long)));
        Window { from, to, days: Some(days) }
    })
}

fn any_date() -> impl Strategy<Value = Date> {
    (-400_i32..3_000).prop_map(|days| date("2026-01-01") + days.days())
}

proptest! {
    /// The rolled instant is inside the window, or the lawful hours, of an open day in every zone, and on the day asked for
    /// or later.
    #[test]
    fn roll_lands_inside(place in any_place(), window in any_window(), from in any_date(), n in 0_u32..50) {
        let calendar = Calendar::new(&place, &window, &[]);
        let spread = Spread::of(&TenantId::parse("acme").unwrap(), &CustomerId::derive(&[&n.to_string()]));
        let at = calendar.roll(from, spread);
        let day = place.zones()[0].to_datetime(at).date();
        prop_assert!(day >= from);
        prop_assert!(window.days.as_ref().is_none_or(|days| days.contains(&day.weekday())));
        let inside = |(opens, closes): (Time, Time)| place.zones().iter().all(|zone| {
            let local = zone.to_datetime(at);
            local.date() == day && opens <= local.time() && local.time() < closes
        });
        prop_assert!(inside((window.from, window.to)) || inside((Time::constant(8, 0, 0, 0), Time::constant(21, 0, 0, 0))));
        prop_assert!(calendar.allows(at));
        // No open day was passed over.
        let mut between = from;
        while between < day {
            prop_assert!(calendar.why_closed(between).is_some());
            between = between.tomorrow().unwrap();
        }
    }

    #[test]
    fn next_allowed_is_allowed(place in any_place(), window in any_window(), from in any_date(), seconds in 0_i64..86_400) {
        let calendar = Calendar::new(&place, &window, &[]);
        let at = from.to_zoned(TimeZone::UTC).unwrap().timestamp() + SignedDuration::from_secs(seconds);
        let next = calendar.next_allowed(at);
        prop_assert!(next >= at && calendar.allows(next));
        prop_assert_eq!(calendar.next_allowed(next), next);
        // Nothing in between is allowed.
        let mut between = at;
        while between < next {
            prop_assert!(!calendar.allows(between));
            between += SignedDuration::from_mins(37);
        }
    }

    /// The same fraction of the hours each day: with one zone and no clock change, the same time of day.
    #[test]
    fn same_place_every_day(n in 0_u32..1_000, from in any_date()) {
        let (place, window) = (place("JP"), window("09:00-17:00*"));
        let calendar = Calendar::new(&place, &window, &[]);
        let spread = Spread::of(&TenantId::parse("acme").unwrap(), &CustomerId::derive(&[&n.to_string()]));
        let time = |day: Date| place.zones()[0].to_datetime(calendar.roll(day, spread)).time();
        prop_assert_eq!(time(from), time(from + 100.days()));
    }

    /// Counting back returns to an open day, and as many open days lie between as were counted.
    #[test]
    fn business_days_invert(place in any_place(), window in any_window(), from in any_date(), n in 0_i32..40) {
        let calendar = Calendar::new(&place, &window, &[]);
        let from = calendar.add_business_days(from, 1);
        let to = calendar.add_business_days(from, n);
        prop_assert_eq!(calendar.add_business_days(to, -n), from);
        let mut open = 0;
        let mut day = from;
        while day < to {
            day = day.tomorrow().unwrap();
            open += i32::from(calendar.is_open(day));
        }
        prop_assert_eq!(open, n);
    }

    #[test]
    fn total(at in any::<i64>(), n in any::<i32>(), place in any_place(), window in any_window()) {
        let at = Timestamp::from_second(at % Timestamp::MAX.as_second()).unwrap();
        let calendar = Calendar::new(&place, &window, &[]);
        let day = place.date_of(at);
        calendar.next_allowed(at);
        calendar.roll(day, Spread::LAST);
        calendar.add_business_days(day, n % 500);
    }
}
