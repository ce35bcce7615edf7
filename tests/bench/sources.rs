//! What reading books back costs: vendor calls, capacity units and processor time per invoice, for a first reading and for webhooks
//! one at a time. The time is that of the functions alone, each on a thread of its own, without the table's engine and the vendor's
//! double.

use doubles::{
    Double, QuickBooks,
    quickbooks::{Company, Customer, Invoice},
};
use std::{collections::BTreeMap, sync::Arc, time::Duration};

use jiff::civil::date;
use local::{Options, metrics::Metrics};
use serde_json::json;
use tests::{company::clock, test_tenant::TestTenant};

use crate::{
    rig::{Probes, less},
    units::{head, line},
};

const REALM: &str = "9130347596842384";
/// Invoices of one customer.
const EACH: usize = 10;
/// Webhooks that are delivered one at a time.
const WEBHOOKS: usize = 100;

/// The functions that take part.
const BUSY: [&str; 3] = ["sync", "ingest", "dispatch"];

struct Bench {
    desk: TestTenant,
    double: QuickBooks,
    probes: Arc<Probes>,
}

struct Start {
    metrics: Metrics,
    calls: u64,
    busy: BTreeMap<&'static str, Duration>,
}

impl Bench {
    fn start(&self) -> Start {
        let costs = self.probes.costs();
        let busy = BUSY.map(|name| (name, costs.get(name).map(|cost| cost.cpu).unwrap_or_default()));
        Start { metrics: self.desk.stack.metrics(), calls: self.double.calls().values().sum(), busy: busy.into() }
    }

    fn print(&self, what: &str, before: &Start, count: usize) {
        let (after, per) = (self.start(), count as f64);
        line(what, &less(&after.metrics, &before.metrics), per);
        let busy = BUSY.map(|name| {
            let spent = after.busy[name].saturating_sub(before.busy[name]).as_secs_f64() * 1e6 / per;
            format!("{name} {spent:.0} µs")
        });
        println!("  each: {:.3} vendor calls; {}", (after.calls - before.calls) as f64 / per, busy.join(", "));
    }
}

/// Prints all of it.
pub async fn run(invoices: usize) -> anyhow::Result<()> {
    println!("\n## Books that are read back\n");
    let settings = json!({"country": "US", "time_zone": "America/New_York", "language": "en", "mode": "shadow"});
    let probes = Arc::new(Probes::default());
    let now = Some("2026-03-02T15:00:00Z".parse()?);
    let options = Options { now, registry: probes.registry()?, seed: Some(1), ..Options::default() };
    let desk = TestTenant::start(options, settings, None).await;
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
    let bench = Bench { desk, double, probes };
    let Bench { desk, double, .. } = &bench;
    // What follows is the reading alone: nobody decides yet.
    desk.fault("sweep", local::Mode::Skip, u32::MAX);
    head();
    let before = bench.start();
    desk.connect("quickbooks", double, REALM).await;
    while desk.health("quickbooks").await["status"] != "good" {
        desk.advance("PT1M").await;
    }
    bench.print(&format!("first reading of {invoices} invoices, per invoice"), &before, invoices);
    let before = bench.start();
    for invoice in made.iter().take(WEBHOOKS) {
        double.pay(REALM, invoice, "40.00", date(2026, 3, 2));
        desk.deliver_all("quickbooks", double).await;
        desk.advance("PT2S").await;
    }
    bench.print("payment heard by webhook (payment and invoice read), per webhook", &before, WEBHOOKS);
    desk.advance("PT31M").await;
    let before = bench.start();
    desk.advance("PT30M").await;
    bench.print("poll that finds nothing new", &before, 1);
    Ok(())
}
