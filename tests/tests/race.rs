//! Webhook, poll and first reading race over one company's books, with everything that can go wrong on the way.

use doubles::{
    Double, Fault, QuickBooks,
    quickbooks::{Company, Customer, Invoice},
};
use jiff::civil::date;
use local::Mode;
use rand::{Rng, SeedableRng, rngs::StdRng, seq::SliceRandom};
use serde_json::json;
use tests::{company::clock, desk::Desk};

const REALM: &str = "9130347596842384";
const CUSTOMERS: usize = 40;
const INVOICES: usize = 1_000;

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_lost_late_doubled_or_crashed_the_table_ends_as_the_books() {
    let settings = json!({"country": "US", "time_zone": "America/New_York", "language": "en"});
    let desk = Desk::with("2026-03-02T15:00:00Z", settings, None).await;
    let double = QuickBooks::start(clock(&desk)).await.unwrap();
    double.add_company(Company::new(REALM, "Coastal Supplies"));
    let mut random = StdRng::seed_from_u64(20_260_302);
    let customers: Vec<String> = (0..CUSTOMERS)
        .map(|at| double.add_customer(REALM, Customer::new(&format!("Customer {at}"), &format!("c{at}@buyer.example"))))
        .collect();
    let mut invoices: Vec<String> = (0..INVOICES)
        .map(|at| {
            double.add_invoice(REALM, Invoice::new(&customers[at % CUSTOMERS], "100.00", date(2026, 2, 1), date(2026, 3, 20)))
        })
        .collect();
    invoices.shuffle(&mut random);
    desk.connect("quickbooks", &double, REALM).await;
    double.notifications();

    let mut late = Vec::new();
    for round in 0..30 {
        desk.fault("sync", Mode::Crash, 1);
        if round % 3 == 0 {
            let faults = [
                Fault::Status { status: 429, retry_after_s: Some(30) },
                Fault::Status { status: 503, retry_after_s: None },
                Fault::Truncated,
                Fault::DropConnection,
            ];
            double.fail_next(1, faults[random.random_range(0..faults.len())].clone());
        }
        for _ in 0..4 {
            let invoice = invoices.pop().expect("enough of them");
            match random.random_range(0..6) {
                0 => double.void_invoice(REALM, &invoice),
                1 => double.delete_invoice(REALM, &invoice),
                2 => {
                    let payment = double.pay(REALM, &invoice, "100.00", date(2026, 3, 2));
                    double.delete_payment(REALM, &payment);
                }
                3 => double.move_due_date(REALM, &invoice, date(2026, 4, 20)),
                _ => {
                    double.pay(REALM, &invoice, "60.00", date(2026, 3, 2));
                }
            }
        }
        late.extend(double.notifications());
        late.shuffle(&mut random);
        // A third is lost, the rest comes now or later, some of it twice, each body in any order.
        let now = late.split_off(late.len() / 2);
        let kept: Vec<_> = now.into_iter().filter(|_| random.random_range(0..3) > 0).collect();
        for some in kept.chunks(3) {
            let delivery = double.delivery(some);
            for _ in 0..random.random_range(1..3) {
                let reply = desk.deliver("quickbooks", &delivery).await;
                assert!([200, 503].contains(&reply.status), "{}", reply.status);
            }
        }
        desk.advance(if round % 5 == 0 { "PT5M" } else { "PT20S" }).await;
    }
    desk.mend("sync");
    double.clear_faults();
    desk.advance("PT31M").await;
    desk.equals("quickbooks", &double, REALM).await;
    assert_eq!(desk.health("quickbooks").await["status"], "good");
    println!("vendor calls {:?}", double.calls());
}
