//! The days around a change of the clocks.

use serde_json::{Value, json};
use tests::{
    documents::{customer, invoice},
    test_tenant::{TestTenant, local_time},
};

/// Seven steps, one a day.
fn daily() -> Value {
    let mut steps: Vec<Value> = (1..=7)
        .map(|day| {
            json!({"id": format!("day-{day}"), "at": {"anchor": "due_date", "offset": format!("P{day}D")},
                   "action": {"send": {"channels": ["email"], "template": "reminder", "to": ["billing"]}}})
        })
        .collect();
    steps.push(json!({"id": "review", "at": {"anchor": "due_date", "offset": "P60D"}, "action": {"task": {"title": "Call"}}}));
    json!({"id": "daily", "name": "Daily", "scope": "customer", "min_gap": "P1D", "steps": steps})
}

#[tokio::test(flavor = "multi_thread")]
async fn nights_when_clocks_change_send_inside_the_window() {
    const CUSTOMERS: usize = 6;
    let cases = [
        ("US", "NY", "America/New_York", "2026-03-04", ["03-05", "03-06", "03-09", "03-10", "03-11", "03-12", "03-13"]),
        // Election Day is a holiday of the state.
        ("US", "NY", "America/New_York", "2026-10-28", ["10-29", "10-30", "11-02", "11-04", "11-05", "11-06", "11-09"]),
        ("DE", "BE", "Europe/Berlin", "2026-03-25", ["03-26", "03-27", "03-30", "03-31", "04-01", "04-02", "04-07"]),
        ("DE", "BE", "Europe/Berlin", "2026-10-21", ["10-22", "10-23", "10-26", "10-27", "10-28", "10-29", "10-30"]),
        // Good Friday, Easter Monday and Labour Day are closed in New South Wales.
        ("AU", "NSW", "Australia/Sydney", "2026-04-01", ["04-02", "04-07", "04-08", "04-09", "04-10", "04-13", "04-14"]),
        ("AU", "NSW", "Australia/Sydney", "2026-09-30", ["10-01", "10-02", "10-06", "10-07", "10-08", "10-09", "10-12"]),
    ];
    for (country, region, zone, due_on, days) in cases {
        let start = format!("{due_on}T12:00:00Z");
        let desk = TestTenant::with(&start, json!({}), Some(vec![daily()])).await;
        for n in 0..CUSTOMERS {
            let mut buyer = customer(&format!("C-{n}"));
            for (name, value) in [("country", country), ("region", region), ("time_zone", zone)] {
                buyer[name] = json!(value);
            }
            desk.put(&invoice(&buyer, &format!("F-{n}"), 10_000, due_on)).await;
        }
        desk.advance("P16D").await;
        let sent = desk.sent();
        for n in 0..CUSTOMERS {
            let to = format!("c-{n}@buyer.example");
            let own: Vec<_> = sent.iter().filter(|mail| mail.to == to).map(|mail| local_time(mail, zone)).collect();
            let on: Vec<String> = own.iter().map(|at| at.strftime("%m-%d").to_string()).collect();
            assert_eq!(on, days, "{zone} {due_on} {to}");
            assert!(own.iter().all(|at| (9..17).contains(&at.hour())), "{zone} {due_on}: {own:?}");
        }
        let hours: std::collections::BTreeSet<i8> = sent.iter().map(|mail| local_time(mail, zone).hour()).collect();
        assert!(hours.len() >= 3, "they are spread over the day: {hours:?}");
    }
}
