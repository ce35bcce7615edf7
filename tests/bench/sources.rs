//! What reading books back costs: vendor calls, capacity units and processor time per invoice, for a first reading and for webhooks
//! one at a time. The time is that of the whole process: `sync`, the other functions, the table's engine and the vendor's double.

use doubles::{
    Double, QuickBooks,
    quickbooks::{Company, Customer, Invoice},
};
use jiff::civil::date;
use local::metrics::Metrics;
use serde_json::json;
use tests::{company::clock, desk::Desk};

use crate::{
    cpu,
    rig::less,
    units::{head, line},
};

const REALM: &str = "9130347596842384";
/// Invoices of one customer.
const EACH: usize = 10;
/// Webhooks that are delivered one at a time.
const WEBHOOKS: usize = 100;

struct Start {
    metrics: Metrics,
    calls: u64,
    busy: std::time::Duration,
}

fn calls(double: &QuickBooks) -> u64 {
    double.calls().values().sum()
}

fn start(desk: &Desk, double: &QuickBooks) -> Start {
    Start { metrics: desk.stack.metrics(), calls: calls(double), busy: cpu::of_process() }
}

fn print(what: &str, desk: &Desk, double: &QuickBooks, before: &Start, count: usize) {
    let per = count as f64;
    line(what, &less(&desk.stack.metrics(), &before.metrics), per);
    let busy = cpu::of_process().saturating_sub(before.busy).as_secs_f64() * 1e6 / per;
    println!(
        "{what}: {:.3} vendor calls and {busy:.0} µs each, everything together",
        (calls(double) - before.calls) as f64 / per
    );
}

/// Prints all of it.
pub async fn run(invoices: usize) -> anyhow::Result<()> {
    println!("\n## Books that are read back\n");
    let settings = json!({"country": "US", "time_zone": "America/New_York", "language": "en", "mode": "shadow"});
    let desk = Desk::with("2026-03-02T15:00:00Z", settings, None).await;
    let double = QuickBooks::start(clock(&desk)).await?;
    double.add_company(Company::new(REALM, "Coastal Supplies"));
    let mut made = Vec::new();
    for at in 0..invoices / EACH {
        let customer = double.add_customer(REALM, Customer::new(&format!("Customer {at}"), &format!("c{at}@buyer.example")));
        for _ in 0..EACH {
            made.push(double.add_invoice(REALM, Invoice::new(&customer, "100.00", date(2026, 3, 1), date(2026, 6, 1))));
        }
    }
    double.notifications();
    // What follows is the reading alone: nobody decides yet.
    desk.fault("sweep", local::Mode::Skip, u32::MAX);
    head();
    let before = start(&desk, &double);
    desk.connect("quickbooks", &double, REALM).await;
    while desk.health("quickbooks").await["status"] != "good" {
        desk.advance("PT1M").await;
    }
    print(&format!("first reading of {invoices} invoices, per invoice"), &desk, &double, &before, invoices);
    let before = start(&desk, &double);
    for invoice in made.iter().take(WEBHOOKS) {
        double.pay(REALM, invoice, "40.00", date(2026, 3, 2));
        desk.deliver_all("quickbooks", &double).await;
        desk.advance("PT2S").await;
    }
    print("payment heard by webhook (payment and invoice read), per webhook", &desk, &double, &before, WEBHOOKS);
    desk.advance("PT31M").await;
    let before = start(&desk, &double);
    desk.advance("PT30M").await;
    print("poll that finds nothing new", &desk, &double, &before, 1);
    Ok(())
}
