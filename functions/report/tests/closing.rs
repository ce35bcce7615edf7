//! The walk that closes a tenant's day, and customers that changed since.
#![allow(clippy::unwrap_used, reason = "a test says by panicking that it failed")]

use domain::{Channel, Currency, CustomerId};
use figures::{GroupBy, Groups, LedgerFact, Sum};
use jiff::{SignedDuration, Timestamp, civil::Date};
use kit::Env;
use serde_json::{Value, json};
use testbed::{
    TABLE,
    aws::{Aws, event},
};

struct Desk {
    aws: Aws,
    report: report::Handler,
}

impl Desk {
    async fn new() -> Self {
        let aws = Aws::start().await;
        let pairs = [("TABLE_NAME", TABLE), ("BUCKET_NAME", "bodies"), ("CONFIGURATION_SET", "mail"), ("CONSOLE_URL", "")];
        let env = Env::from_pairs(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())));
        let report = report::Handler::new(&env, &aws.clients, aws.clock.clone()).unwrap();
        Self { aws, report }
    }

    async fn tick(&self) -> Value {
        self.report.handle(event(json!({ "source": "aws.events" }))).await.unwrap()
    }

    /// A tick that has no time for anything but what it is at.
    async fn hasty_tick(&self) -> Value {
        let mut hasty = event(json!({ "source": "aws.events" }));
        hasty.context.deadline = 0;
        self.report.handle(hasty).await.unwrap()
    }

    async fn open(&self, day: &str, by: GroupBy) -> Vec<(String, i128)> {
        let groups: Groups = self.aws.store.totals(&self.aws.tenant, day.parse::<Date>().unwrap(), by).await.unwrap();
        let open = |group: &figures::Totals| group.currencies.get(&Currency::EUR).map(|of| of.stock.open().whole());
        groups.all.iter().map(|(group, totals)| (group.to_string(), open(totals).unwrap_or_default())).collect()
    }

    /// Whose owner somebody is from now on; the stream would tell of it.
    async fn owned(&self, customer: &CustomerId, owner: &str, by: &str) {
        let (store, tenant) = (&self.aws.store, &self.aws.tenant);
        let before = store.owner(tenant, customer).await.unwrap();
        let after = store::CustomerOwner { owner: owner.to_owned(), by: "robin".to_owned(), at: self.aws.now() };
        store.set_owner(tenant, customer, before.as_ref(), Some(&after)).await.unwrap();
        store.note_changed(tenant, customer, by).await.unwrap();
    }
}

fn one(group: &str, open: i128) -> Vec<(String, i128)> {
    vec![(group.to_owned(), open)]
}

#[tokio::test]
async fn a_day_is_closed_at_the_tenants_midnight_and_today_is_told_of_after_a_change() {
    let desk = Desk::new().await;
    let customer = desk.aws.owes("C-1").await;
    desk.aws.follow().await;
    assert_eq!(desk.tick().await, json!({ "reckoned": 1, "closed": 1, "mailed": 0, "idle_until": "2026-01-05T23:00:00Z" }));
    for day in ["2026-01-04", "2026-01-05"] {
        assert_eq!(desk.open(day, GroupBy::Tenant).await, one("", 125_000), "{day}");
        assert_eq!(desk.open(day, GroupBy::Owner).await, one("", 125_000), "{day}");
    }
    assert_eq!(desk.tick().await["closed"], 0, "a day is closed once");
    desk.owned(&customer, "ann", "1").await;
    // Told twice, it is so once.
    desk.owned(&customer, "ann", "1").await;
    assert_eq!(desk.tick().await, json!({ "reckoned": 1, "closed": 0, "mailed": 0, "idle_until": "2026-01-05T23:00:00Z" }));
    assert_eq!(desk.open("2026-01-05", GroupBy::Owner).await, one("ann", 125_000), "the group of nobody is gone");
    assert_eq!(desk.open("2026-01-04", GroupBy::Owner).await, one("", 125_000), "what is closed stays");
    assert_eq!(desk.tick().await["reckoned"], 0, "it is forgotten that it changed");
    // Two days later both days are closed, each as it was.
    desk.aws.advance(SignedDuration::from_hours(48));
    assert_eq!(desk.tick().await["closed"], 2);
    for day in ["2026-01-05", "2026-01-06", "2026-01-07"] {
        assert_eq!(desk.open(day, GroupBy::Owner).await, one("ann", 125_000), "{day}");
    }
}

