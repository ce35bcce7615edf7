//! A QuickBooks company whose books are read back, from connecting to chasing.

use doubles::{
    Double, Fault, QuickBooks,
    quickbooks::{Company, Customer, Invoice},
};
use jiff::civil::date;
use serde_json::json;
use tests::{
    company::clock,
    test_tenant::{TestTenant, step},
};

const REALM: &str = "9130347596842384";

/// A connected company with one customer who owes one invoice that falls due on 4 March.
async fn connected(now: &str) -> (TestTenant, QuickBooks, String, String) {
    let settings = json!({"country": "US", "time_zone": "America/Los_Angeles", "language": "en"});
    let desk = TestTenant::with(now, settings, None).await;
    let double = QuickBooks::start(clock(&desk)).await.unwrap();
    double.add_company(Company::new(REALM, "Coastal Supplies"));
    let customer = double.add_customer(REALM, Customer::new("Harbour Bakery", "ap@harbourbakery.example"));
    let invoice = double.add_invoice(REALM, Invoice::new(&customer, "362.07", date(2026, 2, 2), date(2026, 3, 4)));
    desk.connect("quickbooks", &double, REALM).await;
    (desk, double, customer, invoice)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_company_is_read_and_its_first_invoice_chased() {
    let (desk, double, customer, invoice) = connected("2026-03-02T18:00:00Z").await;
    desk.advance("PT10M").await;
    assert_eq!(desk.health("quickbooks").await["status"], "good", "{}", desk.health("quickbooks").await);
    assert_eq!(desk.open_here("quickbooks", &customer).await.len(), 1);
    desk.equals("quickbooks", &double, REALM).await;
    desk.to("2026-03-09T00:00:00Z").await;
    let steps: Vec<_> = desk.sent().iter().map(step).collect();
    assert_eq!(steps, ["heads-up", "reminder"]);
    assert_eq!(desk.sent()[0].to, "ap@harbourbakery.example");
    let pdf = |id: &str| format!("/v1/connections/quickbooks/invoices/{id}/pdf");
    let reply = desk.admin("GET", &pdf(&invoice), &json!(null)).await.is(200);
    assert!(reply.text.starts_with("%PDF"), "{}", reply.text);
    desk.admin("GET", &pdf("99999"), &json!(null)).await.is(404);
    desk.admin("GET", &pdf("..%2Fcompanyinfo"), &json!(null)).await.is(404);
    // It is found by the vendor's id, though each company numbers its own.
    let found = desk.admin("GET", &format!("/v1/invoices?source=quickbooks&external_id={invoice}"), &json!(null)).await.is(200);
    assert_eq!(found.body["data"][0]["external_id"], json!(invoice), "{}", found.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_stops_the_chase_by_webhook_and_without() {
    for told in [true, false] {
        let (desk, double, customer, invoice) = connected("2026-03-04T18:00:00Z").await;
        desk.advance("PT10M").await;
        double.notifications();
        let before = desk.sent().len();
        double.pay(REALM, &invoice, "362.07", date(2026, 3, 4));
        if told {
            desk.deliver_all("quickbooks", &double).await;
            desk.advance("PT10S").await;
        } else {
            desk.advance("PT30M").await;
        }
        assert!(desk.open_here("quickbooks", &customer).await.is_empty(), "told: {told}");
        desk.equals("quickbooks", &double, REALM).await;
        desk.to("2026-03-07T00:00:00Z").await;
        assert_eq!(desk.sent().len(), before, "told: {told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn stale_books_stop_sending_and_say_so() {
    let (desk, double, _, _) = connected("2026-03-04T18:00:00Z").await;
    desk.advance("PT10M").await;
    double.fail_next(100_000, Fault::Status { status: 500, retry_after_s: None });
    // What was read is good for three hours.
    desk.advance("PT4H").await;
    let before = desk.sent().len();
    desk.to("2026-03-11T00:00:00Z").await;
    assert_eq!(desk.sent().len(), before, "{:?}", desk.log());
    let exceptions = desk.exceptions().await;
    assert!(exceptions.iter().any(|task| task["kind"] == "connection"), "{exceptions:?}");
    assert_eq!(desk.health("quickbooks").await["status"], "waiting");
    double.clear_faults();
    desk.to("2026-03-13T00:00:00Z").await;
    assert_eq!(desk.health("quickbooks").await["status"], "good");
    assert!(desk.sent().len() > before);
    assert!(desk.tasks("connection").await.is_empty(), "what a person was asked for is done");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_sick_invoice_spoils_no_other() {
    let settings = json!({"country": "US", "time_zone": "America/Los_Angeles", "language": "en"});
    let desk = TestTenant::with("2026-03-02T18:00:00Z", settings, None).await;
    let double = QuickBooks::start(clock(&desk)).await.unwrap();
    double.add_company(Company::new(REALM, "Coastal Supplies"));
    let customer = double.add_customer(REALM, Customer::new("Harbour Bakery", "ap@harbourbakery.example"));
    let bill = || Invoice::new(&customer, "10.00", date(2026, 2, 2), date(2026, 3, 4));
    let invoices: Vec<String> = (0..7).map(|_| double.add_invoice(REALM, bill())).collect();
    double.sicken(REALM, &invoices[4], true);
    desk.connect("quickbooks", &double, REALM).await;
    desk.advance("PT1H").await;
    assert_eq!(desk.health("quickbooks").await["status"], "good", "{}", desk.health("quickbooks").await);
    assert_eq!(desk.open_here("quickbooks", &customer).await.len(), 6);
    let named: Vec<_> = desk.tasks("document").await.into_iter().map(|task| task["detail"].clone()).collect();
    assert_eq!(named.len(), 1, "{named:?}");
    assert!(named[0].as_str().unwrap().starts_with(&format!("Invoice {}: ", invoices[4])), "{named:?}");

    // One that was read and falls ill stays as it was, while what changes beside it is read.
    double.pay(REALM, &invoices[0], "10.00", date(2026, 3, 2));
    double.sicken(REALM, &invoices[1], true);
    desk.advance("PT1H").await;
    assert_eq!(desk.health("quickbooks").await["status"], "good", "{}", desk.health("quickbooks").await);
    assert_eq!(desk.open_here("quickbooks", &customer).await.len(), 5);
    // Days later the books were compared, and those two are no difference that a person must look at again each day.
    desk.advance("P3D").await;
    assert!(desk.tasks("books").await.is_empty(), "{:?}", desk.tasks("books").await);
    double.sicken(REALM, &invoices[4], false);
    desk.advance("PT1H").await;
    assert_eq!(desk.open_here("quickbooks", &customer).await.len(), 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_parent_of_a_job_is_read_with_it() {
    let settings = json!({"country": "US", "time_zone": "America/Los_Angeles", "language": "en"});
    let desk = TestTenant::with("2026-03-02T18:00:00Z", settings, None).await;
    let double = QuickBooks::start(clock(&desk)).await.unwrap();
    double.add_company(Company::new(REALM, "Coastal Supplies"));
    let parent = double.add_customer(REALM, Customer::new("Harbour Bakery", "ap@harbourbakery.example"));
    let job = Customer { parent: Some(parent.clone()), bill_with_parent: true, ..Customer::new("Oven", "") };
    let job = double.add_customer(REALM, job);
    double.add_invoice(REALM, Invoice::new(&job, "10.00", date(2026, 2, 2), date(2026, 3, 4)));
    desk.connect("quickbooks", &double, REALM).await;
    desk.advance("PT10M").await;
    desk.admin("GET", &format!("/v1/customers/quickbooks/{parent}"), &json!(null)).await.is(200);
    // Its people are written to, also those who came to the parent since.
    double.update_customer(REALM, &parent, |parent| parent.email = "pay@harbourbakery.example".to_owned());
    desk.to("2026-03-06T00:00:00Z").await;
    let to: Vec<String> = desk.sent().into_iter().map(|mail| mail.to).collect();
    assert_eq!(to, ["pay@harbourbakery.example", "pay@harbourbakery.example"], "heads-up and reminder");
}
