//! How books are read: in parts, by two clocks, after a reader that died, and from a vendor that only ever says to wait.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use doubles::{
    Double, Fault, QuickBooks,
    quickbooks::{Company, Customer, Invoice},
};
use jiff::{SignedDuration, civil::date};
use local::{Mode, Options, When};
use serde_json::json;
use tests::test_tenant::{TestTenant, at};

const REALM: &str = "9130347596842384";
const DAY_MIN: i64 = 24 * 60;

/// A company at a vendor whose clock is off by minutes.
struct Books {
    desk: TestTenant,
    double: QuickBooks,
    off_min: Arc<AtomicI64>,
}

impl Books {
    async fn open(template: Option<String>) -> Self {
        let options = Options { now: Some(at("2026-03-04T15:00:00Z")), seed: Some(1), template, ..Options::default() };
        let desk =
            TestTenant::start(options, json!({"country": "US", "time_zone": "America/New_York", "language": "en"}), None).await;
        let (clock, off_min) = (desk.stack.clock(), Arc::new(AtomicI64::new(0)));
        let off = Arc::clone(&off_min);
        let clock = Arc::new(move || clock.now() + SignedDuration::from_mins(off.load(Ordering::Relaxed)));
        let double = QuickBooks::start(clock).await.unwrap();
        double.add_company(Company::new(REALM, "Coastal Supplies"));
        Self { desk, double, off_min }
    }

    fn off(&self, minutes: i64) {
        self.off_min.store(minutes, Ordering::Relaxed);
    }

    fn owing(&self, customers: usize, each: usize) -> Vec<String> {
        let double = &self.double;
        let customer = |at| double.add_customer(REALM, Customer::new(&format!("Customer {at}"), &format!("c{at}@buyer.example")));
        let customers: Vec<String> = (0..customers).map(customer).collect();
        let invoice = |at: usize| Invoice::new(&customers[at / each], "100.00", date(2026, 2, 2), date(2026, 6, 4));
        (0..customers.len() * each).map(|at| double.add_invoice(REALM, invoice(at))).collect()
    }

    fn pay(&self, invoice: &str) -> String {
        let payment = self.double.pay(REALM, invoice, "100.00", date(2026, 3, 4));
        self.double.notifications();
        payment
    }

    async fn connect(&self) {
        self.desk.connect("quickbooks", &self.double, REALM).await;
    }

    async fn equals(&self) {
        self.desk.equals("quickbooks", &self.double, REALM).await;
    }

    fn invocations(&self) -> u64 {
        self.desk.stack.metrics().invocations.get("sync").copied().unwrap_or(0)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_comparison_goes_on_where_it_stopped() {
    // A second of working time beside what an invocation leaves itself.
    let (long, short) = ("Timeout: 120\n      Role: !GetAtt SyncRole.Arn", "Timeout: 31\n      Role: !GetAtt SyncRole.Arn");
    let template = include_str!("../../template.yaml");
    assert!(template.contains(long));
    let books = Books::open(Some(template.replace(long, short))).await;
    books.off(-30 * DAY_MIN);
    let invoices = books.owing(60, 10);
    books.off(0);
    books.connect().await;
    books.desk.advance("PT10M").await;
    books.equals().await;
    // Dated so that no poll hears of it: only a comparison can.
    books.off(-20 * DAY_MIN);
    books.pay(&invoices[599]);
    books.off(0);
    books.desk.to("2026-03-05T14:59:30Z").await;
    let (calls, invocations) = (books.double.calls(), books.invocations());
    books.double.fail_next_at("/query", 100, Fault::Slow(std::time::Duration::from_millis(700)));
    books.desk.advance("PT29M").await;
    books.equals().await;
    let listed = books.double.calls()["query Invoice"] - calls["query Invoice"];
    assert_eq!(listed, 4, "three pages, each listed once, and what differed");
    assert!(books.invocations() - invocations >= 4, "{}", books.invocations() - invocations);
    let said = books.desk.tasks("books").await;
    let detail = said[0]["detail"].as_str().unwrap();
    assert!(said.len() == 1 && detail.contains("900.00 USD in the books, 1000.00 USD here; now equal"), "{said:?}");
    assert!(books.desk.health("quickbooks").await["compare_at"].as_str() > Some("2026-03-06T14"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vendor_that_only_ever_says_to_wait_is_said_to_a_person() {
    let books = Books::open(None).await;
    books.owing(1, 1);
    books.connect().await;
    books.desk.advance("PT5M").await;
    books.double.fail_next_at("/v3/", u32::MAX, Fault::Status { status: 429, retry_after_s: Some(300) });
    books.desk.advance("PT70M").await;
    assert!(books.desk.tasks("connection").await.is_empty(), "not within an hour of the first");
    books.desk.advance("PT60M").await;
    let tasks = books.desk.tasks("connection").await;
    assert!(tasks.len() == 1 && tasks[0]["detail"].as_str().unwrap().contains("asked too often"), "{tasks:?}");
    let health = books.desk.health("quickbooks").await;
    assert_eq!((health["status"].as_str(), health["trouble"]["why"].as_str()), (Some("waiting"), Some("too many requests")));
    books.double.clear_faults();
    books.desk.advance("PT10M").await;
    assert!(books.desk.tasks("connection").await.is_empty(), "it is over");
    assert_eq!(books.desk.health("quickbooks").await["status"], "good");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_clock_at_the_vendor_loses_nothing_when_the_first_try_of_a_poll_fails() {
    let books = Books::open(None).await;
    books.off(-20);
    let invoices = books.owing(1, 2);
    books.connect().await;
    books.desk.advance("PT5M").await;
    books.double.fail_next_at("/cdc", 1, Fault::Status { status: 500, retry_after_s: None });
    books.desk.advance("PT30M").await;
    books.pay(&invoices[0]);
    books.desk.advance("PT31M").await;
    books.equals().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_disappeared_before_a_person_connected_again_is_heard_of() {
    let books = Books::open(None).await;
    let invoices = books.owing(1, 2);
    books.connect().await;
    books.desk.advance("PT5M").await;
    let payment = books.pay(&invoices[0]);
    books.desk.advance("PT31M").await;
    books.equals().await;
    books.double.revoke(REALM);
    books.double.delete_payment(REALM, &payment);
    books.double.notifications();
    books.desk.advance("PT40M").await;
    assert_eq!(books.desk.health("quickbooks").await["status"], "reconnect");
    books.connect().await;
    books.desk.advance("PT5M").await;
    books.equals().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_died_with_the_lease_is_followed_by_another() {
    let books = Books::open(None).await;
    let invoices = books.owing(1, 2);
    books.connect().await;
    books.desk.advance("PT5M").await;
    books.pay(&invoices[0]);
    let crash =
        local::Fault { target: "sync".to_owned(), mode: Some(Mode::Crash), times: 1, call: Some(3), when: Some(When::After) };
    books.desk.stack.fault(crash).unwrap();
    books.desk.advance("PT31M").await;
    let came = books.desk.stack.world().faults.lock().unwrap().came().clone();
    assert_eq!(came.get("sync crash after 3"), Some(&1), "the reader died: {came:?}");
    books.equals().await;
}