#[tokio::test]
async fn a_walk_goes_on_where_it_was() {
    let desk = Desk::new().await;
    for number in 1..=3 {
        desk.aws.owes(&format!("C-{number}")).await;
    }
    desk.aws.follow().await;
    let hasty = desk.hasty_tick().await;
    assert_eq!((&hasty["closed"], &hasty["idle_until"]), (&json!(0), &json!("2026-01-05T08:00:00Z")));
    assert_eq!(desk.open("2026-01-05", GroupBy::Tenant).await, vec![]);
    assert_eq!(desk.tick().await["closed"], 1);
    assert_eq!(desk.open("2026-01-05", GroupBy::Tenant).await, one("", 375_000));
    // A walk that died behind its customers, and one that died within the sums, come to the same.
    let place = desk.aws.store.reports_place(&desk.aws.tenant).await.unwrap().unwrap();
    for step in [store::ReportsStep::Customers(store::CustomerWalk::default()), store::ReportsStep::Shard(2)] {
        let died = store::ReportsPlace { step, closed: None, ..place.clone() };
        desk.aws.store.put_reports_place(&desk.aws.tenant, &died).await.unwrap();
        assert_eq!(desk.tick().await["closed"], 1);
        for day in ["2026-01-04", "2026-01-05"] {
            assert_eq!(desk.open(day, GroupBy::Tenant).await, one("", 375_000), "{day}");
        }
    }
}

#[tokio::test]
async fn midnight_is_the_tenants_where_clocks_change_too() {
    for (zone, now, today, until) in [
        ("Europe/Berlin", "2026-03-28T12:00:00Z", "2026-03-28", "2026-03-28T23:00:00Z"),
        ("Europe/Berlin", "2026-03-29T12:00:00Z", "2026-03-29", "2026-03-29T22:00:00Z"),
        ("Europe/Berlin", "2026-10-25T12:00:00Z", "2026-10-25", "2026-10-25T23:00:00Z"),
        ("America/New_York", "2026-03-08T04:30:00Z", "2026-03-07", "2026-03-08T05:00:00Z"),
        ("America/New_York", "2026-11-01T12:00:00Z", "2026-11-01", "2026-11-02T05:00:00Z"),
        // That day begins at one o'clock.
        ("Africa/Cairo", "2026-04-23T12:00:00Z", "2026-04-23", "2026-04-23T22:00:00Z"),
        ("Pacific/Auckland", "2026-04-04T12:00:00Z", "2026-04-05", "2026-04-05T12:00:00Z"),
    ] {
        let desk = Desk::new().await;
        desk.aws.settings(|settings| settings.time_zone = Some(zone.to_owned())).await;
        let to: Timestamp = now.parse().unwrap();
        desk.aws.advance(to.duration_since(desk.aws.now()));
        assert_eq!(desk.tick().await["idle_until"], until, "{zone} {now}");
        let place = desk.aws.store.reports_place(&desk.aws.tenant).await.unwrap().unwrap();
        assert_eq!(place.newest(), Some(today.parse().unwrap()), "{zone} {now}");
    }
}

#[tokio::test]
async fn a_message_that_left_is_a_touch_with_its_step_and_what_it_cost() {
    let desk = Desk::new().await;
    desk.aws.settings(|settings| settings.costs = [(Channel::Email, 100)].into()).await;
    let customer = desk.aws.reminded("C-1").await;
    let (store, tenant) = (&desk.aws.store, &desk.aws.tenant);
    let settings = store.settings(tenant).await.unwrap().unwrap().value;
    let today: Date = "2026-01-05".parse().unwrap();
    let books = store.customer_books(tenant, &customer, &settings, today).await.unwrap().unwrap();
    let touches: Vec<_> = books
        .ledger
        .in_order()
        .into_iter()
        .filter_map(|entry| if let LedgerFact::Touched(touch) = &entry.what { Some((entry.on, touch.clone())) } else { None })
        .collect();
    let [(on, touch)] = touches.as_slice() else { panic!("{touches:?}") };
    assert_eq!((*on, touch.channel, touch.language.as_str()), (today, Channel::Email, "en"));
    let step = touch.step.as_ref().unwrap();
    assert_eq!((step.workflow.as_str(), step.version, step.step.as_str()), ("standard", 1, "reminder"));
    let cost = touch.cost.unwrap();
    assert_eq!((cost.currency, cost.millionths), (Currency::USD, Sum::from(100)));
    let [figures] = books.figures([today]);
    assert_eq!((figures.contacts_of_day.touches, figures.contacts_of_day.unpriced), (1, 0));
}
